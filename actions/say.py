"""Says what core has put together, and what is put before it: a notice of a crisis, once."""

from collections.abc import Iterable, Mapping
from typing import Any

from rasa_sdk import Tracker
from rasa_sdk.events import SlotSet
from rasa_sdk.executor import CollectingDispatcher

from core.knowledge import Knowledge
from core.topics import notices

Button = dict[str, str]


def say(dispatcher: CollectingDispatcher, what: Mapping[str, Any], buttons: Iterable[Button] = ()) -> None:
    """Say one thing: {"say": key, "arguments": {...}}."""
    dispatcher.utter_message(response=what["say"], buttons=list(buttons), **what.get("arguments", {}))


def notify(
    dispatcher: CollectingDispatcher, tracker: Tracker, knowledge: Knowledge, countries: Iterable[str | None]
) -> list[Any]:
    """Say the notices of these countries that were not said before."""
    before = tracker.get_slot("noticed") or []
    new = [code for code in dict.fromkeys(countries) if code and code not in before and knowledge.notices(code)]
    for code in new:
        for notice in notices(code, knowledge):
            say(dispatcher, notice)
    return [SlotSet("noticed", [*before, *new])] if new else []
