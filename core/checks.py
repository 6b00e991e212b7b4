"""A check under way: what was told, what is asked, what has been said of it. Kept between messages as plain data."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal

from core.heard import Heard

Kind = Literal["offer", "situation", "hours", "agency"]
"""The last two ask one thing only: when it is safe to write, and which agency to look up."""
UNKNOWN = "unknown"
RESUME = "resume"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """A check. A question without an answer was not asked; "unknown" is asked and not known."""

    kind: Kind
    answers: Mapping[str, Any] = field(default_factory=dict)
    flags: Mapping[str, str] = field(default_factory=dict)
    """Warning signs that the person's own words told of: code -> those words."""
    asked: str | None = None
    """The question that waits for its answer."""
    put: int = 0
    """Questions put so far."""
    shown: tuple[str, ...] = ()
    """Codes of the findings that were told already."""
    fed: bool = False
    """The first feedback was given."""
    done: bool = False
    turn: str = ""
    """The last message that was read, so that none is read twice."""

    def with_answers(self, found: Mapping[str, Any]) -> "Check":
        """Return the check with more answers."""
        return replace(self, answers={**self.answers, **found})

    def with_flags(self, heard: Heard) -> "Check":
        """Return the check with the warning signs of a message; the first words that told of one stay."""
        return replace(self, flags={**dict(heard.flags), **self.flags})

    def known(self, name: str) -> Any:
        """Return an answer, or None when it was not given or not known."""
        value = self.answers.get(name)
        return None if value == UNKNOWN else value

    @property
    def begun(self) -> bool:
        """Tell whether there is something to go on with."""
        return not self.done and bool(self.answers or self.flags)


def to_slot(check: Check) -> dict[str, Any]:
    """Write a check as plain data."""
    return {**asdict(check), "shown": list(check.shown)}


def from_slot(value: object) -> Check | None:
    """Read a check; None when there is none."""
    if not isinstance(value, Mapping):
        return None
    return Check(**{**value, "shown": tuple(value["shown"])})
