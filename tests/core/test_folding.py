"""Folding: spellings, scripts and keyboards that mean the same become the same, and nothing else does."""

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from core.folding import fold, fold_word, tokens

SAME = [
    ("latin", ["Años", "AÑOS", "anos", "añosss", "an\u0303os"]),
    ("german", ["Straße", "STRASSE", "strasse"]),
    ("ligatures", ["œuvre", "oeuvre", "ŒUVRE"]),
    ("turkish", ["ışık", "isik", "ISIK"]),
    ("full width", ["ＳＴＯＰ", "stop", "Stop"]),
    ("apostrophes", ["don't", "don’t", "don`t", "dont", "DON´T"]),
    ("zero width", ["help", "he\u200blp", "\u200fhelp", "h\u00adelp", "help\u200e"]),
    ("drawn out", ["pleaaase", "pleaaaaaaase", "please"]),
    ("hamza", ["أهلا", "إهلا", "آهلا", "اهلا", "اهلاً"]),
    ("yeh", ["علي", "على", "علی"]),
    ("teh marbuta", ["مساعدة", "مساعده"]),
    ("persian kaf", ["كتاب", "کتاب"]),
    ("tatweel and vowel signs", ["سلام", "ســـلام", "سَلَامٌ"]),
    ("short and long i", ["नेपाली", "नेपालि"]),
    ("nukta", ["ज़मीन", "जमीन", "ज\u093cमीन"]),
    ("three s", ["शहर", "षहर", "सहर"]),
    ("ethiopic rows", ["ሐገር", "ሀገር", "ኀገር"]),
    ("ethiopic s", ["ሠላም", "ሰላም"]),
    ("native digits", ["१५०", "150", "١٥٠", "۱۵۰", "১৫০"]),
]


@pytest.mark.parametrize("spellings", [row[1] for row in SAME], ids=[row[0] for row in SAME])
def test_spellings_of_one_word_are_one_word(spellings: list[str]) -> None:
    assert len({fold(spelling) for spelling in spellings}) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("बन्द", "बाद"),  # vowel signs of Indic scripts are letters, not accents
        ("काम", "कम"),
        ("ቤት", "ቤቱ"),
        ("बलात्कार", "बलत्कर"),
        ("bad", "bed"),
        ("good", "god"),  # two letters are a spelling, three are a shout
        ("1000", "10"),  # noughts are counted
        ("1112", "12"),
    ],
)
def test_different_words_stay_different(one: str, other: str) -> None:
    assert fold(one) != fold(other)


def test_punctuation_and_emoji_separate_words_and_leave_nothing_behind() -> None:
    assert fold("  Help!!! he's here... 🙏🙏(now)  ") == "help hes here now"
    assert fold("🙏 ... !?") == ""
    assert fold("") == ""
    assert fold("help/me,now;please") == "help me now please"
    assert fold("क्या? हो।") == "क्या हो"


def test_numbers_keep_their_digits_apart_from_their_separators() -> None:
    assert fold("NPR 1,50,000") == "npr 1 50 000"
    assert fold("٠٫٥") == "0 5"


def test_a_token_tells_where_its_word_stands() -> None:
    text = "¡Él me está PEGANDO!"
    assert [text[token.start : token.end] for token in tokens(text)] == ["Él", "me", "está", "PEGANDO"]
    assert [token.word for token in tokens(text)] == ["el", "me", "esta", "pegando"]


def test_a_hidden_character_at_the_beginning_belongs_to_no_word() -> None:
    (token,) = tokens("\u200b\u200fhelp")
    assert (token.word, token.start, token.end) == ("help", 2, 6)


def test_a_lone_mark_is_no_word() -> None:
    assert tokens("\u0301 \u064b") == []


@given(st.text())
@example("ﷺ")  # one character that becomes several words
@example("ǅ ß İ ŉ")
@example("aaa\u0301aaa")
def test_every_token_lies_inside_the_text_in_order_and_apart(text: str) -> None:
    found = tokens(text)
    places = [place for token in found for place in (token.start, token.end)]
    assert places == sorted(places)
    assert all(0 <= token.start < token.end <= len(text) for token in found)
    assert all(token.word for token in found)


@given(st.text())
def test_folding_does_not_depend_on_how_letters_are_composed(text: str) -> None:
    assert fold(unicodedata.normalize("NFC", text)) == fold(unicodedata.normalize("NFD", text))


@given(st.text(alphabet=st.characters(categories=["Ll", "Lu"], max_codepoint=0x24F), min_size=1, max_size=12))
def test_capitals_do_not_matter(word: str) -> None:
    assert fold_word(word) == fold_word(word.upper()) or len(word.upper()) != len(word)


@given(st.text().map(lambda text: unicodedata.normalize("NFKC", text)))
def test_folding_what_is_folded_changes_nothing(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(st.text(), st.text())
def test_a_space_between_texts_keeps_their_words_apart(left: str, right: str) -> None:
    joined = " ".join(part for part in (fold(left), fold(right)) if part)
    assert fold(f"{left} {right}") == joined
