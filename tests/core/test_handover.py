"""A case: every step that is allowed, and every one that is not."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import Conflict
from core.handover import Case, close, floor, give_back, raise_risk, take, withdraw

WAITING = Case(
    id="c", person_id="p", state="waiting", risk=1, reason="talk_to_human", language="ne", opened_at=10.0,
    changed_at=10.0,
)  # fmt: skip
TAKEN = replace(WAITING, state="taken", taken_by="asha", taken_at=20.0, changed_at=20.0)
CLOSED = replace(TAKEN, state="closed", closed_at=30.0, changed_at=30.0)
Step = Callable[[Case], Case]


def test_taking_gives_the_floor_to_the_counsellor() -> None:
    assert take(WAITING, "asha", 20.0) == TAKEN
    assert floor(TAKEN) == "counsellor"


@pytest.mark.parametrize("case", [None, WAITING, CLOSED])
def test_the_assistant_has_the_floor_unless_a_case_is_taken(case: Case | None) -> None:
    assert floor(case) == "assistant"


def test_taking_what_is_mine_already_changes_nothing() -> None:
    assert take(TAKEN, "asha", 99.0) is TAKEN


def test_a_case_given_back_waits_for_anybody_and_keeps_its_place() -> None:
    back = give_back(TAKEN, "asha", 25.0)
    assert back == replace(WAITING, changed_at=25.0, waits_since=25.0)
    assert back.opened_at == WAITING.opened_at
    assert take(back, "bina", 26.0).taken_by == "bina"


def test_a_closed_case_remembers_who_had_it() -> None:
    closed = close(TAKEN, "asha", 30.0)
    assert closed == CLOSED
    assert closed.taken_by == "asha"


@pytest.mark.parametrize("case", [WAITING, TAKEN])
def test_a_person_may_withdraw_at_any_time(case: Case) -> None:
    gone = withdraw(case, 40.0)
    assert (gone.state, gone.closed_at, gone.changed_at) == ("closed", 40.0, 40.0)


@pytest.mark.parametrize(
    ("case", "step"),
    [
        (TAKEN, lambda case: take(case, "bina", 50.0)),
        (CLOSED, lambda case: take(case, "asha", 50.0)),
        (CLOSED, lambda case: take(case, "bina", 50.0)),
        (WAITING, lambda case: give_back(case, "asha", 50.0)),
        (TAKEN, lambda case: give_back(case, "bina", 50.0)),
        (CLOSED, lambda case: give_back(case, "asha", 50.0)),
        (WAITING, lambda case: close(case, "asha", 50.0)),
        (TAKEN, lambda case: close(case, "bina", 50.0)),
        (CLOSED, lambda case: close(case, "asha", 50.0)),
        (CLOSED, lambda case: withdraw(case, 50.0)),
    ],
)
def test_a_step_that_is_not_allowed_is_a_conflict_that_names_the_state(case: Case, step: Step) -> None:
    with pytest.raises(Conflict, match=case.state):
        step(case)


@pytest.mark.parametrize("case", [WAITING, TAKEN])
def test_risk_rises_with_its_reason(case: Case) -> None:
    raised = raise_risk(case, 3, "violence_now", 60.0)
    assert (raised.risk, raised.reason, raised.changed_at) == (3, "violence_now", 60.0)
    assert (raised.state, raised.taken_by, raised.opened_at) == (case.state, case.taken_by, case.opened_at)


@given(st.lists(st.integers(0, 3)))
def test_risk_never_sinks(risks: list[int]) -> None:
    case = WAITING
    for number, risk in enumerate(risks):
        case = raise_risk(case, risk, f"reason {number}", 60.0 + number)
    assert case.risk == max([WAITING.risk, *risks])
    first = next((number for number, risk in enumerate(risks) if risk == case.risk), None)
    assert case.reason == (WAITING.reason if case.risk == WAITING.risk else f"reason {first}")
