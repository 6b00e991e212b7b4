"""The English responses as the assistant's domain holds them: which choices stand under which text."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from core.files import read_yaml

Choices = tuple[tuple[str, str], ...]
"""(English title, payload)"""


@dataclass(frozen=True, slots=True)
class Responses:
    """Choices and topics by response key, without the prefix utter_."""

    choices: Mapping[str, Choices]
    """Under the long form; `key|sms` for those that only the short form has."""
    topics: Mapping[str, str]
    """English title of each intent, as it stands on a button."""

    def under(self, key: str) -> Choices:
        """Return the choices under a text."""
        return self.choices.get(key.removeprefix("utter_"), ())


def load(folder: Path) -> Responses:
    """Read bot/domain/responses/*.yml."""
    choices: dict[str, Choices] = {}
    topics: dict[str, str] = {}
    for path in sorted(folder.glob("*.yml")):
        for name, variants in (read_yaml(path).get("responses") or {}).items():
            key = name.removeprefix("utter_")
            if key.startswith("topic_"):
                topics[key.removeprefix("topic_")] = variants[0]["text"].strip()
            for variant in variants:
                suffix = "|sms" if variant.get("channel") == "sms" else ""
                choices[key + suffix] = tuple((b["title"], b["payload"]) for b in variant.get("buttons") or ())
    return Responses(choices, topics)
