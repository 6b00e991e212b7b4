"""Notices of a crisis: told before anything else, once, to those who name the country."""

from rasa_sdk import Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions.say import notify
from core.knowledge import Knowledge, Notice
from tests.actions.conftest import tracker

CLOSED = Notice(
    country="QA", source="s", checked_on="2026-11-22", tellable=True, kind="closed", authority="Ministry of Interior"
)
FACTS = Knowledge([], [], [], notices=[CLOSED])


def told(*countries: str | None, noticed: list[str] | None = None) -> tuple[list[str], list[str] | None]:
    dispatcher = CollectingDispatcher()
    events = notify(dispatcher, Tracker.from_dict(tracker(noticed=noticed)), FACTS, countries)
    return [message["response"] for message in dispatcher.messages], events[0]["value"] if events else None


def test_a_notice_is_told_once() -> None:
    assert told("NP", "QA", None, "QA") == (["utter_notice_closed"], ["QA"])
    assert told("QA", noticed=["QA"]) == ([], None)


def test_without_a_notice_nothing_is_said() -> None:
    assert told("NP", None) == ([], None)
