"""Sends what is to be sent, and is the only place that decides about trying again (R23-R26, R33).

At least once. Before a request is written, the job is marked as tried; only a clear answer takes the mark away. A job
that comes back with the mark (the connection broke, or its worker died) is in doubt: the provider is asked whether it
has the message, or given time for a receipt, before it is sent again. Emergencies do not wait for a receipt, because
there a message too many is better than none.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from structlog.typing import FilteringBoundLogger

from channels.budget import Budget
from channels.channel import Channel
from channels.letters import LEASE_SECONDS, Letter, Limits, begin, give_up, open_letter, sent
from channels.lists import Lists
from channels.metrics import Metrics
from channels.workers import Workers
from core import faults
from core.errors import AccountProblem, Ambiguous, OptedOut, Rejected, SendError, Unknown, WindowClosed
from core.store import Store, Tx, jobs, messages
from core.store.jobs import Job, Priority
from core.store.silence import silence

FIRST_DELAY = 2.0
LONGEST_DELAY = 600.0
GRACE_SECONDS = 20.0
"""How long a receipt may take that settles a send of unknown outcome."""
UNKNOWN_TRIES = 3
SEND_SECONDS = 25.0
"""No send takes longer than this; a worker that finds more time gone was asleep, and leaves the message to others."""
SKEW_SECONDS = 60.0
GAPS: Mapping[str, float] = {"telegram": 1.0}
"""Seconds between two messages to one person, where the provider asks for them."""
ALARM, WARNING = 50, 30


class Asleep(Exception):
    """So much time has gone by between two lines that the lease may be over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What sending keeps to."""

    rates: Mapping[str, float] = field(default_factory=dict)
    """Segments a second, by channel."""
    budget: Budget = field(default_factory=Budget)
    gaps: Mapping[str, float] = field(default_factory=dict)
    """Seconds between two messages to one person, by channel."""


@dataclass(frozen=True, slots=True)
class Opened:
    """What is to be sent, if anything, and when that was read."""

    letter: Letter | None
    at: float


class Outbox:
    """Hands stored messages to their channels."""

    def __init__(
        self, store: Store, channels: Mapping[str, Channel], *, count: int, random: Callable[[], float],
        log: FilteringBoundLogger, rules: Rules | None = None, metrics: Metrics | None = None,
    ) -> None:  # fmt: skip
        self._store = store
        self._channels = channels
        self._random = random
        self._log = log
        self._rules = rules or Rules()
        self._metrics = metrics or Metrics()
        self.account_problem_at: float | None = None
        self.workers = Workers(
            store, "send", self.send, self._unexpected, count=count, lease_seconds=LEASE_SECONDS,
            prepare=self.open, rates=self._rules.rates,
        )  # fmt: skip

    def open(self, tx: Tx, job: Job) -> Opened:
        """Read what a job is to send, in the transaction that claims it, and the last before the request."""
        return Opened(open_letter(tx, job, self._limits), time.monotonic())

    async def send(self, job: Job, opened: Opened) -> None:
        """Send the message of a job, and settle the job."""
        letter, began = opened.letter, opened.at
        if letter is None:
            return
        if job.tried_at is not None:
            if await self._is_there(job, letter):
                return
            began = time.monotonic()
            if not await self._store.write(lambda tx: begin(tx, job)):
                return
        faults.reach("send.begun")
        if time.monotonic() - began > LEASE_SECONDS - SEND_SECONDS:
            raise Asleep  # what happened meanwhile is not known; the lease ends by itself
        try:
            provider_id = await self._channel(letter.message.channel).send(letter.message)
        except SendError as error:
            failure = error
        else:
            faults.reach("send.accepted")
            self._metrics.sends.labels(letter.message.channel, "accepted").inc()
            await self._store.write(lambda tx: sent(tx, job, letter, provider_id))
            faults.reach("send.settled")
            return
        self._report(job, letter, failure)
        await self._store.write(lambda tx: self._settle(tx, job, letter, failure))

    def _channel(self, name: str) -> Channel:
        if name not in self._channels:
            raise Rejected("channel closed")
        return self._channels[name]

    def _limits(self, channel: str) -> Limits:
        found = self._channels.get(channel)
        counted = found is not None and found.medium == "sms"
        return Limits(budget=self._rules.budget if counted else None, gap=self._rules.gaps.get(channel, 0.0))

    async def _is_there(self, job: Job, letter: Letter) -> bool:
        """Settle a job in doubt when the provider has its message, or put it off until that can be known."""
        assert job.tried_at is not None
        waited = self._store.clock() - job.tried_at
        if 0 <= waited < GRACE_SECONDS and job.priority != Priority.EMERGENCY:  # below zero: the clock was set back
            await self._store.write(lambda tx: jobs.defer(tx, job, GRACE_SECONDS - waited, "in doubt"))
            return True
        channel = self._channels.get(letter.message.channel)
        if not isinstance(channel, Lists):
            return False
        try:
            since = datetime.fromtimestamp(job.tried_at - SKEW_SECONDS, UTC)
            found = await channel.sent(letter.message, since)
        except SendError as error:
            self._report(job, letter, error)
            return False
        ours = await self._store.read(lambda tx: messages.known(tx, letter.message.channel, found))
        new = [one for one in found if one not in ours]
        if new:
            self._log.info("found at the provider", channel=letter.message.channel, job=job.id)
            await self._store.write(lambda tx: sent(tx, job, letter, new[0]))
        return bool(new)

    def _settle(self, tx: Tx, job: Job, letter: Letter, error: SendError) -> None:
        if isinstance(error, OptedOut):
            jobs.finish(tx, job)
            silence(tx, letter.person_id)
            messages.mark_failed(tx, job.message_id, "stopped")
        elif isinstance(error, WindowClosed):
            jobs.hold(tx, job, error.code)
        elif isinstance(error, Rejected) or (isinstance(error, Unknown) and job.attempts >= UNKNOWN_TRIES):
            give_up(tx, job, error.code)
        else:
            delay = self._delay(job, error)
            if letter.age + delay > letter.age_limit:
                give_up(tx, job, f"too late: {error.code}")
            else:
                jobs.retry(tx, job, delay, error.code, in_doubt=isinstance(error, Ambiguous))

    def _delay(self, job: Job, error: SendError) -> float:
        """Full jitter below an exponential bound, and never before the provider allows it."""
        if isinstance(error, Ambiguous) and job.priority != Priority.EMERGENCY:
            return GRACE_SECONDS
        bound = min(LONGEST_DELAY, FIRST_DELAY * 2.0 ** min(job.attempts - 1, 20))
        return (error.retry_after or 0.0) + self._random() * bound

    def _report(self, job: Job, letter: Letter, error: SendError) -> None:
        alarm = isinstance(error, AccountProblem)
        self._metrics.sends.labels(letter.message.channel, type(error).__name__).inc()
        if alarm:
            self.account_problem_at = self._store.clock()
        self._log.log(
            ALARM if alarm else WARNING, "account refused" if alarm else "not sent", code=error.code,
            kind=type(error).__name__, channel=letter.message.channel, attempt=job.attempts, job=job.id,
        )  # fmt: skip

    async def _unexpected(self, job: Job, error: Exception) -> None:
        self._log.error("send broke", kind=type(error).__name__, attempt=job.attempts, job=job.id)
        if isinstance(error, Asleep):
            return
        delay = GRACE_SECONDS + self._random() * FIRST_DELAY * 2.0 ** min(job.attempts, 8)
        if job.attempts >= UNKNOWN_TRIES:
            await self._store.write(lambda tx: give_up(tx, job, type(error).__name__))
        else:
            await self._store.write(lambda tx: jobs.retry(tx, job, delay, type(error).__name__, in_doubt=True))
