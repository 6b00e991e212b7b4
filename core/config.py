"""Settings: one table, read once from the environment, refused early. The only reader of `os.environ`."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from core.crypto import decode_key
from core.errors import ConfigError

ROOT = Path(__file__).resolve().parent.parent


def setting(default: Any, help_text: str, *, secret: bool = False) -> Any:
    """Declare a setting with its default and the sentence that stands in the documentation."""
    return field(default=default, metadata={"help": help_text, "secret": secret})


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Every setting. The name in the environment is AMANA_ and the field's name in capitals."""

    master_key: str = setting(
        "",
        "Key for all stored texts and addresses: 32 random bytes in base64. Lost key, lost data.",
        secret=True,
    )
    tracker_key: str = setting(
        "", "Key for the assistant's conversation memory: 32 random bytes in base64.", secret=True
    )
    internal_secret: str = setting(
        "", "Shared by gateway, assistant and actions on one machine; at least 32 characters.", secret=True
    )
    database_url: str = setting(
        f"sqlite:///{ROOT}/var/amana.sqlite3", "SQLite file or PostgreSQL, as an SQLAlchemy URL."
    )
    channels: tuple[str, ...] = setting(("web",), "Doors that are open, separated by commas: web, sms, whatsapp.")
    public_url: str = setting(
        "http://127.0.0.1:8080",
        "Address of the gateway as people and providers see it; signatures are checked over it.",
    )
    desk_url: str = setting("http://127.0.0.1:8081", "Address of the desk as staff see it.")
    channels_host: str = setting("127.0.0.1", "Interface on which the gateway listens.")
    channels_port: int = setting(8080, "Port of the gateway.")
    desk_host: str = setting(
        "127.0.0.1", "Interface on which the desk listens. Never the internet without TLS in front."
    )
    desk_port: int = setting(8081, "Port of the desk.")
    rasa_port: int = setting(5005, "Port of the assistant, on loopback only.")
    actions_port: int = setting(5055, "Port of the action server, on loopback only.")
    trusted_proxies: tuple[str, ...] = setting(
        (), "Addresses of reverse proxies whose X-Forwarded-For is believed, separated by commas."
    )
    organisation: str = setting("Amana", "Who runs this service, as people are told.")
    default_language: str = setting("en", "Language for people whose language is not known yet.")
    turn_seconds: float = setting(8.0, "How long the assistant may think about one message, in seconds.")
    turn_workers: int = setting(4, "Conversations that are worked on at once.")
    send_workers: int = setting(8, "Messages that are sent at once.")
    twilio_account_sid: str = setting("", "Twilio account (AC...). Needed for sms and whatsapp.")
    twilio_auth_token: str = setting("", "Twilio auth token, for signatures and sending.", secret=True)
    twilio_sms_number: str = setting(
        "",
        "Number that people write SMS to, such as +15005550006; an answer goes out from the number that was written to.",
    )
    twilio_whatsapp_number: str = setting(
        "", "Number that people write WhatsApp messages to, without the prefix whatsapp:; an answer goes out from it."
    )
    twilio_api_url: str = setting("https://api.twilio.com", "Twilio's API; only tests and demonstrations change it.")
    log_strict: bool = setting(False, "Stop at a log field that is not allowed, instead of dropping it. For tests.")

    @property
    def master(self) -> bytes:
        """The master key as bytes."""
        return decode_key(self.master_key, "AMANA_MASTER_KEY")


def _convert(name: str, kind: Any, text: str) -> Any:
    if kind is int or kind is float:
        try:
            return kind(text)
        except ValueError as error:
            raise ConfigError(f"{name} must be a number") from error
    if kind is bool:
        if text.lower() not in ("0", "1", "true", "false", "yes", "no"):
            raise ConfigError(f"{name} must be yes or no")
        return text.lower() in ("1", "true", "yes")
    if kind is str:
        return text.strip()
    return tuple(part.strip() for part in text.split(",") if part.strip())


def environment_name(name: str) -> str:
    """Return the name of a setting in the environment."""
    return f"AMANA_{name.upper()}"


def from_env(environ: Mapping[str, str] | None = None) -> Settings:
    """Read and check all settings. Raise ConfigError with one sentence that says which is wrong and why."""
    source = os.environ if environ is None else environ
    known = {environment_name(row.name): row for row in fields(Settings)}
    unknown = [name for name in source if name.startswith("AMANA_") and name not in known and name not in ELSEWHERE]
    if unknown:
        raise ConfigError(f"{', '.join(sorted(unknown))}: no such setting; see docs/configuration.md")
    values = {row.name: _convert(name, row.type, source[name]) for name, row in known.items() if source.get(name, "")}
    settings = Settings(**values)
    for problem in _problems(settings):
        raise ConfigError(problem)
    return settings


ELSEWHERE = frozenset({"AMANA_TRACKER_PATH", "AMANA_CACHE", "AMANA_MODELS", "AMANA_TEST_POSTGRES_URL"})
"""Names that other parts read: the assistant's own environment, and the tests."""


def _problems(settings: Settings) -> list[str]:
    decode_key(settings.master_key, "AMANA_MASTER_KEY")
    problems = []
    if len(settings.internal_secret) < 32:
        problems.append("AMANA_INTERNAL_SECRET must have at least 32 characters; `make keys` writes one")
    for name in ("public_url", "desk_url", "twilio_api_url"):
        if urlsplit(getattr(settings, name)).scheme not in ("http", "https"):
            problems.append(f"{environment_name(name)} must begin with https:// (or http:// on one machine)")
    strangers = set(settings.channels) - {"web", "sms", "whatsapp"}
    if strangers or not settings.channels:
        problems.append(f"AMANA_CHANNELS: {', '.join(sorted(strangers)) or 'nothing'} is not one of web, sms, whatsapp")
    return problems + _twilio_problems(settings)


def _twilio_problems(settings: Settings) -> list[str]:
    needed = {"sms": "twilio_sms_number", "whatsapp": "twilio_whatsapp_number"}
    problems = []
    for channel, number in needed.items():
        if channel not in settings.channels:
            continue
        problems += [
            f"{environment_name(name)} is missing; it is needed because AMANA_CHANNELS contains {channel}"
            for name in ("twilio_account_sid", "twilio_auth_token", number)
            if not getattr(settings, name)
        ]
    return problems
