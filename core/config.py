"""Settings: one table, read once from the environment, refused early. The only reader of `os.environ`."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from core.config_checks import CHANNELS, environment_name, problems
from core.crypto import decode_key
from core.errors import ConfigError

ROOT = Path(__file__).resolve().parent.parent


def pairs(entries: tuple[str, ...]) -> dict[str, str]:
    """Return entries such as "a=b" as a mapping, in their order."""
    return dict(entry.split("=", 1) for entry in entries)


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
    model_signer: str = setting(
        "", "Public half of a key: models must be signed with the other one. `python -m ops.keys models` makes both."
    )
    model_signing_key: str = setting("", "Signs the models that are trained here; not needed to serve.", secret=True)
    database_url: str = setting(
        f"sqlite:///{ROOT}/var/amana.sqlite3", "SQLite file or PostgreSQL, as an SQLAlchemy URL."
    )
    channels: tuple[str, ...] = setting(("web",), f"Doors that are open, separated by commas: {', '.join(CHANNELS)}.")
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
    fallback_url: str = setting(
        "",
        "Address of the fallback receiver as providers see it; signatures of what they send there are checked over it.",
    )
    fallback_port: int = setting(8082, "Port of the fallback receiver.")
    rasa_port: int = setting(5005, "Port of the assistant, on loopback only.")
    rasa_processes: int = setting(
        1, "Assistants that run side by side, on as many ports from AMANA_RASA_PORT on; one uses one core."
    )
    actions_port: int = setting(5055, "Port of the action server, on loopback only.")
    trusted_proxies: tuple[str, ...] = setting(
        (), "Addresses of reverse proxies whose X-Forwarded-For is believed, separated by commas."
    )
    tor_exits: str = setting(
        "", "File with the addresses of Tor's exits, one a line: limits count all who come from them as one caller."
    )
    on_call_url: str = setting(
        "",
        "Where those on call are told, with POST and one sentence that names nobody, when people have waited for ten "
        "minutes: an incoming webhook of a chat or pager.",
    )
    organisation: str = setting("Amana", "Who runs this service, as people are told.")
    default_language: str = setting("en", "Language for people whose language is not known yet.")
    turn_seconds: float = setting(8.0, "How long the assistant may think about one message, in seconds.")
    turn_workers: int = setting(4, "Conversations that are worked on at once.")
    send_workers: int = setting(16, "Messages that are sent at once.")
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
    twilio_auth_token_previous: str = setting(
        "", "Twilio's other auth token while one replaces the other: signatures made with it are good too.", secret=True
    )
    twilio_messaging_service_sid: str = setting(
        "", "Twilio Messaging Service (MG...) that the SMS number is in; needed for Advanced Opt-Out."
    )
    twilio_default_words: bool = setting(
        False, "Say yes when you know that, without a Messaging Service, Twilio answers HELP itself and may name you."
    )
    twilio_redaction: bool = setting(
        False, "Say yes when Twilio redacts messages: its list has no words then, and a fallback receiver is needed."
    )
    twilio_templates: tuple[str, ...] = setting(
        (), "Approved WhatsApp templates for the time after 24 hours, as language=HX..., the first for all others."
    )
    twilio_template_variables: str = setting(
        "", 'Values for the templates\' variables, as JSON, such as {"1": "Amana"}.'
    )
    whatsapp_phone_number_id: str = setting("", "Meta's id of our number. Needed for whatsapp_cloud.")
    whatsapp_access_token: str = setting("", "Token of a Meta system user, for sending.", secret=True)
    whatsapp_app_secret: str = setting("", "Secret of the Meta app, for signatures.", secret=True)
    whatsapp_app_secret_previous: str = setting(
        "", "The app's former secret while it is replaced: signatures made with it are good too.", secret=True
    )
    whatsapp_verify_token: str = setting(
        "", "Any 16 characters or more that you also type into Meta's form when you set the webhook.", secret=True
    )
    whatsapp_template: str = setting("", "Approved template without variables for the time after 24 hours.")
    whatsapp_template_languages: tuple[str, ...] = setting(
        ("en=en",), "Languages that it is approved in, as ours=Meta's, the first for all others: en=en_US,es=es_MX."
    )
    whatsapp_api_version: str = setting("v24.0", "Version of Meta's Graph API.")
    whatsapp_megabytes: float = setting(3.0, "Largest request of Meta's, in megabytes; of all others it is one.")
    whatsapp_api_url: str = setting(
        "https://graph.facebook.com", "Meta's API; only tests and demonstrations change it."
    )
    telegram_bot_token: str = setting("", "Token that BotFather gave, for sending. Needed for telegram.", secret=True)
    telegram_secret: str = setting(
        "", "Any 16 to 256 letters, digits, - or _: Telegram shows it with every request.", secret=True
    )
    telegram_api_url: str = setting(
        "https://api.telegram.org", "Telegram's API; only tests and demonstrations change it."
    )
    sms_gateway_secret: str = setting("", "Key of the gateway's signatures. Needed for sms_gateway.", secret=True)
    sms_gateway_secret_previous: str = setting(
        "", "The former key while it is replaced: signatures made with it are good too.", secret=True
    )
    sms_gateway_signature_header: str = setting("X-Signature", "Header with the signature.")
    sms_gateway_timestamp_header: str = setting("X-Timestamp", "Header with the time that is signed too.")
    sms_gateway_number: str = setting(
        "", "Number or short code that people write to, where the gateway does not tell it."
    )
    sms_gateway_international: bool = setting(
        False, "Whether the gateway writes people's numbers with the code of the country, but without a plus."
    )
    sms_gateway_list: str = setting("", "Where the gateway lists several messages or receipts, such as results.")
    sms_gateway_incoming: tuple[str, ...] = setting(
        ("id=id", "from=from", "to=to", "text=text"), "What the gateway calls the parts of a message, as ours=theirs."
    )
    sms_gateway_receipt: tuple[str, ...] = setting(
        ("id=id", "reference=reference", "status=status", "error=error"),
        "What the gateway calls the parts of a receipt, as ours=theirs.",
    )
    sms_gateway_statuses: tuple[str, ...] = setting(
        (), "What the gateway's words for a status mean, as theirs=queued, sent, delivered, read or failed."
    )
    sms_gateway_url: str = setting("", "Where an SMS is handed to the gateway, with POST. Needed for sms_gateway.")
    sms_gateway_format: str = setting("json", "What it takes: json or form.")
    sms_gateway_token: str = setting(
        "", "A header that proves us to the gateway, such as Authorization: Bearer abc.", secret=True
    )
    sms_gateway_outgoing: tuple[str, ...] = setting(
        ("to={to}", "from={from}", "text={text}", "reference={reference}"), "What the gateway wants, as theirs={ours}."
    )
    sms_gateway_answer_id: str = setting(
        "id", "Where its id stands in the gateway's answer, such as messages.0.id; - when there is none."
    )
    sms_gateway_acknowledgement: str = setting("", "Words that the gateway wants to read when we have its message.")
    private_hosts: tuple[str, ...] = setting(
        (),
        "Hosts of the settings above that may have an address in your own network, such as an SMS gateway of yours; "
        "all others are called at public addresses only.",
    )
    send_rates: tuple[str, ...] = setting(
        ("sms=10", "sms_gateway=10", "whatsapp=60", "whatsapp_cloud=60", "telegram=25"),
        "SMS segments or messages a second that one sender may send, by channel. A US long number: sms=1.",
    )
    segment_price: float = setting(0.05, "Estimated price of an SMS segment, in your currency.")
    segment_prices: tuple[str, ...] = setting((), "The same by country of the phone, such as NP=0.11,QA=0.2.")
    sms_countries: tuple[str, ...] = setting(
        (), "Countries whose phones get SMS, such as NP,QA; empty means all. Emergencies always go."
    )
    budget_person_segments: int = setting(150, "SMS segments a day for one person; 0 means no limit, here and below.")
    budget_country_segments: int = setting(5000, "SMS segments a day for the phones of one country.")
    budget_segments: int = setting(20000, "SMS segments a day in all.")
    budget_money: float = setting(1000.0, "Estimated money a day for SMS.")
    budget_emergency_segments: int = setting(5000, "SMS segments a day for emergencies, which keep to no other budget.")
    provider_queue_hours: float = setting(
        4.0, "How much a provider queues for us; a quarter of it in our queue raises an alarm."
    )
    spool_path: str = setting(
        f"{ROOT}/var/spool", "Directory for messages that come while the database is away; best on another disk."
    )
    reconcile_minutes: float = setting(
        10.0, "How often the provider is asked for messages that never reached us; 0 means never."
    )
    metrics_token: str = setting(
        "",
        "Bearer token for /metrics; without one it is for callers on this machine, not through a proxy.",
        secret=True,
    )
    log_strict: bool = setting(False, "Stop at a log field that is not allowed, instead of dropping it. For tests.")

    def by_name(self, name: str) -> Mapping[str, float]:
        """Return a setting of the form name=number,... as a mapping."""
        return {key: float(number) for key, _, number in (row.partition("=") for row in getattr(self, name))}

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


def from_env(environ: Mapping[str, str] | None = None) -> Settings:
    """Read and check all settings. Raise ConfigError with one sentence that says which is wrong and why."""
    source = os.environ if environ is None else environ
    known = {environment_name(row.name): row for row in fields(Settings)}
    unknown = [name for name in source if name.startswith("AMANA_") and name not in known and name not in ELSEWHERE]
    if unknown:
        raise ConfigError(f"{', '.join(sorted(unknown))}: no such setting; see docs/configuration.md")
    values = {row.name: _convert(name, row.type, source[name]) for name, row in known.items() if source.get(name, "")}
    settings = Settings(**values)
    for problem in problems(settings):
        raise ConfigError(problem)
    return settings


ELSEWHERE = frozenset({"AMANA_TRACKER_PATH", "AMANA_CACHE", "AMANA_MODELS", "AMANA_DOMAIN", "AMANA_TEST_POSTGRES_URL"})
"""Names that other parts read: the assistant's own environment, and the tests."""
