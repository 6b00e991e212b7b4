"""Who we are, and what is said to somebody who comes back."""

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.executor import CollectingDispatcher

from core.language_names import named_language
from core.languages import LANGUAGES


def came_back(tracker: Tracker) -> bool:
    """Tell whether there was an earlier talk that may not be shown (bot/assistant.py puts it aside)."""
    return bool((tracker.get_slot("kept") or {}).get("again"))


class Greet(Action):
    """Welcome somebody: what this is, who runs it, who reads it, and the five doors."""

    def __init__(self, organisation: str) -> None:
        self._organisation = organisation

    def name(self) -> str:
        """Name the action as the domain does."""
        return "action_greet"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[Any]:
        """Say it. After an hour of silence or the panic word it may be somebody else: then one neutral line."""
        if came_back(tracker):
            dispatcher.utter_message(response="utter_greet_again")
        else:
            dispatcher.utter_message(response="utter_greet", organisation=self._organisation)
        return []


class WhoAreYou(Action):
    """Say who this is; to somebody who comes back no more than a neutral line."""

    def name(self) -> str:
        """Name the action as the domain does."""
        return "action_who_are_you"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[Any]:
        """Say it."""
        dispatcher.utter_message(response="utter_greet_again" if came_back(tracker) else "utter_who_are_you")
        return []


class ChangeLanguage(Action):
    """Say how to choose a language; when one is named that is not offered, say so and which ones are.

    A language that is offered is chosen in the gateway, by its name alone.
    """

    def __init__(self, offered: frozenset[str]) -> None:
        self._offered = offered

    def name(self) -> str:
        """Name the action as the domain does."""
        return "action_change_language"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[Any]:
        """Say it."""
        wanted = named_language(str(tracker.latest_message.get("text") or ""))
        if wanted is None or wanted in self._offered:
            dispatcher.utter_message(response="utter_change_language")
            return []
        names = ", ".join(known.own_name for known in LANGUAGES.values() if known.code in self._offered)
        dispatcher.utter_message(
            response="utter_language_not_offered", language={"languages": [wanted]}, languages=names
        )
        return []
