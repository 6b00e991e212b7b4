"""How long it takes to put an answer into words, in every language: `python -m bench.words`. Target: 1 ms."""

import time
from statistics import median, quantiles

from core import responses
from core.config import ROOT
from core.languages import LANGUAGES
from core.messages import Say
from core.words import PLACEHOLDER, Words
from ops import i18n

TARGET_MS = 1.0
ROUNDS = 5


def rendered(words: Words, language: str, medium: str) -> list[float]:
    """Return the milliseconds of composing each answer once a round."""
    choices = responses.load(ROOT / "bot" / "domain" / "responses")
    needed: dict[str, set[str]] = {}
    for source in i18n.sources():
        needed.setdefault(source.context.removesuffix("|sms"), set()).update(PLACEHOLDER.findall(source.text))
    says = [
        Say(key=key, arguments={name: {"date": "2026-11-22"} for name in names}, buttons=choices.under(key))
        for key, names in needed.items()
        if key != "button"
    ]
    times = []
    for _ in range(ROUNDS):
        for say in says:
            began = time.perf_counter()
            words.pages([say], language, medium)
            times.append((time.perf_counter() - began) * 1000)
    return times


def main() -> None:
    """Print the table."""
    i18n.compile_all()
    words = Words.load(i18n.LOCALES)
    print("an answer in words, ms    median    p99    longest    target")
    for language in words.languages:
        for medium in ("sms", "whatsapp"):
            times = rendered(words, language, medium)
            p99 = quantiles(times, n=100)[-1]
            name = f"{LANGUAGES[language].code} {medium}"
            print(f"{name:24} {median(times):8.3f} {p99:6.2f} {max(times):10.2f} {TARGET_MS:9.1f}")


if __name__ == "__main__":
    main()
