"""A finding, and how it is told: the person's own words, why it matters with its rule and date, a safer step."""

from dataclasses import dataclass, field

from core.knowledge import Knowledge


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A warning sign (code of data/taxonomy.yml), or a note (code None), and how to say it."""

    code: str | None
    key: str
    arguments: dict[str, object] = field(default_factory=dict)
    quote: str | None = None
    """The words of the person that told of it."""


def told(finding: Finding, knowledge: Knowledge) -> dict[str, object]:
    """Return a finding as something to say, with the international rule where its own words name none."""
    point: dict[str, object] = {"say": finding.key, "arguments": finding.arguments}
    rule = knowledge.standard(finding.code) if finding.code and "law" not in finding.arguments else None
    if rule:
        arguments = {"point": point, "law": rule.law, "checked": {"date": rule.checked_on}}
        point = {"say": "utter_point_rule", "arguments": arguments}
    if finding.quote:
        return {"say": "utter_point_quoted", "arguments": {"quote": {"quote": finding.quote}, "point": point}}
    return point
