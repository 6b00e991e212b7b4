"""Receipts: what the provider says of our messages, and what follows when it says so late."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, select, update

from core.messages import Receipt
from core.receipts import merged
from core.store import jobs, people
from core.store.database import Tx
from core.store.jobs import Letter, Priority
from core.store.tables import message

MOST_RESENT = 2
RESEND_SECONDS = 300.0
"""A phone that was off is seldom on again at once."""
RESEND_LIMIT = 3600.0
"""A message older than this is not sent again: it would confuse, or wake somebody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """What a receipt did."""

    person_id: str
    again: bool
    """The message is sent again later."""


def apply(tx: Tx, receipt: Receipt) -> Effect | None:
    """Move an outgoing message forward. Return None when it is not ours, or of an attempt that counts no more."""
    found = _find(tx, receipt)
    if found is None or not _counts(found, receipt):
        return None
    state = merged(found.state, receipt.status)
    values: dict[str, object] = {"state": state, "error": receipt.error if state == "failed" else None}
    if state != found.state or found.provider_id is None:
        if receipt.status != "failed" or found.provider_id is None:
            values["provider_id"] = receipt.provider_id  # a sign that a send of unknown outcome did arrive
        tx.connection.execute(update(message).where(message.c.id == found.id).values(**values))
    again = state == "failed" and found.state != "failed" and _send_again(tx, found, receipt)
    return Effect(person_id=found.person_id, again=again)


def _find(tx: Tx, receipt: Receipt) -> "Row[Any] | None":
    query = select(message).where(message.c.direction == "out", message.c.channel == receipt.channel)
    if receipt.reference:
        row = tx.connection.execute(query.where(message.c.id == receipt.reference)).one_or_none()
        if row is not None:
            return row
    return tx.connection.execute(query.where(message.c.provider_id == receipt.provider_id)).one_or_none()


def _counts(found: "Row[Any]", receipt: Receipt) -> bool:
    """Tell whether a receipt is of the attempt that counts; that a message arrived counts from any attempt."""
    if receipt.status in ("delivered", "read") or found.provider_id is None:
        return True
    waits_to_be_resent = found.state == "queued" and found.resent > 0
    same_attempt = found.provider_id == receipt.provider_id
    return (not same_attempt and receipt.status != "failed") if waits_to_be_resent else same_attempt


def _send_again(tx: Tx, found: "Row[Any]", receipt: Receipt) -> bool:
    """Send once more what the provider took and then could not deliver; else leave it to the desk as a dead letter."""
    if receipt.opted_out or jobs.has_job(tx, found.id):
        return False
    who = people.get(tx, found.person_id)
    priority = Priority.REPLY if found.priority is None else Priority(found.priority)
    passing = receipt.retryable and found.resent < MOST_RESENT and tx.now - found.created_at < RESEND_LIMIT
    letter = Letter(key=who.id, seq=found.seq, message_id=found.id, priority=priority)
    if not passing or who.stopped:
        jobs.put_dead(tx, letter, receipt.error or "failed")
        return False
    waiting = {"state": "queued", "error": receipt.error, "resent": found.resent + 1}
    tx.connection.execute(update(message).where(message.c.id == found.id).values(waiting))
    jobs.post(tx, who, letter, weight=found.segments or 1, delay=RESEND_SECONDS)
    return True
