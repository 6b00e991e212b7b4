"""Countries, currencies, sums and visas are found whole, in every language, and not where they are not."""

from typing import Any

import pytest
from components.corridor import Corridor
from components.phrases import read_lexicon

CORRIDOR = Corridor(read_lexicon())


def found(text: str) -> list[tuple[str, Any]]:
    return [(entity["entity"], entity["value"]) for entity in CORRIDOR.entities(text)]


def only(kind: str, text: str) -> list[Any]:
    return [value for entity, value in found(text) if entity == kind]


@pytest.mark.parametrize(
    ("text", "country"),
    [
        ("I go to Qatar", "QA"), ("job in dubai", "AE"),
        ("saudi", "SA"), ("KSA visa", "SA"), ("quiero ir a España", "ES"),
        ("trabajo en Arabia Saudita", "SA"), ("कतारमा काम", "QA"), ("qatarma kaam", "QA"), ("मलेसियाको भिसा", "MY"),
        ("أعمل بالسعودية", "SA"), ("في دبي", "AE"), ("والكويت", "KW"), ("ወደ ሳውዲ", "SA"), ("በዱባይ", "AE"),
        ("nataka kwenda Saudia", "SA"), ("सऊदी में", "SA"), ("سعودی عرب", "SA"), ("কাতারে কাজ", "QA"),
        ("punta ako ng Hong Kong", "HK"), ("kerja di Arab Saudi", "SA"),
        ("je vais au Liban", "LB"), ("Côte d'Ivoire", "CI"),
        ("the united arab emirates", "AE"), ("OMAN", "OM"), ("Malayshia", "MY"), ("south sudan", "SS"),
    ],
)  # fmt: skip
def test_a_country_is_found(text: str, country: str) -> None:
    assert only("country", text) == [country]


@pytest.mark.parametrize(
    "text",
    ["I am a woman in romantic mood", "nimepoteza mali yangu", "us workers need help", "coba lagi", "the chad", "hello",
     "no puedo", "it is in my room", "जर्मन", ""],
)  # fmt: skip
def test_no_country_is_seen_in_other_words(text: str) -> None:
    assert only("country", text) == []


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("2 lakh", 200000), ("1.5 lac", 150000), ("2,00,000 rupees", 200000), ("150k", 150000), ("2lakh", 200000),
        ("Rs. ৫০,০০০", 50000), ("१ लाख ५० हजार", 150000),
        ("डेढ लाख", 150000), ("dedh lakh", 150000), ("sadhe tin lakh", 350000),
        ("do lakh pachas hajar", 250000), ("1.500 dólares", 1500), ("1,500.50 usd", 1500.5), ("2.5 million", 2500000),
        ("dos mil dolares", 2000), ("١٥٠٠ ريال", 1500),
        ("٣ آلاف ريال", 3000), ("ألفين ريال", 2000), ("elfu hamsini", 50000),
        ("laki mbili", 200000), ("50 ሺህ ብር", 50000),
        ("15 juta", 15000000), ("50 000 FCFA", 50000), ("1 crore", 10000000),
        ("500", 500), ("agent wants 5000 from me", 5000), ("rs 500 only", 500),
        ("$300", 300), ("300$", 300), ("0", 0),
    ],
)  # fmt: skip
def test_a_sum_is_read(text: str, amount: float) -> None:
    assert only("amount", text) == [amount]


@pytest.mark.parametrize(
    "text",
    ["5 months no salary", "I am 17 years old", "12 hours a day", "call 0771234567", "in 2024 I came", 
     "since 2019 here",
     "licence 1234/074", "call 999 or 112 now", "+977 9841234567 please call", "one of two"],
)  # fmt: skip
def test_other_numbers_are_no_sums(text: str) -> None:
    assert only("amount", text) == []


@pytest.mark.parametrize(
    ("text", "currency"),
    [
        ("2000 riyal in Qatar", "QAR"), ("2000 riyal in Saudi", "SAR"), ("2000 riyal", "RIYAL"), ("rs 500", "RUPEE"),
        ("5 lakh rupees from Nepal", "NPR"), ("रु ५०००", "RUPEE"), ("भारतीय रुपये 500", "INR"), ("৫০০০ টাকা", "BDT"),
        ("5000 birr", "ETB"), ("KSh 500", "KES"),
        ("300 dollars", "USD"), ("دينار كويتي", "KWD"), ("5000 pesos", "PESO"),
        ("₱5000", "PHP"), ("500 €", "EUR"), ("aed 300", "AED"), ("ringgit", "MYR"),
    ],
)  # fmt: skip
def test_a_currency_is_named(text: str, currency: str) -> None:
    assert only("currency", text) == [currency]


@pytest.mark.parametrize("text", ["rs", "br please call", "sh quiet", "all of us", "try again"])
def test_a_short_code_without_a_number_is_no_currency(text: str) -> None:
    assert only("currency", text) == []


@pytest.mark.parametrize(
    ("text", "visa"),
    [
        ("agent says go on visit visa", "visit"), ("tourist", "visit"),
        ("turista", "visit"), ("visa de trabajo", "work"),
        ("भिजिट भिसामा जाने", "visit"), ("visit visa pe", "visit"), ("تأشيرة سياحية", "visit"), ("فيزا عمل", "work"),
        ("student visa", "student"), ("business visa to dubai", "business"), ("work", "work"), ("h2b", "work"),
    ],
)  # fmt: skip
def test_a_visa_is_told(text: str, visa: str) -> None:
    assert only("visa", text) == [visa]


@pytest.mark.parametrize("text", ["I want to work in a hotel in Oman", "my work is hard and long", "visa?"])
def test_work_in_a_longer_message_is_not_a_visa(text: str) -> None:
    assert only("visa", text) == []


def test_places_are_those_of_the_text() -> None:
    text = "agent asks Rs. १,५०,००० for कतार"

    quotes = [text[entity["start"] : entity["end"]] for entity in CORRIDOR.entities(text)]

    assert quotes == ["Rs", "१,५०,०००", "कतार"]
