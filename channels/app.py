"""Puts the gateway together and serves it: `python -m channels.app`. Knows all other files of `channels`."""

import asyncio
import random
import socket
import sys
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any, Protocol

import anyio
import httpx
import structlog
from sanic import HTTPResponse, Request, Sanic
from sanic.response import json as as_json
from structlog.typing import FilteringBoundLogger

from channels import pages
from channels.assistant import Assistant
from channels.budget import Budget
from channels.channel import Channel, open_client
from channels.doors import hosts, open_doors
from channels.hooks import add_hooks
from channels.http import Quiet, secure, silent
from channels.intake import BODY_LIMIT, Intake
from channels.outbox import GAPS, Outbox, Rules
from channels.outcome import Wording
from channels.page_words import require
from channels.replies import Replies
from channels.turns import Tools, Turns
from channels.webchat import NAME as WEB
from channels.webchat import Webchat
from channels.workers import Workers
from core import commands, knowledge, languages, responses, risk
from core.config import ROOT, Settings, from_env
from core.crypto import new_id
from core.errors import ConfigError
from core.log import set_up
from core.store import Store, StoreError, Tx, jobs, open_store
from core.words import Words

STOP_SECONDS = 20.0
REQUEST_SECONDS = 15
App = Sanic[Any, Any]


class TakesTurns(Protocol):
    """What the gateway needs of those who answer."""

    workers: Workers

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


def real_turns(parts: Parts) -> Turns:
    """Make the turns from the data on disk, with Rasa behind them."""
    settings, data = parts.settings, ROOT / "data"
    url = f"http://127.0.0.1:{settings.rasa_port}"
    tools = Tools(
        store=parts.store,
        assistant=Assistant(url, settings.internal_secret, settings.turn_seconds),
        wording=Wording(
            words=parts.words,
            text_limit=lambda name: parts.channels[name].text_limit,
            medium=lambda name: parts.channels[name].medium,
            pressed=lambda name: parts.channels[name].pressed,
        ),
        commands=commands.load(data),
        danger=risk.load(data),
        identifier=languages.load(data, ROOT / "var" / "cache"),
        replies=Replies(
            responses.load(ROOT / "bot" / "domain" / "responses"),
            knowledge.load(data / "knowledge", lambda: datetime.now(UTC).date()),
        ),
        default_language=settings.default_language,
        log=parts.log,
    )
    return Turns(tools, parts.wake_outbox, count=settings.turn_workers, seconds=settings.turn_seconds)


def create_app(
    settings: Settings, *, locales: Path = ROOT / "locales", make_turns: Callable[[Parts], TakesTurns] = real_turns
) -> App:
    """Make the gateway from its settings. Raise ConfigError when something it needs is missing."""
    log = structlog.get_logger(process="channels")
    store = open_store(settings.database_url, settings.master)
    client, hub, words = open_client(hosts=hosts(settings)), pages.Hub(), Words.load(locales)
    channels = open_doors(settings, store.vault, client, hub.hint)
    rules = Rules(rates=settings.by_name("send_rates"), budget=Budget.from_settings(settings), gaps=GAPS)
    outbox = Outbox(store, channels, count=settings.send_workers, random=random.random, log=log, rules=rules)
    parts = Parts(
        settings=settings, store=store, channels=channels, words=words, wake_outbox=outbox.workers.wake, log=log
    )
    turns = make_turns(parts)
    intake = Intake(
        store, wake=turns.workers.wake, log=log,
        guess_language=lambda item: item.language if item.language in words.languages else settings.default_language,
    )  # fmt: skip

    # several apps may live in one process, in tests
    app: App = Sanic(f"gateway-{new_id()[:12]}", configure_logging=False, error_handler=Quiet(log))
    app.config.update(
        ACCESS_LOG=False, MOTD=False, REQUEST_MAX_SIZE=BODY_LIMIT, REQUEST_TIMEOUT=REQUEST_SECONDS,
        GRACEFUL_SHUTDOWN_TIMEOUT=STOP_SECONDS, KEEP_ALIVE_TIMEOUT=30, FALLBACK_ERROR_FORMAT="text",
    )  # fmt: skip
    app.register_middleware(secure, "response")
    add_hooks(app, channels, intake)
    _add_health(app, store, (turns.workers, outbox.workers))
    if isinstance(web := channels.get(WEB), Webchat):
        require(words)
        door = pages.Door(store=store, webchat=web, intake=intake, hub=hub, words=words, settings=settings)
        app.blueprint(pages.blueprint(door))
    _add_life(
        app,
        Life(
            workers=(turns.workers, outbox.workers), upkeep=turns.upkeep, hub=hub, client=client, store=store, log=log
        ),
    )
    return app


def _add_health(app: App, store: Store, workers: tuple[Workers, Workers]) -> None:
    @app.get("/health/live")
    async def live(_: Request) -> HTTPResponse:
        return silent(HTTPStatus.NO_CONTENT)

    @app.get("/health/ready")
    async def ready(_: Request) -> HTTPResponse:
        turns, sending = (one.lively() for one in workers)
        state = {"database": await _answers(store), "turns": turns, "sending": sending}
        return as_json(state, status=HTTPStatus.OK if all(state.values()) else HTTPStatus.SERVICE_UNAVAILABLE)


async def _answers(store: Store) -> bool:
    def look(tx: Tx) -> bool:
        jobs.counts(tx)
        return True

    try:
        return await asyncio.wait_for(store.read(look), 2)
    except (StoreError, TimeoutError):
        return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """What lives as long as the server."""

    workers: tuple[Workers, ...]
    upkeep: Callable[[], Coroutine[Any, Any, None]]
    hub: pages.Hub
    client: httpx.AsyncClient
    store: Store
    log: FilteringBoundLogger


def _add_life(app: App, life: Life) -> None:
    tasks: list[asyncio.Task[None]] = []
    upkeep: list[asyncio.Task[None]] = []

    @app.before_server_start
    async def begin(_: App) -> None:
        # httpx loads its event loop's half on first use, a third of a second in which nobody would be answered
        await anyio.sleep(0)
        tasks.extend(asyncio.create_task(workers.run()) for workers in life.workers)
        upkeep.append(asyncio.create_task(life.upkeep()))

    @app.before_server_stop
    async def end(_app: App) -> None:
        life.hub.close()
        for task in upkeep:
            task.cancel()
        for workers in life.workers:
            workers.stop()
        _done, late = await asyncio.wait(tasks, timeout=STOP_SECONDS)
        for task in late:
            task.cancel()  # its job comes back when the lease is over
        if late:
            life.log.error("stopped with work in hand", count=len(late))

    @app.after_server_stop
    async def close(_: App) -> None:
        await life.client.aclose()
        life.store.close()


def main() -> None:
    """Serve the gateway until it is told to stop."""
    try:
        settings = from_env()
        log = set_up("channels", strict=settings.log_strict)
        app = create_app(settings)
        bound = _bind(settings.channels_host, settings.channels_port)
    except ConfigError as error:
        sys.exit(_refuse(error))
    # the store's thread must not keep the event loop waiting for long
    sys.setswitchinterval(0.001)
    log.info("gateway starts", port=settings.channels_port)
    app.run(sock=bound, single_process=True, access_log=False, motd=False)


def _bind(host: str, port: int) -> socket.socket:
    try:
        return socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    except OSError as error:
        raise ConfigError(f"nothing can listen on {host}, port {port}: {error.strerror}") from error


def _refuse(error: ConfigError) -> int:
    print(f"The gateway cannot start: {error}", file=sys.stderr)
    return 2


if __name__ == "__main__":
    main()
