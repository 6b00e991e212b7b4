"""How well unseen messages are understood, language by language, beside stock Rasa's own pipeline on the same data.

`python -m bench.understanding [--stock EPOCHS]`. The messages are tests/understanding/<language>.yml: written apart
from what is learnt from, never learnt from, and not used to choose thresholds. Stock Rasa is trained anew in the same
run (100 epochs are its default and take hours on two cores; fewer are said in the table).
"""

import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from bench.understand import understand
from core.config import ROOT
from core.files import read_yaml
from core.languages import LANGUAGES
from core.scripts import script

UNSEEN = ROOT / "tests" / "understanding"
OUTSIDE = ("out_of_scope", "nlu_fallback")
BINS = 10
Row = Mapping[str, Any]


def share(hits: Iterable[bool]) -> float:
    """Return the share of true values; nan when there are none."""
    values = list(hits)
    return sum(values) / len(values) if values else float("nan")


def f1(pairs: Sequence[tuple[frozenset[str], frozenset[str]]]) -> tuple[float, float, float]:
    """Return micro precision, recall and F1 of (truth, found) sets."""
    right = sum(len(truth & found) for truth, found in pairs)
    found_all, truth_all = sum(len(found) for _, found in pairs), sum(len(truth) for truth, _ in pairs)
    return right / (found_all or 1), right / (truth_all or 1), 2 * right / (found_all + truth_all or 1)


def macro_f1(rows: Sequence[tuple[str, str]]) -> float:
    """Return the mean F1 over the intents of (truth, first guess)."""
    names = {truth for truth, _ in rows}
    return statistics.mean(
        2 * sum(a == b == name for a, b in rows) / (sum(a == name for a, _ in rows) + sum(b == name for _, b in rows))
        for name in names
    )


def calibration_error(rows: Sequence[tuple[float, bool]]) -> float:
    """Return the expected calibration error of (confidence, was right), in ten bins."""
    bins: dict[int, list[tuple[float, bool]]] = {}
    for sure, right in rows:
        bins.setdefault(min(int(sure * BINS), BINS - 1), []).append((sure, right))
    return sum(
        abs(statistics.mean(sure for sure, _ in part) - share(right for _, right in part)) * len(part) / len(rows)
        for part in bins.values()
    )


def intents(rows: Sequence[Row], told: Mapping[str, Row]) -> dict[str, float]:
    """Return the figures about intents."""
    inside = [row for row in rows if row["intent"] != "out_of_scope"]
    ranked = [(row["intent"], [name for name, _ in told[row["id"]]["ranking"]]) for row in inside]
    first = [(truth, names[0] if names else "") for truth, names in ranked]
    lost = [
        names[:1] == [row["intent"]] and told[row["id"]]["intent"] in OUTSIDE
        for row, (_, names) in zip(inside, ranked, strict=True)
    ]
    right = [truth == guess for truth, guess in first]
    sure = [(told[row["id"]]["ranking"][0][1], hit) for row, hit in zip(inside, right, strict=True)]
    return {
        "top-1": share(right),
        "top-3": share(truth in names for truth, names in ranked),
        "macro F1": macro_f1(first),
        "oos recall": share(told[row["id"]]["intent"] in OUTSIDE for row in rows if row["intent"] == "out_of_scope"),
        "oos loss": share(lost),
        "ECE": calibration_error(sure),
    }


def signs(content: Mapping[str, Sequence[Row]], told: Mapping[str, Row]) -> dict[str, float]:
    """Return the figures about red flags and danger."""
    pairs = [
        (frozenset(row["flags"]), frozenset(flag["code"] for flag in told[row["id"]]["flags"]))
        for row in content["passages"]
    ]
    precision, recall, both = f1(pairs)
    alarms = [(row["danger"] is not None, told[row["id"]]["danger"] is not None) for row in content["danger"]]
    return {
        "flags P": precision, "flags R": recall, "flags F1": both,
        "clean": share(not found for truth, found in pairs if not truth),
        "danger": share(found for truth, found in alarms if truth),
        "false alarms": share(found for truth, found in alarms if not truth),
    }  # fmt: skip


def tongues(language: str, rows: Sequence[Row], told: Mapping[str, Row]) -> dict[str, float]:
    """Return the figures about language identification, in the usual script and in Latin letters."""
    usual = LANGUAGES[language].script
    right = [(script(row["text"]) == usual, told[row["id"]]["language"] == language) for row in rows]
    return {"native": share(hit for own, hit in right if own), "romanised": share(hit for own, hit in right if not own)}


def table(figures: Mapping[str, Mapping[str, float]]) -> str:
    """Lay out the figures of each language, their mean and their worst."""
    columns = list(next(iter(figures.values())))
    falling = {"oos loss", "ECE", "false alarms"}
    known = {name: [row[name] for row in figures.values() if row[name] == row[name]] for name in columns}
    total = {name: statistics.mean(values) if values else float("nan") for name, values in known.items()}
    worst = {n: (max if n in falling else min)(values, default=float("nan")) for n, values in known.items()}
    lines = [f"{'':8}" + "".join(f"{name:>13}" for name in columns)]
    for name, row in {**figures, "mean": total, "worst": worst}.items():
        cells = ("" if row[column] != row[column] else f"{row[column]:.3f}" for column in columns)
        lines.append(f"{name:8}" + "".join(f"{cell:>13}" for cell in cells))
    return "\n".join(lines)


def stock(rows: Sequence[Row], epochs: int) -> dict[str, Row]:
    """Train stock Rasa's default pipeline on our examples and let it read the rows."""
    examples = {path.parent.name: path.read_text("utf-8") for path in sorted((ROOT / "data").glob("*/nlu.yml"))}
    return read_with(str(epochs), examples, rows)


def read_with(pipeline: str, examples: Mapping[str, str], rows: Iterable[Row]) -> dict[str, Row]:
    """Train a pipeline (bench/nlu.py says which there are) on nlu files and let it read the rows."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "data").mkdir()
        for file, content in examples.items():
            (folder / "data" / f"{file}.yml").write_text(content, "utf-8")
        asked = (json.dumps({"id": row["id"], "text": row["text"]}) + "\n" for row in rows)
        (folder / "texts.jsonl").write_text("".join(asked), "utf-8")
        command = [ROOT / "bot/.venv/bin/python", ROOT / "bench/nlu.py", folder, pipeline]
        answer = subprocess.run(command, stdout=subprocess.PIPE, encoding="utf-8", check=True).stdout
    # training tells of its progress on the same output
    lines = (line for line in answer.splitlines() if line.startswith("{"))
    return {told["id"]: told for told in map(json.loads, lines)}


def main(arguments: Sequence[str]) -> int:
    """Print the tables."""
    contents = {path.stem: read_yaml(path) for path in sorted(UNSEEN.glob("*.yml"))}
    rows = [row for content in contents.values() for part in content.values() for row in part]
    began = time.perf_counter()
    told = {row["id"]: row for row in understand(rows)}
    seconds = (time.perf_counter() - began) / len(rows)
    figures = {
        language: {
            **intents(content["intents"], told),
            **signs(content, told),
            **tongues(language, [row for part in content.values() for row in part], told),
        }
        for language, content in contents.items()
    }
    sys.stdout.write(f"{table(figures)}\n{len(rows)} messages, {seconds * 1000:.0f} ms each, loading included\n")
    if arguments[:1] == ["--stock"]:
        epochs = int(arguments[1]) if len(arguments) > 1 else 100
        asked = [row for content in contents.values() for row in content["intents"]]
        theirs = stock(asked, epochs)
        others = {language: intents(content["intents"], theirs) for language, content in contents.items()}
        sys.stdout.write(f"\nstock Rasa 3.6.21, default pipeline, DIET with {epochs} epochs\n{table(others)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
