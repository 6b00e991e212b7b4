"""What is written for one thing that came in, in a transaction of the caller's."""

from collections.abc import Callable
from dataclasses import dataclass

from channels.guard import MOST_ROWS, Guard, Judgement
from core.errors import Forged
from core.handover import Brief
from core.messages import Inbound, Receipt
from core.risk import Level
from core.store import Tx, aliases, arrivals, cases, codes, erasure, jobs, messages, people, receipts
from core.store.arrivals import Arrival
from core.store.people import Person
from core.store.silence import end_silence, silence


@dataclass(frozen=True, slots=True, kw_only=True)
class Admission:
    """Who may write, and what is done with it."""

    guess_language: Callable[[Inbound], str]
    guard: Guard

    def store(self, tx: Tx, item: Inbound | Receipt, judgement: Judgement, *, open_door: bool) -> bool:
        """Store one thing; return whether it was new and waits for an answer. Raise Forged for a stranger."""
        if isinstance(item, Receipt):
            effect = receipts.apply(tx, item)
            if effect and item.alias:
                aliases.told(tx, effect.person_id, item.alias)
            if effect and item.opted_out:
                silence(tx, effect.person_id)
            return False
        found = arrivals.find(tx, item, MOST_ROWS)
        if found is None or not aliases.are_noted(tx, found.who, item):
            # somebody may have moved to another address since the provider brought it first
            if messages.was_received(tx, item.channel, item.provider_id):
                return False
            item = aliases.settle(tx, item)
            found = arrivals.find(tx, item, MOST_ROWS)
        elif found.repeated:
            return False
        if erasure.was_erased(tx, item):
            return False
        found = found or self._stranger(tx, item, open_door)
        aliases.note(tx, found.who, item)
        return self._inbound(tx, item, judgement, found)

    def _inbound(self, tx: Tx, item: Inbound, judgement: Judgement, found: Arrival) -> bool:
        who = found.who
        kept = messages.record_inbound(tx, who, item)
        if kept is None:
            return False
        message_id, seq = kept
        if found.held:
            jobs.release(tx, who.id)
        if item.opt_out is not None:
            if judgement.danger:
                self._raise(tx, who, item)
            _follow_opt_out(tx, who, item, message_id)
            return False
        priority = self.guard.admit(tx, found, message_id, judgement)
        if priority is None:
            return False
        jobs.put(tx, "turn", who.id, seq, message_id, priority)
        return True

    def _raise(self, tx: Tx, who: Person, item: Inbound) -> None:
        """Tell the desk of danger in words that the provider has answered: an operator chose which words those are."""
        found = self.guard.find_danger(item.text)
        if found is not None:
            brief = Brief(flags=((found.code, found.quote),), phone_country=who.country, consent="emergency")
            cases.open_for(tx, who, risk=Level.DANGER, reason=found.code, brief=brief)

    def _stranger(self, tx: Tx, item: Inbound, open_door: bool) -> Arrival:
        if not open_door or codes.has_left(tx, item.channel, item.address):
            raise Forged
        return Arrival(who=people.find_or_create(tx, item, self.guess_language(item)))


def _follow_opt_out(tx: Tx, who: Person, item: Inbound, message_id: str) -> None:
    """Do as the provider did, and answer nothing: it has answered."""
    if item.opt_out == "stop":
        silence(tx, who.id, item.text)
    elif item.opt_out == "start":
        end_silence(tx, who.id)
    case = cases.open_case(tx, who.id)
    messages.mark_handled(tx, message_id, case_id=case.id if case else None)
