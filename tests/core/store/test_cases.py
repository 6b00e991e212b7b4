"""Cases in the store: one for each person, the most urgent first, and one counsellor at a time."""

from concurrent.futures import ThreadPoolExecutor
from itertools import count
from threading import Barrier

import pytest
from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError

from core import handover
from core.crypto import new_id
from core.errors import Conflict, NotAllowed
from core.handover import Brief, Case
from core.messages import Inbound
from core.risk import Level
from core.store import Store, Tx, cases, messages, people, staff
from core.store.people import Person
from core.store.tables import audit, case

NUMBERS = count(1)
RACERS = 50


def person(store: Store) -> Person:
    number = next(NUMBERS)
    inbound = Inbound(channel="sms", address=f"+1500555{number:04}", sender="s", provider_id=f"SM{number}", text="hi")

    def work(tx: Tx) -> Person:
        who = people.find_or_create(tx, inbound, "ne")
        messages.record_inbound(tx, who, inbound)
        return who

    return store.write_now(work)


def opened(store: Store, who: Person | None = None, risk: int = Level.NORMAL, reason: str = "talk_to_human") -> Case:
    who = who or person(store)
    return store.write_now(lambda tx: cases.open_for(tx, who, risk=risk, reason=reason, brief=Brief()))[0]


def member(store: Store, name: str = "Asha") -> str:
    return store.write_now(lambda tx: staff.add(tx, name, "counsellor")).id


def take(tx: Tx, found: Case, who: str) -> Case:
    return cases.change(tx, found.id, who, "taken", lambda one: handover.take(one, who, tx.now))


def close(tx: Tx, found: Case, who: str) -> Case:
    return cases.change(tx, found.id, who, "closed", lambda one: handover.close(one, who, tx.now))


def test_of_fifty_who_take_one_case_at_once_exactly_one_gets_it(store: Store) -> None:
    found = opened(store)
    racers = [member(store, f"member {number}") for number in range(RACERS)]
    barrier = Barrier(RACERS)

    def race(who: str) -> str | None:
        barrier.wait()
        try:
            store.write_now(lambda tx: take(tx, found, who))
        except Conflict:
            return None
        return who

    with ThreadPoolExecutor(RACERS) as pool:
        winners = [who for who in pool.map(race, racers) if who]

    assert len(winners) == 1
    assert store.read_now(lambda tx: cases.get(tx, found.id)).taken_by == winners[0]
    notes = store.read_now(lambda tx: list(tx.connection.scalars(select(audit.c.action))))
    assert notes.count("taken") == 1


def test_a_person_has_one_open_case_and_its_risk_only_rises(store: Store, clock) -> None:
    who = person(store)
    first, new = store.write_now(lambda tx: cases.open_for(tx, who, risk=1, reason="talk_to_human", brief=Brief()))
    assert new
    seen = []
    for risk, reason in ((3, "violence_now"), (0, "talk_to_human"), (3, "locked_in")):
        clock.forward(10)
        again, new = store.write_now(
            lambda tx, r=risk, why=reason: cases.open_for(tx, who, risk=r, reason=why, brief=Brief())
        )
        assert (again.id, new) == (first.id, False)
        seen.append((again.risk, again.reason, again.opened_at))
    assert seen == [(3, "violence_now", first.opened_at)] * 3
    assert store.read_now(lambda tx: cases.open_case(tx, who.id)) == again


def test_the_database_itself_refuses_a_second_open_case(store: Store) -> None:
    who = person(store)
    found = opened(store, who)

    def second(tx: Tx) -> None:
        values = {"state": "waiting", "risk": 0, "reason": "r", "language": "ne", "brief_sealed": b"x"}
        times = {"opened_at": tx.now, "changed_at": tx.now}
        tx.connection.execute(insert(case).values(id=new_id(), person_id=who.id, **values, **times))

    with pytest.raises(IntegrityError):
        store.write_now(second)
    asha = member(store)
    store.write_now(lambda tx: close(tx, take(tx, found, asha), asha))
    store.write_now(second)


def test_after_closing_a_new_case_is_a_new_one(store: Store) -> None:
    who, asha = person(store), member(store)
    first = opened(store, who)
    store.write_now(lambda tx: close(tx, take(tx, first, asha), asha))
    assert store.read_now(lambda tx: cases.open_case(tx, who.id)) is None
    assert opened(store, who).id != first.id


def test_the_queue_is_ordered_by_risk_and_then_by_waiting(store: Store, clock) -> None:
    expected = []
    for risk in (Level.NORMAL, Level.DANGER, Level.NORMAL, Level.HIGH, Level.DANGER, Level.RAISED):
        clock.forward(1)
        expected.append((-risk, clock.now, opened(store, risk=risk).id))
    queue = store.read_now(cases.queue)
    assert [row.case.id for row in queue] == [identifier for _, _, identifier in sorted(expected)]

    asha = member(store)
    first = queue[0].case
    store.write_now(lambda tx: take(tx, first, asha))
    assert store.read_now(cases.queue)[-1].case.id == first.id
    assert first.id not in [row.case.id for row in store.read_now(lambda tx: cases.queue(tx, ("waiting",)))]
    store.write_now(lambda tx: close(tx, first, asha))
    assert first.id not in [row.case.id for row in store.read_now(cases.queue)]


def test_a_row_of_the_queue_shows_the_handle_and_counts_what_was_not_answered(store: Store) -> None:
    who = person(store)
    found = opened(store, who)
    assert [(row.handle, row.channel, row.unread) for row in store.read_now(cases.queue)] == [(who.handle, "sms", 1)]

    def speak(tx: Tx, author: str) -> None:
        messages.record_outbound(tx, who, author=author, text="hello", case_id=found.id)

    store.write_now(lambda tx: speak(tx, "assistant"))
    assert store.read_now(cases.queue)[0].unread == 1
    store.write_now(lambda tx: speak(tx, "counsellor"))
    assert store.read_now(cases.queue)[0].unread == 0


def test_a_step_from_a_state_that_has_passed_is_a_conflict_and_changes_nothing(store: Store) -> None:
    found, asha, bina = opened(store), member(store), member(store, "Bina")
    store.write_now(lambda tx: take(tx, found, asha))
    for step in (take, close):
        with pytest.raises(Conflict):
            store.write_now(lambda tx, step=step: step(tx, found, bina))
    assert store.read_now(lambda tx: cases.get(tx, found.id)).taken_by == asha


def test_a_case_that_is_not_there_is_not_for_you(store: Store) -> None:
    with pytest.raises(NotAllowed):
        store.read_now(lambda tx: cases.get(tx, "0" * 32))


def test_the_brief_comes_back_as_it_went_in_and_is_sealed(store: Store) -> None:
    brief = Brief(flags=(("violence_now", "मलाई कुट्यो"),), origin="NP", destination="QA", consent="emergency")
    who = person(store)
    found, _ = store.write_now(lambda tx: cases.open_for(tx, who, risk=3, reason="violence_now", brief=brief))
    assert store.read_now(lambda tx: cases.brief_of(tx, found)) == brief
    sealed = store.read_now(lambda tx: tx.connection.execute(select(case.c.brief_sealed)).scalar_one())
    assert "कुट्यो".encode() not in sealed
    assert b"emergency" not in sealed


def test_who_waits_too_long_is_found_once(store: Store, clock) -> None:
    late, asha = opened(store), member(store)
    taken = opened(store)
    store.write_now(lambda tx: take(tx, taken, asha))
    clock.forward(599)
    assert store.write_now(lambda tx: cases.overdue(tx, 600)) == []
    opened(store)
    clock.forward(1)
    assert [one.id for one in store.write_now(lambda tx: cases.overdue(tx, 600))] == [late.id]
    assert store.write_now(lambda tx: cases.overdue(tx, 600)) == []


def test_the_pulse_beats_whenever_something_happens(store: Store, clock) -> None:
    pulses = [store.read_now(cases.pulse)]
    who, asha = person(store), member(store)
    pulses.append(store.read_now(cases.pulse))
    clock.forward(1)
    found = opened(store, who)
    pulses.append(store.read_now(cases.pulse))
    clock.forward(1)
    store.write_now(lambda tx: take(tx, found, asha))
    pulses.append(store.read_now(cases.pulse))
    assert len(set(pulses)) == 4
    assert store.read_now(cases.pulse) == pulses[-1]


def test_the_audit_log_says_who_did_what_and_when(store: Store, clock) -> None:
    found, asha = opened(store), member(store)
    clock.forward(5)
    store.write_now(lambda tx: take(tx, found, asha))
    rows = store.read_now(lambda tx: tx.connection.execute(select(audit).order_by(audit.c.id)).all())
    assert [(row.action, row.staff_id, row.case_id) for row in rows] == [
        ("case opened", None, found.id), ("taken", asha, found.id)
    ]  # fmt: skip
    assert rows[1].at == clock.now
