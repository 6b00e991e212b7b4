"""Words that act without the assistant: stop, start, help, a person, the menu, no, a language, the panic word.

A command is the whole message, folded. Inside a sentence the same word is left to the assistant: "stop him please" is
not an opt-out.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from core.errors import ConfigError
from core.files import read_yaml
from core.folding import fold
from core.languages import LANGUAGES

Action = Literal["stop", "start", "help", "person", "menu", "panic", "no", "language"]

SILENCING = frozenset("stop stopall unsubscribe cancel end quit arret revoke optout".split())
"""Single words by which providers of SMS silence us by themselves, whatever the person meant, and tell nobody (R31)."""
EVERYDAY: Mapping[str, Mapping[str, Action]] = {"tl": {"hindi": "no"}}
"""Names of languages that are everyday words of the language that somebody writes, and what they mean there."""


@dataclass(frozen=True, slots=True)
class Command:
    """What a message asks for. `language` is the language of the word, or the one that is asked for."""

    action: Action
    language: str


class Commands:
    """Finds commands in any language. Raises ConfigError when a word asks for two different things."""

    def __init__(self, words: Mapping[str, Mapping[Action, list[str]]]) -> None:
        self._found: dict[str, Command] = {}
        for language, actions in words.items():
            for action, spellings in actions.items():
                for spelling in spellings:
                    self._add(fold(spelling), Command(action, language))
        for known in LANGUAGES.values():
            for name in known.names:
                self._add(fold(name), Command("language", known.code))

    def _add(self, word: str, command: Command) -> None:
        earlier = self._found.setdefault(word, command)
        if earlier.action != command.action:
            raise ConfigError(
                f"commands.yml: {word!r} is {earlier.action} in {earlier.language} and {command.action} in "
                f"{command.language}; a word may ask for one thing only"
            )

    def find(self, text: str, spoken: str | None = None) -> Command | None:
        """Return the command that a whole message is, or None. `spoken` is the language that the person writes."""
        word = fold(text)
        here = EVERYDAY.get(spoken or "", {}).get(word)
        return Command(here, spoken or "") if here else self._found.get(word)


def may_silence(text: str) -> bool:
    """Tell whether a message is a single word by which a provider may have silenced us."""
    return fold(text) in SILENCING


def load(data: Path) -> Commands:
    """Read data/<language>/commands.yml of every language. Raise ConfigError for an unknown command."""
    words = {}
    for path in sorted(data.glob("*/commands.yml")):
        content = read_yaml(path)
        strangers = set(content) - set(get_args(Action))
        if strangers:
            raise ConfigError(f"{path.parent.name}/commands.yml: unknown command {', '.join(sorted(strangers))}")
        words[path.parent.name] = content
    return Commands(words)
