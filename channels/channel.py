"""What every channel is, and the one way in which channels talk to the outside.

`verify` and `parse` are pure: bytes and headers in, values out. Only `send` touches the network, through `open_client`
and `fetch`, so that time limits, size limits and the meaning of transport errors are the same everywhere.
"""

import asyncio
import hashlib
import hmac
import json
from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Protocol, runtime_checkable

import httpx

from channels.outward import Outward
from core.crypto import same
from core.errors import Ambiguous, Malformed, SendError, Throttled, Unreachable
from core.messages import Hook, Inbound, Medium, Outbound, Receipt

CONNECT_SECONDS = 5.0
ANSWER_SECONDS = 10.0
WHOLE_SECONDS = 20.0
"""Of a request with its answer: who sends a byte now and then must not hold a worker for ever."""
ANSWER_BYTES = 256 * 1024
"""No provider answers a send with more; a longer answer is not read."""
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
"""Who says that they wrote earlier has a clock that was never set."""
WINDOW_SECONDS = 24 * 3600.0
WINDOW_MARGIN = 300.0
"""A message may still wait for a moment after we looked (R28)."""


class Channel(Protocol):
    """A door to one provider. Its name is also its place: /hooks/<name>."""

    @property
    def name(self) -> str:
        """The name in settings, in the store and in the address."""

    @property
    def medium(self) -> Medium:
        """Which wording fits."""

    @property
    def text_limit(self) -> int:
        """How many characters the provider takes in one message."""

    @property
    def pressed(self) -> bool:
        """Whether choices can be pressed there. Otherwise they stand in the text, as numbers."""

    @property
    def open_door(self) -> bool:
        """Whether a stranger may simply write. Otherwise they must have opened a talk before."""

    def verify(self, hook: Hook) -> None:
        """Raise Forged unless the request is proved to come from the provider."""

    def parse(self, hook: Hook) -> list[Inbound | Receipt]:
        """Return what a verified request says. Raise Malformed when it cannot be understood."""

    async def send(self, message: Outbound) -> str:
        """Hand a message to the provider and return its id there, or raise SendError."""


@runtime_checkable
class Greets(Protocol):
    """A channel whose provider asks with GET, once, whether this address is ours."""

    def greet(self, hook: Hook) -> str:
        """Return what the provider wants to read. Raise Forged when it is somebody else."""


@runtime_checkable
class Bulky(Protocol):
    """A channel whose provider puts many things into one request."""

    @property
    def body_limit(self) -> int:
        """The bytes of its largest request."""


@runtime_checkable
class Acknowledges(Protocol):
    """A channel whose provider wants to read more than that we have its message."""

    def acknowledgement(self, hook: Hook) -> tuple[str, str] | None:
        """Return the type and the words for a request that was taken, or None."""


def open_client(
    transport: httpx.AsyncBaseTransport | None = None, *, hosts: Collection[str] = (), private: Collection[str] = ()
) -> httpx.AsyncClient:
    """Make the client for all outgoing requests of the gateway, which reaches the given hosts only (R55).

    They all stand in the settings: no address that a person or a provider sends us is ever fetched. `private` names
    those of them that may be in a network of our own. Tests may pass a transport, which is then asked instead.
    """
    return httpx.AsyncClient(
        timeout=httpx.Timeout(ANSWER_SECONDS, connect=CONNECT_SECONDS),
        follow_redirects=False,
        trust_env=False,
        transport=transport or Outward(hosts, private),
    )


async def fetch(client: httpx.AsyncClient, request: httpx.Request) -> httpx.Response:
    """Send a request and return the whole answer, whatever its status. Raise Unreachable or Ambiguous without one."""
    try:
        async with asyncio.timeout(WHOLE_SECONDS):
            response = await client.send(request, stream=True)
            try:
                return await _read(response)
            finally:
                await response.aclose()
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol) as error:
        raise Unreachable("no connection") from error
    except (httpx.TransportError, httpx.DecodingError, TimeoutError) as error:
        # the request may have been written, whole, before the connection broke
        raise Ambiguous("connection lost") from error


async def _read(response: httpx.Response) -> httpx.Response:
    body = bytearray()
    async for piece in response.aiter_bytes():
        body += piece
        if len(body) > ANSWER_BYTES:
            raise Ambiguous("answer too long")
    # the body is decoded already
    headers = [(name, value) for name, value in response.headers.multi_items() if name != "content-encoding"]
    return httpx.Response(response.status_code, headers=headers, content=bytes(body), request=response.request)


def status_error(status: int, retry_after: str | None) -> SendError | None:
    """Return what an HTTP status means by itself, or None when the provider's own code decides."""
    if status == 429:
        return Throttled("429", seconds(retry_after))
    if status >= 500:
        return Unreachable(str(status))
    return None


def seconds(retry_after: str | None) -> float | None:
    """Read a Retry-After header in seconds; a date or nonsense counts as absent."""
    text = (retry_after or "").strip()
    return float(text) if text.isascii() and text.isdigit() and len(text) < 7 else None


def signed(secrets: Iterable[str], body: bytes, signature: str) -> bool:
    """Tell whether a signature (HMAC-SHA-256, hex) over bytes was made with one of the secrets that are not empty."""
    made = [hmac.new(secret.encode(), body, hashlib.sha256).hexdigest() for secret in secrets if secret]
    return any([same(signature.lower(), one) for one in made])  # all of them, so that time tells nothing


def read_json(body: bytes) -> Any:
    """Read JSON. Raise Malformed when it is none."""
    try:
        return json.loads(body, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise Malformed("json") from error


def read_object(body: bytes) -> dict[str, Any]:
    """Read a JSON object. Raise Malformed when it is none."""
    values = read_json(body)
    if not isinstance(values, dict):
        raise Malformed("json")
    return values


def _no_number(name: str) -> None:
    raise ValueError(name)


def text_of(value: Any) -> str:
    """Return a text that can be stored, whatever was sent in its place. Half a surrogate pair becomes a mark."""
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else ""


def code_of(value: Any) -> str:
    """Return an error's code as it can be stored in every database, whatever was sent in its place."""
    return "".join(one for one in str(value)[:60] if one.isprintable())


def moment(value: Any) -> datetime | None:
    """Return when something was written, from seconds since 1970, or None for what is no such time (R36).

    A message is never lost because its clock was wrong.
    """
    try:
        found = datetime.fromtimestamp(int(value), UTC)
    except (TypeError, ValueError, OverflowError, OSError):
        return None
    return found if found >= EARLIEST else None


def numbered(message: Outbound) -> str:
    """Return a text with its choices below it, as numbers, for where they cannot be pressed."""
    return "\n".join([message.text, *(f"{place} {one.title}" for place, one in enumerate(message.buttons, start=1))])


def window_closed(message: Outbound) -> bool:
    """Tell whether WhatsApp takes no free words for this person any more."""
    return message.silence > WINDOW_SECONDS - WINDOW_MARGIN


def in_language(choices: Mapping[str, str], language: str) -> str | None:
    """Return what stands for a language, else the first, else None."""
    return choices.get(language) or next(iter(choices.values()), None)
