"""Kinds of work, peoples and telephone numbers are found in every language, and not where they are not."""

from typing import Any

import pytest
import yaml
from components.corridor import Corridor
from components.phrases import LEXICON, read_lexicon

LEXICON_READ = read_lexicon()
CORRIDOR = Corridor(LEXICON_READ)
LANGUAGES = {"en", "es", "fr", "ar", "am", "sw", "hi", "ur", "bn", "ne", "tl", "id"}
TAXONOMY = yaml.safe_load((LEXICON.parent / "taxonomy.yml").read_text("utf-8"))


def only(kind: str, text: str) -> "list[Any]":
    return [entity["value"] for entity in CORRIDOR.entities(text) if entity["entity"] == kind]


def test_every_kind_of_work_of_the_taxonomy_has_spellings_in_every_language() -> None:
    assert set(LEXICON_READ["sectors"]) == set(TAXONOMY["sectors"]) - {"other"}
    for code, languages in LEXICON_READ["sectors"].items():
        assert set(languages) == LANGUAGES, code
        assert min(len(spellings) for spellings in languages.values()) >= 6, code


@pytest.mark.parametrize(
    ("text", "sector"),
    [
        ("they need a housemaid in Riyadh", "domestic_work"), ("khaddama job", "domestic_work"),
        ("mason", "construction"), ("i am a welder", "construction"), ("security guard in dubai", "security"),
        ("hotel job", "hospitality"), ("kitchen helper", "hospitality"), ("caregiver in Taiwan", "care"),
        ("fisherman", "fishing"), ("bar dancer", "entertainment"), ("data entry typing job", "online_work"),
        ("work on a cruise ship", "seafaring"), ("gold mine in the bush", "mining"), ("shop assistant", "retail"),
        ("they make us beg on the street", "begging"), ("cleaner at the airport", "cleaning"),
        ("soy niñera", "domestic_work"), ("albañil en Houston", "construction"), ("piden mesera", "hospitality"),
        ("la pizca, trabajo de campo", "agriculture"), ("maquiladora", "manufacturing"),
        ("vigilante nocturno", "security"),
        ("bonne à tout faire", "domestic_work"), ("travailler sur un chantier", "construction"),
        ("aide-soignante", "care"), ("orpaillage", "mining"), ("livreur à Tunis", "transport"),
        ("خادمة في الكويت", "domestic_work"), ("عامل بناء", "construction"), ("حارس أمن", "security"),
        ("شغالة", "domestic_work"), ("بالمطعم", "hospitality"), ("راعي غنم", "agriculture"),
        ("የቤት ሰራተኛ", "domestic_work"), ("yebet serategna", "domestic_work"), ("በሆቴል", "hospitality"),
        ("ሹፌር", "transport"), ("የጽዳት ሰራተኛ", "cleaning"),
        ("kazi za ndani", "domestic_work"), ("fundi mwashi", "construction"), ("nilikuwa mlinzi", "security"),
        ("kazi ya shamba", "agriculture"), ("dereva", "transport"), ("uvuvi", "fishing"),
        ("gharelu kaam", "domestic_work"), ("घरेलू काम", "domestic_work"), ("राजमिस्त्री", "construction"),
        ("chowkidar", "security"), ("सिलाई का काम", "manufacturing"), ("होटल में", "hospitality"),
        ("گھریلو ملازمہ", "domestic_work"), ("مستری", "construction"), ("ڈرائیور", "transport"),
        ("درزی", "manufacturing"),
        ("গৃহকর্মী", "domestic_work"), ("রাজমিস্ত্রির কাজ", "construction"), ("ক্লিনারের কাজ", "cleaning"),
        ("basar kaj", "domestic_work"), ("গার্মেন্টসে", "manufacturing"), ("মাছ ধরার ট্রলারে", "fishing"),
        ("घरेलु कामदार", "domestic_work"), ("mistri", "construction"), ("होटेलमा", "hospitality"),
        ("भेडा गोठालो", "agriculture"), ("dohori sanjh", "entertainment"), ("प्याकिङको काम", "manufacturing"),
        ("kasambahay", "domestic_work"), ("pogo hub", "online_work"), ("tagapag-alaga", "care"), ("sekyu", "security"),
        ("pembantu rumah tangga", "domestic_work"), ("kuli bangunan", "construction"), ("kebun sawit", "agriculture"),
        ("abk kapal ikan", "fishing"), ("judi online", "online_work"), ("jaga lansia", "care"),
    ],
)  # fmt: skip
def test_a_kind_of_work_is_told(text: str, sector: str) -> None:
    assert sector in only("sector", text)


@pytest.mark.parametrize(
    "text",
    ["the passport is mine", "we crossed by boat", "I beg you help me", "I sleep in the kitchen", "mon chef crie",
     "kekerasan dalam rumah tangga", "بناء على العقد", "woh kal aaya", "वह आया", "a mermaid", "police guards the road",
     "বাবা জেলে", "फार्म भरना", "he cooks", "delivery of my baby", "may bantay kami"],
)  # fmt: skip
def test_no_kind_of_work_is_seen_in_other_words(text: str) -> None:
    assert only("sector", text) == []


@pytest.mark.parametrize(
    ("text", "country"),
    [
        ("I am Nepali", "NP"), ("a kenyan girl", "KE"), ("two filipinos here", "PH"), ("bangladeshi workers", "BD"),
        ("we are habesha in beirut", "ET"), ("ghanaian", "GH"), ("soy guatemalteca", "GT"), ("somos hondureños", "HN"),
        ("una venezolana", "VE"), ("je suis camerounaise", "CM"), ("un Malien", "ML"), ("انا سوداني", "SD"),
        ("انا بنت فلبينية", "PH"), ("للمصريين", "EG"), ("ana habashiya", "ET"), ("ኢትዮጵያዊት ነኝ", "ET"), ("ሀበሻ ነኝ", "ET"),
        ("mimi ni mkenya", "KE"), ("waganda wawili", "UG"), ("मैं भारतीय हूँ", "IN"), ("जेलमा परेको नेपालीलाई", "NP"),
        ("میں پاکستانی ہوں", "PK"), ("আমি বাংলাদেশি", "BD"), ("म नेपाली हुँ", "NP"), ("pinay ako", "PH"),
        ("saya orang Indonesia", "ID"), ("filipina", "PH"), ("pakistani", "PK"),
    ],
)  # fmt: skip
def test_a_people_is_told(text: str, country: str) -> None:
    assert only("nationality", text) == [country]


@pytest.mark.parametrize(
    "text",
    ["nepali?", "nepali please", "español", "speak nepali with me please", "nepali rupees 500 only", "2000 saudi riyal",
     "indio", "kerja di Filipina", "bahasa indonesia saja ya", "नेपाली", "answer me in french please", "hello"],
)  # fmt: skip
def test_a_language_or_a_currency_is_no_people(text: str) -> None:
    assert only("nationality", text) == []


def test_the_country_in_a_name_of_a_people_is_not_told_twice() -> None:
    assert only("country", "i am a bangladeshi mason") == []
    assert only("country", "kerja di Filipina") == ["PH"]


@pytest.mark.parametrize(
    ("text", "phone"),
    [
        ("call 9841234567 now", "••••••••••"), ("+974 5555 1234", "+••• •••• ••••"), ("৯৮৪১২৩৪৫৬৭", "••••••••••"),
        ("my boss 55551234", "••••••••"), ("whatsapp 00971-50-123-4567", "•••••-••-•••-••••"),
    ],
)  # fmt: skip
def test_a_telephone_number_is_hidden_and_no_sum(text: str, phone: str) -> None:
    assert only("phone", text) == [phone]
    assert only("amount", text) == []


@pytest.mark.parametrize("text", ["20000000 rupiah", "salary 2000-2500 QAR", "12-05-2026", "Rp 15.000.000", "call 999"])
def test_sums_and_dates_are_no_telephone_numbers(text: str) -> None:
    assert only("phone", text) == []


def test_a_sum_and_a_telephone_number_are_told_apart() -> None:
    text = "send 20000000 rupiah to 081234567890"

    assert (only("amount", text), only("phone", text)) == ([20000000], ["••••••••••••"])
