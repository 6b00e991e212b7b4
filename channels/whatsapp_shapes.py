"""How a message with choices looks in WhatsApp: buttons, a list, or numbers in the text where neither fits (R29).

https://developers.facebook.com/documentation/business-messaging/whatsapp/messages/interactive-reply-buttons-messages
https://developers.facebook.com/documentation/business-messaging/whatsapp/messages/interactive-list-messages
"""

from typing import Any

from channels.channel import numbered
from core.messages import Button, Outbound

MOST_BUTTONS, BUTTON_TITLE, BUTTON_TEXT = 3, 20, 1024
MOST_ROWS, ROW_TITLE, LIST_TEXT = 10, 24, 4096
OPENER = "☰"
"""What stands on the button that opens a list: 20 characters at most, and none of them needs translating."""


def content(message: Outbound) -> dict[str, Any]:
    """Return the part of a request that says what to send."""
    if _fit(message, MOST_BUTTONS, BUTTON_TITLE, BUTTON_TEXT):
        return _interactive("button", message.text, {"buttons": [_button(one) for one in message.buttons]})
    if _fit(message, MOST_ROWS, ROW_TITLE, LIST_TEXT):
        rows = [{"id": one.id, "title": one.title} for one in message.buttons]
        return _interactive("list", message.text, {"button": OPENER, "sections": [{"rows": rows}]})
    # no preview: it would show a picture of the page on a phone that others look at, and Meta would fetch it
    return {"type": "text", "text": {"body": numbered(message), "preview_url": False}}


def _fit(message: Outbound, most: int, title: int, text: int) -> bool:
    titles = [one.title for one in message.buttons]
    return (
        0 < len(titles) <= most
        and len(set(titles)) == len(titles)
        and all(0 < width(one) <= title for one in titles)
        and 0 < width(message.text) <= text
    )


def width(text: str) -> int:
    """Return the length in UTF-16: never less than Meta counts, whether it counts letters or halves of an emoji."""
    return len(text.encode("utf-16-le")) // 2


def _button(one: Button) -> dict[str, Any]:
    return {"type": "reply", "reply": {"id": one.id, "title": one.title}}


def _interactive(kind: str, text: str, action: dict[str, Any]) -> dict[str, Any]:
    return {"type": "interactive", "interactive": {"type": kind, "body": {"text": text}, "action": action}}
