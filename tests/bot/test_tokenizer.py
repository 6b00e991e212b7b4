"""Tokens have places in the text as it is, and folded words for comparing."""

import pytest
from components.tokenizer import tokens_of


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Hello, world!", ["hello", "world"]),
        ("help 🆘 me", ["help", "🆘", "me"]),
        ("कतारमा काम छ?", ["कतारमा", "काम", "छ"]),
        ("Rs.1,50,000/-", ["rs", "1,50,000"]),
        ("2lakh", ["2", "lakh"]),
        ("$500", ["$", "500"]),
        ("cote d'ivoire", ["cote", "d'ivoire"]),
        ("👨‍👩‍👧 🇳🇵", ["👨👩👧", "🇳🇵"]),
        ("السعوديّة", ["السعودیہ"]),
        ("ฉันอยากกลับบ้าน", ["ฉัน", "อยาก", "กลับ", "บ้าน"]),
        ("ខ្ញុំចង់ទៅផ្ទះវិញ", ["ខ្ញុំ", "ចង់ទៅ", "ផ្ទះ", "វិញ"]),
        ("အိမ်ပြန်ချင်တယ်", ["အိမ်", "ပြန်", "ချင်", "တယ်"]),
        ("ຂ້ອຍຢາກກັບບ້ານ", ["ຂ້ອຍ", "ຢາກ", "ກັບບ້ານ"]),
        ("", []),
        ("...?!", []),
    ],
)  # fmt: skip
def test_a_text_is_split_into_folded_words(text: str, words: "list[str]") -> None:
    assert [token.lemma for token in tokens_of(text)] == words


@pytest.mark.parametrize("text", ["हैलो दुनिया", "a  b\tc", "١٥٠٠ ريال", "é🆘é", "ไปDohaครับ 500"])
def test_places_are_those_of_the_text(text: str) -> None:
    for token in tokens_of(text):
        assert text[token.start : token.end] == token.text
