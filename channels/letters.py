"""A letter: a message on its way out. What may stop it before it goes, and what is written when it has gone."""

from collections.abc import Callable
from dataclasses import dataclass
from math import inf

from channels.budget import Budget
from core.messages import Outbound
from core.segments import segments
from core.store import Tx, jobs, messages, people, spending
from core.store.jobs import Job, Priority
from core.store.messages import Message
from core.store.people import Person
from core.store.silence import confirms_stop

LEASE_SECONDS = 60.0
AGE_LIMITS: dict[Priority, float] = {
    Priority.EMERGENCY: 6 * 3600.0,
    Priority.REPLY: 3600.0,
    Priority.NOTICE: 12 * 3600.0,
}
"""An answer that comes later than this confuses, or wakes somebody at night: it becomes a dead letter instead."""
PAIR_COUNT, PAIR_SECONDS = 30, 30.0
"""Providers take two machines for a loop when more goes from one number to another (Twilio's error 14107)."""
BUDGET_PAUSE = 300.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a channel's messages keep to."""

    budget: Budget | None
    """Only where a message costs by its length."""
    gap: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A message that is ready to go."""

    message: Outbound
    person_id: str
    age: float
    age_limit: float
    scopes: tuple[str, ...] = ()
    segments: int = 0
    cost: float = 0.0


def open_letter(tx: Tx, job: Job, limits_of: Callable[[str], Limits]) -> Letter | None:
    """Return what a job is to send, or None when it is settled or put off without sending.

    Unless it is in doubt, it is marked as handed over in the same transaction, which is the last before the request.
    """
    who, found = messages.with_author(tx, job.message_id)
    if messages.was_accepted(tx, job.message_id):
        jobs.finish(tx, job)
        return None
    if who.stopped and job.priority != Priority.EMERGENCY and not confirms_stop(tx, who, found.created_at):
        messages.mark_failed(tx, found.id, "stopped")
        jobs.finish(tx, job)
        return None
    age = tx.now - job.created_at
    if age > AGE_LIMITS[job.priority]:
        give_up(tx, job, "too late")
        return None
    limits = limits_of(found.channel)
    if _put_off(tx, job, who, limits):
        return None
    letter = _letter(tx, job, who, found, limits.budget)
    if job.tried_at is None:
        begin(tx, job)
    return letter


def _letter(tx: Tx, job: Job, who: Person, found: Message, budget: Budget | None) -> Letter:
    outbound = Outbound(
        reference=found.id, channel=found.channel, address=people.address_of(tx, who), sender=who.sender,
        text=found.text, buttons=found.buttons, language=who.language,
        silence=inf if who.last_in_at is None else tx.now - who.last_in_at,
    )  # fmt: skip
    scopes: tuple[str, ...] = spending.scopes(who.id, who.country) if budget else ()
    if scopes and job.priority == Priority.EMERGENCY:
        scopes = (*scopes, spending.EMERGENCY)
    count = segments(found.text).count if budget else 0
    return Letter(
        message=outbound, person_id=who.id, age=tx.now - job.created_at, age_limit=AGE_LIMITS[job.priority],
        scopes=scopes, segments=count, cost=budget.cost(who.country, count) if budget else 0.0,
    )  # fmt: skip


def _put_off(tx: Tx, job: Job, who: Person, limits: Limits) -> bool:
    """Put a job off that its person's or our own limits do not allow now."""
    lately = messages.sent_lately(tx, who.id, PAIR_SECONDS, PAIR_COUNT)
    if len(lately) >= PAIR_COUNT:
        jobs.defer(tx, job, lately[-1] + PAIR_SECONDS - tx.now, "too many for this person")
        return True
    if lately and job.priority != Priority.EMERGENCY and tx.now - lately[0] < limits.gap:
        jobs.defer(tx, job, lately[0] + limits.gap - tx.now, "too fast for this person")
        return True
    return limits.budget is not None and _over_budget(tx, job, who, limits.budget)


def _over_budget(tx: Tx, job: Job, who: Person, budget: Budget) -> bool:
    emergency = job.priority == Priority.EMERGENCY
    if not emergency and not budget.allows_country(who.country):
        give_up(tx, job, "country not allowed")
        return True
    spent = spending.today(tx, (*spending.scopes(who.id, who.country), spending.EMERGENCY))
    problem = budget.problem(spent, who.country, emergency=emergency)
    if problem is not None:
        jobs.defer(tx, job, BUDGET_PAUSE, problem)
    return problem is not None


def begin(tx: Tx, job: Job) -> bool:
    """Mark a message as handed over, just before it is. Raise LeaseLost when the job is somebody else's by now."""
    if messages.was_accepted(tx, job.message_id):  # a receipt was faster
        jobs.finish(tx, job)
        return False
    jobs.begin(tx, job, LEASE_SECONDS)
    messages.mark_tried(tx, job.message_id)
    return True


def sent(tx: Tx, job: Job, letter: Letter, provider_id: str) -> None:
    """Write that the provider took a message."""
    jobs.finish(tx, job)
    messages.mark_sent(tx, job.message_id, provider_id)
    if letter.scopes:
        spending.add(tx, letter.scopes, job.message_id, letter.segments, letter.cost)


def give_up(tx: Tx, job: Job, error: str) -> None:
    """Make a dead letter of a job."""
    jobs.bury(tx, job, error[:60])
    messages.mark_failed(tx, job.message_id, error[:60])
