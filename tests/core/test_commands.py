"""Commands: every word of every list, however it is typed; the same word inside a sentence is none."""

from pathlib import Path
from typing import get_args

import pytest
import yaml

from core.commands import EVERYDAY, Action, Command, Commands, load
from core.errors import ConfigError
from core.examples import examples_of
from core.folding import fold
from core.languages import LANGUAGES

DATA = Path(__file__).parents[2] / "data"
LISTS = {path.parent.name: yaml.safe_load(path.read_text("utf-8")) for path in sorted(DATA.glob("*/commands.yml"))}
WORDS = [
    (language, action, word)
    for language, actions in LISTS.items()
    for action, words in actions.items()
    for word in words
]


@pytest.fixture(scope="module")
def commands() -> Commands:
    return load(DATA)


@pytest.mark.parametrize("action", get_args(Action))
@pytest.mark.parametrize("language", LISTS)
def test_every_word_is_a_command_however_it_is_typed(commands: Commands, language: str, action: Action) -> None:
    for word in LISTS[language].get(action, ()):
        for typed in (
            word,
            word.upper(),
            f"  {word}!!! ",
            f"¡{word.title()}. 🙏",
            f"«{word}»",
            word.replace(" ", "   "),
        ):
            found = commands.find(typed)
            assert found is not None, typed
            assert found.action == action, typed


@pytest.mark.parametrize("language", LISTS)
def test_every_language_has_every_command(language: str) -> None:
    assert set(LISTS[language]) == set(get_args(Action)) - {"language"}
    assert all(words and all(isinstance(word, str) for word in words) for words in LISTS[language].values())


def test_no_word_means_two_things() -> None:
    meanings: dict[str, set[str]] = {}
    for _, action, word in WORDS:
        meanings.setdefault(fold(word), set()).add(action)
    for known in LANGUAGES.values():
        for name in (*known.names, known.own_name):
            meanings.setdefault(fold(name), set()).add(f"language {known.code}")
    assert {word: sorted(actions) for word, actions in meanings.items() if len(actions) > 1} == {}


@pytest.mark.parametrize(
    "sentence",
    [
        "stop him please",
        "please stop",
        "he does not stop",
        "help me",
        "a person is locked in here",
        "is this agent a real person",
        "no he did not pay",
        "weather is bad here",
        "what is on the menu",
        "I speak english and nepali",
        "no quiero trabajar ahi",
        "una persona me pego",
        "बन्द कोठामा छु",
        "मान्छे हराएको छ",
        "لا أعرف ماذا أفعل",
        "",
        "🙏",
        "...",
    ],
)
def test_inside_a_sentence_the_same_word_is_no_command(commands: Commands, sentence: str) -> None:
    assert commands.find(sentence) is None


@pytest.mark.parametrize(
    ("typed", "language"),
    [(name, known.code) for known in LANGUAGES.values() for name in (*known.names, known.own_name)],
)
def test_a_language_is_chosen_by_any_of_its_names(commands: Commands, typed: str, language: str) -> None:
    assert commands.find(typed) == Command("language", language)


def test_accents_and_letters_that_sound_alike_do_not_matter(commands: Commands) -> None:
    for typed in ("espanol", "ESPAÑOL", "Español!"):
        assert commands.find(typed) == Command("language", "es")
    assert commands.find("ايقاف") == commands.find("إيقاف") == Command("stop", "ar")
    assert commands.find("ST\u200bOP") == Command("stop", "en")


@pytest.mark.parametrize("typed", ["hindi", "Hindi.", "HINDI!!"])
def test_a_name_of_a_language_that_is_an_everyday_word_chooses_none_for_those_who_use_it(
    commands: Commands, typed: str
) -> None:
    assert commands.find(typed, "tl") == Command("no", "tl")
    assert commands.find(typed, "en") == commands.find(typed) == Command("language", "hi")


@pytest.mark.parametrize("typed", ["hindi po", "hindi naman", "hindi ho", "hindi naman po"])
def test_a_polite_no_chooses_no_language(commands: Commands, typed: str) -> None:
    found = commands.find(typed, "tl")
    assert found is None or found.action == "no"


@pytest.mark.parametrize("language", LISTS)
def test_names_of_languages_are_no_everyday_words_elsewhere(language: str) -> None:
    """Whoever writes a language must not leave it by one of its everyday words."""
    names = {fold(name): known.code for known in LANGUAGES.values() for name in (*known.names, known.own_name)}
    said = {
        fold(text): names[fold(text)]
        for intent, text in examples_of(DATA / language / "nlu.yml")
        if intent != "change_language" and fold(text) in names
    }
    elsewhere = {word for word, code in said.items() if code != language} - set(EVERYDAY.get(language, ()))
    # Filipinos write in English, too: there the name of the language is what is meant more often
    assert elsewhere <= ({"hindi"} if language == "en" else set())


def test_no_word_may_stand_against_the_name_of_a_language() -> None:
    with pytest.raises(ConfigError, match="'bahasa' is menu in en and language in id"):
        Commands({"en": {"menu": ["Bahasa"]}})


def test_an_unknown_command_in_the_data_stops_the_start(tmp_path: Path) -> None:
    (tmp_path / "en").mkdir()
    (tmp_path / "en" / "commands.yml").write_text("halt: [halt]\nstop: [stop]\n", "utf-8")
    with pytest.raises(ConfigError, match=r"en/commands\.yml: unknown command halt"):
        load(tmp_path)


def test_a_word_with_two_meanings_in_the_data_stops_the_start(tmp_path: Path) -> None:
    for language, content in (("en", "stop: [alto]\n"), ("es", "start: ['¡Alto!']\n")):
        (tmp_path / language).mkdir()
        (tmp_path / language / "commands.yml").write_text(content, "utf-8")
    with pytest.raises(ConfigError, match="'alto' is stop in en and start in es"):
        load(tmp_path)


def test_two_languages_may_share_a_word_that_means_the_same(tmp_path: Path) -> None:
    for language in ("en", "es"):
        (tmp_path / language).mkdir()
        (tmp_path / language / "commands.yml").write_text("menu: [menu]\n", "utf-8")
    assert load(tmp_path).find("menu") == Command("menu", "en")


def test_without_lists_only_languages_are_known(tmp_path: Path) -> None:
    commands = load(tmp_path)
    assert commands.find("stop") is None
    assert commands.find("english") == Command("language", "en")
