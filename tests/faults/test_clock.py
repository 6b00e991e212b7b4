"""The time of day is set back by an hour while the gateway is down: it goes on as if nothing had been (R36)."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import text

from core.messages import Inbound
from core.store import CLOCK, Store, Tx, jobs, marks, messages, open_store, people
from core.store.jobs import Priority
from tests.channels.harness import MASTER, gateway

HOUR = 3600.0
THEM = "+15005550001"
TIMES = {
    "job": ("run_at", "lease_until", "tried_at", "created_at"), "message": ("created_at", "sent_at"),
    "person": ("created_at", "last_in_at"), "mark": ("at",), "pace": ("at",),
}  # fmt: skip


def until(happens: Callable[[], bool], seconds: float = 15) -> None:
    end = time.monotonic() + seconds
    while not happens():
        assert time.monotonic() < end, f"it did not happen within {seconds} seconds"
        time.sleep(0.05)


def later(tx: Tx, seconds: float) -> None:
    """Let everything have been written by a clock that was ahead: as if ours was set back since."""
    for table, columns in TIMES.items():
        for column in columns:
            tx.connection.execute(text(f"UPDATE {table} SET {column} = {column} + {seconds}"))


def leave(tx: Tx, words: str, number: str) -> None:
    """Leave a message as a gateway leaves it that stops before its turn."""
    inbound = Inbound(channel="sms", address=THEM, sender="+15005550006", provider_id=number, text=words)
    who = people.find_or_create(tx, inbound, "en")
    found, seq = messages.record_inbound(tx, who, inbound)
    jobs.put(tx, "turn", who.id, seq, found, Priority.REPLY)


def marked(store: Store) -> float:
    return store.read_now(lambda tx: marks.get(tx, CLOCK)) or 0.0


@pytest.mark.parametrize("jump", [HOUR, -HOUR])
def test_what_was_left_and_what_comes_is_answered_at_once_in_order_and_once(tmp_path: Path, jump: float) -> None:
    with gateway(tmp_path) as running:
        assert running.twilio.receive("sms", "one").status_code == 204
        until(lambda: len(running.twilio.sent) == 1)
        until(lambda: running.store.read_now(jobs.counts) == {})
        until(lambda: marked(running.store) > 0)
    stopped = open_store(running.settings.database_url, MASTER)
    stopped.write_now(lambda tx: leave(tx, "two", "SM" + "2" * 32))
    stopped.write_now(lambda tx: later(tx, jump))
    stopped.close()
    with gateway(tmp_path) as again:
        assert again.twilio.receive("sms", "three").status_code == 204
        until(lambda: len(again.twilio.sent) == 2)
        time.sleep(0.3)
        assert [one.body for one in again.twilio.sent] == ["You said: two", "You said: three"]
        assert again.turns[0].broken == []
        assert again.store.read_now(lambda tx: tx.now) == pytest.approx(time.time() + max(jump, 0.0), abs=30)
