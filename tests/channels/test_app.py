"""The app as a whole: health, limits, a start that is refused in one sentence, a stop that loses nothing."""

import gzip
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import httpx
import pytest
from sanic import Request
from sanic.response import HTTPResponse

from channels.app import create_app, main
from channels.http import caller, group
from channels.limits import Buckets
from core.config import from_env
from core.errors import ConfigError
from core.store import jobs
from core.store.database import make_engine
from core.store.migrate import migrate
from tests.channels.harness import Answer, Gateway, Message, Scripted, compiled, echo, gateway, settings_for
from tests.conftest import Clock
from tests.fakes.twilio import FakeTwilio


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Gateway]:
    with gateway(tmp_path) as opened:
        yield opened


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """A gateway for questions that change nothing."""
    with gateway(tmp_path_factory.mktemp("shared")) as opened:
        yield opened


def test_it_is_alive_and_ready(shared: Gateway) -> None:
    assert httpx.get(f"{shared.url}/health/live").status_code == 204
    ready = httpx.get(f"{shared.url}/health/ready")
    parts = ("database", "queues", "turns", "sending", "spool", "disk", "providers")
    assert (ready.status_code, ready.json()) == (200, {**dict.fromkeys(parts, True), "assistant": False})


def test_without_its_tables_it_is_alive_but_not_ready(running: Gateway) -> None:
    running.store.write_now(lambda tx: tx.connection.exec_driver_sql("ALTER TABLE job RENAME TO gone"))
    assert httpx.get(f"{running.url}/health/live").status_code == 204
    ready = httpx.get(f"{running.url}/health/ready")
    assert (ready.status_code, ready.json()["database"]) == (503, False)


def test_after_the_database_came_back_it_answers_what_had_waited(running: Gateway) -> None:
    running.store.write_now(lambda tx: tx.connection.exec_driver_sql("ALTER TABLE job RENAME TO gone"))
    assert running.twilio.receive("sms", "during").status_code == 204
    time.sleep(0.5)  # the workers meet the failure
    running.store.write_now(lambda tx: tx.connection.exec_driver_sql("ALTER TABLE gone RENAME TO job"))
    assert running.twilio.receive("sms", "after").status_code == 204
    assert [one.body for one in running.twilio.wait_for(2)] == ["You said: during", "You said: after"]


def test_several_gateways_live_in_one_process(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    with gateway(tmp_path / "a") as one, gateway(tmp_path / "b") as two:
        one.twilio.receive("sms", "first")
        two.twilio.receive("sms", "second")
        assert [sent.body for sent in one.twilio.wait_for(1)] == ["You said: first"]
        assert [sent.body for sent in two.twilio.wait_for(1)] == ["You said: second"]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/hooks/sms", 405), ("GET", "/nowhere", 404), ("POST", "/hooks/telegram", 404),
        ("PUT", "/web/say", 405),
        ("GET", "/web/../core/config.py", 404), ("GET", "/web/%2e%2e/app.py", 404),
    ],
)  # fmt: skip
def test_what_is_not_there_is_answered_without_words(shared: Gateway, method: str, path: str, status: int) -> None:
    answer = httpx.request(method, shared.url + path)
    assert (answer.status_code, answer.content) == (status, b"")


def test_a_door_that_is_not_open_is_not_there(tmp_path: Path) -> None:
    with gateway(tmp_path, channels=("sms",)) as running:
        assert running.twilio.receive("whatsapp", "hola").status_code == 404
        assert httpx.get(running.url).status_code == 404
        assert httpx.post(f"{running.url}/web/open").status_code == 404


def test_an_error_inside_shows_nothing_of_itself(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from tests.fakes.serving import free_socket, serving

    def broken(parts: object) -> Scripted:
        return Scripted(parts, echo)  # type: ignore[arg-type]

    with free_socket() as bound:
        settings = settings_for("http://127.0.0.1", f"sqlite:///{tmp_path}/x.sqlite3", "http://127.0.0.1:1")
        app = create_app(settings, locales=compiled(tmp_path / "l"), make_turns=broken)

        @app.get("/broken")
        async def fail(_: Request) -> HTTPResponse:
            raise RuntimeError("marker-of-a-secret")

        with serving(app, bound) as url:
            answer = httpx.get(f"{url}/broken")
    assert (answer.status_code, answer.content) == (500, b"")
    assert answer.headers["x-content-type-options"] == "nosniff"
    written = capsys.readouterr()
    assert "RuntimeError" in written.out + written.err
    assert "marker" not in written.out + written.err


def slow(message: Message) -> Answer:
    time.sleep(1.0)
    return echo(message) or Answer(text="")


def test_a_stop_finishes_the_turn_in_hand_and_takes_no_other(tmp_path: Path) -> None:
    with gateway(tmp_path, script=slow) as running:
        for number in range(4):
            running.twilio.receive("sms", f"message {number}")
        time.sleep(0.3)
    with gateway(tmp_path, script=echo) as again:
        again.twilio.wait_for(2, 20)
        deadline = time.monotonic() + 10
        while again.store.read_now(jobs.counts) and time.monotonic() < deadline:
            time.sleep(0.1)
        said = [one.text for one in again.everything_out()]
        assert sorted(said) == [f"You said: message {number}" for number in range(4)]


# as a process


def environment(tmp_path: Path, port: int, **more: str) -> dict[str, str]:
    settings = settings_for(f"http://127.0.0.1:{port}", f"sqlite:///{tmp_path}/p.sqlite3", "http://127.0.0.1:1")
    known = {
        "AMANA_MASTER_KEY": settings.master_key, "AMANA_INTERNAL_SECRET": settings.internal_secret,
        "AMANA_SPOOL_PATH": f"{tmp_path}/spool",
        "AMANA_DATABASE_URL": settings.database_url, "AMANA_CHANNELS": "sms", "AMANA_CHANNELS_PORT": str(port),
        "AMANA_PUBLIC_URL": settings.public_url, "AMANA_TWILIO_ACCOUNT_SID": settings.twilio_account_sid,
        "AMANA_TWILIO_AUTH_TOKEN": settings.twilio_auth_token, "AMANA_TWILIO_SMS_NUMBER": "+15005550006",
        "AMANA_TWILIO_DEFAULT_WORDS": "yes", "AMANA_PRIVATE_HOSTS": "127.0.0.1",
    }  # fmt: skip
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AMANA_")}
    return kept | known | more


WRONG = {
    "no key": ({"AMANA_MASTER_KEY": ""}, "AMANA_MASTER_KEY"),
    "a short key": ({"AMANA_MASTER_KEY": "abc"}, "AMANA_MASTER_KEY"),
    "no token for signatures": ({"AMANA_TWILIO_AUTH_TOKEN": ""}, "AMANA_TWILIO_AUTH_TOKEN"),
    "a door that does not exist": ({"AMANA_CHANNELS": "fax"}, "AMANA_CHANNELS"),
    "a misspelt setting": ({"AMANA_CHANELS": "sms"}, "AMANA_CHANELS"),
    "a port that is no number": ({"AMANA_CHANNELS_PORT": "web"}, "AMANA_CHANNELS_PORT"),
}  # fmt: skip


@pytest.mark.parametrize(("wrong", "named"), WRONG.values(), ids=WRONG)
def test_wrong_settings_stop_the_start_with_one_sentence(
    tmp_path: Path,
    wrong: dict[str, str],
    named: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(os, "environ", environment(tmp_path, 1, **wrong))
    with pytest.raises(SystemExit) as stopped:
        main()
    written = capsys.readouterr()
    assert (stopped.value.code, written.out) == (2, "")
    assert written.err.count("\n") == 1
    assert named in written.err


def test_a_port_that_is_taken_is_said_in_one_sentence(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = subprocess.run(
            [sys.executable, "-m", "channels.app"], env=environment(tmp_path, port), capture_output=True, text=True,
            timeout=60, check=False,
        )  # fmt: skip
    assert done.returncode == 2
    assert str(port) in done.stderr
    assert "Traceback" not in done.stderr


def wait_until_ready(url: str, process: "subprocess.Popen[bytes]") -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end:
        assert process.poll() is None, "the gateway ended"
        try:
            if httpx.get(f"{url}/health/ready").status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    raise AssertionError("the gateway did not become ready")


MARKERS = (b"marker-of-a-secret", b"5005550077", b"+1500", b"Body=", b"nobody@example.org")


def test_a_real_process_answers_without_rasa_logs_no_secret_and_stops_when_told(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as bound:
        port = bound.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    output = tmp_path / "output"
    with FakeTwilio(gateway_url=url) as twilio, output.open("wb") as log:
        known = environment(
            tmp_path, port, AMANA_TWILIO_API_URL=twilio.url, AMANA_CHANNELS="web,sms", AMANA_RASA_PORT="1"
        )
        engine = make_engine(known["AMANA_DATABASE_URL"])
        migrate(engine)
        engine.dispose()
        process = subprocess.Popen([sys.executable, "-m", "channels.app"], env=known, stdout=log, stderr=log)
        try:
            wait_until_ready(url, process)
            text = "marker-of-a-secret nobody@example.org \r\n \x1b[31m"
            assert twilio.receive("sms", text, sender="+15005550077").status_code == 204
            twilio.wait_for(1)
            twilio.fail(1, 400, 21610)
            twilio.receive("sms", text, sender="+15005550077")
            httpx.post(f"{url}/hooks/sms", data={"Body": "marker-of-a-secret"})
            httpx.get(f"{url}/nowhere?marker-of-a-secret", headers={"X": "marker-of-a-secret"})
            httpx.post(f"{url}/web/say", headers={"Authorization": "Bearer marker-of-a-secret"})
            time.sleep(1)
        finally:
            process.terminate()
            status = process.wait(30)
    written = output.read_bytes()
    assert status == 0
    assert b"gateway starts" in written
    assert b"turn taken" in written
    assert b"refused" in written
    assert [marker for marker in MARKERS if marker in written] == []
    assert twilio.account_sid.encode() not in written
    assert twilio.auth_token.encode() not in written


# who calls, and how often


def request_from(address: str, forwarded: str | None = None) -> Request:
    headers = {} if forwarded is None else {"x-forwarded-for": forwarded}

    class Plain:
        ip = address

    plain = Plain()
    plain.headers = headers  # type: ignore[attr-defined]
    return plain  # type: ignore[return-value]


@pytest.mark.parametrize(
    ("address", "forwarded", "expected"),
    [
        ("203.0.113.9", None, "203.0.113.9"), ("203.0.113.9", "198.51.100.1", "203.0.113.9"),
        ("10.0.0.1", "198.51.100.1", "198.51.100.1"), ("10.0.0.1", "1.1.1.1, 198.51.100.1", "198.51.100.1"),
        ("10.0.0.1", "1.1.1.1, 198.51.100.1, 10.0.0.1", "198.51.100.1"), ("10.0.0.1", None, "10.0.0.1"),
        ("10.0.0.1", " , ", "10.0.0.1"),
    ],
)  # fmt: skip
def test_only_our_own_proxies_may_say_who_calls(address: str, forwarded: str | None, expected: str) -> None:
    assert caller(request_from(address, forwarded), ("10.0.0.1",)) == expected


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"), ("2001:db8:1:2::1", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::1", "2001:db8:1:3::/64"), ("::ffff:203.0.113.9", "203.0.113.9"),
        ("203.0.113.9", "203.0.113.9"), ("unknown", "unknown"), ("<script>", "<script>"),
    ],
)  # fmt: skip
def test_a_household_with_many_addresses_is_one_caller(address: str, expected: str) -> None:
    assert group(address) == expected


def test_a_bucket_runs_dry_and_fills_up_again(clock: Clock) -> None:
    buckets = Buckets(burst=3, rate=0.5, clock=clock)
    assert [buckets.take("a") for _ in range(4)] == [True, True, True, False]
    assert buckets.take("b")
    clock.forward(2)
    assert [buckets.take("a"), buckets.take("a")] == [True, False]
    clock.forward(3600)
    assert [buckets.take("a") for _ in range(4)] == [True, True, True, False]


def test_buckets_keep_no_name_and_do_not_grow_without_bound(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("channels.limits.MOST_KEYS", 10)
    buckets = Buckets(burst=1, rate=0.1, clock=clock)
    for number in range(100):
        buckets.take(f"203.0.113.{number}")
    assert len(buckets._levels) == 10
    assert not any(b"203" in name for name in buckets._levels)


# figures, and the end


def test_figures_are_for_this_machine_or_for_those_with_the_token(shared: Gateway, tmp_path: Path) -> None:
    shared.twilio.receive("sms", "counted")
    shared.twilio.wait_for(1)
    page = httpx.get(f"{shared.url}/metrics")
    assert 'amana_webhook_seconds_count{channel="sms",status="204"}' in page.text
    assert "counted" not in page.text
    assert httpx.get(f"{shared.url}/metrics", headers={"X-Forwarded-For": "203.0.113.9"}).status_code == 404
    with gateway(tmp_path, metrics_token="figures-are-for-staff") as guarded:
        assert httpx.get(f"{guarded.url}/metrics").status_code == 404
        bearer = {"Authorization": "Bearer figures-are-for-staff"}
        assert httpx.get(f"{guarded.url}/metrics", headers=bearer).status_code == 200


def test_a_spool_that_cannot_be_written_stops_the_start(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    known = environment(tmp_path, 1, AMANA_SPOOL_PATH=str(tmp_path / "file" / "spool"))
    with pytest.raises(ConfigError, match="AMANA_SPOOL_PATH"):
        create_app(from_env(known))


def test_a_second_signal_ends_a_stop_that_takes_long(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as bound:
        port = bound.getsockname()[1]
    with FakeTwilio(gateway_url=f"http://127.0.0.1:{port}") as twilio:
        twilio.knobs.latency = 8.0
        known = environment(tmp_path, port, AMANA_TWILIO_API_URL=twilio.url, AMANA_CHANNELS="sms", AMANA_RASA_PORT="1")
        engine = make_engine(known["AMANA_DATABASE_URL"])
        migrate(engine)
        engine.dispose()
        process = subprocess.Popen(
            [sys.executable, "-m", "channels.app"], env=known, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        wait_until_ready(f"http://127.0.0.1:{port}", process)
        twilio.receive("sms", "a send that takes eight seconds")
        time.sleep(1)
        process.terminate()
        time.sleep(1)
        assert process.poll() is None, "the first signal waits for what is in hand"
        process.terminate()
        assert process.wait(3) == 1


HEAD = b"POST /hooks/sms HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n"


@pytest.mark.parametrize("sent", [HEAD[:20], HEAD, HEAD + b"\r\nBody="], ids=["line", "headers", "body"])
def test_who_sends_a_request_drop_by_drop_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sent: bytes
) -> None:
    monkeypatch.setattr("channels.app.REQUEST_SECONDS", 1)
    with gateway(tmp_path) as running:
        port = int(running.url.rsplit(":", 1)[1])
        slow = [socket.create_connection(("127.0.0.1", port), timeout=10) for _ in range(50)]
        for one in slow:
            one.sendall(sent)
        assert running.twilio.receive("sms", "in between").status_code == 204
        assert [one.body for one in running.twilio.wait_for(1)] == ["You said: in between"]
        began = time.monotonic()
        with suppress(ConnectionError):
            while b"Body=" in sent and time.monotonic() - began < 8:
                slow[0].sendall(b"x")  # a byte now and then changes nothing
                time.sleep(0.1)
        for one in slow:
            with suppress(ConnectionError):
                while one.recv(4096):
                    pass
            one.close()
        assert time.monotonic() - began < 8
        assert [found.text for found in running.everything_in()] == ["in between"]


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br"])
def test_a_compressed_body_is_never_unpacked(shared: Gateway, encoding: str) -> None:
    bomb = gzip.compress(b"\0" * 50_000_000)
    headers = {"Content-Encoding": encoding, "Content-Type": "application/x-www-form-urlencoded"}
    before = len(shared.everything_in())
    assert httpx.post(f"{shared.url}/hooks/sms", content=bomb, headers=headers).status_code == 403
    assert len(shared.everything_in()) == before
