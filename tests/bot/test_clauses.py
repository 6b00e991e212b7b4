"""Messages are cut where people stop, and numbers and short messages stay whole."""

from itertools import pairwise

import pytest
from components.clauses import LONGEST, pieces
from components.tokenizer import tokens_of


def cut(text: str) -> list[str]:
    return [text[start:end] for start, end in pieces(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("he took my passport", ["he took my passport"]),
        ("Pay 1.50.000 today! No receipt.", ["Pay 1.50.000 today", "No receipt", "Pay 1.50.000 today! No receipt"]),
        ("पैसा पहिले। रसिद छैन", ["पैसा पहिले", "रसिद छैन", "पैसा पहिले। रसिद छैन"]),
        ("ገንዘብ ክፈል። ደረሰኝ የለም", ["ገንዘብ ክፈል", "ደረሰኝ የለም", "ገንዘብ ክፈል። ደረሰኝ የለም"]),
        ("كم الرسوم؟ ادفع الآن", ["كم الرسوم", "ادفع الآن", "كم الرسوم؟ ادفع الآن"]),
        ("job in Doha ✅ free visa ✅ pay 500", ["job in Doha", "free visa", "pay 500"]),
        ("", []),
        ("🙏🙏", []),
    ],
)  # fmt: skip
def test_a_message_is_cut_where_people_stop(text: str, expected: list[str]) -> None:
    assert [piece for piece in cut(text) if piece != text or piece in expected][: len(expected)] == expected


def test_a_long_sentence_is_read_in_windows_that_overlap() -> None:
    words = [f"{first}{second}" for first in "abcde" for second in "fghijklmno"]
    found = cut(" ".join(words))

    assert all(len(piece.split()) <= LONGEST for piece in found)
    assert {word for piece in found for word in piece.split()} == set(words)
    assert all(any(f"{one} {other}" in piece for piece in found) for one, other in pairwise(words))


def test_a_short_message_is_also_read_whole() -> None:
    assert "a, b. c" in cut("a, b. c")


def test_pieces_stand_in_the_text() -> None:
    text = "एजेन्टले भन्यो: आजै ५० हजार। रसिद छैन 🙏 ok"

    assert all(tokens_of(text[start:end]) for start, end in pieces(text))


def test_two_short_sentences_of_a_long_message_are_also_read_together() -> None:
    sentences = [f"this is number {number} of many sentences here" for number in "one two three four five".split()]
    found = cut(". ".join(sentences))

    assert f"{sentences[1]}. {sentences[2]}" in found
    assert not any(piece.startswith(sentences[0]) and sentences[2] in piece for piece in found), "never three"
    assert len(found) == len(set(found))
