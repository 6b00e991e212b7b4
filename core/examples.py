"""Reading what is learnt from: the examples of intents, and the messages of the other lists."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from core.files import read_yaml

EXAMPLES = "nlu.yml"
LEARNT = (EXAMPLES, "red_flags.yml", "danger.yml")


def examples_of(path: Path) -> Iterable[tuple[str, str]]:
    """Read (intent, example) of an nlu.yml: they stand one a line, and a YAML parser would take seconds."""
    intent = ""
    for line in path.read_text("utf-8").splitlines():
        if line.startswith("  - intent:"):
            intent = line.split(":", 1)[1].strip()
        elif line.startswith("      - "):
            yield intent, line.strip().removeprefix("- ")


def passages_of(path: Path) -> Iterator[str]:
    """Read the messages of a red_flags.yml or danger.yml; patterns and phrases are not messages."""
    content = read_yaml(path)
    if path.name == "red_flags.yml":
        yield from (row["text"] for row in content.get("flagged") or ())
        yield from content.get("unflagged") or ()
        return
    for rows in content.values():
        yield from (str(text) for kind in ("fires", "told", "quiet", "harmless") for text in rows.get(kind) or ())
