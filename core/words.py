"""Words: a response key with its arguments becomes text in a person's language, for their channel.

Catalogues are gettext: the key is the context, the English text the msgid; `key|sms` is the short form. Interpolation
happens once, by name, after translation; values are data and are never read as templates (R54).
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

from babel import Locale
from babel.dates import format_date
from babel.messages.mofile import read_mo
from babel.numbers import format_decimal

from core.languages import LANGUAGES
from core.messages import Say
from core.segments import segments, to_gsm

SOURCE = "en"
BUTTON = "button"
PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")
MOST_SEGMENTS = 3
"""Of one SMS."""
SENTENCE = re.compile(r"(?<=[.!?।؟۔።])\s+|\n")
LONG_LINE = 60
"""Characters; points that take more than a line on a phone are set apart from each other."""
SHORT_QUOTE, LONG_QUOTE = 30, 80
"""Characters of a person's own words that are shown again."""
QUESTION = "utter_ask_"
MOST_CHOICES = 6
FIRST_ISOLATE, POP_ISOLATE = "\u2068", "\u2069"

Catalogue = Mapping[tuple[str, str], str]
"""(context, msgid) -> text"""


@dataclass(frozen=True, slots=True)
class Composed:
    """A message in words: its text, and the titles and payloads of its buttons."""

    text: str
    buttons: tuple[tuple[str, str], ...]


class MissingWords(Exception):
    """A response key or an argument of its text was missing in every language."""


class Words:
    """Turns what to say into text. Falls back to English, text by text, when a translation is missing."""

    def __init__(self, catalogues: Mapping[str, Catalogue]) -> None:
        self.languages = tuple(sorted(catalogues))
        self._texts: dict[str, dict[str, str]] = {}
        self._titles: dict[str, dict[str, str]] = {}
        for language, catalogue in catalogues.items():
            self._texts[language] = {ctx: text for (ctx, _), text in catalogue.items() if ctx != BUTTON and text}
            self._titles[language] = {msgid: text for (ctx, msgid), text in catalogue.items() if ctx == BUTTON and text}

    @classmethod
    def load(cls, locales: Path) -> "Words":
        """Read locales/<language>/LC_MESSAGES/messages.mo of every language."""
        catalogues = {}
        for path in sorted(locales.glob("*/LC_MESSAGES/messages.mo")):
            with path.open("rb") as file:
                entries = read_mo(file)
            catalogues[path.parent.parent.name] = {
                (_context(entry.context), str(entry.id)): str(entry.string) for entry in entries if entry.id
            }
        return cls(catalogues)

    def has(self, key: str) -> bool:
        """Tell whether there is an English text for a key."""
        return key.removeprefix("utter_") in self._texts.get(SOURCE, {})

    def text(self, say: Say, language: str, medium: str = "web") -> str:
        """Return one thing said, without buttons. Raise MissingWords when there is no text or an argument lacks."""
        if say.text is not None:
            return say.text
        template = self._template(say.key.removeprefix("utter_"), language, medium)

        def value(match: re.Match[str]) -> str:
            if match[1] not in say.arguments:
                raise MissingWords(f"{say.key}: argument {match[1]}")
            return self._value(say.arguments[match[1]], language, medium)

        return PLACEHOLDER.sub(value, template)

    def title(self, title: str, language: str) -> str:
        """Return the title of a button."""
        return self._titles.get(language, {}).get(title, title)

    def compose(self, says: Iterable[Say], language: str, medium: str, *, pressed: bool | None = None) -> Composed:
        """Join what is said in one turn to one message.

        Where buttons cannot be pressed (SMS, WhatsApp over Twilio) the choices stand as numbers below the text.
        """
        said = list(says)
        text = ("\n" if medium == "sms" else "\n\n").join(self.text(say, language, medium) for say in said)
        buttons = tuple((self.title(title, language), payload) for title, payload in choices(said))
        if buttons and not (medium == "web" if pressed is None else pressed):
            lines = [f"{number} {title}" for number, (title, _) in enumerate(buttons, start=1)]
            text = "\n".join([text, *lines])
        return Composed(to_gsm(text) if medium == "sms" else text, buttons)

    def pages(self, says: Iterable[Say], language: str, medium: str, *, pressed: bool | None = None) -> list[Composed]:
        """Compose what is said in one turn: by SMS as several messages where one would take too many segments."""
        said = list(says)
        chosen = choices(said)
        said = [replace(say, buttons=()) for say in said]
        said[-1] = replace(said[-1], buttons=chosen)
        groups = [said[:1]]
        for say in said[1:]:
            together = [*groups[-1], say]
            text = self.compose(together, language, medium, pressed=pressed).text
            if medium == "sms" and segments(text).count > MOST_SEGMENTS:
                groups.append([say])
            else:
                groups[-1] = together
        pages = [self.compose(group, language, medium, pressed=pressed) for group in groups]
        if medium != "sms" or all(segments(page.text).count <= MOST_SEGMENTS for page in pages):
            return pages
        return [
            part for page, group in zip(pages, groups, strict=True) for part in self._fitting(page, group, language)
        ]

    def _fitting(self, page: Composed, group: list[Say], language: str) -> list[Composed]:
        """Cut a message that takes too many segments between sentences; the choices stand under the last part."""
        if segments(page.text).count <= MOST_SEGMENTS:
            return [page]
        body = self.compose([replace(say, buttons=()) for say in group], language, "sms").text
        menu = page.text[len(body) :]
        parts = packed(SENTENCE.split(body), MOST_SEGMENTS)
        last = parts.pop() + menu
        if segments(last).count > MOST_SEGMENTS:
            parts, last = [*parts, last.removesuffix(menu)], menu.strip()
        return [*(Composed(part, ()) for part in parts), Composed(last, page.buttons)]

    def pieces(self, key: str, arguments: Mapping[str, Any], language: str) -> list[str]:
        """Return the long form of an answer without its beginning, cut into texts for SMS between sentences."""
        long = self.text(Say(key=key, arguments=dict(arguments)), language, "whatsapp")
        sentences = [part for paragraph in long.split("\n\n")[1:] for part in SENTENCE.split(to_gsm(paragraph))]
        return packed(sentences, MOST_SEGMENTS - 1)  # room for the choices

    def _template(self, key: str, language: str, medium: str) -> str:
        for code in (language, SOURCE):
            texts = self._texts.get(code, {})
            found = (texts.get(f"{key}|sms") if medium == "sms" else None) or texts.get(key)
            if found:
                return found
        raise MissingWords(key)

    def _value(self, value: Any, language: str, medium: str) -> str:
        if isinstance(value, Mapping):
            text = self._typed(value, language, medium)
            if "list" in value or "say" in value or "join" in value:
                return text
        elif isinstance(value, bool) or not isinstance(value, int | float):
            text = str(value)
        else:
            text = format_decimal(value, locale=locale(language))
        # numbers, names and Latin words inside right-to-left text must keep their own direction
        rtl = medium != "sms" and language in LANGUAGES and LANGUAGES[language].direction == "rtl"
        return f"{FIRST_ISOLATE}{text}{POP_ISOLATE}" if rtl else text

    def _typed(self, value: Mapping[str, Any], language: str, medium: str) -> str:
        if "list" in value:
            lines = [self._value(item, language, medium) for item in value["list"]]
            border = "\n\n" if medium != "sms" and any(len(line) > LONG_LINE for line in lines) else "\n"
            return border.join(f"{number}. {line}" for number, line in enumerate(lines, start=1))
        if "say" in value:
            return self.text(Say(key=value["say"], arguments=value.get("arguments", {})), language, medium)
        if "join" in value:
            return ", ".join(self._value(item, language, medium) for item in value["join"])
        if "quote" in value:
            return shortened(str(value["quote"]), SHORT_QUOTE if medium == "sms" else LONG_QUOTE)
        if "languages" in value:
            return ", ".join(language_name(code, language) for code in value["languages"])
        if "money" in value:
            return money(value["money"], value.get("currency"), language)
        if "country" in value:
            return country(value["country"], language)
        if "date" in value:
            if medium == "sms":
                return str(value["date"])  # ten characters that everybody reads; a month's name costs twice that
            return format_date(date.fromisoformat(value["date"]), "long", locale=locale(language))
        raise MissingWords(f"argument of unknown kind: {', '.join(value)}")


def _context(context: str | bytes | None) -> str:
    # Babel decodes texts, but leaves contexts as bytes
    return context.decode() if isinstance(context, bytes) else context or ""


@lru_cache(maxsize=64)
def locale(language: str) -> Locale:
    """Return the CLDR locale of a language."""
    return Locale.parse({"tl": "fil", "es": "es_419"}.get(language, language))


def choices(said: Sequence[Say]) -> tuple[tuple[str, str], ...]:
    """Return the choices under what is said: those of a question that comes last, else all of them, each once."""
    last = next((say for say in reversed(said) if say.buttons), None)
    if last is None or last.key.startswith(QUESTION):
        return last.buttons if last else ()
    all_of_them = {payload: title for say in said for title, payload in say.buttons}
    return tuple((title, payload) for payload, title in all_of_them.items())[:MOST_CHOICES]


def packed(sentences: Iterable[str], most: int) -> list[str]:
    """Join sentences to texts of at most so many SMS segments; a longer sentence is cut between words."""
    parts: list[str] = []
    fitting = ([whole] if segments(whole).count <= most else whole.split(" ") for whole in sentences)
    for sentence in (part for whole in fitting for part in whole):
        joined = f"{parts[-1]} {sentence}" if parts else sentence
        if parts and segments(joined).count <= most:
            parts[-1] = joined
        else:
            parts.append(sentence)
    return parts


def shortened(text: str, most: int) -> str:
    """Return the beginning of a text, cut between words."""
    if len(text) <= most:
        return text
    return text[: most - 2].rsplit(maxsplit=1)[0].rstrip(".,;:") + " ..."


def language_name(code: str, language: str) -> str:
    """Return the name of a language (ISO 639) in a language."""
    return str(locale(language).languages.get(locale(code).language, code))


def country(code: str, language: str) -> str:
    """Return the name of a country (ISO 3166-1 alpha-2) in a language."""
    return str(locale(language).territories.get(code, code))


def money(amount: float, currency: str | None, language: str) -> str:
    """Return an amount of money with the currency's code, which is the same in every script: "NPR 150,000"."""
    number = format_decimal(amount, format="#,##0.##" if amount % 1 else "#,##0", locale="en")
    # a family name such as RUPEE or PESO is no currency that anybody writes
    return f"{currency} {number}" if currency and len(currency) == 3 else number
