"""Splitting: nothing is lost, nothing that belongs together is torn, in every script."""

import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st

from channels.text import MOST_SEGMENTS, SPACE, split
from core.segments import segments

SENTENCES = {
    "en": "Do not pay before you have seen a contract. Ask for the licence number, and keep your own passport. ",
    "es": "No pague antes de ver un contrato. ¿Quién le ofreció el trabajo? Guarde usted mismo su pasaporte. ",
    "fr": "Ne payez rien avant d’avoir vu un contrat. Où se trouve l’agence ? Gardez votre passeport. ",
    "ar": "لا تدفع أي مبلغ قبل أن ترى العقد. هل لديك رقم الترخيص؟ احتفظ بجواز سفرك بنفسك. ",
    "am": "ውሉን ሳያዩ ምንም አይክፈሉ። የፈቃድ ቁጥር አለዎት? ፓስፖርትዎን እራስዎ ይያዙ። ",
    "sw": "Usilipe kabla ya kuona mkataba. Uliza namba ya leseni, na ushike pasipoti yako mwenyewe. ",
    "hi": "अनुबंध देखने से पहले कुछ भी न दें। लाइसेंस संख्या पूछें, और अपना पासपोर्ट अपने पास रखें। ",
    "ur": "معاہدہ دیکھنے سے پہلے کچھ ادا نہ کریں۔ کیا آپ کے پاس لائسنس نمبر ہے؟ پاسپورٹ خود رکھیں۔ ",
    "bn": "চুক্তি না দেখে কোনো টাকা দেবেন না। লাইসেন্স নম্বর চান, আর পাসপোর্ট নিজের কাছে রাখুন। ",
    "ne": "करार नहेरी पैसा नतिर्नुहोस्। इजाजतपत्र नम्बर सोध्नुहोस्, र राहदानी आफैँसँग राख्नुहोस्। ",
    "tl": "Huwag magbayad bago makita ang kontrata. Itanong ang numero ng lisensya, at itago ang pasaporte. ",
    "id": "Jangan membayar sebelum melihat kontrak. Tanyakan nomor izin, dan simpan sendiri paspor Anda. ",
    "th": "อย่าจ่ายเงินก่อนเห็นสัญญาขอเลขที่ใบอนุญาตและเก็บหนังสือเดินทางของคุณไว้เองน้ำเต้าหู้",
    "km": "កុំបង់ប្រាក់មុនពេលឃើញកិច្ចសន្យា។សុំលេខអាជ្ញាប័ណ្ណនិងរក្សាលិខិតឆ្លងដែនដោយខ្លួនឯងស្ត្រីខ្មែរ",
    "my": "စာချုပ်မမြင်မီငွေမပေးပါနှင့်။လိုင်စင်နံပါတ်ကိုမေးပြီးနိုင်ငံကူးလက်မှတ်ကိုကိုယ်တိုင်သိမ်းပါမြန်မာ",
    "si": "කොන්ත්‍රාත්තුව දකින තුරු මුදල් නොගෙවන්න. ශ්‍රී ලංකා බලපත්‍ර අංකය ඉල්ලන්න. ",
    "emoji": "👨‍👩‍👧‍👦🇳🇵👍🏽❤️‍🔥 ok 👩🏿‍⚕️ ",
    "marks": "Z̴͇̈a̸͉̓l̷͙̾g̵̲̈́o̶̯̒ ạ̈ǫ́ ",
}
TEXTS = {name: sentence * (2200 // len(sentence)) for name, sentence in SENTENCES.items()}
MARK = regex.compile(r"[\p{M}\u200d\u0e30\u0e32\u0e33\u0e45]")
PREFIX = regex.compile(r"[\u0e40-\u0e44\u1039\u17d2\u200d]")


def bare(text: str) -> str:
    return "".join(character for character in text if character not in SPACE)


def graphemes(text: str) -> list[str]:
    return regex.findall(r"\X", text)


@pytest.mark.parametrize("name", SENTENCES)
@pytest.mark.parametrize("segmented", [True, False])
def test_in_every_script_all_arrives_and_every_part_fits(name: str, segmented: bool) -> None:
    text = TEXTS[name]
    parts = split(text, 300 if not segmented else 1600, segmented=segmented)
    unmarked = [regex.sub(r" \(\d+/\d+\)$", "", part) if segmented else part for part in parts]
    assert bare("".join(unmarked)) == bare(text)
    assert len(parts) > 1
    for part in parts:
        assert len(part) <= (1600 if segmented else 300)
        assert not segmented or segments(part).count <= MOST_SEGMENTS


@pytest.mark.parametrize("name", SENTENCES)
@pytest.mark.parametrize("limit", [41, 70, 97])
def test_no_part_begins_or_ends_inside_a_letter(name: str, limit: int) -> None:
    parts = split(TEXTS[name], limit)
    for part in parts:
        assert not MARK.match(part), ascii(part[:4])
        assert not PREFIX.match(part[-1]), ascii(part[-4:])
    assert [one for part in parts for one in graphemes(part) if one not in SPACE] == [
        one for one in graphemes(TEXTS[name]) if one not in SPACE
    ]


@pytest.mark.parametrize("name", [name for name in SENTENCES if name not in ("th", "km", "my", "emoji", "marks")])
def test_where_words_have_spaces_no_word_is_torn(name: str) -> None:
    words = set(TEXTS[name].split())
    for part in split(TEXTS[name], 90):
        assert set(part.split()) <= words


WHOLE = (
    "https://example.org/a-very-long-address/that?must=stay&in=one-piece", "+977 1 4 211 111", "(02) 8722-1144",
    "NPR 10,000", "15:30", "help@example.org", "٩٩٩ ٩٩٩ ٩٩٩", "१६ ०० ३७",
)  # fmt: skip


@pytest.mark.parametrize("whole", WHOLE)
@pytest.mark.parametrize("before", range(60, 100, 3))
def test_an_address_or_a_number_stays_whole(whole: str, before: int) -> None:
    text = ("word " * 40)[:before].strip() + " " + whole + " " + "word " * 20
    number = whole.removeprefix("NPR ")
    assert any(number in part for part in split(text, 100))


def test_a_word_that_is_longer_than_a_message_is_cut_between_letters() -> None:
    assert split("a" * 25, 10) == ["a" * 10, "a" * 10, "a" * 5]
    assert split("https://" + "x" * 22, 10) == ["https://xx", "x" * 10, "x" * 10]


def test_paragraphs_go_before_lines_and_lines_before_sentences() -> None:
    assert split("One. Two.\nThree. Four five six\n\nSeven eight", 32)[0] == "One. Two.\nThree. Four five six"
    assert split("One two. Three four five\nsix seven", 30)[0] == "One two. Three four five"
    assert split("One two three. Four five six", 25)[0] == "One two three."


def test_a_text_that_fits_is_left_alone() -> None:
    assert split("  hello\nthere ", 100, segmented=True) == ["hello\nthere"]
    assert split("", 100) == [""]


def test_parts_by_sms_are_numbered_only_where_that_costs_nothing() -> None:
    free = split(SENTENCES["en"] * 20, 1600, segmented=True)
    assert [part[-5:] for part in free] == [f"({n}/{len(free)})" for n in range(1, len(free) + 1)]
    full = split("a" * 1530 + " " + "b" * 1530, 1600, segmented=True)
    assert full == ["a" * 1530, "b" * 1530]


def test_one_letter_of_another_alphabet_makes_the_part_shorter_and_not_the_others() -> None:
    text = "plain words " * 150 + "नेपाल " * 2 + "plain words " * 150
    parts = split(text, 1600, segmented=True)
    assert all(segments(part).count <= MOST_SEGMENTS for part in parts)
    assert {segments(part).encoding for part in parts} == {"GSM-7", "UCS-2"}


ALPHABET = st.text(
    st.sampled_from([*"ab .\n", *"नमस्ते", *"مرحبا", *"สวัสดีเ", *"ខ្មែរ", *"မြန်", *"👨\u200d👩🇳🇵é\u0301"]), max_size=120
)


@given(ALPHABET, st.integers(12, 40), st.booleans())
def test_any_text_is_cut_into_parts_that_fit_and_lose_nothing(text: str, limit: int, segmented: bool) -> None:
    parts = split(text, limit, segmented=segmented)
    unmarked = [regex.sub(r" \(\d+/\d+\)$", "", part) for part in parts]
    assert bare("".join(unmarked)) == bare(text)
    assert all(len(part) <= limit or len(graphemes(part)) == 1 for part in parts)
