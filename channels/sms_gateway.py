"""SMS over any gateway that speaks HTTP: what its fields are called stands in the settings, no code is needed.

docs/channels/generic-sms.md explains it with an example. A request must be signed: HMAC-SHA-256 with a shared key over
the time in a header, a dot and the raw body, as several providers do. Who repeats an old request is refused by the
time; who repeats a fresh one is stopped by the id.
"""

import base64
import binascii
import json
import re
from collections.abc import Callable, Mapping
from typing import Any

import httpx

from channels.channel import code_of, fetch, read_json, signed, status_error, text_of
from channels.sms_gateway_fields import Form, at_path, is_json, nested, read_form
from core.config import Settings, pairs
from core.errors import AccountProblem, Ambiguous, Forged, Malformed, Rejected, SendError, Unknown
from core.messages import Hook, Inbound, Medium, Outbound, Receipt, Status

NAME = "sms_gateway"
TEXT_LIMIT = 1530
REPLAY_SECONDS = 300.0
LONGEST_SIGNATURE = 200
ADDRESS_LIMIT = 100
STATUSES: Mapping[str, Status] = {
    "queued": "queued", "accepted": "queued", "acceptd": "sent", "enroute": "sent", "submitted": "sent", "sent": "sent",
    "delivered": "delivered", "delivrd": "delivered", "read": "read", "failed": "failed", "undelivered": "failed",
    "undeliv": "failed", "undeliverable": "failed", "expired": "failed", "rejected": "failed", "rejectd": "failed",
    "deleted": "failed",
}  # fmt: skip
"""Words that many gateways use, some of them from SMPP. The settings add others."""
FAILURES: Mapping[int, type[SendError]] = {
    400: Rejected, 422: Rejected, 401: AccountProblem, 402: AccountProblem, 403: AccountProblem, 404: AccountProblem,
}  # fmt: skip
NO_ID = "-"
PLACE = re.compile(r"\{(to|digits|from|text|reference)\}")
INTERNATIONAL = re.compile(r"(?:00)?([1-9][0-9]{6,14})")


class SmsGateway:
    """Messages at /hooks/sms_gateway, receipts at /hooks/sms_gateway/status."""

    name = NAME
    medium: Medium = "sms"
    text_limit = TEXT_LIMIT
    pressed = False
    open_door = True

    def __init__(self, settings: Settings, client: httpx.AsyncClient, clock: Callable[[], float]) -> None:
        self._settings = settings
        self._client = client
        self._clock = clock
        self._incoming = pairs(settings.sms_gateway_incoming)
        self._receipt = pairs(settings.sms_gateway_receipt)
        self._outgoing = pairs(settings.sms_gateway_outgoing)
        told = {theirs.lower(): ours for theirs, ours in pairs(settings.sms_gateway_statuses).items()}
        self._statuses: Mapping[str, str] = {**STATUSES, **told}

    def verify(self, hook: Hook) -> None:
        """Check that the body was signed with our key, and lately."""
        stamp = hook.headers.get(self._settings.sms_gateway_timestamp_header.lower(), "").strip()
        shown = hook.headers.get(self._settings.sms_gateway_signature_header.lower(), "").strip()
        secrets = (self._settings.sms_gateway_secret, self._settings.sms_gateway_secret_previous)
        if not self._is_fresh(stamp) or not signed(secrets, stamp.encode() + b"." + hook.body, _hex(shown)):
            raise Forged

    def _is_fresh(self, stamp: str) -> bool:
        if not stamp.isascii() or not stamp.isdigit() or len(stamp) > 13:
            return False
        at = int(stamp) / (1000 if len(stamp) == 13 else 1)
        return abs(self._clock() - at) <= REPLAY_SECONDS

    def parse(self, hook: Hook) -> list[Inbound | Receipt]:
        """Return the messages or receipts of a request. One that makes no sense spoils no other."""
        read = self._read_receipt if hook.path.endswith("/status") else self._read_message
        found: list[Inbound | Receipt] = []
        broken = 0
        for one in self._items(hook):
            try:
                found.append(read(one))
            except Malformed:
                broken += 1
        if broken and not found:
            raise Malformed("fields")
        return found

    def _items(self, hook: Hook) -> list[Any]:
        if not is_json(hook):
            return [read_form(hook.body)]
        body = read_json(hook.body)
        if not self._settings.sms_gateway_list:
            return body if isinstance(body, list) else [body]
        items = at_path(body, self._settings.sms_gateway_list)
        if not isinstance(items, list):
            raise Malformed("list")
        return items

    def _read_message(self, one: dict[str, Any] | Form) -> Inbound:
        def part(name: str) -> str:
            return _plain(at_path(one, self._incoming.get(name, "")))

        text = part("text")
        return Inbound(
            channel=NAME, address=self._number(part("from")),
            sender=_address(part("to") or self._settings.sms_gateway_number), provider_id=_identifier(part("id")),
            text=text, kind="text" if text.strip() else "other",
        )  # fmt: skip

    def _number(self, found: str) -> str:
        """Return the person's number, with a plus where the gateway is known to leave it out.

        Without being told, a number stays as it is: a plus before a national number would make it one of another
        country, and the person would be told that country's emergency numbers.
        """
        bare = _address(found)
        number = INTERNATIONAL.fullmatch(bare) if self._settings.sms_gateway_international else None
        return f"+{number[1]}" if number else bare

    def _read_receipt(self, one: dict[str, Any] | Form) -> Receipt:
        def part(name: str) -> str:
            return _plain(at_path(one, self._receipt.get(name, "")))

        status = self._statuses.get(part("status").lower())
        if status is None:
            raise Malformed("status")
        reference = part("reference")
        return Receipt(
            channel=NAME, provider_id=_identifier(part("id") or reference), status=status,  # type: ignore[arg-type]
            reference=reference if reference.isalnum() else None,
            error=(code_of(part("error")) or None) if status == "failed" else None,
        )  # fmt: skip

    def acknowledgement(self, hook: Hook) -> tuple[str, str] | None:
        """Return the words that the gateway wants to read."""
        words = self._settings.sms_gateway_acknowledgement
        return ("text/plain; charset=utf-8", words) if words else None

    async def send(self, message: Outbound) -> str:
        """Send the text; a menu is in it as numbers already."""
        values = {
            "to": message.address, "digits": message.address.lstrip("+"), "from": message.sender, "text": message.text,
            "reference": message.reference,
        }  # fmt: skip
        # one pass: braces in what somebody wrote stay what they are
        fields = {
            name: PLACE.sub(lambda match: values[match[1]], template) for name, template in self._outgoing.items()
        }
        body: dict[str, Any] = (
            {"data": fields} if self._settings.sms_gateway_format == "form" else {"json": nested(fields)}
        )
        name, _, value = self._settings.sms_gateway_token.partition(":")
        headers = {name: value.strip()} if name else {}
        request = self._client.build_request("POST", self._settings.sms_gateway_url, headers=headers, **body)
        response = await fetch(self._client, request)
        if response.is_success:
            return self._accepted(response, message)
        plain = status_error(response.status_code, response.headers.get("retry-after"))
        raise plain or FAILURES.get(response.status_code, Unknown)(str(response.status_code))

    def _accepted(self, response: httpx.Response, message: Outbound) -> str:
        if self._settings.sms_gateway_answer_id == NO_ID:
            return message.reference
        try:
            found = _plain(at_path(json.loads(response.content), self._settings.sms_gateway_answer_id))
            return _identifier(found)
        except (ValueError, RecursionError, Malformed) as error:
            raise Ambiguous("answer not understood") from error


def _hex(shown: str) -> str:
    """Return a signature as hex, from hex or base64, with or without a name in front ("sha256=", "v1=")."""
    bare = re.sub(r"^[A-Za-z0-9-]{1,12}=(?=.)", "", shown[:LONGEST_SIGNATURE])
    if re.fullmatch(r"[0-9A-Fa-f]{64}", bare):
        return bare
    try:
        return base64.b64decode(bare, validate=True).hex()
    except (binascii.Error, ValueError):
        return ""


def _plain(value: Any) -> str:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else text_of(value)


def _identifier(found: str) -> str:
    if not found or not found.isascii() or not found.isprintable() or len(found) > 200:
        raise Malformed("identifier")
    return found


def _address(found: str) -> str:
    bare = found.strip().replace(" ", "")
    if not bare or not bare.isprintable() or len(bare) > ADDRESS_LIMIT:
        raise Malformed("address")
    return bare
