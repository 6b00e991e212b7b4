"""One turn at a time for each conversation: commands and danger first, then who has the floor, then the assistant.

Danger, opt-out, language choice and "talk to a person" need nothing but the database (R14, R15). What a turn decides
is written in one transaction: the answer, its sending, the case, and the end of the job.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from structlog.typing import FilteringBoundLogger

from channels import more, phone
from channels.assistant import Assistant
from channels.assistants import Assistants
from channels.guard import Guard
from channels.metrics import Metrics
from channels.outcome import Outcome, Request, Turn, Wording, apply, load
from channels.replies import Replies
from channels.upkeep import Upkeep
from channels.workers import Workers
from core import faults
from core.commands import Command, Commands
from core.errors import TurnFailed
from core.folding import tokens
from core.handover import Brief, floor
from core.languages import Identifier
from core.risk import Danger, DangerCheck, Level
from core.store import Store, jobs
from core.store.jobs import Job, Priority

MAY_REFUSE = frozenset({"utter_person_waiting", "utter_case_taken"})
"""After these, "no" means that the person does not want a counsellor."""
DELETE, IN_DANGER = "/delete_my_data_yes", "/in_danger"
MOST_TRIES = 3
SETTLED = 6
"""Messages, either way, after which somebody has talked for a while."""
LEASE_MARGIN = 10.0
RETRY_SECONDS = 2.0


class Poisoned(Exception):
    """A job was taken up so often without an end that it may be what kills its workers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """What turns are taken with."""

    store: Store
    assistant: Assistant | Assistants
    wording: Wording
    commands: Commands
    danger: DangerCheck
    identifier: Identifier
    replies: Replies
    default_language: str
    log: FilteringBoundLogger
    metrics: Metrics = field(default_factory=Metrics)


class Turns:
    """Takes turns."""

    def __init__(self, tools: Tools, wake_outbox: Callable[[], None], *, count: int, seconds: float) -> None:
        self._tools = tools
        self._replies = tools.replies
        self._wake_outbox = wake_outbox
        self.guard = Guard(danger=tools.danger, commands=tools.commands)
        self.workers = Workers(
            tools.store, "turn", self._take, self._failed, count=count, lease_seconds=3 * seconds + LEASE_MARGIN,
            prepare=load,
        )  # fmt: skip

    async def upkeep(self) -> None:
        """Do what is due without a message, until cancelled."""
        tools = self._tools
        upkeep = Upkeep(
            store=tools.store, assistant=tools.assistant, wording=tools.wording, replies=tools.replies,
            wake_outbox=self._wake_outbox, log=tools.log,
        )  # fmt: skip
        await upkeep.run()

    async def _take(self, job: Job, turn: Turn) -> None:
        began = time.monotonic()
        faults.reach("turn.claimed")
        if job.attempts > MOST_TRIES:
            raise Poisoned  # whoever took it before fell silent, several times
        outcome = await self._decide(turn)
        await self._tools.store.write(lambda tx: apply(tx, job, turn, outcome, self._tools.wording))
        faults.reach("turn.stored")
        self._wake_outbox()
        elapsed = time.monotonic() - began
        self._tools.metrics.turns.labels("assistant" if outcome.asked else "gateway").observe(elapsed)
        self._tools.log.info(
            "turn taken", person=turn.person.id, channel=turn.person.channel, elapsed_ms=round(elapsed * 1000)
        )

    async def _failed(self, job: Job, error: Exception) -> None:
        self._tools.log.error("turn broke", code=type(error).__name__, attempt=job.attempts)
        if job.attempts < MOST_TRIES:
            await self._tools.store.write(lambda tx: jobs.retry(tx, job, RETRY_SECONDS, type(error).__name__))
            return
        if job.attempts > MOST_TRIES + 2:  # even saying sorry breaks
            await self._tools.store.write(lambda tx: jobs.bury(tx, job, type(error).__name__))
            return
        turn = await self._tools.store.read(lambda tx: load(tx, job))
        outcome = Outcome(says=(self._replies.say("fallback"),))
        await self._tools.store.write(lambda tx: apply(tx, job, turn, outcome, self._tools.wording))
        self._wake_outbox()

    async def _decide(self, turn: Turn) -> Outcome:
        local = self._without_assistant(turn)
        if local is not None:
            return local
        language = self._language(turn)
        text = turn.message.text if turn.payload is None else None
        try:
            answer = await self._tools.assistant.turn(
                turn_id=turn.message.id, conversation=turn.person.id, language=language, channel=turn.person.channel,
                text=text, payload=turn.payload, quiet_at=phone.quiet_at(turn),
            )  # fmt: skip
        except TurnFailed as error:
            self._tools.metrics.refused.inc()
            self._tools.log.warning("assistant failed", code=str(error), person=turn.person.id)
            return phone.with_quiet(turn, self._fallback(turn, language))
        if answer.danger is not None:
            # the second line may only add to what the phrases found (docs/decisions/0007)
            return replace(self._in_danger(turn, answer.danger), asked=True)
        says = more.with_more(turn, answer.says, self._tools.wording)
        return phone.with_quiet(turn, Outcome(says=says, language=language, asked=True))

    def _without_assistant(self, turn: Turn) -> Outcome | None:
        """Decide what must work with the assistant stopped, or return None when it is the assistant's turn."""
        emergency = self._emergency(turn)
        if emergency is not None:
            return emergency
        said = turn.message.text if turn.payload is None else None
        command = None if said is None else self._tools.commands.find(said, turn.person.language)
        panicked = phone.panicked(turn, self._replies, command)
        if panicked is not None:
            return panicked
        if command is not None and command.action in ("stop", "start"):
            return self._commanded(turn, command)
        if command is not None and command.action == "no" and turn.case is not None and turn.told & MAY_REFUSE:
            return Outcome(says=(self._replies.say("person_withdrawn"),), withdrawn=True)
        if turn.payload == DELETE:
            return Outcome(says=(self._replies.say("deleted"),), erased=True)
        if floor(turn.case) == "counsellor":
            return Outcome()
        if turn.person.stopped:
            return Outcome(says=(self._replies.say("stop_done"),), priority=Priority.EMERGENCY)
        return self._of_the_phone(turn, command)

    def _of_the_phone(self, turn: Turn, command: Command | None) -> Outcome | None:
        """Decide what concerns the phone itself, then commands and messages without words."""
        found = (
            phone.masked(turn, self._replies, command)
            or phone.pressed(turn, self._replies)
            or phone.chosen_word(turn, self._replies, command)
        )
        if found is not None:
            return found
        pieces = more.more(turn, self._tools.wording) if turn.payload == more.MORE else ()
        if pieces:
            return Outcome(says=pieces)
        if command is not None and command.action != "no":
            return self._commanded(turn, command)
        if turn.payload is None and not tokens(turn.message.text):
            return Outcome(says=(self._replies.wordless(turn.message.kind),))
        return None

    def _emergency(self, turn: Turn) -> Outcome | None:
        found = self.guard.find_danger(turn.message.text)
        if turn.payload == IN_DANGER:
            found = Danger("violence_now", "")
        return None if found is None else self._in_danger(turn, found)

    def _in_danger(self, turn: Turn, found: Danger) -> Outcome:
        brief = Brief(flags=((found.code, found.quote),), phone_country=turn.person.country, consent="emergency")
        return Outcome(
            # a counsellor who has the floor is the one to speak; the case turns red for them
            says=() if floor(turn.case) == "counsellor" else (self._replies.danger(found, turn.person.country),),
            priority=Priority.EMERGENCY,
            language=self._language(turn),
            request=Request(risk=Level.DANGER, reason=found.code, brief=brief),
            quiet_at=turn.message.created_at,  # it leaves whatever was being asked
        )

    def _commanded(self, turn: Turn, command: Command) -> Outcome:
        if command.action == "person":
            return replace(self._person(turn), language=self._language(turn))
        outcome = Outcome(says=(self._replies.command(command.action),))
        if command.action in ("stop", "start"):
            return replace(outcome, stopped=command.action == "stop", priority=Priority.EMERGENCY)
        if command.action == "language":
            known = command.language in self._tools.wording.words.languages
            return (
                replace(outcome, language=command.language, chosen=True)
                if known
                else Outcome(says=(self._replies.not_offered(command.language, self._tools.wording.words.languages),))
            )
        return outcome

    def _person(self, turn: Turn) -> Outcome:
        key = "person_waiting" if turn.case is None else "person_already"
        brief = Brief(phone_country=turn.person.country)
        request = Request(risk=Level.NORMAL, reason="talk_to_human", brief=brief)
        return Outcome(says=(self._replies.say(key),), request=request)

    def _fallback(self, turn: Turn, language: str) -> Outcome:
        """Answer from what needs no assistant when it fails."""
        if turn.payload == "/talk_to_human":
            return replace(self._person(turn), language=language)
        if turn.payload == "/emergency_numbers":
            return Outcome(says=(self._replies.numbers(turn.person.country),), language=language)
        return Outcome(says=(self._replies.say("fallback"),), language=language)

    def _language(self, turn: Turn) -> str:
        """Return the language to answer in."""
        person = turn.person
        if person.language_chosen or turn.payload is not None:
            return person.language
        # before the first answer it is a guess of ours, unless the provider or the page told it
        told = turn.message.seq > 1 or person.language != self._tools.default_language
        current = person.language if told else None
        found = self._tools.identifier.choose(turn.message.text, current, settled=turn.message.seq > SETTLED)
        return found if found in self._tools.wording.words.languages else current or self._tools.default_language
