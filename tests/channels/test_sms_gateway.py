"""A gateway of the operator's choice: signed with the time, read by names from the settings, sent by a template."""

import base64
import json
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlencode

import httpx
import pytest

from channels.channel import open_client
from channels.sms_gateway import REPLAY_SECONDS, SmsGateway
from channels.sms_gateway_fields import at_path, nested
from core.config import Settings
from core.errors import (
    AccountProblem,
    Ambiguous,
    Forged,
    Malformed,
    Rejected,
    SendError,
    Throttled,
    Unknown,
    Unreachable,
)
from core.messages import Hook, Inbound, Outbound, Receipt
from tests.fakes.aggregator import OUR_NUMBER, SECRET, FakeAggregator, sign
from tests.fakes.loopback import LOOPBACK

NOW = 1_790_000_000
THEM = "+15005550001"
SETTINGS = Settings(
    sms_gateway_secret=SECRET, sms_gateway_secret_previous="p" * 32, sms_gateway_number=OUR_NUMBER,
    sms_gateway_url="https://sms.example/send", sms_gateway_token="X-Api-Key: k",
)  # fmt: skip
JSON, FORM = "application/json", "application/x-www-form-urlencoded; charset=utf-8"


def channel(client: httpx.AsyncClient | None = None, **more: object) -> SmsGateway:
    return SmsGateway(replace(SETTINGS, **more), client or open_client(), lambda: float(NOW))  # type: ignore[arg-type]


def hook(
    payload: Any, *, stamp: str = str(NOW), signature: str | None = None, kind: str = JSON, path: str = ""
) -> Hook:
    body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    shown = sign(body, stamp) if signature is None else signature
    headers = {"x-signature": shown, "x-timestamp": stamp, "content-type": kind}
    return Hook(method="POST", path=f"/hooks/sms_gateway{path}", query="", headers=headers, body=body)


# the signature

# computed with openssl: printf %s '1790000000.{"id":"1"}' | openssl dgst -sha256 -hmac "$SECRET"
VECTOR = "aa7cbeeab03f4f8848431a1cc8e38f5ba082f9f79c8ed7d1b8eb1603e9458b0f"
BODY = b'{"id":"1"}'
SPELLINGS = {
    "hex": VECTOR, "capitals": VECTOR.upper(), "with a name": f"sha256={VECTOR}", "with a version": f"v1={VECTOR}",
    "base64": base64.b64encode(bytes.fromhex(VECTOR)).decode(),
    "base64 with a name": "sha256=" + base64.b64encode(bytes.fromhex(VECTOR)).decode(),
}  # fmt: skip


@pytest.mark.parametrize("signature", SPELLINGS.values(), ids=SPELLINGS)
def test_a_vector_made_with_another_program_is_accepted_in_each_spelling(signature: str) -> None:
    channel().verify(hook(BODY, signature=signature))


def test_the_former_key_is_good_while_it_is_replaced() -> None:
    made = sign(BODY, str(NOW), "p" * 32)
    channel().verify(hook(BODY, signature=made))
    with pytest.raises(Forged):
        channel(sms_gateway_secret_previous="").verify(hook(BODY, signature=made))


FORGED = {
    "missing": hook(BODY, signature=""), "shortened": hook(BODY, signature=VECTOR[:-1]),
    "another key": hook(BODY, signature=sign(BODY, str(NOW), "x" * 32)),
    "no key at all": hook(BODY, signature=sign(BODY, str(NOW), "")),
    "of other bytes": hook(BODY + b" ", signature=VECTOR),
    "another time": hook(BODY, stamp=str(NOW + 1), signature=VECTOR),
    "not ASCII": hook(BODY, signature="é"), "endless": hook(BODY, signature=VECTOR * 1000),
    "no time": hook(BODY, stamp=""), "a date": hook(BODY, stamp="Sun, 22 Nov 2026"),
    "a fraction": hook(BODY, stamp=f"{NOW}.0"),
    "an endless time": hook(BODY, stamp="9" * 40), "no text": hook(BODY, stamp="\udcff", signature=VECTOR),
    "other digits": hook(BODY, stamp="१७९"),
    "too old": hook(BODY, stamp=str(NOW - int(REPLAY_SECONDS) - 1)), "of the future": hook(BODY, stamp=str(NOW + 301)),
}  # fmt: skip


@pytest.mark.parametrize("forged", FORGED.values(), ids=FORGED)
def test_what_was_not_signed_with_our_key_lately_is_refused(forged: Hook) -> None:
    with pytest.raises(Forged):
        channel().verify(forged)


def test_the_time_may_be_in_milliseconds_and_a_little_off() -> None:
    for stamp in (str(NOW * 1000), str(NOW - 299), str(NOW + 299)):
        channel().verify(hook(BODY, stamp=stamp))


def test_the_headers_have_the_names_that_the_settings_give() -> None:
    made = hook(BODY)
    named = replace(made, headers={"x-hub": made.headers["x-signature"], "x-when": str(NOW), "content-type": JSON})
    channel(sms_gateway_signature_header="X-Hub", sms_gateway_timestamp_header="X-When").verify(named)
    with pytest.raises(Forged):
        channel().verify(named)


# what is read

GOOD = {"id": "1", "from": THEM, "to": OUR_NUMBER, "text": "नमस्ते"}


def test_json_and_forms_are_read_alike() -> None:
    expected = Inbound(
        channel="sms_gateway", address=THEM, sender=OUR_NUMBER, provider_id="1", text="नमस्ते", kind="text"
    )
    assert channel().parse(hook(GOOD)) == [expected]
    assert channel().parse(hook(urlencode(GOOD).encode(), kind=FORM)) == [expected]
    twice = urlencode([*GOOD.items(), ("text", "again")]).encode()
    assert channel().parse(hook(twice, kind=FORM)) == [expected]


@pytest.mark.parametrize("told", ["Application/JSON", "application/json ; charset=utf-8", "text/json", "a/b+json", ""])
def test_json_is_known_by_its_type_however_it_is_spelt(told: str) -> None:
    (found,) = channel().parse(hook(GOOD, kind=told))
    assert isinstance(found, Inbound)
    assert found.text == GOOD["text"]


def test_a_list_that_stands_by_itself_is_several_messages() -> None:
    items = [{**GOOD, "id": str(number), "text": str(number)} for number in range(3)]
    found = channel().parse(hook([items[0], 5, None, [], *items[1:]]))
    assert [one.text for one in found if isinstance(one, Inbound)] == ["0", "1", "2"]


def test_an_aggregator_with_names_and_a_list_of_its_own_is_connected_by_settings() -> None:
    told = channel(
        sms_gateway_list="results", sms_gateway_number="12345",
        sms_gateway_incoming=("id=messageId", "from=sender.msisdn", "text=message.text"),
    )  # fmt: skip
    items = [{"messageId": n, "sender": {"msisdn": THEM}, "message": {"text": f"part {n}"}} for n in (1, 2)]
    found = told.parse(hook({"results": [items[0], {"messageId": 9}, "x", items[1]]}))
    assert [(one.provider_id, one.text, one.sender) for one in found if isinstance(one, Inbound)] == [
        ("1", "part 1", "12345"), ("2", "part 2", "12345"),
    ]  # fmt: skip
    for broken in ({"results": {}}, {}, {"results": ["x"]}):
        with pytest.raises(Malformed):
            told.parse(hook(broken))


@pytest.mark.parametrize(
    ("written", "international", "expected"),
    [
        ("+977 9800000001", False, "+9779800000001"), ("9800000001", False, "9800000001"),
        ("9779800000001", True, "+9779800000001"), ("009779800000001", True, "+9779800000001"),
        ("12345", True, "12345"), ("AGENCY", True, "AGENCY"), ("0980000001", True, "0980000001"),
    ],
)  # fmt: skip
def test_a_plus_is_added_only_where_the_operator_said_so(written: str, international: bool, expected: str) -> None:
    (found,) = channel(sms_gateway_international=international).parse(hook(GOOD | {"from": written}))
    assert isinstance(found, Inbound)
    assert found.address == expected


@pytest.mark.parametrize(
    ("text", "kind"), [("", "other"), (" \n", "other"), (None, "other"), ({"a": 1}, "other"), ("🆘", "text")]
)
def test_no_words_are_no_error(text: object, kind: str) -> None:
    (found,) = channel().parse(hook(GOOD | {"text": text}))
    assert isinstance(found, Inbound)
    assert found.kind == kind


@pytest.mark.parametrize(
    "payload",
    [b"", b"{", b"[1]", b"[" * 100_000, GOOD | {"id": ""}, GOOD | {"id": None}, GOOD | {"id": "x" * 201},
     GOOD | {"id": True}, GOOD | {"from": ""}, GOOD | {"from": "+1\x00500"}, GOOD | {"from": "1" * 101},
     GOOD | {"from": [THEM]}],
    ids=lambda one: str(one)[:40],
)  # fmt: skip
def test_a_genuine_request_that_makes_no_sense_is_malformed(payload: Any) -> None:
    with pytest.raises(Malformed):
        channel().parse(hook(payload))
    with pytest.raises(Malformed):
        channel().parse(hook(b"\xff", kind=FORM))


RECEIPTS = [
    ("DELIVRD", "delivered", None), ("delivered", "delivered", None), ("Sent", "sent", None),
    ("EXPIRED", "failed", "27"),
    ("zugestellt", "delivered", None), ("queued", "queued", None),
]  # fmt: skip


@pytest.mark.parametrize(("status", "expected", "error"), RECEIPTS)
def test_what_a_receipt_means(status: str, expected: str, error: str | None) -> None:
    told = channel(sms_gateway_statuses=("Zugestellt=delivered",))
    payload = {"id": 77, "reference": "a" * 32, "status": status, "error": 27}
    assert told.parse(hook(payload, path="/status")) == [
        Receipt(channel="sms_gateway", provider_id="77", status=expected, error=error, reference="a" * 32)  # type: ignore[arg-type]
    ]


@pytest.mark.parametrize("payload", [{"id": "1", "status": "folded"}, {"status": "sent"}, {"id": "1"}])
def test_a_receipt_that_says_nothing_we_know_is_malformed(payload: Any) -> None:
    with pytest.raises(Malformed):
        channel().parse(hook(payload, path="/status"))


def test_the_gateway_reads_what_it_wants_to_read() -> None:
    assert channel().acknowledgement(hook(GOOD)) is None
    said = channel(sms_gateway_acknowledgement="OK").acknowledgement(hook(GOOD))
    assert said == ("text/plain; charset=utf-8", "OK")


# what is sent

LETTER = Outbound(reference="a" * 32, channel="sms_gateway", address=THEM, sender=OUR_NUMBER, text="{to} नमस्ते & {x}")


async def asked(answer: httpx.Response, **more: object) -> tuple[httpx.Request, str]:
    requests: list[httpx.Request] = []

    def take(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        return answer

    identifier = await channel(open_client(httpx.MockTransport(take)), **more).send(LETTER)
    return requests[0], identifier


async def test_what_is_sent_follows_the_template_and_words_are_never_one() -> None:
    request, identifier = await asked(httpx.Response(202, json={"id": 5}))
    assert json.loads(request.content) == {
        "to": THEM, "from": OUR_NUMBER, "text": LETTER.text, "reference": LETTER.reference,
    }  # fmt: skip
    assert (identifier, request.headers["x-api-key"], str(request.url)) == ("5", "k", "https://sms.example/send")


async def test_objects_and_lists_are_told_by_paths() -> None:
    outgoing = ("messages.0.destinations.0.to={digits}", "messages.0.text={text}", "messages.0.from=AMANA")
    answer = httpx.Response(200, json={"messages": [{"messageId": "x-1"}]})
    request, identifier = await asked(
        answer, sms_gateway_outgoing=outgoing, sms_gateway_answer_id="messages.0.messageId"
    )
    assert json.loads(request.content) == {
        "messages": [{"destinations": [{"to": "15005550001"}], "text": LETTER.text, "from": "AMANA"}]
    }
    assert identifier == "x-1"


async def test_a_form_is_sent_as_a_form() -> None:
    request, identifier = await asked(
        httpx.Response(200, text="0: Accepted for delivery"), sms_gateway_format="form", sms_gateway_answer_id="-",
        sms_gateway_outgoing=("dest={to}", "msg={text}", "coding=2"), sms_gateway_token="",
    )  # fmt: skip
    assert parse_qs(request.content.decode()) == {"dest": [THEM], "msg": [LETTER.text], "coding": ["2"]}
    assert identifier == LETTER.reference


ANSWERS = [
    (httpx.Response(429, headers={"Retry-After": "7"}), Throttled, "429", 7.0),
    (httpx.Response(500), Unreachable, "500", None),
    (httpx.Response(400), Rejected, "400", None), (httpx.Response(422), Rejected, "422", None),
    (httpx.Response(401), AccountProblem, "401", None), (httpx.Response(402), AccountProblem, "402", None),
    (httpx.Response(404), AccountProblem, "404", None), (httpx.Response(418), Unknown, "418", None),
    (httpx.Response(302, headers={"Location": "https://evil.example/"}), Unknown, "302", None),
    (httpx.Response(200, text="<html>"), Ambiguous, "answer not understood", None),
    (httpx.Response(200, json={"ID": 1}), Ambiguous, "answer not understood", None),
    (httpx.Response(200, json=[]), Ambiguous, "answer not understood", None),
]  # fmt: skip


@pytest.mark.parametrize(("answer", "kind", "code", "retry_after"), ANSWERS)
async def test_what_an_answer_tells_us_to_do(
    answer: httpx.Response, kind: type[SendError], code: str, retry_after: float | None
) -> None:
    with pytest.raises(SendError) as caught:
        await asked(answer)
    assert (type(caught.value), caught.value.code, caught.value.retry_after) == (kind, code, retry_after)


async def test_the_default_settings_fit_the_documented_aggregator() -> None:
    with FakeAggregator(gateway_url="http://127.0.0.1:1") as fake:
        async with open_client(**LOOPBACK) as client:
            identifier = await channel(client, **fake.settings()).send(LETTER)
    (sent,) = fake.sent
    assert (sent.id, sent.to, sent.text, sent.reference) == (identifier, THEM, LETTER.text, LETTER.reference)


# paths


def test_a_path_leads_through_objects_and_lists_or_nowhere() -> None:
    values = {"a": [{"b": 1}], "a.b": 2, "c": "x"}
    assert [at_path(values, path) for path in ("a.0.b", "a.b", "a.1.b", "a.x", "c.d", "", "z")] == [
        1, 2, None, None, None, None, None,
    ]  # fmt: skip
    assert nested({"b.1": "y", "b.0": "x", "c.d.e": "z", "f": "1"}) == {
        "b": ["x", "y"],
        "c": {"d": {"e": "z"}},
        "f": "1",
    }
