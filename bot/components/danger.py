"""The second line of the danger check: what is learnt from messages of people in danger, beside the phrases.

The first line stands in the gateway (core/risk.py): it works when the assistant does not, and what it finds nothing
here can take back. This line may only add what phrases and the gateway's own reader missed (docs/decisions/0007).
"""

from typing import Any, Dict, Iterator, List, Sequence, Text

import numpy as np
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.shared.nlu.training_data.training_data import TrainingData

from components.detector import SignDetector
from components.passages import Passage, read_yaml, worries
from components.places import data
from components.signs import Scores


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=True)
class DangerReader(SignDetector):
    """Adds one entity `danger`, the likeliest code, when a message tells of an emergency."""

    listed = "danger"

    @staticmethod
    def get_default_config() -> Dict[Text, Any]:
        """Return the limit; chosen on messages held out, docs/decisions/0007."""
        return {"threshold": 0.05, "steepness": 4.0}

    def passages(self, training_data: TrainingData) -> Sequence[Passage]:
        """Return the messages of data/<language>/danger.yml, and what people write without being in danger."""
        return [*_messages(), *worries(training_data)]

    def found(self, text: str, scores: Scores) -> List[Dict[Text, Any]]:
        """Return the likeliest danger, if there is any."""
        each = (scores.each.max(axis=0) + scores.whole) / 2
        sure = (each.max() + scores.any) / 2 - self._config["threshold"]
        if sure <= 0:
            return []
        place = int(each.argmax())
        first, last = scores.pieces[int(scores.each[:, place].argmax())]
        confidence = float(1 / (1 + np.exp(-self._config["steepness"] * sure)))
        code = self._reader.codes[place]
        return [{"entity": "danger", "value": code, "start": first, "end": last, "confidence_entity": confidence}]


def _messages() -> Iterator[Passage]:
    for path in sorted(data().glob("*/danger.yml")):
        for code, rows in read_yaml(path).items():
            for text in map(str, [*(rows.get("fires") or []), *(rows.get("told") or [])]):
                yield Passage(text, {code: (0, len(text))})
            for text in map(str, [*(rows.get("quiet") or []), *(rows.get("harmless") or [])]):
                yield Passage(text, {})
    for path in sorted(data().glob("*/red_flags.yml")):
        for text in read_yaml(path).get("unflagged") or []:
            yield Passage(text, {})
