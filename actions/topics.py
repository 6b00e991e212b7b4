"""What to say when a message was not understood: the likeliest topics, then the doors, then a person."""

from collections.abc import Mapping
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions.heard import heard, missed_in_a_row
from actions.story import begun_by_story

MOST_TOPICS = 2
STEERING = frozenset({"greet", "goodbye", "thanks", "affirm", "deny", "dont_know", "out_of_scope", "start_over"})
"""Meanings that are no topic to choose."""


class OfferTopics(Action):
    """Offer the likeliest topics; never the same sentence twice in a row.

    `titles` holds the English button title of each intent; that of `out_of_scope` is "Something else".
    """

    def __init__(self, titles: Mapping[str, str]) -> None:
        self._titles = titles

    def name(self) -> str:
        """Name the action as the domain does."""
        return "action_offer_topics"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[Any]:
        """Say it in a way that depends on how often in a row the person was not understood."""
        story = begun_by_story(dispatcher, tracker, least=1)
        if story:
            return story
        missed = max(missed_in_a_row(tracker), 1)
        if missed == 1 and heard(tracker).intent == "out_of_scope":
            dispatcher.utter_message(response="utter_out_of_scope")
            return []
        ranking = tracker.latest_message.get("intent_ranking") or []
        names = [row["name"] for row in ranking]
        likely = [name for name in names if name in self._titles and name not in STEERING]
        if missed == 1 and likely:
            buttons = [self._button(name, f"/{name}") for name in likely[:MOST_TOPICS]]
            dispatcher.utter_message(response="utter_topics", buttons=[*buttons, self._button("out_of_scope", "/menu")])
        elif missed <= 2:
            dispatcher.utter_message(response="utter_topics_again")
        else:
            dispatcher.utter_message(response="utter_topics_person")
        return []

    def _button(self, topic: str, payload: str) -> dict[str, str]:
        return {"title": self._titles[topic], "payload": payload}
