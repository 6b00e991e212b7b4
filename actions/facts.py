"""Answers that depend on a country: fees, agencies, numbers to call."""

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.heard import heard
from core.knowledge import FeeRule, Knowledge, Line
from core.offer import DESTINATIONS, UNKNOWN


def known(tracker: Tracker, slot: str) -> str | None:
    """Return a country that the person named earlier, if they knew it."""
    value = tracker.get_slot(slot)
    return value if isinstance(value, str) and value != UNKNOWN else None


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
        named = [str(code) for code in heard(tracker).all("country")]
        origin, destination = self._sides(named, tracker)
        remembered = [SlotSet(slot, code) for slot, code in (("origin", origin), ("destination", destination)) if code]
        if origin is None:
            dispatcher.utter_message(response="utter_fees_general")
            return remembered
        rule = self._knowledge.fee_rule(origin, destination)
        some = self._knowledge.fee_rule_for_some(origin) if rule is None and destination is None else None
        key, arguments = _fee_answer(
            origin, rule or some, self._knowledge.authority(origin), only_some=some is not None
        )
        dispatcher.utter_message(response=key, **arguments)
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
    """Say where and how an agency can be checked."""

    def __init__(self, knowledge: Knowledge) -> None:
        self._knowledge = knowledge

    def name(self) -> str:
        """Name the action as the domain does."""
        return "action_check_agency"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[Any]:
        """Answer; ask for the country when it is not known."""
        code = named_country(tracker, "origin")
        if code is None:
            dispatcher.utter_message(response="utter_check_agency_general")
            return []
        country = {"country": code}
        row = self._knowledge.register(code)
        if row is None or not row.url:
            authority = self._knowledge.authority(code)
            if authority is None:
                dispatcher.utter_message(response="utter_check_agency_nowhere", country=country)
            else:
                dispatcher.utter_message(response="utter_check_agency_authority", country=country, authority=authority)
            return []
        where = {"country": country, "authority": row.authority, "url": row.url}
        if row.phone:
            dispatcher.utter_message(response="utter_check_agency_phone", phone=row.phone, **where)
        else:
            dispatcher.utter_message(response="utter_check_agency_country", **where)
        return []


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
        row = self._knowledge.emergency(code) if code else None
        if code is None or row is None:
            dispatcher.utter_message(response="utter_emergency_numbers_general")
            return []
        dispatcher.utter_message(
            response="utter_emergency_numbers_country",
            country={"country": code}, numbers=row.numbers, checked={"date": row.checked_on},
        )  # fmt: skip
        lines = self._knowledge.help_lines(code)[:3]
        if lines:
            dispatcher.utter_message(response="utter_help_lines", lines={"list": [_line(line) for line in lines]})
        return []


def _line(line: Line) -> dict[str, Any]:
    details: list[object] = [{"say": "utter_way_call_or_text", "arguments": {"text": line.sms}}] if line.sms else []
    if line.hours:
        details.append({"say": "utter_hours_always"} if line.hours == "24/7" else line.hours)
    if line.languages:
        details.append({"languages": line.languages.split()})
    details.append({"say": "utter_line_checked", "arguments": {"checked": {"date": line.checked_on}}})
    arguments = {"name": line.name, "number": line.numbers, "details": {"join": details}}
    return {"say": "utter_help_line", "arguments": arguments}
