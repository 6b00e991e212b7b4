"""What stands in a webhook of the WhatsApp Cloud API: entries, changes, and in each of them messages and receipts.

https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/messages
"""

import re
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from channels.channel import code_of, moment, text_of
from channels.whatsapp_codes import error_for
from core.errors import Malformed, Throttled, Unreachable, WindowClosed
from core.messages import Inbound, Kind, Receipt, Status

STATUSES: Mapping[str, Status] = {
    "sent": "sent", "delivered": "delivered", "read": "read", "played": "read", "failed": "failed",
}  # fmt: skip
KINDS: Mapping[str, Kind] = {
    "text": "text", "image": "media", "video": "media", "audio": "media", "voice": "media", "document": "media",
    "sticker": "media", "location": "location", "button": "button", "interactive": "button",
}  # fmt: skip
"""What is not here, such as a reaction, a contact, an order or something of tomorrow, is `other`."""
NOT_SAID = frozenset({"system", "request_welcome", "edit", "revoke"})
"""Written by WhatsApp itself, or told of something that we have read already: nobody said anything new.

Who deletes their message may have to: an answer to that would light up the phone at the worst moment.
"""
SCOPED = re.compile(r"[A-Z]{2}\.(ENT\.)?[A-Za-z0-9]{1,128}")
NUMBER = re.compile(r"[0-9]{5,20}")
IDENTIFIER = re.compile(r"[\x21-\x7e]{1,200}")
UNTAMED = (Malformed, KeyError, TypeError, AttributeError, ValueError, OverflowError, OSError)
"""What reading something of an unexpected shape may raise."""


def is_scoped(address: str) -> bool:
    """Tell whether an address is a business-scoped user id, such as US.13491208655302741918."""
    return SCOPED.fullmatch(address) is not None


def items(channel: str, entries: list[Any]) -> list[Inbound | Receipt]:
    """Return what can be understood. Raise Malformed when there was something and none of it could be."""
    found: list[Inbound | Receipt] = []
    broken = 0
    for read in _readers(channel, entries):
        try:
            one = read()
        except UNTAMED:
            broken += 1
        else:
            found += [one] if one else []
    if broken and not found:
        raise Malformed("items")
    return _in_order(found)


def _in_order(found: list[Inbound | Receipt]) -> list[Inbound | Receipt]:
    """Return the oldest first: Meta promises no order. What is as old, or tells no time, stays behind its neighbour."""
    at = 0.0
    times = []
    for item in found:
        at = item.sent_at.timestamp() if isinstance(item, Inbound) and item.sent_at else at
        times.append(at)
    return [found[place] for place in sorted(range(len(found)), key=times.__getitem__)]


def _readers(channel: str, entries: list[Any]) -> Iterator[Callable[[], Inbound | Receipt | None]]:
    for value in _values(entries):
        for one in _list(value, "messages"):
            yield partial(_message, channel, value, one)
        for one in _list(value, "statuses"):
            yield partial(_receipt, channel, one)


def _values(entries: list[Any]) -> Iterator[Mapping[str, Any]]:
    """Return the values of all changes of messages. Other events, such as one about a template, are none of ours."""
    for entry in entries:
        for change in _list(entry, "changes"):
            if isinstance(change, dict) and change.get("field") == "messages" and isinstance(change.get("value"), dict):
                yield change["value"]


def _list(value: Any, name: str) -> list[Any]:
    found = value.get(name) if isinstance(value, dict) else None
    return found if isinstance(found, list) else []


def _message(channel: str, value: Mapping[str, Any], one: Mapping[str, Any]) -> Inbound | None:
    what = one["type"]
    # whoever else is in a group would read what one person asked
    if what in NOT_SAID or one.get("group_id"):
        return None
    inside = one.get(what)
    inside = inside if isinstance(inside, dict) else {}
    if what == "reaction" and not inside.get("emoji"):
        return None  # taken back
    text, button = _words(what, inside)
    address, alias = _addresses(value, one)
    return Inbound(
        channel=channel, address=address, alias=alias, text=text, kind=_kind(what, text, button), button=button,
        sender=_match(NUMBER, value["metadata"]["phone_number_id"]), provider_id=_match(IDENTIFIER, one["id"]),
        sent_at=moment(one.get("timestamp")),
    )  # fmt: skip


def _kind(what: str, text: str, button: str | None) -> Kind:
    kind = KINDS.get(what, "other")
    if kind == "text" or (kind == "button" and not button):
        return "text" if text.strip() else "other"
    return kind


def _words(what: str, inside: Mapping[str, Any]) -> tuple[str, str | None]:
    """Return the text of a message, and the id of the button that it pressed."""
    if what == "interactive":
        reply = inside.get(inside.get("type", ""))
        reply = reply if isinstance(reply, dict) else {}
        return text_of(reply.get("title")), text_of(reply.get("id")) or None
    if what == "button":  # under a template
        return text_of(inside.get("text")), text_of(inside.get("payload")) or None
    return text_of(inside.get("body")) or text_of(inside.get("caption")), None


def _addresses(value: Mapping[str, Any], one: Mapping[str, Any]) -> tuple[str, str | None]:
    """Return who wrote: the business-scoped id and the number behind it, if that is told; else the number.

    Meta writes numbers without a plus.
    """
    contacts = _list(value, "contacts")
    # the id stands beside the message, or in the contact; with several contacts it could be anybody's
    scoped = one.get("from_user_id") or (contacts[0].get("user_id") if len(contacts) == 1 else None)
    if isinstance(scoped, str) and is_scoped(scoped):
        number = one.get("from")
        return scoped, f"+{number}" if isinstance(number, str) and NUMBER.fullmatch(number) else None
    return "+" + _match(NUMBER, one["from"]), None


def _match(shape: re.Pattern[str], value: Any) -> str:
    if not isinstance(value, str) or not shape.fullmatch(value):
        raise Malformed("field")
    return value


def _receipt(channel: str, one: Mapping[str, Any]) -> Receipt | None:
    status = STATUSES.get(one["status"])
    if status is None:
        raise Malformed("status")
    errors = _list(one, "errors")
    code = code_of(errors[0].get("code", "")) if status == "failed" and errors else ""
    reference, reached = one.get("biz_opaque_callback_data"), one.get("recipient_user_id")
    return Receipt(
        channel=channel, provider_id=_match(IDENTIFIER, one["id"]), status=status, error=code or None,
        reference=reference if isinstance(reference, str) and reference.isalnum() else None,
        # after the window a second try sends the template, and keeps the message
        retryable=isinstance(error_for(code), Throttled | Unreachable | WindowClosed),
        alias=reached if isinstance(reached, str) and is_scoped(reached) else None,
    )  # fmt: skip
