"""Who may read which case: the only function that decides it (R45)."""

from core.errors import NotAllowed
from core.handover import Case
from core.store import Tx, cases
from core.store.staff import Member


def access_case(tx: Tx, member: Member, identifier: str) -> Case:
    """Return a case that a member may read. Raise NotAllowed when it is absent, closed or not theirs: no telling which.

    Everybody may read what waits, the owner what they took, supervisors what anybody took.
    """
    found = cases.get(tx, identifier)
    if found.state == "waiting":
        return found
    if found.state == "taken" and (found.taken_by == member.id or member.role == "supervisor"):
        return found
    raise NotAllowed
