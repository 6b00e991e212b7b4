"""WhatsApp over Meta: what is genuine, what it means, how choices look, and what each answer tells us to do."""

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import Any

import httpx
import pytest

from channels import whatsapp_codes
from channels.channel import open_client
from channels.whatsapp import Business, WhatsAppCloud
from channels.whatsapp_shapes import content, width
from core.config import ROOT, Settings
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
    WindowClosed,
)
from core.messages import Button, Hook, Inbound, Outbound, Receipt
from core.responses import load
from core.words import Words
from tests.channels.harness import compiled
from tests.fakes.loopback import LOOPBACK
from tests.fakes.meta import (
    ACCESS_TOKEN,
    APP_SECRET,
    PHONE_NUMBER_ID,
    VERIFY_TOKEN,
    FakeMeta,
    escaped,
    message,
    sign,
    value,
    webhook,
)

THEM = "15005550001"
SCOPED = "US.13491208655302741918"
SETTINGS = Settings(
    whatsapp_access_token=ACCESS_TOKEN, whatsapp_app_secret=APP_SECRET, whatsapp_app_secret_previous="p" * 32,
    whatsapp_verify_token=VERIFY_TOKEN, whatsapp_template="amana_knock",
    whatsapp_template_languages=("en=en_US", "es=es"),
)  # fmt: skip


def channel(client: httpx.AsyncClient | None = None, **more: object) -> WhatsAppCloud:
    settings = replace(SETTINGS, **more)  # type: ignore[arg-type]
    return WhatsAppCloud(Business.from_settings(settings), client or open_client())


def hook(body: bytes, signature: str | None = None) -> Hook:
    headers = {"x-hub-signature-256": sign(body) if signature is None else signature}
    return Hook(method="POST", path="/hooks/whatsapp_cloud", query="", headers=headers, body=body)


def parsed(*values: dict[str, Any], field: str = "messages") -> list[Inbound | Receipt]:
    return channel().parse(hook(escaped(webhook(*values, field=field))))


# the signature

VECTOR = (
    # computed with openssl from Meta's description, not with this code:
    # printf %s "$BODY" | openssl dgst -sha256 -hmac "$SECRET"
    b'{"text":"\\u0928\\u092e\\u0938\\u094d\\u0924\\u0947 \\ud83d\\ude4f"}',
    "sha256=5c46988835306a46cce35115ee8959905f0a86b74a60d354ec5fe57bc4e30160",
)


def test_a_vector_made_with_another_program_is_accepted() -> None:
    channel().verify(hook(*VECTOR))


def test_the_raw_bytes_count_and_not_what_they_mean() -> None:
    same_meaning = '{"text":"नमस्ते 🙏"}'.encode()
    with pytest.raises(Forged):
        channel().verify(hook(same_meaning, VECTOR[1]))


def test_the_former_secret_is_good_while_it_is_replaced() -> None:
    body = escaped(webhook(value(message("hi"))))
    channel().verify(hook(body, sign(body, "p" * 32)))
    with pytest.raises(Forged):
        channel(whatsapp_app_secret_previous="").verify(hook(body, sign(body, "")))


BODY = escaped(webhook(value(message("hi"))))
FORGED = {
    "missing": "", "empty": "sha256=", "another secret": sign(BODY, "x" * 32), "shortened": sign(BODY)[:-1],
    "no prefix": sign(BODY)[7:], "another prefix": "sha1=" + sign(BODY)[7:], "of other bytes": sign(BODY + b" "),
    "not ASCII": "sha256=é", "twice": sign(BODY) + sign(BODY),
}  # fmt: skip


@pytest.mark.parametrize("signature", FORGED.values(), ids=FORGED)
def test_a_forged_signature_is_refused(signature: str) -> None:
    with pytest.raises(Forged):
        channel().verify(hook(BODY, signature))


# the handshake


def asked(**more: str) -> Hook:
    query = {"hub.mode": "subscribe", "hub.challenge": "1158201444", "hub.verify_token": VERIFY_TOKEN} | more
    return Hook(
        method="GET", path="/hooks/whatsapp_cloud", query=str(httpx.QueryParams(query)), headers={}, body=b""
    )  # fmt: skip


def test_the_challenge_is_answered_to_who_knows_the_token() -> None:
    assert channel().greet(asked()) == "1158201444"


def test_a_greeting_without_end_is_refused() -> None:
    with pytest.raises(Forged):
        channel().greet(Hook(method="GET", path="", query="a=1&" * 100, headers={}, body=b""))


@pytest.mark.parametrize(
    "wrong",
    [
        {"hub.verify_token": "other"}, {"hub.verify_token": ""}, {"hub.mode": "unsubscribe"},
        {"hub.challenge": "<script>"}, {"hub.challenge": "1" * 201}, {"hub.challenge": ""},
    ],
)  # fmt: skip
def test_a_greeting_of_somebody_else_is_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(Forged):
        channel().greet(asked(**wrong))


# what a message means


def pressed(kind: str, **reply: str) -> dict[str, Any]:
    return message("", type="interactive", text=None, interactive={"type": kind, kind: reply})


RECEIVE: dict[str, tuple[dict[str, Any], dict[str, object]]] = {
    "text": (message("namaste"), {"kind": "text", "text": "namaste", "button": None, "address": "+" + THEM}),
    "another script": (message("नमस्ते 🙏"), {"text": "नमस्ते 🙏"}),
    "something like a command": (message('/restart{"a":1}'), {"kind": "text", "text": '/restart{"a":1}'}),
    "blanks only": (message(" \n"), {"kind": "other"}),
    "half a character": (message("a\ud800b"), {"text": "a?b"}),
    "words that are a number": (message("", text={"body": 5}), {"kind": "other", "text": ""}),
    "a reply button": (
        pressed("button_reply", id="b" * 32, title="Yes"), {"kind": "button", "button": "b" * 32, "text": "Yes"},
    ),
    "a row of a list": (
        pressed("list_reply", id="c" * 32, title="Fees", description="what may be asked"),
        {"kind": "button", "button": "c" * 32, "text": "Fees"},
    ),
    "a form of a flow": (pressed("nfm_reply", name="flow", body="Sent"), {"kind": "other", "button": None}),
    "a button of a template": (
        message("", type="button", text=None, button={"payload": "d" * 32, "text": "Read"}),
        {"kind": "button", "button": "d" * 32, "text": "Read"},
    ),
    "a picture": (message("", type="image", text=None, image={"id": "1"}), {"kind": "media", "text": ""}),
    "a picture with words": (
        message("", type="image", text=None, image={"id": "1", "caption": "my contract"}),
        {"kind": "media", "text": "my contract"},
    ),
    "a voice message": (message("", type="audio", text=None, audio={"id": "1", "voice": True}), {"kind": "media"}),
    "a document": (message("", type="document", text=None, document={"id": "1"}), {"kind": "media"}),
    "a sticker": (message("", type="sticker", text=None, sticker={"id": "1"}), {"kind": "media"}),
    "a place": (
        message("", type="location", text=None, location={"latitude": 25.2, "longitude": 51.5}),
        {"kind": "location", "text": ""},
    ),
    "a contact": (message("", type="contacts", text=None, contacts=[{"name": {}}]), {"kind": "other"}),
    "a reaction": (message("", type="reaction", text=None, reaction={"emoji": "👍"}), {"kind": "other", "text": ""}),
    "what WhatsApp cannot show us": (
        message("", type="unsupported", text=None, errors=[{"code": 131051}]), {"kind": "other", "text": ""},
    ),
    "a kind of tomorrow": (message("", type="hologram", text=None, hologram="x"), {"kind": "other", "text": ""}),
    "somebody without a number": (
        message("hi", **{"from": None, "from_user_id": SCOPED}), {"address": SCOPED, "alias": None},
    ),
    "somebody with both": (message("hi", from_user_id=SCOPED), {"address": SCOPED, "alias": "+" + THEM}),
    "somebody with an id and no real number": (message("hi", sender="me", from_user_id=SCOPED), {"alias": None}),
    "an id of a group of businesses": (message("hi", from_user_id="US.ENT.118157"), {"address": "US.ENT.118157"}),
    "an id that is none": (message("hi", from_user_id="?"), {"address": "+" + THEM}),
}  # fmt: skip


@pytest.mark.parametrize(("one", "expected"), RECEIVE.values(), ids=RECEIVE)
def test_what_a_message_means(one: dict[str, Any], expected: dict[str, object]) -> None:
    (found,) = parsed(value(one))
    assert isinstance(found, Inbound)
    assert (found.provider_id, found.sender, found.channel) == ("wamid.A", PHONE_NUMBER_ID, "whatsapp_cloud")
    assert {name: getattr(found, name) for name in expected} == expected


def test_the_id_may_stand_in_the_contact_but_not_in_one_of_several() -> None:
    one = message("hi", **{"from": None})
    contact = {"profile": {}, "user_id": SCOPED}
    (found,) = parsed(value(one, contacts=[contact]))
    assert isinstance(found, Inbound)
    assert found.address == SCOPED
    with pytest.raises(Malformed):
        parsed(value(one, contacts=[contact, contact]))


def test_one_request_may_hold_many_messages_and_receipts_of_several_numbers() -> None:
    other = value(message("three", identifier="wamid.C", at=1790000002), metadata={"phone_number_id": "999888777"})
    found = parsed(
        value(message("two", identifier="wamid.B", at=1790000001), message("one", at=1790000000)),
        other,
        value(statuses=({"id": "wamid.X", "status": "read", "biz_opaque_callback_data": "ours"},)),
    )
    said = [(one.text, one.sender) for one in found if isinstance(one, Inbound)]
    assert said == [("one", PHONE_NUMBER_ID), ("two", PHONE_NUMBER_ID), ("three", "999888777")]
    assert [one for one in found if isinstance(one, Receipt)] == [
        Receipt(channel="whatsapp_cloud", provider_id="wamid.X", status="read", reference="ours")
    ]


BROKEN: list[Any] = [
    None, 1, [], {}, {"id": "wamid.Z"},
    message("x", identifier="a b"), message("x", sender="me"), message("x", type=None), message("x", type={}),
    message("x", identifier=""), message("x", id=["wamid"]),
]  # fmt: skip


@pytest.mark.parametrize("broken", BROKEN, ids=repr)
def test_one_item_that_makes_no_sense_spoils_no_other(broken: Any) -> None:
    first, last = message("first"), message("last", identifier="wamid.B")
    found = parsed(value(first, broken, last))
    assert [one.text for one in found if isinstance(one, Inbound)] == ["first", "last"]
    with pytest.raises(Malformed):
        parsed(value(message(""), messages=[broken]))


@pytest.mark.parametrize("told", [None, "soon", "9" * 40, "0", "-5", [], {}, True])
def test_a_message_with_a_wrong_clock_keeps_its_place(told: Any) -> None:
    """Not dropped, and not put before the others as if it were of 1970, which would also count as written long ago."""
    found = parsed(
        value(
            message("1", at=1790000005), message("2", identifier="wamid.B", timestamp=told),
            message("3", identifier="wamid.C", at=1790000006), message("0", identifier="wamid.D", at=1790000001),
        )
    )  # fmt: skip
    assert [one.text for one in found if isinstance(one, Inbound)] == ["0", "1", "2", "3"]
    assert [one.sent_at for one in found if isinstance(one, Inbound)][2] is None


@pytest.mark.parametrize(
    "one",
    [
        message("", type="revoke", text=None, revoke={"original_message_id": "wamid.A"}),
        message("", type="edit", text=None, edit={"message": {"type": "text", "text": {"body": "other words"}}}),
        message("", type="reaction", text=None, reaction={"message_id": "wamid.A"}),
        message("", type="reaction", text=None, reaction={"message_id": "wamid.A", "emoji": ""}),
    ],
    ids=["deleted", "edited", "reaction taken back", "reaction emptied"],
)
def test_who_takes_back_what_they_wrote_hears_nothing(one: dict[str, Any]) -> None:
    """They may have to: the phone must not light up because of it."""
    assert parsed(value(one)) == []
    (found,) = parsed(value(one, message("still here", identifier="wamid.B")))
    assert isinstance(found, Inbound)
    assert found.text == "still here"


def test_what_nobody_said_is_skipped_without_a_complaint() -> None:
    assert parsed(value(message("", type="system", text=None, system={"type": "user_changed_number"}))) == []
    assert parsed(value(message("hi", group_id="120363"))) == []
    assert parsed({"event": "APPROVED"}, field="message_template_status_update") == []
    assert parsed() == []


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"1", b"[" * 100_000, b'{"object":"page","entry":[]}', b'{"a":NaN}',
             b'{"object":"whatsapp_business_account"}', b'{"object":"whatsapp_business_account","entry":{}}'],
)  # fmt: skip
def test_a_request_that_is_no_webhook_of_whatsapp_is_malformed(body: bytes) -> None:
    with pytest.raises(Malformed):
        channel().parse(hook(body))


RECEIPTS = [
    ("sent", None, "sent", None), ("delivered", None, "delivered", None), ("read", None, "read", None),
    ("played", None, "read", None), ("failed", 131026, "failed", "131026"), ("failed", None, "failed", None),
    ("failed", 131047, "failed", "131047"), ("failed", 131000, "failed", "131000"),
    ("sent", 131026, "sent", None),
]  # fmt: skip


@pytest.mark.parametrize(("status", "code", "expected", "error"), RECEIPTS)
def test_what_a_receipt_means(status: str, code: int | None, expected: str, error: str | None) -> None:
    one: dict[str, Any] = {"id": "wamid.X", "status": status, "biz_opaque_callback_data": "a" * 32}
    if code:
        one["errors"] = [{"code": code}]
    (found,) = parsed(value(statuses=(one,)))
    assert found == Receipt(
        channel="whatsapp_cloud", provider_id="wamid.X", status=expected, error=error, reference="a" * 32,  # type: ignore[arg-type]
        retryable=error in ("131047", "131000"),
    )  # fmt: skip


@pytest.mark.parametrize("code", ["\x00", "\ud800", {"a": "\ud800"}, [1], "9" * 500, None])
def test_an_odd_error_code_can_be_stored_in_every_database(code: Any) -> None:
    (found,) = parsed(value(statuses=({"id": "wamid.X", "status": "failed", "errors": [{"code": code}]},)))
    assert isinstance(found, Receipt)
    assert found.error is None or (found.error.isprintable() and len(found.error) <= 60)


def test_a_receipt_of_an_unknown_status_is_malformed() -> None:
    with pytest.raises(Malformed):
        parsed(value(statuses=({"id": "wamid.X", "status": "folded"},)))


# how choices look

LETTER = Outbound(
    reference="0" * 32, channel="whatsapp_cloud", address="+" + THEM, sender=PHONE_NUMBER_ID, text="नमस्ते 😀"
)


def letter(*titles: str, text: str = "Choose") -> Outbound:
    return replace(LETTER, text=text, buttons=tuple(Button(id=f"{n:032x}", title=one) for n, one in enumerate(titles)))


SHAPES = {
    "no choice": ((), "Choose", "text"), "one": (("a",), "Choose", "button"),
    "three": (("a", "b", "c"), "Choose", "button"),
    "three of 20": (tuple(letter_ * 20 for letter_ in "abc"), "Choose", "button"),
    "one of 21": (("a" * 21, "b"), "Choose", "list"), "four": (tuple("abcd"), "Choose", "list"),
    "ten of 24": (tuple(letter_ * 24 for letter_ in "abcdefghij"), "Choose", "list"),
    "eleven": (tuple("abcdefghijk"), "Choose", "text"), "one of 25": (("a" * 25, "b"), "Choose", "text"),
    "two that look the same": (("Yes", "Yes"), "Choose", "text"), "one without words": (("", "b"), "Choose", "text"),
    "a text of 1024": (("a",), "x" * 1024, "button"), "a text of 1025": (("a",), "x" * 1025, "list"),
    "emoji, which may count twice": (("😀" * 11,), "Choose", "list"),
}  # fmt: skip


@pytest.mark.parametrize(("titles", "text", "shape"), SHAPES.values(), ids=SHAPES)
def test_choices_become_buttons_or_a_list_or_numbers(titles: tuple[str, ...], text: str, shape: str) -> None:
    made = content(letter(*titles, text=text))
    assert (made["interactive"]["type"] if made["type"] == "interactive" else made["type"]) == shape
    if shape == "text":
        lines = [text, *(f"{n} {one}" for n, one in enumerate(titles, start=1))]
        assert made["text"]["body"] == "\n".join(lines)


@pytest.fixture(scope="module")
def words(tmp_path_factory: pytest.TempPathFactory) -> Words:
    real = ROOT / "locales"
    return Words.load(real if any(real.glob("*/LC_MESSAGES/*.mo")) else compiled(tmp_path_factory.mktemp("locales")))


def test_every_menu_of_the_product_fits_in_every_language_in_some_shape(words: Words) -> None:
    responses = load(ROOT / "bot" / "domain" / "responses")
    menus = [menu for menu in responses.choices.values() if menu]
    assert len(menus) > 10
    with FakeMeta(gateway_url="http://127.0.0.1:1") as fake:
        for language in words.languages:
            for menu in menus:
                titles = [words.title(title, language) for title, _ in menu]
                made = content(letter(*titles, text="x" * 600))
                said = {"messaging_product": "whatsapp", "to": THEM, **made}
                headers = {"authorization": f"Bearer {ACCESS_TOKEN}"}
                body = httpx.Request("POST", fake.url, json=said).content
                assert fake.refusal(f"/v24.0/{PHONE_NUMBER_ID}/messages", headers, body) is None, (language, titles)


def test_the_length_is_never_less_than_what_meta_counts() -> None:
    assert (width("abc"), width("नमस्ते"), width("👩‍👩‍👧")) == (3, 6, 8)


# sending


@pytest.fixture
async def meta() -> AsyncIterator[tuple[FakeMeta, Callable[..., WhatsAppCloud]]]:
    with FakeMeta(gateway_url="http://127.0.0.1:1") as fake:
        async with open_client(**LOOPBACK) as client:
            yield fake, lambda **more: channel(client, whatsapp_api_url=fake.url, **more)


Meta = tuple[FakeMeta, Callable[..., WhatsAppCloud]]


async def test_a_message_goes_out_with_our_reference_for_receipts(meta: Meta) -> None:
    fake, make = meta
    identifier = await make().send(LETTER)
    (sent,) = fake.sent
    assert (sent.id, sent.to, sent.text, sent.reference) == (identifier, THEM, LETTER.text, LETTER.reference)


async def test_somebody_without_a_number_is_written_to_by_their_id(meta: Meta) -> None:
    fake, make = meta
    await make().send(replace(LETTER, address=SCOPED))
    assert [one.to for one in fake.sent] == [SCOPED]


@pytest.mark.parametrize("count", [1, 3, 4, 10, 11])
async def test_meta_takes_every_number_of_choices(meta: Meta, count: int) -> None:
    fake, make = meta
    await make().send(letter(*(f"choice {n}" for n in range(count))))
    (sent,) = fake.sent
    assert len(sent.choices) == (count if count < 11 else 0)


@pytest.mark.parametrize(("silence", "knocks"), [(0.0, False), (86_099.0, False), (86_101.0, True), (1e9, True)])
async def test_outside_the_window_only_a_neutral_template_goes_out(meta: Meta, silence: float, knocks: bool) -> None:
    fake, make = meta
    late = replace(LETTER, silence=silence, language="es")
    if not knocks:
        await make().send(late)
        assert [one.template for one in fake.sent] == [""]
        return
    with pytest.raises(WindowClosed):
        await make().send(late)
    (sent,) = fake.sent
    # it carries no reference: a receipt for it is no receipt for the message
    assert (sent.template, sent.text, sent.reference) == ("amana_knock", "", "")


async def test_without_a_template_nothing_goes_out(meta: Meta) -> None:
    fake, make = meta
    with pytest.raises(WindowClosed, match="window closed"):
        await make(whatsapp_template="").send(replace(LETTER, silence=1e9))
    assert fake.attempts == 0


async def test_when_metas_clock_says_that_the_window_is_closed_the_template_follows(meta: Meta) -> None:
    fake, make = meta
    fake.knobs.fail_next = [FakeMeta.error(131047)]
    with pytest.raises(WindowClosed):
        await make().send(LETTER)
    assert [one.template for one in fake.sent] == ["amana_knock"]


async def test_the_template_has_a_language_for_everybody(meta: Meta) -> None:
    codes = []

    def answer(request: httpx.Request) -> httpx.Response:
        codes.append(httpx.Response(200, content=request.content).json()["template"]["language"]["code"])
        return httpx.Response(200, json={"messages": [{"id": "wamid.T"}]})

    for language in ("es", "ne"):
        with pytest.raises(WindowClosed):
            await channel(open_client(httpx.MockTransport(answer))).send(
                replace(LETTER, silence=1e9, language=language)
            )
    assert codes == ["es", "en_US"]


async def answered(response: httpx.Response) -> SendError:
    with pytest.raises(SendError) as caught:
        await channel(open_client(httpx.MockTransport(lambda _: response)), whatsapp_template="").send(LETTER)
    return caught.value


@pytest.mark.parametrize(("code", "kind"), sorted(whatsapp_codes.CODES.items()))
async def test_every_error_code_is_answered_as_the_table_says(code: str, kind: type[SendError]) -> None:
    status, _, body = FakeMeta.error(int(code))
    error = await answered(httpx.Response(status, content=body))
    assert type(error) is kind
    if kind is not WindowClosed:
        assert error.code == code


NAMED_IN_R24 = {
    Throttled: {"130429", "131056"}, Unreachable: {"131053"}, Rejected: {"131026"}, WindowClosed: {"131047"},
    AccountProblem: {"131031", "131042"},
}  # fmt: skip


def test_the_table_holds_every_code_that_the_requirement_names() -> None:
    for kind, codes in NAMED_IN_R24.items():
        assert {code for code in codes if whatsapp_codes.CODES.get(code) is not kind} == set()


def graph(code: object, status: int = 400) -> httpx.Response:
    return httpx.Response(status, json={"error": {"code": code, "message": "no"}})


ANSWERS = [
    (graph(131056), Throttled, "131056", 6.0), (graph(299, 403), AccountProblem, "299", None),
    (graph(999999), Unknown, "999999", None), (graph(999999, 500), Unreachable, "500", None),
    (graph(3, 500), AccountProblem, "3", None), (graph(131000, 500), Unreachable, "131000", None),
    (graph(130429, 429), Throttled, "130429", None), (graph("130429"), Unknown, "400", None),
    (httpx.Response(429, headers={"Retry-After": "7"}), Throttled, "429", 7.0),
    (httpx.Response(502, text="<html>"), Unreachable, "502", None),
    (httpx.Response(400, text="no"), Unknown, "400", None), (httpx.Response(400, json=[]), Unknown, "400", None),
    (httpx.Response(302, headers={"Location": "https://evil.example/"}), Unknown, "302", None),
    (httpx.Response(200, text="<html>"), Ambiguous, "answer not understood", None),
    (
        httpx.Response(200, headers={"Content-Encoding": "gzip"}, stream=httpx.ByteStream(b"no gzip")),
        Ambiguous, "connection lost", None,
    ),
    (httpx.Response(200, json={"messages": []}), Ambiguous, "answer not understood", None),
    (httpx.Response(200, json={"messages": [{"id": 5}]}), Ambiguous, "answer not understood", None),
    (httpx.Response(200, content=b" " * 300_000), Ambiguous, "answer too long", None),
]  # fmt: skip


@pytest.mark.parametrize(("answer", "kind", "code", "retry_after"), ANSWERS)
async def test_what_an_answer_tells_us_to_do(
    answer: httpx.Response, kind: type[SendError], code: str, retry_after: float | None
) -> None:
    error = await answered(answer)
    assert (type(error), error.code, error.retry_after) == (kind, code, retry_after)
