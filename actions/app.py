"""The action server: rasa-sdk's executor behind a door of our own.

rasa-sdk's own server listens everywhere, asks nobody who they are, unpacks what it gets without bound, and answers an
error with the whole conversation. This one listens on loopback, wants the shared secret, and says nothing on errors.
"""

import sys
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from rasa_sdk import Action
from rasa_sdk.executor import ActionExecutor
from rasa_sdk.interfaces import ActionExecutionRejection, ActionNotFoundException
from sanic import Sanic
from sanic.request import Request
from sanic.response import HTTPResponse, empty, json
from structlog.typing import FilteringBoundLogger

from actions.agency import LookUp
from actions.answer import Answer
from actions.check import Ask, Begin, Step
from actions.facts import CheckAgency, EmergencyNumbers, Fees
from actions.followup import Inform
from actions.handover import HandOver
from actions.result import AllPoints, Points, Result
from actions.steering import ChangeLanguage, Greet, WhoAreYou
from actions.topics import OfferTopics
from core import knowledge, log, polarity, register, responses
from core.config import ROOT, Settings, from_env
from core.crypto import same
from core.errors import ConfigError
from core.store import Store, open_store


def today_utc() -> date:
    """Return the day by which facts expire."""
    return datetime.now(UTC).date()


def make_actions(
    store: Store, root: Path = ROOT, today: Callable[[], date] = today_utc, organisation: str = "Amana"
) -> tuple[Action, ...]:
    """Build every action with what it needs."""
    facts = knowledge.load(root / "data" / "knowledge", today)
    texts = responses.load(root / "bot" / "domain" / "responses")
    agencies = LookUp(register.load(root / "data" / "knowledge" / "registers"), facts, today)
    by_country = (Fees(facts), CheckAgency(facts, agencies), EmergencyNumbers(facts))
    waiting = {action.name(): action for action in by_country}
    topics, answer, hand_over = OfferTopics(texts.topics), Answer(facts), HandOver(store)
    points = Points(facts)
    result = Result(points, texts, hand_over, agencies)
    return (
        *by_country, answer, hand_over, topics, agencies, Inform(waiting, answer, topics, facts),
        Begin("offer"), Begin("situation"), Begin("hours"), Begin("agency"),
        Step(polarity.load(root / "data"), facts, agencies), Ask(facts), result, AllPoints(points, result),
        Greet(organisation), WhoAreYou(), ChangeLanguage(offered(root / "locales")),
    )  # fmt: skip


def offered(locales: Path) -> frozenset[str]:
    """Return the languages that have a catalogue."""
    return frozenset(path.parent.parent.name for path in locales.glob("*/LC_MESSAGES/messages.po"))


def create_app(settings: Settings, actions: tuple[Action, ...], logger: FilteringBoundLogger) -> Sanic[Any, Any]:
    """Build the server."""
    executor = ActionExecutor()
    for action in actions:
        executor.register_action(action)
    app: Sanic[Any, Any] = Sanic("actions", configure_logging=False)
    app.config.REQUEST_MAX_SIZE = 4_000_000

    @app.on_request
    async def only_the_assistant(request: Request) -> HTTPResponse | None:
        given = request.headers.get("X-Amana-Secret", "")
        return None if same(given, settings.internal_secret) else empty(status=403)

    @app.get("/health")
    async def health(_: Request) -> HTTPResponse:
        return empty()

    @app.post("/webhook")
    async def webhook(request: Request) -> HTTPResponse:
        # the assistant leaves the domain out, which no action of ours reads and rasa-sdk wants
        try:
            result = await executor.run({"domain": {}, **request.json})
        except ActionExecutionRejection as rejection:
            return json({"error": "rejected", "action_name": rejection.action_name}, status=400)
        except ActionNotFoundException as unknown:
            return json({"error": "no such action", "action_name": unknown.action_name}, status=404)
        return json(result.model_dump() if result else None)

    @app.exception(Exception)
    async def failed(_: Request, error: Exception) -> HTTPResponse:
        # the error's text may hold the conversation: its kind is enough to find the place
        logger.error("action failed", code=type(error).__name__)
        return empty(status=getattr(error, "status_code", 500))

    return app


def main() -> int:
    """Run the action server until it is stopped."""
    try:
        settings = from_env()
        logger = log.set_up("actions", strict=settings.log_strict)
        store = open_store(settings.database_url, settings.master)
        app = create_app(settings, make_actions(store, organisation=settings.organisation), logger)
    except ConfigError as error:
        sys.stderr.write(f"The action server cannot start: {error}\n")
        return 2
    logger.info("started", port=settings.actions_port)
    app.run(host="127.0.0.1", port=settings.actions_port, single_process=True, access_log=False, motd=False)
    store.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
