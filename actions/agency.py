"""Looking an agency up in the official list of its country, where the operator has loaded one."""

import json
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions.heard import heard, known
from actions.say import say
from core import agencies
from core.knowledge import Knowledge
from core.register import AgencyList

LONGEST_TITLE = 20
"""Letters of a name on a button."""
NONE_OF_THESE = {"title": "None of these", "payload": "/deny"}


class LookUp(Action):
    """Say what the list says of an agency, or ask which one was meant."""

    def __init__(self, lists: Mapping[str, AgencyList], knowledge: Knowledge, today: Callable[[], date]) -> None:
        self._lists, self._knowledge, self._today = lists, knowledge, today

    def name(self) -> str:
        """Name the action as the domain does."""
        return "action_look_up"

    def has(self, country: str | None) -> bool:
        """Tell whether a list of this country is loaded."""
        return country in self._lists

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[Any]:
        """Look up what a button names, or what the check has asked for."""
        chosen = heard(tracker).all("agency")
        asked = (
            str(chosen[0]) if chosen else str((tracker.get_slot("check") or {}).get("answers", {}).get("agency", ""))
        )
        self.say(dispatcher, asked, known(tracker, "origin"))
        return []

    def say(self, dispatcher: CollectingDispatcher, asked: str, country: str | None) -> str:
        """Say it; return yes, no or unknown: whether the agency may send workers today."""
        listed = self._lists.get(country or "")
        authority = self._knowledge.authority(country) if country else None
        if listed is None or authority is None or not asked:
            dispatcher.utter_message(response="utter_check_agency_general")
            return "unknown"
        found = listed.find(asked)
        if found.candidates:
            buttons = [
                {
                    "title": row.name[:LONGEST_TITLE].strip(),
                    "payload": "/look_up" + json.dumps({"agency": row.licence or row.name}),
                }
                for row in found.candidates
            ]
            dispatcher.utter_message(response="utter_agency_maybe", buttons=[*buttons, NONE_OF_THESE])
            return "unknown"
        say(dispatcher, agencies.told(found, asked, authority, listed, self._today()))
        if found.agency is None:
            return "unknown"
        return "no" if found.agency.state(self._today()) in ("expired", "suspended") else "yes"
