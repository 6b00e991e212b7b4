"""The one way out: only to hosts of our settings, and only to addresses that were looked at (R55).

A name is resolved here, its addresses are checked, and one that passed is the one that is connected to: a name that
leads elsewhere a moment later (DNS rebinding) leads nobody there. The certificate is still checked for the name. Each
host has connections of its own, so that two names at one address never share one.
"""

import asyncio
import socket
import ssl
import time
from collections.abc import Awaitable, Callable, Collection
from functools import cache

import httpx

from core.networks import is_public, is_reachable

RESOLVE_SECONDS = 5.0
REMEMBER_SECONDS = 60.0
"""An address that passed is used for a while, so that connections stay open though a provider shuffles its own."""
MOST_ADDRESSES = 3
Resolve = Callable[[str, int], Awaitable[list[str]]]


async def resolve(host: str, port: int) -> list[str]:
    """Return the addresses of a host, the best first. Raise OSError when there are none."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


@cache
def _certificates() -> ssl.SSLContext:
    """Authorities whose certificates are believed; loading them takes longer than a request."""
    return httpx.create_ssl_context(trust_env=False)


def connections() -> httpx.AsyncBaseTransport:
    """Make the connections to one host."""
    limits = httpx.Limits(max_connections=50, max_keepalive_connections=20)
    return httpx.AsyncHTTPTransport(verify=_certificates(), trust_env=False, limits=limits)


class Outward(httpx.AsyncBaseTransport):
    """Carries requests to the given hosts. `private` names those of them that may be in a network of our own."""

    def __init__(
        self, hosts: Collection[str], private: Collection[str], *, resolve: Resolve = resolve,
        connections: Callable[[], httpx.AsyncBaseTransport] = connections, clock: Callable[[], float] = time.monotonic,
    ) -> None:  # fmt: skip
        self._hosts = frozenset(hosts)
        self._private = frozenset(private)
        self._resolve = resolve
        self._connections = connections
        self._clock = clock
        self._pools: dict[str, httpx.AsyncBaseTransport] = {}
        self._known: dict[str, tuple[float, list[str]]] = {}

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Make a request. Raise UnsupportedProtocol for a stranger, ConnectError when no good address answers."""
        host = request.url.host
        if host not in self._hosts:
            raise httpx.UnsupportedProtocol("not a host of our settings")
        failure: httpx.TransportError = httpx.ConnectError("no address that may be called")
        for address in await self._addresses(request.url):
            try:
                return await self._pool(host).handle_async_request(_at(request, address))
            except (httpx.ConnectError, httpx.ConnectTimeout) as error:  # nothing was written yet
                failure = error
                self._known.pop(host, None)
        raise failure

    async def _addresses(self, url: httpx.URL) -> list[str]:
        """Return the addresses of a host that may be called; there may be none."""
        until, known = self._known.get(url.host, (0.0, []))
        if self._clock() < until:
            return known
        port = url.port or (443 if url.scheme == "https" else 80)
        try:
            async with asyncio.timeout(RESOLVE_SECONDS):
                found = await self._resolve(url.raw_host.decode("ascii"), port)
        except (OSError, TimeoutError) as error:
            raise httpx.ConnectError("the name leads nowhere") from error
        allowed = is_reachable if url.host in self._private else is_public
        good = [address for address in found if allowed(address)][:MOST_ADDRESSES]
        self._known[url.host] = (self._clock() + REMEMBER_SECONDS, good)
        return good

    def _pool(self, host: str) -> httpx.AsyncBaseTransport:
        if host not in self._pools:
            self._pools[host] = self._connections()
        return self._pools[host]

    async def aclose(self) -> None:
        """Close all connections."""
        for pool in self._pools.values():
            await pool.aclose()


def _at(request: httpx.Request, address: str) -> httpx.Request:
    """Return the same request to an address instead of a name; the Host header and the certificate keep the name."""
    return httpx.Request(
        request.method, request.url.copy_with(host=address), headers=request.headers, stream=request.stream,
        extensions={**request.extensions, "sni_hostname": request.url.raw_host.decode("ascii")},
    )  # fmt: skip
