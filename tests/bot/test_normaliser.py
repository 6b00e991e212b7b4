"""Spellings of one word become equal; letters that matter stay."""

import pytest
from components.normaliser import ascii_digits, folded, readable


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Teléfono", "telefono"), ("HELLO", "hello"), ("ﬁne", "fine"), ("hellllo", "helllllllo"),
        ("أحمد", "احمد"), ("جواز السفر", "جــواز السفر"), ("عَقْد", "عقد"), ("مدرسة", "مدرسه"), ("علي", "على"),
        ("کتاب", "كتاب"), ("٢٠٠٠", "2000"), ("২০০০", "2000"), ("२०००", "2000"), ("۲۰۰۰", "2000"),
        ("pass\u200bport", "passport"), ("हैं\u200d", "हैं"), ("ｈｅｌｐ", "help"),
    ],
)  # fmt: skip
def test_spellings_of_one_word_are_equal(one: str, other: str) -> None:
    assert folded(one) == folded(other)


@pytest.mark.parametrize("word", ["कतार", "কাতার", "ไทย", "ကျေးဇူး", "កម្ពុជា", "சென்னை", "ሳውዲ", "ලංකාව"])
def test_vowel_signs_are_letters_and_stay(word: str) -> None:
    assert folded(word) == word


def test_different_words_stay_different() -> None:
    assert folded("año") != folded("ao")
    assert folded("दिन") != folded("दीन")


def test_the_embedding_reads_natural_text() -> None:
    assert readable("  Hello\u200b   World ") == "Hello World"
    assert readable("PLEASE HELP ME") == "please help me"
    assert readable("Qatar में काम") == "Qatar में काम"
    assert readable("pleeeease") == "pleease"


def test_digits_keep_their_places() -> None:
    assert ascii_digits("a१b২c") == "a1b2c"
