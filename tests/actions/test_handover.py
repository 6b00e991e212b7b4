"""Calling a person: a case is opened once, and what is said of it is true."""

from typing import Any

import pytest
from rasa_sdk import Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions.handover import HandOver
from core.checks import Check, to_slot
from core.errors import NotAllowed
from core.handover import Brief
from core.messages import Inbound
from core.risk import Level
from core.store import Store, cases, people
from core.store.people import Person
from tests.actions.conftest import check, tracker


@pytest.fixture
def asha(store: Store) -> Person:
    inbound = Inbound(channel="sms", address="+15005550001", sender="s", provider_id="a", text="person")
    return store.write_now(lambda tx: people.find_or_create(tx, inbound, "ne"))


async def hand_over(store: Store, sender: str, **slots: Any) -> str:
    dispatcher = CollectingDispatcher()
    events = await HandOver(store).run(dispatcher, Tracker.from_dict(tracker(sender=sender, **slots)), {})
    assert events == []
    (said,) = dispatcher.messages
    check(said["response"], {}, [])
    return str(said["response"])


async def test_a_case_is_opened_with_what_is_known_of_the_journey(store: Store, asha: Person) -> None:
    assert await hand_over(store, asha.id, origin="NP", destination="QA") == "utter_person_waiting"
    opened = store.read_now(lambda tx: cases.open_case(tx, asha.id))
    assert opened is not None
    assert (opened.state, opened.risk, opened.reason, opened.language) == (
        "waiting", Level.NORMAL, "talk_to_human", "ne"
    )  # fmt: skip
    assert store.read_now(lambda tx: cases.brief_of(tx, opened)) == Brief(origin="NP", destination="QA")


@pytest.mark.parametrize("value", ["unknown", None, 5, ["NP"]])
async def test_what_is_not_known_stays_open_in_the_brief(store: Store, asha: Person, value: object) -> None:
    await hand_over(store, asha.id, origin=value, destination=value)
    opened = store.read_now(lambda tx: cases.open_case(tx, asha.id))
    assert store.read_now(lambda tx: cases.brief_of(tx, opened)) == Brief()


async def test_asking_again_opens_no_second_case_and_says_so(store: Store, asha: Person) -> None:
    assert await hand_over(store, asha.id) == "utter_person_waiting"
    assert await hand_over(store, asha.id) == "utter_person_already"
    assert len(store.read_now(cases.queue)) == 1


async def test_a_case_that_is_in_danger_stays_so(store: Store, asha: Person) -> None:
    store.write_now(lambda tx: cases.open_for(tx, asha, risk=Level.DANGER, reason="medical", brief=Brief()))
    assert await hand_over(store, asha.id) == "utter_person_already"
    opened = store.read_now(lambda tx: cases.open_case(tx, asha.id))
    assert (opened.risk, opened.reason) == (Level.DANGER, "medical")


async def test_nobody_is_promised_to_a_conversation_without_a_person(store: Store) -> None:
    with pytest.raises(NotAllowed):
        await hand_over(store, "rasa-shell")
    assert store.read_now(cases.queue) == []


async def test_the_brief_holds_the_signs_with_the_words_that_told_of_them(store: Store, asha: Person) -> None:
    check = Check(kind="situation", answers={"gate": "yes", "threats": "yes"}, flags={"documents_kept": "my passport"})
    await hand_over(store, asha.id, check=to_slot(check))
    opened = store.read_now(lambda tx: cases.open_case(tx, asha.id))
    brief = store.read_now(lambda tx: cases.brief_of(tx, opened))
    assert brief.flags == (("documents_kept", "my passport"), ("threats", ""))
    assert brief.safe_to_write == "yes"


async def test_somebody_who_was_sold_on_comes_before_others(store: Store, asha: Person) -> None:
    await hand_over(store, asha.id, check=to_slot(Check(kind="situation", flags={"sold_on": "sold me"})))
    opened = store.read_now(lambda tx: cases.open_case(tx, asha.id))
    assert opened.risk == Level.RAISED


async def test_hours_in_which_it_is_safe_to_write_stand_beside_what_the_check_found(store: Store, asha: Person) -> None:
    found = Check(kind="situation", answers={"gate": "yes"}, flags={"documents_kept": "my passport"})
    hours = Check(kind="hours", answers={"hours": "20 to 22"})
    wire = tracker(sender=asha.id, check=to_slot(hours), kept={"check": to_slot(found)})
    await HandOver(store).at_hours(CollectingDispatcher(), Tracker.from_dict(wire), "20 to 22")
    opened = store.read_now(lambda tx: cases.open_case(tx, asha.id))
    brief = store.read_now(lambda tx: cases.brief_of(tx, opened))
    assert (brief.flags, brief.safe_to_write) == ((("documents_kept", "my passport"),), "20 to 22")


async def test_hours_are_noted_in_a_case_that_waits_already(store: Store, asha: Person) -> None:
    await hand_over(store, asha.id)
    wire = tracker(sender=asha.id)
    await HandOver(store).at_hours(CollectingDispatcher(), Tracker.from_dict(wire), "20 to 22")
    opened = store.read_now(lambda tx: cases.open_case(tx, asha.id))
    assert store.read_now(lambda tx: cases.brief_of(tx, opened)).safe_to_write == "20 to 22"
