"""Domain, rules and stories agree with the taxonomy and with each other."""

from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]


def read(path: str) -> Any:
    return yaml.safe_load((ROOT / path).read_text("utf-8"))


DOMAIN: dict[str, Any] = read("bot/domain/domain.yml")
RULES: list[dict[str, Any]] = read("data/rules.yml")["rules"]
# found by rules or said by buttons: nothing is learnt about them
OURS = [
    "inform", "visa_work", "visa_visit", "by_agency", "by_person", "by_online", "offer_result_all", "resume_check",
    "begin_check", "ask_question", "agency_name", "look_up", "hours", "keep", "support_place", "support_stay",
    "support_lawyer", "support_listen", "return_steps", "worried_relative",
]  # fmt: skip
TAXONOMY: dict[str, Any] = read("data/taxonomy.yml")


def steps(rule: dict[str, Any], kind: str) -> list[Any]:
    choices = [choice for step in rule["steps"] for choice in step.get("or", [step])]
    return [step[kind] for step in choices if kind in step]


def test_the_domain_has_the_intents_of_the_taxonomy() -> None:
    assert DOMAIN["intents"] == [*TAXONOMY["intents"], "nlu_fallback", *OURS]


def test_every_intent_has_a_rule_outside_and_inside_the_check() -> None:
    outside = [intent for rule in RULES if "condition" not in rule for intent in steps(rule, "intent")]
    inside = [intent for rule in RULES if "condition" in rule for intent in steps(rule, "intent")]

    assert sorted(outside) == sorted(DOMAIN["intents"])
    assert sorted(inside) == sorted(DOMAIN["intents"])


def test_every_action_of_a_rule_is_known() -> None:
    known = {*DOMAIN["actions"], *DOMAIN["forms"], "action_deactivate_loop"}
    used = {action for rule in RULES for action in steps(rule, "action")}

    assert {action for action in used if not action.startswith("utter_")} <= known


def test_only_four_intents_leave_the_check() -> None:
    leaving = [steps(rule, "intent")[0] for rule in RULES if "action_deactivate_loop" in steps(rule, "action")]

    assert sorted(leaving) == ["goodbye", "menu", "start_over", "stop_messages"]


def test_every_story_says_what_the_rules_say() -> None:
    for story in read("data/stories.yml")["stories"]:
        pairs = list(zip(steps(story, "intent"), steps(story, "action"), strict=True))
        for intent, action in pairs:
            rule = next(rule for rule in RULES if "condition" not in rule and intent in steps(rule, "intent"))
            assert action in steps(rule, "action")
