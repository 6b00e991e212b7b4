"""Stock Rasa's understanding: its default pipeline, trained on our examples. Runs in the assistant's environment.

`bot/.venv/bin/python bench/stock_nlu.py FOLDER EPOCHS` reads FOLDER/texts.jsonl and writes what `bench.understanding`
reads. TensorFlow is needed here, so nothing is left out.
"""

import asyncio
import json
import logging
import os
import sys
import time
from pathlib import Path

os.environ.update(RASA_TELEMETRY_ENABLED="false", TF_CPP_MIN_LOG_LEVEL="3", LOG_LEVEL="ERROR")
ROOT = Path(__file__).resolve().parents[1]
CONFIG = """
recipe: default.v1
language: en
pipeline:
  - name: WhitespaceTokenizer
  - name: RegexFeaturizer
  - name: LexicalSyntacticFeaturizer
  - name: CountVectorsFeaturizer
  - name: CountVectorsFeaturizer
    analyzer: char_wb
    min_ngram: 1
    max_ngram: 4
  - name: DIETClassifier
    epochs: {epochs}
    constrain_similarities: true
  - name: FallbackClassifier
    threshold: 0.3
    ambiguity_threshold: 0.1
policies: null
"""


def main(folder: Path, epochs: int) -> None:
    """Train, then read."""
    from rasa.core.agent import Agent
    from rasa.model_training import train_nlu

    logging.basicConfig(level=logging.ERROR)
    data, config = folder / "data", folder / "config.yml"
    data.mkdir()
    for path in sorted((ROOT / "data").glob("*/nlu.yml")):
        (data / f"{path.parent.name}.yml").write_bytes(path.read_bytes())
    config.write_text(CONFIG.format(epochs=epochs))
    began = time.monotonic()
    model = train_nlu(str(config), str(data), str(folder))
    print(f"stock Rasa trained in {time.monotonic() - began:.0f} s", file=sys.stderr)
    agent = Agent()
    agent.load_model(model)
    for line in (folder / "texts.jsonl").read_text("utf-8").splitlines():
        row = json.loads(line)
        heard = asyncio.run(agent.parse_message(row["text"]))
        ranking = [[entry["name"], entry["confidence"]] for entry in heard["intent_ranking"]]
        ranked = [entry for entry in ranking if entry[0] != "nlu_fallback"][:3]
        print(json.dumps({"id": row["id"], "intent": heard["intent"]["name"], "ranking": ranked}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
