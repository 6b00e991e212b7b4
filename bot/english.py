"""Typed arguments as English words, for `rasa shell` and for whoever reads a tracker; the gateway has its own."""

from datetime import date
from typing import Any, Callable, Mapping

from babel import Locale
from babel.dates import format_date
from babel.numbers import format_currency, format_decimal

_ENGLISH = Locale("en")

Line = Callable[[str, Mapping[str, Any]], str]


def in_english(value: Any, line: Line) -> str:
    """Write a JSON value: a plain one, or {"money"|"country"|"date"|"list"|"say": ...}."""
    if isinstance(value, Mapping):
        return _typed(value, line)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return format_decimal(value, locale=_ENGLISH)
    return str(value)


def _typed(value: Mapping[str, Any], line: Line) -> str:
    if "money" in value:
        return format_currency(value["money"], value.get("currency") or "XXX", locale=_ENGLISH)
    if "country" in value:
        code = str(value["country"])
        return _ENGLISH.territories.get(code, code)
    if "date" in value:
        return format_date(date.fromisoformat(value["date"]), locale=_ENGLISH)
    if "list" in value:
        return "\n".join(in_english(item, line) for item in value["list"])
    if "join" in value:
        return ", ".join(in_english(item, line) for item in value["join"])
    if "languages" in value:
        return ", ".join(_ENGLISH.languages.get(code, code) for code in value["languages"])
    if "quote" in value:
        return str(value["quote"])
    if "say" in value:
        return line(value["say"], value.get("arguments") or {})
    return ", ".join(f"{name} {in_english(part, line)}" for name, part in value.items())
