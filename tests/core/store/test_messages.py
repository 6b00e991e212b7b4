"""Messages: what was said and the buttons under it come back as they went in."""

from collections.abc import Iterable
from dataclasses import replace
from itertools import permutations

import pytest
from sqlalchemy import update

from core.messages import Button, Inbound, Receipt, Say
from core.store import Store, Tx, messages, people, receipts
from core.store.tables import message


def test_issued_buttons_are_kept_with_the_message_and_come_back_in_order(store: Store) -> None:
    inbound = Inbound(channel="web", address="token", sender="web", provider_id="a", text="hi")
    who = store.write_now(lambda tx: people.find_or_create(tx, inbound, "ne"))
    said = (Say(key="welcome", arguments={"n": 1}, buttons=(("yes", "/affirm"), ("no", "/deny"))),)
    buttons = (Button(id="b1", title="हो"), Button(id="b2", title="होइन"))

    made, _ = store.write_now(
        lambda tx: messages.record_outbound(tx, who, author="assistant", text="नमस्ते", said=said, buttons=buttons)
    )

    found = store.read_now(lambda tx: messages.get(tx, made))
    assert (found.text, found.said, found.buttons) == ("नमस्ते", said, buttons)
    assert store.read_now(lambda tx: messages.conversation(tx, who)) == [found]


def test_an_incoming_message_has_no_buttons(store: Store) -> None:
    inbound = Inbound(
        channel="web", address="token", sender="web", provider_id="a", text="hi", kind="button", button="b1"
    )
    who = store.write_now(lambda tx: people.find_or_create(tx, inbound, "en"))
    found = store.write_now(lambda tx: messages.record_inbound(tx, who, inbound))

    assert found is not None
    assert store.read_now(lambda tx: messages.get(tx, found[0])).buttons == ()
    assert store.read_now(lambda tx: messages.button_pressed(tx, who, found[0])) == "b1"


ORDER = ("queued", "sent", "delivered", "read", "failed")


def sent(store: Store) -> str:
    inbound = Inbound(channel="sms", address="+15005550001", sender="s", provider_id="a", text="hi")

    def work(tx: Tx) -> str:
        who = people.find_or_create(tx, inbound, "en")
        return messages.record_outbound(tx, who, author="assistant", text="answer")[0]

    return store.write_now(work)


def receipt(status: str, reference: str | None = None, **more) -> Receipt:
    error = "30003" if status == "failed" else None
    return Receipt(channel="sms", provider_id="SM1", status=status, reference=reference, error=error, **more)


def state_of(store: Store, identifier: str) -> tuple[str, str | None]:
    found = store.read_now(lambda tx: messages.get(tx, identifier))
    return found.state, found.error


def best(statuses: Iterable[str]) -> str:
    """What must be known in the end, whatever the order: what reached the phone outweighs what failed."""
    known = set(statuses)
    return next(status for status in ("read", "delivered", "failed", "sent", "queued") if status in known)


@pytest.mark.parametrize("first", ORDER)
def test_receipts_in_every_order_and_twice_lead_to_the_same_end(sqlite_store: Store, first: str) -> None:
    identifier = sent(sqlite_store)
    orders = [order for order in permutations(ORDER) if order[0] == first]
    assert len(orders) == 24

    def play(tx: Tx) -> None:
        for order in orders:
            row = update(message).where(message.c.id == identifier)
            tx.connection.execute(row.values(state="queued", error=None, provider_id=None))
            told: list[str] = []
            for status in [one for one in order for _ in range(2)]:
                assert receipts.apply(tx, receipt(status, identifier)) is not None
                told.append(status)
                found = messages.get(tx, identifier)
                assert found.state == best([*told, "queued"]), order
            assert found.error is None, order

    sqlite_store.write_now(play)


@pytest.mark.parametrize("statuses", [c for size in (1, 2, 3) for c in permutations(ORDER, size)], ids="-".join)
def test_with_receipts_missing_the_best_that_is_known_counts(sqlite_store: Store, statuses: tuple[str, ...]) -> None:
    identifier = sent(sqlite_store)
    for status in statuses:
        sqlite_store.write_now(lambda tx, status=status: receipts.apply(tx, receipt(status, identifier)))
    assert state_of(sqlite_store, identifier)[0] == best([*statuses, "queued"])


def test_a_receipt_is_matched_by_our_id_or_by_the_providers(store: Store) -> None:
    identifier = sent(store)
    assert store.write_now(lambda tx: receipts.apply(tx, receipt("sent"))) is None
    store.write_now(lambda tx: messages.mark_sent(tx, identifier, "SM1"))
    assert state_of(store, identifier) == ("sent", None)
    whose = store.write_now(lambda tx: receipts.apply(tx, receipt("failed")))
    assert whose is not None
    assert whose.person_id == store.read_now(lambda tx: messages.get(tx, identifier)).person_id
    assert state_of(store, identifier) == ("failed", "30003")


def test_a_receipt_of_another_channel_or_another_message_changes_nothing(store: Store) -> None:
    identifier = sent(store)
    other = replace(receipt("delivered", identifier), channel="whatsapp")
    assert store.write_now(lambda tx: receipts.apply(tx, other)) is None
    assert store.write_now(lambda tx: receipts.apply(tx, receipt("delivered", "0" * 32))) is None
    assert state_of(store, identifier) == ("queued", None)


def test_a_receipt_that_comes_before_our_own_note_is_kept(store: Store) -> None:
    identifier = sent(store)
    assert not store.read_now(lambda tx: messages.was_accepted(tx, identifier))
    store.write_now(lambda tx: receipts.apply(tx, receipt("delivered", identifier)))
    assert store.read_now(lambda tx: messages.was_accepted(tx, identifier))
    store.write_now(lambda tx: messages.mark_sent(tx, identifier, "SM1"))
    assert state_of(store, identifier) == ("delivered", None)


def test_an_incoming_message_never_takes_a_receipt(store: Store) -> None:
    inbound = Inbound(channel="sms", address="+15005550001", sender="s", provider_id="SM1", text="hi")
    who = store.write_now(lambda tx: people.find_or_create(tx, inbound, "en"))
    found = store.write_now(lambda tx: messages.record_inbound(tx, who, inbound))
    assert store.write_now(lambda tx: receipts.apply(tx, receipt("failed", found[0]))) is None
    assert state_of(store, found[0]) == ("received", None)


def test_what_waits_for_somebody_who_wants_nothing_fails_and_the_rest_stays(store: Store) -> None:
    waiting, gone = sent(store), sent(store)
    store.write_now(lambda tx: messages.mark_sent(tx, gone, "SM1"))
    who = store.read_now(lambda tx: messages.get(tx, gone)).person_id
    store.write_now(lambda tx: messages.fail_waiting(tx, who, "stopped"))
    assert [state_of(store, one) for one in (waiting, gone)] == [("failed", "stopped"), ("sent", None)]


def test_a_conversation_is_read_from_its_end_and_in_order(store: Store) -> None:
    inbound = Inbound(channel="sms", address="+15005550001", sender="s", provider_id="a", text="one")
    who = store.write_now(lambda tx: people.find_or_create(tx, inbound, "en"))
    for number, text in enumerate(["one", "two", "three"]):
        received = replace(inbound, provider_id=str(number), text=text)
        store.write_now(lambda tx, received=received: messages.record_inbound(tx, who, received))
    store.write_now(lambda tx: messages.record_outbound(tx, who, author="assistant", text="four"))

    def texts(**how) -> list[str]:
        return [one.text for one in store.read_now(lambda tx: messages.conversation(tx, who, **how))]

    assert texts() == ["one", "two", "three", "four"]
    assert texts(limit=2) == ["three", "four"]
    assert texts(after=2) == ["three", "four"]
    assert texts(direction="in", limit=1) == ["three"]


@pytest.mark.parametrize("text", ["", "नमस्ते 🙏", "مرحبا\n\nhi", "x" * 20_000, "{name} %s \\ ' \" ; --", "\u202e\u0000"])
def test_any_text_comes_back_as_it_was_written(store: Store, text: str) -> None:
    inbound = Inbound(channel="sms", address="+15005550001", sender="s", provider_id="a", text=text)
    who = store.write_now(lambda tx: people.find_or_create(tx, inbound, "en"))
    found = store.write_now(lambda tx: messages.record_inbound(tx, who, inbound))
    assert store.read_now(lambda tx: messages.get(tx, found[0])).text == text
