"""Keeps one person, or one machine, from using up what is for all (R61); danger words always come through.

Under a flood only the newest messages of a person are answered; the others are stored, marked as merged. Danger words
and the wish for a person overtake everything, and many of them wait as one.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache

from core.commands import Commands
from core.messages import Inbound, Receipt
from core.risk import Danger, DangerCheck
from core.store import Tx, flood
from core.store.arrivals import Arrival
from core.store.jobs import Priority

MOST_WAITING = 10
"""Messages of one person that may wait for an answer."""
MOST_ROWS, ROW_SECONDS = 80, 60.0
"""Messages of one person, both ways, in a minute."""
REMEMBERED = 512
"""Messages whose danger is known when their turn comes; all languages' phrases are much to look for twice."""
OPEN = frozenset({"person", "stop", "start", "panic"})


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the words alone tell."""

    danger: bool = False
    command: bool = False
    """A command that works under a flood, too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Guard:
    """Judges what comes in. Without lists it lets everything through at the usual speed."""

    danger: DangerCheck | None = None
    commands: Commands | None = None
    find_danger: Callable[[str], Danger | None] = field(init=False, repr=False, compare=False)
    """What is told in a text, or None; remembered from the door to the turn."""

    def __post_init__(self) -> None:
        find = self.danger.find if self.danger else _nothing
        object.__setattr__(self, "find_danger", lru_cache(REMEMBERED)(find))

    def judge(self, item: Inbound | Receipt) -> Judgement:
        """Look at the words, before any transaction."""
        if isinstance(item, Receipt) or not item.text:
            return Judgement()
        command = self.commands.find(item.text) if self.commands else None
        return Judgement(
            danger=self.find_danger(item.text) is not None,
            command=command is not None and command.action in OPEN,
        )

    def admit(self, tx: Tx, found: Arrival, message_id: str, judgement: Judgement) -> Priority | None:
        """Return how urgent the turn is, or None when the message was merged with others."""
        if judgement.danger:
            if flood.urgent_waits(tx, found.who.id):
                flood.merge(tx, message_id)
                return None
            return Priority.EMERGENCY
        if judgement.command:
            return Priority.REPLY
        if found.row_at is not None and tx.now - found.row_at < ROW_SECONDS:
            flood.merge(tx, message_id)
            return None
        if found.waiting >= MOST_WAITING:
            flood.merge_oldest(tx, found.who.id, MOST_WAITING - 1)
        return Priority.REPLY


def _nothing(_: str) -> None:
    return None
