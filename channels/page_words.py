"""The words of the web page itself, from the catalogues: `web_*`, and the doors that the greeting offers."""

from core.errors import ConfigError
from core.languages import LANGUAGES
from core.messages import Say
from core.words import Words

KEYS = (
    "title", "intro", "placeholder", "send", "exit", "exit_help", "waiting", "offline", "private", "language", "ended",
    "you", "person", "amana", "code_get", "code_shown", "code_have", "code_enter", "code_wrong", "code_back",
    "no_script",
)  # fmt: skip
STARTS = ("Check an offer", "My situation", "Talk to a person")
"""Titles of the greeting's buttons. The page sends them as words, because no button is issued before a talk."""


def require(words: Words) -> None:
    """Raise ConfigError when there are no words to show."""
    missing = [key for key in KEYS if not words.has(f"web_{key}")]
    if missing:
        raise ConfigError(f"the catalogues lack web_{missing[0]}; `make i18n` compiles them")


def page_words(words: Words, wanted: str) -> dict[str, object]:
    """Return the page's words in a language that we have, else in English, and the languages to choose from."""
    available = [code for code in LANGUAGES if code in words.languages]
    language = wanted if wanted in available else "en"
    return {
        "language": language,
        "direction": LANGUAGES[language].direction,
        "languages": [{"code": code, "name": LANGUAGES[code].own_name} for code in available],
        # the page puts the code in by itself
        "words": {key: words.text(Say(key=f"web_{key}", arguments={"code": "{code}"}), language) for key in KEYS},
        "starts": [words.title(title, language) for title in STARTS],
    }
