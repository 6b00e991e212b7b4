"""WhatsApp over Meta's own Cloud API, without a provider in between.

https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/overview
https://developers.facebook.com/documentation/business-messaging/whatsapp/business-scoped-user-ids
https://developers.facebook.com/documentation/business-messaging/whatsapp/support/error-codes

A person is known by their business-scoped user id where Meta tells one, because who has a user name shows no number.
One number, one id: whoever changes the number is a new person to us, and nobody is ever merged with somebody else.
"""

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

import httpx

from channels.channel import fetch, in_language, read_object, signed, status_error, window_closed
from channels.whatsapp_codes import error_for
from channels.whatsapp_fields import is_scoped, items
from channels.whatsapp_shapes import content
from core.config import Settings, pairs
from core.crypto import same
from core.errors import Ambiguous, Forged, Malformed, SendError, Unknown, WindowClosed
from core.messages import Hook, Inbound, Medium, Outbound, Receipt

NAME = "whatsapp_cloud"
TEXT_LIMIT = 3000
"""Meta takes 4096; the rest is for choices that stand in the text as numbers."""
PREFIX = "sha256="
CHALLENGE_LIMIT = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Business:
    """What Meta knows us by."""

    access_token: str
    app_secrets: tuple[str, ...]
    verify_token: str
    api_url: str
    template: str
    languages: dict[str, str]
    """Our code of a language -> the template's."""
    body_limit: int

    @classmethod
    def from_settings(cls, settings: Settings) -> "Business":
        """Take the account from the settings."""
        return cls(
            access_token=settings.whatsapp_access_token,
            app_secrets=(settings.whatsapp_app_secret, settings.whatsapp_app_secret_previous),
            verify_token=settings.whatsapp_verify_token,
            api_url=f"{settings.whatsapp_api_url.rstrip('/')}/{settings.whatsapp_api_version}",
            template=settings.whatsapp_template, languages=pairs(settings.whatsapp_template_languages),
            body_limit=round(settings.whatsapp_megabytes * 1_000_000),
        )  # fmt: skip


class WhatsAppCloud:
    """Messages and receipts, both at /hooks/whatsapp_cloud."""

    name = NAME
    medium: Medium = "whatsapp"
    text_limit = TEXT_LIMIT
    pressed = True
    open_door = True

    def __init__(self, business: Business, client: httpx.AsyncClient) -> None:
        self._business = business
        self._client = client
        self.body_limit = business.body_limit

    def greet(self, hook: Hook) -> str:
        """Answer Meta's one question when the webhook is set: the challenge, if it knows our token."""
        try:
            asked = {name: values[0] for name, values in parse_qs(hook.query, max_num_fields=20).items()}
        except ValueError:
            raise Forged from None
        challenge = asked.get("hub.challenge", "")
        known = same(asked.get("hub.verify_token", ""), self._business.verify_token)
        if asked.get("hub.mode") != "subscribe" or not known or not _plain(challenge):
            raise Forged
        return challenge

    def verify(self, hook: Hook) -> None:
        """Check the signature over the raw bytes: Meta escapes letters, so decoding first would change them."""
        signature = hook.headers.get("x-hub-signature-256", "")
        good = signed(self._business.app_secrets, hook.body, signature.removeprefix(PREFIX))
        if not good or not signature.startswith(PREFIX):
            raise Forged

    def parse(self, hook: Hook) -> list[Inbound | Receipt]:
        """Return all messages and receipts of a request, oldest first. One that makes no sense spoils no other."""
        body = read_object(hook.body)
        if body.get("object") != "whatsapp_business_account" or not isinstance(body.get("entry"), list):
            raise Malformed("object")
        return items(NAME, body["entry"])

    async def send(self, message: Outbound) -> str:
        """Send text, with buttons or a list where they fit. Outside the window only a knock at the door goes out."""
        if not window_closed(message):
            try:
                return await self._post(message, content(message) | {"biz_opaque_callback_data": message.reference})
            except WindowClosed:
                pass  # Meta's clock differs from ours
        await self._knock(message)
        raise WindowClosed("template sent" if self._business.template else "window closed")

    async def _knock(self, message: Outbound) -> None:
        """Say in approved words that there is something to read. It carries no reference: it is not the message."""
        language = in_language(self._business.languages, message.language)
        if self._business.template and language:
            template = {"name": self._business.template, "language": {"code": language}}
            await self._post(message, {"type": "template", "template": template})

    async def _post(self, message: Outbound, what: dict[str, Any]) -> str:
        to = {"recipient": message.address} if is_scoped(message.address) else {"to": message.address.lstrip("+")}
        request = self._client.build_request(
            "POST", f"{self._business.api_url}/{message.sender}/messages",
            json={"messaging_product": "whatsapp", "recipient_type": "individual", **to, **what},
            headers={"Authorization": f"Bearer {self._business.access_token}"},
        )  # fmt: skip
        response = await fetch(self._client, request)
        answer = _read(response)
        if response.is_success:
            return _identifier(answer)
        raise _refusal(response, answer)


def _plain(challenge: str) -> bool:
    return challenge.isascii() and challenge.isalnum() and len(challenge) <= CHALLENGE_LIMIT


def _read(response: httpx.Response) -> dict[str, Any]:
    try:
        answer = json.loads(response.content)
    except (ValueError, RecursionError):
        return {}
    return answer if isinstance(answer, dict) else {}


def _identifier(answer: dict[str, Any]) -> str:
    try:
        found = answer["messages"][0]["id"]
    except (KeyError, IndexError, TypeError):
        found = None
    if not isinstance(found, str) or not found:
        raise Ambiguous("answer not understood")  # accepted, in words that are not Meta's
    return found


def _refusal(response: httpx.Response, answer: dict[str, Any]) -> SendError:
    """Prefer Meta's code: the same HTTP status means many things."""
    failure = answer.get("error")
    code = failure.get("code") if isinstance(failure, dict) else None
    error = error_for(str(code)) if isinstance(code, int) else Unknown(str(response.status_code))
    plain = status_error(response.status_code, response.headers.get("retry-after"))
    return plain if plain and isinstance(error, Unknown) else error
