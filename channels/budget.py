"""What sending may cost in a day, and what a message costs by our estimate (R33).

Emergencies are exempt from everything but a cap of their own: whoever pumps them with danger words meets that one.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from core.config import Settings
from core.store.spending import ALL, EMERGENCY, Spent


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """Limits for a day, in SMS segments and in money. Zero means no limit."""

    person: int = 0
    country: int = 0
    everybody: int = 0
    money: float = 0.0
    emergency: int = 0
    countries: frozenset[str] = frozenset()
    """Where we send to; empty means everywhere."""
    price: float = 0.0
    prices: Mapping[str, float] = field(default_factory=dict)

    @classmethod
    def from_settings(cls, settings: Settings) -> "Budget":
        """Take the limits from the settings."""
        return cls(
            person=settings.budget_person_segments, country=settings.budget_country_segments,
            everybody=settings.budget_segments, money=settings.budget_money,
            emergency=settings.budget_emergency_segments, countries=frozenset(settings.sms_countries),
            price=settings.segment_price, prices=settings.by_name("segment_prices"),
        )  # fmt: skip

    def cost(self, country: str | None, segments: int) -> float:
        """Return what a message costs by our estimate."""
        return round(self.prices.get(country or "", self.price) * segments, 6)

    def allows_country(self, country: str | None) -> bool:
        """Tell whether we send to a country."""
        return not self.countries or country in self.countries

    def problem(self, spent: Mapping[str, Spent], country: str | None, *, emergency: bool) -> str | None:
        """Return which limit a further message would exceed, or None."""
        if emergency:
            return "emergency budget" if _over(spent[EMERGENCY].segments, self.emergency) else None
        by_scope = {name.partition(":")[0]: one for name, one in spent.items()}
        if _over(by_scope["person"].segments, self.person):
            return "budget of this person"
        if _over(by_scope["country"].segments, self.country):
            return "budget of this country"
        if _over(by_scope[ALL].segments, self.everybody) or _over(by_scope[ALL].cost, self.money):
            return "budget of the day"
        return None


def _over(used: float, limit: float) -> bool:
    return bool(limit) and used >= limit
