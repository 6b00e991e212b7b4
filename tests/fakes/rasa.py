"""An assistant on loopback that answers every turn with what was said, once for each turn, and can misbehave."""

import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self


@dataclass(slots=True, kw_only=True)
class RasaKnobs:
    """How it misbehaves."""

    latency: float = 0.0
    down: bool = False
    """Break the connection before anything is applied."""
    drop_next: int = 0
    """Apply the turn, then break the connection."""
    empty_next: int = 0
    """Apply the turn, and say nothing, as stock Rasa does when something fails."""


@dataclass
class FakeRasa:
    """The gateway connector's side of the wire."""

    knobs: RasaKnobs = field(default_factory=RasaKnobs)
    applied: dict[str, str] = field(default_factory=dict)
    """What was said, by turn."""
    asked: int = 0
    answer: Callable[[str], str] = lambda text: text

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    @property
    def port(self) -> int:
        return int(self._server.server_port)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def take(self, request: dict[str, str]) -> bytes | None:
        """Take a turn; None breaks the connection."""
        time.sleep(self.knobs.latency)
        with self._lock:
            self.asked += 1
            if self.knobs.down:
                return None
            turn = request["turn_id"]
            status = "repeated" if turn in self.applied else "ok"
            self.applied.setdefault(turn, request.get("text", ""))
            if self.knobs.drop_next:
                self.knobs.drop_next -= 1
                return None
            said = [{"say": "utter_echo", "arguments": {"text": self.answer(self.applied[turn])}, "buttons": []}]
            if self.knobs.empty_next:
                self.knobs.empty_next -= 1
                said = []
        return json.dumps({"turn_id": turn, "status": status, "said": said, "understood": {}}).encode()


def _handler(fake: FakeRasa) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            request = json.loads(self.rfile.read(int(self.headers.get("Content-Length", "0"))))
            answer = fake.take(request)
            if answer is None:
                self.close_connection = True
                return
            self.respond(answer)

        def do_GET(self) -> None:
            self.respond(b'{"ready": true}')

        def respond(self, content: bytes) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    return Handler
