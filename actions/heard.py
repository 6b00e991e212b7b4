"""What was understood of a person's messages, read from Rasa's tracker."""

from collections.abc import Mapping
from typing import Any

from rasa_sdk import Tracker

from core.heard import Heard
from core.polarity import Polarity
from core.quotes import quoted

FLAG = "red_flag"
MISSED = ("nlu_fallback", "out_of_scope")
"""Meanings of messages that could not be answered."""
FEES = ("upfront_fee", "fee_over_cap")


def heard(tracker: Tracker, polarity: Polarity | None = None) -> Heard:
    """Return what was understood of the newest message; yes and no only where the caller can tell them."""
    message = tracker.latest_message
    text = str(message.get("text") or "")
    entities = list(message.get("entities") or [])
    # of two sums the one that stands in the words about a fee is the fee, and the other one the pay
    entities.sort(key=lambda entity: not _is_within_fee(entity, entities))
    return Heard(
        intent=(message.get("intent") or {}).get("name") or "",
        facts=[(entity["entity"], entity["value"]) for entity in entities if entity["entity"] != FLAG],
        polarity=polarity.of(text) if polarity else None,
        flags=flags_in(message),
        text="" if text.startswith("/") else text,
    )


def flags_in(message: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return the warning signs that a message tells of, as (code, words)."""
    text = str(message.get("text") or "")
    found = [entity for entity in message.get("entities") or [] if entity["entity"] == FLAG]
    return [(str(row["value"]), quoted(text, row.get("start", 0), row.get("end", 0))) for row in found]


def flags_told(tracker: Tracker) -> dict[str, str]:
    """Return the warning signs that the person's messages told of, as far as they are remembered."""
    found: dict[str, str] = {}
    for event in tracker.events:
        if event.get("event") == "user":
            data = event.get("parse_data") or {}
            for code, quote in flags_in({"text": event.get("text"), "entities": data.get("entities")}):
                found.setdefault(code, quote)
        elif event.get("event") == "session_started":
            found.clear()
    return found


def turn_of(tracker: Tracker) -> str:
    """Return the id of the newest message's turn."""
    return str((tracker.latest_message.get("metadata") or {}).get("turn_id") or "")


def missed_in_a_row(tracker: Tracker) -> int:
    """Count the messages in a row, up to the newest, that were not understood or are nothing of ours."""
    count = 0
    for event in reversed(tracker.events):
        if event.get("event") != "user":
            continue
        name = ((event.get("parse_data") or {}).get("intent") or {}).get("name")
        if name not in MISSED:
            break
        count += 1
    return count


def channel_of(tracker: Tracker) -> str:
    """Return the channel of the newest message, as the gateway named it."""
    return str((tracker.latest_message.get("metadata") or {}).get("channel") or "")


def said_last(tracker: Tracker) -> list[str]:
    """Return the keys of what was said after the message before the newest one."""
    keys: list[str] = []
    users = 0
    for event in reversed(tracker.events):
        if event.get("event") == "bot" and users == 1:
            keys.append(str((event.get("metadata") or {}).get("say") or ""))
        elif event.get("event") == "user":
            users += 1
            if users == 2:
                break
    return keys


def known(tracker: Tracker, slot: str) -> str | None:
    """Return a country that the person named earlier, if they knew it."""
    value = tracker.get_slot(slot)
    return value if isinstance(value, str) and value != "unknown" else None


def _is_within_fee(entity: Mapping[str, Any], entities: list[Any]) -> bool:
    spans = [(row.get("start", 0), row.get("end", 0)) for row in entities if row.get("value") in FEES]
    return any(start <= entity.get("start", -1) < end for start, end in spans)
