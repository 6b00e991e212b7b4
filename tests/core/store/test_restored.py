"""A database out of a backup: nothing runs by itself, nobody erased is back, no door is open that was closed since."""

import pytest
from sqlalchemy import func, select, update

from core.crypto import Unreadable, Vault
from core.handover import Brief, take
from core.messages import Inbound
from core.store import Store, cases, claims, erasure, jobs, marks, messages, people, restored, staff, sweep
from core.store.jobs import Priority
from core.store.people import Person
from core.store.tables import audit, case, job, message, metadata
from tests.conftest import Clock

CHANNELS = ("sms", "web")


def write(store: Store, address: str, *texts: str) -> Person:
    """Somebody writes; each message waits for its turn."""

    def work(tx):
        for text in texts:
            said = Inbound(channel="sms", address=address, sender="s", provider_id=f"{address}-{text}", text=text)
            who = people.find_or_create(tx, said, "ne")
            message_id, seq = messages.record_inbound(tx, who, said)
            jobs.put(tx, "turn", who.id, seq, message_id, Priority.REPLY)
        return who

    return store.write_now(work)


def answer(store: Store, who: Person, text: str, state: str = "ready") -> None:
    def work(tx):
        message_id, seq = messages.record_outbound(tx, who, author="assistant", text=text)
        jobs.put(tx, "send", who.id, seq, message_id, Priority.REPLY)
        tx.connection.execute(update(job).where(job.c.message_id == message_id).values(state=state))

    store.write_now(work)


def settle(store: Store, stones: dict[str, float] | None = None) -> restored.Settled:
    return store.write_now(lambda tx: restored.settle(tx, store.clock(), stones or {}, CHANNELS))


def texts(store: Store, who: Person) -> list[str]:
    return store.read_now(lambda tx: [one.text for one in messages.conversation(tx, people.get(tx, who.id))])


def count(store: Store, name: str) -> int:
    table = metadata.tables[name]
    return store.read_now(lambda tx: tx.connection.execute(select(func.count()).select_from(table)).scalar_one())


@pytest.mark.parametrize("state", ["ready", "leased", "held"])
def test_nothing_runs_by_itself_whatever_state_it_was_in(store: Store, clock: Clock, state: str) -> None:
    who = write(store, "+1", "one", "two")
    answer(store, who, "hello", state)
    assert settle(store) == restored.Settled(turns=2, sends=1, erased=0)
    clock.forward(90_000)
    store.write_now(lambda tx: sweep.sweep(tx))
    store.write_now(lambda tx: jobs.release(tx, who.id))  # as when they write again
    assert [store.write_now(lambda tx, kind=kind: claims.claim(tx, kind, 60)) for kind in ("turn", "send")] == [
        None
    ] * 2
    assert store.read_now(restored.held) == {"turn": 2, "send": 1}


def test_a_new_message_is_answered_beside_what_is_held(store: Store) -> None:
    who = write(store, "+1", "one")
    settle(store)
    write(store, "+1", "two")
    claimed = store.write_now(lambda tx: claims.claim(tx, "turn", 60))
    assert store.read_now(lambda tx: messages.get(tx, claimed.message_id)).text == "two"
    assert texts(store, who) == ["one", "two"]


def test_what_is_released_runs_in_its_order_and_stands_in_the_audit_log(store: Store) -> None:
    who = write(store, "+1", "one", "two")
    answer(store, who, "hello")
    settle(store)
    assert store.write_now(restored.release) == 3
    assert store.read_now(restored.held) == {}
    taken = []
    while found := store.write_now(lambda tx: claims.claim(tx, "turn", 60)):
        taken.append(store.read_now(lambda tx, found=found: messages.get(tx, found.message_id)).text)
        store.write_now(lambda tx, found=found: jobs.finish(tx, found))
    assert taken == ["one", "two"]
    assert store.write_now(lambda tx: claims.claim(tx, "send", 60)) is not None
    actions = store.read_now(lambda tx: tx.connection.scalars(select(audit.c.action)).all())
    assert actions == ["restored", *["dead letter tried again"] * 3]


def test_what_is_dropped_is_never_sent_and_stays_in_the_talk(store: Store) -> None:
    who = write(store, "+1", "one")
    answer(store, who, "hello")
    settle(store)
    assert store.write_now(restored.drop) == 2
    assert count(store, "job") == 0
    assert texts(store, who) == ["one", "hello"]
    states = store.read_now(lambda tx: tx.connection.scalars(select(message.c.state).order_by(message.c.seq)).all())
    assert states[0] == "handled"


def test_what_was_dropped_stays_dropped_in_the_night(store: Store, clock: Clock) -> None:
    """The sweep looks for what has lost its sending: something that was given up has not."""
    answer(store, write(store, "+1", "one"), "hello")
    settle(store)
    store.write_now(restored.drop)
    clock.forward(90_000)
    store.write_now(lambda tx: sweep.sweep(tx))
    assert store.write_now(lambda tx: claims.claim(tx, "send", 60)) is None


def test_other_dead_letters_are_neither_released_nor_dropped_with_them(store: Store) -> None:
    write(store, "+1", "one", "two")
    broken = store.write_now(lambda tx: claims.claim(tx, "turn", 60))
    store.write_now(lambda tx: jobs.bury(tx, broken, "ValueError"))
    assert settle(store).turns == 1
    assert store.write_now(restored.release) == 1
    assert store.read_now(lambda tx: tx.connection.scalars(select(job.c.error).where(job.c.state == "dead")).all()) == [
        "ValueError"
    ]


def erase(store: Store, who: Person) -> dict[str, float]:
    """Erase as a turn does; return the tombstones."""
    rows = select(message.c.id).where(message.c.person_id == who.id)
    store.write_now(lambda tx: erasure.erase(tx, who, tx.connection.scalars(rows).all()[-1]))
    return store.read_now(erasure.tombstones)


def copied(store: Store) -> dict[str, list[dict[str, object]]]:
    """Copy everything, as a backup does."""
    return store.read_now(
        lambda tx: {
            table.name: [dict(row._mapping) for row in tx.connection.execute(select(table))]
            for table in metadata.sorted_tables
        }
    )


def bring_back(store: Store, copy: dict[str, list[dict[str, object]]]) -> None:
    def work(tx):
        for table in reversed(metadata.sorted_tables):
            tx.connection.execute(table.delete())
        for table in metadata.sorted_tables:
            for row in copy[table.name]:
                tx.connection.execute(table.insert(), row)

    store.write_now(work)


def test_who_was_erased_since_the_backup_is_erased_again_and_nobody_else(store: Store, clock: Clock) -> None:
    who, other = write(store, "+1", "one", "two"), write(store, "+2", "other")
    answer(store, who, "hello")
    store.write_now(lambda tx: cases.open_for(tx, who, risk=3, reason="violence_now", brief=Brief()))
    copy = copied(store)
    clock.forward(60)
    stones = erase(store, who)
    clock.forward(60)
    bring_back(store, copy)
    assert texts(store, who) == ["one", "two", "hello"]

    assert settle(store, stones) == restored.Settled(turns=1, sends=0, erased=1)
    assert count(store, "person") == 1
    assert count(store, "case_") == 0
    assert texts(store, other) == ["other"]
    assert settle(store, stones).erased == 0


def test_a_person_who_had_another_address_in_the_backup_is_erased_too(store: Store, clock: Clock) -> None:
    who = write(store, "+1", "one")
    copy = copied(store)
    store.write_now(lambda tx: people.move(tx, people.get(tx, who.id), "+3"))
    clock.forward(60)
    stones = erase(store, store.read_now(lambda tx: people.get(tx, who.id)))
    bring_back(store, copy)
    assert settle(store, stones).erased == 1
    assert count(store, "person") == 0


def test_what_somebody_wrote_after_they_were_erased_stays(store: Store, clock: Clock) -> None:
    who = write(store, "+1", "one")
    clock.forward(60)
    stones = erase(store, who)
    clock.forward(60)
    store.write_now(lambda tx: tx.connection.execute(update(message).values(state="handled")))
    write(store, "+1", "two")
    settle(store, stones)
    assert texts(store, who) == ["two"]


def test_sessions_and_links_that_were_open_then_are_closed_and_cases_wait_for_somebody(
    store: Store, clock: Clock
) -> None:
    who = write(store, "+1", "one")

    def work(tx):
        member = staff.add(tx, "Asha", "counsellor")
        staff.invite(tx, member)
        staff.sign_in(tx, member)
        opened, _ = cases.open_for(tx, who, risk=3, reason="violence_now", brief=Brief())
        cases.change(tx, opened.id, member.id, "taken", lambda one: take(one, member.id, tx.now))
        return opened.id

    opened = store.write_now(work)
    assert (count(store, "session"), count(store, "invitation")) == (1, 1)
    settle(store)
    assert (count(store, "session"), count(store, "invitation")) == (0, 0)
    assert store.read_now(lambda tx: cases.get(tx, opened)).state == "waiting"
    clock.forward(3600)
    assert store.write_now(lambda tx: cases.overdue(tx, 600)) == [], "nobody is told once more that nobody is free"
    told = store.read_now(lambda tx: tx.connection.execute(select(case.c.delay_told_at, case.c.called_at)).one())
    assert None not in told


def test_providers_are_asked_for_what_came_after_the_old_system_stopped(store: Store) -> None:
    store.write_now(lambda tx: marks.set_to(tx, "reconciled:sms", 5.0))
    store.write_now(lambda tx: restored.settle(tx, 77.0, {}, CHANNELS))
    assert [store.read_now(lambda tx, name=name: marks.get(tx, f"reconciled:{name}")) for name in CHANNELS] == [
        77.0
    ] * 2


def test_with_other_keys_nothing_is_done(store: Store) -> None:
    write(store, "+1", "one")
    stranger = Store(store.engine, Vault(b"x" * 32), store.clock)
    with pytest.raises(Unreadable):
        settle(stranger)
    assert store.read_now(restored.held) == {}
