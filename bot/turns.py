"""One turn: what was said in it, how the person was understood, and what went wrong."""

from typing import Any, Dict, List, Mapping, Optional, Text, Tuple

from components.phones import masked
from rasa.core.channels.channel import OutputChannel
from rasa.shared.core.events import BotUttered, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker

RANKED = 3
# the entities under which the pipeline reports a warning sign and an emergency
FLAG, DANGER = "red_flag", "danger"

Said = List[Dict[str, Any]]
Understood = Dict[str, Any]


class Turn(OutputChannel):
    """The output channel of one turn; it sends nothing and remembers everything."""

    def __init__(self, turn_id: str) -> None:
        self.id = turn_id
        self.said: Said = []
        self.understood: Optional[Understood] = None
        self.failures: List[str] = []
        self.repeated = False

    @classmethod
    def name(cls) -> Text:
        """Name the channel as responses may name it."""
        return "gateway"

    async def send_response(self, recipient_id: Text, message: Dict[Text, Any]) -> None:
        """Keep one message; rules, forms and remote actions all end here."""
        line = _line(message)
        if line["say"]:
            self.said.append(line)
        else:
            # words without a key cannot be said in the person's language
            self.failed("a message without a response key")

    def understood_as(self, heard: Optional[UserUttered]) -> None:
        """Note how the message was understood."""
        self.understood = _understood(heard) if heard else None

    def repeat(self, said: Said, understood: Understood) -> None:
        """Take over what an earlier run of the same turn said."""
        self.said, self.understood, self.repeated = said, understood, True

    def failed(self, why: str) -> None:
        """Note a failure; `why` never holds the person's words."""
        self.failures.append(why)

    def went_well(self) -> bool:
        """Tell whether the turn may be stored: something was said and nothing failed."""
        return bool(self.said) and not self.failures

    def answer(self) -> Dict[str, Any]:
        """Write the turn as the gateway reads it."""
        if not self.went_well():
            return {"turn_id": self.id, "status": "failed", "said": [], "understood": None}
        status = "repeated" if self.repeated else "ok"
        return {"turn_id": self.id, "status": status, "said": self.said, "understood": self.understood}


def said_before(tracker: DialogueStateTracker, turn_id: str) -> Optional[Tuple[Said, Understood]]:
    """Rebuild the reply of a turn that was already applied, or None when it was not."""
    said: Said = []
    for event in reversed(tracker.events):
        if isinstance(event, BotUttered):
            said.insert(0, _line(event.message()))
        elif isinstance(event, UserUttered):
            if event.metadata.get("turn_id") == turn_id:
                return said, _understood(event)
            said = []
    return None


def _line(message: Mapping[str, Any]) -> Dict[str, Any]:
    return {
        "say": message.get("say") or "",
        "arguments": message.get("arguments") or {},
        "buttons": [
            {"title_key": button.get("title", ""), "payload": button.get("payload", "")}
            for button in message.get("buttons") or []
        ],
        "text": message.get("text") or "",
    }


def _understood(heard: UserUttered) -> Understood:
    parsed = heard.parse_data or {}
    ranking = [
        [entry.get("name"), round(float(entry.get("confidence") or 0.0), 4)]
        for entry in parsed.get("intent_ranking") or []
    ]
    return {
        "intent": heard.intent.get("name"),
        "confidence": round(float(heard.intent.get("confidence") or 0.0), 4),
        "ranking": ranking[:RANKED],
        "flags": _signs(heard, FLAG),
        "danger": next(iter(_signs(heard, DANGER)), None),
    }


def _signs(heard: UserUttered, kind: str) -> List[Dict[str, Any]]:
    return [_sign(entity, heard.text or "") for entity in heard.entities if entity.get("entity") == kind]


def _sign(entity: Mapping[str, Any], text: str) -> Dict[str, Any]:
    quote = masked(text)[entity.get("start", 0) : entity.get("end", 0)]
    return {"code": entity.get("value"), "quote": quote, "confidence": entity.get("confidence_entity", 1.0)}
