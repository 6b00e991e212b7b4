"""The one door for measuring: `uv run python -m bench.understand FILE.jsonl` says how the product understands messages.

Reads lines `{"id", "text"}` (`-` is standard input) and writes lines `{"id", "intent", "confidence", "ranking",
"flags", "danger", "language", "script"}`, as the running product decides for the first message of a person: danger and
language in the gateway, the rest in the assistant with the newest model. docs/formats.md describes the fields.
"""

import json
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from core import languages, risk
from core.config import ROOT
from core.scripts import script

LONGEST_TEXT = 2000
"""Characters that the gateway passes on (channels/assistant.py)."""


def understand(rows: Iterable[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yield what is understood of each row, in their order. Raise RuntimeError when the assistant cannot start."""
    dangers = risk.load(ROOT / "data", ROOT / "var" / "cache")
    identifier = languages.load(ROOT / "data", ROOT / "var" / "cache")
    with subprocess.Popen(
        [ROOT / "bot/.venv/bin/python", ROOT / "bot/understand.py"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        encoding="utf-8",
    ) as assistant:
        assert assistant.stdin
        assert assistant.stdout
        if not assistant.stdout.readline():
            raise RuntimeError("the assistant did not start")
        for row in rows:
            text = str(row["text"])
            assistant.stdin.write(json.dumps({"id": row["id"], "text": text[:LONGEST_TEXT]}) + "\n")
            assistant.stdin.flush()
            told = json.loads(assistant.stdout.readline())
            found = dangers.find(text)
            if found:
                told["danger"] = found.code
            yield {**told, "language": identifier.choose(text, None), "script": script(text)}
        assistant.stdin.close()


def main(arguments: Sequence[str]) -> int:
    """Read the file named and write what is understood to standard output."""
    if len(arguments) != 1:
        sys.stderr.write("usage: python -m bench.understand FILE.jsonl   (- reads standard input)\n")
        return 2
    lines = sys.stdin if arguments[0] == "-" else Path(arguments[0]).read_text("utf-8").splitlines()
    for told in understand(json.loads(line) for line in lines if line.strip()):
        sys.stdout.write(json.dumps(told, ensure_ascii=False) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
