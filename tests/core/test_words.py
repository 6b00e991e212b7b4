"""Words: fallback, values by kind, and that a value is never read as a template."""

from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from hypothesis import given
from hypothesis import strategies as st

from core.messages import Say
from core.words import FIRST_ISOLATE, POP_ISOLATE, Composed, MissingWords, Words, choices, country, locale, money

EN = {
    ("fees", "f"): "In {country} at most {cap}.",
    ("fees|sms", "f"): "{country}: {cap}",
    ("hello", "h"): "Hello {name}!",
    ("ask_name", "h"): "Hello {name}!",
    ("twice", "t"): "{name} and {name}, {count} times",
    ("list", "l"): "Look:\n{lines}",
    ("day", "d"): "Since {day}",
    ("braces", "b"): "{ } {} {Name} {0} {name!r} {name.x} 100% {name}",
    ("only_english", "o"): "English only",
    ("button", "Yes"): "Yes",
    ("button", "No"): "No",
}
NE = {
    ("fees", "f"): "{country}मा बढीमा {cap}।",
    ("hello", "h"): "नमस्ते {name}!",
    ("ask_name", "h"): "नमस्ते {name}!",
    ("day", "d"): "{day} देखि",
    ("button", "Yes"): "हो",
    ("only_english", "o"): "",
}
AR = {("hello", "h"): "مرحبا {name}!", ("fees", "f"): "في {country}: {cap}", ("list", "l"): "{lines}"}
WORDS = Words({"en": EN, "ne": NE, "ar": AR})
HOSTILE = [
    "{name}", "{cap}", "{{7*7}}", "{0.__class__}", "{name.__class__.__mro__}", "%s%n", "%(name)s", "$name", "${name}",
    "<b>x</b>", "{", "}", "{}", "\\1", r"\g<0>", "{% raw %}", "🙏", "\n\n", "", "{country}{cap}",
]  # fmt: skip


def said(key: str, language: str = "en", medium: str = "web", **arguments: object) -> str:
    return WORDS.text(Say(key=key, arguments=arguments), language, medium)


def test_a_key_is_said_in_the_language_of_the_person() -> None:
    assert said("hello", name="Asha") == "Hello Asha!"
    assert said("hello", "ne", name="Asha") == "नमस्ते Asha!"
    assert said("utter_hello", "ne", name="Asha") == "नमस्ते Asha!"


@pytest.mark.parametrize("language", ["ne", "ar", "sw", "xx"])
def test_a_text_that_is_not_translated_is_said_in_english(language: str) -> None:
    assert said("only_english", language) == "English only"


@pytest.mark.parametrize(
    ("key", "language", "medium", "text"),
    [
        ("fees", "en", "sms", "Nepal: NPR 10,000"),
        ("fees", "en", "whatsapp", "In Nepal at most NPR 10,000."),
        ("fees", "ne", "sms", "नेपालमा बढीमा NPR 10,000।"),  # a long form in the own language before a short foreign one
        ("fees", "sw", "sms", "Nepal: NPR 10,000"),
    ],
)
def test_the_short_form_is_for_sms(key: str, language: str, medium: str, text: str) -> None:
    cap = {"money": 10000, "currency": "NPR"}
    assert said(key, language, medium, country={"country": "NP"}, cap=cap) == text


def test_what_has_no_words_in_any_language_is_an_error_that_names_the_key() -> None:
    with pytest.raises(MissingWords, match="nothing"):
        said("nothing", "ne")
    assert WORDS.has("utter_hello")
    assert WORDS.has("hello")
    assert not WORDS.has("nothing")


def test_a_missing_argument_is_an_error_that_names_it() -> None:
    with pytest.raises(MissingWords, match="hello: argument name"):
        said("hello")


def test_an_argument_that_no_text_asks_for_does_no_harm() -> None:
    assert said("hello", name="Asha", extra="x") == "Hello Asha!"


@pytest.mark.parametrize("value", HOSTILE)
@pytest.mark.parametrize("language", ["en", "ne"])
def test_a_value_is_never_read_as_a_template(value: str, language: str) -> None:
    greeting = {"en": "Hello", "ne": "नमस्ते"}[language]
    assert said("hello", language, name=value) == f"{greeting} {value}!"


@given(st.text(), st.text())
def test_values_stand_in_the_text_as_they_are(one: str, other: str) -> None:
    assert said("fees", medium="sms", country=one, cap=other) == f"{one}: {other}"


def test_only_names_in_braces_are_places_and_each_gets_the_same_value() -> None:
    assert said("twice", name="{count}", count=1234) == "{count} and {count}, 1,234 times"
    assert said("braces", name="A") == "{ } {} {Name} {0} {name!r} {name.x} 100% A"


def test_final_words_are_said_as_they_are() -> None:
    say = Say(key="counsellor", arguments={"name": "x"}, text="Write {name} here, 100%")
    assert WORDS.text(say, "ne") == "Write {name} here, 100%"
    assert WORDS.text(Say(key="counsellor", arguments={}, text=""), "ne") == ""


@pytest.mark.parametrize(
    ("value", "language", "text"),
    [
        (1234567, "en", "1,234,567"),
        (1234567, "ne", "12,34,567"),
        (0.5, "en", "0.5"),
        (0, "en", "0"),
        (True, "en", "True"),
        (None, "en", "None"),
        ({"money": 10000, "currency": "NPR"}, "en", "NPR 10,000"),
        ({"money": 10000.5, "currency": "NPR"}, "en", "NPR 10,000.5"),
        ({"money": 10000.0, "currency": None}, "en", "10,000"),
        ({"money": 10000.0, "currency": "RUPEE"}, "ne", "10,000"),
        ({"money": 10000}, "en", "10,000"),
        ({"country": "NP"}, "en", "Nepal"),
        ({"country": "NP"}, "ne", "नेपाल"),
        ({"country": "QA"}, "es", "Catar"),
        ({"country": "QQ"}, "en", "QQ"),
        ({"date": "2026-11-22"}, "en", "November 22, 2026"),
        ({"say": "only_english"}, "ne", "English only"),
        ({"say": "utter_hello", "arguments": {"name": {"country": "NP"}}}, "ne", "नमस्ते नेपाल!"),
        ({"list": ["a", {"country": "NP"}, 1000]}, "en", "1. a\n2. Nepal\n3. 1,000"),
        ({"list": []}, "en", ""),
    ],
)
def test_values_of_a_kind_are_said_as_their_kind(value: object, language: str, text: str) -> None:
    words = Words({"en": {**EN, ("value", "v"): "{value}"}, "ne": NE})
    assert words.text(Say(key="value", arguments={"value": value}), language) == text


def test_a_value_of_an_unknown_kind_is_an_error() -> None:
    with pytest.raises(MissingWords, match="unknown kind: distance"):
        said("hello", name={"distance": 3})


def isolated(text: str) -> str:
    return f"{FIRST_ISOLATE}{text}{POP_ISOLATE}"


def test_values_keep_their_own_direction_inside_right_to_left_text() -> None:
    assert said("hello", "ar", name="Asha") == f"مرحبا {isolated('Asha')}!"
    cap = {"money": 10000, "currency": "NPR"}
    assert isolated("NPR 10,000") in said("fees", "ar", country={"country": "NP"}, cap=cap)


def test_by_sms_there_are_no_isolates_because_old_phones_show_them_as_boxes() -> None:
    assert said("hello", "ar", "sms", name="Asha") == "مرحبا Asha!"


def test_left_to_right_text_needs_no_isolates() -> None:
    assert FIRST_ISOLATE not in said("hello", "ne", name="Asha")


def test_isolates_are_closed_and_nested_sayings_have_none_of_their_own() -> None:
    text = said("list", "ar", lines={"list": [{"say": "hello", "arguments": {"name": "A"}}, "B"]})
    assert text == f"1. مرحبا {isolated('A')}!\n2. {isolated('B')}"


SAYS = (
    Say(key="only_english", arguments={}, buttons=(("Person", "/talk_to_human"),)),
    Say(key="utter_ask_name", arguments={"name": "A"}, buttons=(("Yes", "/affirm"), ("No", "/deny"))),
)


@pytest.mark.parametrize(
    ("medium", "language", "text"),
    [
        ("web", "en", "English only\n\nHello A!"),
        ("whatsapp", "en", "English only\n\nHello A!\n1 Yes\n2 No"),
        ("sms", "en", "English only\nHello A!\n1 Yes\n2 No"),
        ("sms", "ne", "English only\nनमस्ते A!\n1 हो\n2 No"),
    ],
)
def test_the_choices_are_those_of_the_question_that_comes_last(medium: str, language: str, text: str) -> None:
    title = {"en": "Yes", "ne": "हो"}[language]
    assert WORDS.compose(SAYS, language, medium) == Composed(text, ((title, "/affirm"), ("No", "/deny")))


def test_answers_that_stand_together_have_the_choices_of_all_each_once() -> None:
    one = Say(key="hello", arguments={"name": "A"}, buttons=(("Yes", "/affirm"), ("Person", "/talk_to_human")))
    two = Say(key="only_english", arguments={}, buttons=(("Person", "/talk_to_human"),))
    assert choices([one, two]) == (("Yes", "/affirm"), ("Person", "/talk_to_human"))
    assert choices([one, Say(key="only_english", arguments={})]) == one.buttons
    assert choices([]) == ()


def test_without_choices_there_is_no_menu() -> None:
    assert WORDS.compose([Say(key="only_english", arguments={})], "en", "sms") == Composed("English only", ())


def test_catalogues_are_read_from_compiled_files(tmp_path: Path) -> None:
    for language, texts in (("en", EN), ("ne", NE)):
        catalogue = Catalog(locale=language, charset="utf-8")
        for (context, source), text in texts.items():
            catalogue.add(source, text, context=context)
        path = tmp_path / language / "LC_MESSAGES" / "messages.mo"
        path.parent.mkdir(parents=True)
        with path.open("wb") as file:
            write_mo(file, catalogue)
    words = Words.load(tmp_path)
    assert words.languages == ("en", "ne")
    assert words.text(Say(key="hello", arguments={"name": "A"}), "ne") == "नमस्ते A!"
    assert words.text(Say(key="only_english", arguments={}), "ne") == "English only"
    assert words.title("Yes", "ne") == "हो"


def test_without_catalogues_nothing_can_be_said(tmp_path: Path) -> None:
    words = Words.load(tmp_path)
    assert words.languages == ()
    with pytest.raises(MissingWords):
        words.text(Say(key="hello", arguments={"name": "A"}), "en")


def test_filipino_is_known_under_the_code_that_people_use() -> None:
    assert locale("tl").language == "fil"
    assert country("SA", "tl") == "Saudi Arabia"
    assert money(5, "PHP", "tl") == "PHP 5"
