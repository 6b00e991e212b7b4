"""Responses as a key and arguments; the English text stands beside them for `rasa shell` only.

The gateway turns key and arguments into the person's language, so nothing but the names that the text asks
for leaves Rasa: the tracker's slots carry more than a message may show. Rasa's own interpolator is not used:
it logs the values when a placeholder is missing and trips over the braces of a JSON payload in a button.
"""

import copy
import re
from typing import Any, Dict, List, Mapping, Optional, Text

from english import in_english
from rasa.core.nlg.generator import ResponseVariationFilter
from rasa.core.nlg.response import TemplatedNaturalLanguageGenerator
from rasa.shared.core.domain import Domain
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.utils.endpoints import EndpointConfig

_PLACEHOLDER = re.compile(r"\{([a-z][a-z0-9_]*)\}")
# what Rasa and rasa-sdk add to the keyword arguments of an utterance by themselves
_NOT_ARGUMENTS = frozenset(
    {
        "text",
        "image",
        "attachment",
        "buttons",
        "quick_replies",
        "elements",
        "custom",
        "template",
        "response",
        "utter_action",
        "domain_responses",
    }
)


class UnknownResponse(LookupError):
    """A response key was asked for that the domain does not hold."""


class MissingArgument(LookupError):
    """A response names a placeholder for which neither an argument nor a slot has a value."""


class KeyedResponses(TemplatedNaturalLanguageGenerator):
    """Answers with {say, arguments, buttons, text}."""

    # a subclass of Rasa's template generator, because the agent hands new responses over to that class alone

    def __init__(self, endpoint_config: Optional[EndpointConfig] = None, domain: Optional[Domain] = None) -> None:
        super().__init__(domain.responses if domain else {})

    async def generate(
        self, utter_action: Text, tracker: DialogueStateTracker, output_channel: Text, **kwargs: Any
    ) -> Dict[Text, Any]:
        """Say a response by its key."""
        given = {name: value for name, value in kwargs.items() if name not in _NOT_ARGUMENTS}
        return self.say(utter_action, given, tracker.current_slot_values())

    def say(self, key: str, given: Mapping[str, Any], slots: Mapping[str, Any]) -> Dict[str, Any]:
        """Say a response with these arguments, and slots for what its text names besides."""
        variant = self._variant(key, slots)
        text = variant.get("text") or ""
        arguments = dict(given)
        for name in _PLACEHOLDER.findall(text):
            value = arguments.get(name, slots.get(name))
            if value is None:
                raise MissingArgument(f"{key}: {name}")
            arguments[name] = value
        return {
            "say": key,
            "arguments": arguments,
            "buttons": self._buttons(variant),
            "text": _filled(text, {name: in_english(value, self._line) for name, value in arguments.items()}),
        }

    def _variant(self, key: str, slots: Mapping[str, Any]) -> Dict[str, Any]:
        if key not in self.responses:
            raise UnknownResponse(key)
        # variants for one channel (sms) are the gateway's choice: for Rasa there is one channel
        found = ResponseVariationFilter(self.responses).responses_for_utter_action(key, "gateway", dict(slots))
        if not found:
            raise UnknownResponse(key)
        return found[0]

    @staticmethod
    def _buttons(variant: Dict[str, Any]) -> List[Dict[str, Any]]:
        return copy.deepcopy(variant.get("buttons") or [])

    def _line(self, key: str, arguments: Mapping[str, Any]) -> str:
        return self.say(key, arguments, {})["text"]


def _filled(text: str, values: Mapping[str, str]) -> str:
    # one pass by name: braces inside a value stay what they are
    return _PLACEHOLDER.sub(lambda found: values[found.group(1)], text)
