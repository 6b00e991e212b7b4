"""People in the store: found by a tag, addressed by `send` alone, and known to all others by a random id."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from sqlalchemy import select

from core.crypto import Unreadable
from core.errors import NotAllowed
from core.messages import Inbound
from core.store import Store, people
from core.store.people import Person
from core.store.tables import person

ADDRESS = "+97400000001"


def came(store: Store, address: str = ADDRESS, channel: str = "sms", language: str = "ne") -> Person:
    inbound = Inbound(channel=channel, address=address, sender="+15005550006", provider_id="a")
    return store.write_now(lambda tx: people.find_or_create(tx, inbound, language))


def test_a_person_is_made_once_and_found_again(store: Store) -> None:
    first = came(store)
    assert came(store, language="en") == first
    assert (first.language, first.language_chosen, first.stopped, first.country) == ("ne", False, False, "QA")
    assert store.read_now(lambda tx: people.find(tx, "sms", ADDRESS)) == first
    assert store.read_now(lambda tx: people.get(tx, first.id)) == first


def test_twenty_first_messages_at_once_make_one_person(store: Store) -> None:
    barrier = Barrier(20)

    def come(_: int) -> str:
        barrier.wait()
        return came(store).id

    with ThreadPoolExecutor(20) as pool:
        assert len(set(pool.map(come, range(20)))) == 1


def test_the_same_address_elsewhere_is_somebody_else(store: Store) -> None:
    assert came(store).id != came(store, channel="whatsapp").id
    assert came(store).id != came(store, address="+97400000002").id
    assert store.read_now(lambda tx: people.find(tx, "web", ADDRESS)) is None


def test_whoever_is_not_there_is_not_for_you(store: Store) -> None:
    with pytest.raises(NotAllowed):
        store.read_now(lambda tx: people.get(tx, "0" * 32))


def test_an_address_stands_nowhere_in_clear(store: Store) -> None:
    who = came(store)
    row = store.read_now(lambda tx: tx.connection.execute(select(person)).one())
    assert all(ADDRESS[1:] not in str(value) for value in row)
    assert all(ADDRESS.encode()[1:] not in value for value in row if isinstance(value, bytes))
    assert ADDRESS not in repr(who)
    assert store.read_now(lambda tx: people.address_of(tx, who)) == ADDRESS


def test_numbers_of_a_conversation_follow_each_other(store: Store) -> None:
    one, other = came(store), came(store, address="+97400000002")
    numbers = [store.write_now(lambda tx, who=who: people.next_seq(tx, who.id)) for who in (one, one, other, one)]
    assert numbers == [1, 2, 1, 3]


def test_many_at_once_get_numbers_without_a_gap(store: Store) -> None:
    who = came(store)
    with ThreadPoolExecutor(8) as pool:
        numbers = list(pool.map(lambda _: store.write_now(lambda tx: people.next_seq(tx, who.id)), range(40)))
    assert sorted(numbers) == list(range(1, 41))


def test_language_and_silence_are_remembered(store: Store, clock) -> None:
    who = came(store)
    store.write_now(lambda tx: people.set_language(tx, who.id, "es", chosen=True))
    store.write_now(lambda tx: people.set_stopped(tx, who.id, True))
    clock.forward(5)
    store.write_now(lambda tx: people.next_seq(tx, who.id, heard=True))
    again = store.read_now(lambda tx: people.get(tx, who.id))
    assert (again.language, again.language_chosen, again.stopped) == ("es", True, True)
    assert again.last_in_at == clock.now
    store.write_now(lambda tx: people.set_stopped(tx, who.id, False))
    assert not store.read_now(lambda tx: people.get(tx, who.id)).stopped


def test_a_new_key_keeps_the_address_and_nothing_else(store: Store) -> None:
    who = came(store)
    sealed = store.vault.seal(who.id, who.data_key, "message|text|1", "marmalade")
    store.write_now(lambda tx: people.renew_key(tx, who, people.address_of(tx, who)))
    renewed = store.read_now(lambda tx: people.get(tx, who.id))
    assert store.read_now(lambda tx: people.address_of(tx, renewed)) == ADDRESS
    with pytest.raises(Unreadable):
        store.vault.unseal(who.id, renewed.data_key, "message|text|1", sealed)


def test_who_left_a_web_chat_is_not_found_by_the_old_address(store: Store) -> None:
    who = came(store, address="token", channel="web")
    store.write_now(lambda tx: people.leave(tx, who.id))
    assert store.read_now(lambda tx: people.find(tx, "web", "token")) is None
    assert store.read_now(lambda tx: people.address_of(tx, people.get(tx, who.id))) == ""
    assert came(store, address="token", channel="web").id != who.id


def test_two_people_may_leave(store: Store) -> None:
    for token in ("one", "two"):
        who = came(store, address=token, channel="web")
        store.write_now(lambda tx, who=who: people.leave(tx, who.id))
