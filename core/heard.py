"""What was understood of one message: its meaning, the facts in it, and the warning signs that its words tell of."""

from collections.abc import Sequence
from dataclasses import dataclass

ANSWERS = ("affirm", "deny", "dont_know")


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """An understood message."""

    intent: str
    facts: Sequence[tuple[str, object]]
    """(kind, value) in their order: country, amount, currency, visa, sector."""
    polarity: str | None = None
    """affirm or deny, when the first or last word says so."""
    flags: Sequence[tuple[str, str]] = ()
    """(code of data/taxonomy.yml, the words that told of it)"""
    text: str = ""

    def all(self, kind: str) -> list[object]:
        """Return the values of one kind."""
        return [value for name, value in self.facts if name == kind]

    @property
    def answer(self) -> str | None:
        """Return affirm, deny or dont_know, when it is one of these."""
        # "I have no licence number" looks like a question about licences; asked for one, it is a no
        return self.intent if self.intent in ANSWERS else self.polarity

    @property
    def tells(self) -> bool:
        """Tell whether it holds more than a wish: facts or warning signs."""
        return bool(self.flags) or any(kind in ("amount", "visa") for kind, _ in self.facts)
