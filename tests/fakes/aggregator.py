"""An SMS aggregator on loopback, as docs/channels/generic-sms.md describes one that can be connected."""

import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlencode

from tests.fakes.provider import Answer, Provider, Sent, Signed

SECRET = "aggregator-key-of-the-tests-only"
TOKEN = "Bearer aggregator-token-of-the-tests"
OUR_NUMBER = "+15005550006"


def sign(body: bytes, stamp: str, secret: str = SECRET) -> str:
    """Sign as the page describes: the time, a dot, the raw body."""
    return hmac.new(secret.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()


class FakeAggregator(Provider):
    """The aggregator, and the person's side of it."""

    channel = "sms_gateway"

    def settings(self) -> dict[str, object]:
        """Return what a gateway needs to know of it."""
        return {
            "sms_gateway_secret": SECRET, "sms_gateway_url": f"{self.url}/v1/send", "sms_gateway_number": OUR_NUMBER,
            "sms_gateway_token": f"Authorization: {TOKEN}",
        }  # fmt: skip

    def signed(self, payload: Any, *, path: str = "/hooks/sms_gateway", form: bool = False) -> Signed:
        """Return a request that is signed now."""
        stamp = str(int(time.time()))
        if isinstance(payload, bytes):
            body = payload
        else:
            body = urlencode(payload).encode() if form else json.dumps(payload, ensure_ascii=False).encode()
        kind = "application/x-www-form-urlencoded" if form else "application/json"
        headers = {"Content-Type": kind, "X-Timestamp": stamp, "X-Signature": sign(body, stamp)}
        return Signed(path=path, headers=headers, body=body)

    def incoming(self, text: str, *, sender: str = "+15005550001", number: int | None = None) -> Signed:
        """Return the request that brings a message."""
        identifier = f"mo-{number or self.new_number()}"
        return self.signed({"id": identifier, "from": sender, "to": OUR_NUMBER, "text": text})

    def status(self, sent: Sent, status: str, error: str = "") -> Signed:
        """Return the request that brings a receipt."""
        receipt = {"id": sent.id, "reference": sent.reference, "status": status, "error": error}
        return self.signed(receipt, path="/hooks/sms_gateway/status")

    def throttled(self) -> Answer:
        """Return how it says "slow down"."""
        return 429, {"Retry-After": "1"}, b"{}"

    def refusal(self, path: str, headers: Mapping[str, str], body: bytes) -> Answer | None:
        if headers.get("authorization") != TOKEN:
            return 401, {}, b'{"error": "unauthorised"}'
        if path != "/v1/send":
            return 404, {}, b""
        said = _fields(body)
        return None if said.get("to") and said.get("text") else (422, {}, b'{"error": "to and text are needed"}')

    def accept(self, path: str, body: bytes) -> Sent:
        said = _fields(body)
        return Sent(
            id=f"mt-{self.new_number()}", to=said["to"], sender=said.get("from", ""), text=said["text"],
            reference=said.get("reference", ""),
        )  # fmt: skip

    def confirmation(self, sent: Sent) -> Answer:
        return 202, {}, json.dumps({"id": sent.id, "status": "ACCEPTED"}).encode()


def _fields(body: bytes) -> dict[str, str]:
    if body.startswith(b"{"):
        found: dict[str, str] = json.loads(body)
        return found
    return dict(parse_qsl(body.decode(), keep_blank_values=True))
