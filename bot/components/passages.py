"""Passages from which signs are learnt, and the small talk that shows what no sign looks like."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, List, Mapping, Tuple
from zlib import crc32

import yaml
from rasa.shared.nlu.constants import INTENT, TEXT
from rasa.shared.nlu.training_data.training_data import TrainingData

HARMLESS = frozenset(
    "greet goodbye thanks affirm deny dont_know menu start_over change_language who_are_you privacy delete_my_data "
    "stop_messages complain_about_bot out_of_scope send_money documents before_departure emergency_numbers".split()
)
"""Intents whose examples tell of nothing that is wrong."""
NO_EMERGENCY = frozenset(
    "check_offer check_agency describe_offer fees contract visa legal_ways online_scam_jobs loan_debt wages "
    "passport_kept working_hours domestic_work change_employer missing_relative return_home country_rules".split()
)
"""Intents whose examples may tell of something that is wrong, but of no emergency."""
_ONE_IN = 4  # of those examples is enough; which one is a matter of its own text, so an edit changes no other choice
_SHORT = 14  # words; a longer one would be cut into pieces, and each piece costs an embedding
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True)
class Passage:
    """A text and the signs in it, each with the place of the words that show it."""

    text: str
    signs: Mapping[str, Tuple[int, int]]


def small_talk(training_data: TrainingData) -> List[Passage]:
    """Return passages without signs from the examples of harmless intents."""
    said = [one.get(TEXT) for one in training_data.intent_examples if one.get(INTENT) in HARMLESS]
    return [Passage(text, {}) for text in said if _chosen(text)]


def worries(training_data: TrainingData) -> List[Passage]:
    """Return passages that tell of no emergency, though of much else."""
    told = [one.get(TEXT) for one in training_data.intent_examples if one.get(INTENT) in NO_EMERGENCY]
    return [Passage(text, {}) for text in told if _chosen(text) and len(text.split()) <= _SHORT]


def _chosen(text: str) -> bool:
    return crc32(text.encode()) % _ONE_IN == 0


def read_yaml(path: Path) -> Any:
    """Read a YAML file, with safe types only."""
    return yaml.load(path.read_text("utf-8"), Loader=_LOADER)  # noqa: S506 (both loaders are safe ones)
