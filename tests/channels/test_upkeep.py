"""Upkeep: people who wait too long are told once; of erased people nothing stays."""

import httpx
import pytest
from sqlalchemy import select

from channels.upkeep import Upkeep
from core.store import Store
from core.store.tables import message, person
from tests.channels.test_turns import Gateway, said


@pytest.fixture
def gateway(sqlite_store: Store) -> Gateway:
    return Gateway(sqlite_store)


def upkeep(gateway: Gateway) -> Upkeep:
    tools = gateway.turns._tools
    return Upkeep(
        store=tools.store, assistant=tools.assistant, wording=tools.wording, replies=tools.replies,
        wake_outbox=lambda: None, log=tools.log,
    )  # fmt: skip


async def test_after_ten_minutes_a_person_is_told_once_that_nobody_is_free(gateway: Gateway, clock) -> None:
    await gateway.ask("person")
    await upkeep(gateway).look()
    clock.forward(601)
    await upkeep(gateway).look()
    await upkeep(gateway).look()
    assert gateway.said() == ["A person was called.", "Nobody is free yet."]


async def test_an_erased_person_is_gone_once_they_were_told(gateway: Gateway, clock) -> None:
    gateway.rasa.answer = lambda: said("utter_greet", ("Yes, delete", "/delete_my_data_yes"))
    await gateway.ask("delete")
    await gateway.ask("1")
    await upkeep(gateway).look()
    assert gateway.said() == ["All is deleted."]

    gateway.store.write_now(lambda tx: tx.connection.exec_driver_sql("DELETE FROM job"))
    gateway.rasa.answer = lambda: httpx.Response(503)
    await upkeep(gateway).look()
    assert len(rows(gateway)) > 0
    gateway.rasa.answer = lambda: httpx.Response(204)
    await upkeep(gateway).look()
    assert rows(gateway) == []


def rows(gateway: Gateway) -> list[object]:
    query = lambda tx: [*tx.connection.scalars(select(person.c.id)), *tx.connection.scalars(select(message.c.id))]  # noqa: E731
    return gateway.store.read_now(query)
