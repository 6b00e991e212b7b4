"""What an answer costs by SMS: in every language, with the longest and the usual values of our facts, with choices."""

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from statistics import median
from typing import Any

import pytest

from core import responses
from core.config import ROOT
from core.knowledge import load
from core.messages import Say
from core.offer.findings import ORDER, PLAIN
from core.points import Finding, told
from core.segments import segments
from core.situation import SIGNS
from core.topics import help_line
from core.words import BUTTON, PLACEHOLDER, Words, country
from ops.i18n import languages, sources
from tests.test_catalogues import catalogue

TODAY = date(2026, 11, 22)
FACTS = load(ROOT / "data" / "knowledge", lambda: TODAY)
CHOICES = responses.load(ROOT / "bot" / "domain" / "responses")
MOST, MEDIAN = 3, 2
SELDOM = 0.12
"""Share of the answers that may take a second message, because a law or an office has a long name."""
NOT_YET = {"ne": 0.14}
"""Languages in which more of them do so with the longest names."""
ALWAYS_INSIDE = ("point_", "help_line", "hours_always", "line_checked", "numbers_", "web_", "topic_", "way_",
                 "discreet_line", "delete_chat_web", "delete_chat_whatsapp", "delete_chat_telegram",
                 "other_points")  # fmt: skip
"""Texts that are never an SMS of their own."""
QUOTES = ("pay today", "2 lakh before the visa", "agent is asking one lakh fifty thousand rupees today only")


def told_rows(rows: list[Any]) -> list[Any]:
    return [row for row in rows if row.tellable]


Choose = Callable[[Iterable[str]], str]


def longest(values: Iterable[str]) -> str:
    return max(values, key=len)


def usual(values: Iterable[str]) -> str:
    ordered = sorted(values, key=len)
    return ordered[len(ordered) // 2]


def values(language: str, choose: Choose) -> Mapping[str, Any]:
    """Return a value of each placeholder, from the facts that may be told."""
    countries = {row.country for row in told_rows([*FACTS._fees, *FACTS._registers, *FACTS._lines])} - {"ZZ"}
    laws = [row.law for row in told_rows([*FACTS._fees, *FACTS._laws])]
    registers = told_rows(FACTS._registers)
    lines = [row for row in told_rows(FACTS._lines) if row.kind != "emergency"]
    names = {row.name + row.numbers: help_line(row) for row in lines}
    line, quote = names[choose(names)], choose(QUOTES)
    flags = [told(Finding(code=code, key=PLAIN.get(code, f"utter_flag_{code}"), quote=quote), FACTS) for code in ORDER]
    signs = [told(Finding(code=code, key=f"utter_sign_{code}", quote=quote), FACTS) for code in SIGNS]
    numbers = {
        "say": "utter_numbers_country",
        "arguments": {"country": {"country": "AE"}, "numbers": "999", "checked": {"date": "2026-11-22"}},
    }
    code_of = {country(code, language): code for code in sorted(countries)}
    return {
        "country": {"country": code_of[choose(code_of)]},
        "law": choose(laws), "authority": choose([row.authority for row in FACTS._registers]),
        "url": choose([row.url for row in registers]), "phone": "0000 000 0000",
        "amount": {"money": 150000, "currency": "NPR"}, "cap": {"money": 30000, "currency": "INR"},
        "checked": {"date": "2026-11-22"}, "until": {"date": "2026-11-22"}, "date": {"date": "2026-11-22"},
        "name": "Sagarmatha Human Resource Pvt. Ltd.", "licence": "1234/075/76", 
        "source": "Ministry of Foreign Affairs",
        "organisation": "Migrant Workers Union", "hours": "20:00 - 22:00", "more": 4, "numbers": numbers,
        "lines": {"list": [line, line]}, "language": {"languages": ["ti"]}, "languages": "English",
        "flags": flags, "signs": signs,
    }  # fmt: skip


def words_of(language: str) -> Words:
    """Return the catalogue of a language over the English one."""
    loaded = {
        code: {(str(row.context), str(row.id)): str(row.string) for row in catalogue(code) if row.id}
        for code in ("en", language)
    }
    return Words(loaded)


def answers(language: str, choose: Choose) -> dict[str, list[int]]:
    """Return the segments of each message of each answer, by its key."""
    words, known = words_of(language), values(language, choose)
    short = {s.context.removesuffix("|sms"): s.text for s in sources() if s.context != BUTTON}
    short |= {s.context.removesuffix("|sms"): s.text for s in sources() if s.context.endswith("|sms")}
    found = {}
    for key, text in short.items():
        if key.startswith(ALWAYS_INSIDE):
            continue
        names = set(PLACEHOLDER.findall(text))
        firsts = known["signs"] if key.startswith("situation") else known["flags"]
        for number, first in enumerate(firsts if "first" in names else [None]):
            arguments = {name: first if name == "first" else known[name] for name in names}
            say = Say(key=key, arguments=arguments, buttons=CHOICES.under(key))
            pages = words.pages([say], language, "sms")
            found[f"{key} {number}" if first else key] = [segments(page.text).count for page in pages]
    return found


@pytest.mark.parametrize("language", languages())
def test_an_answer_by_sms_takes_two_segments_as_a_rule_and_three_at_most(language: str) -> None:
    hardest, common = answers(language, longest), answers(language, usual)
    whole = [sum(counts) for counts in hardest.values()]
    middle = median(sum(counts) for counts in common.values())
    long = sum(total > MOST for total in whole)
    print(f"{language}: median {middle} segments an answer, {median(whole)} with the longest names; {long} over {MOST}")
    assert {key: counts for key, counts in hardest.items() if max(counts) > MOST} == {}
    assert middle <= MEDIAN
    assert long <= len(whole) * NOT_YET.get(language, SELDOM)
