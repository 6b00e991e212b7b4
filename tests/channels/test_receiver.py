"""The fallback receiver: what comes while the gateway is away is in the spool, sealed, and is stored once."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
import structlog

from channels.http import Exits, caller
from channels.receiver import create_app
from core.config import Settings
from core.errors import ConfigError
from core.store import Tx, people
from tests.channels.harness import gateway, settings_for
from tests.fakes.serving import free_socket, serving, url_of
from tests.fakes.twilio import FakeTwilio

FALLBACK = "https://fallback.example.org"


@contextmanager
def receiver(settings: Settings) -> Iterator[str]:
    bound = free_socket()
    with serving(create_app(settings, structlog.get_logger()), bound):
        yield url_of(bound)


def made(folder: Path, **more: object) -> Settings:
    known = settings_for("http://127.0.0.1:1", f"sqlite:///{folder}/none.sqlite3", "http://127.0.0.1:1")
    return replace(known, spool_path=f"{folder}/spool", fallback_url=FALLBACK, **more)  # type: ignore[arg-type]


@pytest.fixture
def fake() -> Iterator[FakeTwilio]:
    twilio = FakeTwilio(gateway_url="http://127.0.0.1:1", public_url=FALLBACK)
    yield twilio
    twilio.close()


def post(url: str, fake: FakeTwilio, params: dict[str, str]) -> httpx.Response:
    _, headers, body = fake.signed("/hooks/sms", params.items())
    return httpx.post(f"{url}/hooks/sms", headers=headers, content=body, trust_env=False)


def test_it_needs_no_database_and_what_it_took_is_sealed(tmp_path: Path, fake: FakeTwilio) -> None:
    with receiver(made(tmp_path)) as url:
        assert post(url, fake, fake.incoming("sms", "marmalade", sender="+15005550007")).status_code == 204
        assert httpx.get(f"{url}/health", trust_env=False).status_code == 204
    (kept,) = (tmp_path / "spool").glob("*.ready")
    assert b"marmalade" not in kept.read_bytes()
    assert b"15005550007" not in kept.read_bytes()
    assert not (tmp_path / "none.sqlite3").exists()


def test_what_is_forged_is_refused_and_nothing_is_kept(tmp_path: Path, fake: FakeTwilio) -> None:
    with receiver(made(tmp_path)) as url:
        # signed over the gateway's address, not over this one
        fake.public_url = "https://gateway.example.org"
        assert post(url, fake, fake.incoming("sms", "hello")).status_code == 403
    assert not list((tmp_path / "spool").glob("*.ready"))


def test_when_nothing_can_be_written_the_provider_hears_it(tmp_path: Path, fake: FakeTwilio) -> None:
    with receiver(made(tmp_path)) as url:
        (tmp_path / "spool").rmdir()
        assert post(url, fake, fake.incoming("sms", "hello")).status_code == 503
        (tmp_path / "spool").write_text("no folder any more")
        assert httpx.get(f"{url}/health", trust_env=False).status_code == 503


def test_without_its_address_it_does_not_start(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="AMANA_FALLBACK_URL"):
        create_app(replace(made(tmp_path), fallback_url=""), structlog.get_logger())


def test_the_gateway_takes_what_the_receiver_kept_and_what_came_both_ways_once(
    tmp_path: Path, fake: FakeTwilio
) -> None:
    with gateway(tmp_path) as running:
        there = replace(running.settings, fallback_url=FALLBACK)
        both = running.twilio.incoming("sms", "both ways", sender="+15005550008")
        with receiver(there) as url:
            assert running.twilio.post("/hooks/sms", both).status_code == 204
            assert post(url, fake, both).status_code == 204
            assert post(url, fake, fake.incoming("sms", "only here", sender="+15005550009")).status_code == 204
            sent = running.twilio.wait_for(2, 20)
        assert running.store.read_now(both_known) == [True, True]
    assert sorted(one.body for one in sent) == ["You said: both ways", "You said: only here"]


def both_known(tx: Tx) -> list[bool]:
    return [people.find(tx, "sms", f"+1500555000{number}") is not None for number in (8, 9)]


class Request:
    def __init__(self, ip: str, **headers: str) -> None:
        self.ip = ip
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


def test_all_who_come_through_tor_are_one_caller(tmp_path: Path) -> None:
    path = tmp_path / "exits"
    path.write_text("192.0.2.1\n2001:db8::7\n")
    exits = Exits(str(path))
    assert caller(Request("192.0.2.1"), (), exits) == caller(Request("2001:db8::7"), (), exits) == "tor"
    assert caller(Request("192.0.2.2"), (), exits) == "192.0.2.2"
    assert caller(Request("10.0.0.1", x_forwarded_for="192.0.2.1"), ("10.0.0.1",), exits) == "tor"
    path.unlink()
    assert caller(Request("192.0.2.1"), (), exits) == "tor"  # while the file is being renewed
    assert caller(Request("192.0.2.1"), (), Exits("")) == "192.0.2.1"
