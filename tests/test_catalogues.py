"""Words: everything that is said exists in every language, and nothing is said that must not be."""

import ast
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
import yaml
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from channels.page_words import KEYS, STARTS
from channels.replies import CHATS, COMMANDS, WORDLESS
from core.config import ROOT
from core.knowledge import NOTICES, load
from core.languages import LANGUAGES
from core.messages import Say
from core.offer.findings import ORDER, PLAIN
from core.offer.questions import QUESTIONS
from core.risk import CODES
from core.situation import INDICATORS, SIGNS
from core.topics import TOPICS
from core.words import BUTTON, PLACEHOLDER, Words
from ops.i18n import LOCALES, languages, problems, review_of, sources

CODE = ("core", "channels", "desk", "actions", "bot")
KEY = re.compile(r"utter_[a-z0-9_]*[a-z0-9]")
SOURCES = list(sources())
CONTEXTS = {source.context for source in SOURCES}
TITLES = {source.text for source in SOURCES if source.context == BUTTON}
OURS = languages()
NOT_OURS = {"utter_action"}
"""Rasa's name for a field of an event."""
FACTS = load(ROOT / "data" / "knowledge", lambda: date(2026, 11, 22))
SHORTEST = 3
"""Texts of fewer letters may be the same in two languages: OK, No."""


def catalogue(language: str) -> Catalog:
    with (LOCALES / language / "LC_MESSAGES" / "messages.po").open("rb") as file:
        return read_po(file, locale="fil" if language == "tl" else language)


def texts(language: str) -> dict[tuple[str, str], str]:
    return {(str(row.context), str(row.id)): str(row.string) for row in catalogue(language) if row.id}


# every key exists


def in_code() -> Iterator[tuple[str, str]]:
    """Return (file, key) of every key that stands in Python code."""
    for package in CODE:
        for path in sorted((ROOT / package).rglob("*.py")):
            if ".venv" in path.parts:
                continue
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                found = node.value if isinstance(node, ast.Constant) else None
                if isinstance(found, str) and KEY.fullmatch(found) and found not in NOT_OURS:
                    yield path.name, found
                called = getattr(getattr(node, "func", None), "attr", "")
                if called == "say" and node.args and isinstance(node.args[0], ast.Constant):
                    yield path.name, f"utter_{node.args[0].value}"


def in_dialogue() -> Iterator[tuple[str, str]]:
    """Return (file, key) of every key in rules, stories and the domain."""
    for path in (ROOT / "data" / "rules.yml", ROOT / "data" / "stories.yml", ROOT / "bot" / "domain" / "domain.yml"):
        content = path.read_text("utf-8")
        for key in re.findall(r"\butter_[a-z0-9_]+", "\n".join(line.split("#")[0] for line in content.splitlines())):
            yield path.name, key
    # what action_answer says is the name of the meaning; the questions of the checks are named after what they ask
    answers = next(rule for rule in yaml.safe_load((ROOT / "data" / "rules.yml").read_text("utf-8"))["rules"])
    for step in answers["steps"][0]["or"]:
        yield "rules.yml", f"utter_{step['intent']}"


def in_tables() -> Iterator[tuple[str, str]]:
    """Return (file, key) of what is put together from a table."""
    for name, keys in (
        ("replies.py", [*COMMANDS.values(), *WORDLESS.values(), *(f"danger_{code}" for code in CODES)]),
        ("page_words.py", [f"web_{key}" for key in KEYS]),
        ("questions.py", [f"ask_{name}" for name in (*QUESTIONS, "work", "agency")]),
        ("situation.py", [*(f"ask_{row.code}" for row in INDICATORS), *(f"sign_{code}" for code in SIGNS)]),
        ("check.py", ["ask_adult", "ask_here", "describe_situation", "check_resume", "ask_hours"]),
        ("topics.py", [f"ask_{topic.asks}" for topic in TOPICS.values() if topic.asks]),
        ("findings.py", [PLAIN.get(code, f"utter_flag_{code}").removeprefix("utter_") for code in ORDER]),
        ("laws.csv", [row.say.removeprefix("utter_") for row in FACTS._laws if row.say]),
        ("notices.csv", [f"notice_{kind}" for kind in NOTICES]),
        ("agencies.py", [f"agency_{state}" for state in ("valid", "expired", "suspended", "listed", "not_found")]),
    ):
        yield from ((name, f"utter_{key}") for key in keys)


USED = sorted({*in_code(), *in_dialogue(), *in_tables()})


@pytest.mark.parametrize(("file", "key"), USED)
def test_every_key_that_is_used_has_english_words(file: str, key: str) -> None:
    assert key.removeprefix("utter_") in CONTEXTS, f"{file} says {key}"


def test_the_search_for_keys_finds_them_where_they_are() -> None:
    for expected in (
        ("findings.py", "utter_flag_no_contract"), ("facts.py", "utter_fees_cap"), ("turns.py", "utter_fallback"),
        ("turns.py", "utter_person_withdrawn"), ("rules.yml", "utter_menu"), ("questions.py", "utter_ask_origin"),
        ("upkeep.py", "utter_person_delayed"), ("replies.py", "utter_danger_medical"),
    ):  # fmt: skip
        assert expected in USED


def test_what_the_desk_says_in_the_name_of_the_service_has_words() -> None:
    said = re.findall(r'"(case_[a-z]+)"', "".join(path.read_text("utf-8") for path in (ROOT / "desk").glob("*.py")))
    assert {"case_taken", "case_closed"} <= set(said)
    assert set(said) <= CONTEXTS


def test_the_doors_of_the_page_are_buttons_that_exist() -> None:
    assert set(STARTS) <= TITLES


def test_every_intent_has_a_topic_or_is_steering() -> None:
    taxonomy = yaml.safe_load((ROOT / "data" / "taxonomy.yml").read_text("utf-8"))
    domain = yaml.safe_load((ROOT / "bot" / "domain" / "domain.yml").read_text("utf-8"))
    assert set(taxonomy["intents"]) <= set(domain["intents"])


# every language is complete


@pytest.mark.parametrize("language", OURS)
def test_nothing_is_missing_lost_or_doubtful(language: str) -> None:
    assert list(problems(language, catalogue(language))) == []


@pytest.mark.parametrize("language", OURS)
def test_a_catalogue_has_exactly_the_texts_of_the_english_source(language: str) -> None:
    assert set(texts(language)) == {(source.context, source.text) for source in SOURCES}


def test_english_is_its_own_source() -> None:
    assert all(source == text for (_, source), text in texts("en").items())


@pytest.mark.parametrize("language", [language for language in OURS if language != "en"])
def test_a_translation_is_not_english(language: str) -> None:
    same = [
        context
        for (context, source), text in texts(language).items()
        if text == source and len(re.findall(r"[a-z]{2,}", PLACEHOLDER.sub("", source), re.IGNORECASE)) > SHORTEST
    ]
    assert same == []


@pytest.mark.parametrize("language", OURS)
def test_a_catalogue_says_who_has_read_it(language: str) -> None:
    assert language in LANGUAGES
    review = review_of(LOCALES / language / "LC_MESSAGES" / "messages.po")
    assert review == "source" if language == "en" else review.startswith(("machine", "reviewed by "))


@pytest.fixture(scope="module")
def words(tmp_path_factory: pytest.TempPathFactory) -> Words:
    """All catalogues, compiled now: a compiled file that lies about may be old."""
    folder = tmp_path_factory.mktemp("locales")
    for language in OURS:
        path = folder / language / "LC_MESSAGES" / "messages.mo"
        path.parent.mkdir(parents=True)
        with path.open("wb") as file:
            write_mo(file, catalogue(language))
    return Words.load(folder)


def test_every_catalogue_compiles_and_is_found(words: Words) -> None:
    assert set(words.languages) == set(OURS)


@pytest.mark.parametrize("medium", ["web", "whatsapp", "sms"])
@pytest.mark.parametrize("language", OURS)
def test_every_text_can_be_said_on_every_channel(words: Words, language: str, medium: str) -> None:
    for context in CONTEXTS - {BUTTON}:
        key = context.removesuffix("|sms")
        needed = set().union(*(PLACEHOLDER.findall(s.text) for s in SOURCES if s.context in (key, f"{key}|sms")))
        text = words.text(Say(key=key, arguments=dict.fromkeys(needed, "VALUE")), language, medium)
        assert text.strip()
        assert not re.search(r"[{}]", text), f"{language} {context}"


@pytest.mark.parametrize("language", OURS)
def test_every_title_of_a_button_is_short_enough_to_press(words: Words, language: str) -> None:
    assert {title: words.title(title, language) for title in TITLES if len(words.title(title, language)) > 40} == {}


# nothing is said that must not be

FORBIDDEN = {
    r"\bvictims?\b": "nobody is given a label; a sign is not a finding",
    r"\btraffick": "a short message never names it unless the person did, and a long one only when asked what it is",
    r"\bslave": "nobody is given a label",
    r"\bprostitut": "nobody is given a label",
    r"\billegal (migrant|worker|immigrant|alien)": "people are not illegal",
    r"\b(we|i) (will|can|'ll) (rescue|save|free) you": "a promise that nobody can keep",
    r"\byou will (get|receive) (a|your|the) visa": "a promise that nobody can keep",
    r"\byou (will|can) not be (deported|arrested|punished)": "a promise that nobody can keep",
    r"\byou are (safe|in safe hands) (now|here|with us)": "nobody can know that",
    r"\bguarantee": "nothing can be guaranteed",
    r"(?<!prove that )\b(this|the|your) (offer|job|agency|agent) is (safe|real|genuine|fake|a scam)\b": "a verdict",
    r"\b(risk|danger) score\b": "no score is shown",
    r"\bunfortunately\b": "plain words",
    r"\bplease (don't|do not) worry\b": "feelings are not for us to dismiss",
    r"\bcalm down\b": "feelings are not for us to dismiss",
    r"\b(as an ai|language model|artificial intelligence)\b": "it is a program, and says so in plain words",
    r"\b(send|give|tell) (me|us) your (passport|password|pin|bank)": "we never ask for papers, secrets or money",
    r"\bclick here\b": "a link stands with its address",
    r"\blet'?s\b.*\bescape\b": "nobody is pushed to flee",
}


@pytest.mark.parametrize("pattern", FORBIDDEN)
def test_words_that_must_not_be_said_are_not_said(pattern: str) -> None:
    said = [
        source.context
        for source in SOURCES
        if re.search(pattern, source.text, re.IGNORECASE) and source.context not in ASKED_WHAT_IT_IS
    ]
    assert said == [], FORBIDDEN[pattern]


ASKED_WHAT_IT_IS = {"what_is_trafficking", "topic_what_is_trafficking"}
"""The one text in which the word may stand."""
PREVIEW = 40
TELLS = re.compile(
    r"\b(danger|police|beat|violen|rape|escape|run away|locked|emergency|hotline|agent|employer|boss|passport|report)",
    re.IGNORECASE,
)
ONLY_IN_DANGER = [source for source in SOURCES if source.context.startswith("danger_")]


@pytest.mark.parametrize("source", ONLY_IN_DANGER, ids=lambda source: source.context)
def test_the_first_words_on_a_locked_screen_give_nobody_away(source) -> None:
    assert not TELLS.search(source.text[:PREVIEW])


GIVES_AWAY = re.compile(
    r"\b(danger|police|beat|hits?|violen|rape|escape|run away|locked|emergency|hotline|help line|passport|report|"
    r"hurt|threat|afraid|shelter|safe house)",
    re.IGNORECASE,
)
NEVER_FIRST = (
    "flag_",
    "sign_",
    "note_",
    "law_",
    "point_",
    "numbers_",
    "topic_",
    "web_",
    "help_line",
    "agency_candidate",
    "way_",
    "hours_always",
    "line_checked",
)
"""Texts that are said inside of another one, or after it."""
BEHIND_OTHERS = frozenset({f"ask_{row.code}" for row in INDICATORS})
"""Questions that a harmless line is put before (actions/check.py)."""
HARMLESS_ALL_THE_SAME = {"documents|sms": "papers for a journey, asked for by the person"}


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.context)
def test_the_first_words_of_a_message_give_nobody_away(source) -> None:
    context = source.context.removesuffix("|sms")
    if source.context == BUTTON or context.startswith(NEVER_FIRST) or context in BEHIND_OTHERS:
        return
    assert bool(GIVES_AWAY.search(source.text[:PREVIEW])) == (source.context in HARMLESS_ALL_THE_SAME)


def test_the_lines_that_questions_hide_behind_fill_a_locked_screen() -> None:
    for context in ("situation_intro|sms", "situation_next"):
        (text,) = {source.text for source in SOURCES if source.context == context}
        assert len(text) >= PREVIEW
        assert not GIVES_AWAY.search(text)


def test_every_text_is_said_somewhere() -> None:
    said = {key.removeprefix("utter_") for _, key in USED} | {
        f"utter_{key}".removeprefix("utter_") for key in OTHERWISE
    }
    keys = {context.removesuffix("|sms") for context in CONTEXTS - {BUTTON}}
    assert sorted(key for key in keys if key not in said) == []


OTHERWISE = {
    "case_taken": "the desk says it", "case_closed": "the desk says it",
    **{f"delete_chat_{chat}": "channels/replies.py puts it together" for chat in CHATS},
    **{f"{key}{end}": "actions/result.py puts it together"
       for key in ("offer_result", "situation_result") for end in ("", "_one", "_none")},
    **dict.fromkeys(("discreet_on", "discreet_off"), "channels/phone.py chooses"),
    "empty": "channels/replies.py says it where there are no words",
}  # fmt: skip


def test_links_are_only_told_with_facts() -> None:
    assert [source.context for source in SOURCES if re.search(r"https?://|www\.", source.text)] == []


def test_no_number_of_a_phone_stands_in_a_text() -> None:
    """They change, and belong to the facts, which expire. A few are told where the country is not known."""
    for source in SOURCES:
        numbers = set(re.findall(r"\b\d{3,}\b", PLACEHOLDER.sub("", source.text)))
        assert numbers <= {"112", "911", "999", "9999", "50000"}, source.context


ROUGHLY = {"QA": "999", "AE": "999", "SA": "999", "BH": "999", "MY": "999", "KW": "112", "LB": "112", "OM": "9999",
           "JO": "911"}  # fmt: skip


def test_numbers_that_stand_in_texts_are_those_of_the_facts() -> None:
    facts = load(ROOT / "data" / "knowledge", lambda: date(2026, 11, 22))
    for country, number in ROUGHLY.items():
        line = facts.emergency(country)
        assert line is not None
        assert number in line.numbers.split(" / "), country


def test_every_long_form_that_is_answered_has_a_short_one_that_fits() -> None:
    long = {source.context: source.text for source in SOURCES if not source.context.endswith("|sms")}
    unfit = [
        context
        for context, text in long.items()
        if f"{context}|sms" not in CONTEXTS and not context.startswith(("web_", BUTTON)) and len(text) > 300
    ]
    assert unfit == []


def test_folders_without_a_catalogue_are_not_languages() -> None:
    assert all(Path(LOCALES / language / "LC_MESSAGES" / "messages.po").is_file() for language in OURS)
