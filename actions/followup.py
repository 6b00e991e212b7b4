"""A message of facts alone, such as a country, goes on with the question that asked for it."""

from collections.abc import Mapping
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions.heard import heard

TOPICS = {
    "utter_fees_": "action_fees",
    "utter_check_agency_": "action_check_agency",
    "utter_emergency_numbers_": "action_emergency_numbers",
    "utter_help_lines": "action_emergency_numbers",
}
"""Beginnings of the texts that ask for a country, or answer for one, and the action that says them."""


class Inform(Action):
    """Go on with the question that waits for a country; without one, say what can be asked about it."""

    def __init__(self, actions: Mapping[str, Action], otherwise: Action) -> None:
        self._actions = actions
        self._otherwise = otherwise

    def name(self) -> str:
        """Name the action as the domain does."""
        return "action_inform"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> Any:
        """Run the action that asked. A country out of the blue gets its rules, other facts the likeliest topics."""
        if not heard(tracker).all("country"):
            return self._otherwise.run(dispatcher, tracker, domain)
        said = _said_last(tracker)
        topic = next((action for beginning, action in TOPICS.items() if said.startswith(beginning)), None)
        if topic is not None:
            return self._actions[topic].run(dispatcher, tracker, domain)
        dispatcher.utter_message(response="utter_country_rules")
        return []


def _said_last(tracker: Tracker) -> str:
    for event in reversed(tracker.events):
        if event.get("event") == "bot":
            return str((event.get("metadata") or {}).get("say") or "")
    return ""
