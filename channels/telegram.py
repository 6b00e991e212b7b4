"""Telegram, over the Bot API. Private chats only: in a group everybody would read what one person asked.

https://core.telegram.org/bots/api#setwebhook (the secret header, repeated updates)
https://core.telegram.org/bots/api#sendmessage and #inlinekeyboardbutton (limits)
https://core.telegram.org/bots/api#making-requests-when-getting-updates (an answer may carry one call of a method)
https://core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this (429)

There are no receipts: what Telegram took counts as sent. The bot's token is a part of the address of every request, so
no address of a request may ever be logged.
"""

import json
from typing import Any

import httpx

from channels.channel import fetch, numbered, read_object, seconds, status_error
from channels.telegram_updates import read_update
from core.config import Settings
from core.crypto import same
from core.errors import AccountProblem, Ambiguous, Forged, Malformed, OptedOut, Rejected, SendError, Throttled, Unknown
from core.messages import Hook, Inbound, Medium, Outbound, Receipt

NAME = "telegram"
TEXT_LIMIT = 3500
"""Telegram takes 4096; the rest is for choices that stand in the text as numbers."""
MOST_BUTTONS, BUTTON_TITLE, CALLBACK_BYTES = 10, 64, 64
JSON = "application/json"


class Telegram:
    """Updates at /hooks/telegram."""

    name = NAME
    medium: Medium = "telegram"
    text_limit = TEXT_LIMIT
    pressed = True
    open_door = True

    def __init__(self, settings: Settings, client: httpx.AsyncClient) -> None:
        self._secret = settings.telegram_secret
        self._bot = settings.telegram_bot_token.partition(":")[0]
        self._methods = f"{settings.telegram_api_url.rstrip('/')}/bot{settings.telegram_bot_token}"
        self._client = client

    def verify(self, hook: Hook) -> None:
        """Check the secret that Telegram was given with the webhook."""
        shown = hook.headers.get("x-telegram-bot-api-secret-token", "")
        if not self._secret or not same(shown, self._secret):
            raise Forged

    def parse(self, hook: Hook) -> list[Inbound | Receipt]:
        """Return the one message of an update, or nothing for what is none of ours: groups, edits, other bots."""
        found = read_update(read_object(hook.body), NAME, self._bot)
        return [] if found is None else [found]

    def acknowledgement(self, hook: Hook) -> tuple[str, str] | None:
        """Stop the little clock on a pressed button, in the answer itself: a call of its own could be lost."""
        try:
            pressed = read_object(hook.body).get("callback_query")
        except Malformed:
            return None
        identifier = pressed.get("id") if isinstance(pressed, dict) else None
        if not isinstance(identifier, str):
            return None
        return JSON, json.dumps({"method": "answerCallbackQuery", "callback_query_id": identifier})

    async def send(self, message: Outbound) -> str:
        """Send the text with a button on each line below it, or with numbers where buttons do not fit."""
        said: dict[str, Any] = {
            # a preview would show a picture of the page on a phone that others look at
            "chat_id": message.address, "link_preview_options": {"is_disabled": True}, "text": message.text,
        }  # fmt: skip
        if _fit(message):
            rows = [[{"text": one.title, "callback_data": one.id}] for one in message.buttons]
            said["reply_markup"] = {"inline_keyboard": rows}
        else:
            said["text"] = numbered(message)
        request = self._client.build_request("POST", f"{self._methods}/sendMessage", json=said)
        return _identifier(await fetch(self._client, request))


def _fit(message: Outbound) -> bool:
    return 0 < len(message.buttons) <= MOST_BUTTONS and all(
        0 < len(one.title) <= BUTTON_TITLE and len(one.id.encode()) <= CALLBACK_BYTES for one in message.buttons
    )


def _identifier(response: httpx.Response) -> str:
    try:
        answer = json.loads(response.content)
        if answer["ok"] is True:
            return str(int(answer["result"]["message_id"]))
    except (ValueError, KeyError, TypeError, RecursionError):
        if response.is_success:
            raise Ambiguous("answer not understood") from None  # accepted, in words that are not Telegram's
        answer = {}
    raise _refusal(response, answer if isinstance(answer, dict) else {})


def _refusal(response: httpx.Response, answer: dict[str, Any]) -> SendError:
    """Telegram has no codes of its own: an HTTP status, and a sentence for people."""
    code = answer.get("error_code") if isinstance(answer.get("error_code"), int) else response.status_code
    told = answer.get("parameters")
    wait = told.get("retry_after") if isinstance(told, dict) else None
    if code == 429:
        return Throttled("429", float(wait) if isinstance(wait, int) else seconds(response.headers.get("retry-after")))
    plain = status_error(int(code or 0), None)
    if plain is not None:
        return plain
    if code == 403:
        return OptedOut("403")  # blocked by the person, the account deleted, or they never wrote
    if code in (401, 404):
        return AccountProblem(str(code))  # the token is wrong or was replaced
    return Rejected("400") if code == 400 else Unknown(str(code))
