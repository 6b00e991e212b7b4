"""The quick search finds the very rules that Rasa's own finds."""

import pytest
import rules
from rasa.core.policies.rule_policy import RulePolicy

LISTEN, INFORM = {"action_name": "action_listen"}, {"action_name": "action_inform"}
KEYS = [
    '[{"prev_action": {"action_name": "action_listen"}, "user": {"intent": "greet"}}]',
    '[{"prev_action": {"action_name": "action_listen"}, "user": {"intent": "fees"}}]',
    '[{"prev_action": {"action_name": "action_listen"}, "user": {"intent": "fees"}},'
    ' {"prev_action": {"action_name": "action_inform"}, "user": {"intent": "fees"}}]',
    '[{"prev_action": {"action_name": "action_inform"}}]',
    '[{}, {"prev_action": {"action_name": "action_listen"}, "slots": {"topic": ["1.0"]}}]',
    "[{}]",
]
STATES = [
    [{}],
    [{}, {"prev_action": LISTEN, "user": {"intent": "greet"}}],
    [{}, {"prev_action": LISTEN, "user": {"intent": "fees"}}, {"prev_action": INFORM, "user": {"intent": "fees"}}],
    [{}, {"prev_action": LISTEN, "user": {"text": "hm"}, "slots": {"topic": (1.0,)}}],
    [{}, {"prev_action": LISTEN}],
    [{"prev_action": INFORM, "user": {"intent": "greet"}}],
]


@pytest.mark.parametrize("states", STATES)
def test_finds_what_rasa_finds(states: list) -> None:
    policy = RulePolicy.__new__(RulePolicy)  # the search reads nothing of it
    lookup = {key: "action_listen" for key in KEYS}
    assert rules._possible(policy, lookup, states) == rules._all_possible(policy, lookup, states)


def test_some_rules_fall_out_by_what_they_ask() -> None:
    left = [key for key in KEYS if rules._may_apply(key, "action_inform", "fees")]
    assert left == [KEYS[2], KEYS[3], KEYS[5]]
