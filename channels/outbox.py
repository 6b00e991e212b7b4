"""Sends what is to be sent, and is the only place that decides about trying again (R23-R25).

At least once: a worker that dies after the provider took a message sends it once more when its lease is over, unless a
receipt has come by then. A send of unknown outcome (`Ambiguous`) waits for a receipt first; emergencies do not wait,
because there a message too many is better than none.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import inf

from structlog.typing import FilteringBoundLogger

from channels.channel import Channel
from channels.workers import Workers
from core.errors import AccountProblem, Ambiguous, OptedOut, Rejected, SendError, Unknown, WindowClosed
from core.messages import Outbound
from core.store import Store, Tx, jobs, messages, people
from core.store.jobs import Job, Priority
from core.store.silence import confirms_stop, silence

LEASE_SECONDS = 60.0
FIRST_DELAY = 2.0
LONGEST_DELAY = 600.0
GRACE_SECONDS = 20.0
"""How long a receipt may take that settles a send of unknown outcome."""
UNKNOWN_TRIES = 3
AGE_LIMITS: Mapping[Priority, float] = {
    Priority.EMERGENCY: 6 * 3600.0,
    Priority.REPLY: 3600.0,
    Priority.NOTICE: 12 * 3600.0,
}
"""An answer that comes later than this confuses, or wakes somebody at night: it becomes a dead letter instead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A message that is ready to go."""

    message: Outbound
    person_id: str
    age: float


class Outbox:
    """Hands stored messages to their channels."""

    def __init__(
        self,
        store: Store,
        channels: Mapping[str, Channel],
        *,
        count: int,
        random: Callable[[], float],
        log: FilteringBoundLogger,
    ) -> None:
        self._store = store
        self._channels = channels
        self._random = random
        self._log = log
        self.workers = Workers(store, "send", self.send, self._unexpected, count=count, lease_seconds=LEASE_SECONDS)

    async def send(self, job: Job) -> None:
        """Send the message of a job, and settle the job."""
        letter = await self._store.write(lambda tx: _open(tx, job))
        if letter is None:
            return
        try:
            provider_id = await self._channel(letter.message.channel).send(letter.message)
        except SendError as error:
            failure = error
        else:
            await self._store.write(lambda tx: _sent(tx, job, provider_id))
            return
        self._report(job, letter, failure)
        await self._store.write(lambda tx: self._settle(tx, job, letter, failure))

    def _channel(self, name: str) -> Channel:
        if name not in self._channels:
            raise Rejected("channel closed")
        return self._channels[name]

    def _settle(self, tx: Tx, job: Job, letter: Letter, error: SendError) -> None:
        if isinstance(error, OptedOut):
            jobs.finish(tx, job)
            silence(tx, letter.person_id)
        elif isinstance(error, WindowClosed):
            jobs.hold(tx, job, error.code)
        elif isinstance(error, Rejected) or (isinstance(error, Unknown) and job.attempts >= UNKNOWN_TRIES):
            _give_up(tx, job, error.code)
        else:
            delay = self._delay(job, error)
            late = letter.age + delay > AGE_LIMITS[job.priority]
            _give_up(tx, job, f"too late: {error.code}") if late else jobs.retry(tx, job, delay, error.code)

    def _delay(self, job: Job, error: SendError) -> float:
        """Full jitter below an exponential bound, and never before the provider allows it."""
        if isinstance(error, Ambiguous) and job.priority != Priority.EMERGENCY:
            return GRACE_SECONDS
        bound = min(LONGEST_DELAY, FIRST_DELAY * 2.0 ** min(job.attempts - 1, 20))
        return (error.retry_after or 0.0) + self._random() * bound

    def _report(self, job: Job, letter: Letter, error: SendError) -> None:
        alarm = isinstance(error, AccountProblem)
        self._log.log(
            ALARM if alarm else WARNING, "account refused" if alarm else "not sent", code=error.code,
            kind=type(error).__name__, channel=letter.message.channel, attempt=job.attempts, job=job.id,
        )  # fmt: skip

    async def _unexpected(self, job: Job, error: Exception) -> None:
        self._log.error("send broke", kind=type(error).__name__, attempt=job.attempts, job=job.id)
        delay = self._random() * FIRST_DELAY * 2.0 ** min(job.attempts, 8)
        if job.attempts >= UNKNOWN_TRIES:
            await self._store.write(lambda tx: _give_up(tx, job, type(error).__name__))
        else:
            await self._store.write(lambda tx: jobs.retry(tx, job, delay, type(error).__name__))


ALARM, WARNING = 50, 30


def _open(tx: Tx, job: Job) -> Letter | None:
    """Return what a job is to send, or None when it is settled without sending."""
    found = messages.get(tx, job.message_id)
    who = people.get(tx, found.person_id)
    if messages.was_accepted(tx, job.message_id):
        jobs.finish(tx, job)
        return None
    if who.stopped and job.priority != Priority.EMERGENCY and not confirms_stop(tx, who, found.created_at):
        messages.mark_failed(tx, found.id, "stopped")
        jobs.finish(tx, job)
        return None
    age = tx.now - job.created_at
    if age > AGE_LIMITS[job.priority]:
        _give_up(tx, job, "too late")
        return None
    outbound = Outbound(
        reference=found.id, channel=found.channel, address=people.address_of(tx, who), sender=who.sender,
        text=found.text, buttons=found.buttons, language=who.language,
        silence=inf if who.last_in_at is None else tx.now - who.last_in_at,
    )  # fmt: skip
    return Letter(message=outbound, person_id=who.id, age=age)


def _sent(tx: Tx, job: Job, provider_id: str) -> None:
    jobs.finish(tx, job)
    messages.mark_sent(tx, job.message_id, provider_id)


def _give_up(tx: Tx, job: Job, error: str) -> None:
    jobs.bury(tx, job, error[:60])
    messages.mark_failed(tx, job.message_id, error[:60])
