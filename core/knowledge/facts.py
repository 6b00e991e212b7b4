"""Finds facts; what may not be told is never returned."""

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from typing import TypeVar

from core.knowledge.rows import FeeRule, Law, Line, Notice, Register, Source

Row = TypeVar("Row", bound=Source)


class Knowledge:
    """Finds facts. Rows that may not be told are never returned."""

    def __init__(
        self,
        fees: Iterable[FeeRule],
        registers: Iterable[Register],
        lines: Iterable[Line],
        laws: Iterable[Law] = (),
        notices: Iterable[Notice] = (),
        today: Callable[[], date] = date.today,
    ) -> None:
        self._fees, self._registers, self._lines = list(fees), list(registers), list(lines)
        self._laws, self._notices = list(laws), list(notices)
        self._today = today

    def _told(self, rows: Iterable[Row], country: str) -> list[Row]:
        """Return what may be told today; a service runs for months, and rows expire meanwhile."""
        day = self._today().isoformat()
        return [
            row
            for row in rows
            if row.country == country and row.tellable and (not row.expires_on or row.expires_on >= day)
        ]

    def _fee_rules(self, origin: str, job: str | None = None) -> list[FeeRule]:
        # a rule for some jobs must not be told to those whose job is another one, or not known
        rows = [row for row in self._told(self._fees, origin) if row.role == "origin"]
        return [row for row in rows if not row.applies_to or job in row.applies_to]

    def fee_rule(self, origin: str, destination: str | None, job: str | None = None) -> FeeRule | None:
        """Return the rule of a country of origin: for this job, then for this destination, then the general one."""
        fitting = [
            row for row in self._fee_rules(origin, job) if not row.destinations or destination in row.destinations
        ]
        return min(fitting, key=lambda row: (not row.applies_to, len(row.destinations) or 1000), default=None)

    def jobs_matter(self, origin: str) -> bool:
        """Tell whether a country has rules on fees for some jobs only."""
        return any(row.role == "origin" and row.applies_to for row in self._told(self._fees, origin))

    def fee_law(self, destination: str) -> FeeRule | None:
        """Return the rule of a country of work that nobody may be charged there, for all jobs."""
        rows = self._told(self._fees, destination)
        return next(
            (row for row in rows if row.role == "destination" and row.kind == "zero" and not row.applies_to), None
        )

    def laws(self, country: str, topic: str) -> list[Law]:
        """Return what may be told of a country's law on a topic."""
        return [row for row in self._told(self._laws, country) if topic in row.topics]

    def standard(self, topic: str) -> Law | None:
        """Return the international rule behind a warning sign."""
        return next(iter(self.laws("ZZ", topic)), None)

    def notices(self, country: str) -> list[Notice]:
        """Return the notices that are switched on for a country."""
        return self._told(self._notices, country)

    def has_fee_rule(self, country: str) -> bool:
        """Tell whether there is a rule that workers from a country may be told of."""
        return bool(self._fee_rules(country))

    def fee_rule_for_some(self, origin: str) -> FeeRule | None:
        """Return a rule of a country of origin that holds for some destinations, when the destination is not known."""
        rules = self._fee_rules(origin)
        return next((row for row in rules if row.destinations and row.kind == "amount"), None)

    def register(self, country: str) -> Register | None:
        """Return where agencies of a country can be checked."""
        return next(iter(self._told(self._registers, country)), None)

    def authority(self, country: str) -> str | None:
        """Return whom to ask about agencies of a country, also where no address or number may be told."""
        return next((row.authority for row in self._registers if row.country == country), None)

    def emergency(self, country: str) -> Line | None:
        """Return the emergency numbers of a country."""
        return next((row for row in self._told(self._lines, country) if row.kind == "emergency"), None)

    def help_lines(self, country: str, kinds: Sequence[str] = ()) -> list[Line]:
        """Return the help lines of a country other than emergency numbers, those of the first kinds first."""
        rows = [row for row in self._told(self._lines, country) if row.kind != "emergency"]
        return sorted(rows, key=lambda row: kinds.index(row.kind) if row.kind in kinds else len(kinds))
