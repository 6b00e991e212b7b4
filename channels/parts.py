"""Those who answer, and what they may use."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from structlog.typing import FilteringBoundLogger

from channels.assistant import Assistant
from channels.assistants import Assistants
from channels.channel import Channel
from channels.guard import Guard
from channels.metrics import Metrics
from channels.outcome import Wording
from channels.replies import Replies
from channels.turns import Tools, Turns
from channels.workers import Workers
from core import commands, knowledge, languages, responses, risk
from core.config import ROOT, Settings
from core.store import Store
from core.words import Words


class TakesTurns(Protocol):
    """What the gateway needs of those who answer."""

    workers: Workers
    guard: Guard

    async def upkeep(self) -> None:
        """Do what is due without a message, until cancelled."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What those who answer may use."""

    settings: Settings
    store: Store
    channels: Mapping[str, Channel]
    words: Words
    wake_outbox: Callable[[], None]
    log: FilteringBoundLogger
    metrics: Metrics


def assistants(settings: Settings, seconds: float) -> Assistants:
    """Make the clients of the assistants, which listen on this machine only."""
    ports = range(settings.rasa_port, settings.rasa_port + settings.rasa_processes)
    return Assistants([Assistant(f"http://127.0.0.1:{port}", settings.internal_secret, seconds) for port in ports])


def real_turns(parts: Parts) -> Turns:
    """Make the turns from the data on disk, with Rasa behind them."""
    settings, data = parts.settings, ROOT / "data"
    tools = Tools(
        store=parts.store,
        assistant=assistants(settings, settings.turn_seconds),
        wording=Wording(
            words=parts.words,
            text_limit=lambda name: parts.channels[name].text_limit,
            medium=lambda name: parts.channels[name].medium,
            pressed=lambda name: parts.channels[name].pressed,
        ),
        commands=commands.load(data),
        danger=risk.load(data, ROOT / "var" / "cache"),
        identifier=languages.load(data, ROOT / "var" / "cache"),
        replies=Replies(
            responses.load(ROOT / "bot" / "domain" / "responses"),
            knowledge.load(data / "knowledge", lambda: datetime.now(UTC).date()),
        ),
        default_language=settings.default_language,
        log=parts.log,
        metrics=parts.metrics,
    )
    return Turns(tools, parts.wake_outbox, count=settings.turn_workers, seconds=settings.turn_seconds)
