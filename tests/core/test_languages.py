"""Languages: script first, then words; a short word never turns a conversation around."""

from pathlib import Path

import pytest

from core.errors import ConfigError
from core.languages import LANGUAGES, URDU_LETTERS, Guess, Identifier, LatinModel, load, script

DATA = Path(__file__).parents[2] / "data"


@pytest.fixture(scope="module")
def identifier() -> Identifier:
    return load(DATA)


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("hello", "Latn"),
        ("مرحبا hi", "Arab"),
        ("म Qatar जान्छु", "Deva"),
        ("আমি কাজ চাই", "Beng"),
        ("ሰላም", "Ethi"),
        ("привет", "Zyyy"),
        ("12345 🙏 ?!", "Zyyy"),
        ("", "Zyyy"),
    ],
)
def test_the_script_is_that_of_most_letters(text: str, written: str) -> None:
    assert script(text) == written


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("how much money can the agent take from me", "en"),
        ("cuanto dinero me puede cobrar la agencia", "es"),
        ("agent le kati paisa lina paucha malai bhannus", "ne"),
        ("3ayez a3raf el maktab momken yakhod kam flos", "ar"),
        ("एजेन्टले कति पैसा लिन पाउँछ", "ne"),
        ("मुझे बताइए एजेंट कितना पैसा ले सकता है", "hi"),
        ("كم يمكن أن يأخذ الوكيل مني", "ar"),
        ("ایجنٹ مجھ سے کتنے پیسے لے سکتا ہے", "ur"),
        ("দালাল কত টাকা নিতে পারে", "bn"),
        ("ደላላው ስንት ብር ይወስዳል", "am"),
    ],
)
def test_a_whole_sentence_tells_its_language(identifier: Identifier, text: str, language: str) -> None:
    found = identifier.guess(text)
    assert found is not None
    assert (found.language, found.script) == (language, script(text))
    assert 0 < found.confidence <= 1
    assert identifier.choose(text, None) == language
    assert identifier.choose(text, "tl") == language


@pytest.mark.parametrize(
    "text", ["ok", "hi", "no", "si", "hola", "visa", "Qatar", "yes ok", "la", "50000", "🙏", "", "?"]
)
@pytest.mark.parametrize("current", ["en", "es", "ne", "ar"])
def test_a_short_word_goes_on_in_the_earlier_language(identifier: Identifier, text: str, current: str) -> None:
    assert identifier.choose(text, current) == current


def test_one_word_in_another_script_is_enough(identifier: Identifier) -> None:
    assert identifier.choose("एजेन्टले पाउँछ", "en") == "ne"
    assert identifier.choose("مرحبا", "en") == "ar"


def test_a_short_word_that_two_languages_of_one_script_share_goes_on_in_the_earlier_one(identifier: Identifier) -> None:
    of_all = Identifier(LatinModel({}))
    for text in ("वीजा", "मदद", "नमस्ते", "पैसा"):
        assert of_all.choose(text, "ne") == "ne"
        assert of_all.choose(text, "hi") == "hi"
    assert identifier.choose("سلام", "ur") == "ur"
    assert identifier.choose("मुझे बताइए एजेंट कितना पैसा ले सकता है", "ne") == "hi"


@pytest.mark.parametrize("text", ["नमस्ते", "सहयोग", "सहयोग चाहियो", "भिसा"])
def test_short_devanagari_is_nepali_as_long_as_we_have_no_hindi(text: str) -> None:
    identifier = Identifier(LatinModel({}), ours={"en", "ne"})
    assert identifier.choose(text, None) == identifier.choose(text, "en") == "ne"


def test_what_tells_nothing_chooses_nothing(identifier: Identifier) -> None:
    for text in ("", "12345", "🙏", "привет, как дела"):
        assert identifier.guess(text) is None
        assert identifier.choose(text, None) is None
        assert identifier.choose(text, "ne") == "ne"


class Sure(LatinModel):
    """A model that is as sure as it is told."""

    def __init__(self, confidence: float) -> None:
        super().__init__({})
        self._confidence = confidence

    def guess(self, text: str) -> tuple[str, float]:
        return "es", self._confidence


@pytest.mark.parametrize(
    ("confidence", "text", "current", "chosen"),
    [
        (0.95, "una dos tres", "en", "es"),
        (0.89, "una dos tres", "en", "en"),
        (0.95, "una dos", "en", "en"),
        (0.95, "una dos tres", "es", "es"),
        (0.5, "una", None, "es"),
        (0.49, "una dos tres", None, None),
    ],
)
def test_strong_evidence_in_at_least_three_words_changes_the_language(
    confidence: float, text: str, current: str | None, chosen: str | None
) -> None:
    assert Identifier(Sure(confidence)).choose(text, current) == chosen


@pytest.mark.parametrize(
    ("text", "current"),
    [
        ("80000 pesos po", "tl"), ("100 thousand pesos po", "tl"), ("factory worker po", "tl"),
        ("domestic helper po", "tl"), ("agency fee 80000 pesos", "tl"), ("visit visa only", "tl"),
        ("housemaid cleaner dubai", "sw"), ("nanny house girl", "sw"), ("50000 kenya shillings", "sw"),
        ("3 million shillings", "sw"), ("hotel me waiter ka job", "hi"), ("agent fees 50000 rupees", "hi"),
        ("security guard dubai", "hi"), ("500 dollars cash", "es"), ("trabajo de housekeeping", "es"),
        ("baby sitter a dubai", "fr"), ("call center manager", "fr"), ("factory worker malaysia", "id"),
        ("company driver", "ne"),
    ],
)  # fmt: skip
def test_sums_and_borrowed_nouns_do_not_change_the_language(identifier: Identifier, text: str, current: str) -> None:
    assert identifier.choose(text, current) == current
    assert identifier.choose(text, current, settled=True) == current


@pytest.mark.parametrize(
    ("text", "current", "language"),
    [
        ("can you help me please", "tl", "en"), ("my boss took my passport", "tl", "en"),
        ("i dont understand this", "tl", "en"), ("what should i do now", "sw", "en"),
        ("they did not pay me", "hi", "en"),
        ("cuanto me puede cobrar la agencia", "en", "es"), ("je ne comprends pas", "en", "fr"),
        ("magkano po ang bayad", "en", "tl"), ("nimechoka na kazi hii", "en", "sw"),
        ("mujhe kitna paisa dena padega", "en", "hi"), ("saya mau kerja di luar negeri", "en", "id"),
        ("3ayez a3raf el maktab", "en", "ar"),
    ],
)  # fmt: skip
def test_a_sentence_in_another_language_changes_it_at_any_time(
    identifier: Identifier, text: str, current: str, language: str
) -> None:
    assert identifier.choose(text, current) == language
    assert identifier.choose(text, current, settled=True) == language


def test_who_has_written_for_a_while_must_write_more_of_another_language() -> None:
    identifier = Identifier(Sure(0.95))
    assert identifier.choose("una dos tres", "en", settled=True) == "en"
    assert identifier.choose("una dos tres cuatro", "en", settled=True) == "es"


def test_one_urdu_letter_in_an_arabic_text_is_a_slip() -> None:
    identifier = Identifier(LatinModel({}))
    assert identifier.guess("كيف حالك ے") == Guess("ar", "Arab", 0.95)
    assert identifier.guess("ٹھیک ہے") == Guess("ur", "Arab", 0.95)


def test_a_greeting_that_stands_in_one_language_only_tells_the_language_of_a_first_message(tmp_path: Path) -> None:
    for language, greetings in (("en", ["hello", "ok"]), ("es", ["Hola", "ok", "buenos dias amigo"])):
        (tmp_path / language).mkdir()
        rows = "\n".join(f"      - {greeting}" for greeting in greetings)
        (tmp_path / language / "nlu.yml").write_text(f"nlu:\n  - intent: greet\n    examples: |\n{rows}\n", "utf-8")
    identifier = load(tmp_path)
    assert identifier.guess("¡HOLA!") == Guess("es", "Latn", 0.9)
    assert identifier.choose("hola", None) == "es"
    assert identifier.choose("hola", "en") == "en"
    assert identifier.guess("ok") != Guess("en", "Latn", 0.9)


def test_the_model_learns_from_latin_letters_only() -> None:
    model = LatinModel.train([("en", "hello there"), ("es", "hola amigo"), ("ar", "مرحبا")])
    assert model.guess("hello")[0] == "en"
    assert model.guess("amigo")[0] == "es"
    with pytest.raises(ValueError, match="empty"):
        LatinModel.train([("ar", "مرحبا")]).guess("hello")


def test_a_model_is_sure_of_its_own_examples_and_unsure_between_two() -> None:
    model = LatinModel.train([("en", "the house is big and the door is shut"), ("es", "la casa es grande y la puerta")])
    assert model.guess("the house is big and the door")[1] > 0.9
    assert model.guess("1")[1] == pytest.approx(0.5, abs=0.1)


@pytest.mark.parametrize("known", LANGUAGES.values(), ids=LANGUAGES)
def test_every_language_is_described(known) -> None:
    assert LANGUAGES[known.code] is known
    assert (known.direction == "rtl") == (known.script == "Arab")
    assert known.names
    assert script(known.own_name) == known.script


def test_no_two_languages_bear_one_name() -> None:
    names = [name for known in LANGUAGES.values() for name in known.names]
    assert len(set(names)) == len(names)
    assert len(URDU_LETTERS) >= 8


def test_without_examples_the_start_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"no nlu\.yml"):
        load(tmp_path)
