"""Tells Telegram where the gateway is: `python -m channels.telegram_setup`, once, and again after a new secret."""

import asyncio
import sys
from typing import Any

import httpx

from channels.channel import open_client
from core.config import Settings, from_env
from core.config_checks import hosts
from core.errors import ConfigError

UPDATES = ("message", "callback_query", "my_chat_member")
CONNECTIONS = 1
"""One request at a time, so that the messages of a person come in the order in which they were written."""


async def set_webhook(settings: Settings, client: httpx.AsyncClient) -> str:
    """Set the webhook with its secret. Return Telegram's answer as a sentence; raise ConfigError when it refuses."""
    if not settings.telegram_bot_token or not settings.telegram_secret:
        raise ConfigError("AMANA_TELEGRAM_BOT_TOKEN and AMANA_TELEGRAM_SECRET are needed")
    if not settings.public_url.startswith("https://"):
        raise ConfigError("AMANA_PUBLIC_URL must begin with https://: Telegram calls nothing else")
    asked: dict[str, Any] = {
        "url": f"{settings.public_url.rstrip('/')}/hooks/telegram", "secret_token": settings.telegram_secret,
        "allowed_updates": list(UPDATES), "max_connections": CONNECTIONS,
    }  # fmt: skip
    url = f"{settings.telegram_api_url.rstrip('/')}/bot{settings.telegram_bot_token}/setWebhook"
    try:
        answer = (await client.post(url, json=asked)).json()
    except (httpx.TransportError, ValueError):
        # without the original: it may hold the address, and the token in it
        raise ConfigError("Telegram could not be reached, or answered something else") from None
    if not isinstance(answer, dict) or answer.get("ok") is not True:
        raise ConfigError(f"Telegram refused: {_sentence(answer)}")
    return _sentence(answer)


def _sentence(answer: Any) -> str:
    return str(answer.get("description", "no reason given"))[:200] if isinstance(answer, dict) else "no reason given"


async def _set(settings: Settings) -> str:
    async with open_client(hosts=hosts(settings), private=settings.private_hosts) as client:
        return await set_webhook(settings, client)


def main() -> int:
    """Set the webhook of the bot in the settings."""
    try:
        print(asyncio.run(_set(from_env())))
    except ConfigError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
