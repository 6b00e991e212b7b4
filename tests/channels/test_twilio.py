"""Twilio: what is genuine, what it means, and what each answer to a send tells us to do."""

import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from urllib.parse import urlencode

import httpx
import pytest

from channels import twilio_codes
from channels.channel import open_client
from channels.twilio import Account, Brand, Twilio
from core.config import Settings
from core.errors import (
    AccountProblem,
    Ambiguous,
    Forged,
    Malformed,
    OptedOut,
    Rejected,
    SendError,
    Throttled,
    Unknown,
    Unreachable,
    WindowClosed,
)
from core.messages import Hook, Inbound, Outbound, Receipt
from tests.fakes.loopback import LOOPBACK
from tests.fakes.twilio import OUR_NUMBER, SID, TOKEN, FakeTwilio, sign

PUBLIC = "https://amana.example"
THEM = "+15005550001"
SMS_SID = "SM" + "a" * 32
FORM = "application/x-www-form-urlencoded"


def channel(brand: Brand = "sms", *, public_url: str = PUBLIC, api_url: str = "https://api.twilio.com",
            client: httpx.AsyncClient | None = None) -> Twilio:  # fmt: skip
    account = Account(sid=SID, token=TOKEN, api_url=api_url, public_url=public_url)
    return Twilio(brand, account, client or open_client(httpx.MockTransport(lambda _: httpx.Response(500))))


def hook(params: list[tuple[str, str]], *, path: str = "/hooks/sms", query: str = "", public: str = PUBLIC) -> Hook:
    """Make a genuine request."""
    url = public + path + (f"?{query}" if query else "")
    headers = {"x-twilio-signature": sign(TOKEN, url, params), "content-type": FORM}
    return Hook(method="POST", path=path, query=query, headers=headers, body=urlencode(params).encode())


def sms(**more: str) -> list[tuple[str, str]]:
    values = {"MessageSid": SMS_SID, "From": THEM, "To": OUR_NUMBER, "Body": "namaste", "NumMedia": "0"} | more
    return list(values.items())


def whatsapp(**more: str) -> list[tuple[str, str]]:
    return sms(**{"From": f"whatsapp:{THEM}", "To": f"whatsapp:{OUR_NUMBER}"} | more)


# the signature

VECTORS = [
    # computed with openssl from Twilio's description of the algorithm, not with this code or the library:
    # printf %s "$URL$FIELDS" | openssl dgst -sha1 -hmac "$TOKEN" -binary | base64
    ("https://amana.example/hooks/sms", [("Body", "namaste"), ("From", THEM)], "CEvV0j7DblhTC4U8etnVWERKjhA="),
    (
        "https://amana.example/hooks/sms/status?ref=1a2b", [("MessageStatus", "sent"), ("Empty", "")],
        "jSUB12kpaEhLPO7mEDZEEa4jz0g=",
    ),
    ("https://amana.example/hooks/sms", [("Body", "नमस्ते 🙏"), ("Zip", "")], "JNusQdh+JH0zlivVWGPSHCLua8g="),
]  # fmt: skip


@pytest.mark.parametrize(("url", "params", "signature"), VECTORS)
def test_vectors_made_with_another_program_are_accepted(
    url: str, params: list[tuple[str, str]], signature: str
) -> None:
    path, _, query = url.removeprefix(PUBLIC).partition("?")
    headers = {"x-twilio-signature": signature, "content-type": FORM}
    channel().verify(Hook(method="POST", path=path, query=query, headers=headers, body=urlencode(params).encode()))
    assert sign(TOKEN, url, params) == signature


GENUINE = {
    "plain": hook(sms()),
    "empty values": hook(sms(Body="", FromCity="")),
    "not ASCII": hook(sms(Body="مرحبا · नमस्ते · 😀")),
    "line breaks and signs": hook(sms(Body="a\r\nb & c = d + e % f")),
    "a repeated parameter": hook([*sms(), ("MediaUrl", "b"), ("MediaUrl", "a")]),
    "a new parameter": hook(sms(SomethingNew="1")),
    "a query": hook(sms(), path="/hooks/sms/status", query="ref=abc&x=%20"),
}


@pytest.mark.parametrize("genuine", GENUINE.values(), ids=GENUINE)
def test_a_genuine_request_is_accepted(genuine: Hook) -> None:
    channel().verify(genuine)


@pytest.mark.parametrize(
    "public", ["https://amana.example:8443", "http://127.0.0.1:8080", "https://amana.example/gateway"]
)
def test_port_and_prefix_of_the_public_url_are_signed_too(public: str) -> None:
    channel(public_url=public).verify(hook(sms(), public=public))


def test_the_slash_at_the_end_of_the_public_url_does_not_count() -> None:
    account = Account.from_settings(Settings(public_url=PUBLIC + "/", twilio_auth_token=TOKEN))
    Twilio("sms", account, open_client()).verify(hook(sms()))


def with_header(one: Hook, name: str, value: str | None) -> Hook:
    headers = {key: text for key, text in one.headers.items() if key != name}
    return replace(one, headers=headers if value is None else headers | {name: value})


GOOD = hook(sms())
SIGNATURE = GOOD.headers["x-twilio-signature"]
FORGED = {
    "no signature": with_header(GOOD, "x-twilio-signature", None),
    "an empty signature": with_header(GOOD, "x-twilio-signature", ""),
    "another signature": with_header(GOOD, "x-twilio-signature", sign("other token", PUBLIC + "/hooks/sms", sms())),
    "a prefix of the algorithm": with_header(GOOD, "x-twilio-signature", "sha1=" + SIGNATURE),
    "a signature in other letters": with_header(GOOD, "x-twilio-signature", SIGNATURE.swapcase()),
    "a signature that is not ASCII": with_header(GOOD, "x-twilio-signature", "é" * 28),
    "SHA-256 instead of SHA-1": with_header(
        GOOD, "x-twilio-signature", base64.b64encode(hmac.new(TOKEN.encode(), b"x", hashlib.sha256).digest()).decode()
    ),
    "one byte altered": replace(GOOD, body=GOOD.body.replace(b"namaste", b"namasta")),
    "a parameter added": replace(GOOD, body=GOOD.body + b"&Extra=1"),
    "a parameter removed": replace(GOOD, body=GOOD.body.replace(b"&NumMedia=0", b"")),
    "a query added": replace(GOOD, query="ref=1"),
    "another path": replace(GOOD, path="/hooks/sms/status"),
    "an empty body": replace(GOOD, body=b""),
    "not a form": replace(GOOD, body=b"\xff\xfe=\x00"),
    "too many fields": hook([(f"F{number}", "x") for number in range(300)]),
    "JSON that nothing covers": with_header(GOOD, "content-type", "application/json"),
    "the address of a proxy": with_header(
        hook(sms(), public="https://internal.local"), "x-forwarded-host", "internal.local"
    ),
}  # fmt: skip


@pytest.mark.parametrize("forged", FORGED.values(), ids=FORGED)
def test_a_forged_request_is_refused_without_an_explanation(forged: Hook) -> None:
    with pytest.raises(Forged) as caught:
        channel().verify(forged)
    assert str(caught.value) == ""


@pytest.mark.parametrize("name", ["host", "x-forwarded-host", "x-forwarded-proto", "forwarded", "x-original-url"])
def test_what_a_request_calls_us_changes_nothing(name: str) -> None:
    channel().verify(with_header(GOOD, name, "evil.example"))
    with pytest.raises(Forged):
        channel().verify(with_header(hook(sms(), public="https://evil.example"), name, "evil.example"))


def json_hook(values: object, *, body: bytes | None = None, digest: str | None = None) -> Hook:
    raw = json.dumps(values).encode()
    query = f"bodySHA256={digest or hashlib.sha256(raw).hexdigest()}"
    signature = sign(TOKEN, f"{PUBLIC}/hooks/sms?{query}")
    return Hook(
        method="POST", path="/hooks/sms", query=query, body=raw if body is None else body,
        headers={"x-twilio-signature": signature, "content-type": "application/json; charset=utf-8"},
    )  # fmt: skip


def test_a_json_body_is_covered_by_its_digest_in_the_url() -> None:
    genuine = json_hook(dict(sms(Body="नमस्ते")))
    channel().verify(genuine)
    (found,) = channel().parse(genuine)
    assert isinstance(found, Inbound)
    assert (found.text, found.address) == ("नमस्ते", THEM)


@pytest.mark.parametrize(
    "forged",
    [
        json_hook(dict(sms()), body=b'{"Body": "other"}'),
        json_hook(dict(sms()), digest="0" * 64),
        json_hook(dict(sms()), body=b"\xff"),
        with_header(json_hook(dict(sms())), "x-twilio-signature", SIGNATURE),
    ],
    ids=["altered", "wrong digest", "not text", "signature of another request"],
)
def test_a_json_body_that_its_digest_does_not_cover_is_refused(forged: Hook) -> None:
    with pytest.raises(Forged):
        channel().verify(forged)


def test_what_a_proxy_says_changes_nothing_about_the_address_that_was_signed() -> None:
    told = {
        "host": "inner:8080",
        "x-forwarded-host": "evil.example",
        "x-forwarded-proto": "http",
        "x-forwarded-path": "/x",
    }
    channel().verify(replace(GOOD, headers=GOOD.headers | told))
    other = hook(sms(), public="https://evil.example")
    with pytest.raises(Forged):
        channel().verify(replace(other, headers=other.headers | told))


def test_signatures_of_the_other_token_are_good_while_one_replaces_the_other() -> None:
    account = Account(sid=SID, token="n" * 32, token_previous=TOKEN, api_url="http://127.0.0.1:1", public_url=PUBLIC)
    Twilio("sms", account, open_client()).verify(GOOD)
    with pytest.raises(Forged):
        Twilio("sms", replace(account, token_previous=""), open_client()).verify(GOOD)


# what a message means


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    params: list[tuple[str, str]]
    expected: dict[str, object]
    brand: Brand = "sms"


RECEIVE = {
    "text": Case(params=sms(), expected={"kind": "text", "text": "namaste", "button": None, "opt_out": None}),
    "the id under its old name": Case(
        params=[("SmsSid", SMS_SID), ("From", THEM), ("To", OUR_NUMBER), ("Body", "a")], expected={"text": "a"}
    ),
    "right to left": Case(params=sms(Body="مرحبا"), expected={"text": "مرحبا"}),
    "5,000 characters": Case(params=sms(Body="क" * 5000), expected={"text": "क" * 5000}),
    "emoji only": Case(params=sms(Body="🆘"), expected={"kind": "text", "text": "🆘"}),
    "something like a command of the assistant": Case(
        params=sms(Body='/intent{"x":1}'), expected={"kind": "text", "text": '/intent{"x":1}', "button": None}
    ),
    "no words": Case(params=sms(Body=""), expected={"kind": "other", "text": ""}),
    "blanks only": Case(params=sms(Body=" \n\t"), expected={"kind": "other"}),
    "no field for words": Case(
        params=[("MessageSid", SMS_SID), ("From", THEM), ("To", OUR_NUMBER)], expected={"kind": "other", "text": ""}
    ),
    "a picture": Case(
        params=sms(Body="", NumMedia="1", MediaUrl0="https://api.twilio.com/x", MediaContentType0="image/jpeg"),
        expected={"kind": "media", "text": ""},
    ),
    "a picture with a caption": Case(
        params=sms(Body="my contract", NumMedia="1", MediaUrl0="https://api.twilio.com/x"),
        expected={"kind": "media", "text": "my contract"},
    ),
    "ten pictures": Case(params=sms(Body="", NumMedia="10"), expected={"kind": "media"}),
    "an odd number of pictures": Case(params=sms(NumMedia="none"), expected={"kind": "media", "text": "namaste"}),
    "a short code": Case(params=sms(From="12345"), expected={"address": "12345"}),
    "a name as sender": Case(params=sms(From="AGENCY"), expected={"address": "AGENCY"}),
    "stop, which the provider answered": Case(params=sms(Body="STOP", OptOutType="STOP"), expected={"opt_out": "stop"}),
    "start, which the provider answered": Case(
        params=sms(Body="START", OptOutType="START"), expected={"opt_out": "start"}
    ),
    "help, which the provider answered": Case(
        params=sms(Body="HELP", OptOutType=" help"), expected={"opt_out": "help"}
    ),
    "stop, which nobody answered": Case(params=sms(Body="STOP"), expected={"opt_out": None, "text": "STOP"}),
    "an opt-out of a new kind": Case(params=sms(OptOutType="PAUSE"), expected={"opt_out": None}),
    "WhatsApp text": Case(
        brand="whatsapp", params=whatsapp(Body="hola", ProfileName="Juan", WaId="15005550001", MessageType="text"),
        expected={"kind": "text", "text": "hola", "address": THEM, "sender": OUR_NUMBER, "channel": "whatsapp"},
    ),
    "WhatsApp, somebody without a number": Case(
        brand="whatsapp", params=whatsapp(From="whatsapp:US.1234567890"), expected={"address": "US.1234567890"}
    ),
    "WhatsApp, a number and the id behind it": Case(
        brand="whatsapp", params=whatsapp(ExternalUserId="whatsapp:US.1234"),
        expected={"address": THEM, "alias": "US.1234"},
    ),
    "WhatsApp, the same id twice": Case(
        brand="whatsapp", params=whatsapp(From="whatsapp:US.1234", ExternalUserId="whatsapp:US.1234"),
        expected={"address": "US.1234", "alias": None},
    ),
    "WhatsApp, an id that is none": Case(
        brand="whatsapp", params=whatsapp(ExternalUserId="whatsapp:me and you"), expected={"alias": None}
    ),
    "SMS never has such an id": Case(params=sms(ExternalUserId="US.1234"), expected={"address": THEM, "alias": None}),
    "WhatsApp button": Case(
        brand="whatsapp", params=whatsapp(Body="Yes", ButtonText="Yes", ButtonPayload="b" * 32, MessageType="button"),
        expected={"kind": "button", "button": "b" * 32, "text": "Yes"},
    ),
    "WhatsApp button without words": Case(
        brand="whatsapp", params=whatsapp(Body="", ButtonText="Yes", ButtonPayload="b" * 32),
        expected={"kind": "button", "button": "b" * 32, "text": "Yes"},
    ),
    "WhatsApp list": Case(
        brand="whatsapp", params=whatsapp(Body="", ListId="c" * 32, ListTitle="Fees", MessageType="interactive"),
        expected={"kind": "button", "button": "c" * 32, "text": "Fees"},
    ),
    "WhatsApp place": Case(
        brand="whatsapp", params=whatsapp(Body="", Latitude="25.28", Longitude="51.53", MessageType="location"),
        expected={"kind": "location", "text": ""},
    ),
    "WhatsApp voice": Case(
        brand="whatsapp",
        params=whatsapp(Body="", NumMedia="1", MediaContentType0="audio/ogg", MessageType="audio"),
        expected={"kind": "media"},
    ),
    "WhatsApp reaction": Case(
        brand="whatsapp", params=whatsapp(Body="👍", MessageType="reaction"), expected={"kind": "other"}
    ),
    "WhatsApp contact card": Case(
        brand="whatsapp", params=whatsapp(Body="", MessageType="contacts"), expected={"kind": "other", "text": ""}
    ),
    "WhatsApp, a kind of tomorrow": Case(
        brand="whatsapp", params=whatsapp(Body="hm", MessageType="hologram"), expected={"kind": "text", "text": "hm"}
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", RECEIVE.values(), ids=RECEIVE)
def test_what_a_message_means(case: Case) -> None:
    receiver = channel(case.brand)
    request = hook(case.params, path=f"/hooks/{case.brand}")
    receiver.verify(request)
    (found,) = receiver.parse(request)
    assert isinstance(found, Inbound)
    assert found.provider_id == SMS_SID
    assert {name: getattr(found, name) for name in case.expected} == case.expected


def test_we_answer_from_the_number_that_was_written_to() -> None:
    (found,) = channel().parse(hook(sms(To="+15005550009")))
    assert isinstance(found, Inbound)
    assert found.sender == "+15005550009"


MALFORMED: dict[str, tuple[Brand, list[tuple[str, str]]]] = {
    "nothing": ("sms", []),
    "no id": ("sms", [("From", THEM), ("To", OUR_NUMBER), ("Body", "a")]),
    "an id with signs": ("sms", sms(MessageSid="SM'; --")),
    "an id that is endless": ("sms", sms(MessageSid="S" * 65)),
    "nobody wrote": ("sms", sms(From="")),
    "to nobody": ("sms", sms(To="")),
    "an endless sender": ("sms", sms(From="+" + "1" * 200)),
    "control characters in the sender": ("sms", sms(From="+1\x00500")),
    "WhatsApp at the door of SMS": ("sms", whatsapp()),
    "another app at the door of SMS": ("sms", sms(From="messenger:123")),
    "SMS at the door of WhatsApp": ("whatsapp", sms()),
    "WhatsApp without an address": ("whatsapp", whatsapp(From="whatsapp:")),
}


@pytest.mark.parametrize(("brand", "params"), MALFORMED.values(), ids=MALFORMED)
def test_a_genuine_request_that_makes_no_sense_is_malformed(brand: Brand, params: list[tuple[str, str]]) -> None:
    with pytest.raises(Malformed):
        channel(brand).parse(hook(params, path=f"/hooks/{brand}"))


@pytest.mark.parametrize("told", ["queued", "sent", "delivered", "READ", "undelivered"])
@pytest.mark.parametrize("field", ["MessageStatus", "SmsStatus"])
def test_a_receipt_at_the_door_of_messages_is_a_receipt_and_nobody_is_answered(told: str, field: str) -> None:
    """It names our own number as the sender: as a message it would begin a talk with ourselves."""
    params = [("MessageSid", SMS_SID), ("From", OUR_NUMBER), ("To", THEM), (field, told)]
    (found,) = channel().parse(hook(params, path="/hooks/sms", query="ref=abc"))
    assert isinstance(found, Receipt)
    assert (found.provider_id, found.reference) == (SMS_SID, "abc")


@pytest.mark.parametrize("told", ["received", "receiving"])
def test_a_message_at_the_door_of_receipts_is_a_message(told: str) -> None:
    (found,) = channel().parse(hook(sms(SmsStatus=told), path="/hooks/sms/status"))
    assert isinstance(found, Inbound)
    assert found.text == "namaste"


def test_half_a_character_in_json_becomes_a_mark() -> None:
    values = {"MessageSid": SMS_SID, "From": THEM, "To": OUR_NUMBER, "Body": "a\ud800b"}
    (found,) = channel().parse(json_hook(values))
    assert isinstance(found, Inbound)
    assert found.text == "a?b"


@pytest.mark.parametrize("body", [b"[]", b"1", b"{", b"[" * 100_000, b'{"MessageSid": {"a": 1}}'])
def test_json_that_makes_no_sense_is_malformed(body: bytes) -> None:
    with pytest.raises(Malformed):
        channel().parse(json_hook({}, body=body))


RECEIPTS = [
    ("accepted", None, "queued", None), ("scheduled", None, "queued", None), ("queued", None, "queued", None),
    ("sending", None, "queued", None), ("sent", None, "sent", None), ("delivered", None, "delivered", None),
    ("read", None, "read", None), ("undelivered", "30003", "failed", "30003"), ("failed", "30007", "failed", "30007"),
    ("failed", None, "failed", None), ("canceled", None, "failed", None), ("sent", "0", "sent", None),
]  # fmt: skip


@pytest.mark.parametrize(("status", "code", "expected", "error"), RECEIPTS)
def test_what_a_receipt_means(status: str, code: str | None, expected: str, error: str | None) -> None:
    params = [("MessageSid", SMS_SID), ("MessageStatus", status), *([("ErrorCode", code)] if code else [])]
    request = hook(params, path="/hooks/sms/status", query="ref=ourid")
    channel().verify(request)
    (found,) = channel().parse(request)
    assert found == Receipt(
        channel="sms", provider_id=SMS_SID, status=expected, error=error, reference="ourid",  # type: ignore[arg-type]
        retryable=error == "30003",  # out of reach, which passes
    )  # fmt: skip


def test_a_receipt_tells_when_the_person_has_opted_out() -> None:
    params = [("MessageSid", SMS_SID), ("MessageStatus", "failed"), ("ErrorCode", "21610")]
    (found,) = channel().parse(hook(params, path="/hooks/sms/status", query="ref=ourid"))
    assert isinstance(found, Receipt)
    assert found.opted_out


@pytest.mark.parametrize("params", [[("MessageSid", SMS_SID)], [("MessageSid", SMS_SID), ("MessageStatus", "flying")]])
def test_a_receipt_of_an_unknown_status_is_malformed(params: list[tuple[str, str]]) -> None:
    with pytest.raises(Malformed):
        channel().parse(hook(params, path="/hooks/sms/status"))


# sending

LETTER = Outbound(reference="0123abcd", channel="sms", address=THEM, sender=OUR_NUMBER, text="नमस्ते & welcome 😀")


@dataclass(slots=True)
class Setup:
    fake: FakeTwilio
    client: httpx.AsyncClient
    make: Callable[..., Twilio] = field(repr=False)


@pytest.fixture
async def setup() -> AsyncIterator[Setup]:
    with FakeTwilio(gateway_url="http://127.0.0.1:1", public_url=PUBLIC) as fake:
        async with open_client(**LOOPBACK) as client:
            yield Setup(fake, client, lambda brand="sms": channel(brand, api_url=fake.url, client=client))


async def test_a_message_goes_out_with_our_reference_for_receipts(setup: Setup) -> None:
    sid = await setup.make().send(LETTER)

    (sent,) = setup.fake.sent
    assert (sent.sid, sent.to, sent.sender, sent.body) == (sid, THEM, OUR_NUMBER, LETTER.text)
    assert sent.callback == f"{PUBLIC}/hooks/sms/status?ref=0123abcd"


async def test_whatsapp_addresses_carry_their_prefix_outside_only(setup: Setup) -> None:
    await setup.make("whatsapp").send(replace(LETTER, channel="whatsapp"))

    (sent,) = setup.fake.sent
    assert (sent.to, sent.sender) == (f"whatsapp:{THEM}", f"whatsapp:{OUR_NUMBER}")
    assert sent.callback == f"{PUBLIC}/hooks/whatsapp/status?ref=0123abcd"


async def test_ten_messages_use_one_client_and_are_ten_messages(setup: Setup) -> None:
    sender = setup.make()
    assert len({await sender.send(LETTER) for _ in range(10)}) == 10


@pytest.mark.parametrize(("code", "kind"), sorted(twilio_codes.CODES.items()))
async def test_every_error_code_is_answered_as_the_table_says(code: str, kind: type[SendError]) -> None:
    answer = {"code": int(code), "message": "no", "more_info": "", "status": 400}
    client = open_client(httpx.MockTransport(lambda _: httpx.Response(400, json=answer)))
    with pytest.raises(SendError) as caught:
        await channel("whatsapp", client=client).send(LETTER)
    assert type(caught.value) is kind
    assert caught.value.code == code or kind is WindowClosed


NAMED_IN_R24 = {
    Throttled: {"20429", "30001", "63018"}, Unreachable: {"30003"}, OptedOut: {"21610"},
    Rejected: {"21211", "30004", "30005", "30006"}, WindowClosed: {"63016"}, AccountProblem: {"20003", "30002"},
}  # fmt: skip


def test_the_table_holds_every_code_that_the_requirement_names() -> None:
    for kind, codes in NAMED_IN_R24.items():
        assert {code for code in codes if twilio_codes.CODES.get(code) is not kind} == set()


MADE_OF_WHATSAPPS = (  # https://www.twilio.com/docs/whatsapp/api/error-code-mapping
    "63001 63003 63005 63010 63012 63013 63016 63018 63019 63020 63021 63022 63024 63025 63027 63028 63029 63030 63032 "
    "63033"
)


def test_the_table_holds_every_code_that_twilio_makes_of_whatsapps() -> None:
    assert set(MADE_OF_WHATSAPPS.split()) - set(twilio_codes.CODES) == set()


ANSWERS = [
    (httpx.Response(429, headers={"Retry-After": "7"}), Throttled, "429", 7.0),
    (httpx.Response(429, headers={"Retry-After": "Sun, 22 Nov 2026 12:00:00 GMT"}), Throttled, "429", None),
    (httpx.Response(429, json={"code": 20429}), Throttled, "429", None),
    (httpx.Response(500), Unreachable, "500", None),
    (httpx.Response(503, text="<html>"), Unreachable, "503", None),
    (httpx.Response(401, json={"code": 20003, "message": "no"}), AccountProblem, "20003", None),
    (httpx.Response(401, text="no"), AccountProblem, "401", None),
    (httpx.Response(404, text="no"), AccountProblem, "404", None),
    (httpx.Response(400, json={"code": 99999, "message": "new"}), Unknown, "99999", None),
    (httpx.Response(400, text="no"), Unknown, "400", None),
    (httpx.Response(302, headers={"Location": "https://evil.example/"}), Unknown, "302", None),
    (
        httpx.Response(400, json={"type": "u", "title": "t", "status": 400, "code": 21610}),
        OptedOut, "21610", None,
    ),
    (httpx.Response(201, text="<html>a proxy</html>"), Ambiguous, "answer not understood", None),
    (httpx.Response(201, json={"status": "queued"}), Ambiguous, "answer not understood", None),
    (httpx.Response(201, json=[]), Ambiguous, "answer not understood", None),
    (httpx.Response(201), Ambiguous, "answer not understood", None),
    (httpx.Response(201, content=b" " * 300_000), Ambiguous, "answer too long", None),
]  # fmt: skip


@pytest.mark.parametrize(("answer", "kind", "code", "retry_after"), ANSWERS)
async def test_what_an_answer_tells_us_to_do(
    answer: httpx.Response, kind: type[SendError], code: str, retry_after: float | None
) -> None:
    with pytest.raises(SendError) as caught:
        await channel(client=open_client(httpx.MockTransport(lambda _: answer))).send(LETTER)
    assert (type(caught.value), caught.value.code, caught.value.retry_after) == (kind, code, retry_after)


@pytest.mark.parametrize(
    ("failure", "kind"),
    [
        (httpx.ConnectError, Unreachable), (httpx.ConnectTimeout, Unreachable), (httpx.PoolTimeout, Unreachable),
        (httpx.ReadTimeout, Ambiguous), (httpx.ReadError, Ambiguous), (httpx.WriteError, Ambiguous),
        (httpx.WriteTimeout, Ambiguous), (httpx.RemoteProtocolError, Ambiguous),
    ],
)  # fmt: skip
async def test_a_broken_connection_is_ambiguous_once_something_was_written(
    failure: type[httpx.TransportError], kind: type[SendError]
) -> None:
    def fail(request: httpx.Request) -> httpx.Response:
        raise failure("no", request=request)

    with pytest.raises(SendError) as caught:
        await channel(client=open_client(httpx.MockTransport(fail))).send(LETTER)
    assert type(caught.value) is kind


async def test_a_server_that_takes_the_message_and_hangs_up_leaves_us_in_doubt(setup: Setup) -> None:
    setup.fake.knobs.drop_next = 1
    with pytest.raises(Ambiguous):
        await setup.make().send(LETTER)
    assert len(setup.fake.sent) == 1


async def test_a_server_that_is_not_there_is_unreachable() -> None:
    async with open_client(**LOOPBACK) as client:
        with pytest.raises(Unreachable):
            await channel(api_url="http://127.0.0.1:1", client=client).send(LETTER)


async def test_the_wrong_token_is_a_problem_of_the_account(setup: Setup) -> None:
    account = Account(sid=SID, token="wrong", api_url=setup.fake.url, public_url=PUBLIC)
    with pytest.raises(AccountProblem):
        await Twilio("sms", account, setup.client).send(LETTER)
    assert setup.fake.sent == []


# Messaging Service, and templates after WhatsApp's 24 hours

ACCOUNT = Account(
    sid=SID, token=TOKEN, api_url="", public_url=PUBLIC, service="MG1", templates={"en": "HX1", "ne": "HX2"},
    variables='{"1": "Amana"}',
)  # fmt: skip


async def test_a_messaging_service_sends_from_the_number_that_was_written_to(setup: Setup) -> None:
    account = replace(ACCOUNT, api_url=setup.fake.url)
    await Twilio("sms", account, setup.client).send(LETTER)
    await Twilio("whatsapp", account, setup.client).send(LETTER)
    assert [(one.service, one.sender) for one in setup.fake.sent] == [
        ("MG1", OUR_NUMBER), ("", f"whatsapp:{OUR_NUMBER}"),
    ]  # fmt: skip


@pytest.mark.parametrize(("language", "template"), [("ne", "HX2"), ("ar", "HX1")])
async def test_after_the_window_only_an_approved_template_goes_out(setup: Setup, language: str, template: str) -> None:
    late = replace(LETTER, silence=86_101.0, language=language)
    with pytest.raises(WindowClosed, match="template sent"):
        await Twilio("whatsapp", replace(ACCOUNT, api_url=setup.fake.url), setup.client).send(late)
    (sent,) = setup.fake.sent
    assert (sent.template, sent.variables, sent.body, sent.callback) == (template, '{"1": "Amana"}', "", "")


async def test_within_the_window_and_by_sms_the_words_themselves_go_out(setup: Setup) -> None:
    account = replace(ACCOUNT, api_url=setup.fake.url)
    await Twilio("whatsapp", account, setup.client).send(replace(LETTER, silence=86_099.0))
    await Twilio("sms", account, setup.client).send(replace(LETTER, silence=1e9))
    assert [(one.body, one.template) for one in setup.fake.sent] == [(LETTER.text, "")] * 2


async def test_without_a_template_nothing_goes_out_after_the_window(setup: Setup) -> None:
    account = replace(ACCOUNT, api_url=setup.fake.url, templates={})
    with pytest.raises(WindowClosed, match="window closed"):
        await Twilio("whatsapp", account, setup.client).send(replace(LETTER, silence=1e9))
    assert setup.fake.attempts == 0


async def test_when_twilios_clock_says_that_the_window_is_closed_the_template_follows(setup: Setup) -> None:
    setup.fake.fail(1, 400, 63016)
    with pytest.raises(WindowClosed):
        await Twilio("whatsapp", replace(ACCOUNT, api_url=setup.fake.url), setup.client).send(LETTER)
    assert [one.template for one in setup.fake.sent] == ["HX1"]
