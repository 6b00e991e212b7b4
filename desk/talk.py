"""What the screen shows: rows of the list, and one talk with its brief, ready for the templates."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from core.handover import Brief, Case
from core.messages import Say
from core.risk import Level
from core.store import Tx, alerts, cases, messages, people, staff
from core.store.cases import Waiting
from core.store.messages import Message
from core.store.people import Person
from core.store.staff import Member
from core.words import Words, country
from desk import doubles, plain
from desk.doubles import Known, Surroundings
from desk.replies import in_words

NEWEST = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A case in the list."""

    id: str
    handle: str
    language: str
    channel: str
    reason: str
    danger: bool
    raised: bool
    waited: str
    unread: int
    owner: str | None
    alert: str | None
    """What must be seen now."""
    late: bool
    """They wait too long."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lists:
    """The three lists on the left."""

    waiting: list[Row]
    mine: list[Row]
    others: list[Row]

    @property
    def dangers(self) -> int:
        """How many in danger wait for a person."""
        return sum(row.danger for row in self.waiting)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A message in the talk."""

    seq: int
    side: str
    author: str
    text: str
    sent: str | None
    """The text as it was sent, when `text` is the same in the counsellor's language."""
    language: str
    at: str
    clock: str
    state: str
    failed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Talk:
    """A case with everything that is known of it."""

    row: Row
    case: Case
    brief: Brief
    flags: list[tuple[str, str]]
    corridor: str
    phone: str | None
    """Country of the phone number: a hint."""
    safe: str
    consent: str
    lines: list[Line]
    language: str
    cut: bool
    """Whether there are older messages that are not shown."""
    stopped: bool
    mine: bool
    waiting: bool
    around: Surroundings
    """What a name in it may imitate."""


def lists(tx: Tx, member: Member) -> Lists:
    """Return all open cases, as a member sees them."""
    names = names_of(tx)
    found = Lists(waiting=[], mine=[], others=[])
    for waiting in cases.queue(tx):
        row = _row(tx, waiting, names)
        if waiting.case.state == "waiting":
            found.waiting.append(row)
        else:
            (found.mine if waiting.case.taken_by == member.id else found.others).append(row)
    return found


def names_of(tx: Tx) -> dict[str, str]:
    """Return the names of all staff by id."""
    return {member.id: member.name for member in staff.everyone(tx)}


def _row(tx: Tx, waiting: Waiting, names: Mapping[str, str]) -> Row:
    case = waiting.case
    return Row(
        id=case.id, handle=waiting.handle, language=case.language, reason=plain.in_words(case.reason),
        channel=plain.in_words(waiting.channel, plain.CHANNELS), danger=case.risk >= Level.DANGER,
        raised=case.risk >= Level.HIGH,
        waited=plain.lasted(tx.now - case.opened_at), unread=waiting.unread, owner=names.get(case.taken_by or ""),
        alert=plain.in_words(waiting.alert) if waiting.alert else None, late=waiting.escalated,
    )  # fmt: skip


def talk(tx: Tx, case: Case, member: Member, words: Words, default_language: str, sure: Known) -> Talk:
    """Return a talk. The caller has decided that the member may read it."""
    who, names, brief = people.get(tx, case.person_id), names_of(tx), cases.brief_of(tx, case)
    known = member.languages or (default_language,)
    reads = who.language if who.language in known else known[0]
    spoken = messages.conversation(tx, who, limit=NEWEST)
    unread = sum(message.direction == "in" for message in spoken)
    alert = alerts.of(tx, case)
    waiting = Waiting(case=case, handle=who.handle, channel=who.channel, unread=unread, alert=alert)
    return Talk(
        row=_row(tx, waiting, names),
        case=case, brief=brief, flags=[(plain.in_words(code), quote) for code, quote in brief.flags],
        corridor=_corridor(brief), phone=country(brief.phone_country, "en") if brief.phone_country else None,
        safe=plain.in_words(brief.safe_to_write, plain.SAFE),
        consent=plain.in_words(brief.consent, plain.CONSENTS),
        lines=[_line(message, who, names, words, reads) for message in spoken], language=who.language,
        cut=len(spoken) == NEWEST,
        stopped=who.stopped, mine=case.taken_by == member.id, waiting=case.state == "waiting",
        around=Surroundings(sure | doubles.known(names.values()), doubles.of_talk(one.text for one in spoken)),
    )  # fmt: skip


def _corridor(brief: Brief) -> str:
    ends = [country(code, "en") if code else "not known" for code in (brief.origin, brief.destination)]
    return " → ".join(ends)


def _line(message: Message, who: Person, names: Mapping[str, str], words: Words, reads: str) -> Line:
    at = datetime.fromtimestamp(message.created_at, UTC)
    text = _text(message)
    shown = _reading(message.said, words, reads) if message.said and reads != who.language else None
    return Line(
        seq=message.seq, side=_side(message.author), author=_author(message, who, names), text=shown or text,
        sent=text if shown else None, language=reads if shown else who.language, at=at.isoformat(timespec="seconds"),
        clock=f"{at:%H:%M} UTC", state=plain.STATES.get(message.state, "") if message.direction == "out" else "",
        failed=message.state == "failed",
    )  # fmt: skip


def _text(message: Message) -> str:
    """Return what was written, and what came with it that a desk cannot show."""
    if message.text and message.kind in ("text", "button"):
        return message.text
    return "\n".join(part for part in (plain.KINDS.get(message.kind, "[nothing written]"), message.text) if part)


def _reading(said: tuple[Say, ...], words: Words, language: str) -> str | None:
    """Return what the machine said in the counsellor's language, or None when a part of it cannot be rendered."""
    parts = [in_words(words, say, language, "web") for say in said]
    if any(part is None for part in parts):
        return None
    choices = [f"• {words.title(title, language)}" for say in said for title, _ in say.buttons]
    return plain.without_isolates("\n".join([*(part for part in parts if part), *choices]))


def _side(author: str) -> str:
    return {"person": "person", "counsellor": "counsellor"}.get(author, "machine")


def _author(message: Message, who: Person, names: Mapping[str, str]) -> str:
    if message.author == "person":
        return who.handle
    if message.author == "counsellor":
        return names.get(message.staff_id or "", "Counsellor")
    return "Assistant"
