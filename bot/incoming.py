"""What the gateway sends, taken apart: words a person typed, or a payload that the gateway issued with a button.

Rasa reads any message that begins with "/" as a command ("/restart", "/intent{...}"), so typed words lose
every leading sign that is a slash, looks like one or hides one.
"""

import json
import re
import unicodedata
from dataclasses import dataclass
from typing import Any, Dict, List, Optional

TEXT_LIMIT = 5000  # no channel delivers more; longer input is cut, not refused
ID_LIMIT = 200

# signs that NFKC does not turn into "/" but that a reader, or a later fold, may take for one
_SLASHES = frozenset("/\u2044\u2215\u2571\u27cb\u29f8\u1735\u2041\u3033\U0001d23a")
# separators, controls and invisible marks (zero-width, bidi), and combining marks without a letter before them
_UNSEEN = frozenset({"Cc", "Cf", "Zs", "Zl", "Zp", "Mn", "Me"})

# these would wipe a conversation or end a hand-over; no button carries them
_NEVER = frozenset({"restart", "back", "session_start"})

_PAYLOAD = re.compile(r"/([a-z][a-z0-9_]*)(\{.*\})?\Z", re.DOTALL)


class BadRequest(ValueError):
    """The gateway sent something that is not a turn."""


@dataclass(frozen=True)
class Incoming:
    """One turn as asked for; exactly one of text and payload is given."""

    turn_id: str
    conversation: str
    text: Optional[str]
    payload: Optional[str]
    language: str
    channel: str
    quiet_at: Optional[float] = None
    """From this moment (seconds since 1970) on nothing of the earlier talk may be said."""

    def metadata(self) -> Dict[str, Any]:
        """What is kept beside the person's words in the tracker."""
        return {
            "turn_id": self.turn_id, "language": self.language, "channel": self.channel, "quiet_at": self.quiet_at,
        }  # fmt: skip


def read_incoming(body: Any) -> Incoming:
    """Check a request body and give it a shape."""
    if not isinstance(body, dict):
        raise BadRequest("not an object")
    text, payload = body.get("text"), body.get("payload")
    if (text is None) == (payload is None):
        raise BadRequest("either text or payload")
    return Incoming(
        turn_id=_short(body, "turn_id"),
        conversation=_short(body, "conversation"),
        text=None if text is None else plain_words(_string(text, "text")),
        payload=None if payload is None else _string(payload, "payload"),
        language=_short(body, "language"),
        channel=_short(body, "channel"),
        quiet_at=_moment(body.get("quiet_at")),
    )


def plain_words(text: str) -> str:
    """Return typed words such that nothing in them can be read as a command."""
    text = unicodedata.normalize("NFKC", text[:TEXT_LIMIT])
    start = 0
    while start < len(text) and _is_dropped(text[start]):
        start += 1
    return text[start:].rstrip()


def read_payload(payload: str, intents: List[str]) -> Dict[str, Any]:
    """Turn a button's payload into the parse that Rasa would make of it."""
    found = _PAYLOAD.match(payload)
    if not found or found.group(1) in _NEVER or found.group(1) not in intents:
        raise BadRequest("not a payload of this assistant")
    entities = _payload_entities(found.group(2))
    intent = {"name": found.group(1), "confidence": 1.0}
    return {"text": payload, "intent": intent, "intent_ranking": [intent], "entities": entities}


def _payload_entities(raw: Optional[str]) -> List[Dict[str, Any]]:
    if not raw:
        return []
    try:
        values = json.loads(raw)
    except ValueError:
        raise BadRequest("a payload holds broken JSON") from None
    if not all(isinstance(value, (str, int, float)) for value in values.values()):
        raise BadRequest("a payload holds more than plain values")
    return [{"entity": name, "value": value, "confidence": 1.0} for name, value in values.items()]


def _is_dropped(sign: str) -> bool:
    return sign in _SLASHES or sign.isspace() or unicodedata.category(sign) in _UNSEEN


def _string(value: Any, name: str) -> str:
    if not isinstance(value, str):
        raise BadRequest(f"{name} is not a string")
    return value


def _moment(value: Any) -> Optional[float]:
    if value is not None and (isinstance(value, bool) or not isinstance(value, (int, float))):
        raise BadRequest("quiet_at is not a time")
    return value


def _short(body: Dict[str, Any], name: str) -> str:
    value = _string(body.get(name), name)
    if not 0 < len(value) <= ID_LIMIT:
        raise BadRequest(f"{name} is empty or too long")
    return value
