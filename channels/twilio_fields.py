"""Twilio's parameters: read from a form or from JSON, and what the values of some of them mean."""

from collections.abc import Mapping
from urllib.parse import parse_qsl

from channels.channel import read_object, text_of
from core.errors import Malformed
from core.messages import Hook, Kind, OptOut, Status

FIELD_LIMIT = 200
STATUSES: Mapping[str, Status] = {
    "accepted": "queued", "scheduled": "queued", "queued": "queued", "sending": "queued", "sent": "sent",
    "delivered": "delivered", "undelivered": "failed", "failed": "failed", "canceled": "failed", "read": "read",
}  # fmt: skip
INCOMING = frozenset({"receiving", "received"})
"""What stands there of a message to us."""
OPT_OUTS: Mapping[str, OptOut] = {"STOP": "stop", "START": "start", "HELP": "help"}


class Fields(dict[str, list[str]]):
    """A form whose fields may be repeated, as the validator wants it."""

    def getlist(self, name: str) -> list[str]:
        """Return all values of a field."""
        return self[name]

    def one(self, *names: str) -> str:
        """Return the first value of the first of these fields that has one, else nothing."""
        return next((self[name][0] for name in names if self.get(name, [""])[0]), "")


def is_json(hook: Hook) -> bool:
    """Tell whether the body is JSON; forms are the rule."""
    return hook.headers.get("content-type", "").split(";")[0].strip().lower() == "application/json"


def read_form(body: bytes) -> Fields:
    """Read a form. Raise Malformed when it is none, or has too many fields."""
    try:
        pairs = parse_qsl(
            body.decode("ascii"), keep_blank_values=True, max_num_fields=FIELD_LIMIT, encoding="utf-8", errors="strict"
        )
    except ValueError as error:
        raise Malformed("form") from error
    fields = Fields()
    for name, value in pairs:
        fields.setdefault(name, []).append(value)
    return fields


def read_json(body: bytes) -> Fields:
    """Read an object of plain values. Raise Malformed when it is none."""
    values = read_object(body)
    return Fields(
        {name: [text_of(str(value))] for name, value in values.items() if isinstance(value, str | int | float)}
    )


def identifier(fields: Fields) -> str:
    """Return the provider's id of the message. Raise Malformed when there is none."""
    found = fields.one("MessageSid", "SmsMessageSid", "SmsSid")
    if not found.isascii() or not found.isalnum() or len(found) > 64:
        raise Malformed("identifier")
    return found


def kind(fields: Fields, text: str, button: str) -> Kind:
    """Tell what sort of message it is; what we do not know is `other`."""
    if button:
        return "button"
    if fields.one("NumMedia").strip("0 ") or fields.one("MediaUrl0"):
        return "media"
    if fields.one("Latitude") and fields.one("Longitude"):
        return "location"
    reaction = fields.one("MessageType") == "reaction"
    return "text" if text.strip() and not reaction else "other"
