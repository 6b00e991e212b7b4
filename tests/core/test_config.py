"""Settings: each wrong one stops the start with one sentence that names it, and no secret stands in the sentence."""

import base64
from dataclasses import fields

import pytest

from core.config import ELSEWHERE, Settings, environment_name, from_env
from core.config_checks import CHANNELS, NEEDED, cautions
from core.errors import ConfigError

KEY = base64.b64encode(b"k" * 32).decode()
GOOD = {"AMANA_MASTER_KEY": KEY, "AMANA_INTERNAL_SECRET": "s" * 32}
TWILIO = {
    "AMANA_TWILIO_ACCOUNT_SID": "AC0", "AMANA_TWILIO_AUTH_TOKEN": "token", "AMANA_TWILIO_SMS_NUMBER": "+15005550006",
    "AMANA_TWILIO_WHATSAPP_NUMBER": "+15005550006", "AMANA_TWILIO_DEFAULT_WORDS": "yes",
}  # fmt: skip


OTHERS = {
    "AMANA_WHATSAPP_PHONE_NUMBER_ID": "100", "AMANA_WHATSAPP_ACCESS_TOKEN": "a", "AMANA_WHATSAPP_APP_SECRET": "b" * 32,
    "AMANA_WHATSAPP_VERIFY_TOKEN": "c" * 16, "AMANA_TELEGRAM_BOT_TOKEN": "1:d", "AMANA_TELEGRAM_SECRET": "e" * 16,
    "AMANA_SMS_GATEWAY_SECRET": "f" * 16, "AMANA_SMS_GATEWAY_URL": "https://sms.example.org/send",
}  # fmt: skip


def test_all_doors_open_when_all_that_they_need_is_there() -> None:
    everything = GOOD | TWILIO | OTHERS | {"AMANA_CHANNELS": ",".join(CHANNELS)}
    assert from_env(everything).channels == CHANNELS


def test_what_is_missing_without_being_wrong_is_named() -> None:
    some = from_env(GOOD | TWILIO | OTHERS | {"AMANA_CHANNELS": ",".join(CHANNELS)})
    assert cautions(some) == [
        "AMANA_TWILIO_MESSAGING_SERVICE_SID", "AMANA_TWILIO_TEMPLATES", "AMANA_WHATSAPP_TEMPLATE",
    ]  # fmt: skip
    assert cautions(from_env(GOOD)) == []
    whole = {
        "AMANA_TWILIO_MESSAGING_SERVICE_SID": "MG1", "AMANA_TWILIO_TEMPLATES": "en=HX1", "AMANA_WHATSAPP_TEMPLATE": "x",
    }  # fmt: skip
    assert cautions(from_env(GOOD | TWILIO | OTHERS | whole | {"AMANA_CHANNELS": ",".join(CHANNELS)})) == []


@pytest.mark.parametrize("host", ["127.0.0.1", "10.1.2.3", "169.254.169.254", "[::1]", "[::ffff:192.168.0.1]"])
def test_an_address_in_our_own_network_must_be_meant(host: str) -> None:
    inside = {"AMANA_SMS_GATEWAY_URL": f"https://{host}/send"}
    with pytest.raises(ConfigError, match="AMANA_SMS_GATEWAY_URL leads into a private network"):
        from_env(GOOD | inside)
    meant = from_env(GOOD | inside | {"AMANA_PRIVATE_HOSTS": host.strip("[]")})
    assert cautions(meant) == ["AMANA_PRIVATE_HOSTS"]


def test_two_secrets_are_enough_to_start() -> None:
    settings = from_env(GOOD)
    assert settings.master == b"k" * 32
    assert settings.channels == ("web",)
    assert settings.database_url.startswith("sqlite:///")
    assert settings.channels_host == settings.desk_host == "127.0.0.1"


WRONG = [
    ({"AMANA_MASTER_KEY": ""}, "AMANA_MASTER_KEY"),
    ({"AMANA_MASTER_KEY": "c2VjcmV0LW1hcm1hbGFkZQ=="}, "AMANA_MASTER_KEY"),
    ({"AMANA_MASTER_KEY": "marmalade"}, "AMANA_MASTER_KEY"),
    ({"AMANA_INTERNAL_SECRET": ""}, "AMANA_INTERNAL_SECRET"),
    ({"AMANA_INTERNAL_SECRET": "marmalade"}, "AMANA_INTERNAL_SECRET"),
    ({"AMANA_PUBLIC_URL": "amana.example.org"}, "AMANA_PUBLIC_URL"),
    ({"AMANA_PUBLIC_URL": "ftp://amana.example.org"}, "AMANA_PUBLIC_URL"),
    ({"AMANA_DESK_URL": "localhost"}, "AMANA_DESK_URL"),
    ({"AMANA_TWILIO_API_URL": "api.twilio.com"}, "AMANA_TWILIO_API_URL"),
    ({"AMANA_CHANNELS": "web,fax"}, "AMANA_CHANNELS"),
    ({"AMANA_CHANNELS": ","}, "AMANA_CHANNELS"),
    ({"AMANA_CHANNELS_PORT": "eighty"}, "AMANA_CHANNELS_PORT"),
    ({"AMANA_DESK_PORT": "80.5"}, "AMANA_DESK_PORT"),
    ({"AMANA_TURN_SECONDS": "long"}, "AMANA_TURN_SECONDS"),
    ({"AMANA_TURN_WORKERS": "many"}, "AMANA_TURN_WORKERS"),
    ({"AMANA_LOG_STRICT": "perhaps"}, "AMANA_LOG_STRICT"),
    ({"AMANA_MASTERKEY": "marmalade"}, "AMANA_MASTERKEY"),
    ({"AMANA_": "x"}, "AMANA_:"),
    ({"AMANA_TWILIO_TEMPLATES": "HX1"}, "AMANA_TWILIO_TEMPLATES"),
    ({"AMANA_CHANNELS": "sms", **TWILIO, "AMANA_TWILIO_DEFAULT_WORDS": ""}, "AMANA_TWILIO_DEFAULT_WORDS"),
    ({"AMANA_TWILIO_REDACTION": "yes"}, "AMANA_FALLBACK_URL"),
    ({"AMANA_FALLBACK_URL": "marmalade"}, "AMANA_FALLBACK_URL"),
    ({"AMANA_TWILIO_TEMPLATE_VARIABLES": "marmalade"}, "AMANA_TWILIO_TEMPLATE_VARIABLES"),
    ({"AMANA_TWILIO_TEMPLATE_VARIABLES": '{"1": 2}'}, "AMANA_TWILIO_TEMPLATE_VARIABLES"),
    ({"AMANA_WHATSAPP_TEMPLATE_LANGUAGES": "en="}, "AMANA_WHATSAPP_TEMPLATE_LANGUAGES"),
    ({"AMANA_WHATSAPP_VERIFY_TOKEN": "marmalade"}, "AMANA_WHATSAPP_VERIFY_TOKEN"),
    ({"AMANA_WHATSAPP_API_URL": "graph"}, "AMANA_WHATSAPP_API_URL"),
    ({"AMANA_TELEGRAM_BOT_TOKEN": "marmalade"}, "AMANA_TELEGRAM_BOT_TOKEN"),
    ({"AMANA_TELEGRAM_SECRET": "marmalade marmalade"}, "AMANA_TELEGRAM_SECRET"),
    ({"AMANA_SMS_GATEWAY_URL": "marmalade"}, "AMANA_SMS_GATEWAY_URL"),
    ({"AMANA_SMS_GATEWAY_FORMAT": "xml"}, "AMANA_SMS_GATEWAY_FORMAT"),
    ({"AMANA_SMS_GATEWAY_TOKEN": "marmalade"}, "AMANA_SMS_GATEWAY_TOKEN"),
    ({"AMANA_SMS_GATEWAY_STATUSES": "DELIVRD=arrived"}, "AMANA_SMS_GATEWAY_STATUSES"),
    ({"AMANA_SMS_GATEWAY_OUTGOING": "to={to},to={text}"}, "AMANA_SMS_GATEWAY_OUTGOING"),
    ({"AMANA_SMS_GATEWAY_OUTGOING": "to={to},to.a={text}"}, "AMANA_SMS_GATEWAY_OUTGOING"),
    ({"AMANA_SMS_GATEWAY_INCOMING": "id=a,from=b"}, "AMANA_SMS_GATEWAY_INCOMING"),
    (
        {"AMANA_CHANNELS": "sms_gateway", **OTHERS, "AMANA_SMS_GATEWAY_INCOMING": "id=a,from=b,text=c"},
        "AMANA_SMS_GATEWAY_NUMBER",
    ),
    *(
        ({"AMANA_CHANNELS": channel, **OTHERS, environment_name(name): ""}, environment_name(name))
        for channel in ("whatsapp_cloud", "telegram", "sms_gateway")
        for name in NEEDED[channel]
    ),
    *(
        ({"AMANA_CHANNELS": channel, **TWILIO, name: ""}, name)
        for channel, name in (
            ("sms", "AMANA_TWILIO_ACCOUNT_SID"), ("sms", "AMANA_TWILIO_AUTH_TOKEN"),
            ("sms", "AMANA_TWILIO_SMS_NUMBER"), ("whatsapp", "AMANA_TWILIO_ACCOUNT_SID"),
            ("whatsapp", "AMANA_TWILIO_AUTH_TOKEN"), ("web,whatsapp", "AMANA_TWILIO_WHATSAPP_NUMBER"),
        )
    ),
]  # fmt: skip


@pytest.mark.parametrize(("wrong", "name"), WRONG)
def test_a_wrong_setting_is_one_sentence_that_names_it(wrong: dict[str, str], name: str) -> None:
    with pytest.raises(ConfigError) as caught:
        from_env(GOOD | wrong)
    sentence = str(caught.value)
    assert name in sentence
    assert "\n" not in sentence
    assert "marmalade" not in sentence
    assert KEY not in sentence
    assert len(sentence.split()) >= 4


def test_a_channel_needs_its_own_number_only() -> None:
    for channel, number in (("sms", "AMANA_TWILIO_WHATSAPP_NUMBER"), ("whatsapp", "AMANA_TWILIO_SMS_NUMBER")):
        assert from_env(GOOD | TWILIO | {"AMANA_CHANNELS": channel, number: ""}).channels == (channel,)


def test_values_get_the_type_of_their_setting() -> None:
    settings = from_env(
        GOOD | TWILIO
        | {
            "AMANA_CHANNELS": " web, sms ,,whatsapp ", "AMANA_DESK_PORT": "9001", "AMANA_TURN_SECONDS": "2.5",
            "AMANA_LOG_STRICT": "Yes", "AMANA_ORGANISATION": "  Safe Journey  ", "AMANA_TRUSTED_PROXIES": "10.0.0.1",
        }
    )  # fmt: skip
    assert settings.channels == ("web", "sms", "whatsapp")
    assert (settings.desk_port, settings.turn_seconds, settings.log_strict) == (9001, 2.5, True)
    assert (settings.organisation, settings.trusted_proxies) == ("Safe Journey", ("10.0.0.1",))


@pytest.mark.parametrize(
    ("text", "value"), [("1", True), ("TRUE", True), ("0", False), ("no", False), ("False", False)]
)
def test_yes_and_no_have_several_spellings(text: str, value: bool) -> None:
    assert from_env(GOOD | {"AMANA_LOG_STRICT": text}).log_strict is value


def test_an_empty_setting_is_its_default() -> None:
    assert from_env(GOOD | {"AMANA_DESK_PORT": "", "AMANA_CHANNELS": ""}) == from_env(GOOD)


def test_names_of_others_are_left_alone() -> None:
    assert from_env(GOOD | {"PATH": "/bin", "amana_x": "1"} | dict.fromkeys(ELSEWHERE, "x")) == from_env(GOOD)


def test_the_environment_of_the_process_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [environment_name(row.name) for row in fields(Settings)]:
        monkeypatch.delenv(name, raising=False)
    for name, value in (GOOD | {"AMANA_DESK_PORT": "9002"}).items():
        monkeypatch.setenv(name, value)
    assert from_env().desk_port == 9002


@pytest.mark.parametrize("row", fields(Settings), ids=lambda row: row.name)
def test_every_setting_has_a_sentence_of_help_and_secrets_have_no_default(row) -> None:
    assert row.metadata["help"].endswith(".")
    assert not (row.metadata["secret"] and row.default)
    assert row.metadata["secret"] == any(word in row.name for word in ("key", "secret", "token"))
