"""What a check has found: each point with the person's own words, why it matters, its rule and date, a safer step."""

from dataclasses import replace
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.agency import LookUp
from actions.handover import HandOver
from actions.heard import channel_of
from actions.say import notify, say
from core import offer, situation
from core.checks import Check, from_slot, to_slot
from core.knowledge import Knowledge
from core.points import Finding, told
from core.responses import Responses
from core.topics import laws

MORE = "offer_result|sms"


class Points:
    """The points of a check, in the order in which they are told."""

    def __init__(self, knowledge: Knowledge) -> None:
        self.knowledge = knowledge

    def of(self, check: Check) -> list[Finding]:
        """Return the warning signs, then the notes."""
        if check.kind == "offer":
            return offer.findings(check, self.knowledge)
        return [
            Finding(code=code, key=f"utter_sign_{code}", quote=check.flags.get(code))
            for code in situation.signs_of(check)
        ]

    def told(self, check: Check) -> list[dict[str, Any]]:
        """Return the warning signs as things to say, those that were not told before first."""
        signs = [row for row in self.of(check) if row.code]
        signs.sort(key=lambda row: row.code in check.shown)
        return [told(row, self.knowledge) for row in signs]


class Result(Action):
    """Tell the result of a check."""

    def __init__(self, points: Points, responses: Responses, hand_over: HandOver, agencies: LookUp) -> None:
        self._points, self._hand_over, self._agencies = points, hand_over, agencies
        self._more = [{"title": title, "payload": payload} for title, payload in responses.under(MORE)]

    def name(self) -> str:
        """Name the action as the domain does."""
        return "action_check_result"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[Any]:
        """Say the result in a short and a long form; the gateway picks the one that fits the channel."""
        check = from_slot(tracker.get_slot("check"))
        if check is None:
            return []
        done = [SlotSet("answer", None), SlotSet("check", to_slot(replace(check, done=True, asked=None)))]
        if check.kind == "hours":
            return [*done, *await self._hand_over.at_hours(dispatcher, tracker, str(check.answers.get("hours", "")))]
        if check.kind == "agency":
            return [*done, *self._agencies.run(dispatcher, tracker, domain)]
        countries = (check.known("origin"), check.known("destination"), check.known("here"))
        events = notify(dispatcher, tracker, self._points.knowledge, countries)
        by_sms = channel_of(tracker) == "sms"
        (self._offer if check.kind == "offer" else self._situation)(dispatcher, check, by_sms)
        return [*done, *events]

    def _offer(self, dispatcher: CollectingDispatcher, check: Check, by_sms: bool) -> None:
        if check.known("adult") == "no":
            dispatcher.utter_message(response="utter_under_age")
            return
        signs = self._points.told(check)
        self._signs(dispatcher, "utter_offer_result", signs, by_sms)
        if len(signs) > 1 and by_sms:
            return  # one sign and one step fit; the rest comes when the person asks for it
        for note in self._points.of(check):
            if note.code is None and not check.fed:
                say(dispatcher, told(note, self._points.knowledge))
        dispatcher.utter_message(response="utter_offer_next_steps")

    def _situation(self, dispatcher: CollectingDispatcher, check: Check, by_sms: bool) -> None:
        if check.answers.get("gate") == "no":
            dispatcher.utter_message(response="utter_deny")
            return
        if check.known("adult") == "no":
            dispatcher.utter_message(response="utter_child")
            return
        signs = self._points.told(check)
        self._signs(dispatcher, "utter_situation_result", signs, by_sms)
        if not signs or (len(signs) > 1 and by_sms):
            return
        self.closing(dispatcher, check)

    def closing(self, dispatcher: CollectingDispatcher, check: Check) -> None:
        """Say what the law of the country adds, and offer a person."""
        here = check.known("here")
        for code in situation.signs_of(check) if here else ():
            for law in laws(code, here, self._points.knowledge):
                say(dispatcher, law)
        dispatcher.utter_message(response="utter_situation_next_steps")

    def _signs(self, dispatcher: CollectingDispatcher, key: str, signs: list[dict[str, Any]], by_sms: bool) -> None:
        if len(signs) > 1:
            dispatcher.utter_message(
                response=key, buttons=self._more if by_sms else [],
                flags={"list": signs}, first=signs[0], more=len(signs) - 1,
            )  # fmt: skip
        elif signs:
            dispatcher.utter_message(response=f"{key}_one", first=signs[0])
        else:
            dispatcher.utter_message(response=f"{key}_none")


class AllPoints(Action):
    """Tell every warning sign, for a phone on which only the first one fitted."""

    def __init__(self, points: Points, result: Result) -> None:
        self._points, self._result = points, result

    def name(self) -> str:
        """Name the action as the domain does."""
        return "action_all_points"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[Any]:
        """Say all but the first, which has been told."""
        check = from_slot(tracker.get_slot("check"))
        if check is None or check.kind not in ("offer", "situation"):
            dispatcher.utter_message(response="utter_menu")
            return []
        others = self._points.told(check)[1:]
        if others:
            dispatcher.utter_message(response="utter_other_points")
        for point in others:
            say(dispatcher, point)
        if check.kind == "situation":
            self._result.closing(dispatcher, check)
        else:
            dispatcher.utter_message(response="utter_offer_next_steps")
        return []
