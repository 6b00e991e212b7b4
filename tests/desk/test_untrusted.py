"""Whatever people write is shown, inert, and nothing hides in it."""

import html
import re

import pytest
import yaml

from core.config import ROOT
from desk import plain
from tests.desk.house import House

CORPUS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "\"><svg onload=alert(1)>",
    "' onmouseover='alert(1)",
    "</textarea><script>alert(1)</script>",
    "{{ 7*7 }} {% include 'x' %}",
    "${7*7} <%= 7*7 %>",
    "javascript:alert(1)",
    "<a href=\"javascript:alert(1)\">x</a>",
    "<!--", "-->", "]]>", "&lt;b&gt;", "&#x3c;script&#x3e;",
    "<style>*{display:none}</style>",
    "<base href=//evil.example>",
    "<form action=//evil.example><button>",
    "<meta http-equiv=refresh content=0;url=//evil.example>",
    "</ol></article></main>",
]  # fmt: skip


def test_markup_is_shown_and_does_nothing(house: House) -> None:
    asha = house.member("Asha")
    for text in CORPUS:
        case = house.case(house.writes(text), flags=((text, text),), consent=text)
        page = asha.get(f"/cases/{case}").text
        bubble = re.search(r'<div class="bubble"[^>]*>(.*?)</div>', page, re.S)[1]
        pictures = re.findall(r'<img src="/static/icon.svg"', page)

        assert "<" not in bubble
        assert html.unescape(bubble) == text
        assert page.count("<script") == page.count("</article>") == 1
        assert len(re.findall(r"<(?:img|svg|style|base|iframe)\b", page)) == len(pictures)


CONTROLS = [0x202A, 0x202B, 0x202C, 0x202D, 0x202E, 0x2066, 0x2067, 0x2068, 0x2069, 0x200B, 0xFEFF, 0x0000, 0x0007,
            0x001B, 0x007F, 0x0085, 0x2028, 0x2060, 0xE0041]  # fmt: skip


@pytest.mark.parametrize("code", CONTROLS)
def test_control_characters_are_seen_and_not_obeyed(code: int) -> None:
    shown = plain.visible(f"a{chr(code)}b")

    assert chr(code) not in shown
    assert f"U+{code:04X}" in shown
    assert 'class="control"' in shown


@pytest.mark.parametrize(
    "text",
    ["ශ්‍රී ලංකා", "می‌خواهم", "क्‍ष", "مرحبا\u200f!", "👩‍👧 🏳️‍🌈", "line\nline\ttab", "नेपाल", "‎LRM"],
)
def test_joiners_and_marks_of_ordinary_writing_are_kept(text: str) -> None:
    assert str(plain.visible(text)) == text


def test_each_text_is_isolated_in_its_own_direction(house: House) -> None:
    asha = house.member("Asha")
    case = house.case(house.writes("مرحبا", language="ar"), flags=(("violence", "يضربني"),))
    page = asha.get(f"/cases/{case}").text

    assert re.search(r'<div class="bubble" dir="auto" lang="ar">مرحبا</div>', page)
    assert '<q dir="auto">يضربني</q>' in page


def test_every_code_of_the_taxonomy_has_plain_words() -> None:
    taxonomy = yaml.safe_load((ROOT / "data" / "taxonomy.yml").read_text("utf-8"))

    assert set(taxonomy["red_flags"]) == set(plain.FLAGS)
    assert set(taxonomy["danger"]) == set(plain.DANGERS)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(-5, "just now"), (59, "just now"), (60, "1 min"), (3599, "59 min"), (3900, "1 h 05 min"), (90_000, "1 d 1 h")],
)
def test_durations_are_read_at_a_glance(seconds: float, words: str) -> None:
    assert plain.lasted(seconds) == words
