"""The one client of Rasa: loopback, pseudonyms only, every turn marked and its answer checked (R12, R14)."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from core.errors import TurnFailed
from core.messages import Say

FAILURES_TO_OPEN = 3
REST_SECONDS = 5.0
LONGEST_TEXT = 2000
"""Characters of a message that are read for understanding; the whole text is stored."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the assistant wants said, and what it understood."""

    says: tuple[Say, ...]
    intent: str | None
    confidence: float


class Breaker:
    """Keeps people from waiting for an assistant that is down: open after failures in a row, one probe now and then."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._failures = 0
        self._try_at = 0.0

    def check(self) -> None:
        """Raise TurnFailed while the assistant is taken to be down."""
        now = self._clock()
        if self._failures >= FAILURES_TO_OPEN and now < self._try_at:
            raise TurnFailed("breaker open")
        self._try_at = now + REST_SECONDS

    def succeeded(self) -> None:
        """Note a good answer."""
        self._failures = 0

    def failed(self) -> None:
        """Note a bad one."""
        self._failures += 1
        self._try_at = self._clock() + REST_SECONDS


class Assistant:
    """Asks Rasa what to say. Raises TurnFailed for everything that is not a complete answer."""

    def __init__(
        self, url: str, secret: str, seconds: float, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        self._client = httpx.AsyncClient(
            base_url=url,
            headers={"X-Amana-Secret": secret},
            timeout=httpx.Timeout(seconds, connect=1),
            transport=transport,
        )
        self._breaker = Breaker()

    async def turn(
        self, *, turn_id: str, conversation: str, language: str, channel: str,
        text: str | None = None, payload: str | None = None,
    ) -> Answer:  # fmt: skip
        """Take one turn. Exactly one of text and payload is given. The same `turn_id` is answered the same again."""
        self._breaker.check()
        body: dict[str, Any] = {
            "turn_id": turn_id, "conversation": conversation, "language": language, "channel": channel,
        }  # fmt: skip
        body |= {"payload": payload} if payload is not None else {"text": (text or "")[:LONGEST_TEXT]}
        return _read(await self._post(body))

    async def _post(self, body: Mapping[str, Any]) -> httpx.Response:
        try:
            response = await self._client.post("/webhooks/gateway/turn", json=body)
        except httpx.HTTPError as error:
            self._breaker.failed()
            raise TurnFailed(type(error).__name__) from error
        # one topic that fails says nothing about the others: only silence and broken answers open the breaker
        if response.status_code == 200:
            self._breaker.succeeded()
        else:
            self._breaker.failed()
        return response

    async def forget(self, conversation: str) -> None:
        """Delete what the assistant remembers of a conversation. Raise TurnFailed when that is not certain."""
        try:
            response = await self._client.delete(f"/webhooks/gateway/conversation/{conversation}")
        except httpx.HTTPError as error:
            raise TurnFailed(type(error).__name__) from error
        if response.status_code not in (200, 204, 404):
            raise TurnFailed(f"HTTP {response.status_code}")

    async def close(self) -> None:
        """Close connections."""
        await self._client.aclose()


def _read(response: httpx.Response) -> Answer:
    if response.status_code != 200:
        raise TurnFailed(f"HTTP {response.status_code}")
    try:
        body = response.json()
        if body["status"] not in ("ok", "repeated") or not body["said"]:
            raise TurnFailed(str(body["status"]))
        understood = body.get("understood") or {}
        return Answer(
            says=tuple(_say(row) for row in body["said"]),
            intent=understood.get("intent"),
            confidence=float(understood.get("confidence") or 0),
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise TurnFailed("unreadable answer") from error


def _say(row: Mapping[str, Any]) -> Say:
    buttons = tuple((button["title_key"], button["payload"]) for button in row.get("buttons") or ())
    return Say(key=row["say"], arguments=dict(row.get("arguments") or {}), buttons=buttons)
