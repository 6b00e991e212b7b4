"""The method on other people's examples, beside stock Rasa on the same rows: is it good, or only good at our data?

`python -m bench.elsewhere FOLDER EPOCHS [SET ...]`. FOLDER holds banking77_10shot.tsv (77 intents of a bank, ten each),
humanitarian_bot_3lang.tsv (a health assistant in French, Swahili and Lingala) and clinc150_oos.tsv (150 intents
and what is out of scope): columns split, intent, text. They are not part of Amana, which never learns from them.
"""

import csv
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import yaml

from bench.understanding import OUTSIDE, read_with, share

Rows = list[dict[str, str]]
OOS = "out_of_scope"
SETS = ("banking77_10shot", "humanitarian_bot_3lang", "clinc150_oos")
LEARNT = ("train", "train10", "oos_train")
HELD = ("test", "oos_test")


def read(path: Path) -> Rows:
    """Read a set; a message out of scope gets our name for it."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    return [
        {**row, "id": str(n), "intent": OOS if row["intent"] == "oos" else row["intent"]} for n, row in enumerate(rows)
    ]


def as_nlu(rows: Rows) -> str:
    """Write examples as Rasa reads them."""
    grouped: dict[str, list[str]] = defaultdict(list)
    for row in rows:
        # brackets would be read as marked entities
        grouped[row["intent"]].append("- " + row["text"].translate(str.maketrans("[]{}", "()()")))
    nlu = [{"intent": intent, "examples": "\n".join(lines) + "\n"} for intent, lines in sorted(grouped.items())]
    return yaml.safe_dump({"version": "3.1", "nlu": nlu}, allow_unicode=True, width=10_000)


def figures(rows: Rows, told: Mapping[str, Mapping[str, object]]) -> Iterator[tuple[str, float]]:
    """Yield what is said about a set: accuracy of the first guess by language, and out-of-scope recall."""
    outside = [row for row in rows if row["split"] == "oos_test"]
    inside = [row for row in rows if row["split"] != "oos_test"]  # a set may have such an intent of its own
    for language in sorted({row.get("lang", "") for row in inside}):
        mine = [row for row in inside if row.get("lang", "") == language]
        yield f"first guess {language}".strip(), share(_first(told[row["id"]]) == row["intent"] for row in mine)
    if outside:
        decided = [told[row["id"]]["intent"] for row in inside]
        yield "in scope, decided", share(a == row["intent"] for a, row in zip(decided, inside, strict=True))
        yield "out of scope, recall", share(told[row["id"]]["intent"] in OUTSIDE for row in outside)


def _first(told: Mapping[str, object]) -> str:
    ranking = told["ranking"]
    return str(ranking[0][0]) if isinstance(ranking, list) and ranking else ""


def main(arguments: Sequence[str]) -> int:
    """Print a line for each figure: ours, and stock Rasa's."""
    folder, epochs, *names = arguments
    for name in names or SETS:
        rows = read(Path(folder) / f"{name}.tsv")
        learnt = {"rows": as_nlu([row for row in rows if row["split"] in LEARNT])}
        held = [row for row in rows if row["split"] in HELD]
        ours = dict(figures(held, read_with("ours", learnt, held)))
        theirs = dict(figures(held, read_with(epochs, learnt, held))) if int(epochs) else {}
        for figure, value in ours.items():
            beside = f"{theirs[figure]:8.3f}" if theirs else ""
            sys.stdout.write(f"{name:26}{figure:24}{value:8.3f}{beside}\n")
        sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
