"""Who is at the door: all that intake must know of somebody who wrote before, in one question."""

from dataclasses import dataclass

from sqlalchemy import Integer, bindparam, exists, func, select

from core.messages import Inbound
from core.store import people
from core.store.database import Tx
from core.store.people import Person
from core.store.tables import job, message, person


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """A person, and what is there of them already."""

    who: Person
    repeated: bool = False
    """The provider brought this message before."""
    waiting: int = 0
    """Usual messages that wait for a turn."""
    held: bool = False
    """Something waits until they write again."""
    row_at: float | None = None
    """When the message so many rows before this one was stored."""


_REPEATED = exists().where(
    message.c.channel == bindparam("channel"), message.c.direction == "in", message.c.provider_id == bindparam("sid")
)
_WAITING = (
    select(func.count())
    .select_from(job)
    .where(
        job.c.kind == "turn", job.c.key == person.c.id, job.c.state == "ready", job.c.priority > 0, job.c.attempts == 0
    )
    .correlate(person)
    .scalar_subquery()
)
_HELD = exists().where(job.c.kind == "send", job.c.key == person.c.id, job.c.state == "held").correlate(person)
_ROW_AT = (
    select(message.c.created_at)
    .where(message.c.person_id == person.c.id, message.c.seq == person.c.next_seq - bindparam("rows", type_=Integer))
    .correlate(person)
    .scalar_subquery()
)
_ARRIVAL = select(*people.COLUMNS, _REPEATED, _WAITING, _HELD, _ROW_AT).where(
    person.c.channel == bindparam("channel"), person.c.address_tag == bindparam("tag")
)


def find(tx: Tx, item: Inbound, rows: int) -> Arrival | None:
    """Return who wrote, or None for somebody who is not known at this address."""
    tag = people.tag_of(tx, item.channel, item.address)
    values = {"channel": item.channel, "tag": tag, "sid": item.provider_id, "rows": rows}
    row = tx.connection.execute(_ARRIVAL, values).one_or_none()
    if row is None:
        return None
    repeated, waiting, held, row_at = row[-4:]
    return Arrival(who=people.from_row(row), repeated=repeated, waiting=waiting, held=held, row_at=row_at)
