"""What every channel is, and the one way in which channels talk to the outside.

`verify` and `parse` are pure: bytes and headers in, values out. Only `send` touches the network, through `open_client`
and `fetch`, so that time limits, size limits and the meaning of transport errors are the same everywhere.
"""

from typing import Protocol

import httpx

from core.errors import Ambiguous, SendError, Throttled, Unreachable
from core.messages import Hook, Inbound, Medium, Outbound, Receipt

CONNECT_SECONDS = 5.0
ANSWER_SECONDS = 10.0
ANSWER_BYTES = 256 * 1024
"""No provider answers a send with more; a longer answer is not read."""


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
    def open_door(self) -> bool:
        """Whether a stranger may simply write. Otherwise they must have opened a talk before."""

    def verify(self, hook: Hook) -> None:
        """Raise Forged unless the request is proved to come from the provider."""

    def parse(self, hook: Hook) -> list[Inbound | Receipt]:
        """Return what a verified request says. Raise Malformed when it cannot be understood."""

    async def send(self, message: Outbound) -> str:
        """Hand a message to the provider and return its id there, or raise SendError."""


def open_client(transport: httpx.AsyncBaseTransport | None = None) -> httpx.AsyncClient:
    """Make the client for all outgoing requests of the gateway. Tests pass a transport."""
    return httpx.AsyncClient(
        timeout=httpx.Timeout(ANSWER_SECONDS, connect=CONNECT_SECONDS),
        limits=httpx.Limits(max_connections=50, max_keepalive_connections=20),
        follow_redirects=False,
        trust_env=False,
        transport=transport,
    )


async def fetch(client: httpx.AsyncClient, request: httpx.Request) -> httpx.Response:
    """Send a request and return the whole answer, whatever its status. Raise Unreachable or Ambiguous without one."""
    try:
        response = await client.send(request, stream=True)
        try:
            return await _read(response)
        finally:
            await response.aclose()
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol) as error:
        raise Unreachable("no connection") from error
    except httpx.TransportError as error:
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
