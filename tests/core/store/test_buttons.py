"""Buttons: only those that we issued, to this person, not too long ago; a number means the newest menu."""

import pytest

from core.messages import Inbound
from core.store import Store, buttons, people
from core.store.buttons import LIFE_SECONDS


@pytest.fixture
def asha(store: Store) -> str:
    return made(store, "+15005550001")


def made(store: Store, address: str) -> str:
    inbound = Inbound(channel="sms", address=address, sender="s", provider_id="a")
    return store.write_now(lambda tx: people.find_or_create(tx, inbound, "en")).id


def issue(store: Store, who: str, *payloads: str) -> list[str]:
    return store.write_now(lambda tx: buttons.issue(tx, who, payloads))


def pressed(store: Store, who: str, identifier: str) -> str | None:
    return store.read_now(lambda tx: buttons.payload_of(tx, who, identifier))


def numbered(store: Store, who: str, position: int) -> str | None:
    return store.read_now(lambda tx: buttons.payload_at(tx, who, position))


def test_a_button_means_what_it_was_issued_for(store: Store, asha: str) -> None:
    ids = issue(store, asha, "/affirm", "/deny")
    assert [pressed(store, asha, one) for one in ids] == ["/affirm", "/deny"]
    assert [numbered(store, asha, position) for position in range(-1, 4)] == [None, None, "/affirm", "/deny", None]


def test_an_id_tells_nothing_and_cannot_be_guessed(store: Store, asha: str) -> None:
    ids = issue(store, asha, "/affirm", "/affirm", "/affirm")
    assert len(set(ids)) == 3
    assert all(len(one) == 32 and int(one, 16) >= 0 for one in ids)
    for guess in ("/affirm", "", "1", "0" * 32, ids[0].upper() + "x"):
        assert pressed(store, asha, guess) is None


def test_a_button_of_somebody_else_means_nothing(store: Store, asha: str) -> None:
    (identifier,) = issue(store, asha, "/delete_my_data_yes")
    stranger = made(store, "+15005550002")
    assert pressed(store, stranger, identifier) is None
    assert numbered(store, stranger, 1) is None


def test_an_older_button_still_works_but_a_number_means_the_newest_menu(store: Store, asha: str) -> None:
    (old,) = issue(store, asha, "/old")
    issue(store, asha, "/new")
    assert pressed(store, asha, old) == "/old"
    assert numbered(store, asha, 1) == "/new"


def test_a_message_without_choices_ends_the_menu(store: Store, asha: str) -> None:
    (old,) = issue(store, asha, "/old")
    assert issue(store, asha) == []
    assert numbered(store, asha, 1) is None
    assert pressed(store, asha, old) == "/old"


def test_menus_of_two_people_do_not_touch(store: Store, asha: str) -> None:
    bina = made(store, "+15005550002")
    issue(store, asha, "/hers")
    issue(store, bina, "/other")
    issue(store, bina)
    assert numbered(store, asha, 1) == "/hers"


def test_a_button_expires(store: Store, asha: str, clock) -> None:
    (identifier,) = issue(store, asha, "/affirm")
    clock.forward(LIFE_SECONDS - 1)
    assert pressed(store, asha, identifier) == numbered(store, asha, 1) == "/affirm"
    clock.forward(1)
    assert pressed(store, asha, identifier) is None
    assert numbered(store, asha, 1) is None


def test_what_has_expired_is_deleted_with_the_next_menu(store: Store, asha: str, clock) -> None:
    issue(store, asha, "/one", "/two")
    clock.forward(LIFE_SECONDS)
    issue(store, asha, "/three")
    counted = store.read_now(lambda tx: tx.connection.exec_driver_sql("SELECT count(*) FROM button").scalar_one())
    assert counted == 1
