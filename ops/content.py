"""Reads what editors write and names the file and line of every mistake: `python -m ops.content [FILE ...]`.

Examples (data/<language>/nlu.yml), passages with red flags (red_flags.yml), danger phrases (danger.yml) and the unseen
messages of tests/understanding. docs/formats.md describes the formats.
"""

import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from core.config import ROOT
from core.errors import ConfigError
from core.files import LOADER, read_yaml
from core.folding import fold
from core.languages import LANGUAGES
from core.phrases import parse
from core.scripts import script

DATA, UNSEEN = ROOT / "data", ROOT / "tests" / "understanding"
TAXONOMY = read_yaml(DATA / "taxonomy.yml")
INTENTS, FLAGS, DANGERS = (frozenset(TAXONOMY[kind]) for kind in ("intents", "red_flags", "danger"))


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake: where it stands and what it is."""

    path: Path
    line: int
    what: str

    def __str__(self) -> str:
        place = self.path.relative_to(ROOT) if self.path.is_relative_to(ROOT) else self.path
        return f"{place}:{self.line}: {self.what}"


@dataclass(frozen=True, slots=True)
class Row:
    """An entry of a file, with the line on which it begins."""

    line: int
    value: Any


class Strict(LOADER):  # type: ignore[misc, valid-type]  # which of the two loaders it is, is known when it runs
    """Reads mappings as rows, so that each keeps its line; a key written twice is an error."""


def _mapping(loader: Any, node: yaml.MappingNode) -> dict[Any, Any]:
    loader.flatten_mapping(node)
    pairs = [(loader.construct_object(key, deep=True), value) for key, value in node.value]
    doubled = [key for key, count in Counter(key for key, _ in pairs).items() if count > 1]
    if doubled:
        raise yaml.constructor.ConstructorError(None, None, f"{doubled[0]!r} stands here twice", node.start_mark)
    return {key: loader.construct_object(value, deep=True) for key, value in pairs}


def _rows(loader: Any, node: yaml.SequenceNode) -> list[Row]:
    return [Row(item.start_mark.line + 1, loader.construct_object(item, deep=True)) for item in node.value]


Strict.add_constructor("tag:yaml.org,2002:map", _mapping)
Strict.add_constructor("tag:yaml.org,2002:seq", _rows)


def problems(path: Path) -> list[Problem]:
    """Return the mistakes of one file, in the order of its lines."""
    language = path.stem if path.parent == UNSEEN else path.parent.name
    if language not in LANGUAGES:
        return [Problem(path, 1, f"{language!r} is not one of our languages: {', '.join(LANGUAGES)}")]
    try:
        content = yaml.load(path.read_text("utf-8"), Loader=Strict)  # noqa: S506 (a safe loader with lines)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
        return [Problem(path, mark.line + 1 if mark else 1, str(getattr(error, "problem", error)))]
    read = _unseen if path.parent == UNSEEN else READERS.get(path.name)
    if read is None or not isinstance(content, dict):
        return [Problem(path, 1, "not a file that is known here, or not laid out like one (docs/formats.md)")]
    return sorted((Problem(path, line, what) for line, what in read(content, language)), key=lambda one: one.line)


Found = Iterator[tuple[int, str]]


def _nlu(content: Mapping[str, Any], language: str) -> Found:
    seen: dict[str, str] = {}
    for row in content.get("nlu") or []:
        intent, examples = row.value.get("intent"), row.value.get("examples") or ""
        if intent not in INTENTS:
            yield row.line, f"unknown intent {intent!r}"
        # the block of examples begins on the line after `examples: |`, which is the second of the entry
        for place, line in enumerate(examples.splitlines(), start=row.line + 2):
            text = line.removeprefix("- ").strip()
            if not line.startswith("- ") or not text:
                yield place, "an example must begin with a dash, a space and words"
                continue
            yield from ((place, what) for what in _foreign(text, language))
            # only the very same words are the same example: "ok" and "OK?" are both things that people type
            other = seen.setdefault(text.casefold(), str(intent))
            if other != intent:
                yield place, f"{text!r} stands under {intent} and under {other}"


def _red_flags(content: Mapping[str, Any], language: str) -> Found:
    yield from _strange(content, ("flagged", "unflagged"))
    seen: set[str] = set()
    for row in content.get("flagged") or []:
        if not isinstance(row.value, dict) or not isinstance(row.value.get("text"), str) or not row.value.get("flags"):
            yield row.line, "a flagged passage needs `text` and `flags`"
            continue
        yield from _passage(row, language, seen)
    for row in content.get("unflagged") or []:
        yield from _passage(Row(row.line, {"text": row.value, "flags": {}}), language, seen)


def _passage(row: Row, language: str, seen: set[str]) -> Found:
    text, flags = row.value["text"], row.value["flags"]
    if not isinstance(text, str) or not isinstance(flags, dict):
        yield row.line, "a passage is a text, its flags are `code: words of the text`"
        return
    for code, quote in flags.items():
        if code not in FLAGS:
            yield row.line, f"unknown red flag {code!r}"
        if not isinstance(quote, str) or not quote.strip() or quote not in text:
            yield row.line, f"the words marked as {code} are not in the text: {quote!r}"
    yield from ((row.line, what) for what in _foreign(text, language))
    yield from _doubled(row.line, text, seen)


def _danger(content: Mapping[str, Any], language: str) -> Found:
    for code, rows in content.items():
        if code not in DANGERS:
            yield 1, f"unknown danger {code!r}"
            continue
        yield from _strange(rows, ("phrases", "unless", "fires", "quiet", "told", "harmless"))
        for row in [*(rows.get("phrases") or []), *(rows.get("unless") or [])]:
            try:
                parse(str(row.value))
            except ConfigError as error:
                yield row.line, str(error)


def _unseen(content: Mapping[str, Any], language: str) -> Found:
    yield from _strange(content, ("intents", "passages", "danger"))
    seen: set[str] = set()
    names: set[str] = set()
    for kind, field, known in (("intents", "intent", INTENTS), ("danger", "danger", DANGERS | {None})):
        for row in content.get(kind) or []:
            if row.value.get(field, "") not in known:
                yield row.line, f"unknown {field} {row.value.get(field)!r}"
            yield from _doubled(row.line, row.value["text"], seen)
    for row in content.get("passages") or []:
        yield from _passage(row, language, seen)
    for row in (row for kind in content.values() for row in kind or []):
        yield from _doubled(row.line, str(row.value.get("id")), names)


def _strange(content: Mapping[str, Any], known: Sequence[str]) -> Found:
    yield from ((1, f"unknown part {key!r}") for key in content if key not in known)


def _doubled(line: int, text: str, seen: set[str]) -> Found:
    key = fold(text) or text
    if key in seen:
        yield line, f"stands here twice: {text[:60]!r}"
    seen.add(key)


def _foreign(text: str, language: str) -> Iterator[str]:
    """Say when a text is written in the script of another language: it is in the wrong folder."""
    written = script(text)
    if written not in {"Latn", "Zyyy", LANGUAGES[language].script}:
        yield f"written in another script ({written}) than {LANGUAGES[language].own_name}: {text[:40]!r}"


READERS = {"nlu.yml": _nlu, "red_flags.yml": _red_flags, "danger.yml": _danger}


def files() -> list[Path]:
    """Name every file that is checked."""
    return [*sorted(path for name in READERS for path in DATA.glob(f"*/{name}")), *sorted(UNSEEN.glob("*.yml"))]


def strangers() -> Iterator[Problem]:
    """Return folders of languages that we do not have."""
    for folder in sorted(path for path in DATA.iterdir() if path.is_dir() and path.name != "knowledge"):
        if folder.name not in LANGUAGES:
            yield Problem(folder, 1, f"{folder.name!r} is not one of our languages: {', '.join(LANGUAGES)}")


def _counts(path: Path) -> Iterable[str]:
    content = read_yaml(path)
    passages = content.get("flagged") or content.get("passages") or []
    marks = Counter(code for row in passages for code in row["flags"])
    if passages:
        lacking = {code: marks[code] for code in TAXONOMY["red_flags"]}
        yield f"passages {len(passages)}, marks: " + " ".join(f"{code} {count}" for code, count in lacking.items())
    yield "rows: " + ", ".join(f"{kind} {len(rows)}" for kind, rows in content.items() if hasattr(rows, "__len__"))


def main(arguments: Sequence[str]) -> int:
    """Check the files named, or all; print counts of those named."""
    named = [Path(argument).resolve() for argument in arguments]
    found = [problem for path in named or files() for problem in problems(path)]
    found += [] if named else strangers()
    sys.stdout.write("".join(f"{problem}\n" for problem in found))
    if not found:
        sys.stdout.write("".join(f"{line}\n" for path in named for line in _counts(path)))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
