"""What looks like a name that we know or like another word of its talk is marked; ordinary words are not (R53)."""

import re
from itertools import chain, pairwise
from pathlib import Path
from time import process_time

import pytest

from core.config import ROOT, Settings
from core.examples import examples_of
from desk import doubles
from desk.doubles import NOTHING, Surroundings, marks
from desk.likeness import PIECE
from desk.skeletons import skeleton
from tests.conftest import MASTER
from tests.desk.house import House

REGISTER = """name,licence,status,valid_until,source_url,checked_on
Al Noor Manpower Pvt. Ltd.,0123/077,valid,2030-01-01,,2026-11-22
SUNRISE OVERSEAS,456,valid,2030-01-01,,2026-11-22
नमस्ते रोजगार,789,valid,2030-01-01,,2026-11-22
Modern Employment,790,valid,2030-01-01,,2026-11-22
"""


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Surroundings:
    """What a desk knows that has imported the list of one country."""
    folder: Path = tmp_path_factory.mktemp("knowledge")
    for name in doubles.TABLES:
        (folder / f"{name}.csv").write_text((ROOT / "data" / "knowledge" / f"{name}.csv").read_text("utf-8"))
    (folder / "registers").mkdir()
    (folder / "registers" / "NP.csv").write_text(REGISTER, "utf-8")
    settings = Settings(master_key=MASTER, organisation="Amana", public_url="https://amana.example")
    return Surroundings(sure=doubles.of_service(settings, folder))


@pytest.mark.parametrize(
    ("one", "other"),
    [("paypal", "p\u0430ypal"), ("paypal", "paypa1"), ("modern", "modem"), ("SUN", "\ua4e2\ua4f4\ua4e0"),
     ("scope", "\u0455\u0441\u043e\u0440\u0435"), ("alpha", "\u0251lpha"), ("नेपाल", "नेपा\u200dल")],
)  # fmt: skip
def test_what_looks_alike_has_one_skeleton(one: str, other: str) -> None:
    assert skeleton(one) == skeleton(other)


def test_what_looks_different_has_another_skeleton() -> None:
    assert len({skeleton(word) for word in ("paypal", "paypas", "नेपाल", "नेपल", "سلام", "سلم", "")}) == 7
    assert len(skeleton("\ufdfa" * 2000)) >= 2000  # the letter that becomes the most letters
    assert skeleton("\ud800a") == "?a"


IMITATIONS = [
    ("see https://dmw.g0v.ph/list", "dmw.g0v.ph", "dmw.gov.ph"),
    ("see login.emigrate.gov.\u0456n now", "login.emigrate.gov.\u0456n", "emigrate.gov.in"),
    ("write to help@arnana.example", "help@arnana.example", "amana.example"),
    ("WWW.FACEB00K.COM/job", "WWW.FACEB00K.COM", "facebook.com"),
    ("paypaI.com", "paypaI.com", "paypal.com"),
    ("I am from Arnana, trust me", "Arnana", "Amana"),
    ("AI Noor Manpower Pvt. Ltd. has a job", "AI Noor Manpower Pvt. Ltd", "Al Noor Manpower Pvt Ltd"),
    ("the agency Al N0or called", "Al N0or", "Al Noor"),
    ("sunr\u0456se overseas", "sunr\u0456se overseas", "SUNRISE OVERSEAS"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "place", "real"), IMITATIONS)
def test_what_imitates_a_name_or_an_address_that_we_know_is_marked(
    service: Surroundings, text: str, place: str, real: str
) -> None:
    (found,) = marks(text, service)
    assert text[found.start : found.end] == place
    assert f"looks like {real}" in found.why.split("; ")


@pytest.mark.parametrize(
    "text",
    ["https://dmw.gov.ph/licensed-recruitment-agencies", "www.EMIGRATE.gov.in", "ask@amana.example", "AMANA", "amana",
     "al noor manpower pvt ltd", "Sunrise Overseas", "sunrise overseas", "नमस्ते रोजगार", "नमस्ते", "my modem is broken",
     "I have 1 child and 100 euro", "Al", "I.am here", "10.30 or 1O", "", "...", "a.b.c.d.e"],
)  # fmt: skip
def test_the_real_ones_and_ordinary_words_are_not_marked(service: Surroundings, text: str) -> None:
    assert marks(text, service) == []


def of_talk(*texts: str) -> Surroundings:
    return Surroundings(talk=doubles.of_talk(texts))


@pytest.mark.parametrize(
    ("one", "other"),
    [("goldenjobs.example", "go1denjobs.example"), ("a@arm.example", "b@arrn.example"), ("Malik", "Ma\u04cfik"),
     ("Albert", "AIbert"), ("Kamal", "Kama1"), ("\u13da\u13a1\u13aa\u13de", "SRAL"),
     ("scope", "\u0455\u0441\u043e\u0440\u0435")],
)  # fmt: skip
def test_doubles_in_one_talk_are_marked_whichever_is_the_real_one(one: str, other: str) -> None:
    around = of_talk(f"I know {one} well", f"now {other} wrote")
    assert [found.why.rpartition("looks like ")[2] for found in marks(one, around)] == [other.rpartition("@")[2]]
    assert [found.why.rpartition("looks like ")[2] for found in marks(other, around)] == [one.rpartition("@")[2]]


@pytest.mark.parametrize(
    ("one", "other"),
    [("modern", "modem"), ("corner", "comer"), ("Albert", "albert"), ("لیے", "لیں"), ("كيف", "کیف"), ("100", "1OO"),
     ("क़लम", "कलम"), ("café", "cafe\u0301"), ("Ill", "lll"), ("full", "ｆｕｌｌ")],
)  # fmt: skip
def test_two_words_or_two_spellings_that_happen_to_look_alike_are_not_marked(one: str, other: str) -> None:
    around = of_talk(one, other)
    assert [found for text in (one, other) for found in marks(text, around)] == []


def test_an_address_of_letters_that_all_look_like_others_is_marked() -> None:
    for host in ("\ua4e2\ua4f4\ua4e0.com", "\u0251pple.com"):
        assert [found.why for found in marks(host, NOTHING)] == ["letters that look like Latin ones"]


def test_no_words_that_people_are_known_to_write_are_doubles_of_each_other(service: Surroundings) -> None:
    """All examples of a language are taken as one talk: a warning that is often wrong is soon not read."""
    marked = []
    for path in sorted((ROOT / "data").glob("*/nlu.yml")):
        texts = [text for _, text in examples_of(path)]
        around = Surroundings(service.sure, doubles.of_talk(texts))
        found = ((text[one.start : one.end], one.why) for text in texts for one in marks(text, around))
        marked += [(path.parent.name, *one) for one in found]
    assert marked == []


def test_marks_come_in_order_and_do_not_overlap(service: Surroundings) -> None:
    text = "\u0430mana.org, dmw.g0v.ph, \u0430rnana.example and \u0441\u043eunsellor"
    found = marks(text, service)
    assert [one.end <= two.start for one, two in pairwise(found)] == [True] * 3
    assert found[2].why == "letters of Cyrillic and Latin in one word; looks like amana.example"


def test_the_talk_shows_what_an_agency_a_counsellor_and_an_address_are_imitated_by(house: House) -> None:
    asha = house.member("Asha Gurung")
    who = house.writes("go1denjobs.example is not goldenjobs.example")
    house.says(who, "They are at goldenjobs.example.")
    house.writes("I am Asha Gurung, and this is Asha Gururg", who=who)
    house.writes("It is me, Asha Gurun\u0261!", who=who)
    case = house.case(who, flags=(("impersonation", "arnana"),), consent="faceb00k.com")
    page = asha.get(f"/cases/{case}").text
    warned = re.findall(r'class="warned">([^<]+)<', page)
    assert sorted(warned) == [
        "looks like Amana", "looks like Asha Gurung", "looks like facebook.com", "looks like go1denjobs.example",
        "looks like goldenjobs.example",
    ]  # fmt: skip
    said = re.search(r'line-machine.*?<div class="bubble"[^>]*>(.*?)</div>', page, re.S)
    assert said is not None
    assert said[1] == "They are at goldenjobs.example."


def test_a_talk_of_two_hundred_long_messages_is_looked_through_at_once(service: Surroundings) -> None:
    texts = [
        f"number {n} " + " ".join(f"word{n * 31 + m} www.host{n}x{m}.example" for m in range(40)) for n in range(200)
    ]
    begun = process_time()
    around = Surroundings(service.sure, doubles.of_talk(texts))
    assert not any(chain.from_iterable(marks(text, around) for text in texts))
    assert sum(1 for text in texts for _ in PIECE.finditer(text)) >= 16_000
    assert process_time() - begun < 5
