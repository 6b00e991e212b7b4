"""The fallback receiver: `python -m channels.receiver`, for when the gateway is away (R8).

It has no database, no words and no assistant: it verifies, parses, and writes what came into the same spool folder. The
gateway stores and answers it when it is back; what came both ways is stored once.
"""

import asyncio
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from http import HTTPStatus
from pathlib import Path
from typing import Any

from sanic import HTTPResponse, Request, Sanic
from structlog.typing import FilteringBoundLogger

from channels.channel import Channel, open_client
from channels.doors import open_doors
from channels.hooks import add_hooks
from channels.http import Quiet, bound_bodies, secure, silent
from channels.intake import BODY_LIMIT, largest, received
from channels.life import stop_at_signals
from channels.spool import Item, Spool, SpoolFailed
from channels.webchat import NAME as WEB
from core.config import Settings, from_env
from core.config_checks import hosts
from core.crypto import Vault, new_id
from core.errors import ConfigError
from core.log import set_up
from core.messages import Hook

HAND_OVER_SECONDS = 0.5
REQUEST_SECONDS = 15
App = Sanic[Any, Any]


class Receiver:
    """Takes what comes in, as the gateway's intake does, and keeps it in the spool only."""

    def __init__(self, spool: Spool, log: FilteringBoundLogger) -> None:
        self._spool = spool
        self._log = log

    async def receive(self, channel: Channel, hook: Hook) -> HTTPStatus:
        """Take one request and return how it is to be answered."""
        try:
            return await received(channel, hook, self._keep, self._log)
        except SpoolFailed as error:
            self._log.critical("spool failed", channel=channel.name, code=str(error))
            return HTTPStatus.SERVICE_UNAVAILABLE

    async def _keep(self, items: Sequence[Item]) -> None:
        if items:
            await asyncio.to_thread(self._spool.keep, items)

    async def hand_over(self) -> None:
        """Let the gateway have what was written, twice a second, until cancelled."""
        while True:
            await asyncio.sleep(HAND_OVER_SECONDS)
            with suppress(OSError):
                await asyncio.to_thread(self._spool.rotate)


def create_app(settings: Settings, log: FilteringBoundLogger) -> App:
    """Make the receiver. Raise ConfigError when something it needs is missing."""
    if not settings.fallback_url:
        raise ConfigError("AMANA_FALLBACK_URL is missing; the receiver checks signatures over it")
    vault = Vault(settings.master)
    spool = Spool(Path(settings.spool_path), vault)
    spool.check()
    client = open_client(hosts=hosts(settings), private=settings.private_hosts)
    there = replace(settings, public_url=settings.fallback_url)
    channels: Mapping[str, Channel] = {
        name: channel for name, channel in open_doors(there, vault, client, lambda _: None).items() if name != WEB
    }
    app: App = Sanic(f"receiver-{new_id()[:12]}", configure_logging=False, error_handler=Quiet(log))
    most = max(map(largest, channels.values()), default=BODY_LIMIT)
    app.config.update(ACCESS_LOG=False, MOTD=False, REQUEST_MAX_SIZE=most, REQUEST_TIMEOUT=REQUEST_SECONDS)
    app.register_middleware(secure, "response")
    bound_bodies(app, REQUEST_SECONDS)
    receiver = Receiver(spool, log)
    add_hooks(app, channels, receiver)

    @app.get("/health")
    async def health(_: Request) -> HTTPResponse:
        try:
            await asyncio.to_thread(spool.check)
        except ConfigError:
            return silent(HTTPStatus.SERVICE_UNAVAILABLE)
        return silent(HTTPStatus.NO_CONTENT)

    working: list[asyncio.Task[None]] = []

    @app.before_server_start
    async def begin(_: App) -> None:
        working.append(asyncio.create_task(receiver.hand_over()))

    @app.after_server_stop
    async def close(_: App) -> None:
        for task in working:
            task.cancel()
        spool.rotate()
        await client.aclose()

    return app


def main() -> int:
    """Serve until told to stop."""
    try:
        settings = from_env()
        log = set_up("receiver", strict=settings.log_strict)
        app = create_app(settings, log)
    except ConfigError as error:
        print(f"The receiver cannot start: {error}", file=sys.stderr)
        return 2
    stop_at_signals(app)
    log.info("receiver starts", port=settings.fallback_port)
    app.run(host=settings.channels_host, port=settings.fallback_port, single_process=True, access_log=False, motd=False)
    return 0


if __name__ == "__main__":
    sys.exit(main())
