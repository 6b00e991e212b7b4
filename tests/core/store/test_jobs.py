"""Jobs: order for each person, leases that are fenced, dead letters that hold nothing up."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from core.messages import Inbound, Say
from core.store import Store, Tx, claims, dead, jobs, messages, people
from core.store.jobs import Job, LeaseLost, Priority

WORKERS = 50


def receive(tx: Tx, provider_id: str, address: str = "+15005550001", text: str = "hello") -> str | None:
    inbound = Inbound(channel="sms", address=address, sender="+15005550006", provider_id=provider_id, text=text)
    who = people.find_or_create(tx, inbound, "en")
    found = messages.record_inbound(tx, who, inbound)
    if found is None:
        return None
    jobs.put(tx, "turn", who.id, found[1], found[0], Priority.REPLY)
    return found[0]


def test_jobs_of_one_person_run_one_at_a_time_and_in_order(store: Store) -> None:
    first, second = (store.write_now(lambda tx, n=n: receive(tx, n)) for n in ("a", "b"))
    other = store.write_now(lambda tx: receive(tx, "c", address="+15005550002"))

    taken = [store.write_now(lambda tx: claims.claim(tx, "turn", 60)) for _ in range(3)]

    assert [job and job.message_id for job in taken] == [first, other, None]
    store.write_now(lambda tx: jobs.finish(tx, taken[0]))
    assert store.write_now(lambda tx: claims.claim(tx, "turn", 60)).message_id == second


def test_a_worker_whose_lease_ran_out_can_write_nothing(store: Store, clock) -> None:
    store.write_now(lambda tx: receive(tx, "a"))
    slow = store.write_now(lambda tx: claims.claim(tx, "turn", 10))
    clock.forward(11)
    quick = store.write_now(lambda tx: claims.claim(tx, "turn", 10))

    assert quick.id == slow.id
    for step in (
        jobs.finish,
        lambda tx, job: jobs.bury(tx, job, "x"),
        lambda tx, job: jobs.retry(tx, job, 1, "x"),
    ):
        with pytest.raises(LeaseLost):
            store.write_now(lambda tx, step=step: step(tx, slow))
    store.write_now(lambda tx: jobs.finish(tx, quick))


def test_a_dead_letter_does_not_hold_up_what_comes_after_it(store: Store) -> None:
    store.write_now(lambda tx: receive(tx, "a"))
    second = store.write_now(lambda tx: receive(tx, "b"))
    first = store.write_now(lambda tx: claims.claim(tx, "turn", 60))
    store.write_now(lambda tx: jobs.bury(tx, first, "broken"))

    assert store.write_now(lambda tx: claims.claim(tx, "turn", 60)).message_id == second
    assert store.read_now(jobs.counts) == {("turn", "dead"): 1, ("turn", "leased"): 1}


def test_an_emergency_overtakes_a_message_that_waits_to_be_tried_again(store: Store) -> None:
    def send(tx: Tx, text: str, priority: Priority) -> str:
        who = people.find(tx, "sms", "+15005550001")
        found, seq = messages.record_outbound(
            tx, who, author="assistant", text=text, said=(Say(key="k", arguments={}),)
        )
        jobs.put(tx, "send", who.id, seq, found, priority)
        return found

    store.write_now(lambda tx: receive(tx, "a"))
    store.write_now(lambda tx: send(tx, "reply", Priority.REPLY))
    store.write_now(lambda tx: jobs.retry(tx, claims.claim(tx, "send", 60), 300, "30003"))
    urgent = store.write_now(lambda tx: send(tx, "emergency", Priority.EMERGENCY))

    assert store.write_now(lambda tx: claims.claim(tx, "send", 60)).message_id == urgent


def test_a_repeated_provider_id_is_stored_once(store: Store) -> None:
    assert store.write_now(lambda tx: receive(tx, "a"))
    assert store.write_now(lambda tx: receive(tx, "a")) is None
    assert store.write_now(lambda tx: receive(tx, "b"))


def test_dead_letters_can_be_listed_without_what_was_said(store: Store) -> None:
    store.write_now(lambda tx: receive(tx, "a"))
    job = store.write_now(lambda tx: claims.claim(tx, "turn", 60))
    store.write_now(lambda tx: jobs.bury(tx, job, "broken"))

    (letter,) = store.read_now(dead.newest)

    assert (letter.kind, letter.key, letter.attempts, letter.error) == ("turn", job.key, 1, "broken")


def test_of_fifty_workers_who_race_for_jobs_no_two_get_one_and_each_persons_come_in_order(store: Store) -> None:
    """More want one than there are people, so that most of the first claims are for nothing."""
    senders, each = 20, 4
    for number in range(senders * each):
        store.write_now(lambda tx, n=number: receive(tx, f"m{n}", address=f"+1500555{n % senders:04}"))
    barrier = Barrier(WORKERS)
    done: list[Job] = []

    def work(_: int) -> list[Job]:
        barrier.wait()
        taken: list[Job] = []
        while len(done) < senders * each:
            job = store.write_now(lambda tx: claims.claim(tx, "turn", 60))
            if job is None:
                continue
            done.append(job)
            store.write_now(lambda tx, job=job: jobs.finish(tx, job))
            taken.append(job)
        return taken

    with ThreadPoolExecutor(WORKERS) as pool:
        shares = list(pool.map(work, range(WORKERS)))

    assert sum(map(len, shares)) == senders * each
    assert Counter(job.message_id for job in done).most_common(1)[0][1] == 1
    assert all(job.attempts == 1 for job in done)
    for key in {job.key for job in done}:
        own = [job.id for job in done if job.key == key]
        assert own == sorted(own)
        assert len(own) == each
    assert store.read_now(jobs.counts) == {}
