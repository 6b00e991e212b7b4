"""What all fake providers share: a server on loopback that records, and that can be slow, broken or rude."""

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Generic, Self

import httpx
from typing_extensions import TypeVar

from tests.fakes.loopback import Answer, Loopback


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A message that the fake accepted from us."""

    id: str
    to: str
    sender: str
    text: str
    choices: tuple[tuple[str, str], ...] = ()
    """What can be pressed: (id, title)."""
    template: str = ""
    reference: str = ""
    at: float = field(default_factory=time.monotonic)


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """A request that a provider makes."""

    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(slots=True, kw_only=True)
class Knobs:
    """How the fake misbehaves. Each `next` counts down."""

    latency: float = 0.0
    fail_next: list[Answer] = field(default_factory=list)
    drop_next: int = 0
    garbage_next: int = 0


One = TypeVar("One", bound=Sent, default=Sent)


class Provider(Generic[One]):
    """The server, and the person's side of it. A subclass says what is signed and what is taken."""

    def __init__(self, *, gateway_url: str, port: int = 0) -> None:
        self.gateway_url = gateway_url.rstrip("/")
        self.sent: list[One] = []
        self.attempts = 0
        self.knobs = Knobs()
        self._count = 0
        self._lock = threading.Condition()
        self._server = Loopback(self.take, lambda: self.knobs.latency, port)
        self._client = httpx.Client(timeout=15, trust_env=False)

    @property
    def url(self) -> str:
        """Where its API is."""
        return f"http://127.0.0.1:{self._server.port}"

    def __enter__(self) -> Self:
        self._server.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close a fake that never served, or serves no longer: it can still sign."""
        self._server.close()
        self._client.close()

    def new_number(self) -> int:
        """Return the next number of this fake; no two fakes of one run have the same."""
        with self._lock:
            self._count += 1
            return time.time_ns() // 1000 * 1000 + self._count

    def post(self, signed: Signed) -> httpx.Response:
        """Hand a request to the gateway."""
        return self._client.post(self.gateway_url + signed.path, content=signed.body, headers=dict(signed.headers))

    def wait_for(self, count: int, seconds: float = 15) -> list[One]:
        """Wait until that many messages were accepted."""
        with self._lock:
            if not self._lock.wait_for(lambda: len(self.sent) >= count, seconds):
                raise TimeoutError(f"{len(self.sent)} messages instead of {count} after {seconds} s")
            return list(self.sent)

    def take(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Answer | None:
        """Answer a request to the API; None breaks the connection after the request was taken."""
        if method == "GET":
            return self.look_up(path, headers)
        with self._lock:
            self.attempts += 1
            refusal = self.refusal(path, headers, body)
            if refusal is not None:
                return refusal
            if self.knobs.fail_next:
                return self.knobs.fail_next.pop(0)
            accepted = self.accept(path, body)
            if not isinstance(accepted, Sent):
                return accepted
            self.sent.append(accepted)
            self._lock.notify_all()
            self.accepted(accepted)
            if self.knobs.drop_next:
                self.knobs.drop_next -= 1
                return None
            if self.knobs.garbage_next:
                self.knobs.garbage_next -= 1
                return 200, {}, b"<html>proxy</html>"
            return self.confirmation(accepted)

    def look_up(self, path: str, headers: Mapping[str, str]) -> Answer:
        """Answer a question."""
        return 404, {}, b""

    def accepted(self, sent: One) -> None:
        """Do what follows an accepted message."""

    def refusal(self, path: str, headers: Mapping[str, str], body: bytes) -> Answer | None:
        """Return why a request is not taken at all, or None."""
        raise NotImplementedError

    def accept(self, path: str, body: bytes) -> One | Answer:
        """Return the message in a request, or another answer."""
        raise NotImplementedError

    def confirmation(self, sent: One) -> Answer:
        """Return the answer to an accepted message."""
        raise NotImplementedError
