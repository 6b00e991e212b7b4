"""Whole conversations, written down in tests/dialogue/<language>.yml, and the person who holds them.

A turn says something and names what must be heard: response keys (`hear`: all of these; `never`: none of these), and
words that stand in the text (`words`). `say` is typed; a number is a choice. `after` is a time that passes before, such
as 2h: instead of waiting, all that was written before is made that much older.
"""

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from sqlalchemy import update

from core.messages import Say
from core.store import Tx, messages, people
from core.store.tables import message
from ops.i18n import LOCALES
from tests.e2e.product import Product

FOLDER = Path(__file__).parent
KNOWN = {"say", "hear", "never", "words", "after"}
SECONDS = 20.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Talk:
    """One conversation."""

    language: str
    name: str
    turns: tuple[Mapping[str, Any], ...]
    channel: str = "whatsapp"
    country: str = ""
    """Where the SIM card is from."""


def talks() -> Iterator[Talk]:
    """Return every conversation of every language."""
    for path in sorted(FOLDER.glob("*.yml")):
        if not (LOCALES / path.stem).is_dir():
            continue  # written before the words of its language
        for row in yaml.safe_load(path.read_text("utf-8"))["talks"]:
            turns = tuple(row.pop("turns"))
            for turn in turns:
                assert set(turn) <= KNOWN, f"{path.name}, {row['name']}: {set(turn) - KNOWN}"
                assert "say" in turn, f"{path.name}, {row['name']}: a turn says nothing"
            yield Talk(language=path.stem, turns=turns, **row)


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What was answered to one message."""

    keys: tuple[str, ...]
    """Response keys, without utter_, also of what stands inside of something else."""
    texts: tuple[str, ...]

    @property
    def text(self) -> str:
        return "\n".join(self.texts)


@dataclass(slots=True)
class Somebody:
    """A person with a phone of their own, who writes to the product and reads what was decided for them."""

    product: Product
    number: str
    channel: str
    seen: int = 0
    heard: list[Heard] = field(default_factory=list)

    def say(self, text: str) -> Heard:
        """Write, wait until the turn was taken, and return what was answered."""
        response = self.product.twilio.receive(self.channel, text, sender=self.number)
        assert response.status_code in (200, 204), response.status_code
        until = time.monotonic() + SECONDS
        while time.monotonic() < until:
            rows = self._read()
            if rows is not None:
                heard = _heard(rows)
                self.heard.append(heard)
                return heard
            time.sleep(0.01)
        raise TimeoutError(f"no turn was taken for {text!r}")

    def wait(self, hours: float) -> None:
        """Let time pass: make everything that was written before older."""

        def shift(tx: Tx) -> None:
            who = people.find(tx, self.channel, self.number)
            assert who is not None
            older = message.c.created_at - hours * 3600
            tx.connection.execute(update(message).where(message.c.person_id == who.id).values(created_at=older))

        self.product.store.write_now(shift)

    def _read(self) -> list[messages.Message] | None:
        """Return what was answered to what was asked, or None while the turn is not taken."""

        def read(tx: Tx) -> list[messages.Message] | None:
            who = people.find(tx, self.channel, self.number)
            rows = messages.conversation(tx, who, after=self.seen) if who else []
            asked = [row for row in rows if row.direction == "in"]
            if not asked or any(row.state != "handled" for row in asked):
                return None
            self.seen = max(row.seq for row in rows)
            return [row for row in rows if row.direction == "out"]

        return self.product.store.read_now(read)


def _heard(rows: list[messages.Message]) -> Heard:
    keys = tuple(key.removeprefix("utter_") for row in rows for say in row.said for key in _keys(say))
    return Heard(keys=keys, texts=tuple(row.text for row in rows))


def _keys(say: Say) -> Iterator[str]:
    yield say.key
    yield from _inner(say.arguments)


def _inner(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        if isinstance(value.get("say"), str):
            yield value["say"]
        for part in value.values():
            yield from _inner(part)
    elif isinstance(value, list | tuple):
        for part in value:
            yield from _inner(part)
