"""What was understood of a person's messages, read from Rasa's tracker."""

from rasa_sdk import Tracker

from core.offer import Heard
from core.polarity import Polarity


def heard(tracker: Tracker, polarity: Polarity | None = None) -> Heard:
    """Return what was understood of the newest message; yes and no only where the caller can tell them."""
    message = tracker.latest_message
    facts = [(entity["entity"], entity["value"]) for entity in message.get("entities") or []]
    meant = polarity.of(message.get("text") or "") if polarity else None
    return Heard(intent=(message.get("intent") or {}).get("name") or "", facts=facts, polarity=meant)


def missed_in_a_row(tracker: Tracker) -> int:
    """Count the messages in a row, up to the newest, that were not understood."""
    count = 0
    for event in reversed(tracker.events):
        if event.get("event") != "user":
            continue
        name = ((event.get("parse_data") or {}).get("intent") or {}).get("name")
        if name != "nlu_fallback":
            break
        count += 1
    return count


def channel_of(tracker: Tracker) -> str:
    """Return the channel of the newest message, as the gateway named it."""
    return str((tracker.latest_message.get("metadata") or {}).get("channel") or "")
