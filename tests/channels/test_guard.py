"""The guard: a flood costs its own sender, never the others, and danger words come through."""

import pytest

from channels.admission import Admission
from channels.guard import MOST_ROWS, MOST_WAITING, Guard
from core.commands import Commands
from core.messages import Inbound
from core.risk import DangerCheck
from core.store import Store, claims, exchanges, jobs, people
from core.store.jobs import Priority
from core.store.tables import message
from tests.conftest import Clock

THEM, OTHER = "+15005550001", "+15005550002"
GUARD = Guard(
    danger=DangerCheck({"en": {"violence_now": {"phrases": ["beating me"]}}}),
    commands=Commands({"en": {"person": ["person"], "menu": ["menu"]}}),
)


class Door:
    def __init__(self, store: Store, clock: Clock) -> None:
        self.store, self.clock, self.count = store, clock, 0
        self.admission = Admission(guess_language=lambda _: "en", guard=GUARD)

    def write(self, text: str, address: str = THEM) -> None:
        self.count += 1
        item = Inbound(channel="sms", address=address, sender="+15005550006", provider_id=f"SM{self.count}", text=text)
        judged = GUARD.judge(item)
        self.store.write_now(lambda tx: self.admission.store(tx, item, judged, open_door=True))

    def next(self) -> tuple[str, Priority] | None:
        job = self.store.write_now(lambda tx: claims.claim(tx, "turn", 60))
        if job is None:
            return None
        self.store.write_now(lambda tx: jobs.finish(tx, job))
        return job.key, job.priority

    def states(self) -> list[str]:
        query = message.select().order_by(message.c.seq)
        return [row.state for row in self.store.read_now(lambda tx: tx.connection.execute(query).all())]


@pytest.fixture
def door(sqlite_store: Store, clock: Clock) -> Door:
    return Door(sqlite_store, clock)


def test_of_a_flood_only_the_newest_messages_are_answered(door: Door) -> None:
    for number in range(30):
        door.write(f"text {number}")
    assert door.states() == ["merged"] * (30 - MOST_WAITING) + ["received"] * MOST_WAITING


def test_danger_overtakes_the_flood_and_waits_as_one(door: Door) -> None:
    for number in range(30):
        door.write(f"text {number}")
        door.write("he is beating me")
    taken = [door.next() for _ in range(2)]
    assert [one and one[1] for one in taken] == [Priority.EMERGENCY, Priority.REPLY]


def test_others_are_served_between(door: Door) -> None:
    for number in range(30):
        door.write(f"text {number}")
    door.write("hello", OTHER)
    keys = [door.next() for _ in range(MOST_WAITING + 1)]
    assert len({one and one[0] for one in keys}) == 2
    assert door.next() is None


def test_after_many_messages_in_a_minute_only_danger_and_a_person_get_an_answer(door: Door) -> None:
    for number in range(MOST_ROWS + 5):
        door.write(f"text {number}")
        door.next()
    assert door.states()[-1] == "merged"
    door.write("person")
    assert door.next() is not None
    door.write("he is beating me")
    assert door.next() is not None
    door.clock.forward(61)
    door.write("calm again")
    assert door.next() is not None


def test_the_same_exchange_is_counted_for_ten_minutes(store: Store, clock: Clock) -> None:
    item = Inbound(channel="sms", address=THEM, sender="+15005550006", provider_id="a", text="x")
    who = store.write_now(lambda tx: people.find_or_create(tx, item, "en"))

    def repeat(said: str, answered: str) -> int:
        return store.write_now(lambda tx: exchanges.repeats(tx, who.id, said, answered))

    assert [repeat("Hello", "greet") for _ in range(3)] == [1, 2, 3]
    assert repeat("HELLO!", "greet") in (1, 4)
    assert repeat("Hello", "menu") == 1
    clock.forward(700)
    assert repeat("Hello", "greet") == 1
    assert [repeat(str(n), "x") for n in range(60)] == [1] * 60
