"""Topics whose answer has a part that depends on a country: which side of the journey, and what is told of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from core.knowledge import Knowledge, Line

Side = Literal["origin", "destination"]
LABOUR, HOME, SUPPORT = ("labour", "consular"), ("consular", "labour"), ("trafficking", "women", "labour")
LONG_ANSWERS = frozenset(
    "contract documents visa before_departure legal_ways country_rules irregular_route online_scam_jobs under_age "
    "loan_debt send_money passport_kept wages working_hours housing_food change_employer injury_health harassment "
    "domestic_work arrest_detention report_abuse victim_support what_is_trafficking return_home missing_relative "
    "crisis privacy support_place support_stay support_lawyer support_listen return_steps worried_relative".split()
)
"""Answers whose long form says more than the one for SMS; there it comes when somebody asks for more."""
MOST_LINES = {"sms": 2}
MORE_LINES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """What is told of a country besides the answer that holds everywhere."""

    side: Side = "destination"
    asks: str | None = "here"
    """The question for the country; None where the answer is whole without one."""
    kinds: tuple[str, ...] = ()
    """Kinds of help lines, those to name first; none means that no lines are told."""
    emergency: bool = False
    fees: bool = False


TOPICS: Mapping[str, Topic] = {
    "passport_kept": Topic(kinds=HOME), "wages": Topic(kinds=LABOUR), "working_hours": Topic(kinds=LABOUR),
    "housing_food": Topic(kinds=LABOUR), "change_employer": Topic(kinds=LABOUR),
    "injury_health": Topic(kinds=LABOUR, emergency=True), "domestic_work": Topic(kinds=LABOUR),
    "harassment": Topic(asks=None, kinds=SUPPORT, emergency=True), "arrest_detention": Topic(kinds=HOME),
    "report_abuse": Topic(kinds=LABOUR), "victim_support": Topic(kinds=SUPPORT), "return_home": Topic(kinds=HOME),
    "missing_relative": Topic(kinds=HOME), "crisis": Topic(kinds=HOME, emergency=True), "visa": Topic(asks=None),
    "before_departure": Topic(asks="destination", kinds=HOME, emergency=True, fees=True),
    "country_rules": Topic(asks="destination", kinds=LABOUR, emergency=True, fees=True),
}  # fmt: skip


def country_part(
    name: str, country: str, knowledge: Knowledge, channel: str = "", *, alone: bool = False
) -> list[dict[str, Any]]:
    """Return what may be told of a country on a topic, as things to say.

    `alone` is an answer to the question for the country: it always ends with whom to ask.
    """
    topic = TOPICS[name]
    said = [*laws(name, country, knowledge)]
    rule = knowledge.fee_law(country) if topic.fees else None
    if rule:
        arguments = {"country": {"country": country}, "law": rule.law, "checked": {"date": rule.checked_on}}
        said.append({"say": "utter_law_fee_here", "arguments": arguments})
    if topic.emergency:
        said += emergency(country, knowledge)
    lines = knowledge.help_lines(country, topic.kinds)[: MOST_LINES.get(channel, MORE_LINES)] if topic.kinds else []
    if lines:
        said.append({"say": "utter_help_lines", "arguments": {"lines": {"list": [help_line(line) for line in lines]}}})
    elif topic.kinds and (alone or not said):
        said.append({"say": "utter_help_lines_none", "arguments": {"country": {"country": country}}})
    return said


def laws(topic: str, country: str, knowledge: Knowledge) -> list[dict[str, Any]]:
    """Return what the law of a country says on a topic, as things to say."""
    return [
        {
            "say": row.say,
            "arguments": {"country": {"country": country}, "law": row.law, "checked": {"date": row.checked_on}},
        }
        for row in knowledge.laws(country, topic)
    ]


def notices(country: str, knowledge: Knowledge) -> list[dict[str, Any]]:
    """Return the notices for a country, as things to say."""
    return [
        {
            "say": f"utter_notice_{row.kind}",
            "arguments": {"country": {"country": country}, "date": {"date": row.checked_on}, "source": row.authority},
        }
        for row in knowledge.notices(country)
    ]


def emergency(country: str, knowledge: Knowledge) -> list[dict[str, Any]]:
    """Return the emergency number of a country, as something to say."""
    row = knowledge.emergency(country)
    if row is None:
        return []
    arguments = {"country": {"country": country}, "numbers": row.numbers, "checked": {"date": row.checked_on}}
    return [{"say": "utter_emergency_numbers_country", "arguments": arguments}]


def help_line(line: Line) -> dict[str, Any]:
    """Return a help line with what is known of it, as something to say."""
    details: list[object] = [{"say": "utter_way_call_or_text", "arguments": {"text": line.sms}}] if line.sms else []
    if line.hours:
        details.append({"say": "utter_hours_always"} if line.hours == "24/7" else line.hours)
    if line.languages:
        details.append({"languages": line.languages.split()})
    details.append({"say": "utter_line_checked", "arguments": {"checked": {"date": line.checked_on}}})
    arguments = {"name": line.name, "number": line.numbers, "details": {"join": details}}
    return {"say": "utter_help_line", "arguments": arguments}
