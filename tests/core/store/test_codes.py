"""Codes: kept as tags, alive for two weeks, and dead with the person."""

import pytest

from core.messages import Inbound
from core.store import Store, codes, erasure, messages, people
from tests.conftest import Clock


def opened(store: Store, address: str = "token", text: str = "hi") -> str:
    inbound = Inbound(channel="web", address=address, sender="web", provider_id=f"{address}.1", text=text)

    def write(tx):  # type: ignore[no-untyped-def]
        who = people.find_or_create(tx, inbound, "en")
        kept = messages.record_inbound(tx, who, inbound)
        assert kept
        return who.id, kept[0]

    person, message = store.write_now(write)
    return f"{person} {message}"


def test_a_code_leads_to_the_person_until_it_is_two_weeks_old(store: Store, clock: Clock) -> None:
    person = opened(store).split()[0]
    code = store.write_now(lambda tx: codes.issue(tx, people.get(tx, person)))
    assert (len(code), code.isdecimal()) == (12, True)
    clock.forward(codes.LIFE_SECONDS - 1)
    assert store.write_now(lambda tx: codes.resume(tx, code, "second")) == 1
    found = store.read_now(lambda tx: people.find(tx, "web", "second"))
    assert found is not None
    assert found.id == person
    assert store.read_now(lambda tx: people.find(tx, "web", "token")) is None
    clock.forward(2)
    assert store.write_now(lambda tx: codes.resume(tx, code, "third")) is None


def test_what_was_left_is_remembered_for_a_month_and_no_longer(store: Store, clock: Clock) -> None:
    opened(store, "one")
    opened(store, "two")
    store.write_now(lambda tx: codes.leave(tx, "web", "one"))
    assert store.read_now(lambda tx: [codes.has_left(tx, "web", name) for name in ("one", "two")]) == [True, False]
    clock.forward(codes.LEFT_SECONDS + 1)
    store.write_now(lambda tx: codes.leave(tx, "web", "two"))
    assert store.read_now(lambda tx: [codes.has_left(tx, "web", name) for name in ("one", "two")]) == [False, True]


def test_who_was_erased_cannot_be_found_by_a_code(store: Store) -> None:
    person, message = opened(store).split()
    code = store.write_now(lambda tx: codes.issue(tx, people.get(tx, person)))
    store.write_now(lambda tx: erasure.erase(tx, people.get(tx, person), message))
    assert store.write_now(lambda tx: codes.resume(tx, code, "second")) is None


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("123456789012", "123456789012"), (" 1234 5678-9012 ", "123456789012"), ("१२३४ ५६७८ ९०१२", "123456789012"),
        ("٠١٢٣٤٥٦٧٨٩٠١", "012345678901"), ("12345678901", None), ("1234567890123", None), ("", None), ("x" * 99, None),
        ("²" * 12, None),
    ],
)  # fmt: skip
def test_digits_of_every_script_count_however_they_are_grouped(typed: str, found: str | None) -> None:
    assert codes.digits(typed) == found
