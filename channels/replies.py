"""What the gateway says by itself, with or without the assistant: danger, commands, pictures, fallback."""

from collections.abc import Iterable
from dataclasses import dataclass

from core.commands import Action
from core.knowledge import Knowledge
from core.languages import LANGUAGES
from core.messages import Say
from core.responses import Responses
from core.risk import Danger

COMMANDS: dict[Action, str] = {
    "stop": "stop_done", "start": "start_done", "help": "help", "menu": "menu", "panic": "panic",
    "language": "language_set",
}  # fmt: skip
CHATS = ("sms", "web", "whatsapp", "telegram")
"""Channels whose chats have words of their own on how to delete them; others are deleted as SMS are."""
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

    def not_offered(self, language: str, offered: Iterable[str]) -> Say:
        """Say that we cannot answer in a language, and in which we can."""
        names = ", ".join(LANGUAGES[code].own_name for code in LANGUAGES if code in set(offered))
        return self.say("language_not_offered", language={"languages": [language]}, languages=names)

    def delete_chat(self, channel: str) -> Say:
        """Say how a chat is deleted from a phone."""
        return self.say(f"delete_chat_{channel if channel in CHATS else CHATS[0]}")

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
