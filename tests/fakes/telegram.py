"""A Bot API on loopback: shows the secret as Telegram does, and refuses what Telegram refuses.

https://core.telegram.org/bots/api
"""

import json
from collections.abc import Mapping
from typing import Any

from tests.fakes.provider import Answer, Provider, Sent, Signed

BOT_TOKEN = "110201543:AAtokenOfTheTestsOnly"
SECRET = "secret-of-the-tests-only"


def private(chat: int = 5550001) -> dict[str, Any]:
    """Return a private chat."""
    return {"id": chat, "type": "private", "first_name": "Somebody"}


def message(text: str | None, *, chat: int = 5550001, **more: Any) -> dict[str, Any]:
    """Return a message. `more` adds or replaces parts."""
    found: dict[str, Any] = {
        "message_id": 7, "date": 1790000000, "chat": private(chat),
        "from": {"id": chat, "is_bot": False, "first_name": "Somebody", "language_code": "ne"},
    }  # fmt: skip
    return found | ({} if text is None else {"text": text}) | more


class FakeTelegram(Provider):
    """Telegram, and the person's side of it."""

    channel = "telegram"

    def settings(self) -> dict[str, object]:
        """Return what a gateway needs to know of it."""
        return {"telegram_bot_token": BOT_TOKEN, "telegram_secret": SECRET, "telegram_api_url": self.url}

    def signed(self, payload: Any) -> Signed:
        """Return a request with the secret."""
        body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        headers = {"Content-Type": "application/json", "X-Telegram-Bot-Api-Secret-Token": SECRET}
        return Signed(path="/hooks/telegram", headers=headers, body=body)

    def incoming(self, text: str, *, sender: str = "5550001", number: int | None = None) -> Signed:
        """Return the request that brings a message."""
        return self.signed(self.update(message=message(text, chat=int(sender)), number=number))

    def update(self, *, number: int | None = None, **what: Any) -> dict[str, Any]:
        """Return an update."""
        return {"update_id": number or self.new_number() % 2**50, **what}

    def press(self, sent: Sent, choice: int) -> Signed:
        """Return the request that tells that a button was pressed."""
        rows = [[{"text": title, "callback_data": data}] for data, title in sent.choices]
        below = message(sent.text, chat=int(sent.to), reply_markup={"inline_keyboard": rows})
        query = {"id": "4382bfdwdsb323b2d9", "from": below["from"], "message": below, "data": sent.choices[choice][0]}
        return self.signed(self.update(callback_query=query))

    @staticmethod
    def error(status: int, description: str, **parameters: int) -> Answer:
        """Return an error as the Bot API words it."""
        body: dict[str, Any] = {"ok": False, "error_code": status, "description": description}
        return status, {}, json.dumps(body | ({"parameters": parameters} if parameters else {})).encode()

    def throttled(self) -> Answer:
        """Return how it says "slow down"."""
        return self.error(429, "Too Many Requests: retry after 1", retry_after=1)

    def refusal(self, path: str, headers: Mapping[str, str], body: bytes) -> Answer | None:
        if path != f"/bot{BOT_TOKEN}/sendMessage":
            return self.error(404, "Not Found")
        said = json.loads(body)
        if not said.get("text"):
            return self.error(400, "Bad Request: message text is empty")
        if len(said["text"].encode("utf-16-le")) // 2 > 4096:
            return self.error(400, "Bad Request: message is too long")
        data = [one["callback_data"] for row in _rows(said) for one in row]
        if not all(0 < len(one.encode()) <= 64 for one in data):
            return self.error(400, "Bad Request: BUTTON_DATA_INVALID")
        return None

    def accept(self, path: str, body: bytes) -> Sent:
        said = json.loads(body)
        choices = tuple((one["callback_data"], one["text"]) for row in _rows(said) for one in row)
        return Sent(
            id=str(self.new_number() % 2**31), to=str(said["chat_id"]), sender="bot", text=said["text"], choices=choices
        )

    def confirmation(self, sent: Sent) -> Answer:
        result = {"message_id": int(sent.id), "date": 1790000000, "chat": private(int(sent.to)), "text": sent.text}
        return 200, {}, json.dumps({"ok": True, "result": result}).encode()


def _rows(said: Mapping[str, Any]) -> list[list[dict[str, str]]]:
    found: list[list[dict[str, str]]] = said.get("reply_markup", {}).get("inline_keyboard", [])
    return found
