"""What can be wrong with settings: each problem is one sentence that names the setting and never shows its value."""

import json
import re
from typing import TYPE_CHECKING, get_args
from urllib.parse import urlsplit

from core.crypto import decode_key
from core.messages import Status
from core.networks import is_address, is_public

if TYPE_CHECKING:
    from core.config import Settings

CHANNELS = ("web", "sms", "whatsapp", "whatsapp_cloud", "telegram", "sms_gateway")
CALLED = ("twilio_api_url", "whatsapp_api_url", "telegram_api_url", "sms_gateway_url", "on_call_url")
"""Where our own requests go."""
URLS = ("public_url", "desk_url", "twilio_api_url", "whatsapp_api_url", "telegram_api_url")
NEEDED = {
    "sms": ("twilio_account_sid", "twilio_auth_token", "twilio_sms_number"),
    "whatsapp": ("twilio_account_sid", "twilio_auth_token", "twilio_whatsapp_number"),
    "whatsapp_cloud": (
        "whatsapp_phone_number_id", "whatsapp_access_token", "whatsapp_app_secret", "whatsapp_verify_token",
    ),
    "telegram": ("telegram_bot_token", "telegram_secret"),
    "sms_gateway": ("sms_gateway_secret", "sms_gateway_url"),
}  # fmt: skip
"""Without these a channel does not open: a missing secret refuses to start, it never means "do not check"."""
PAIRS = (
    "twilio_templates", "whatsapp_template_languages", "sms_gateway_incoming", "sms_gateway_receipt",
    "sms_gateway_statuses", "sms_gateway_outgoing",
)  # fmt: skip
NUMBERS = ("send_rates", "segment_prices")
SHORTEST_SECRET = 16
TELEGRAM_SECRET = re.compile(r"[A-Za-z0-9_-]{16,256}")
TELEGRAM_TOKEN = re.compile(r"[0-9]+:[A-Za-z0-9_-]+")
HEADER = re.compile(r"[A-Za-z0-9-]+: *[\x20-\x7e]+")


def environment_name(name: str) -> str:
    """Return the name of a setting in the environment."""
    return f"AMANA_{name.upper()}"


def problems(settings: "Settings") -> list[str]:
    """Return what is wrong. Raise ConfigError when a key is."""
    decode_key(settings.master_key, "AMANA_MASTER_KEY")
    for name in ("model_signer", "model_signing_key"):
        if getattr(settings, name):
            decode_key(getattr(settings, name), environment_name(name))
    found = []
    if len(settings.internal_secret) < 32:
        found.append("AMANA_INTERNAL_SECRET must have at least 32 characters; `make keys` writes one")
    for name in URLS:
        if urlsplit(getattr(settings, name)).scheme not in ("http", "https"):
            found.append(f"{environment_name(name)} must begin with https:// (or http:// on one machine)")
    if not 0.1 <= settings.whatsapp_megabytes <= 50:
        found.append("AMANA_WHATSAPP_MEGABYTES must be between 0.1 and 50")
    if not 1 <= settings.rasa_processes <= 32:
        found.append("AMANA_RASA_PROCESSES must be between 1 and 32")
    strangers = set(settings.channels) - set(CHANNELS)
    if strangers or not settings.channels:
        found.append(f"AMANA_CHANNELS: {', '.join(sorted(strangers)) or 'nothing'} is not one of {', '.join(CHANNELS)}")
    for channel in settings.channels:
        found += [
            f"{environment_name(name)} is missing; it is needed because AMANA_CHANNELS contains {channel}"
            for name in NEEDED.get(channel, ())
            if not getattr(settings, name)
        ]
    return found + _twilio(settings) + _called(settings) + _shapes(settings)


def hosts(settings: "Settings") -> dict[str, str]:
    """Return the hosts that are called, and nothing else is, with the names of their settings."""
    found = {urlsplit(getattr(settings, name)).hostname: name for name in CALLED}
    return {host: name for host, name in found.items() if host}


def _called(settings: "Settings") -> list[str]:
    """An address in our own network must be meant (R55)."""
    return [
        f"{environment_name(name)} leads into a private network; when you mean that, name {host} in AMANA_PRIVATE_HOSTS"
        for host, name in hosts(settings).items()
        if is_address(host) and not is_public(host) and host not in settings.private_hosts
    ]


def _twilio(settings: "Settings") -> list[str]:
    """What Twilio does by itself must be known before anybody relies on it (R8, R31)."""
    found = []
    known = settings.twilio_messaging_service_sid or settings.twilio_default_words
    if "sms" in settings.channels and not known:
        found.append(
            "AMANA_TWILIO_MESSAGING_SERVICE_SID is missing: Twilio then answers HELP itself and takes END for "
            "a goodbye; say AMANA_TWILIO_DEFAULT_WORDS=yes when you know that"
        )
    if settings.twilio_redaction and not settings.fallback_url:
        found.append("AMANA_FALLBACK_URL is missing: with AMANA_TWILIO_REDACTION nothing else brings lost messages")
    if settings.on_call_url and urlsplit(settings.on_call_url).scheme not in ("http", "https"):
        found.append("AMANA_ON_CALL_URL must begin with https:// (or http:// on one machine)")
    if settings.fallback_url and urlsplit(settings.fallback_url).scheme not in ("http", "https"):
        found.append("AMANA_FALLBACK_URL must begin with https:// (or http:// on one machine)")
    return found


def _shapes(settings: "Settings") -> list[str]:
    found = [
        f"{environment_name(name)} must be entries such as one=other, separated by commas"
        for name in PAIRS
        if not all(entry.partition("=")[0] and entry.partition("=")[2] for entry in getattr(settings, name))
    ]
    found += [
        f"{environment_name(name)} must be entries such as name=1.5, separated by commas"
        for name in NUMBERS
        if not all(_is_number(entry.partition("=")[2]) for entry in getattr(settings, name))
    ]
    if settings.twilio_template_variables and not _is_object(settings.twilio_template_variables):
        found.append("AMANA_TWILIO_TEMPLATE_VARIABLES must be a JSON object of texts")
    if settings.telegram_bot_token and not TELEGRAM_TOKEN.fullmatch(settings.telegram_bot_token):
        found.append("AMANA_TELEGRAM_BOT_TOKEN must be digits, a colon and letters, as BotFather wrote it")
    if settings.telegram_secret and not TELEGRAM_SECRET.fullmatch(settings.telegram_secret):
        found.append("AMANA_TELEGRAM_SECRET must be 16 to 256 letters, digits, - or _")
    for name in ("whatsapp_verify_token", "whatsapp_app_secret", "sms_gateway_secret"):
        if 0 < len(getattr(settings, name)) < SHORTEST_SECRET:
            found.append(f"{environment_name(name)} must have at least {SHORTEST_SECRET} characters")
    return found + _sms_gateway(settings)


def cautions(settings: "Settings") -> list[str]:
    """Return the names of settings that somebody should think about, though the service can start without them.

    Without a Messaging Service there is no Advanced Opt-Out: then Twilio answers HELP in its own words, which may name
    the service to whoever holds the phone, and END or QUIT silently end all help (R31).
    """
    found = []
    if "sms" in settings.channels and not settings.twilio_messaging_service_sid:
        found.append("twilio_messaging_service_sid")
    if "whatsapp" in settings.channels and not settings.twilio_templates:
        found.append("twilio_templates")
    if "whatsapp_cloud" in settings.channels and not settings.whatsapp_template:
        found.append("whatsapp_template")
    if settings.private_hosts:
        found.append("private_hosts")
    return [environment_name(name) for name in found]


def _is_number(text: str) -> bool:
    try:
        return float(text) >= 0
    except ValueError:
        return False


def _is_object(text: str) -> bool:
    try:
        values = json.loads(text)
    except ValueError:
        return False
    return isinstance(values, dict) and all(isinstance(value, str) for value in values.values())


def _sms_gateway(settings: "Settings") -> list[str]:
    found = []
    if settings.sms_gateway_url and urlsplit(settings.sms_gateway_url).scheme not in ("http", "https"):
        found.append("AMANA_SMS_GATEWAY_URL must begin with https:// (or http:// on one machine)")
    if settings.sms_gateway_format not in ("json", "form"):
        found.append("AMANA_SMS_GATEWAY_FORMAT must be json or form")
    if settings.sms_gateway_token and not HEADER.fullmatch(settings.sms_gateway_token):
        found.append("AMANA_SMS_GATEWAY_TOKEN must be a name, a colon and a value")
    known = set(get_args(Status))
    if not {entry.partition("=")[2] for entry in settings.sms_gateway_statuses} <= known:
        found.append(f"AMANA_SMS_GATEWAY_STATUSES must lead to {', '.join(get_args(Status))}")
    wanted = [entry.partition("=")[0] for entry in settings.sms_gateway_outgoing]
    if len(set(wanted)) < len(wanted) or any(one.startswith(f"{other}.") for one in wanted for other in wanted):
        found.append("AMANA_SMS_GATEWAY_OUTGOING must not give a name twice, nor parts to a name that has a value")
    names = {entry.partition("=")[0] for entry in settings.sms_gateway_incoming}
    if not {"id", "from", "text"} <= names:
        found.append("AMANA_SMS_GATEWAY_INCOMING must say what id, from and text are called")
    if "sms_gateway" in settings.channels and "to" not in names and not settings.sms_gateway_number:
        found.append(
            "AMANA_SMS_GATEWAY_NUMBER is missing: AMANA_SMS_GATEWAY_INCOMING does not tell it, so no SMS is for us"
        )
    return found
