"""What several test files need: a small trained assistant, an action server that does what it is told, a gateway."""

import base64
import json
import os
import threading
import uuid
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import release
from logs import keep_words_out_of_logs

HERE = Path(__file__).resolve().parent
BOT = HERE.parent.parent / "bot"
SECRET = "a secret of at least thirty-two letters"

os.environ.update(
    AMANA_INTERNAL_SECRET=SECRET,
    AMANA_TRACKER_KEY=base64.b64encode(bytes(range(32))).decode(),
    OMP_NUM_THREADS="1",
    TF_CPP_MIN_LOG_LEVEL="3",
    CUDA_VISIBLE_DEVICES="-1",
    RASA_TELEMETRY_ENABLED="false",
)

keep_words_out_of_logs()

Answer = Callable[[dict[str, Any]], Any]


class FakeActions:
    """An action server on loopback: each action is a function from the call to the answer, or an HTTP status."""

    def __init__(self) -> None:
        self.answers: dict[str, Any] = {}
        self.calls: list[dict[str, Any]] = []
        fake = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                call = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                call["secret"] = self.headers.get("X-Amana-Secret")
                fake.calls.append(call)
                status, body = fake.answer(call)
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def answer(self, call: dict[str, Any]) -> "tuple[int, bytes]":
        told = self.answers.get(call["next_action"], {})
        told = told(call) if callable(told) else told
        if isinstance(told, int):
            return told, b""
        return 200, json.dumps({"events": [], "responses": [], **told}).encode()

    def reset(self) -> None:
        self.answers = {
            "action_fees": says(
                "utter_fees_cap",
                amount={"money": 10000, "currency": "NPR"},
                country={"country": "NP"},
                when={"date": "2015-07-06"},
            ),
            "action_offer_topics": says("utter_topics"),
            "action_hand_over": says("utter_person"),
            "action_offer_result": says("utter_result"),
            "validate_check_form": fill_from_countries,
        }
        self.calls.clear()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def says(key: str, **arguments: Any) -> dict[str, Any]:
    """Answer as rasa-sdk does for `dispatcher.utter_message(response=key, **arguments)`."""
    empty = {"text": None, "buttons": [], "elements": [], "custom": {}, "image": None, "attachment": None}
    return {"responses": [{**empty, "template": key, "response": key, **arguments}]}


def fill_from_countries(call: dict[str, Any]) -> dict[str, Any]:
    """Fill the asked slot with the country of the newest message, as the real validation does."""
    tracker = call["tracker"]
    asked = tracker["slots"].get("requested_slot")
    told = [entity["value"] for entity in tracker["latest_message"]["entities"] if entity["entity"] == "country"]
    events = [{"event": "slot", "name": asked, "value": told[0], "timestamp": None}] if asked and told else []
    return {"events": events}


@pytest.fixture(scope="session")
def _fake_actions() -> Iterator[FakeActions]:
    fake = FakeActions()
    os.environ["AMANA_ACTIONS_PORT"] = str(fake.port)
    yield fake
    fake.stop()


@pytest.fixture
def actions(_fake_actions: FakeActions) -> FakeActions:
    """Return the action server with its usual answers."""
    _fake_actions.reset()
    return _fake_actions


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Train the small assistant with the real pipeline, once."""
    from rasa.model_training import train

    folder = tmp_path_factory.mktemp("models")
    os.environ["AMANA_CACHE"] = str(tmp_path_factory.mktemp("cache"))
    project = HERE / "project"
    os.environ["AMANA_DATA"] = str(project / "data")
    result = train(
        domain=str(project / "domain.yml"),
        config=str(BOT / "config.yml"),
        training_files=[str(project / "rules.yml"), str(project / "nlu.yml")],
        output=str(folder),
        fixed_model_name="amana-test",
        force_training=True,
    )
    assert result.code == 0
    release.publish(folder, "amana-test.tar.gz")
    return folder / "amana-test.tar.gz"


@pytest.fixture
def new_id() -> Callable[[], str]:
    """Make ids that no other test uses."""
    return lambda: uuid.uuid4().hex


class Gateway:
    """Asks the assistant as the gateway does, over real HTTP."""

    def __init__(self, app: Any, port: int) -> None:
        self.app, self.port = app, port

    @property
    def agent(self) -> Any:
        return self.app.ctx.agent

    def ask(self, method: str, path: str, body: Any = None, secret: "str | None" = SECRET) -> "tuple[int, Any]":
        import http.client

        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        raw = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json", **({"X-Amana-Secret": secret} if secret else {})}
        connection.request(method, f"/webhooks/gateway{path}", raw, headers)
        response = connection.getresponse()
        content = response.read()
        connection.close()
        return response.status, json.loads(content) if content.startswith(b"{") else content

    def turn(
        self, conversation: str, text: "str | None" = None, payload: "str | None" = None, turn_id: str = "",
        quiet_at: "float | None" = None,
    ) -> Any:  # fmt: skip
        said = {"text": text} if payload is None else {"payload": payload}
        body = {
            "turn_id": turn_id or uuid.uuid4().hex,
            "conversation": conversation,
            "language": "en",
            "channel": "web",
            "quiet_at": quiet_at,
        }
        status, answer = self.ask("POST", "/turn", {**body, **said})
        assert status == 200
        return answer


@pytest.fixture(scope="session")
def _gateway(model: Path, _fake_actions: FakeActions, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    import asyncio
    import socket

    import serve

    os.environ["AMANA_TRACKER_PATH"] = str(tmp_path_factory.mktemp("tracker") / "tracker.sqlite3")
    os.environ["AMANA_TURN_SECONDS"] = "2"
    app = serve.build_app(model)
    door = socket.socket()
    door.bind(("127.0.0.1", 0))
    loop, started = asyncio.new_event_loop(), threading.Event()

    async def start() -> None:
        server = await app.create_server(sock=door, return_asyncio_server=True, access_log=False)
        await server.startup()
        await server.start_serving()
        started.set()

    def run() -> None:
        asyncio.set_event_loop(loop)
        loop.run_until_complete(start())
        loop.run_forever()

    threading.Thread(target=run, daemon=True).start()
    assert started.wait(20)
    yield Gateway(app, door.getsockname()[1])
    loop.call_soon_threadsafe(loop.stop)


@pytest.fixture
def gateway(_gateway: Gateway, actions: FakeActions) -> Iterator[Gateway]:
    """Return the running assistant, with its own agent back after each test."""
    agent = _gateway.app.ctx.agent
    yield _gateway
    _gateway.app.ctx.agent = agent
