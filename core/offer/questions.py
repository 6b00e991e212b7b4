"""Which question of the offer check comes next: none that was told already, none that cannot matter."""

from core.checks import Check

QUESTIONS = (
    "fee_amount", "origin", "destination", "visa_type", "recruiter", "licence", "contract", "passport", "receipt",
    "pressure", "secret",
)  # fmt: skip
FIRST_FEEDBACK_AFTER = 2
"""Questions at most before something useful is said."""
CHILD = ("adult", "no")


def next_question(check: Check, *, can_look_up: bool = False, jobs_matter: bool = False) -> str | None:
    """Return the next question, or None when nothing is left to ask.

    `can_look_up`: a register is loaded, so that the agency's name says more than "has it a licence". `jobs_matter`: the
    law of the country of origin has rules for some jobs only.
    """
    if check.answers.get(CHILD[0]) == CHILD[1]:
        return None
    asked = (*QUESTIONS[:3], "work", *QUESTIONS[3:]) if jobs_matter else QUESTIONS
    return next((_named(name, can_look_up) for name in asked if _is_open(check, name, can_look_up)), None)


def _named(name: str, can_look_up: bool) -> str:
    return "agency" if name == "licence" and can_look_up else name


def _is_open(check: Check, name: str, can_look_up: bool) -> bool:
    if name == "receipt" and not check.known("fee_amount"):
        return False
    return name not in check.answers and (name != "licence" or not can_look_up or "agency" not in check.answers)
