"""What the desk makes Amana say to a person: the counsellor's words, and notices in the person's own language."""

from structlog.typing import FilteringBoundLogger

from core.errors import AmanaError, Conflict
from core.handover import Case
from core.messages import Say
from core.segments import SEGMENTED, weight
from core.splitting import split
from core.store import Tx, jobs, messages, people
from core.store.jobs import Letter, Priority
from core.store.people import Person
from core.store.staff import Member
from core.words import MissingWords, Words

LONGEST = 1500
"""Twilio takes 1,600 characters; the rest is for the words of the channel."""


class Stopped(AmanaError):
    """The person had asked for no more messages."""


def in_words(words: Words, say: Say, language: str, medium: str) -> str | None:
    """Return what is said in words, or None when no catalogue has them. The only place that asks for words."""
    try:
        return words.text(say, language, medium)
    except MissingWords:
        return None


def notice(tx: Tx, words: Words, log: FilteringBoundLogger, case: Case, member: Member, key: str) -> None:
    """Tell the person what has just happened to their case, in their language.

    Words that are missing must not keep a counsellor from somebody in danger, so then nothing is said.
    """
    who = people.get(tx, case.person_id)
    say = Say(key=key, arguments={"name": member.name})
    text = in_words(words, say, who.language, who.channel)
    if text is None:
        log.error("words missing", kind=key, language=who.language)
        return
    _send(tx, who, case, member, author="service", text=text, said=(say,))


def reply(tx: Tx, case: Case, member: Member, text: str) -> None:
    """Send the counsellor's own words. Raise Conflict when the talk is not theirs, Stopped when nothing may be sent."""
    if case.state != "taken" or case.taken_by != member.id:
        raise Conflict(case.state)
    who = people.get(tx, case.person_id)
    if who.stopped:
        raise Stopped
    _send(tx, who, case, member, author="counsellor", text=text, said=())


def _send(
    tx: Tx, who: Person, case: Case, member: Member, *, author: str, text: str, said: tuple[Say, ...]
) -> None:  # fmt: skip
    """Put words into the queue; by SMS as several messages, where phones would lose a part of a single one."""
    for part in split(text, LONGEST, segmented=who.channel in SEGMENTED):
        identifier, seq = messages.record_outbound(
            tx, who, author=author, text=part, said=said, case_id=case.id, staff_id=member.id, priority=Priority.REPLY
        )
        letter = Letter(key=who.id, seq=seq, message_id=identifier, priority=Priority.REPLY)
        jobs.post(tx, who, letter, weight=weight(part, who.channel))
