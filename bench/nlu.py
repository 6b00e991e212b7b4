"""Trains a pipeline on a folder of examples and reads messages with it. Runs in the assistant's environment.

`bot/.venv/bin/python bench/nlu.py FOLDER PIPELINE` learns from FOLDER/data, reads FOLDER/texts.jsonl and writes a line
for each message. PIPELINE is `ours` (bot/config.yml up to the intents), or a number: stock Rasa's default pipeline
with DIET and so many epochs. TensorFlow is needed for the latter, so nothing is left out.
"""

import asyncio
import json
import logging
import os
import sys
import time
from pathlib import Path

os.environ.update(RASA_TELEMETRY_ENABLED="false", TF_CPP_MIN_LOG_LEVEL="3", LOG_LEVEL="ERROR", OMP_NUM_THREADS="1")
ROOT = Path(__file__).resolve().parents[1]
STOCK = """
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
"""
OURS = """
  - name: components.tokenizer.FoldingTokenizer
  - name: components.embedding.EmbeddingFeaturizer
  - name: components.ngrams.NgramFeaturizer
  - name: components.classifier.TopicClassifier
  - name: components.fallback.UnsureClassifier
"""


def main(folder: Path, pipeline: str) -> None:
    """Train, then read."""
    sys.path.insert(0, str(ROOT / "bot"))
    from rasa.core.agent import Agent
    from rasa.model_training import train_nlu

    logging.basicConfig(level=logging.ERROR)
    config = folder / "config.yml"
    steps = OURS if pipeline == "ours" else STOCK.format(epochs=int(pipeline))
    config.write_text(f"recipe: default.v1\nassistant_id: bench\nlanguage: en\npipeline:{steps}policies: null\n")
    began = time.monotonic()
    model = train_nlu(str(config), str(folder / "data"), str(folder))
    print(f"trained in {time.monotonic() - began:.0f} s", file=sys.stderr)
    agent = Agent()
    agent.load_model(model)
    for line in (folder / "texts.jsonl").read_text("utf-8").splitlines():
        row = json.loads(line)
        heard = asyncio.run(agent.parse_message(row["text"]))
        ranking = [[entry["name"], entry["confidence"]] for entry in heard["intent_ranking"]]
        ranked = [entry for entry in ranking if entry[0] != "nlu_fallback"][:3]
        print(json.dumps({"id": row["id"], "intent": heard["intent"]["name"], "ranking": ranked}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
