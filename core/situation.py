"""The situation check: the ILO's eleven indicators as plain questions, and the rule by which they are combined.

The rule is that of the ILO and European Commission's operational indicators (2009), labour exploitation of adults
(data/knowledge/indicators.csv, safety.md section 5). It decides when to stop asking. Its reading is never said to
anybody: a sign is not a finding (safety.md section 4).
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from core.checks import UNKNOWN, Check
from core.heard import Heard

Weight = Literal["strong", "medium", "weak"]
Reading = Literal["none", "exploited", "deceived", "coerced"]

DECEPTION, RECRUITMENT, EXPLOITATION, COERCION, DEPENDENCE = 1, 2, 4, 5, 6
"""Dimensions of the operational indicators. A dimension that one plain question cannot fill is left out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Indicator:
    """One question. `ilo` is its number among the eleven; `counts` are the dimensions it speaks for, with weights."""

    code: str
    ilo: int
    counts: Mapping[int, Weight]


INDICATORS = (
    Indicator(code="documents_kept", ilo=7, counts={COERCION: "strong"}),
    Indicator(code="movement_restricted", ilo=3, counts={COERCION: "strong"}),
    Indicator(code="wages_withheld", ilo=8, counts={EXPLOITATION: "medium", COERCION: "medium", DECEPTION: "medium"}),
    Indicator(code="threats", ilo=6, counts={COERCION: "medium"}),
    Indicator(code="debt_bondage", ilo=9, counts={COERCION: "strong"}),
    Indicator(code="violence", ilo=5, counts={COERCION: "strong"}),
    # one indicator of the brochure with movement_restricted: it counts once
    Indicator(code="isolated", ilo=4, counts={COERCION: "strong"}),
    Indicator(code="excessive_hours", ilo=11, counts={EXPLOITATION: "strong"}),
    Indicator(code="bad_conditions", ilo=10, counts={EXPLOITATION: "medium"}),
    Indicator(code="deceived", ilo=2, counts={DECEPTION: "strong"}),
    Indicator(code="vulnerability_abused", ilo=1, counts={DEPENDENCE: "medium"}),
)
"""In the order in which they are asked, the most telling first."""
TOLD_ONLY: Mapping[str, Mapping[int, Weight]] = {
    "forced_crime": {COERCION: "medium"}, "sold_on": {RECRUITMENT: "medium"}, "sexual_exploitation": {},
    "changed_terms": {DECEPTION: "medium"}, "wrong_visa": {DECEPTION: "medium"},
}  # fmt: skip
"""Signs that nobody is asked for, but that a message may tell of. Work in the sex trade has other lists: no weight."""
COUNTS = {**TOLD_ONLY, **{row.code: row.counts for row in INDICATORS}}
SIGNS = (*(row.code for row in INDICATORS), "forced_crime", "sexual_exploitation", "sold_on")
"""Everything that the check has words for."""
SAME = {"isolated": "movement_restricted"}
URGENT = frozenset({"sexual_exploitation", "sold_on", "forced_crime"})
"""Told of, these need no further question."""


def is_positive(weights: Collection[Weight]) -> bool:
    """Tell whether a dimension is positive: 2 strong, 1 strong and another, 3 medium, or 2 medium and 1 weak."""
    strong, medium = (sum(weight == kind for weight in weights) for kind in ("strong", "medium"))
    return strong >= 2 or (strong == 1 and len(weights) >= 2) or medium >= 3 or (medium >= 2 and len(weights) >= 3)


def positive(signs: Collection[str]) -> frozenset[int]:
    """Return the dimensions that these signs make positive."""
    once = {SAME.get(code, code) for code in signs if code in COUNTS}
    weights: dict[int, list[Weight]] = {}
    for code in once:
        for dimension, weight in COUNTS[code].items():
            weights.setdefault(dimension, []).append(weight)
    return frozenset(dimension for dimension, found in weights.items() if is_positive(found))


def reading(signs: Collection[str]) -> Reading:
    """Combine the dimensions: coercion before deception before exploitation alone. Internal, never told."""
    found = positive(signs)
    if COERCION in found:
        return "coerced"
    if EXPLOITATION in found:
        return "deceived" if DECEPTION in found or RECRUITMENT in found else "exploited"
    return "none"


def signs_of(check: Check) -> list[str]:
    """Return the signs that a person has told of or said yes to, the most telling first."""
    return [code for code in SIGNS if code in check.flags or check.answers.get(code) == "yes"]


def is_decided(signs: Collection[str], left: Collection[str]) -> bool:
    """Tell whether no answer to what is left to ask can change the reading."""
    if reading(signs) == "coerced" or URGENT & set(signs):
        return True
    # an answer only ever adds a sign and a sign never lowers the reading, so "yes" to all tells what can still come
    return reading([*signs, *left]) == reading(signs)


def next_question(check: Check) -> str | None:
    """Return the next question, or None when the check is over.

    First whether it is safe to write. Then the signs, until they are decided; after the first of them whether the
    person is an adult, for a child needs no further question; at the end the country, for its law and its numbers.
    """
    if "gate" not in check.answers:
        return "gate"
    if check.answers["gate"] == "no" or check.answers.get("adult") == "no":
        return None
    signs = signs_of(check)
    if signs and "adult" not in check.answers:
        return "adult"
    left = [row.code for row in INDICATORS if row.code not in check.answers and row.code not in signs]
    if left and not is_decided(signs, left):
        return left[0]
    return "here" if signs and "here" not in check.answers else None


def read(heard: Heard, asked: str | None) -> dict[str, Any]:
    """Return the answers that a message gives to the question that was put last, and to those it tells of unasked."""
    countries = heard.all("country")
    found: dict[str, Any] = {"here": str(countries[0])} if countries else {}
    if any(code == "under_age" for code, _ in heard.flags):
        found["adult"] = "no"
    if asked is None or asked in found:
        return found
    answer = heard.answer
    if asked == "gate" and answer is None and heard.flags:
        answer = "affirm"  # who goes on telling has said that they can write
    if answer == "dont_know":
        # not sure whether it is safe is not safe
        found[asked] = "no" if asked == "gate" else UNKNOWN
    elif answer and asked != "here":
        found[asked] = "yes" if answer == "affirm" else "no"
    return found
