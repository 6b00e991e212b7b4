"""Safety of the phone: who holds it may not be who wrote (R57, R60).

The panic word answers with the weather, and so does every message after it until somebody asks for the menu: whoever
looks over a shoulder sees nothing else. A word of one's own, discreet answers and deleting the chat are buttons of
ours, so that they work with the assistant stopped.
"""

from dataclasses import replace

from channels.outcome import Outcome, Turn
from channels.replies import Replies
from core.commands import Command
from core.folding import tokens

SAFETY, WORD, DELETE_CHAT = "/phone_safety", "/panic_word", "/delete_chat"
DISCREET = {"/discreet_on": True, "/discreet_off": False}
ASKED_FOR_A_WORD = frozenset({"utter_panic_word_ask", "utter_panic_word_not"})
MASK = "utter_panic"
SILENCE_SECONDS = 3600.0
"""After so long a silence somebody else may hold the phone."""
LONGEST_WORD = 20


def panicked(turn: Turn, replies: Replies, command: Command | None) -> Outcome | None:
    """Answer the panic word with the weather, and note that nothing earlier may be said."""
    by_command = command is not None and command.action == "panic"
    if not by_command and not turn.panicked:
        return None
    return Outcome(says=(replies.say("panic"),), quiet_at=turn.message.created_at, seen=True)


def masked(turn: Turn, replies: Replies, command: Command | None) -> Outcome | None:
    """Go on with the weather after the panic word, until a word of ours is written or an hour has passed."""
    if MASK not in turn.told or turn.silence > SILENCE_SECONDS or command is not None:
        return None
    return Outcome(says=(replies.say("panic"),))


def pressed(turn: Turn, replies: Replies) -> Outcome | None:
    """Answer the buttons that this is about."""
    payload = turn.payload or ""
    if payload == SAFETY:
        return Outcome(says=(replies.say("phone_safety"),))
    if payload == WORD:
        return Outcome(says=(replies.say("panic_word_ask"),))
    if payload == DELETE_CHAT:
        return Outcome(says=(replies.delete_chat(turn.person.channel),))
    if payload in DISCREET:
        chosen = DISCREET[payload]
        return Outcome(says=(replies.say("discreet_on" if chosen else "discreet_off"),), discreet=chosen)
    return None


def chosen_word(turn: Turn, replies: Replies, command: Command | None) -> Outcome | None:
    """Take the word that was asked for; a command is obeyed instead."""
    if turn.payload is not None or not turn.told & ASKED_FOR_A_WORD or command is not None:
        return None
    words = tokens(turn.message.text)
    if len(words) != 1 or words[0].word.isdecimal() or len(words[0].word) > LONGEST_WORD:
        return Outcome(says=(replies.say("panic_word_not"),))
    return Outcome(says=(replies.say("panic_word_set"),), panic_word=words[0].word)


def quiet_at(turn: Turn) -> float | None:
    """Return the moment from which nothing earlier may be said, or None."""
    return turn.message.created_at if turn.silence > SILENCE_SECONDS else turn.person.quiet_at


def with_quiet(turn: Turn, outcome: Outcome) -> Outcome:
    """Note a moment of silence that has just ended."""
    moment = quiet_at(turn)
    return outcome if moment == turn.person.quiet_at else replace(outcome, quiet_at=moment)
