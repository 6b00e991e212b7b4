"""Puts the gateway together and serves it: `python -m channels.app`. Knows all other files of `channels`."""

import gc
import random
import socket
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog
from sanic import Sanic
from structlog.typing import FilteringBoundLogger

from channels import pages
from channels.budget import Budget
from channels.channel import Channel, open_client
from channels.doors import open_doors
from channels.health import PROBE_SECONDS, Health, add_health
from channels.hooks import add_hooks
from channels.http import Exits, Quiet, bound_bodies, secure
from channels.intake import BODY_LIMIT, Intake, largest
from channels.life import DRAIN_SECONDS, Life, add_life, stop_at_signals
from channels.metrics import Metrics
from channels.on_call import OnCall
from channels.outbox import GAPS, Outbox, Rules
from channels.page_words import require
from channels.parts import Parts, TakesTurns, assistants, real_turns
from channels.reconcile import Reconciler
from channels.spool import Spool
from channels.watch import Watch
from channels.webchat import NAME as WEB
from channels.webchat import Webchat
from core import tombstones
from core.config import ROOT, Settings, from_env
from core.config_checks import cautions, hosts
from core.crypto import new_id
from core.errors import ConfigError
from core.log import set_up
from core.messages import Inbound
from core.store import open_store
from core.words import Words

REQUEST_SECONDS = 15
App = Sanic[Any, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """Everything behind the doors."""

    parts: Parts
    turns: TakesTurns
    outbox: Outbox
    intake: Intake
    watch: Watch
    health: Health


def _machine(
    parts: Parts, outbox: Outbox, make_turns: Callable[[Parts], TakesTurns], spool: Spool
) -> Machine:  # fmt: skip
    settings, store, channels, log = parts.settings, parts.store, parts.channels, parts.log
    turns = make_turns(parts)
    intake = Intake(
        store, guess_language=lambda item: _hint(item, parts.words, settings), wake=turns.workers.wake, log=log,
        open_doors=_open_doors(channels), guard=turns.guard, spool=spool, metrics=parts.metrics,
    )  # fmt: skip
    watch = Watch(
        store=store, reconciler=Reconciler(store=store, channels=channels, keeper=intake.keeper, log=log),
        queue_seconds=settings.provider_queue_hours * 3600, log=log,
        tombstones=Path(settings.spool_path) / tombstones.NAME,
        # a redacted list has no words in it
        reconcile_seconds=0 if settings.twilio_redaction else settings.reconcile_minutes * 60,
    )  # fmt: skip
    health = Health(
        store=store, spool=spool, spool_folder=Path(settings.spool_path), turns=turns.workers, outbox=outbox,
        watch=watch, assistant=assistants(settings, PROBE_SECONDS).answers, metrics=parts.metrics,
    )  # fmt: skip
    return Machine(parts=parts, turns=turns, outbox=outbox, intake=intake, watch=watch, health=health)


def _open_doors(channels: Mapping[str, Channel]) -> frozenset[str]:
    return frozenset(name for name, channel in channels.items() if channel.open_door)


def create_app(
    settings: Settings, *, locales: Path = ROOT / "locales", make_turns: Callable[[Parts], TakesTurns] = real_turns
) -> App:
    """Make the gateway from its settings. Raise ConfigError when something it needs is missing."""
    log = structlog.get_logger(process="channels")
    store = open_store(settings.database_url, settings.master)
    spool = Spool(Path(settings.spool_path), store.vault)
    spool.check()
    client, hub, metrics = open_client(hosts=hosts(settings), private=settings.private_hosts), pages.Hub(), Metrics()
    channels = open_doors(settings, store.vault, client, hub.hint)
    rules = Rules(rates=settings.by_name("send_rates"), budget=Budget.from_settings(settings), gaps=GAPS)
    outbox = Outbox(
        store, channels, count=settings.send_workers, random=random.random, log=log, rules=rules, metrics=metrics
    )
    parts = Parts(
        settings=settings, store=store, channels=channels, words=Words.load(locales),
        wake_outbox=outbox.workers.wake, log=log, metrics=metrics,
    )  # fmt: skip
    machine = _machine(parts, outbox, make_turns, spool)
    app = _server(machine, hub, log)
    on_call = OnCall(store=store, client=client, url=settings.on_call_url, log=log, metrics=metrics)
    tasks = (machine.turns.upkeep, machine.intake.keeper.run, machine.watch.run, on_call.run)
    workers = (machine.turns.workers, outbox.workers)
    add_life(app, Life(workers=workers, tasks=tasks, hub=hub, client=client, store=store, spool=spool, log=log))
    return app


def _server(machine: Machine, hub: pages.Hub, log: FilteringBoundLogger) -> App:
    # several apps may live in one process, in tests
    app: App = Sanic(f"gateway-{new_id()[:12]}", configure_logging=False, error_handler=Quiet(log))
    most = max(map(largest, machine.parts.channels.values()), default=BODY_LIMIT)
    app.config.update(
        ACCESS_LOG=False, MOTD=False, REQUEST_MAX_SIZE=most, REQUEST_TIMEOUT=REQUEST_SECONDS,
        GRACEFUL_SHUTDOWN_TIMEOUT=DRAIN_SECONDS, KEEP_ALIVE_TIMEOUT=30, FALLBACK_ERROR_FORMAT="text",
    )  # fmt: skip
    app.register_middleware(secure, "response")
    bound_bodies(app, REQUEST_SECONDS)
    parts, intake = machine.parts, machine.intake
    add_hooks(app, parts.channels, intake)
    add_health(app, machine.health, parts.settings.metrics_token)
    if isinstance(web := parts.channels.get(WEB), Webchat):
        require(parts.words)
        door = pages.Door(
            store=parts.store, webchat=web, intake=intake, hub=hub, words=parts.words, settings=parts.settings,
            exits=Exits(parts.settings.tor_exits),
        )  # fmt: skip
        app.blueprint(pages.blueprint(door))
    return app


def _hint(item: Inbound, words: Words, settings: Settings) -> str:
    """Return a stranger's language: what the provider or the page tells, if we have words for it."""
    return item.language if item.language in words.languages else settings.default_language


def main() -> None:
    """Serve the gateway until it is told to stop."""
    gc.disable()
    try:
        settings = from_env()
        log = set_up("channels", strict=settings.log_strict)
        app = create_app(settings)
        bound = _bind(settings.channels_host, settings.channels_port)
    except ConfigError as error:
        sys.exit(_refuse(error))
    # what was loaded stays: looking through it for garbage would hold everybody up for a third of a second
    gc.freeze()
    gc.enable()
    # the store's thread must not keep the event loop waiting for long
    sys.setswitchinterval(0.001)
    stop_at_signals(app)
    for name in cautions(settings):
        log.warning("setting to think about", setting=name)
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
