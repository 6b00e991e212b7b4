"""Twilio SMS and Twilio WhatsApp: one provider, two brands.

https://www.twilio.com/docs/messaging/guides/webhook-request
https://www.twilio.com/docs/usage/webhooks/webhooks-security
https://www.twilio.com/docs/messaging/api/message-resource
https://www.twilio.com/docs/content/send-templates-created-with-the-content-template-builder
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal
from urllib.parse import parse_qs, urlencode, urlsplit, urlunsplit

import httpx
from twilio.base.exceptions import TwilioRestException, TwilioServiceException
from twilio.http import AsyncHttpClient
from twilio.http.response import Response
from twilio.request_validator import RequestValidator
from twilio.rest import Client

from channels.channel import code_of, fetch, in_language, status_error, window_closed
from channels.twilio_codes import error_for, passes
from channels.twilio_fields import (
    FIELD_LIMIT,
    INCOMING,
    OPT_OUTS,
    STATUSES,
    Fields,
    identifier,
    is_json,
    kind,
    read_form,
    read_json,
)
from channels.twilio_list import inbound_of, listed
from core.config import Settings, pairs
from core.errors import Ambiguous, Forged, Malformed, OptedOut, WindowClosed
from core.messages import Hook, Inbound, Outbound, Receipt, Status
from core.people import SCOPED

TEXT_LIMIT = 1600
ADDRESS_LIMIT = 100
PREFIX = "whatsapp:"

Brand = Literal["sms", "whatsapp"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """What Twilio knows us by."""

    sid: str
    token: str
    api_url: str
    public_url: str
    token_previous: str = ""
    service: str = ""
    """A Messaging Service; our number must be one of its senders."""
    templates: Mapping[str, str] = field(default_factory=dict)
    """Language -> approved template, for WhatsApp after 24 hours."""
    variables: str = ""

    @classmethod
    def from_settings(cls, settings: Settings) -> "Account":
        """Take the account from the settings."""
        return cls(
            sid=settings.twilio_account_sid, token=settings.twilio_auth_token,
            api_url=settings.twilio_api_url, public_url=settings.public_url.rstrip("/"),
            token_previous=settings.twilio_auth_token_previous, service=settings.twilio_messaging_service_sid,
            templates=pairs(settings.twilio_templates), variables=settings.twilio_template_variables,
        )  # fmt: skip


class Twilio:
    """One brand: SMS at /hooks/sms, WhatsApp at /hooks/whatsapp, receipts at /hooks/<name>/status."""

    text_limit = TEXT_LIMIT
    pressed = False
    open_door = True

    def __init__(self, brand: Brand, account: Account, client: httpx.AsyncClient) -> None:
        self.name: str = brand
        self.medium: Brand = brand
        self._prefix = PREFIX if brand == "whatsapp" else ""
        self._account = account
        tokens = [token for token in (account.token, account.token_previous) if token]
        self._validators = [RequestValidator(token) for token in tokens]
        rest = Client(
            account.sid,
            account.token,
            http_client=Outgoing(client, account.api_url),
            environment={"TWILIO_EDGE": ""},  # otherwise the library reads os.environ
        )
        self._messages = rest.messages  # now, because the library imports much on first use

    def verify(self, hook: Hook) -> None:
        """Check the signature over the public URL of our own settings, never over what the request calls us."""
        signature = hook.headers.get("x-twilio-signature", "")
        url = f"{self._account.public_url}{hook.path}" + (f"?{hook.query}" if hook.query else "")
        body = self._signed(hook)
        if not signature.isascii() or not any([one.validate(url, body, signature) for one in self._validators]):
            raise Forged

    def _signed(self, hook: Hook) -> Fields | str:
        try:
            if not is_json(hook):
                return read_form(hook.body)
            if "bodySHA256" in parse_qs(hook.query, max_num_fields=FIELD_LIMIT):
                return hook.body.decode()
        except (ValueError, Malformed):
            raise Forged from None
        raise Forged  # a JSON body that no signature covers

    def parse(self, hook: Hook) -> list[Inbound | Receipt]:
        """Return the one message or the one receipt of a request."""
        fields = read_json(hook.body) if is_json(hook) else read_form(hook.body)
        told = fields.one("MessageStatus", "SmsStatus").lower()
        if told in STATUSES:  # wherever the console was told to send it
            reference = parse_qs(hook.query).get("ref", [""])[0]
            return [self._receipt(fields, STATUSES[told], reference if reference.isalnum() else None)]
        if hook.path.endswith("/status") and told not in INCOMING:
            raise Malformed("status")
        return [self._inbound(fields)]

    def _receipt(self, fields: Fields, status: Status, reference: str | None) -> Receipt:
        code = code_of(fields.one("ErrorCode")) if status == "failed" else ""
        return Receipt(
            channel=self.name, provider_id=identifier(fields), status=status, reference=reference,
            error=code or None, opted_out=isinstance(error_for(code), OptedOut), retryable=passes(code),
        )  # fmt: skip

    def _inbound(self, fields: Fields) -> Inbound:
        button = fields.one("ButtonPayload", "ListId")
        text = fields.one("Body", "ButtonText", "ListTitle")
        address, ours = self._address(fields.one("From")), self._address(fields.one("To"))
        return Inbound(
            channel=self.name, address=address, alias=self._alias(fields, address), sender=ours,
            provider_id=identifier(fields), text=text, kind=kind(fields, text, button), button=button or None,
            opt_out=OPT_OUTS.get(fields.one("OptOutType").strip().upper()),
        )  # fmt: skip

    def _alias(self, fields: Fields, address: str) -> str | None:
        """Return the business-scoped id that WhatsApp tells beside a number."""
        told = fields.one("ExternalUserId").removeprefix(self._prefix)
        return told if self._prefix and told != address and SCOPED.fullmatch(told) else None

    def _address(self, address: str) -> str:
        bare = address.removeprefix(self._prefix)
        wrong_door = not address.startswith(self._prefix) or (not self._prefix and ":" in bare)
        if wrong_door or not bare or not bare.isprintable() or len(bare) > ADDRESS_LIMIT:
            raise Malformed("address")
        return bare

    async def send(self, message: Outbound) -> str:
        """Send the text; a menu is in it as a numbered list already. After WhatsApp's window only a knock goes out."""
        if self.name != "whatsapp" or not window_closed(message):
            callback = f"{self._account.public_url}/hooks/{self.name}/status?{urlencode({'ref': message.reference})}"
            try:
                return await self._create(message, body=message.text, status_callback=callback)
            except WindowClosed:
                pass  # Twilio's clock differs from ours
        template = in_language(self._account.templates, message.language)
        if template:
            # no callback: a receipt for it is no receipt for the message
            variables = {"content_variables": self._account.variables} if self._account.variables else {}
            await self._create(message, content_sid=template, **variables)
        raise WindowClosed("template sent" if template else "window closed")

    async def _create(self, message: Outbound, **what: str) -> str:
        if self._account.service and self.name == "sms":
            what["messaging_service_sid"] = self._account.service
        try:
            made = await self._messages.create_async(
                to=self._prefix + message.address, from_=self._prefix + message.sender, **what
            )
        except (TwilioRestException, TwilioServiceException) as error:
            raise error_for(str(error.code or error.status)) from None
        except (ValueError, TypeError, KeyError, AttributeError):
            made = None  # accepted, in words that are not Twilio's
        if made is None or not made.sid:
            raise Ambiguous("answer not understood")
        return str(made.sid)

    async def sent(self, message: Outbound, since: datetime) -> list[str]:
        """Return Twilio's ids of the messages with this text to this address since then, oldest first."""
        found = await listed(self._messages, since, to=self._prefix + message.address)
        return [str(one.sid) for one in found if one.body == message.text]

    async def received(self, since: datetime) -> list[Inbound]:
        """Return what people wrote to us since then, oldest first, as the webhook would have told it."""
        every = (inbound_of(self.name, self._prefix, one) for one in await listed(self._messages, since))
        return [one for one in every if one is not None]


class Outgoing(AsyncHttpClient):  # type: ignore[misc]  # the library has no types
    """Carries the library's requests over the gateway's own client, to the configured address, without a log."""

    def __init__(self, client: httpx.AsyncClient, api_url: str) -> None:
        super().__init__(logging.getLogger("twilio"), is_async=True)
        self._client = client
        self._api = urlsplit(api_url)

    async def request(
        self, method: str, uri: str, params: dict[str, Any] | None = None, data: dict[str, Any] | None = None,
        headers: dict[str, str] | None = None, auth: tuple[str, str] | None = None,
        timeout: float | None = None, allow_redirects: bool = False,
    ) -> Response:  # fmt: skip
        """Make one request. Raise SendError when the answer is missing, late or only a status."""
        url = urlunsplit(urlsplit(uri)._replace(scheme=self._api.scheme, netloc=self._api.netloc))
        authorization = httpx.BasicAuth(*auth) if auth else None
        request = self._client.build_request(method, url, params=params, data=data, headers=headers)
        if authorization is not None:
            request = next(authorization.auth_flow(request))
        response = await fetch(self._client, request)
        plain = status_error(response.status_code, response.headers.get("retry-after"))
        if plain is not None:
            raise plain
        return Response(response.status_code, response.text, response.headers)
