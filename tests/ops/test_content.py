"""Whatever an editor writes wrongly is named with file and line."""

from pathlib import Path

import pytest

from ops.content import files, problems, strangers

BAD = [
    ("ne", "nlu.yml", "nlu:\n  - intent: nope\n    examples: |\n      - hi\n", 2, "unknown intent 'nope'"),
    (
        "ne", "nlu.yml",
        "nlu:\n  - intent: greet\n    examples: |\n      - hi\n"
        "  - intent: thanks\n    examples: |\n      - ty\n      - Hi\n",
        8, "'Hi' stands under thanks and under greet",
    ),
    ("ne", "nlu.yml", "nlu:\n  - intent: greet\n    examples: |\n      hi\n", 4, "must begin with a dash"),
    ("ne", "nlu.yml", "nlu:\n  - intent: greet\n    examples: |\n      - ሰላም ነው ወዳጄ\n", 4, "written in another script"),
    ("ne", "nlu.yml", "nlu: [\n", 2, "expected"),
    ("xx", "nlu.yml", "nlu: []\n", 1, "'xx' is not one of our languages"),
    ("ne", "red_flags.yml", 'flagged:\n  - text: "abc"\n    flags: {upfront_fee: "xyz"}\n', 2, "not in the text"),
    ("ne", "red_flags.yml", 'flagged:\n  - text: "abc"\n    flags: {bribe: "abc"}\n', 2, "unknown red flag 'bribe'"),
    ("ne", "red_flags.yml", 'flagged:\n  - text: "abc"\n', 2, "needs `text` and `flags`"),
    ("ne", "red_flags.yml", 'unflagged:\n  - "abc"\n  - "ABC!"\n', 3, "stands here twice"),
    ("ne", "red_flags.yml", "flagd:\n  - a\n", 1, "unknown part 'flagd'"),
    ("ne", "danger.yml", "fire:\n  phrases: [a]\n", 1, "unknown danger 'fire'"),
    ("ne", "danger.yml", 'medical:\n  phrases:\n    - "(a|b"\n', 3, "a bracket is left open"),
    ("ne", "notes.yml", "a: 1\n", 1, "not a file that is known here"),
]  # fmt: skip


@pytest.mark.parametrize(("language", "name", "text", "line", "what"), BAD)
def test_a_mistake_is_named_with_its_line(
    tmp_path: Path, language: str, name: str, text: str, line: int, what: str
) -> None:
    path = tmp_path / language / name
    path.parent.mkdir()
    path.write_text(text, "utf-8")

    (found,) = problems(path)
    assert (found.line, what in found.what) == (line, True), found
    assert f"{name}:{line}: " in str(found)


def test_what_stands_in_the_project_is_without_mistakes() -> None:
    assert [str(problem) for path in files() for problem in problems(path)] == []
    assert list(strangers()) == []
