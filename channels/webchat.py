"""The web chat as a channel: whoever holds the token of a talk is the person; messages are read from the store.

A token carries its own keyed tag, so that `verify` needs no store; whether the talk is still open is for the intake.
"""

import json
import re
from collections.abc import Callable
from typing import Any

from channels.channel import text_of
from core.crypto import Vault, new_secret, same
from core.errors import Forged, Malformed, Rejected
from core.messages import Hook, Inbound, Kind, Medium, Outbound, Receipt

TEXT_LIMIT = 8000
NAME = "web"
_ID = re.compile(r"[A-Za-z0-9-]{16,64}")
_BUTTON = re.compile(r"[0-9a-f]{32}")


class Webchat:
    """The page's door, at /web."""

    name = NAME
    medium: Medium = "web"
    text_limit = TEXT_LIMIT
    pressed = True
    open_door = True
    """To who bears a token of ours. Nothing is stored before the first word."""

    def __init__(self, vault: Vault, hint: Callable[[str], None]) -> None:
        self._vault = vault
        self._hint = hint

    def new_token(self) -> str:
        """Make the token of a new talk."""
        secret = new_secret()
        return f"{secret}.{self._tag(secret)}"

    def _tag(self, secret: str) -> str:
        return self._vault.tag("web token", secret)[:32]

    def token(self, hook: Hook) -> str:
        """Return the token that a request bears. Raise Forged unless we made it."""
        scheme, _, token = hook.headers.get("authorization", "").partition(" ")
        secret, _, tag = token.strip().partition(".")
        if scheme.lower() != "bearer" or not token.isascii() or not same(tag, self._tag(secret)):
            raise Forged
        return token.strip()

    def verify(self, hook: Hook) -> None:
        """Check the token."""
        self.token(hook)

    def parse(self, hook: Hook) -> list[Inbound | Receipt]:
        """Return the one message: {id, text} or {id, button, text}, with an id that the page made."""
        token = self.token(hook)
        try:
            said = json.loads(hook.body)
        except (ValueError, RecursionError) as error:
            raise Malformed("json") from error
        identifier, text, button, language = _fields(said)
        # ids are made by pages, so two talks may have the same
        provider_id = f"{self._vault.tag('web message', token)[:16]}.{identifier}"
        kind: Kind = "button" if button else ("text" if text.strip() else "other")
        return [
            Inbound(
                channel=NAME, address=token, sender=NAME, provider_id=provider_id, text=text, button=button,
                kind=kind, language=language,
            )
        ]  # fmt: skip

    async def send(self, message: Outbound) -> str:
        """Say that there is something to read; the stream takes it from the store."""
        if not message.address:
            raise Rejected("talk ended")
        self._hint(message.address)
        return message.reference


def _fields(said: Any) -> tuple[str, str, str | None, str | None]:
    if not isinstance(said, dict):
        raise Malformed("json")
    identifier, text, button = said.get("id"), said.get("text", ""), said.get("button")
    if not isinstance(identifier, str) or not _ID.fullmatch(identifier) or not isinstance(text, str):
        raise Malformed("fields")
    if button is not None and (not isinstance(button, str) or not _BUTTON.fullmatch(button)):
        raise Malformed("button")
    try:
        text.encode()
    except UnicodeEncodeError as error:  # half of a surrogate pair
        raise Malformed("text") from error
    language = said.get("language")
    return identifier, text, button, text_of(language) or None
