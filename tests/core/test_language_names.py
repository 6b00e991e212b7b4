"""Naming a language that is not offered."""

import pytest

from core.language_names import named_language


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Tigrinya", "ti"), ("can you speak somali please", "so"), ("ትግርኛ", "ti"), ("தமிழ்", "ta"), ("English", "en"),
        ("talk in tagalog", "tl"), ("another language please", None), ("", None),
    ],
)  # fmt: skip
def test_a_language_is_found_by_its_names(text: str, code: str | None) -> None:
    assert named_language(text) == code
