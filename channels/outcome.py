"""What a turn begins with, what it decides, and how that is written: in one transaction with the end of its job."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from core.commands import may_silence
from core.folding import fold
from core.handover import Brief, Case, withdraw
from core.messages import Button, Say
from core.risk import Level
from core.segments import SEGMENTED, weight
from core.splitting import split
from core.store import Tx, alerts, buttons, cases, erasure, exchanges, jobs, messages, people
from core.store.jobs import Job, Letter, Priority
from core.store.messages import Message
from core.store.people import Person
from core.store.silence import end_silence, silence
from core.words import Words

PHONE_SEEN, DISCREET = "phone may be seen", "discreet answers"
"""What the counsellor reads of a phone that others look at."""
DISCREET_LINE = Say(key="utter_discreet_line", arguments={})
MOST_SAME, MOST_SAME_URGENT = 6, 20
"""Identical exchanges in ten minutes; after that we are silent until something else is said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """What is known when a turn begins."""

    person: Person
    message: Message
    case: Case | None
    payload: str | None
    """What a pressed button, or the number of a choice, stands for."""
    told: frozenset[str]
    """Keys of what was said last."""
    said: tuple[Say, ...] = ()
    """What was said last."""
    silence: float = 0.0
    """Seconds since then."""
    panicked: bool = False
    """The message is the word that the person chose to show the weather."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A wish for a person, or an emergency that needs one."""

    risk: Level
    reason: str
    brief: Brief


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a turn decides."""

    says: tuple[Say, ...] = ()
    priority: Priority = Priority.REPLY
    language: str | None = None
    chosen: bool = False
    stopped: bool | None = None
    request: Request | None = None
    withdrawn: bool = False
    erased: bool = False
    asked: bool = False
    """The assistant decided it."""
    quiet_at: float | None = None
    """From this moment on nothing that was said before may be said again."""
    seen: bool = False
    """Somebody may be looking at the phone."""
    panic_word: str | None = None
    discreet: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """How something said becomes messages on a channel."""

    words: Words
    text_limit: Callable[[str], int]
    """The longest text that a channel, by name, sends at once."""
    medium: Callable[[str], str]
    """Which wording fits a channel, by name."""
    pressed: Callable[[str], bool] = lambda name: name == "web"
    """Whether choices can be pressed on a channel, by name."""


def load(tx: Tx, job: Job) -> Turn:
    """Read what a turn begins with."""
    person, message = messages.with_author(tx, job.message_id)
    pressed = messages.button_pressed(tx, person, message.id) if message.kind == "button" else ""
    last = messages.conversation(tx, person, limit=1, direction="out")
    typed = fold(message.text)
    # who has only a keyboard types the words of a choice, or its number
    shown = last[0].buttons if last else ()
    chosen = pressed or next((button.id for button in shown if fold(button.title) == typed), None)
    if chosen:
        payload = buttons.payload_of(tx, person.id, chosen)
    else:
        payload = buttons.payload_at(tx, person.id, int(typed)) if typed.isdecimal() and len(typed) < 3 else None
    said = last[0].said if last else ()
    return Turn(
        person=person, message=message, case=cases.open_case(tx, person.id), payload=payload,
        told=frozenset(say.key for say in said), said=said,
        silence=message.created_at - last[0].created_at if last else 0.0,
        panicked=people.is_panic_word(tx, person, fold(message.text)),
    )  # fmt: skip


def apply(tx: Tx, job: Job, turn: Turn, outcome: Outcome, wording: Wording) -> None:
    """Write everything that a turn decided, and end its job, in one transaction."""
    person = turn.person
    if (outcome.language and outcome.language != person.language) or outcome.chosen:
        language = outcome.language or person.language
        people.set_language(tx, person.id, language, chosen=outcome.chosen or person.language_chosen)
        person = replace(person, language=language)
    _follow_stop(tx, turn, outcome)
    case = turn.case
    if outcome.withdrawn and case:
        case = cases.change(tx, case.id, None, "withdrawn", lambda open_case: withdraw(open_case, tx.now))
    if outcome.request:
        wish = outcome.request
        case, _ = cases.open_for(tx, person, risk=wish.risk, reason=wish.reason, brief=wish.brief)
    people.set_phone(tx, person.id, panic_word=outcome.panic_word, discreet=outcome.discreet, quiet_at=outcome.quiet_at)
    if case and (outcome.seen or outcome.discreet):
        cases.note_safety(tx, case, PHONE_SEEN if outcome.seen else DISCREET)
    if outcome.discreet is not None:
        person = replace(person, discreet=outcome.discreet)
    messages.mark_handled(tx, turn.message.id, case_id=case.id if case else None)
    if outcome.erased:
        person = erasure.erase(tx, person, turn.message.id)
    if outcome.says and not _loops(tx, turn, outcome):
        speak(tx, person, outcome, wording)
    jobs.finish(tx, job)


def _follow_stop(tx: Tx, turn: Turn, outcome: Outcome) -> None:
    if outcome.stopped:
        silence(tx, turn.person.id, turn.message.text)
    elif outcome.stopped is False:
        end_silence(tx, turn.person.id)
    elif turn.payload is None and may_silence(turn.message.text):
        alerts.alert(tx, turn.person.id, "goodbye", turn.message.text)


def _loops(tx: Tx, turn: Turn, outcome: Outcome) -> bool:
    """Tell whether the same words got the same answer so often that a machine must be on the other side."""
    keys = " ".join(say.key for say in outcome.says)
    most = MOST_SAME_URGENT if outcome.priority == Priority.EMERGENCY else MOST_SAME
    return exchanges.repeats(tx, turn.person.id, turn.message.text, keys) > most


def speak(tx: Tx, person: Person, outcome: Outcome, wording: Wording) -> None:
    """Store what is said to a person, in words, and put its sending into the queue."""
    says = (DISCREET_LINE, *outcome.says) if person.discreet else outcome.says
    pages = wording.words.pages(
        says, person.language, wording.medium(person.channel), pressed=wording.pressed(person.channel)
    )
    ids = buttons.issue(tx, person.id, [payload for _, payload in pages[-1].buttons])
    issued = tuple(
        Button(id=identifier, title=title) for identifier, (title, _) in zip(ids, pages[-1].buttons, strict=True)
    )
    segmented = person.channel in SEGMENTED
    limit = wording.text_limit(person.channel)
    parts = [part for page in pages for part in split(page.text, limit, segmented=segmented)]
    for number, part in enumerate(parts, start=1):
        last = number == len(parts)
        found, seq = messages.record_outbound(
            tx, person, author="assistant", text=part,
            said=outcome.says if last else (), buttons=issued if last else (), priority=outcome.priority,
        )  # fmt: skip
        letter = Letter(key=person.id, seq=seq, message_id=found, priority=outcome.priority)
        jobs.post(tx, person, letter, weight=weight(part, person.channel))
