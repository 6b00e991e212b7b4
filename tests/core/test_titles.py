"""Titles of buttons are understood when they are typed: the page's first three are always sent as words."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from core.examples import examples_of
from core.folding import fold
from core.languages import LANGUAGES
from core.words import Words

ROOT = Path(__file__).parents[2]
INTENTS = yaml.safe_load((ROOT / "data/taxonomy.yml").read_text("utf-8"))["intents"]
WORDS = Words.load(ROOT / "locales")
TAKEN = {("sw", "Ada")}
"""Indonesian for "there is": what such a word means is clear only under the button."""


def titles(node: Any) -> Iterator[tuple[str, str]]:
    """Yield (title, intent) of all buttons of a part of the domain."""
    for child in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from titles(child)
    if isinstance(node, dict) and {"title", "payload"} <= set(node):
        yield node["title"], node["payload"].removeprefix("/")


BUTTONS = sorted(
    {
        button
        for path in (ROOT / "bot/domain").rglob("*.yml")
        for button in titles(yaml.safe_load(path.read_text("utf-8")))
        if button[1] in INTENTS
    }
)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_title_is_an_example_of_what_it_stands_for(language: str) -> None:
    examples: dict[str, set[str]] = {}
    for intent, text in examples_of(ROOT / "data" / language / "nlu.yml"):
        examples.setdefault(fold(text), set()).add(intent)
    missing = [
        (intent, told)
        for title, intent in BUTTONS
        if (told := WORDS.title(title, language)) and (language, told) not in TAKEN and " / " not in told
        if examples.get(fold(told)) != {intent}
    ]
    assert BUTTONS
    assert missing == []
