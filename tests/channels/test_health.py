"""Health: each part is broken once and named; only what another gateway would do better takes this one away (R37)."""

import shutil
import time
from collections import namedtuple
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

import channels.health
from channels.health import DEGRADED
from core.messages import Inbound
from core.store import jobs, messages, people
from core.store.jobs import Priority
from tests.channels.harness import Gateway, gateway

Usage = namedtuple("Usage", "total used free")


@pytest.fixture
def running(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Gateway]:
    monkeypatch.setattr(channels.health, "PROBE_SECONDS", 0.3)
    with gateway(tmp_path) as opened:
        yield opened


def old_turn(running: Gateway, _: pytest.MonkeyPatch) -> None:
    """Something waits that nobody takes: an earlier message of the same person is held by a worker that sleeps."""

    def work(tx) -> None:
        inbound = Inbound(channel="web", address="a" * 43, sender="web", provider_id="x", text="x")
        who = people.find_or_create(tx, inbound, "en")
        found = messages.record_inbound(tx, who, inbound)
        jobs.put(tx, "turn", who.id, found[1], found[0], Priority.REPLY)
        tx.connection.exec_driver_sql(
            f"UPDATE job SET state = 'leased', lease_until = {tx.now + 500}, created_at = {tx.now - 400}"
        )

    running.store.write_now(work)


def full_disk(_: Gateway, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(shutil, "disk_usage", lambda _: Usage(1000, 901, 99))


def no_spool(running: Gateway, _: pytest.MonkeyPatch) -> None:
    folder = Path(running.settings.spool_path)
    shutil.rmtree(folder)
    folder.write_text("no folder any more")


def no_database(running: Gateway, _: pytest.MonkeyPatch) -> None:
    running.store.write_now(lambda tx: tx.connection.exec_driver_sql("ALTER TABLE mark RENAME TO gone") and None)


BROKEN: dict[str, Callable[[Gateway, pytest.MonkeyPatch], None]] = {
    "queues": old_turn, "disk": full_disk, "spool": no_spool, "database": no_database,
}  # fmt: skip


def state(running: Gateway) -> httpx.Response:
    return httpx.get(f"{running.url}/health/ready")


@pytest.mark.parametrize("part", BROKEN)
def test_a_part_that_is_broken_is_named_and_measured(
    running: Gateway, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    assert state(running).json()[part] is True
    BROKEN[part](running, monkeypatch)
    for _ in range(40):
        answer = state(running)
        if not answer.json()[part]:
            break
        time.sleep(0.1)
    assert answer.json()[part] is False
    assert answer.status_code == (200 if part in DEGRADED else 503)
    assert f'amana_ready{{part="{part}"}} 0.0' in httpx.get(f"{running.url}/metrics").text
    assert httpx.get(f"{running.url}/health/live").status_code == 204
