"""The only shapes that cross a border between the outside world, the gateway and the store."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Kind = Literal["text", "media", "location", "button", "other"]
Status = Literal["queued", "sent", "delivered", "read", "failed"]
Medium = Literal["sms", "whatsapp", "telegram", "web"]
"""Which wording fits."""
OptOut = Literal["stop", "start", "help"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Hook:
    """One request from outside, as bytes: what `verify` and `parse` of a channel get."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    """Names in lower case."""
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Inbound:
    """Something that a person sent."""

    channel: str
    address: str
    """The person's address at the provider (a phone number, a chat id). Never leaves the gateway."""
    alias: str | None = None
    """Another address of the same person, which the provider tells in the same request."""
    sender: str
    """Our own address that was written to, and from which we answer."""
    provider_id: str
    text: str = ""
    kind: Kind = "text"
    button: str | None = None
    """Opaque id of a button that we issued."""
    sent_at: datetime | None = None
    opt_out: OptOut | None = None
    """The provider understood an opt-out word and has answered it already."""
    language: str | None = None
    """What the provider or the page believes that the person reads. A first guess, no more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What the provider says of a message that we sent."""

    channel: str
    provider_id: str
    status: Status
    error: str | None = None
    reference: str | None = None
    """Our id of the message, where the provider gives it back."""
    opted_out: bool = False
    """It failed because the person wants nothing more from us."""
    retryable: bool = False
    """It failed for a reason that may pass, such as a phone that is off."""
    alias: str | None = None
    """An id of the person whom it reached, where the provider tells one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Button:
    """A choice under a message. `id` is opaque and comes back when it is pressed."""

    id: str
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Outbound:
    """Something to be sent to a person."""

    reference: str
    """Our id of the message."""
    channel: str
    address: str
    sender: str
    text: str
    buttons: tuple[Button, ...] = ()
    language: str = "en"
    """The person's language, for templates."""
    silence: float = 0.0
    """Seconds since the person wrote last: some providers take free words for a day only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Say:
    """One thing to say: a response key and its arguments, not yet in words.

    `buttons` are (title key, payload). `text` is set only for words that are final already, such as a counsellor's.
    """

    key: str
    arguments: dict[str, object]
    buttons: tuple[tuple[str, str], ...] = ()
    text: str | None = None
