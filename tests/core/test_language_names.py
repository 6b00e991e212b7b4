"""Naming a language that is not offered."""

import pytest

from core.language_names import named_language


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Tigrinya", "ti"), ("can you speak somali please", "so"), ("ትግርኛ", "ti"), ("தமிழ்", "ta"), ("English", "en"),
        ("talk in tagalog", "tl"), ("another language please", None), ("", None),
        ("በኦሮምኛ ማውራት ይቻላል?", "om"), ("በሶማልኛ አለ", "so"), ("oromigna ale", "om"), ("ቋንቋ መቀየር እፈልጋለሁ", None),
        ("est-ce que vous parlez wolof ?", "wo"), ("vous parlez peul ?", "ff"), ("autre langue stp", None),
        ("mnaongea kikuyu?", "ki"), ("kiingereza tafadhali", "en"), ("lugha nyingine", None),
        ("तमिल में बात हो सकती है?", "ta"), ("भोजपुरीमा", "bho"), ("भाषा बदलो", None),
        ("তামিলে বলেন", "ta"), ("پشتو میں بتا دیں", "ps"), ("بالعربي", "ar"), ("غير اللغه", None), ("bisaya po", "ceb"),
    ],
)  # fmt: skip
def test_a_language_is_found_by_its_names(text: str, code: str | None) -> None:
    assert named_language(text) == code
