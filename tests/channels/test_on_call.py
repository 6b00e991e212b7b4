"""Nobody waits unnoticed: the desk after two minutes, those on call after ten, and a case without its counsellor."""

import json
from collections.abc import Callable

import httpx
import pytest
import structlog

from channels.channel import open_client
from channels.metrics import Metrics
from channels.on_call import CALL_SECONDS, ESCALATE_SECONDS, OnCall
from core.handover import Brief, close, give_back, take
from core.risk import Level
from core.store import Store, Tx, alerts, cases, staff
from core.store.staff import AWAY_SECONDS, IDLE_SECONDS
from tests.channels.test_turns import Gateway, person
from tests.channels.test_upkeep import upkeep
from tests.conftest import Clock

URL = "https://chat.example/hook"


class Pager:
    """Takes calls, or fails as told."""

    def __init__(self) -> None:
        self.answers: list[Callable[[], httpx.Response]] = []
        self.calls: list[str] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        assert str(request.url) == URL
        self.calls.append(request.content.decode())
        return self.answers.pop(0)() if self.answers else httpx.Response(200)


class Desk(Gateway):
    """A person who waits, and those who could come."""

    def __init__(self, store: Store, url: str = URL) -> None:
        super().__init__(store)
        self.pager, self.metrics = Pager(), Metrics()
        self.on_call = OnCall(
            store=store, client=open_client(httpx.MockTransport(self.pager)), url=url, log=structlog.get_logger(),
            metrics=self.metrics,
        )  # fmt: skip

    def opens(self, risk: Level = Level.NORMAL) -> str:
        return self.store.write_now(
            lambda tx: cases.open_for(tx, person(tx), risk=risk, reason="talk_to_human", brief=Brief())[0].id
        )

    def signs_in(self, name: str = "Asha") -> tuple[str, str]:
        def work(tx: Tx) -> tuple[str, str]:
            member = staff.add(tx, name, "counsellor")
            return member.id, staff.sign_in(tx, member)[0]

        return self.store.write_now(work)

    def takes(self, case: str, member: str) -> None:
        self.store.write_now(
            lambda tx: cases.change(tx, case, member, "case taken", lambda one: take(one, member, tx.now))
        )

    def escalated(self) -> list[bool]:
        return self.store.read_now(lambda tx: [row.escalated for row in cases.queue(tx)])

    def state(self, case: str) -> str:
        return self.store.read_now(lambda tx: cases.get(tx, case).state)


@pytest.fixture
async def desk(sqlite_store: Store) -> Desk:
    opened = Desk(sqlite_store)
    await opened.ask("hello")
    return opened


async def test_after_two_minutes_the_whole_desk_is_told_once(desk: Desk, clock: Clock) -> None:
    desk.opens()
    clock.forward(ESCALATE_SECONDS - 1)
    before = desk.store.read_now(cases.pulse)
    await desk.on_call.look()
    assert desk.escalated() == [False]
    clock.forward(1)
    await desk.on_call.look()
    assert desk.escalated() == [True]
    after = desk.store.read_now(cases.pulse)
    assert after != before  # every page at the desk looks anew
    clock.forward(60)
    await desk.on_call.look()
    assert desk.store.read_now(cases.pulse) == after
    assert desk.pager.calls == []


async def test_a_case_that_was_taken_is_not_late(desk: Desk, clock: Clock) -> None:
    case, (asha, _) = desk.opens(), desk.signs_in()
    desk.takes(case, asha)
    clock.forward(CALL_SECONDS + 1)
    await desk.on_call.look()
    assert (desk.escalated(), desk.pager.calls) == ([False], [])


async def test_after_ten_minutes_those_on_call_are_told_once_and_nothing_of_who_waits(desk: Desk, clock: Clock) -> None:
    desk.opens(Level.DANGER)
    clock.forward(CALL_SECONDS)
    for _ in range(3):
        await desk.on_call.look()
        clock.forward(15)
    words = "1 waiting for a counsellor for more than ten minutes, 1 in danger."
    assert [json.loads(call) for call in desk.pager.calls] == [{"text": words}]
    assert b"amana_cases_late 1.0" in desk.metrics.page({})


async def test_who_could_not_be_told_is_told_again_until_they_are(desk: Desk, clock: Clock) -> None:
    def down() -> httpx.Response:
        raise httpx.ConnectError("down")

    desk.opens()
    clock.forward(CALL_SECONDS)
    desk.pager.answers = [down, lambda: httpx.Response(503), lambda: httpx.Response(302)]
    for _ in range(6):
        await desk.on_call.look()
    assert len(desk.pager.calls) == 4


async def test_the_next_one_who_waits_is_told_of_too(desk: Desk, clock: Clock) -> None:
    first, (asha, _) = desk.opens(), desk.signs_in()
    clock.forward(CALL_SECONDS)
    await desk.on_call.look()
    desk.takes(first, asha)
    desk.store.write_now(lambda tx: cases.change(tx, first, asha, "closed", lambda one: close(one, asha, tx.now)))
    desk.opens()
    await desk.on_call.look()
    assert len(desk.pager.calls) == 1
    clock.forward(CALL_SECONDS)
    await desk.on_call.look()
    assert len(desk.pager.calls) == 2


async def test_without_an_address_nobody_is_called_and_the_log_says_it_once(sqlite_store: Store, clock: Clock) -> None:
    desk = Desk(sqlite_store, url="")
    await desk.ask("hello")
    desk.opens()
    clock.forward(CALL_SECONDS)
    await desk.on_call.look()
    await desk.on_call.look()
    assert desk.pager.calls == []
    waiting, unknown = desk.store.read_now(lambda tx: alerts.waiting(tx, CALL_SECONDS))
    assert (len(waiting), unknown) == (1, [])


# a counsellor who has gone


async def test_a_case_whose_counsellor_has_gone_goes_back_and_who_waits_hears_it(desk: Desk, clock: Clock) -> None:
    case, (asha, token) = desk.opens(), desk.signs_in()
    desk.takes(case, asha)
    desk.store.write_now(lambda tx: staff.listens(tx, token))
    assert await desk.ask("are you there?") == []
    clock.forward(AWAY_SECONDS - 1)
    await upkeep(desk).look()
    assert desk.state(case) == "taken"
    clock.forward(2)
    await upkeep(desk).look()
    assert desk.state(case) == "waiting"
    assert desk.said()[-1] == "Still waiting."
    said = len(desk.said())
    await upkeep(desk).look()
    assert len(desk.said()) == said
    assert await desk.ask("hello?") == ["Hello"]  # the machine speaks again


async def test_a_page_that_is_connected_keeps_the_case(desk: Desk, clock: Clock) -> None:
    case, (asha, token) = desk.opens(), desk.signs_in()
    desk.takes(case, asha)
    for _ in range(8):
        clock.forward(AWAY_SECONDS - 10)
        desk.store.write_now(lambda tx: staff.listens(tx, token))
        desk.store.write_now(lambda tx: staff.session_of(tx, token))
        await upkeep(desk).look()
    assert desk.state(case) == "taken"


async def test_a_page_that_is_open_before_an_empty_chair_does_not(desk: Desk, clock: Clock) -> None:
    case, (asha, token) = desk.opens(), desk.signs_in()
    desk.takes(case, asha)
    for _ in range(20):
        clock.forward(60)
        desk.store.write_now(lambda tx: staff.listens(tx, token))
        await upkeep(desk).look()
    assert desk.state(case) == "waiting"


async def test_a_page_without_a_stream_has_a_quarter_of_an_hour(desk: Desk, clock: Clock) -> None:
    case, (asha, _) = desk.opens(), desk.signs_in()
    desk.takes(case, asha)
    clock.forward(IDLE_SECONDS - 1)
    await upkeep(desk).look()
    assert desk.state(case) == "taken"
    clock.forward(2)
    await upkeep(desk).look()
    assert desk.state(case) == "waiting"


async def test_who_signs_out_leaves_the_case_to_others_and_an_answered_person_hears_nothing(desk: Desk) -> None:
    case, (asha, token) = desk.opens(), desk.signs_in()
    desk.takes(case, asha)
    before = desk.said()
    desk.store.write_now(lambda tx: staff.sign_out(tx, token))
    await upkeep(desk).look()
    assert desk.state(case) == "waiting"
    assert desk.said() == before
    bina, _ = desk.signs_in("Bina")
    desk.takes(case, bina)
    desk.store.write_now(lambda tx: cases.change(tx, case, bina, "back", lambda one: give_back(one, bina, tx.now)))


async def test_a_second_browser_keeps_the_case(desk: Desk, clock: Clock) -> None:
    case, (asha, token) = desk.opens(), desk.signs_in()
    desk.takes(case, asha)
    desk.store.write_now(lambda tx: staff.listens(tx, token))
    clock.forward(AWAY_SECONDS)
    desk.store.write_now(lambda tx: staff.sign_in(tx, next(one for one in staff.everyone(tx) if one.id == asha)))
    clock.forward(1)
    await upkeep(desk).look()
    assert desk.state(case) == "taken"


@pytest.mark.parametrize("gone", [True, False], ids=["counsellor gone", "given back"])
async def test_a_case_that_comes_back_is_told_of_anew(desk: Desk, clock: Clock, gone: bool) -> None:
    """Those on call were told of the first wait. Nobody would learn of the second one."""
    case, (asha, token) = desk.opens(), desk.signs_in()
    clock.forward(CALL_SECONDS + 1)
    await desk.on_call.look()
    await upkeep(desk).look()
    desk.takes(case, asha)
    desk.store.write_now(lambda tx: staff.sign_out(tx, token))
    if not gone:
        desk.store.write_now(lambda tx: cases.change(tx, case, asha, "back", lambda one: give_back(one, asha, tx.now)))
    await upkeep(desk).look()
    assert desk.state(case) == "waiting"
    assert desk.escalated() == [False]
    # who was left alone has waited since the counsellor went
    clock.forward(1 if gone else ESCALATE_SECONDS + 1)
    await desk.on_call.look()
    assert desk.escalated() == [True]
    assert len(desk.pager.calls) == 1
    clock.forward(CALL_SECONDS)
    await desk.on_call.look()
    await desk.on_call.look()
    assert len(desk.pager.calls) == 2
    await upkeep(desk).look()
    assert desk.said().count("Nobody is free yet.") == 2
