"""A message that tells of several warning signs is a story, whatever it asks: it begins a check."""

from typing import Any

from rasa_sdk import Tracker
from rasa_sdk.events import ActiveLoop
from rasa_sdk.executor import CollectingDispatcher

from actions.check import Begin
from actions.heard import heard
from core.checks import Kind
from core.situation import COUNTS, SIGNS, URGENT

SEVERAL = 2
LIGHTER = frozenset({"deceived", "excessive_hours"})
GRAVE = frozenset(code for code in SIGNS if "strong" in COUNTS[code].values()) - LIGHTER | URGENT | {"threats"}
"""One of these is enough: whoever tells of it is asked first whether it is safe to write."""
FORM = "check_form"
OF_OTHERS = frozenset({"missing_relative", "what_is_trafficking", "crisis"})
"""Meanings that tell of somebody else, or of nobody."""


def begun_by_story(dispatcher: CollectingDispatcher, tracker: Tracker, *, least: int = SEVERAL) -> list[Any] | None:
    """Return the events that begin the check that a message calls for, or None when it calls for none."""
    message = heard(tracker)
    if (tracker.active_loop or {}).get("name") == FORM or message.intent in OF_OTHERS:
        return None
    codes = {"upfront_fee" if code == "fee_over_cap" else code for code, _ in message.flags}
    situation = codes & set(SIGNS)
    kind: Kind = "situation" if len(situation) >= len(codes) - len(situation) else "offer"
    if max(len(situation), len(codes) - len(situation)) < least and not codes & GRAVE:
        return None
    # Rasa goes on with an open form by itself: the form reads the message and asks
    return [*Begin(kind).run(dispatcher, tracker, {}), ActiveLoop(FORM)]
