"""Tell how the newest model understands messages: JSON lines in, JSON lines out, as the served assistant would decide.

Reads `{"id", "text"}` from standard input and writes `{"id", "intent", "confidence", "ranking", "flags", "danger"}`.
`python -m bench.understand` adds what the gateway decides without the assistant.
"""

import asyncio
import json
import logging
import os
import sys
from typing import Any, Dict, Iterable, Mapping

import release
from absent import leave_out_tensorflow
from logs import keep_words_out_of_logs
from serve import BOT, SURROUNDINGS, models_folder

RANKED = 3


def main() -> int:
    """Answer line by line until the input ends."""
    for name, value in SURROUNDINGS.items():
        os.environ.setdefault(name, value)  # read when the libraries are imported, which is next
    keep_words_out_of_logs(logging.ERROR)
    leave_out_tensorflow()
    os.chdir(BOT)
    from rasa.core.agent import Agent

    agent = Agent()
    try:
        with release.intact(models_folder(), release.admitted(models_folder())[0]) as model:
            agent.load_model(str(model))
    except release.Refused as error:
        print(f"no model: {error}; train one with `make train`", file=sys.stderr)
        return 2
    print(json.dumps({"model": model.name}), flush=True)
    asyncio.run(_answer(agent, sys.stdin))
    return 0


async def _answer(agent: Any, lines: Iterable[str]) -> None:
    for line in lines:
        row = json.loads(line)
        heard = await agent.parse_message(row["text"])
        print(json.dumps({"id": row["id"], **understood(row["text"], heard)}, ensure_ascii=False), flush=True)


def understood(text: str, heard: Mapping[str, Any]) -> Dict[str, Any]:
    """Choose what is told of a message that Rasa parsed."""
    ranking = [[entry["name"], round(entry["confidence"], 4)] for entry in heard.get("intent_ranking", [])[:RANKED]]
    flags = [
        {
            "code": entity["value"],
            "quote": text[entity["start"] : entity["end"]],
            "confidence": round(entity.get("confidence_entity", 1.0), 4),
        }
        for entity in heard.get("entities", [])
        if entity["entity"] == "red_flag"
    ]
    danger = next((entity["value"] for entity in heard.get("entities", []) if entity["entity"] == "danger"), None)
    intent = heard["intent"]
    return {
        "intent": intent["name"],
        "confidence": round(intent["confidence"], 4),
        "ranking": ranking,
        "flags": flags,
        "danger": danger,
    }


if __name__ == "__main__":
    sys.exit(main())
