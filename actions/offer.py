"""The offer check: reads answers into the form, and tells what was found."""

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.heard import channel_of, heard, missed_in_a_row
from core.knowledge import Knowledge
from core.offer import UNKNOWN, Finding, Offer, findings, read
from core.polarity import Polarity
from core.responses import Responses

FIELDS = ("origin", "destination", "fee_amount", "fee_currency", "visa_type", "licence", "contract")


def offer_of(tracker: Tracker) -> Offer:
    """Return what the person has told so far."""
    return Offer(**{name: tracker.get_slot(name) for name in FIELDS})


class ValidateOfferCheck(Action):
    """Fill every field that a message tells, whether it was asked for or not."""

    def __init__(self, polarity: Polarity) -> None:
        self._polarity = polarity

    def name(self) -> str:
        """Name the action as the domain does."""
        return "validate_offer_check_form"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[Any]:
        """Return the fields that were filled; none means that the question was not answered."""
        asked = tracker.get_slot("requested_slot")
        found = read(heard(tracker, self._polarity), asked, offer_of(tracker))
        if asked and asked not in found and missed_in_a_row(tracker) >= 2:
            found[asked] = 0.0 if asked == "fee_amount" else UNKNOWN
        return [SlotSet(name, value) for name, value in found.items()]


class OfferResult(Action):
    """Tell the warning signs of an offer, why each matters, and what to do next."""

    def __init__(self, knowledge: Knowledge, responses: Responses) -> None:
        self._knowledge = knowledge
        self._more = [{"title": title, "payload": payload} for title, payload in responses.under("offer_result|sms")]

    def name(self) -> str:
        """Name the action as the domain does."""
        return "action_offer_result"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[Any]:
        """Say the result in a short and a long form; the gateway picks the one that fits the channel."""
        found = findings(offer_of(tracker), self._knowledge)
        flags = [_nested(finding) for finding in found if finding.code]
        notes = [_nested(finding) for finding in found if not finding.code]
        by_sms = channel_of(tracker) == "sms"
        if len(flags) > 1:
            dispatcher.utter_message(
                response="utter_offer_result", buttons=self._more if by_sms else [],
                flags={"list": flags}, first=flags[0], more=len(flags) - 1,
            )  # fmt: skip
        elif flags:
            dispatcher.utter_message(response="utter_offer_result_one", first=flags[0])
        else:
            dispatcher.utter_message(response="utter_offer_result_none")
        if len(flags) > 1 and by_sms:
            return []  # one sign and one step fit; the rest comes when the person asks for it
        for note in notes:
            dispatcher.utter_message(response=note["say"], **note["arguments"])
        dispatcher.utter_message(response="utter_offer_next_steps")
        return []


class AllFlags(Action):
    """Tell every warning sign, for a phone on which only the first one fitted."""

    def __init__(self, knowledge: Knowledge) -> None:
        self._knowledge = knowledge

    def name(self) -> str:
        """Name the action as the domain does."""
        return "action_offer_all_flags"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[Any]:
        """Say all but the first, which has been told."""
        found = findings(offer_of(tracker), self._knowledge)
        for finding in [finding for finding in found if finding.code][1:]:
            dispatcher.utter_message(response=finding.key, **finding.arguments)
        dispatcher.utter_message(response="utter_offer_next_steps")
        return []


def _nested(finding: Finding) -> dict[str, Any]:
    return {"say": finding.key, "arguments": finding.arguments}
