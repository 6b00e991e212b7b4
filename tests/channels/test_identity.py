"""Who somebody is on WhatsApp: a number, a business-scoped id, or both, and what belongs together (R10)."""

import dataclasses
from typing import Any
from urllib.parse import urlencode

import pytest
import structlog
from sqlalchemy import text

from channels.channel import open_client
from channels.guard import Guard
from channels.intake import Intake
from channels.twilio import Account, Brand, Twilio
from channels.whatsapp import Business, WhatsAppCloud
from core.config import Settings
from core.handover import Brief
from core.messages import Hook
from core.risk import DangerCheck
from core.store import Store, Tx, aliases, cases, erasure, messages, people
from core.store.people import Person
from tests.channels.harness import Answer, say
from tests.conftest import Clock
from tests.fakes import meta
from tests.fakes.twilio import OUR_NUMBER, SID, TOKEN, sign

NUMBER, SCOPED, OTHER = "15005550001", "NP.13491208655302741918", "NP.99991208655302741918"
PUBLIC = "https://amana.example"
DANGER = DangerCheck({"en": {"violence_now": {"phrases": ["beating me"]}}})


@dataclasses.dataclass
class Door:
    """An intake, and a WhatsApp provider before it."""

    store: Store
    intake: Intake
    count: int = 0

    async def write(self, number: str | None, scoped: str | None, words: str = "hello", sid: int = 0) -> None:
        """Somebody writes, and the provider tells this of them. The same `sid` is the same message."""
        self.count += 1
        assert await self.post(number, scoped, words, sid or self.count) in (200, 204)

    async def post(self, number: str | None, scoped: str | None, words: str, sid: int) -> int:
        raise NotImplementedError

    def people(self) -> list[Person]:
        query = text("SELECT id FROM person ORDER BY created_at, id")
        return self.store.read_now(lambda tx: [people.get(tx, row.id) for row in tx.connection.execute(query)])

    def said(self) -> list[tuple[str, str]]:
        """Return who said what, in the order of arrival."""
        query = text("SELECT id FROM message WHERE direction = 'in' ORDER BY created_at, provider_id")

        def work(tx: Tx) -> list[tuple[str, str]]:
            found = [messages.get(tx, row.id) for row in tx.connection.execute(query).all()]
            return [(one.person_id, one.text) for one in found]

        return self.store.read_now(work)

    def authors(self) -> list[int]:
        """Return the authors of all messages, as numbers in the order in which they appeared."""
        ids = [who for who, _ in self.said()]
        return [list(dict.fromkeys(ids)).index(one) for one in ids]

    def answered_at(self, who: Person) -> str:
        return self.store.read_now(lambda tx: people.address_of(tx, who))

    def audit(self) -> list[str]:
        query = text("SELECT action FROM audit ORDER BY id")
        return [row.action for row in self.store.read_now(lambda tx: tx.connection.execute(query).all())]


class Meta(Door):
    channel = WhatsAppCloud(
        Business.from_settings(Settings(whatsapp_app_secret=meta.APP_SECRET)), open_client()
    )  # fmt: skip

    async def send(self, value: dict[str, Any]) -> int:
        body = meta.escaped(meta.webhook(value))
        headers = {"x-hub-signature-256": meta.sign(body)}
        hook = Hook(method="POST", path="/hooks/whatsapp_cloud", query="", headers=headers, body=body)
        return int(await self.intake.receive(self.channel, hook))

    async def post(self, number: str | None, scoped: str | None, words: str, sid: int) -> int:
        told: dict[str, Any] = {"from": number, "from_user_id": scoped}
        return await self.send(meta.value(meta.message(words, identifier=f"wamid.{sid:03}", **told)))


class OverTwilio(Door):
    brand: Brand = "whatsapp"

    async def post(self, number: str | None, scoped: str | None, words: str, sid: int) -> int:
        account = Account(sid=SID, token=TOKEN, api_url="http://127.0.0.1:1", public_url=PUBLIC)
        params = {
            "MessageSid": f"SM{sid:032x}", "From": f"whatsapp:+{number}" if number else f"whatsapp:{scoped}",
            "To": f"whatsapp:{OUR_NUMBER}", "Body": words,
        }  # fmt: skip
        if scoped:
            params["ExternalUserId"] = f"whatsapp:{scoped}"
        path = "/hooks/whatsapp"
        headers = {"x-twilio-signature": sign(TOKEN, PUBLIC + path, sorted(params.items()))}
        body = urlencode(params).encode()
        hook = Hook(method="POST", path=path, query="", headers=headers, body=body)
        return int(await self.intake.receive(Twilio("whatsapp", account, open_client()), hook))


@pytest.fixture(params=[Meta, OverTwilio])
def door(request: pytest.FixtureRequest, store: Store, clock: Clock) -> Door:
    made: Door = request.param(store, an_intake(store))
    write = made.write

    async def later(*told: Any, **more: Any) -> None:
        clock.forward(1)
        await write(*told, **more)

    made.write = later  # type: ignore[method-assign]
    return made


def an_intake(store: Store) -> Intake:
    return Intake(
        store, guess_language=lambda _: "ne", wake=lambda: None, log=structlog.get_logger(),
        open_doors=("whatsapp", "whatsapp_cloud"), guard=Guard(danger=DANGER),
    )  # fmt: skip


def open_case(door: Door, who: Person) -> None:
    door.store.write_now(lambda tx: cases.open_for(tx, who, risk=1, reason="x", brief=Brief()))


BOTH, BY_NUMBER, BY_ID = (NUMBER, SCOPED), (NUMBER, None), (None, SCOPED)


@pytest.mark.parametrize(
    "told",
    [
        (BY_NUMBER, BOTH, BY_ID, BY_NUMBER, BOTH), (BOTH, BY_ID, BY_NUMBER), (BOTH, BY_NUMBER, BY_ID, BOTH),
        (BY_ID, BOTH, BY_NUMBER, BY_ID), (BY_NUMBER, BY_NUMBER, BOTH, BY_ID), (BY_ID, BY_ID, BOTH),
    ],
)  # fmt: skip
async def test_one_person_stays_one_person_whatever_is_told_of_them(door: Door, told: tuple[Any, ...]) -> None:
    for one in told:
        await door.write(*one)
    (who,) = door.people()
    assert door.authors() == [0] * len(told)
    assert door.answered_at(who) in (SCOPED, f"+{NUMBER}")


async def test_a_case_is_not_doubled_and_the_answer_finds_them(door: Door) -> None:
    await door.write(*BY_NUMBER)
    (who,) = door.people()
    open_case(door, who)
    for one in (BOTH, BY_ID):
        await door.write(*one)
    (waiting,) = door.store.read_now(cases.queue)
    assert (waiting.case.person_id, waiting.unread) == (who.id, 3)
    assert door.answered_at(who) == SCOPED  # where they wrote from last
    assert "address learnt" in door.audit()


async def test_without_proof_nobody_is_taken_for_somebody_else(door: Door) -> None:
    for one in (BY_NUMBER, BY_ID, ("15005550002", None), (None, OTHER)):
        await door.write(*one)
    assert door.authors() == [0, 1, 2, 3]


async def test_a_number_with_a_new_owner_is_a_new_person(door: Door) -> None:
    """The first one gave the number up. What a counsellor writes to them must not reach whoever has it now."""
    await door.write(*BOTH, words="first")
    first = door.people()[0]
    await door.write(NUMBER, OTHER, words="second")
    await door.write(*BY_NUMBER, words="second, without an id")
    await door.write(*BY_ID, words="first again")
    assert door.authors() == [0, 1, 1, 0]
    assert door.answered_at(first) == SCOPED
    assert door.audit() == ["address lost"]


async def test_of_two_who_are_known_already_nobody_is_merged(door: Door) -> None:
    await door.write(*BY_NUMBER, words="number")
    await door.write(*BY_ID, words="id")
    number, scoped = door.people()
    for _ in range(3):
        await door.write(*BOTH, words="both")
    await door.write(*BY_NUMBER, words="number")
    await door.write(*BY_ID, words="id")
    # the id decides where there is one
    assert [who for who, _ in door.said()] == [number.id, *[scoped.id] * 4, number.id, scoped.id]
    assert door.audit().count("address of two") <= 1
    assert len(door.people()) == 2


async def test_a_message_that_comes_again_is_known_by_whatever_name(door: Door) -> None:
    await door.write(*BY_NUMBER, words="once", sid=7)
    for one in (BOTH, BY_ID, BY_NUMBER):
        await door.write(*one, words="once", sid=7)
    assert len(door.said()) == 1
    assert len(door.people()) == 1


async def test_who_was_erased_leaves_no_address_and_old_words_do_not_come_back(store: Store, clock: Clock) -> None:
    door = Meta(store, an_intake(store))
    await door.write(*BOTH)
    (who,) = door.people()
    message = store.read_now(lambda tx: tx.connection.execute(text("SELECT id FROM message")).scalar_one())
    store.write_now(lambda tx: erasure.erase(tx, who, message))
    assert store.read_now(lambda tx: tx.connection.execute(text("SELECT count(*) FROM alias")).scalar_one()) == 0
    for number, one in enumerate((BOTH, BY_ID, BY_NUMBER)):
        await door.write(*one, words="older, late", sid=100 + number)
    assert [words for _, words in door.said()] == [""]
    assert len(door.people()) == 1

    store.write_now(lambda tx: tx.connection.execute(text("DELETE FROM job")))
    store.write_now(lambda tx: erasure.remove(tx, who.id))
    assert door.people() == []


async def test_removing_a_person_takes_their_other_addresses_along(door: Door) -> None:
    await door.write(*BOTH)
    (who,) = door.people()
    tables = ("DELETE FROM job", "DELETE FROM message", "UPDATE person SET erased_at = 1")
    door.store.write_now(lambda tx: [tx.connection.execute(text(one)) for one in tables])
    door.store.write_now(lambda tx: erasure.remove(tx, who.id))
    assert door.store.read_now(lambda tx: tx.connection.execute(text("SELECT count(*) FROM alias")).scalar_one()) == 0


@pytest.mark.parametrize("reached", [SCOPED, OTHER])
async def test_a_receipt_tells_the_id_of_who_was_known_by_a_number(store: Store, clock: Clock, reached: str) -> None:
    door = Meta(store, an_intake(store))
    await door.write(*BY_NUMBER)
    (who,) = door.people()
    sent = store.write_now(lambda tx: say(tx, who.id, Answer(text="an answer")))
    status = {
        "id": "wamid.X", "status": "delivered", "recipient_id": NUMBER, "recipient_user_id": reached,
        "biz_opaque_callback_data": sent,
    }  # fmt: skip
    for _ in range(2):
        assert await door.send(meta.value(statuses=(status,))) == 204
    clock.forward(1)
    await door.write(*BY_ID)
    assert len(door.people()) == (1 if reached == SCOPED else 2)
    assert door.audit() == ["address learnt"]


async def test_a_receipt_never_takes_an_id_from_somebody(store: Store, clock: Clock) -> None:
    door = Meta(store, an_intake(store))
    await door.write(*BY_NUMBER)
    clock.forward(1)
    await door.write(*BY_ID)
    number, scoped = door.people()
    sent = store.write_now(lambda tx: say(tx, number.id, Answer(text="an answer")))
    status = {"id": "x", "status": "read", "recipient_user_id": SCOPED, "biz_opaque_callback_data": sent}
    assert await door.send(meta.value(statuses=(status,))) == 204
    clock.forward(1)
    await door.write(*BY_ID)
    assert [who for who, _ in door.said()] == [number.id, scoped.id, scoped.id]


async def test_who_stops_by_their_id_stops_on_the_same_phone_elsewhere(store: Store, clock: Clock) -> None:
    from core.store.silence import silence

    cloud, twilio = Meta(store, an_intake(store)), OverTwilio(store, an_intake(store))
    await cloud.write(*BOTH)
    clock.forward(1)
    await twilio.write(*BY_NUMBER)
    first, second = cloud.people()
    store.write_now(lambda tx: silence(tx, first.id))
    assert [who.stopped for who in cloud.people()] == [True, True]
    assert (first.channel, second.channel) == ("whatsapp_cloud", "whatsapp")


async def test_danger_by_another_name_raises_the_case_that_is_open(door: Door) -> None:
    await door.write(*BY_NUMBER)
    (who,) = door.people()
    open_case(door, who)
    await door.write(*BOTH, words="he is beating me")
    query = text("SELECT priority FROM job WHERE kind = 'turn' ORDER BY id")
    assert [row.priority for row in door.store.read_now(lambda tx: tx.connection.execute(query).all())] == [1, 0]
    assert len(door.store.read_now(cases.queue)) == 1


async def test_other_addresses_are_sealed(door: Door) -> None:
    await door.write(*BOTH)
    (who,) = door.people()
    row = door.store.read_now(lambda tx: tx.connection.execute(text("SELECT * FROM alias")).one())
    assert not any(one in str(tuple(row)) for one in (NUMBER, SCOPED))
    assert sorted(door.store.read_now(lambda tx: aliases.addresses(tx, who))) == [f"+{NUMBER}", SCOPED]
