"""The checks as actions: begin, read a message into the check, ask. What is read and asked is decided in core."""

from dataclasses import replace
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.agency import LookUp
from actions.heard import channel_of, heard, known, missed_in_a_row, turn_of
from actions.say import say
from core import offer, situation
from core.checks import RESUME, UNKNOWN, Check, Kind, from_slot, to_slot
from core.heard import Heard
from core.knowledge import Knowledge
from core.points import Finding, told
from core.polarity import Polarity

FEEDBACK_POINTS = 3
FEES = frozenset({"upfront_fee", "fee_over_cap"})
QUESTIONS = {"gate": "utter_describe_situation", RESUME: "utter_check_resume", "hours": "utter_ask_hours"}
"""Questions whose text is not named after them."""
SWITCHES = {"offer": ("describe_situation",), "situation": ("check_offer",), "hours": (), "agency": ()}
"""Meanings that leave a check for the other one."""
ASIDES = ("hours", "agency")
MISSES = 2
"""After so many messages that were not understood a question is left."""


class Begin(Action):
    """Begin a check, with what the person has told before. An unfinished one is offered to go on with."""

    def __init__(self, kind: Kind) -> None:
        self._kind = kind

    def name(self) -> str:
        """Name the action as the domain does."""
        return f"action_begin_{self._kind}"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[Any]:
        """Set up the check; its first question follows."""
        kept = dict(tracker.get_slot("kept") or {})
        earlier = from_slot(tracker.get_slot("check")) or from_slot(kept.get("check"))
        if earlier and heard(tracker).intent == "resume_check":
            return [SlotSet("check", to_slot(replace(earlier, asked=None, done=False))), SlotSet("answer", None)]
        new = Check(kind=self._kind, answers=self._told(tracker))
        if earlier and earlier.kind == self._kind and earlier.begun and not heard(tracker).tells:
            return [
                SlotSet("kept", {**kept, "check": to_slot(earlier)}), SlotSet("answer", None),
                SlotSet("check", to_slot(replace(new, asked=RESUME))),
            ]  # fmt: skip
        # a question of its own in between must not lose what a check has found
        aside = [SlotSet("kept", {**kept, "check": to_slot(earlier)})] if earlier and self._kind in ASIDES else []
        return [*aside, SlotSet("check", to_slot(new)), SlotSet("answer", None)]

    def _told(self, tracker: Tracker) -> dict[str, Any]:
        if self._kind == "offer":
            sides = {side: known(tracker, side) for side in ("origin", "destination")}
            return {side: code for side, code in sides.items() if code}
        here = known(tracker, "destination")
        return {"here": here} if here and self._kind == "situation" else {}


class Step(Action):
    """Read a message into the check. Nothing read means that the question was not answered, and rules answer it."""

    def __init__(self, polarity: Polarity, knowledge: Knowledge, agencies: LookUp) -> None:
        self._polarity, self._knowledge, self._agencies = polarity, knowledge, agencies

    def name(self) -> str:
        """Name the action as the domain does."""
        return "validate_check_form"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[Any]:
        """Return the check as it is after the message, and say the first feedback when it is due."""
        check = from_slot(tracker.get_slot("check"))
        turn = turn_of(tracker)
        if check is None or (turn and check.turn == turn):
            return []  # Rasa runs this again when it comes back to the check after another answer
        message = heard(tracker, self._polarity)
        if check.asked == RESUME:
            resumed = _resumed(check, message, tracker)
            return [] if resumed is None else self._go_on(dispatcher, resumed, tracker)
        if message.intent in SWITCHES[check.kind] and (not message.answer or not check.asked):
            return []
        found = self._read(message, check)
        if check.asked and not found:
            if missed_in_a_row(tracker) < MISSES:
                return []
            found = offer.skipped(check.asked) if check.kind == "offer" else {check.asked: UNKNOWN}
        return self._go_on(dispatcher, check.with_flags(message).with_answers(found), tracker)

    def _read(self, message: Heard, check: Check) -> dict[str, Any]:
        if check.kind == "situation":
            found = situation.read(message, check.asked)
        elif check.kind == "offer":
            found = offer.read(message, check.asked, check)
        else:
            chosen = message.all("agency")
            words = str(chosen[0]) if chosen else message.text.strip()
            found = {check.kind: words} if check.asked and words and not _is_wish(message) else {}
        if not found and any(code not in check.flags for code, _ in message.flags):
            found = {"told": "yes"}  # a sentence that tells something, though not what was asked
        return found

    def _go_on(self, dispatcher: CollectingDispatcher, check: Check, tracker: Tracker) -> list[Any]:
        following = self.next_question(check)
        if check.kind == "offer" and "agency" in check.answers and "licence" not in check.answers:
            is_listed = self._agencies.say(dispatcher, str(check.answers["agency"]), check.known("origin"))
            check = check.with_answers({"licence": is_listed})
        if check.kind == "offer" and following:
            check = self._fed(dispatcher, check, by_sms=channel_of(tracker) == "sms")
        check = replace(check, asked=following, put=check.put + bool(following), turn=turn_of(tracker))
        sides = {"destination": check.known("here")} if check.kind == "situation" else check.answers
        events = [
            SlotSet(side, sides[side]) for side in ("origin", "destination") if sides.get(side) not in (None, UNKNOWN)
        ]
        return [SlotSet("check", to_slot(check)), *events, *([] if following else [SlotSet("answer", "done")])]

    def next_question(self, check: Check) -> str | None:
        """Return the next question of a check, or None when it is over."""
        if check.kind == "situation":
            return situation.next_question(check)
        if check.kind != "offer":
            return None if check.kind in check.answers else check.kind
        origin = check.known("origin")
        return offer.next_question(
            check,
            can_look_up=self._agencies.has(origin),
            jobs_matter=bool(origin and self._knowledge.jobs_matter(origin)),
        )

    def _fed(self, dispatcher: CollectingDispatcher, check: Check, *, by_sms: bool) -> Check:
        """Say the first useful thing as soon as there is one, and after two questions in any case."""
        if check.fed:
            return check
        found = offer.findings(check, self._knowledge)
        signs = [row for row in found if row.code]
        notes = [row for row in found if not row.code]
        if check.put < offer.FIRST_FEEDBACK_AFTER and not self._is_telling(check, signs, notes):
            return check
        if signs:
            points = [told(row, self._knowledge) for row in signs[:FEEDBACK_POINTS]]
            dispatcher.utter_message(response="utter_offer_first", flags={"list": points}, first=points[0])
        for note in notes:
            say(dispatcher, told(note, self._knowledge))
        if not found:
            dispatcher.utter_message(response="utter_offer_first_none")
        return replace(check, fed=True, shown=tuple(codes(signs[: 1 if by_sms else FEEDBACK_POINTS])))

    @staticmethod
    def _is_telling(check: Check, signs: list[Finding], notes: list[Finding]) -> bool:
        """Tell whether what is known is worth saying before the second question."""
        if check.known("fee_amount") and "origin" not in check.answers and set(codes(signs)) <= FEES:
            return False  # one more answer, and the fee can be compared with the law
        return bool(signs or notes)


class Ask(Action):
    """Put the question that waits."""

    def __init__(self, knowledge: Knowledge) -> None:
        self._knowledge = knowledge

    def name(self) -> str:
        """Name the action as the domain does."""
        return "action_ask_answer"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[Any]:
        """Say the question, after an introduction or a harmless line that hides it on a locked screen."""
        check = from_slot(tracker.get_slot("check"))
        if check is None or check.asked is None:
            return []
        if check.kind == "offer" and check.put == 1 and not check.fed and not check.answers:
            dispatcher.utter_message(response="utter_offer_intro")
        if check.kind == "situation" and check.asked not in ("gate", RESUME):
            dispatcher.utter_message(response="utter_situation_intro" if check.put == 2 else "utter_situation_next")
        arguments = {}
        if check.asked == "agency":
            origin = check.known("origin") or known(tracker, "origin")
            arguments = {"authority": (self._knowledge.authority(origin) if origin else None) or ""}
        dispatcher.utter_message(response=QUESTIONS.get(check.asked, f"utter_ask_{check.asked}"), **arguments)
        return []


def codes(findings: list[Finding]) -> list[str]:
    """Return the codes of warning signs."""
    return [row.code for row in findings if row.code]


def _resumed(check: Check, message: Heard, tracker: Tracker) -> Check | None:
    """Return the check to go on with, as chosen; None when nothing was chosen."""
    if message.intent == "resume_check" or (message.answer == "affirm" and message.intent != "begin_check"):
        earlier = from_slot((tracker.get_slot("kept") or {}).get("check"))
        return replace(earlier, asked=None, done=False) if earlier else replace(check, asked=None)
    if message.intent == "begin_check" or message.answer == "deny" or message.tells:
        return replace(check, asked=None).with_flags(message)
    return None


def _is_wish(message: Heard) -> bool:
    return message.intent in ("menu", "start_over", "goodbye", "stop_messages", "talk_to_human")
