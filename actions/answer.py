"""Answers to questions: what holds everywhere, then what may be told of the person's country, asked for once."""

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.heard import channel_of, heard, known
from actions.say import notify, say
from actions.story import begun_by_story
from core.knowledge import Knowledge
from core.topics import TOPICS, country_part


class Answer(Action):
    """Answer the topic that the message is about."""

    def __init__(self, knowledge: Knowledge) -> None:
        self._knowledge = knowledge

    def name(self) -> str:
        """Name the action as the domain does."""
        return "action_answer"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[Any]:
        """Say the short answer; then the part of the country, or the question for it."""
        story = begun_by_story(dispatcher, tracker)
        if story:
            return story
        name = heard(tracker).intent
        topic = TOPICS.get(name)
        if topic is None:
            dispatcher.utter_message(response=f"utter_{name}")
            return []
        country = self._country(tracker, name)
        events = notify(dispatcher, tracker, self._knowledge, [country])
        dispatcher.utter_message(response=f"utter_{name}")
        if country:
            return [*events, *self.told(dispatcher, tracker, name, country)]
        if topic.asks:
            dispatcher.utter_message(response=f"utter_ask_{topic.asks}")
        return [*events, SlotSet("topic", name if topic.asks else None)]

    def told(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, name: str, country: str, *, alone: bool = False
    ) -> list[Any]:
        """Say the part of a country; alone when it is the whole answer."""
        for part in country_part(name, country, self._knowledge, channel_of(tracker), alone=alone):
            say(dispatcher, part)
        return [SlotSet(TOPICS[name].side, country), SlotSet("topic", None)]

    def _country(self, tracker: Tracker, name: str) -> str | None:
        side = TOPICS[name].side
        named = [str(code) for code in heard(tracker).all("country")]
        other = known(tracker, "origin" if side == "destination" else "destination")
        return next((code for code in named if code != other), None) or known(tracker, side)
