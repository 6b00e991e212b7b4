"""Rules, found by what they ask of the newest state.

Rasa 3.6.21 compares every rule with every state of the conversation, several times a turn. Most rules fall out by the
last action or by the intent that they ask for, which can be read off once.
"""

import json
from functools import lru_cache
from typing import Dict, List, Optional, Set, Text, Tuple

from rasa.core.policies.rule_policy import RulePolicy
from rasa.shared.core.constants import PREVIOUS_ACTION, USER
from rasa.shared.core.domain import State
from rasa.shared.nlu.constants import ACTION_NAME, INTENT

_all_possible = RulePolicy._get_possible_keys

Asked = Tuple[Optional[Text], Optional[Text]]


def find_quickly() -> None:
    """Put this in the place of Rasa's own search, for the life of the process."""
    RulePolicy._get_possible_keys = _possible


def _possible(policy: RulePolicy, lookup: Dict[Text, Text], states: List[State]) -> Set[Text]:
    if states:
        action, intent = _of(states[-1])
        lookup = {key: lookup[key] for key in lookup if _may_apply(key, action, intent)}
    return _all_possible(policy, lookup, states)


def _may_apply(key: Text, action: Optional[Text], intent: Optional[Text]) -> bool:
    asked_action, asked_intent = _asked(key)
    # a rule or a conversation without an action before it is at its beginning, which Rasa has rules of its own for
    if not asked_action or not action:
        return True
    return asked_action == action and asked_intent in (None, intent)


@lru_cache(maxsize=None)
def _asked(key: Text) -> Asked:
    return _of(json.loads(key)[-1])


def _of(state: State) -> Asked:
    return state.get(PREVIOUS_ACTION, {}).get(ACTION_NAME), state.get(USER, {}).get(INTENT)
