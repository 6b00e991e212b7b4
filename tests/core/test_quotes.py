"""What is quoted back to a person."""

import pytest

from core.quotes import quoted


@pytest.mark.parametrize(
    ("text", "words", "quote"),
    [
        ("boss took it and he did not pay my salary for 5 months", "pay my salary", "did not pay my salary for 5"),
        ("he did not, pay my salary. ok", "pay my salary", "pay my salary"),
        ("madam has kept my passport since may", "madam has kept my passport", "madam has kept my passport"),
        ("pay today", "today", "pay today"),
        ("तलब दिएको छैन। घर जान्छु", "तलब", "तलब दिएको छैन"),
        ("", "", ""),
    ],
)
def test_a_few_words_are_quoted_with_their_neighbours_in_the_same_clause(text: str, words: str, quote: str) -> None:
    start = text.index(words)
    assert quoted(text, start, start + len(words)) == quote
