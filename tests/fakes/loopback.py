"""A small HTTP server on loopback for the fakes, cheap enough that a load test measures the product and not it."""

import asyncio
import socket
import threading
from collections.abc import Callable, Mapping
from http import HTTPStatus

import httptools

Answer = tuple[int, Mapping[str, str], bytes]
Take = Callable[[str, str, Mapping[str, str], bytes], Answer | None]
"""Method, path, headers in lower case, body; None breaks the connection after the request was taken."""

LOOPBACK = {"hosts": ("127.0.0.1",), "private": ("127.0.0.1",)}
"""What a client must be told before it calls a fake."""


class Loopback:
    """Serves from a thread of its own. An answer may be put off without holding up others."""

    def __init__(self, take: Take, latency: Callable[[], float], port: int = 0) -> None:
        self.take = take
        self.latency = latency
        self._socket = socket.create_server(("127.0.0.1", port), backlog=200)
        self.port: int = self._socket.getsockname()[1]
        self.loop = asyncio.new_event_loop()
        self._ready, self._stop = threading.Event(), asyncio.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.open: set[asyncio.Transport] = set()

    def start(self) -> None:
        """Serve from now on."""
        self._thread.start()
        self._ready.wait(10)

    def close(self) -> None:
        """Serve no longer; also for one that never did."""
        if self._thread.is_alive():
            self.loop.call_soon_threadsafe(self._stop.set)
            self._thread.join()
        self._socket.close()
        self.loop.close()

    def _run(self) -> None:
        self.loop.run_until_complete(self._serve())

    async def _serve(self) -> None:
        server = await self.loop.create_server(lambda: _Connection(self), sock=self._socket)
        self._ready.set()
        await self._stop.wait()
        server.close()
        for transport in list(self.open):
            transport.abort()
        await asyncio.sleep(0)


class _Connection(asyncio.Protocol):
    def __init__(self, served: Loopback) -> None:
        self._served = served
        self._parser = httptools.HttpRequestParser(self)
        self._transport: asyncio.Transport | None = None
        self.on_message_begin()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._served.open.add(transport)

    def connection_lost(self, error: Exception | None) -> None:
        if self._transport is not None:
            self._served.open.discard(self._transport)

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    # what the parser calls

    def on_message_begin(self) -> None:
        self._path, self._body = b"", bytearray()
        self._headers: dict[str, str] = {}

    def on_url(self, url: bytes) -> None:
        self._path += url

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers[name.decode().lower()] = value.decode("latin-1")

    def on_body(self, body: bytes) -> None:
        self._body += body

    def on_message_complete(self) -> None:
        request = (self._parser.get_method().decode(), self._path.decode(), self._headers, bytes(self._body))
        self._served.loop.call_later(self._served.latency(), self._answer, *request)

    def _answer(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> None:
        assert self._transport is not None
        answer = self._served.take(method, path, headers, body)
        if answer is None:
            self._transport.close()
            return
        status, said, content = answer
        lines = {"Content-Type": "application/json", **said, "Content-Length": str(len(content))}
        head = [
            f"HTTP/1.1 {status} {HTTPStatus(status).phrase}",
            *(f"{name}: {value}" for name, value in lines.items()),
        ]
        self._transport.write("\r\n".join([*head, "", ""]).encode() + content)
        if not self._parser.should_keep_alive():
            self._transport.close()
