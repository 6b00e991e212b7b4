"""What the gateway says by itself, with or without the assistant: danger, commands, pictures, fallback."""

from dataclasses import dataclass

from core.commands import Action
from core.knowledge import Knowledge
from core.messages import Say
from core.responses import Responses
from core.risk import Danger

COMMANDS: dict[Action, str] = {
    "stop": "stop_done", "start": "start_done", "help": "help", "menu": "menu", "panic": "panic",
    "language": "language_set",
}  # fmt: skip
WORDLESS = {"media": "media", "location": "location"}


@dataclass(frozen=True, slots=True)
class Replies:
    """Makes what the gateway says from response keys, with the choices that stand under them."""

    responses: Responses
    knowledge: Knowledge

    def say(self, key: str, **arguments: object) -> Say:
        """Make something to say from a response key without its prefix."""
        return Say(key=f"utter_{key}", arguments=arguments, buttons=self.responses.under(key))

    def danger(self, found: Danger, country: str | None) -> Say:
        """Answer an emergency, with the numbers of the country where the person may be."""
        return self.say(f"danger_{found.code}", numbers=self._numbers(country))

    def numbers(self, country: str | None) -> Say:
        """Tell emergency numbers while the assistant cannot."""
        return self.say("emergency_fallback", numbers=self._numbers(country))

    def command(self, action: Action) -> Say:
        """Answer a command that needs nothing but its confirmation."""
        return self.say(COMMANDS[action])

    def wordless(self, kind: str) -> Say:
        """Answer something without words: a picture, a voice message, a place, nothing at all."""
        return self.say(WORDLESS.get(kind, "empty"))

    def _numbers(self, code: str | None) -> dict[str, object]:
        row = self.knowledge.emergency(code) if code else None
        if row is None:
            return {"say": "utter_numbers_general"}
        arguments = {
            "country": {"country": row.country}, "numbers": row.numbers, "checked": {"date": row.checked_on},
        }  # fmt: skip
        return {"say": "utter_numbers_country", "arguments": arguments}
