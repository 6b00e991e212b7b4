"""A message of facts alone, such as a country, goes on with the question that asked for it."""

from collections.abc import Mapping
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions.answer import Answer
from actions.heard import heard, said_last
from actions.say import notify
from core.knowledge import Knowledge
from core.topics import TOPICS

ASKED_BY = {
    "utter_fees_": "action_fees",
    "utter_check_agency_": "action_check_agency",
    "utter_emergency_numbers_": "action_emergency_numbers",
    "utter_help_lines": "action_emergency_numbers",
}
"""Beginnings of the texts that ask for a country, or answer for one, and the action that says them."""
OUT_OF_THE_BLUE = "country_rules"


class Inform(Action):
    """Go on with the question that waits for a country; without one, say what can be asked about it."""

    def __init__(self, actions: Mapping[str, Action], answer: Answer, otherwise: Action, knowledge: Knowledge) -> None:
        self._actions, self._answer, self._otherwise, self._knowledge = actions, answer, otherwise, knowledge

    def name(self) -> str:
        """Name the action as the domain does."""
        return "action_inform"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> Any:
        """Answer for the country. One out of the blue gets its rules, other facts the likeliest topics."""
        countries = [str(code) for code in heard(tracker).all("country")]
        if not countries:
            return self._otherwise.run(dispatcher, tracker, domain)
        topic = tracker.get_slot("topic")
        last = said_last(tracker)
        action = next((name for begin, name in ASKED_BY.items() for key in last if key.startswith(begin)), None)
        if action is not None and topic is None:
            return self._actions[action].run(dispatcher, tracker, domain)
        events = notify(dispatcher, tracker, self._knowledge, countries)
        name = topic if topic in TOPICS else OUT_OF_THE_BLUE
        if topic is None:
            dispatcher.utter_message(response=f"utter_{OUT_OF_THE_BLUE}")
        return [*events, *self._answer.told(dispatcher, tracker, name, countries[0], alone=topic is not None)]
