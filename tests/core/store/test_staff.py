"""Staff: one-time invitations, names that are unique, sessions that end."""

import pytest

from core.errors import Conflict, NotAllowed
from core.store import Store, Tx, staff


def invited(tx: Tx, name: str = "Asha", role: str = "counsellor") -> str:
    return staff.invite(tx, staff.add(tx, name, role))


def test_an_invitation_works_once(store: Store) -> None:
    token = store.write_now(invited)
    store.write_now(lambda tx: staff.accept(tx, token, "Asha", "hash"))

    with pytest.raises(NotAllowed):
        store.write_now(lambda tx: staff.accept(tx, token, "Asha", "other"))
    assert store.read_now(lambda tx: staff.by_name(tx, "Asha")).password_hash == "hash"


def test_a_new_invitation_ends_the_one_before(store: Store) -> None:
    old = store.write_now(invited)
    new = store.write_now(lambda tx: staff.invite(tx, staff.invited(tx, old)))

    with pytest.raises(NotAllowed):
        store.read_now(lambda tx: staff.invited(tx, old))
    assert store.read_now(lambda tx: staff.invited(tx, new)).name == "Asha"


def test_nobody_can_take_the_name_of_somebody_else(store: Store) -> None:
    store.write_now(invited)
    token = store.write_now(lambda tx: invited(tx, "Bina"))

    with pytest.raises(Conflict):
        store.write_now(lambda tx: staff.accept(tx, token, "Asha", "hash"))
    with pytest.raises(Conflict):
        store.write_now(lambda tx: staff.add(tx, "Asha", "admin"))
    assert store.read_now(lambda tx: [member.name for member in staff.everyone(tx)]) == ["Asha", "Bina"]


def test_an_invitation_is_too_old_after_a_day(store: Store, clock) -> None:
    token = store.write_now(invited)
    clock.forward(staff.INVITATION_SECONDS)

    with pytest.raises(NotAllowed):
        store.read_now(lambda tx: staff.invited(tx, token))


@pytest.mark.parametrize(("step", "times", "alive"), [(14 * 60, 40, True), (14 * 60, 43, False), (15 * 60, 1, False)])
def test_a_session_ends_when_idle_or_old(store: Store, clock, step: int, times: int, alive: bool) -> None:
    member = store.write_now(lambda tx: staff.accept(tx, invited(tx), "Asha", "hash"))
    token, _ = store.write_now(lambda tx: staff.sign_in(tx, member))
    for _ in range(times):
        clock.forward(step)
        found = store.write_now(lambda tx: staff.session_of(tx, token))

    assert (found is not None) is alive
