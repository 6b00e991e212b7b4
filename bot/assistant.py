"""Rasa's agent and processor, made to say when a turn went wrong.

Stock Rasa 3.6.21 goes on after a failed action, after a failed tracker store and after ten actions in a row, and
answers as if all were well. Here each of these is noted on the turn, and a turn with a note is not stored: the
gateway may ask again with the same id and meets the conversation as it was before.
"""

from pathlib import Path
from typing import Any, Dict, List, Optional, Text, Union

from rasa.core.actions.action import Action, ActionExecutionRejection
from rasa.core.agent import Agent
from rasa.core.channels.channel import OutputChannel, UserMessage
from rasa.core.nlg import NaturalLanguageGenerator
from rasa.core.policies.policy import PolicyPrediction
from rasa.core.processor import MessageProcessor
from rasa.core.tracker_store import TrackerStore
from rasa.shared.core.constants import ACTION_LISTEN_NAME, ACTION_SESSION_START_NAME
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActionExecuted, Event, SessionStarted, SlotSet
from rasa.shared.core.trackers import DialogueStateTracker
from remote import make_cheap
from rules import find_quickly
from turns import Turn, said_before

ASIDE = ("check", "origin", "destination")
"""Slots that are put aside when a session begins."""


class AmanaAgent(Agent):
    """An agent without the in-memory store that Rasa falls back on silently."""

    @staticmethod
    def _create_tracker_store(store: Optional[TrackerStore], domain: Domain) -> TrackerStore:
        # Rasa wraps the store in FailSafeTrackerStore, which turns a failed write into a forked conversation
        if store is None:
            raise ValueError("a tracker store is needed")
        store.domain = domain
        return store

    def load_model(self, model_path: Union[Text, Path], fingerprint: Optional[Text] = None) -> None:
        """Load the model with a processor of our own."""
        make_cheap()
        find_quickly()
        self.processor = AmanaProcessor(
            model_path=model_path,
            tracker_store=self.tracker_store,
            lock_store=self.lock_store,
            action_endpoint=self.action_endpoint,
            generator=self.nlg,
            on_circuit_break=lambda tracker, channel, nlg: channel.failed("too many actions in one turn"),
        )
        self.domain = self.processor.domain
        self._set_fingerprint(fingerprint)
        self.tracker_store.domain = self.domain
        self.nlg.responses = self.domain.responses


class AmanaProcessor(MessageProcessor):
    """Takes a turn once, and stores it only when it went well."""

    async def handle_message(self, message: UserMessage) -> Optional[List[Dict[Text, Any]]]:
        """Answer a message; runs under the conversation's lock."""
        turn: Turn = message.output_channel
        tracker = await self.get_tracker(message.sender_id)
        earlier = said_before(tracker, turn.id)
        if earlier:
            turn.repeat(*earlier)
            return None
        await self._update_tracker_session(tracker, turn)
        if _is_before(tracker, (message.metadata or {}).get("quiet_at")):
            await self._begin_session(tracker, turn)
        await self._handle_message_with_tracker(message, tracker)
        turn.understood_as(tracker.latest_message)
        tracker = await self.run_action_extract_slots(turn, tracker)
        await self._run_prediction_loop(turn, tracker)
        if turn.went_well():
            await self.save_tracker(tracker)
        return None

    async def _begin_session(self, tracker: DialogueStateTracker, turn: Turn) -> None:
        prediction = PolicyPrediction.for_action_name(self.domain, ACTION_SESSION_START_NAME)
        await self._run_action(BeginSession(), tracker, turn, self.nlg, prediction)

    async def _run_action(
        self,
        action: Action,
        tracker: DialogueStateTracker,
        output_channel: OutputChannel,
        nlg: NaturalLanguageGenerator,
        prediction: PolicyPrediction,
    ) -> bool:
        ours = ACTIONS.get(action.name())
        if ours is not None:
            action = ours()
        # Rasa catches whatever an action raises, logs it and goes on: the only way to see it is to stand in between
        return await super()._run_action(_Watched(action), tracker, output_channel, nlg, prediction)


class ForgetCheck(Action):
    """Empty the check, so that the next one begins anew.

    A rule cannot set slots and a slot mapping cannot set nothing; the action server need not be asked for it.
    """

    NAME = "action_forget_check"

    def name(self) -> Text:
        """Name the action as the domain does."""
        return self.NAME

    async def run(
        self,
        output_channel: OutputChannel,
        nlg: NaturalLanguageGenerator,
        tracker: DialogueStateTracker,
        domain: Domain,
    ) -> List[Event]:
        """Return one event for each filled slot of the check, and drop the one that was put aside."""
        names = [*domain.required_slots_for_form("check_form"), "check", "topic"]
        events: List[Event] = [SlotSet(name, None) for name in names if tracker.get_slot(name) is not None]
        kept = tracker.get_slot("kept") or {}
        if "check" in kept:
            events.append(SlotSet("kept", {name: value for name, value in kept.items() if name != "check"}))
        return events


class BeginSession(Action):
    """Begin anew and put aside what is known: whoever writes after an hour may be somebody else (R57)."""

    def name(self) -> Text:
        """Name the action as Rasa does."""
        return ACTION_SESSION_START_NAME

    async def run(
        self,
        output_channel: OutputChannel,
        nlg: NaturalLanguageGenerator,
        tracker: DialogueStateTracker,
        domain: Domain,
    ) -> List[Event]:
        """Return the events of a fresh session; nothing is put aside in the first one."""
        events: List[Event] = [SessionStarted()]
        if tracker.latest_message.text or tracker.latest_message.intent:
            before = tracker.get_slot("kept") or {}
            aside = {**before, **{name: tracker.get_slot(name) for name in ASIDE if tracker.get_slot(name)}}
            events.append(SlotSet("kept", {**aside, "again": True}))
        return [*events, ActionExecuted(ACTION_LISTEN_NAME)]


ACTIONS = {ForgetCheck.NAME: ForgetCheck, ACTION_SESSION_START_NAME: BeginSession}
"""Run here and not by the action server or as Rasa does."""


def _is_before(tracker: DialogueStateTracker, moment: Optional[float]) -> bool:
    """Tell whether the session began before a moment from which nothing of it may be said."""
    if not moment or not tracker.events:
        return False
    began = [event.timestamp for event in tracker.events if isinstance(event, SessionStarted)]
    return (began[-1] if began else tracker.events[0].timestamp) < moment


class _Watched(Action):
    """An action that notes on the turn when it did not come to its end."""

    def __init__(self, action: Action) -> None:
        self._action = action

    def name(self) -> Text:
        return self._action.name()

    def event_for_successful_execution(self, prediction: PolicyPrediction) -> Event:
        return self._action.event_for_successful_execution(prediction)

    async def run(
        self,
        output_channel: OutputChannel,
        nlg: NaturalLanguageGenerator,
        tracker: DialogueStateTracker,
        domain: Domain,
    ) -> List[Event]:
        finished = False
        try:
            events = await self._action.run(output_channel, nlg, tracker, domain)
            finished = True
        except ActionExecutionRejection:
            # not a failure: a form that heard something else than an answer makes room for the rules
            finished = True
            raise
        finally:
            if not finished and isinstance(output_channel, Turn):
                output_channel.failed(f"action {self.name()}")
        return events
