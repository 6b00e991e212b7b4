"""The learnt half of the danger check: it adds to the phrases, takes nothing back, and is kept."""

import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest

from core import danger_reader, risk
from core.config import ROOT
from core.danger_reader import MAY_MEAN_DANGER, MAY_TELL, DangerReader
from core.files import read_yaml
from core.risk import CODES, DangerCheck

DATA = ROOT / "data"
CACHE = ROOT / "var" / "cache"
LISTS: Mapping[str, Mapping[str, Mapping[str, list[str]]]] = {
    path.parent.name: read_yaml(path) for path in sorted(DATA.glob("*/danger.yml"))
}
RIGHT = 0.97
"""Share of the lists' own messages: a machine that is made to fit each of them fits no other."""


@pytest.fixture(scope="module")
def check() -> DangerCheck:
    return risk.load(DATA, CACHE)


@pytest.fixture(scope="module")
def phrases() -> DangerCheck:
    return risk.load(DATA)


@pytest.mark.parametrize("language", LISTS)
def test_messages_told_without_the_words_are_found_and_look_alikes_are_not(check: DangerCheck, language: str) -> None:
    told = [row for lists in LISTS[language].values() for row in lists["told"]]
    harmless = [row for lists in LISTS[language].values() for kind in ("quiet", "harmless") for row in lists[kind]]
    assert sum(check.find(row) is not None for row in told) >= RIGHT * len(told)
    assert sum(check.find(row) is None for row in harmless) >= RIGHT * len(harmless)


def test_codes_are_known_and_quotes_stand_in_the_message(check: DangerCheck) -> None:
    text = "Assalam. Aaj bhi khana nahi mila. madam ne darwaza bahar se band kar diya hai aur chabi le gayi. kya karu"
    found = check.find(text)
    assert found is not None
    assert found.code in CODES
    assert found.quote in text


@pytest.mark.parametrize(
    "around",
    [
        "We had a wedding, my cousin danced and the rice was good. {} The goats are well and school begins.",
        "my salary came on time and i sent it home and bought a phone and shoes for my son {}",
    ],
)
@pytest.mark.parametrize("cry", ["He is beating me now please help", "they locked us inside and took the key"])
def test_a_cry_is_heard_amid_harmless_talk(check: DangerCheck, around: str, cry: str) -> None:
    assert check.find(around.format(cry)) is not None


@pytest.mark.parametrize(
    "cry",
    [
        # written for this test; the reader hears them without the phrases
        "he came at me with the iron again tonight and my arm is burnt",
        "since the accident he lies on the floor and does not wake up, nobody calls a doctor",
        "wamechukua ufunguo na hatujala siku tatu humu ndani",
    ],
)
def test_a_cry_is_heard_without_phrases(cry: str) -> None:
    assert DangerCheck({}, danger_reader.load(DATA, CACHE)).find(cry) is not None


@pytest.mark.parametrize("text", ["mi jefe me golpea todos los dias", "ninapigwa kila siku", "il me bat"])
def test_what_a_phrase_finds_is_never_taken_back(check: DangerCheck, phrases: DangerCheck, text: str) -> None:
    """The lists hold few plain cries, because phrases find them: to the reader alone these sound harmless."""
    assert phrases.find(text) is not None
    assert check.find(text) == phrases.find(text)


def test_what_may_tell_of_danger_is_named_as_in_the_taxonomy() -> None:
    taxonomy = read_yaml(DATA / "taxonomy.yml")
    assert set(taxonomy["intents"]) > MAY_TELL
    assert set(taxonomy["red_flags"]) > MAY_MEAN_DANGER


@pytest.fixture
def few(tmp_path: Path) -> Path:
    """Return a small folder of data."""
    folder = tmp_path / "data" / "en"
    folder.mkdir(parents=True)
    rows = "".join(f"    - he is beating me {n}\n" for n in ("now", "again", "here", "at night"))
    calm = "".join(f"    - the drum is beating {n}\n" for n in ("now", "again", "here", "at night"))
    (folder / "danger.yml").write_text(f"violence_now:\n  fires:\n{rows}  quiet:\n{calm}", "utf-8")
    return tmp_path / "data"


def test_what_was_learnt_is_kept_and_learnt_anew_when_a_list_changes(
    few: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = tmp_path / "cache"
    first = danger_reader.load(few, cache)
    monkeypatch.setattr(danger_reader, "learn", _never)
    words = "he is beating me".split()
    assert danger_reader.load(few, cache).score(words) == pytest.approx(first.score(words), abs=1e-5)
    monkeypatch.undo()
    with (few / "en" / "danger.yml").open("a", encoding="utf-8") as file:
        file.write("    - the heart is beating\n")
    danger_reader.load(few, cache)
    assert len(list(cache.glob("danger-*.bin"))) == 2


def test_a_broken_file_is_learnt_anew(few: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    danger_reader.load(few, cache)
    (kept,) = cache.glob("danger-*.bin")
    kept.write_bytes(kept.read_bytes()[:1000])
    assert danger_reader.load(few, cache).score("he is beating me".split()) > 0
    assert kept.stat().st_size > 1000


def test_only_the_last_files_are_kept(few: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    for number in range(danger_reader.KEPT + 2):
        shutil.copy(few / "en" / "danger.yml", tmp_path / "copy.yml")
        with (few / "en" / "danger.yml").open("a", encoding="utf-8") as file:
            file.write(f"    - the drum beats {number}\n")
        danger_reader.load(few, cache)
    assert len(list(cache.glob("danger-*.bin"))) == danger_reader.KEPT


def _never(*_: object) -> DangerReader:
    raise AssertionError("learnt again")
