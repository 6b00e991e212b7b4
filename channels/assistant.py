"""The one client of Rasa: loopback, pseudonyms only, every turn marked and its answer checked (R12, R14)."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from channels.breaker import Breaker
from core import faults
from core.errors import TurnFailed
from core.messages import Say
from core.risk import CODES, Danger

LEAST_SECONDS = 1.0
"""With less time left, a failed turn is not tried again."""
LONGEST_TEXT = 2000
"""Characters of a message that are read for understanding; the whole text is stored."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the assistant wants said, and what it understood."""

    says: tuple[Say, ...]
    intent: str | None
    confidence: float
    danger: Danger | None = None


class Assistant:
    """Asks Rasa what to say. Raises TurnFailed for everything that is not a complete answer."""

    def __init__(
        self, url: str, secret: str, seconds: float, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        self._client = httpx.AsyncClient(
            base_url=url,
            headers={"X-Amana-Secret": secret},
            timeout=httpx.Timeout(seconds, connect=1),
            trust_env=False,  # a proxy would read what people write
            transport=transport,
        )
        self._seconds = seconds
        self._breaker = Breaker()
        self.away = False
        """Nobody listens there, so nothing of ours is being worked on."""

    async def turn(
        self, *, turn_id: str, conversation: str, language: str, channel: str,
        text: str | None = None, payload: str | None = None, quiet_at: float | None = None,
    ) -> Answer:  # fmt: skip
        """Take one turn. Exactly one of text and payload is given. The same `turn_id` is answered the same again.

        A turn that fails quickly is asked for once more: what was applied already is not applied twice.
        """
        body: dict[str, Any] = {
            "turn_id": turn_id, "conversation": conversation, "language": language, "channel": channel,
            "quiet_at": quiet_at,
        }  # fmt: skip
        body |= {"payload": payload} if payload is not None else {"text": (text or "")[:LONGEST_TEXT]}
        until = time.monotonic() + self._seconds
        if not self.away:  # to be refused takes no time: nobody waits, and it is met again at once when it is back
            self._breaker.check()
        try:
            return await self._try(body, until)
        except TurnFailed as error:
            if str(error) == "HTTP 400" or until - time.monotonic() < LEAST_SECONDS:
                raise
        return await self._try(body, until)

    async def _try(self, body: Mapping[str, Any], until: float) -> Answer:
        faults.reach("turn.asked")
        answer = _read(await self._post(body, until), str(body["turn_id"]))
        faults.reach("turn.answered")
        return answer

    async def _post(self, body: Mapping[str, Any], until: float) -> httpx.Response:
        try:
            async with asyncio.timeout(until - time.monotonic()):
                response = await self._client.post("/webhooks/gateway/turn", json=body)
        except (httpx.HTTPError, TimeoutError) as error:
            self._breaker.failed()
            self.away = isinstance(error, httpx.ConnectError)
            raise TurnFailed(type(error).__name__) from error
        self.away = False
        # one topic that fails says nothing about the others: only silence and broken answers open the breaker
        if response.status_code == 200:
            self._breaker.succeeded()
        else:
            self._breaker.failed()
        return response

    async def answers(self) -> bool:
        """Tell whether a model is loaded and ready, without opening or closing the breaker."""
        try:
            response = await self._client.get("/webhooks/gateway/health")
        except httpx.HTTPError:
            return False
        return response.status_code == 200 and _is_ready(response)

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


def _is_ready(response: httpx.Response) -> bool:
    try:
        return bool(response.json()["ready"])
    except (ValueError, KeyError, TypeError):
        return False


def _read(response: httpx.Response, turn_id: str) -> Answer:
    if response.status_code != 200:
        raise TurnFailed(f"HTTP {response.status_code}")
    try:
        body = response.json()
        if body["turn_id"] != turn_id:
            raise TurnFailed("answer of another turn")
        if body["status"] not in ("ok", "repeated") or not body["said"]:
            raise TurnFailed(str(body["status"]))
        understood = body.get("understood") or {}
        return Answer(
            says=tuple(_say(row) for row in body["said"]),
            intent=understood.get("intent"),
            confidence=float(understood.get("confidence") or 0),
            danger=_danger(understood.get("danger")),
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise TurnFailed("unreadable answer") from error


def _danger(row: Mapping[str, Any] | None) -> Danger | None:
    """Read what the second line of the danger check found; a code that nobody knows is no answer to rely on."""
    if not row:
        return None
    if row["code"] not in CODES:
        raise TurnFailed("unknown danger")
    return Danger(str(row["code"]), str(row["quote"]))


def _say(row: Mapping[str, Any]) -> Say:
    buttons = tuple((button["title_key"], button["payload"]) for button in row.get("buttons") or ())
    return Say(key=row["say"], arguments=dict(row.get("arguments") or {}), buttons=buttons)
