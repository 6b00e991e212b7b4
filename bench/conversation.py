"""One conversation: from the webhook to the sending, whether it slows down, and what the processes weigh.

Beside it stock Rasa 3.6.21 with the same model and action server, over its REST channel. With a number of messages
above 1,000, ours alone, and the 1,000th beside the 10th: `python -m bench.conversation 1010`.
"""

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import httpx

from bench.stock import stock
from core.config import ROOT
from tests.e2e.product import Product, product

MESSAGES = 210
EARLY, LATE = slice(3, 9), slice(195, 205)
"""Around the 5th and around the 200th message; medians, for one message says little."""
PAUSE = 2.1
"""Who writes faster for long is taken for a machine (channels/guard.py)."""
EARLY_OF_LONG, LATE_OF_LONG = slice(5, 16), slice(989, 1010)
"""The same around the 10th and the 1,000th."""
TEXTS = (
    "how much may an agent take from me in nepal for qatar",
    "mero passport malik sanga cha",
    "¿cuánto puede cobrar el reclutador?",
    "no salary for 3 months what can i do",
    "كم ساعة عمل في اليوم",
    "is it ok to work on a visit visa",
    "thank you",
)


def ours(amana: Product, messages: int = MESSAGES, pause: float = 0.0) -> list[float]:
    """Return, for each message of one conversation, seconds from posting the webhook to the send at the provider."""
    sender, found = "+15005559001", []
    for number in range(messages):
        before = len(amana.answers(sender))  # a message may have several answers
        began = time.monotonic()
        amana.twilio.receive("sms", TEXTS[number % len(TEXTS)], sender=sender)
        amana.answer(sender, before, seconds=60)
        found.append(amana.answers(sender)[before].at - began)
        time.sleep(max(0.0, began + pause - time.monotonic()))
    return found


def theirs(url: str) -> list[float]:
    """Return, for each message of one conversation, seconds that stock Rasa's REST channel took."""
    found = []
    with httpx.Client(timeout=60, trust_env=False) as client:
        for number in range(MESSAGES):
            began = time.monotonic()
            client.post(url, json={"sender": "bench", "message": TEXTS[number % len(TEXTS)]}).raise_for_status()
            found.append(time.monotonic() - began)
    return found


def row(name: str, seconds: Sequence[float], first: slice = EARLY, last: slice = LATE) -> str:
    """Return a line of the table: milliseconds."""
    early, late = statistics.median(seconds[first]), statistics.median(seconds[last])
    p50, p95 = statistics.median(seconds), sorted(seconds)[int(len(seconds) * 0.95)]
    return f"{name:34} {p50 * 1000:7.0f} {p95 * 1000:7.0f} {early * 1000:7.0f} {late * 1000:7.0f} {late / early:6.2f}"


def weights(amana: Product) -> dict[str, float]:
    """Return the resident memory of each process, in MB."""
    found = {}
    for name, process in amana.processes.items():
        command = ["ps", "-o", "rss=", "-p", str(process.pid)]
        answer = subprocess.run(command, capture_output=True, text=True, check=True)
        found[name] = int(answer.stdout) / 1024
    return found


def long(messages: int) -> int:
    """Measure one long conversation and print it."""
    more = {f"AMANA_BUDGET_{name}": "0" for name in ("PERSON_SEGMENTS", "COUNTRY_SEGMENTS", "SEGMENTS", "MONEY")}
    with (
        tempfile.TemporaryDirectory(prefix="amana-bench-") as folder,
        product(Path(folder), "channels", "actions", "assistant", **more, AMANA_SEND_RATES="sms=1000") as amana,
    ):
        before = weights(amana)
        own = ours(amana, messages, PAUSE)
        after = weights(amana)
    print("ms, p50, p95, around the 10th, around the 1,000th, ratio")
    print(row("Amana, webhook to provider", own, EARLY_OF_LONG, LATE_OF_LONG))
    print(", ".join(f"{name} {before[name]:.0f} -> {after[name]:.0f} MB" for name in after))
    return 0


def main(messages: int = MESSAGES) -> int:
    """Measure and print."""
    if messages > LATE_OF_LONG.stop - 1:
        return long(messages)
    with tempfile.TemporaryDirectory(prefix="amana-bench-") as folder:
        began = time.monotonic()
        with product(Path(folder), "channels", "desk", "actions", "assistant") as amana:
            started = time.monotonic() - began
            own = ours(amana)
            weight = weights(amana)
            amana.stop("assistant", "channels")
            model = max((ROOT / "models").glob("amana-*.tar.gz"), key=lambda path: path.stat().st_mtime)
            with stock(amana, model) as url:
                stocked = theirs(f"{url}/rest/webhook")
    print(
        "\none conversation, ms              "
        + "".join(f"{name:>8}" for name in ("p50", "p95", "5th", "200th"))
        + "  ratio"
    )
    print(row("Amana, webhook to provider", own))
    print(row("stock Rasa 3.6.21, REST, turn only", stocked))
    print(f"\nready {started:.0f} s after the start (trained before)")
    print(
        "memory, MB: "
        + ", ".join(f"{name} {mb:.0f}" for name, mb in weight.items())
        + f", sum {sum(weight.values()):.0f}"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main(*(int(argument) for argument in sys.argv[1:])))
