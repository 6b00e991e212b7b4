"""A WhatsApp Cloud API on loopback: signs and posts as Meta documents it, and refuses what Meta refuses.

https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/overview (the signature)
https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/messages (what is posted)
https://developers.facebook.com/documentation/business-messaging/whatsapp/messages/send-messages (what is taken)
"""

import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any

from tests.fakes.provider import Answer, Provider, Sent, Signed

PHONE_NUMBER_ID = "100200300400500"
APP_SECRET = "0123456789abcdef0123456789abcdef"
ACCESS_TOKEN = "EAAtokenOfTheTestsOnly"
VERIFY_TOKEN = "verify-token-of-the-tests"
VERSION = "v24.0"


def sign(body: bytes, secret: str = APP_SECRET) -> str:
    """Sign as documented: SHA-256 over the payload with the app secret as key, after the word sha256 and a sign."""
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def escaped(payload: Any) -> bytes:
    """Return JSON as Meta writes it: letters outside ASCII escaped in lower case, and slashes too."""
    return json.dumps(payload).replace("/", "\\/").encode()


def message(text: str, /, *, sender: str = "15005550001", identifier: str = "wamid.A", at: int = 1790000000,
            **more: Any) -> dict[str, Any]:  # fmt: skip
    """Return one message of a webhook. `more` adds or replaces parts; None removes one."""
    base = {"from": sender, "id": identifier, "timestamp": str(at), "type": "text", "text": {"body": text}} | more
    return {name: part for name, part in base.items() if part is not None}


def value(*messages: Mapping[str, Any], statuses: tuple[Mapping[str, Any], ...] = (), **more: Any) -> dict[str, Any]:
    """Return the value of one change."""
    found: dict[str, Any] = {
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": "15005550006", "phone_number_id": PHONE_NUMBER_ID},
    }
    if messages:
        found |= {"contacts": [{"profile": {"name": "Somebody"}, "wa_id": messages[0].get("from", "")}]}
        found["messages"] = list(messages)
    if statuses:
        found["statuses"] = list(statuses)
    return found | more


def webhook(*values: Mapping[str, Any], field: str = "messages") -> dict[str, Any]:
    """Return a whole webhook, one entry for each value."""
    entries = [{"id": "200", "changes": [{"field": field, "value": one}]} for one in values]
    return {"object": "whatsapp_business_account", "entry": entries}


class FakeMeta(Provider):
    """Meta, and the person's side of it."""

    channel = "whatsapp_cloud"

    def settings(self) -> dict[str, object]:
        """Return what a gateway needs to know of it."""
        return {
            "whatsapp_phone_number_id": PHONE_NUMBER_ID, "whatsapp_access_token": ACCESS_TOKEN,
            "whatsapp_app_secret": APP_SECRET, "whatsapp_verify_token": VERIFY_TOKEN, "whatsapp_api_url": self.url,
        }  # fmt: skip

    def signed(self, payload: Any) -> Signed:
        """Return a signed request."""
        body = payload if isinstance(payload, bytes) else escaped(payload)
        headers = {"Content-Type": "application/json", "X-Hub-Signature-256": sign(body)}
        return Signed(path="/hooks/whatsapp_cloud", headers=headers, body=body)

    def incoming(self, text: str, *, sender: str = "15005550001", number: int | None = None) -> Signed:
        """Return the request that brings a message."""
        found = message(text, sender=sender, identifier=f"wamid.{number or self.new_number()}")
        return self.signed(webhook(value(found)))

    def status(self, sent: Sent, status: str, code: int | None = None) -> Signed:
        """Return the request that brings a receipt."""
        one: dict[str, Any] = {
            "id": sent.id, "status": status, "timestamp": "1790000001", "recipient_id": sent.to,
            "biz_opaque_callback_data": sent.reference,
        }  # fmt: skip
        if code is not None:
            one["errors"] = [{"code": code, "title": "no", "error_data": {"details": "no"}}]
        return self.signed(webhook(value(statuses=(one,))))

    @staticmethod
    def error(code: int, status: int = 400) -> Answer:
        """Return an error as the Graph API words it."""
        failure = {
            "message": f"(#{code}) refused", "type": "OAuthException", "code": code, "fbtrace_id": "x",
            "error_data": {"messaging_product": "whatsapp", "details": "refused by the fake"},
        }  # fmt: skip
        return status, {}, json.dumps({"error": failure}).encode()

    def throttled(self) -> Answer:
        """Return how it says "slow down"."""
        return self.error(130429)

    def refusal(self, path: str, headers: Mapping[str, str], body: bytes) -> Answer | None:
        if headers.get("authorization") != f"Bearer {ACCESS_TOKEN}":
            return self.error(190, 401)
        if path != f"/{VERSION}/{PHONE_NUMBER_ID}/messages":
            return self.error(33)
        said = json.loads(body)
        if said.get("messaging_product") != "whatsapp" or bool(said.get("to")) == bool(said.get("recipient")):
            return self.error(100)
        return None if _within_limits(said) else self.error(131009)

    def accept(self, path: str, body: bytes) -> Sent:
        said = json.loads(body)
        inside = said[said["type"]]
        action = inside.get("action", {}) if said["type"] == "interactive" else {}
        rows = [row for section in action.get("sections", ()) for row in section["rows"]]
        replies = [button["reply"] for button in action.get("buttons", ())]
        text = inside["body"]["text"] if said["type"] == "interactive" else inside.get("body", "")
        return Sent(
            id=f"wamid.{self.new_number()}", to=said.get("to") or said["recipient"], sender=path.split("/")[2],
            text=text, choices=tuple((one["id"], one["title"]) for one in [*rows, *replies]),
            template=inside["name"] if said["type"] == "template" else "",
            reference=said.get("biz_opaque_callback_data", ""),
        )  # fmt: skip

    def confirmation(self, sent: Sent) -> Answer:
        answer = {
            "messaging_product": "whatsapp", "contacts": [{"input": sent.to, "wa_id": sent.to}],
            "messages": [{"id": sent.id, "message_status": "accepted"}],
        }  # fmt: skip
        return 200, {}, json.dumps(answer).encode()


def _within_limits(said: Mapping[str, Any]) -> bool:
    """Tell whether Meta would take it: https://.../messages/interactive-list-messages and its neighbours."""
    if said["type"] == "template":
        return bool(said["template"]["name"]) and bool(said["template"]["language"]["code"])
    if said["type"] == "text":
        return 0 < len(said["text"]["body"]) <= 4096
    inside = said["interactive"]
    text, action = inside["body"]["text"], inside["action"]
    if inside["type"] == "button":
        titles = [one["reply"]["title"] for one in action["buttons"]]
        ids = [one["reply"]["id"] for one in action["buttons"]]
        return (
            0 < len(text) <= 1024 and 0 < len(titles) <= 3 and len(set(titles)) == len(titles)
            and all(0 < len(one) <= 20 for one in titles) and all(0 < len(one) <= 256 for one in ids)
        )  # fmt: skip
    rows = [row for section in action["sections"] for row in section["rows"]]
    return (
        0 < len(text) <= 4096 and 0 < len(rows) <= 10 and 0 < len(action["button"]) <= 20
        and len({row["id"] for row in rows}) == len(rows)
        and all(0 < len(row["title"]) <= 24 and 0 < len(row["id"]) <= 200 for row in rows)
        and all(len(row.get("description", "")) <= 72 for row in rows)
    )  # fmt: skip
