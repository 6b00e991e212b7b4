"""The longer answer, piece by piece: by SMS a short one comes first, and more when somebody asks for it."""

from channels.outcome import Turn, Wording
from core.messages import Say
from core.topics import LONG_ANSWERS

MORE = "/more"
BUTTON = ("More", MORE)
PART = "part"


def with_more(turn: Turn, says: tuple[Say, ...], wording: Wording) -> tuple[Say, ...]:
    """Offer the rest of an answer where it was given in short."""
    if wording.medium(turn.person.channel) != "sms":
        return says
    return tuple(_offering(say) if say.key.removeprefix("utter_") in LONG_ANSWERS else say for say in says)


def more(turn: Turn, wording: Wording) -> tuple[Say, ...]:
    """Return the next piece of the answer that was given last; nothing when there is none."""
    last = next((say for say in turn.said if say.key.removeprefix("utter_") in LONG_ANSWERS), None)
    if last is None:
        return ()
    pieces = wording.words.pieces(last.key, last.arguments, turn.person.language)
    part = int(str(last.arguments.get(PART, 0)))
    if part >= len(pieces):
        return ()
    said = Say(key=last.key, arguments={**last.arguments, PART: part + 1}, text=pieces[part], buttons=last.buttons)
    left = tuple(button for button in said.buttons if button != BUTTON)
    ends = part + 1 >= len(pieces)
    return (Say(key=said.key, arguments=said.arguments, text=said.text, buttons=left if ends else (BUTTON, *left)),)


def _offering(say: Say) -> Say:
    return Say(key=say.key, arguments=say.arguments, text=say.text, buttons=(BUTTON, *say.buttons))
