"""Canaries: a number, a name and words go through the whole gateway and are then looked for where they must not be.

Everything is real but Rasa and Twilio, which stand on loopback and remember every byte that they were sent.
"""

import base64
import json
import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import structlog

from channels.app import create_app, real_turns
from core import log
from core.store import Store, cases, open_store
from core.store.cases import Waiting
from core.store.migrate import migrate
from desk.app import create_app as create_desk
from tests.channels.harness import MASTER, compiled, settings_for
from tests.desk.house import House
from tests.fakes.serving import free_socket, serving, url_of
from tests.fakes.twilio import FakeTwilio

NUMBER = "+15005557731"
SECOND = "+15005557732"
Writers = tuple[tuple[str, str], ...]
BOTH: Writers = ((NUMBER, "sms"), (SECOND, "whatsapp"))
NAME = "Quetzalcoatlia"
WORDS = "marmalade"
TALK = (
    f"hello I am {NAME} and I like {WORDS}",
    f"my agent {NAME} took my {WORDS}",
    f"please help me now he is beating me, {NAME} {WORDS}",
    "person",
)


def spellings(number: str) -> list[bytes]:
    """Return the forms in which a number would betray itself."""
    digits = number[1:]
    return [digits.encode(), digits[1:].encode(), base64.b64encode(number.encode()).rstrip(b"=")[:-1]]


NUMBERS = [*spellings(NUMBER), *spellings(SECOND)]
SAID = [canary.encode() for word in (NAME, WORDS) for canary in (word, word.lower())]


def found(canaries: list[bytes], place: bytes) -> list[bytes]:
    return [canary for canary in canaries if canary in place]


class FakeRasa:
    """Answers every turn with a greeting, and remembers the whole request."""

    def __init__(self, *, broken: bool = False) -> None:
        self.asked: list[dict[str, str]] = []
        self.raw = b""
        rasa = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                rasa.raw += f"{self.path}\n{self.headers}".encode() + body
                rasa.asked.append(json.loads(body))
                said = [
                    {
                        "say": "utter_nobody_knows" if broken else "utter_greet",
                        "arguments": {"organisation": "A"},
                        "buttons": [],
                    }
                ]
                answer = json.dumps({"turn_id": rasa.asked[-1]["turn_id"], "status": "ok", "said": said}).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port = self._server.server_port
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    def __enter__(self) -> "FakeRasa":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@dataclass
class Gone:
    """What is left when the gateway has stopped."""

    file: Path
    settings: object
    rasa: FakeRasa
    answers: list[str] = field(default_factory=list)
    provider_answers: list[int] = field(default_factory=list)
    output: str = ""

    def on_disk(self) -> bytes:
        return b"".join(path.read_bytes() for path in sorted(self.file.parent.glob(f"{self.file.name}*")))


def until(happens: Callable[[], bool]) -> None:
    for _ in range(400):
        if happens():
            return
        time.sleep(0.05)
    raise AssertionError("it did not happen within 20 seconds")


@pytest.fixture
def live(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> Iterator[Callable[..., Gone]]:
    """Runs a whole gateway while somebody talks to it, and returns what is left."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level

    def run(talk: tuple[str, ...] = TALK, writers: Writers = BOTH, *, broken: bool = False) -> Gone:
        with ExitStack() as stack:
            rasa = stack.enter_context(FakeRasa(broken=broken))
            bound = stack.enter_context(free_socket())
            url, file = url_of(bound), tmp_path / "gateway.sqlite3"
            store = open_store(f"sqlite:///{file}", MASTER)
            migrate(store.engine)
            store.close()
            twilio = stack.enter_context(FakeTwilio(gateway_url=url))
            settings = settings_for(
                url, f"sqlite:///{file}", twilio.url, rasa_port=rasa.port, spool_path=str(tmp_path / "spool")
            )
            gone = Gone(file, settings, rasa)
            capfd.readouterr()
            log.set_up("channels", strict=True, level=logging.DEBUG)
            app = create_app(settings, locales=compiled(tmp_path / "locales"), make_turns=real_turns)
            stack.enter_context(serving(app, bound))
            for sender, brand in writers:
                for text in talk:
                    before = len(twilio.sent)
                    gone.provider_answers.append(twilio.receive(brand, text, sender=sender).status_code)
                    until(lambda before=before: len(twilio.sent) > before)
            gone.provider_answers.append(twilio.receive("sms", "", sender=NUMBER, NumMedia="x").status_code)
            gone.answers = [one.body for one in twilio.sent]
        gone.output = "".join(capfd.readouterr())
        return gone

    yield run
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def test_what_people_say_and_who_they_are_is_found_nowhere(live: Callable[..., Gone]) -> None:
    gone = live()

    # the talk really went through everything
    assert len(gone.answers) >= 2 * len(TALK)
    assert [turn["text"] for turn in gone.rasa.asked] == [*TALK[:2], *TALK[:2]]
    assert '"turn taken"' in gone.output

    # the log has neither words nor numbers
    output = gone.output.encode()
    assert found(NUMBERS + SAID, output) == []

    # the assistant gets the words, which it must understand, under a pseudonym and without a number
    assert found(NUMBERS, gone.rasa.raw) == []
    assert len({turn["conversation"] for turn in gone.rasa.asked}) == 2

    # the file holds nothing that can be read
    assert b"case opened" in gone.on_disk()
    assert found(NUMBERS + SAID, gone.on_disk()) == []


def test_turns_that_break_say_nothing_in_the_log_either(live: Callable[..., Gone]) -> None:
    gone = live(TALK[:1], BOTH[:1], broken=True)
    assert '"turn broke"' in gone.output
    assert found(NUMBERS + SAID, gone.output.encode()) == []


def test_the_desk_shows_what_was_said_and_never_by_which_number(live: Callable[..., Gone]) -> None:
    gone = live()
    with ExitStack() as stack:
        store = open_store(f"sqlite:///{gone.file}", MASTER)
        stack.callback(store.close)
        bound = stack.enter_context(free_socket())
        settings = settings_for(
            "http://127.0.0.1", f"sqlite:///{gone.file}", "http://127.0.0.1", desk_url=url_of(bound)
        )
        stack.enter_context(serving(create_desk(settings, store=store), bound))
        browser = stack.enter_context(House(url_of(bound), store, settings).member(role="admin"))
        waiting: list[Waiting] = store.read_now(cases.queue)
        assert len(waiting) == 2
        pages = [browser.get(path) for path in ("/", "/team", "/dead", *(f"/cases/{row.case.id}" for row in waiting))]
        browser.submit(f"/cases/{waiting[0].case.id}/take")
        pages.append(browser.get(f"/cases/{waiting[0].case.id}"))

    assert [page.status_code for page in pages] == [200] * len(pages)
    shown = b"".join(page.content + str(page.headers).encode() for page in pages)
    assert NAME.encode() in pages[-1].content
    assert waiting[0].handle.encode() in shown
    assert found(NUMBERS, shown) == []


def test_a_canary_would_be_found(sqlite_store: Store) -> None:
    assert found(NUMBERS, f"to {NUMBER}".encode()) != []
    assert found(NUMBERS, base64.b64encode(NUMBER.encode())) != []
    assert found(SAID, b"...quetzalcoatlia...") != []
    assert sqlite_store.read_now(cases.queue) == []
