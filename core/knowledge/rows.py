"""What a row of each table holds."""

from dataclasses import dataclass
from typing import Literal

FeeKind = Literal["amount", "zero", "month_salary", "other", "unknown"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where a row comes from and whether it may be told."""

    country: str
    """ISO 3166-1 alpha-2; ZZ is international."""
    source: str
    checked_on: str
    tellable: bool
    expires_on: str = ""
    """The last day on which it may be told, as ISO date; empty is for ever."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FeeRule(Source):
    """What the law of a country lets a worker be charged."""

    role: str
    kind: FeeKind
    amount: float | None
    currency: str
    destinations: tuple[str, ...]
    """Countries that the rule is for; empty means all."""
    applies_to: tuple[str, ...]
    """Jobs, people or programmes that the rule is limited to; empty means all."""
    flag_above: float | None
    """A sum that is certainly over the limit, where lawful extras come on top."""
    law: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Register(Source):
    """Who keeps the list of licensed agencies."""

    authority: str
    url: str
    phone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Line(Source):
    """Numbers to call."""

    name: str
    numbers: str
    kind: str
    hours: str
    """As in the source; 24/7 is said in words."""
    languages: str
    """ISO 639 codes, separated by spaces."""
    sms: str = ""
    """Where it takes text messages."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Law(Source):
    """A rule of a country, or an international one (ZZ), that stands behind an answer."""

    topics: tuple[str, ...]
    """Meanings and warning signs that it is told with."""
    say: str
    """The response that tells it; empty for an international rule, which stands behind a point."""
    law: str


NOTICES = ("closed", "fighting", "disaster", "illness", "ban")
"""Kinds of notices; each has its words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice(Source):
    """News of a crisis that an editor has switched on for a country."""

    kind: str
    authority: str
    """Whom to ask."""
