"""Passages from which signs are learnt, and the small talk that shows what no sign looks like."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, List, Mapping, Tuple

import yaml
from rasa.shared.nlu.constants import INTENT, TEXT
from rasa.shared.nlu.training_data.training_data import TrainingData

HARMLESS = frozenset(
    "greet goodbye thanks affirm deny dont_know menu start_over change_language who_are_you privacy delete_my_data "
    "stop_messages complain_about_bot out_of_scope send_money documents before_departure emergency_numbers".split()
)
"""Intents whose examples tell of nothing that is wrong."""
_ONE_IN = 4  # of those examples is enough
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True)
class Passage:
    """A text and the signs in it, each with the place of the words that show it."""

    text: str
    signs: Mapping[str, Tuple[int, int]]


def small_talk(training_data: TrainingData) -> List[Passage]:
    """Return passages without signs from the examples of harmless intents."""
    said = [one.get(TEXT) for one in training_data.intent_examples if one.get(INTENT) in HARMLESS]
    return [Passage(text, {}) for text in said[::_ONE_IN]]


def read_yaml(path: Path) -> Any:
    """Read a YAML file, with safe types only."""
    return yaml.load(path.read_text("utf-8"), Loader=_LOADER)  # noqa: S506 (both loaders are safe ones)
