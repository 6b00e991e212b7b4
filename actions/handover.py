"""Calls a person: opens a case in the store, where the gateway and the desk see it."""

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions.facts import known
from core.handover import Brief
from core.risk import Level
from core.store import Store, Tx, cases, people


class HandOver(Action):
    """Open a case for the person of this conversation, once."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def name(self) -> str:
        """Name the action as the domain does."""
        return "action_hand_over"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[Any]:
        """Say whether a person has been called now or before. Raise NotAllowed for somebody who never wrote to us."""
        brief = Brief(origin=known(tracker, "origin"), destination=known(tracker, "destination"))

        def open_case(tx: Tx) -> bool:
            who = people.get(tx, tracker.sender_id)
            return cases.open_for(tx, who, risk=Level.NORMAL, reason="talk_to_human", brief=brief)[1]

        is_new = await self._store.write(open_case)
        dispatcher.utter_message(response="utter_person_waiting" if is_new else "utter_person_already")
        return []
