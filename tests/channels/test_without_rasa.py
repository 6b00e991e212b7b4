"""With the assistant stopped, in every language: danger, a person, silence, help and the choice of a language (R14).

Everything is real but the assistant: the words, the lists, the numbers, the danger check.
"""

import re
from dataclasses import replace
from datetime import date

import httpx
import pytest
import yaml

from channels.assistant import Assistant
from channels.outcome import Wording
from channels.replies import Replies
from channels.turns import Turns
from core import commands, knowledge, languages, responses, risk
from core.config import ROOT
from core.languages import LANGUAGES
from core.risk import CODES, Level
from core.store import Store, cases, people
from core.words import Words
from tests.channels.test_turns import ADDRESS, Gateway, down, person

DATA = ROOT / "data"
WORDS = Words.load(ROOT / "locales")
COMMANDS = {path.parent.name: yaml.safe_load(path.read_text("utf-8")) for path in DATA.glob("*/commands.yml")}
SPOKEN = sorted(WORDS.languages)
GROUP = re.compile(r"\(([^()|]*)(?:\|[^()]*)?\)")


def sentence(language: str, code: str) -> str:
    """Return the first way of saying a danger that stands in a language's list, written out."""
    rows = yaml.safe_load((DATA / language / "danger.yml").read_text("utf-8"))[code]["phrases"]
    written = (GROUP.sub(r"\1", row).replace(" ... ", " ").replace(" & ", " ").replace("*", "") for row in rows)
    return next(one for one in written if (found := DANGER.find(one)) is not None and found.code == code)


DANGER = risk.load(DATA)


@pytest.fixture(scope="module")
def real() -> dict[str, object]:
    return {
        "commands": commands.load(DATA), "danger": DANGER, "identifier": languages.load(DATA, ROOT / "var" / "cache"),
        "replies": Replies(
            responses.load(ROOT / "bot" / "domain" / "responses"),
            knowledge.load(DATA / "knowledge", lambda: date(2026, 11, 22)),
        ),
    }  # fmt: skip


@pytest.fixture
def gateway(sqlite_store: Store, real: dict[str, object]) -> Gateway:
    made = Gateway(sqlite_store)
    made.rasa.answer = down
    wording = Wording(words=WORDS, text_limit=lambda _: 1600, medium=lambda _: "sms")
    assistant = Assistant("http://rasa", "secret", 8, transport=httpx.MockTransport(made.rasa))
    made.turns = Turns(
        replace(made.turns._tools, wording=wording, assistant=assistant, **real), lambda: None, count=1, seconds=8
    )
    return made


@pytest.mark.parametrize("language", SPOKEN)
async def test_the_safety_script_works_in_every_language(gateway: Gateway, language: str) -> None:
    def now() -> people.Person:
        return gateway.store.read_now(person)

    chosen = await gateway.ask(LANGUAGES[language].own_name)
    assert len(chosen) == 1
    assert (now().language, now().language_chosen) == (language, True)

    asked = len(gateway.rasa.asked)
    for code in CODES:
        said = await gateway.ask(sentence(language, code))
        assert len(said) == 1, code
        assert "999" in said[0], f"{code}: the number of the country"
    case = gateway.case()
    assert (case.risk, case.language) == (Level.DANGER, language)
    assert len(gateway.rasa.asked) == asked, "danger is answered without asking"

    for action in ("help", "menu", "person", "panic", "menu", "stop", "start"):
        said = await gateway.ask(COMMANDS[language][action][0])
        assert len(said) == 1, action
        assert now().stopped is (action == "stop")
    assert await gateway.ask(COMMANDS[language]["person"][0]) != []

    (fallback,) = await gateway.ask("blorp wug 77 zzz")
    assert now().language == language
    choices = re.findall(r"(?m)^(\d+) ", fallback)
    assert choices[:2] == ["1", "2"]
    (numbers,) = await gateway.ask("2")
    assert "999" in numbers


@pytest.mark.parametrize("language", SPOKEN)
async def test_a_stranger_in_danger_is_heard_with_their_first_message(gateway: Gateway, language: str) -> None:
    (said,) = await gateway.ask(sentence(language, "violence_now"))
    assert "999" in said
    (row,) = gateway.store.read_now(cases.queue)
    assert (row.case.risk, row.case.reason) == (Level.DANGER, "violence_now")


def test_the_phone_of_these_tests_is_one_of_qatar() -> None:
    assert ADDRESS.startswith("+974")
