"""Erasure: what a person said is gone at once, also from the bytes of the database; the rest when they were told."""

from pathlib import Path

import pytest
from sqlalchemy import LargeBinary, select

from core.crypto import Unreadable
from core.handover import Brief
from core.messages import Inbound, Say
from core.store import Store, buttons, cases, claims, erasure, jobs, messages, people
from core.store.jobs import Priority
from core.store.people import Person
from core.store.tables import metadata

ADDRESS = "+97433330001"
CANARIES = ("marmalade", "quokka-payload", "zanzibar", ADDRESS, ADDRESS[1:])


def lives(store: Store, address: str = ADDRESS) -> tuple[Person, str]:
    """Somebody writes, is answered with buttons, waits for a counsellor, and asks to be erased with a last message."""

    def work(tx):
        first = Inbound(channel="sms", address=address, sender="s", provider_id=f"SM1{address[-1]}", text="marmalade")
        who = people.find_or_create(tx, first, "ne")
        told = messages.record_inbound(tx, who, first)
        jobs.put(tx, "turn", who.id, told[1], told[0], Priority.REPLY)
        said = (Say(key="utter_fees", arguments={"country": "zanzibar"}),)
        answer, seq = messages.record_outbound(tx, who, author="assistant", text="zanzibar", said=said)
        jobs.put(tx, "send", who.id, seq, answer, Priority.REPLY)
        buttons.issue(tx, who.id, ["/quokka-payload"])
        cases.open_for(tx, who, risk=3, reason="violence_now", brief=Brief(flags=(("violence_now", "marmalade"),)))
        last = Inbound(
            channel="sms", address=address, sender="s", provider_id=f"SM2{address[-1]}", text="erase marmalade"
        )
        found = messages.record_inbound(tx, who, last)
        jobs.put(tx, "turn", who.id, found[1], found[0], Priority.REPLY)
        return who, found[0]

    return store.write_now(work)


def counts(store: Store, who: str) -> dict[str, int]:
    """Return how many rows of each table are about a person."""
    owner = {"person": "id", "job": "key"}

    def work(tx):
        found = {}
        for name, table in metadata.tables.items():
            column = owner.get(name, "person_id")
            if column in table.c and name in ("person", "message", "job", "button", "case_"):
                found[name] = len(tx.connection.execute(select(table).where(table.c[column] == who)).all())
        return found

    return store.read_now(work)


def test_everything_a_person_said_is_gone_at_once_but_the_row_that_is_being_answered(store: Store) -> None:
    who, current = lives(store)
    assert counts(store, who.id) == {"person": 1, "message": 3, "job": 3, "button": 1, "case_": 1}
    renewed = store.write_now(lambda tx: erasure.erase(tx, who, current))
    assert counts(store, who.id) == {"person": 1, "message": 1, "job": 1, "button": 0, "case_": 0}
    left = store.read_now(lambda tx: messages.get(tx, current))
    assert (left.text, left.said, left.case_id) == ("", (), None)
    assert store.read_now(lambda tx: people.address_of(tx, renewed)) == ADDRESS


def test_what_was_sealed_before_cannot_be_read_in_any_copy(store: Store) -> None:
    who, current = lives(store)
    old = store.read_now(
        lambda tx: [row.text_sealed for row in tx.connection.execute(select(metadata.tables["message"]))]
    )
    renewed = store.write_now(lambda tx: erasure.erase(tx, who, current))
    for sealed in old:
        with pytest.raises(Unreadable):
            store.vault.unseal(who.id, renewed.data_key, f"message|text|{current}", sealed)


def test_others_keep_everything(store: Store) -> None:
    other, _ = lives(store, "+97433330002")
    who, current = lives(store)
    before = counts(store, other.id)
    store.write_now(lambda tx: erasure.erase(tx, who, current))
    assert counts(store, other.id) == before
    texts = store.read_now(lambda tx: [one.text for one in messages.conversation(tx, other)])
    assert texts == ["marmalade", "zanzibar", "erase marmalade"]


def finish_all(store: Store) -> None:
    for kind in ("turn", "send"):
        while (job := store.write_now(lambda tx, kind=kind: claims.claim(tx, kind, 60))) is not None:
            store.write_now(lambda tx, job=job: jobs.finish(tx, job))


def test_the_rest_goes_when_nothing_is_left_to_be_sent(store: Store) -> None:
    who, current = lives(store)
    store.write_now(lambda tx: erasure.erase(tx, who, current))
    assert store.read_now(erasure.leftovers) == []
    store.write_now(lambda tx: erasure.remove(tx, who.id))  # too early: nothing happens
    assert counts(store, who.id)["person"] == 1
    finish_all(store)
    assert store.read_now(erasure.leftovers) == [who.id]
    store.write_now(lambda tx: erasure.remove(tx, who.id))
    assert set(counts(store, who.id).values()) == {0}
    assert store.read_now(erasure.leftovers) == []


def test_a_dead_letter_does_not_keep_anybody(store: Store) -> None:
    who, current = lives(store)
    store.write_now(lambda tx: erasure.erase(tx, who, current))
    job = store.write_now(lambda tx: claims.claim(tx, "turn", 60))
    store.write_now(lambda tx: jobs.bury(tx, job, "broken"))
    store.write_now(lambda tx: erasure.remove(tx, who.id))
    assert set(counts(store, who.id).values()) == {0}


def test_who_writes_again_stays_and_begins_anew(store: Store) -> None:
    who, current = lives(store)
    store.write_now(lambda tx: erasure.erase(tx, who, current))
    finish_all(store)
    again = Inbound(channel="sms", address=ADDRESS, sender="s", provider_id="3", text="hello")
    store.write_now(lambda tx: messages.record_inbound(tx, people.get(tx, who.id), again))
    store.write_now(lambda tx: erasure.remove(tx, who.id))
    texts = store.read_now(lambda tx: [one.text for one in messages.conversation(tx, people.get(tx, who.id))])
    assert texts == ["", "hello"]


def everything_in(store: Store) -> bytes:
    """Return every byte of every row."""

    def work(tx):
        rows = [tx.connection.execute(select(table)).all() for table in metadata.tables.values()]
        values = [value for table in rows for row in table for value in row]
        return b"\n".join(value if isinstance(value, bytes) else str(value).encode() for value in values)

    return store.read_now(work)


def test_nobodys_words_or_number_stand_in_any_row_before_or_after(store: Store) -> None:
    who, current = lives(store)
    stored = everything_in(store)
    assert who.id.encode() in stored
    # a payload is ours and says nothing of the person; all else is sealed
    assert [canary for canary in CANARIES if canary.encode() in stored] == ["quokka-payload"]
    store.write_now(lambda tx: erasure.erase(tx, who, current))
    assert not [canary for canary in CANARIES if canary.encode() in everything_in(store)]


def sealed_values(store: Store) -> list[bytes]:
    """Return every sealed field and wrapped key that the database holds."""

    def work(tx):
        return [
            value
            for table in metadata.tables.values()
            for column in table.c
            if isinstance(column.type, LargeBinary)
            for value in tx.connection.scalars(select(column))
            if value
        ]

    return store.read_now(work)


def test_nothing_that_was_sealed_is_left_in_the_bytes_of_the_file(sqlite_store: Store) -> None:
    file = Path(sqlite_store.engine.url.database)
    who, current = lives(sqlite_store)
    sealed = sealed_values(sqlite_store)
    assert len(sealed) >= 8
    sqlite_store.write_now(lambda tx: erasure.erase(tx, who, current))
    finish_all(sqlite_store)
    sqlite_store.write_now(lambda tx: erasure.remove(tx, who.id))
    sqlite_store.close()  # the log of the last writes goes into the file

    left = b"".join(path.read_bytes() for path in file.parent.glob(f"{file.name}*"))
    assert b"case opened" in left  # the file is really read
    assert not [canary for canary in CANARIES if canary.encode() in left]
    assert not [value for value in sealed if value in left]
    assert who.id.encode() not in left
