"""Answers that depend on a country: fees, agencies, numbers to call."""

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.agency import LookUp
from actions.heard import channel_of, heard, known
from actions.say import notify, say
from actions.story import begun_by_story
from core.knowledge import FeeRule, Knowledge
from core.offer.told import DESTINATIONS
from core.topics import MORE_LINES, MOST_LINES, emergency, help_line

LOOK_UP = {"title": "Check the agency", "payload": "/agency_name"}


def named_country(tracker: Tracker, slot: str) -> str | None:
    """Return the country named in the message, else the one that a slot remembers."""
    named = heard(tracker).all("country")
    return str(named[0]) if named else known(tracker, slot)


class Fees(Action):
    """Say what the law of the country of origin lets a worker be charged, and that the standard is zero."""

    def __init__(self, knowledge: Knowledge) -> None:
        self._knowledge = knowledge

    def name(self) -> str:
        """Name the action as the domain does."""
        return "action_fees"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[Any]:
        """Answer; ask for the country when it is not known. What was named is remembered for the next question."""
        story = begun_by_story(dispatcher, tracker)
        if story:
            return story
        named = [str(code) for code in heard(tracker).all("country")]
        origin, destination = self._sides(named, tracker)
        remembered: list[Any] = [
            SlotSet(slot, code) for slot, code in (("origin", origin), ("destination", destination)) if code
        ]
        remembered += notify(dispatcher, tracker, self._knowledge, [origin, destination])
        if origin is None:
            dispatcher.utter_message(response="utter_fees_general")
            return remembered
        rule = self._knowledge.fee_rule(origin, destination)
        some = self._knowledge.fee_rule_for_some(origin) if rule is None and destination is None else None
        key, arguments = _fee_answer(
            origin, rule or some, self._knowledge.authority(origin), only_some=some is not None
        )
        dispatcher.utter_message(response=key, **arguments)
        here = self._knowledge.fee_law(destination) if destination else None
        if here:
            checked = {"date": here.checked_on}
            dispatcher.utter_message(
                response="utter_law_fee_here", country={"country": destination}, law=here.law, checked=checked
            )
        return remembered

    def _sides(self, named: list[str], tracker: Tracker) -> tuple[str | None, str | None]:
        """Tell origin from destination: a country that people go to is an origin only when its own rule is known."""
        origins = [code for code in named if self._knowledge.has_fee_rule(code) or code not in DESTINATIONS]
        destination = next((code for code in named if code not in origins), None)
        remembered = [known(tracker, slot) for slot in ("origin", "destination")]
        return (origins[0] if origins else remembered[0]), destination or remembered[1]


def _fee_answer(
    origin: str, rule: FeeRule | None, authority: str | None, *, only_some: bool
) -> tuple[str, dict[str, Any]]:
    country = {"country": origin}
    if rule is not None and rule.kind in ("amount", "zero", "month_salary"):
        law = {"country": country, "law": rule.law, "checked": {"date": rule.checked_on}}
        if rule.kind == "amount":
            key = "utter_fees_cap_some" if only_some else "utter_fees_cap"
            return key, {"cap": {"money": rule.amount, "currency": rule.currency}, **law}
        return "utter_fees_zero" if rule.kind == "zero" else "utter_fees_month", law
    if authority is not None:
        return "utter_fees_unknown", {"country": country, "authority": authority}
    return "utter_fees_unknown_nobody", {"country": country}


class CheckAgency(Action):
    """Say where and how an agency can be checked, and offer to look it up where a list is loaded."""

    def __init__(self, knowledge: Knowledge, agencies: LookUp) -> None:
        self._knowledge, self._agencies = knowledge, agencies

    def name(self) -> str:
        """Name the action as the domain does."""
        return "action_check_agency"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[Any]:
        """Answer; ask for the country when it is not known."""
        code = named_country(tracker, "origin")
        if code is None:
            dispatcher.utter_message(response="utter_check_agency_general")
            return []
        key, arguments = self._where(code)
        buttons = [LOOK_UP] if self._agencies.has(code) else []
        dispatcher.utter_message(response=key, buttons=buttons, country={"country": code}, **arguments)
        return [SlotSet("origin", code)]

    def _where(self, code: str) -> tuple[str, dict[str, Any]]:
        row, authority = self._knowledge.register(code), self._knowledge.authority(code)
        if row is None or not row.url:
            return (
                ("utter_check_agency_authority", {"authority": authority})
                if authority
                else ("utter_check_agency_nowhere", {})
            )
        where = {"authority": row.authority, "url": row.url}
        if row.phone:
            return "utter_check_agency_phone", {**where, "phone": row.phone}
        return "utter_check_agency_country", where


class EmergencyNumbers(Action):
    """Tell the numbers to call in a country, with the date on which they were checked."""

    def __init__(self, knowledge: Knowledge) -> None:
        self._knowledge = knowledge

    def name(self) -> str:
        """Name the action as the domain does."""
        return "action_emergency_numbers"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[Any]:
        """Answer; ask for the country when it is not known."""
        code = named_country(tracker, "destination")
        told = emergency(code, self._knowledge) if code else []
        if code is None or not told:
            dispatcher.utter_message(response="utter_emergency_numbers_general")
            return []
        events = notify(dispatcher, tracker, self._knowledge, [code])
        say(dispatcher, told[0])
        lines = self._knowledge.help_lines(code)[: MOST_LINES.get(channel_of(tracker), MORE_LINES)]
        if lines:
            dispatcher.utter_message(response="utter_help_lines", lines={"list": [help_line(line) for line in lines]})
        return [*events, SlotSet("destination", code)]
