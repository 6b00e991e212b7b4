"""What an update of Telegram says: https://core.telegram.org/bots/api#update"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from channels.channel import moment, text_of
from core.errors import Malformed
from core.messages import Inbound, Kind, OptOut

MEDIA = ("photo", "voice", "video", "video_note", "audio", "document", "animation", "sticker")
PLACES = ("location", "venue")
NOT_SAID = (
    "message_auto_delete_timer_changed", "pinned_message", "new_chat_title", "new_chat_photo", "delete_chat_photo",
    "chat_background_set", "connected_website", "write_access_allowed", "users_shared", "chat_shared", "passport_data",
    "proximity_alert_triggered", "successful_payment", "refunded_payment", "video_chat_scheduled",
    "video_chat_started", "video_chat_ended", "video_chat_participants_invited", "boost_added", "gift", "unique_gift",
    "web_app_data",
)  # fmt: skip
"""What Telegram notes in a chat. Who lets it delete itself after a day, to be safe, has not said anything to us."""
COMMANDS = {"/start": "hello", "/help": "help", "/stop": "stop", "/menu": "menu"}
"""What Telegram's own buttons write, in words that everybody else uses. The first one opens every talk."""
BLOCKED: Mapping[str, OptOut] = {"kicked": "stop", "member": "start"}
LONGEST = 2**52
"""Telegram's ids have at most 52 significant bits."""


def read_update(update: Mapping[str, Any], channel: str, bot: str) -> Inbound | None:
    """Return what a person said, or None. Raise Malformed when it is no update."""
    number = update.get("update_id")
    if not _is_id(number):
        raise Malformed("update_id")
    try:
        for name, read in (("message", _said), ("callback_query", _pressed), ("my_chat_member", _blocked)):
            if isinstance(one := update.get(name), dict):
                return read(one, Inbound(channel=channel, sender=bot, provider_id=str(number), address=""))
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise Malformed("update") from error
    return None


def _is_id(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value < LONGEST


def _private(chat: Mapping[str, Any]) -> str | None:
    """Return the id of a private chat, or None for any other."""
    if chat["type"] != "private":
        return None
    if not _is_id(chat["id"]):
        raise Malformed("chat")
    return str(chat["id"])


def _said(message: Mapping[str, Any], blank: Inbound) -> Inbound | None:
    address, writer = _private(message["chat"]), message.get("from")
    writer = writer if isinstance(writer, dict) else {}
    if address is None or writer.get("is_bot") or any(name in message for name in NOT_SAID):
        return None
    text = text_of(message.get("text")) or text_of(message.get("caption"))
    text = COMMANDS.get(text.partition(" ")[0].partition("@")[0], text)
    return replace(
        blank, address=address, text=text, kind=_kind(message, text), language=_language(writer),
        sent_at=moment(message.get("date")),
    )  # fmt: skip


def _kind(message: Mapping[str, Any], text: str) -> Kind:
    if any(name in message for name in MEDIA):
        return "media"
    if any(name in message for name in PLACES):
        return "location"
    return "text" if text.strip() else "other"


def _pressed(query: Mapping[str, Any], blank: Inbound) -> Inbound | None:
    below = query.get("message")
    data = text_of(query.get("data"))
    # a button of a message that was sent through another chat
    if not isinstance(below, dict) or not data:
        return None
    address = _private(below["chat"])
    if address is None:
        return None
    return replace(
        blank, address=address, text=_title(below, data), kind="button", button=data,
        language=_language(query.get("from") or {}),
    )  # fmt: skip


def _title(message: Mapping[str, Any], data: str) -> str:
    """Return what stands on the button. Telegram tells only its data, and the message that it hangs below."""
    markup = message.get("reply_markup")
    rows = markup.get("inline_keyboard", []) if isinstance(markup, dict) else []
    found = (one for row in rows for one in row if one.get("callback_data") == data)
    return text_of(next(found, {"text": ""}).get("text"))


def _blocked(change: Mapping[str, Any], blank: Inbound) -> Inbound | None:
    """Read that somebody blocked the bot, or took it back: Telegram's own way to opt out."""
    address, wish = _private(change["chat"]), BLOCKED.get(change["new_chat_member"]["status"])
    if address is None or wish is None:
        return None
    return replace(blank, address=address, kind="other", opt_out=wish)


def _language(writer: Mapping[str, Any]) -> str | None:
    code = writer.get("language_code")
    return text_of(code).split("-")[0].lower() if isinstance(code, str) else None
