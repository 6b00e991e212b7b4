"""Calls a person: opens a case in the store, where the gateway and the desk see it."""

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions.heard import flags_told, known
from core.checks import from_slot
from core.handover import Brief
from core.risk import Level
from core.situation import SIGNS, URGENT
from core.store import Store, Tx, cases, people

MOST_LETTERS = 60
NOT_KNOWN = Brief().safe_to_write


class HandOver(Action):
    """Open a case for the person of this conversation, once."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def name(self) -> str:
        """Name the action as the domain does."""
        return "action_hand_over"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[Any]:
        """Say whether a person has been called now or before. Raise NotAllowed for somebody who never wrote to us."""
        is_new = await self._open(tracker, brief_of(tracker))
        dispatcher.utter_message(response="utter_person_waiting" if is_new else "utter_person_already")
        return []

    async def at_hours(self, dispatcher: CollectingDispatcher, tracker: Tracker, hours: str) -> list[Any]:
        """Open the case with a note on when it is safe to write."""
        noted = hours[:MOST_LETTERS]
        await self._open(tracker, brief_of(tracker, safe_to_write=noted))
        dispatcher.utter_message(response="utter_hours_noted", hours=noted)
        return []

    async def _open(self, tracker: Tracker, brief: Brief) -> bool:
        serious = any(code in URGENT for code, _ in brief.flags)

        def open_case(tx: Tx) -> bool:
            who = people.get(tx, tracker.sender_id)
            risk = Level.RAISED if serious else Level.NORMAL
            opened, is_new = cases.open_for(tx, who, risk=risk, reason="talk_to_human", brief=brief)
            if not is_new and brief.safe_to_write != NOT_KNOWN:
                cases.note_safety(tx, opened, brief.safe_to_write)
            return is_new

        return await self._store.write(open_case)


def brief_of(tracker: Tracker, safe_to_write: str | None = None) -> Brief:
    """Return what a counsellor should know first: signs with the person's words, countries, when to write."""
    check = from_slot(tracker.get_slot("check"))
    if check and check.kind not in ("offer", "situation"):
        check = from_slot((tracker.get_slot("kept") or {}).get("check"))
    flags = {**flags_told(tracker), **(check.flags if check else {})}
    is_situation = check is not None and check.kind == "situation"
    answered = [code for code in SIGNS if check and is_situation and check.answers.get(code) == "yes"]
    is_safe = check.answers.get("gate") if check and is_situation else None
    return Brief(
        flags=(*flags.items(), *((code, "") for code in answered if code not in flags)),
        origin=known(tracker, "origin"), destination=known(tracker, "destination"),
        safe_to_write=safe_to_write or str(is_safe or "unknown"),
    )  # fmt: skip
