"""The danger check, with every row that the editors wrote for it."""

import time
from pathlib import Path

import pytest
import yaml

from core.errors import ConfigError
from core.risk import CODES, ORDER, Danger, DangerCheck, Level, load

DATA = Path(__file__).parents[2] / "data"
LISTS = {path.parent.name: yaml.safe_load(path.read_text("utf-8")) for path in sorted(DATA.glob("*/danger.yml"))}


LISTED = [(language, code) for language, content in LISTS.items() for code in content]


@pytest.fixture(scope="module")
def check() -> DangerCheck:
    return load(DATA)


def fires(check: DangerCheck, code: str, message: str) -> bool:
    """Tell whether a message fires. It may tell of two dangers; then the more urgent one is answered."""
    found = check.find(message)
    if found is None or ORDER.index(found.code) > ORDER.index(code):
        return False
    return bool(found.quote) and found.quote in message


@pytest.mark.parametrize(("language", "code"), LISTED)
def test_messages_that_must_fire_fire_and_quote_what_was_written(check: DangerCheck, language: str, code: str) -> None:
    assert [row for row in LISTS[language][code]["fires"] if not fires(check, code, row)] == []


@pytest.mark.parametrize(("language", "code"), LISTED)
def test_messages_that_only_look_alike_do_not_fire(check: DangerCheck, language: str, code: str) -> None:
    assert [(row, check.find(row)) for row in LISTS[language][code]["quiet"] if check.find(row)] == []


@pytest.mark.parametrize(("language", "code"), LISTED)
def test_shouting_and_punctuation_change_nothing(check: DangerCheck, language: str, code: str) -> None:
    shouted = [f"!!! {row.upper()} ??? 🙏🙏" for row in LISTS[language][code]["fires"]]
    assert [row for row in shouted if not fires(check, code, row)] == []


@pytest.mark.parametrize("language", LISTS)
def test_every_language_knows_every_danger_with_examples_for_and_against(language: str) -> None:
    assert set(LISTS[language]) == set(CODES)
    for code, lists in LISTS[language].items():
        assert set(lists) <= {"phrases", "unless", "fires", "quiet", "told", "harmless"}, code
        assert min(len(lists["phrases"]), len(lists["fires"]), len(lists["quiet"])) >= 15, code


def test_the_codes_are_those_of_the_taxonomy_and_all_have_a_place_in_the_order() -> None:
    taxonomy = yaml.safe_load((DATA / "taxonomy.yml").read_text("utf-8"))
    assert set(CODES) == set(taxonomy["danger"])
    assert sorted(ORDER) == sorted(CODES)


SMALL = DangerCheck(
    {
        "en": {
            "violence_now": {"phrases": ["beating me", "kill me"], "unless": ["beating me at", "kill me laughing"]},
            "self_harm": {"phrases": ["want to die"]},
        },
        "es": {
            "locked_in": {"phrases": ["me encerraron"]},
            "violence_now": {"phrases": ["me pega"], "unless": ["me bat"]},
        },
        "fr": {"violence_now": {"phrases": ["me bat"]}},
        "tl": {"violence_now": {"phrases": ["beating me"]}},
    }
)


@pytest.mark.parametrize(
    ("message", "danger"),
    [
        ("he is Beating  ME!!", Danger("violence_now", "Beating  ME")),
        ("Hoy me   PEGA mucho", Danger("violence_now", "me   PEGA")),
        ("¡me encerraron!", Danger("locked_in", "me encerraron")),
        ("he is beating me, I want to die", Danger("self_harm", "want to die")),
        ("me encerraron and he is beating me", Danger("violence_now", "beating me")),
        ("kill me... he is beating me", Danger("violence_now", "kill me")),
        ("be\u200bating m\u200be", Danger("violence_now", "be\u200bating m\u200be")),
        ("beating me at chess", None),
        ("beating me at chess, but now he is beating me", Danger("violence_now", "beating me")),
        ("beating me at chess, I want to die", Danger("self_harm", "want to die")),
        ("il me bat", Danger("violence_now", "me bat")),
        ("hello", None),
        ("", None),
        ("🙏", None),
    ],
)
def test_the_most_urgent_danger_is_found_and_quoted(message: str, danger: Danger | None) -> None:
    assert SMALL.find(message) == danger


def test_a_phrase_of_one_danger_is_not_taken_back_by_another() -> None:
    check = DangerCheck(
        {"en": {"self_harm": {"phrases": ["want to die"]}, "medical": {"phrases": ["x"], "unless": ["want to die"]}}}
    )
    assert check.find("I want to die") == Danger("self_harm", "want to die")


PARTS = DangerCheck(
    {
        "en": {
            "violence_now": {
                "phrases": ["(belt|stick) & (stairs|door)", "his & his brothers"],
                "unless": ["film & (belt|stairs)"],
            },
            "locked_in": {"phrases": ["key* & took the & we"]},
        }
    }
)


@pytest.mark.parametrize(
    ("message", "danger"),
    [
        ("the belt, he is on the stairs", Danger("violence_now", "belt, he is on the stairs")),
        ("on the stairs with a STICK!", Danger("violence_now", "stairs with a STICK")),
        ("a belt", None),
        ("stairs and a door", None),
        ("his brothers came", None),
        ("his uncle and his brothers came", Danger("violence_now", "his uncle and his brothers")),
        ("we cannot go, he took the keys", Danger("locked_in", "we cannot go, he took the keys")),
        ("he took the keys", None),
        (f"belt {'x ' * 12}stairs", Danger("violence_now", f"belt {'x ' * 12}stairs")),
        (f"belt {'x ' * 13}stairs", None),
        ("a film with a belt on the stairs", None),
        (f"a film {'x ' * 7}belt on the stairs", Danger("violence_now", "belt on the stairs")),
        ("belt stairs door", Danger("violence_now", "belt stairs")),
    ],
)
def test_parts_of_a_phrase_stand_near_each_other_in_any_order(message: str, danger: Danger | None) -> None:
    assert PARTS.find(message) == danger


def test_a_message_full_of_hits_is_read_quickly() -> None:
    before = time.process_time()
    assert PARTS.find("belt stairs film door stick " * 2000)
    assert time.process_time() - before < 3


@pytest.mark.parametrize("phrase", ["belt &", "& belt", "belt & (|a) & stairs"])
def test_every_part_must_have_words(phrase: str) -> None:
    with pytest.raises(ConfigError, match="without words"):
        DangerCheck({"en": {"violence_now": {"phrases": [phrase]}}})


def test_a_very_long_message_is_read_to_its_end(check: DangerCheck) -> None:
    found = check.find("we are fine and the weather is good. " * 300 + "help me now he is beating me")
    assert found is not None
    assert found.code == "violence_now"


def test_danger_is_the_highest_level() -> None:
    assert max(Level) is Level.DANGER
    assert sorted(Level) == [Level.NORMAL, Level.RAISED, Level.HIGH, Level.DANGER]


def test_without_any_list_the_start_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"no danger\.yml"):
        load(tmp_path)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("violence: {phrases: [a b]}", r"en/danger\.yml: unknown code violence"),
        ("medical: {phrases: ['(a b']}", "bracket"),
        ("medical: {phrases: ['...']}", "without words"),
    ],
)
def test_a_broken_list_is_refused_with_the_place(tmp_path: Path, content: str, sentence: str) -> None:
    (tmp_path / "en").mkdir()
    (tmp_path / "en" / "danger.yml").write_text(content, "utf-8")
    with pytest.raises(ConfigError, match=sentence):
        load(tmp_path)
