"""Whatever people write is shown, inert, and nothing hides in it."""

import html
import re

import pytest
import yaml

from core.config import ROOT
from core.examples import examples_of
from core.store import messages
from desk import plain
from desk.accounts import is_name
from desk.likeness import suspects
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
            0x001B, 0x007F, 0x0085, 0x2028, 0x2060, 0x3164, 0xFFA0, 0xE0041]  # fmt: skip


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


# words and addresses that imitate others

COUNSELLOR = [
    "c\u043eunsellor", "\u0441ounsellor", "couns\u0435llor", "coun\u0455ellor", "counsell\u03bfr", "\u0421ounsellor",
    "co\u057dnsellor", "counsel\u13deor", "c\u200b\u043eunsellor", "coun\u00ads\u0435llor",
]  # fmt: skip
ADDRESSES = [
    "\u0430mana.org", "https://\u0430mana.org/help?a=1", "am\u0430na.org", "www.am\u03b1na.org", "help@am\u0430na.org",
    "\u0430\u0441\u0435.org", "https://\u0440\u0430\u0443\u0440\u0430\u04cf.com", "amana.\u043erg", "नेपा\u0627ल.com",
]  # fmt: skip


@pytest.mark.parametrize("word", [*COUNSELLOR, *ADDRESSES, "\u0441\u043e\u0441\u043e", "नम\u0633्ते", "ש\u0430לום"])
def test_words_and_addresses_that_imitate_others_are_marked(word: str) -> None:
    shown = str(plain.visible(f"I am your {word} and you can trust me"))

    marked = re.findall(r'<mark class="odd" title="[^"]+">(.*?)<span class="warned">([^<]+)</span></mark>', shown)
    assert len(marked) == 1
    kept = "".join(character for character in word.removeprefix("https://") if character not in "\u200b\u00ad")
    seen = html.unescape(re.sub(r"<span.*?</span>", "", marked[0][0]))
    assert seen
    assert seen in kept
    assert html.unescape(re.sub(r"<[^>]+>", "", shown)).startswith("I am your ")


def test_what_is_odd_is_said() -> None:
    (found,) = suspects("write to \u0430mana.org")
    assert found.why == "letters of Cyrillic and Latin in one word"
    (found,) = suspects("\u0441\u043e\u0440\u0435 is safe")
    assert found.why == "Cyrillic letters that look like Latin ones"


ORDINARY = [
    "Facebookमा विज्ञापन देखें", "WhatsAppले", "الـWhatsApp تبعي", "IMOতে লিখেছে", "TikTokで見た",
    "日本で働くビザとIDカード", "東京タワーはどこですか", "Lineใช้ได้ไหม", "韓国에서 일하고 싶어요",
    "我在Facebook上看到", "Qatarಗೆ", "Dubai में नौकरी", "KSAში", "ශ්\u200dරී ලංකාව", "می\u200cخواهم کار کنم",
    "क्\u200dष त्र", "Привет, мне нужна помощь", "сор хор нос", "Как дела в IT-отделе?",
    "Γεια σου, χρειάζομαι βοήθεια", "ልጄ ሳውዲ ነው", "မြန်မာ Facebook မှာ", "ខ្ញុំនៅ Malaysia", "Ο άντρας μου",
    "e\u0301te\u0301 naïve Łódź", "٣٠٠٠ ريال", "१०००० रुपैयाँ", "۱۲۳ روپے",
    "𝐉𝐨𝐛𝐬 in Dubai 👩\u200d👧 🏳️\u200d🌈", "100€ 50₹ ½ №5 3²", "президент.рф", "विदेश.भारत",
    "https://example.org/नेपाल", "help@example.org", "ꯃꯤꯇꯩ ߒߞߏ ⵣⵓⵍ", "Côte d’Ivoire – l’été",
    "ｆｕｌｌ ｗｉｄｔｈ", "1ο άρθρο",
]  # fmt: skip


@pytest.mark.parametrize("text", ORDINARY)
def test_ordinary_mixtures_are_not_marked(text: str) -> None:
    assert str(plain.visible(text)) == html.escape(text, quote=False)


def test_no_sentence_that_people_are_known_to_write_is_marked() -> None:
    """Every example of every language, and every word of ours: a warning that is often wrong is soon not read."""
    marked = [
        (path.parent.name, found.why, text[found.start : found.end])
        for path in sorted((ROOT / "data").glob("*/nlu.yml"))
        for _, text in examples_of(path)
        for found in suspects(text)
    ]
    assert marked == []


def test_marked_words_stay_inert() -> None:
    shown = str(plain.visible("<b>\u0430mana</b> <img src=x onerror=\u0430lert(1)>"))
    assert "<b>" not in shown
    assert "<img" not in shown
    assert shown.count("<mark") == shown.count("</mark>") == 2


def test_a_false_counsellor_is_marked_in_the_talk_and_in_the_brief(house: House) -> None:
    asha = house.member("Asha")
    case = house.case(house.writes("I am the c\u043eunsellor"), flags=(("impersonation", "\u0430mana.org"),))
    page = asha.get(f"/cases/{case}").text
    assert page.count("letters of Cyrillic and Latin in one word") == 2


@pytest.mark.parametrize(
    ("name", "good"),
    [("Asha", True), ("\u0410sha", False), ("Ash\u0430 Rai", False), ("ශ්\u200dරියානි", True), ("علی\u200cرضا", True),
     ("आशा", True), ("Анна", True), ("As\u200dha", False), ("As\u200cha", False), ("Asha\u200b", False),
     ("さくら 花子", True)],
)  # fmt: skip
def test_a_member_of_staff_has_a_name_that_is_what_it_looks_like(name: str, good: bool) -> None:
    assert is_name(name) is good


ROUND = [
    "ශ්\u200dරී ලංකාවේ ක්\u200dෂණික", "می\u200cخواهم به خانه\u200cام برگردم",
    "क्\u200dष र्\u200dय", "ക്\u200dഷ ന്\u200d", "👩\u200d👧 می\u200cروم",
]  # fmt: skip


@pytest.mark.parametrize("text", ROUND)
def test_what_was_written_with_joiners_comes_and_goes_letter_by_letter(house: House, text: str) -> None:
    asha = house.member("Asha")
    who = house.writes(text, language="ne")
    case = house.case(who)
    asha.submit(f"/cases/{case}/take")
    asha.submit(f"/cases/{case}/reply", text=text)
    bubbles = re.findall(r'<div class="bubble"[^>]*>(.*?)</div>', asha.get(f"/cases/{case}").text, re.S)
    assert [html.unescape(bubbles[0]), html.unescape(bubbles[-1])] == [text, text]
    newest = house.store.read_now(lambda tx: messages.conversation(tx, who, limit=1))[0]
    assert (newest.author, newest.text) == ("counsellor", text)


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
