"""Conversations in SQLite: one row each, encrypted, bounded, and never kept in memory behind our back.

Rasa's SQL store appends one row for each event, in clear, and grows without end; every copy of a tracker
replays all of them, so a turn of a long conversation becomes slow. Here a long history is replaced by what it
led to (slots, an open form, a pause), followed by the newest turns.
"""

import base64
import binascii
import json
import os
import sqlite3
from pathlib import Path
from typing import Any, Iterable, List, Optional

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from memory import memory_path
from rasa.core.tracker_store import TrackerStore
from rasa.shared.core.constants import ACTION_LISTEN_NAME
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import (
    ActionExecuted,
    ActiveLoop,
    ConversationPaused,
    Event,
    SlotSet,
    UserUttered,
    deserialise_events,
)
from rasa.shared.core.trackers import DialogueStateTracker

# a turn is about five events, and each event of the history makes every later turn a fifth of a millisecond slower
EVENTS_LIMIT = 60  # more than this and the history is cut
EVENTS_KEPT = 30  # about this many of the newest stay

_NONCE = 12
_SCHEMA = "CREATE TABLE IF NOT EXISTS conversation (id TEXT PRIMARY KEY, events BLOB NOT NULL) WITHOUT ROWID"


class TrackerKeyMissing(RuntimeError):
    """AMANA_TRACKER_KEY was absent or was not 32 bytes in base64."""


class EncryptedTrackerStore(TrackerStore):
    """Keeps each conversation as one AES-256-GCM sealed row; every failure is raised."""

    def __init__(self, domain: Optional[Domain] = None, event_broker: Any = None, **kwargs: Any) -> None:
        super().__init__(domain, event_broker)
        self._cipher = AESGCM(_key(os.environ.get("AMANA_TRACKER_KEY", "")))
        path = Path(kwargs.get("path") or memory_path())
        path.parent.mkdir(parents=True, exist_ok=True)
        self._database = _open(path)

    async def create_tracker(self, sender_id: str, append_action_listen: bool = True) -> DialogueStateTracker:
        """Begin a conversation; there is nothing to write yet."""
        tracker = self.init_tracker(sender_id)
        if append_action_listen:
            tracker.update(ActionExecuted(ACTION_LISTEN_NAME))
        return tracker

    async def save(self, tracker: DialogueStateTracker) -> None:
        """Write the conversation as it is now, in one commit."""
        events = bounded(list(tracker.events), tracker)
        plain = json.dumps([event.as_dict() for event in events], ensure_ascii=False).encode()
        nonce = os.urandom(_NONCE)
        sealed = nonce + self._cipher.encrypt(nonce, plain, _bound_to(tracker.sender_id))
        with self._database:
            self._database.execute("INSERT OR REPLACE INTO conversation VALUES (?, ?)", (tracker.sender_id, sealed))

    async def retrieve(self, sender_id: str) -> Optional[DialogueStateTracker]:
        """Read a conversation, or None when there is none."""
        row = self._database.execute("SELECT events FROM conversation WHERE id = ?", (sender_id,)).fetchone()
        if row is None:
            return None
        plain = self._cipher.decrypt(row[0][:_NONCE], row[0][_NONCE:], _bound_to(sender_id))
        tracker = self.init_tracker(sender_id)
        tracker.events.extend(deserialise_events(json.loads(plain)))
        tracker.replay_events()
        return tracker

    async def keys(self) -> Iterable[str]:
        """Name every conversation."""
        return [row[0] for row in self._database.execute("SELECT id FROM conversation")]

    async def delete(self, conversation: str) -> bool:
        """Erase one conversation; True when there was one."""
        with self._database:
            found = self._database.execute("DELETE FROM conversation WHERE id = ?", (conversation,)).rowcount
        # secure_delete overwrites the page in the database file, but the log still holds the old one
        self._database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        return bool(found)


def bounded(events: List[Event], tracker: DialogueStateTracker) -> List[Event]:
    """Return the events as they are, or a snapshot and the newest ones when there are too many."""
    if len(events) <= EVENTS_LIMIT:
        return events
    # cut before a person's words, so that no turn is torn; one monstrous turn is kept whole
    turns = [place for place, event in enumerate(events) if isinstance(event, UserUttered)]
    cut = next((place for place in turns if place >= len(events) - EVENTS_KEPT), turns[-1] if turns else 0)
    return _snapshot(events[:cut], tracker, events[cut].timestamp) + events[cut:] if cut else events


def _snapshot(events: List[Event], tracker: DialogueStateTracker, when: float) -> List[Event]:
    # slots are stateful: use copies, never those of the live tracker
    past = tracker.init_copy()
    past.events.extend(events)
    past.replay_events()
    fresh = tracker.init_copy()
    state: List[Event] = [
        SlotSet(name, slot.value, timestamp=when)
        for name, slot in past.slots.items()
        if slot.value != fresh.slots[name].value
    ]
    if past.active_loop_name:
        state.append(ActiveLoop(past.active_loop_name, timestamp=when))
    if past.is_paused():
        state.append(ConversationPaused(timestamp=when))
    return [*state, ActionExecuted(ACTION_LISTEN_NAME, timestamp=when)]


def _open(path: Path) -> sqlite3.Connection:
    path.touch(mode=0o600)
    # a short wait: nobody else writes here, and the event loop waits with us
    database = sqlite3.connect(path, timeout=1.0, check_same_thread=False)
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "secure_delete=ON"):
        database.execute(f"PRAGMA {pragma}").fetchall()
    database.execute(_SCHEMA)
    database.commit()
    return database


def _key(encoded: str) -> bytes:
    try:
        key = base64.b64decode(encoded, validate=True)
    except binascii.Error:
        key = b""
    if len(key) != 32:
        raise TrackerKeyMissing("AMANA_TRACKER_KEY must hold 32 random bytes in base64: nothing is stored in clear")
    return key


def _bound_to(conversation: str) -> bytes:
    # a row copied onto another conversation does not open
    return f"conversation|events|{conversation}".encode()
