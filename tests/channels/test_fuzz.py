"""Whatever comes in: it is understood, refused or malformed. Nothing else ever leaves a channel."""

import json
from urllib.parse import urlencode

from hypothesis import given, settings
from hypothesis import strategies as st

from channels.channel import Channel, open_client, seconds
from channels.sms_gateway import SmsGateway
from channels.telegram import Telegram
from channels.twilio import Account, Twilio
from channels.webchat import Webchat
from channels.whatsapp import Business, WhatsAppCloud
from core.config import Settings
from core.crypto import Vault
from core.errors import Forged, Malformed
from core.messages import Hook, Inbound, Receipt
from tests.fakes.twilio import SID, TOKEN, sign

PUBLIC = "https://amana.example"
ACCOUNT = Account(sid=SID, token=TOKEN, api_url="https://api.twilio.com", public_url=PUBLIC)
DOORS = [Twilio("sms", ACCOUNT, open_client()), Twilio("whatsapp", ACCOUNT, open_client())]
WEB = Webchat(Vault(b"m" * 32), lambda _: None)
TOKEN_OF_A_TALK = WEB.new_token()
NAMES = st.sampled_from([
    "MessageSid", "SmsSid", "From", "To", "Body", "NumMedia", "MediaUrl0", "Latitude", "Longitude", "ButtonPayload",
    "ButtonText", "ListId", "OptOutType", "MessageStatus", "ErrorCode", "MessageType", "AccountSid",
])  # fmt: skip
VALUES = st.one_of(
    st.text(max_size=60), st.sampled_from(["", "SM" + "a" * 32, "+15005550001", "whatsapp:+15005550001", "1", "STOP"])
)
TYPES = st.sampled_from(["application/x-www-form-urlencoded", "application/json", "text/plain", "", "a;b;c"])


@settings(max_examples=400, deadline=None)
@given(
    door=st.sampled_from(DOORS), params=st.lists(st.tuples(NAMES, VALUES), max_size=20),
    path=st.sampled_from(["/hooks/sms", "/hooks/sms/status"]), query=st.text("refab=&%;+1", max_size=20),
)  # fmt: skip
def test_every_signed_form_is_verified_and_understood_or_malformed(
    door: Twilio, params: list[tuple[str, str]], path: str, query: str
) -> None:
    url = f"{PUBLIC}{path}" + (f"?{query}" if query else "")
    # the library counts a repeated value once
    unique = sorted(set(params))
    headers = {"x-twilio-signature": sign(TOKEN, url, unique), "content-type": "application/x-www-form-urlencoded"}
    hook = Hook(method="POST", path=path, query=query, headers=headers, body=urlencode(params).encode())
    door.verify(hook)
    try:
        (found,) = door.parse(hook)
    except Malformed:
        return
    assert isinstance(found, Inbound | Receipt)
    assert 0 < len(found.provider_id) <= 64
    if isinstance(found, Inbound):
        assert 0 < len(found.address) <= 100
        assert 0 < len(found.sender) <= 100


@settings(max_examples=400, deadline=None)
@given(door=st.sampled_from(DOORS), body=st.binary(max_size=200), kind=TYPES, query=st.text(max_size=30))
def test_any_bytes_are_forged_and_if_they_were_not_they_would_be_malformed(
    door: Twilio, body: bytes, kind: str, query: str
) -> None:
    headers = {"x-twilio-signature": "x" * 28, "content-type": kind}
    hook = Hook(method="POST", path="/hooks/sms", query=query, headers=headers, body=body)
    for step, expected in ((door.verify, Forged), (door.parse, Malformed)):
        try:
            step(hook)
        except expected:
            continue
        raise AssertionError("random bytes were believed")


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=40) | st.integers(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["id", "text", "button"]), inner),
    max_leaves=8,
)


@settings(max_examples=400, deadline=None)
@given(said=JSON)
def test_whatever_a_page_says_is_understood_or_malformed(said: object) -> None:
    headers = {"authorization": f"Bearer {TOKEN_OF_A_TALK}"}
    hook = Hook(method="POST", path="/web/say", query="", headers=headers, body=json.dumps(said).encode())
    try:
        (found,) = WEB.parse(hook)
    except Malformed:
        return
    assert isinstance(found, Inbound)
    found.text.encode()


@settings(max_examples=300, deadline=None)
@given(header=st.text(max_size=60) | st.just(TOKEN_OF_A_TALK))
def test_no_header_but_our_own_token_opens_a_talk(header: str) -> None:
    hook = Hook(method="POST", path="/web/say", query="", headers={"authorization": f"Bearer {header}"}, body=b"")
    try:
        token = WEB.token(hook)
    except Forged:
        return
    assert token == TOKEN_OF_A_TALK


@given(header=st.text(max_size=12))
def test_a_retry_after_is_a_number_of_seconds_or_absent(header: str) -> None:
    found = seconds(header)
    assert found is None or 0 <= found < 10_000_000


def said(*names: str) -> st.SearchStrategy[object]:
    """Any JSON, with names that a provider uses in any place."""
    leaves = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.sampled_from(names)
    return st.recursive(
        leaves,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(names), inner, max_size=6),
        max_leaves=25,
    )


META = (
    "messages statuses contacts metadata phone_number_id from from_user_id user_id id timestamp type text body image "
    "caption interactive button_reply list_reply title button payload status errors code sent read 1790000000 "
    "15005550001"
).split()  # fmt: skip
UPDATE = (
    "update_id message callback_query my_chat_member chat id type private from is_bot language_code text caption date "
    "photo data reply_markup inline_keyboard callback_data new_chat_member status kicked member"
).split()
FIELDS = "id from to text reference status error sent delivered".split()
STAMP = "1790000000"
GATEWAY = SmsGateway(Settings(sms_gateway_secret="k" * 16, sms_gateway_list=""), open_client(), lambda: 1_790_000_000.0)
CLOUD = WhatsAppCloud(Business.from_settings(Settings(whatsapp_app_secret="k" * 16)), open_client())
TELEGRAM = Telegram(Settings(telegram_secret="k" * 16, telegram_bot_token="1:a"), open_client())


def understood(channel: Channel, body: bytes, path: str = "/hooks/x", kind: str = "application/json") -> None:
    hook = Hook(method="POST", path=path, query="", headers={"content-type": kind}, body=body)
    try:
        found = channel.parse(hook)
    except Malformed:
        return
    for item in found:
        assert 0 < len(item.provider_id) <= 200
        if isinstance(item, Inbound):
            assert 0 < len(item.address) <= 140
            assert 0 < len(item.sender) <= 100
            assert item.text.encode().decode() == item.text
            assert "\x00" not in item.address + item.sender + item.provider_id


@settings(max_examples=600, deadline=None)
@given(value=said(*META))
def test_whatever_meta_says_is_understood_or_malformed(value: object) -> None:
    changes = [{"field": "messages", "value": value}]
    whole = {"object": "whatsapp_business_account", "entry": [{"changes": changes}]}
    understood(CLOUD, json.dumps(whole).encode())
    understood(CLOUD, json.dumps({"object": "whatsapp_business_account", "entry": value}).encode())


@settings(max_examples=600, deadline=None)
@given(value=said(*UPDATE), kind=st.sampled_from(["message", "callback_query", "my_chat_member"]))
def test_whatever_telegram_says_is_understood_or_malformed(value: object, kind: str) -> None:
    body = json.dumps({"update_id": 7, kind: value}).encode()
    understood(TELEGRAM, body)
    TELEGRAM.acknowledgement(Hook(method="POST", path="/", query="", headers={}, body=body))


@settings(max_examples=600, deadline=None)
@given(value=said(*FIELDS), path=st.sampled_from(["/hooks/sms_gateway", "/hooks/sms_gateway/status"]))
def test_whatever_a_gateway_says_is_understood_or_malformed(value: object, path: str) -> None:
    understood(GATEWAY, json.dumps(value).encode(), path)


@settings(max_examples=300, deadline=None)
@given(body=st.binary(max_size=200), kind=TYPES)
def test_any_bytes_are_malformed_everywhere(body: bytes, kind: str) -> None:
    for channel in (CLOUD, TELEGRAM, GATEWAY):
        understood(channel, body, kind=kind)


@settings(max_examples=300, deadline=None)
@given(value=st.text(max_size=80))
def test_no_header_opens_a_door(value: str) -> None:
    names = ("x-hub-signature-256", "x-telegram-bot-api-secret-token", "x-signature")
    headers = dict.fromkeys(names, value) | {"x-timestamp": STAMP}
    for channel in (CLOUD, TELEGRAM, GATEWAY):
        try:
            channel.verify(Hook(method="POST", path="/", query="", headers=headers, body=b"{}"))
        except Forged:
            continue
        raise AssertionError("a random header was believed")
