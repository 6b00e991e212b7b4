"""SMS segments: the borders of GSM-7 and UCS-2, and what a character costs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.segments import BASIC, EXTENDED, Segments, segments

GSM, UCS = "GSM-7", "UCS-2"
VECTORS = [
    ("", GSM, 0, 1),
    ("a", GSM, 1, 1),
    ("a" * 160, GSM, 160, 1),
    ("a" * 161, GSM, 161, 2),
    ("a" * 306, GSM, 306, 2),
    ("a" * 307, GSM, 307, 3),
    ("a" * 459, GSM, 459, 3),
    ("a" * 460, GSM, 460, 4),
    ("€", GSM, 2, 1),
    ("€" * 80, GSM, 160, 1),
    ("€" * 80 + "a", GSM, 161, 2),
    ("a" * 159 + "[", GSM, 161, 2),
    ("¿Qué? ¡Ñandú!", UCS, 13, 1),  # ú is not in GSM-7
    ("¿Que? ¡Ñandu! é ñ ü à", GSM, 21, 1),
    ("ç", UCS, 1, 1),  # only the capital is in the table
    ("Ç", GSM, 1, 1),
    ("\u00a0", UCS, 1, 1),
    ("’", UCS, 1, 1),
    ("क" * 70, UCS, 70, 1),
    ("क" * 71, UCS, 71, 2),
    ("क" * 134, UCS, 134, 2),
    ("क" * 135, UCS, 135, 3),
    ("ا" * 201, UCS, 201, 3),
    ("ا" * 202, UCS, 202, 4),
    ("🙏", UCS, 2, 1),  # a pair of surrogates
    ("🙏" * 35, UCS, 70, 1),
    ("🙏" * 35 + "a", UCS, 71, 2),
    ("a" * 70 + "ሀ", UCS, 71, 2),  # one letter makes the whole text wide
]


@pytest.mark.parametrize(("text", "encoding", "units", "count"), VECTORS)
def test_a_text_takes_as_many_segments_as_the_standard_says(text: str, encoding: str, units: int, count: int) -> None:
    assert segments(text) == Segments(encoding, units, count)


def test_the_table_is_the_whole_alphabet_of_the_standard() -> None:
    assert len(BASIC) == 127  # 128 places, one of which is the escape to the extension table
    assert len(EXTENDED) == 10
    assert not BASIC & EXTENDED


@given(st.text())
def test_units_are_what_the_encoding_needs(text: str) -> None:
    found = segments(text)
    if found.encoding == UCS:
        assert found.units * 2 == len(text.encode("utf-16-le", "surrogatepass"))
    else:
        assert len(text) <= found.units <= 2 * len(text)
    assert found.count >= 1


@given(st.text(), st.text())
def test_more_text_never_takes_fewer_segments(left: str, right: str) -> None:
    assert segments(left + right).count >= segments(left).count
