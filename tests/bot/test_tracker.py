"""Conversations are kept encrypted, bounded and in one place only."""

import asyncio
import sqlite3
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidTag
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActionExecuted, ActiveLoop, BotUttered, Event, SlotSet, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker
from tracker import EVENTS_LIMIT, EncryptedTrackerStore, TrackerKeyMissing
from turns import said_before

MARKER = "my name is Sita and I am locked in"
DOMAIN = Domain.from_dict(
    {
        "intents": ["greet"],
        "slots": {"origin": {"type": "text", "mappings": [{"type": "custom"}]}},
        "forms": {"check_form": {"required_slots": ["origin"]}},
    }
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "var" / "tracker.sqlite3"


@pytest.fixture
def store(path: Path) -> EncryptedTrackerStore:
    return EncryptedTrackerStore(DOMAIN, path=str(path))


def turn(number: int) -> list[Event]:
    return [
        UserUttered(MARKER, {"name": "greet", "confidence": 1.0}, metadata={"turn_id": f"t{number}"}),
        ActionExecuted("utter_greet"),
        BotUttered("Hello", {"buttons": None}, {"say": "utter_greet", "arguments": {"n": number}}),
        ActionExecuted("action_listen"),
    ]


def talk(turns: int, before: "list[Event] | None" = None) -> DialogueStateTracker:
    events = [*(before or []), *(event for number in range(turns) for event in turn(number))]
    return DialogueStateTracker.from_events("c1", events, slots=DOMAIN.slots)


def test_a_conversation_comes_back_as_it_was(store: EncryptedTrackerStore) -> None:
    tracker = talk(3, [SlotSet("origin", "NP")])
    asyncio.run(store.save(tracker))

    back = asyncio.run(store.retrieve("c1"))

    assert [event.as_dict() for event in back.events] == [event.as_dict() for event in tracker.events]
    assert back.current_slot_values() == tracker.current_slot_values()


def test_an_unknown_conversation_is_none(store: EncryptedTrackerStore) -> None:
    assert asyncio.run(store.retrieve("nobody")) is None


def test_no_file_holds_the_words(store: EncryptedTrackerStore, path: Path) -> None:
    asyncio.run(store.save(talk(5)))

    written = b"".join(file.read_bytes() for file in path.parent.iterdir())

    assert b"Sita" not in written
    assert b"utter_greet" not in written


def test_a_row_moved_to_another_conversation_does_not_open(store: EncryptedTrackerStore, path: Path) -> None:
    asyncio.run(store.save(talk(1)))
    with sqlite3.connect(path) as database:
        database.execute("INSERT INTO conversation SELECT 'c2', events FROM conversation")

    with pytest.raises(InvalidTag):
        asyncio.run(store.retrieve("c2"))


def test_a_long_talk_is_bounded_and_keeps_what_it_led_to(store: EncryptedTrackerStore) -> None:
    tracker = talk(0)
    for event in [SlotSet("origin", "NP"), ActiveLoop("check_form")]:
        tracker.update(event)
    for number in range(200):
        for event in turn(number):
            tracker.update(event)
        asyncio.run(store.save(tracker))
        tracker = asyncio.run(store.retrieve("c1"))
        assert len(tracker.events) <= EVENTS_LIMIT

    assert tracker.get_slot("origin") == "NP"
    assert tracker.active_loop_name == "check_form"
    assert said_before(tracker, "t199")[0][0]["arguments"] == {"n": 199}
    assert said_before(tracker, "t195") is not None


def test_a_cut_never_tears_a_turn(store: EncryptedTrackerStore) -> None:
    asyncio.run(store.save(talk(EVENTS_LIMIT)))

    back = asyncio.run(store.retrieve("c1"))

    first = next(place for place, event in enumerate(back.events) if isinstance(event, UserUttered))
    assert isinstance(list(back.events)[first - 1], ActionExecuted)
    assert not any(isinstance(event, BotUttered) for event in list(back.events)[:first])


def test_a_forgotten_conversation_leaves_no_trace(store: EncryptedTrackerStore, path: Path) -> None:
    asyncio.run(store.save(talk(2)))
    with sqlite3.connect(path) as database:
        sealed = database.execute("SELECT events FROM conversation").fetchone()[0]

    assert asyncio.run(store.delete("c1")) is True
    assert asyncio.run(store.delete("c1")) is False
    assert asyncio.run(store.retrieve("c1")) is None
    assert all(sealed[:64] not in file.read_bytes() for file in path.parent.iterdir())


def test_a_failing_database_raises(store: EncryptedTrackerStore) -> None:
    store._database.close()

    with pytest.raises(sqlite3.ProgrammingError):
        asyncio.run(store.save(talk(1)))
    with pytest.raises(sqlite3.ProgrammingError):
        asyncio.run(store.retrieve("c1"))


@pytest.mark.parametrize("key", ["", "short", "AAAA", "not base64 !!"])
def test_without_a_proper_key_nothing_starts(key: str, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AMANA_TRACKER_KEY", key)

    with pytest.raises(TrackerKeyMissing, match="AMANA_TRACKER_KEY"):
        EncryptedTrackerStore(DOMAIN, path=str(path))


def test_only_the_owner_may_read_the_file(store: EncryptedTrackerStore, path: Path) -> None:
    asyncio.run(store.save(talk(1)))

    assert all(file.stat().st_mode & 0o077 == 0 for file in path.parent.iterdir())
