"""Actions as the assistant calls them: a tracker as it comes over the wire, the real data, and English words."""

import asyncio
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml
from rasa_sdk.executor import ActionExecutor

from actions.app import make_actions
from core.messages import Say
from core.store import open_store
from core.words import PLACEHOLDER, Words
from ops.i18n import sources
from tests.conftest import MASTER_KEY

ROOT = Path(__file__).parents[2]
TODAY = date(2026, 11, 22)
TEXTS = [(source.context, source.text) for source in sources()]
ENGLISH = Words({"en": {(context, text): text for context, text in TEXTS}})
NEEDED: dict[str, set[str]] = {context: set(PLACEHOLDER.findall(text)) for context, text in TEXTS}
INTENTS = frozenset(yaml.safe_load((ROOT / "bot" / "domain" / "domain.yml").read_text("utf-8"))["intents"])


def user(text: str = "hello", intent: str = "fees", **parse: Any) -> dict[str, Any]:
    """Return the event of a message."""
    return {"event": "user", "text": text, "parse_data": {"intent": {"name": intent}, **parse}}


def bot(key: str) -> dict[str, Any]:
    """Return the event of something said."""
    return {"event": "bot", "text": "?", "metadata": {"say": key}}


def tracker(
    *, sender: str = "0" * 32, intent: str = "fees", facts: tuple[tuple[str, object], ...] = (),
    ranking: tuple[str, ...] = (), channel: str = "web", events: list[dict[str, Any]] | None = None,
    text: str = "hello", flags: tuple[tuple[str, str], ...] = (), turn: str = "",
    loop: str | None = None, **slots: object,
) -> dict[str, Any]:  # fmt: skip
    """Return a tracker after a message in which these facts were found, as (kind, value)."""
    message = {
        "text": text, "intent": {"name": intent, "confidence": 0.9}, "metadata": {"channel": channel, "turn_id": turn},
        "entities": [
            *({"entity": kind, "value": value} for kind, value in facts),
            *(_flag(code, words, text) for code, words in flags),
        ],
        "intent_ranking": [{"name": name, "confidence": 0.3} for name in ranking],
    }  # fmt: skip
    return {
        "sender_id": sender, "slots": slots, "latest_message": message, "paused": False, "followup_action": None,
        "events": events if events is not None else [user(intent=intent)],
        "active_loop": {"name": loop} if loop else {},
        "latest_action_name": "action_listen",
    }  # fmt: skip


def _flag(code: str, words: str, text: str) -> dict[str, Any]:
    start = text.index(words)
    return {"entity": "red_flag", "value": code, "start": start, "end": start + len(words)}


@dataclass(frozen=True, slots=True)
class Did:
    """What an action said, each as (key, arguments, buttons), and the slots that it set."""

    said: list[tuple[str, dict[str, Any], list[dict[str, str]]]]
    slots: dict[str, Any]
    loop: str | None = None

    @property
    def keys(self) -> list[str]:
        return [key for key, _, _ in self.said]

    @property
    def arguments(self) -> dict[str, Any]:
        (only,) = self.said
        return only[1]


META = frozenset({"text", "image", "custom", "response", "template", "attachment", "buttons", "elements"})


def check(key: str, arguments: dict[str, Any], buttons: list[dict[str, str]]) -> None:
    """Both forms of a text exist, no argument lacks, none is too many, and buttons lead to intents."""
    short = key.removeprefix("utter_")
    assert short in NEEDED, f"{key} has no text"
    forms = [NEEDED[short], NEEDED.get(f"{short}|sms", NEEDED[short])]
    assert set().union(*forms) == set(arguments), f"{key}: {arguments}"
    for medium in ("web", "sms"):
        text = ENGLISH.text(Say(key=key, arguments=arguments), "en", medium)
        assert text.strip()
        assert not PLACEHOLDER.search(text), text
        assert not re.search(r"\bNone\b(?! of)", text)
        assert "unknown" not in text
    for button in buttons:
        assert button["payload"].removeprefix("/").partition("{")[0] in INTENTS
        assert ENGLISH.title(button["title"], "en") == button["title"] != ""


Act = Callable[..., Did]


@pytest.fixture(scope="session")
def act(sqlite_template: Path) -> Iterator[Act]:
    """Runs an action by its name, and checks everything that it says. None that is run with it needs the store."""
    store = open_store(f"sqlite:///{sqlite_template}", MASTER_KEY)
    executor = ActionExecutor()
    for action in make_actions(store, ROOT, lambda: TODAY):
        executor.register_action(action)

    def run(name: str, **more: Any) -> Did:
        result = asyncio.run(executor.run({"next_action": name, "tracker": tracker(**more), "domain": {}}))
        assert result is not None
        answer = result.model_dump()
        said = []
        for response in answer["responses"]:
            arguments = {name: value for name, value in response.items() if name not in META}
            check(response["response"], arguments, response["buttons"])
            said.append((response["response"], arguments, response["buttons"]))
        slots = {event["name"]: event["value"] for event in answer["events"] if event["event"] == "slot"}
        loops = [event["name"] for event in answer["events"] if event["event"] == "active_loop"]
        assert len(slots) + len(loops) == len(answer["events"])
        return Did(said, slots, loops[0] if loops else None)

    yield run
    store.close()
