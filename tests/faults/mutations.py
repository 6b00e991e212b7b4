"""Requests of providers and of the page, spoilt by chance in their bytes, their fields or their headers (R9).

They are signed after they were spoilt, as if the provider itself had gone mad; now and then before.
"""

import hashlib
import json
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode

from channels.webchat import Webchat
from core.crypto import Vault
from tests.channels.harness import MASTER
from tests.fakes import meta, telegram
from tests.fakes.aggregator import FakeAggregator
from tests.fakes.provider import Signed
from tests.fakes.twilio import TOKEN, FakeTwilio, sign

CANARY = "quetzalcoatl"
"""In every text, every name and every id that is not a number: none of them may be in a log."""
ODD_BYTES = [
    b"\x00", b"\xff", b"\xed\xa0\x80", b"\\ud800", b"\\u0000", b"{", b"}", b"[" * 3000, b'{"a":' * 1200, b"]", b'"',
    b",", b":", b"%", b"%00", b"%ff", b"%ED%A0%80", b"&", b"=", b"+", b";", b"\r\n\r\n", b"9" * 5000, b"-", b"1e999",
    b"NaN", b"Infinity", b"null", b"\xef\xbb\xbf", "﷽".encode() * 60, "\u202e".encode(), b"/*", b"\x1b]0;x\x07",
]  # fmt: skip
ODD: list[Any] = [
    None, True, False, 0, -1, 1, 2**31, 2**63, 2**200, -(2**63), 1e308, -0.0, 0.1, "", " ", "\x00", "\ud800",
    "\udfff\ud800", "a" * 5000, "x" * 200_000, "٣٤", "STOP", "read", "failed", "text", "button", "media", "-1", "1e5",
    "99999999999999999999", "٠",
    "http://169.254.169.254/", "{name} %s %n {0.__class__}", "' OR 1=1 --", "\r\nx: y", "\u202e\u200b", "/restart",
    [], {}, [[]], [None], [{}], {"": ""}, {"id": {}}, ["a"] * 300, [[[[[[[[[[[[]]]]]]]]]]]],
]  # fmt: skip
TYPES = [
    "", "text/plain", "application/json", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "a;b",
    "APPLICATION/JSON; charset=utf-16", "application/json; charset=\u00ff",
    "APPLICATION/x-www-form-urlencoded; charset=x",
]  # fmt: skip
HUGE_BYTES = 3_500_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Spoilt:
    """A request, and a message in it that was left whole, if there is one."""

    channel: str
    request: Signed
    whole: str | None = None


class Mutations:
    """Makes requests, the same ones for the same seed."""

    def __init__(self, seed: int, url: str) -> None:
        self._chance = random.Random(seed)
        self._url = url
        self._web = Webchat(Vault(MASTER), lambda _: None)
        self._number = 0
        self._makers: list[Callable[[], Spoilt]] = [
            self._twilio, self._twilio, self._twilio_json, self._meta, self._meta, self._meta_beside, self._telegram,
            self._aggregator, self._aggregator, self._page,
        ]  # fmt: skip

    def next(self) -> Spoilt:
        """Make the next request."""
        self._number += 1
        made = self._chance.choice(self._makers)()
        if made.whole is None and self._chance.random() < 0.08:
            return Spoilt(channel=made.channel, request=self._after(made.request))
        return made

    def _after(self, signed: Signed) -> Signed:
        """Spoil what was signed already: its headers, or a body that nobody has signed."""
        headers = dict(signed.headers)
        what = self._chance.randrange(4)
        if what == 0:
            headers["Content-Type"] = self._chance.choice(TYPES)
        elif what == 1:
            headers["Content-Encoding"] = self._chance.choice(["gzip", "deflate", "br", "x"])
        elif what == 2:
            headers.pop(self._chance.choice(list(headers)))
        else:
            return Signed(path=signed.path, headers=headers, body=self._bytes(signed.body))
        return Signed(path=signed.path, headers={one: text.encode() for one, text in headers.items()}, body=signed.body)  # type: ignore[dict-item]

    # what each of them sends

    @property
    def _sender(self) -> str:
        return f"1500555{self._number:05d}"

    def _twilio(self) -> Spoilt:
        brand, path, query = self._chance.choice(["sms", "whatsapp"]), "", ""
        sid = f"SM{self._number:032x}"
        more = self._chance.choice([
            {}, {}, {"NumMedia": "1", "MediaUrl0": f"https://x.example/{CANARY}", "MediaContentType0": "image/jpeg"},
            {"Latitude": "27.7", "Longitude": "85.3", "Address": CANARY},
            {"ButtonPayload": "a" * 32, "ButtonText": CANARY}, {"OptOutType": "STOP"}, {"ListId": "1"},
        ])  # fmt: skip
        fake = FakeTwilio.incoming
        params = fake(_NOWHERE, brand, self._text(), sender=f"+{self._sender}", MessageSid=sid, SmsSid=sid, **more)
        if self._chance.random() < 0.2:
            path, query = "/status", self._chance.choice(["", "?ref=" + "a" * 32, "?ref=%ff&ref=&bodySHA256"])
            params |= {"MessageStatus": "undelivered", "ErrorCode": self._chance.choice(["30003", CANARY, "\x00"])}
        where = f"/hooks/{brand}{path}{query}"
        body = self._form(list(params.items()))
        pairs = sorted(set(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True)))
        kind = "application/x-www-form-urlencoded"
        proof = sign(TOKEN, self._url + where, pairs)
        return self._made(brand, where, {"X-Twilio-Signature": proof, "Content-Type": kind}, body)

    def _twilio_json(self) -> Spoilt:
        said = {"MessageSid": f"SM{self._number:032x}", "From": f"+{self._sender}", "To": "+15005550006", "NumMedia": 0,
                "Body": self._text(), "AccountSid": "AC" + "0" * 32}  # fmt: skip
        body = self._json(said)
        where = f"/hooks/sms?bodySHA256={hashlib.sha256(body).hexdigest()}"
        proof = sign(TOKEN, self._url + where)
        return self._made("sms", where, {"X-Twilio-Signature": proof, "Content-Type": "application/json"}, body)

    def _meta_message(self) -> dict[str, Any]:
        pressed = {"type": "button_reply", "button_reply": {"id": "b" * 32, "title": CANARY}}
        kinds: list[dict[str, Any]] = [
            {}, {}, {"type": "image", "image": {"id": "1", "caption": self._text()}, "text": None},
            {"type": "interactive", "interactive": pressed}, {"type": "reaction", "reaction": {"emoji": "👍"}},
            {"type": "button", "button": {"payload": "a", "text": CANARY}},
            {"type": "location", "location": {"latitude": 1.5, "longitude": 2, "name": CANARY}},
            {"type": "system", "system": {"body": CANARY}}, {"from": None, "from_user_id": f"NP.{self._number}abc"},
        ]  # fmt: skip
        identifier = f"wamid.{self._number}.0"
        return meta.message(
            self._text(), **{"sender": self._sender, "identifier": identifier} | self._chance.choice(kinds)
        )

    def _meta(self) -> Spoilt:
        status = {"id": f"wamid.{CANARY}", "status": "failed", "timestamp": "1790000001", "recipient_id": self._sender,
                  "biz_opaque_callback_data": "a" * 32, "errors": [{"code": 131026, "title": CANARY}]}  # fmt: skip
        statuses = (status,) if self._chance.random() < 0.4 else ()
        return self._of_meta(self._json(meta.webhook(meta.value(self._meta_message(), statuses=statuses))))

    def _meta_beside(self) -> Spoilt:
        """Return a request in which one message is whole and its neighbour is not."""
        whole = f"wamid.{self._number}.1"
        good = meta.message(self._text(), sender=self._sender, identifier=whole)
        bad = self._spoil(self._meta_message())
        pair = [good, bad] if self._chance.random() < 0.5 else [bad, good]
        made = self._of_meta(json.dumps(meta.webhook(meta.value(good) | {"messages": pair})).encode())
        same = isinstance(bad, dict) and bad.get("id") == whole
        return Spoilt(channel=made.channel, request=made.request, whole=None if same else whole)

    def _of_meta(self, body: bytes) -> Spoilt:
        headers = {"Content-Type": "application/json", "X-Hub-Signature-256": meta.sign(body)}
        return self._made("whatsapp_cloud", "/hooks/whatsapp_cloud", headers, body)

    def _telegram(self) -> Spoilt:
        chat = 9_000_000 + self._number
        said = telegram.message(self._text(), chat=chat)
        blocked = {"chat": said["chat"], "from": said["from"], "date": 1, "new_chat_member": {"status": "kicked"}}
        kinds: list[dict[str, Any]] = [
            {"message": said}, {"message": said}, {"edited_message": said}, {"channel_post": said},
            {"message": telegram.message(None, chat=chat, photo=[{"file_id": CANARY}], caption=self._text())},
            {"callback_query": {"id": "4382", "from": said["from"], "message": said, "data": "b" * 32}},
            {"my_chat_member": blocked},
        ]  # fmt: skip
        body = self._json({"update_id": self._number, **self._chance.choice(kinds)})
        headers = {"Content-Type": "application/json", "X-Telegram-Bot-Api-Secret-Token": telegram.SECRET}
        return self._made("telegram", "/hooks/telegram", headers, body)

    def _aggregator(self) -> Spoilt:
        path = "/hooks/sms_gateway"
        said = {"id": f"mo-{self._number}", "from": f"+{self._sender}", "to": "+15005550006", "text": self._text()}
        if self._chance.random() < 0.2:
            path += "/status"
            said = {"id": CANARY, "reference": "a" * 32, "status": "failed", "error": CANARY}
        form = self._chance.random() < 0.4
        body = self._form(list(said.items())) if form else self._json(said)
        signed = FakeAggregator.signed(_NOWHERE, body, path=path, form=form)
        return self._made("sms_gateway", path, dict(signed.headers), body)

    def _page(self) -> Spoilt:
        said = {"id": f"{self._number:032x}", "text": self._text(), "language": "ne", "button": None}
        body = self._json(said)
        # each from a house of its own, so that the limits do not hide what we want to see
        house = f"10.{self._number >> 16 & 255}.{self._number >> 8 & 255}.{self._number & 255}"
        headers = {"Authorization": f"Bearer {self._web.new_token()}", "Content-Type": "application/json"}
        return self._made("web", "/web/say", headers | {"X-Forwarded-For": house}, body)

    def _made(self, channel: str, path: str, headers: dict[str, str], body: bytes) -> Spoilt:
        return Spoilt(channel=channel, request=Signed(path=path, headers=headers, body=body))

    def _text(self) -> str:
        return f"{CANARY} {self._chance.choice(['hello', 'मद्दत', 'مساعدة', 'STOP', '1', '🆘', 'x' * 400])}"

    # spoiling

    def _json(self, said: Any) -> bytes:
        """Return what was said as JSON, spoilt in its parts, in its bytes, or hardly."""
        for _ in range(self._chance.choice([0, 1, 1, 1, 2, 4])):
            said = self._spoil(said)
        body = json.dumps(said, ensure_ascii=self._chance.random() < 0.7).encode("utf-8", "surrogatepass")
        return self._bytes(body) if self._chance.random() < 0.3 else body

    def _form(self, pairs: list[tuple[str, str]]) -> bytes:
        chance = self._chance
        for _ in range(chance.choice([0, 1, 1, 2, 4])):
            place, odd = chance.randrange(len(pairs)), chance.choice(ODD)
            text = odd if isinstance(odd, str) else json.dumps(odd)
            name, value = pairs[place]
            pairs[place : place + 1] = chance.choice([
                [], [(name, text)], [(name, value), (name, text)], [(text, value)], [(name, value + text)],
                [(name, value), *((f"extra{n}", "") for n in range(300))],
            ]) or pairs[place + 1 : place + 2]  # fmt: skip
            pairs = pairs or [("", "")]
        body = urlencode(
            [(one.encode("utf-8", "surrogatepass"), two.encode("utf-8", "surrogatepass")) for one, two in pairs]
        )
        return self._bytes(body.encode()) if chance.random() < 0.3 else body.encode()

    def _spoil(self, said: Any) -> Any:
        """Return a copy with one part replaced, dropped, doubled, renamed or put a level deeper."""
        said = json.loads(json.dumps(said))
        places: list[tuple[Any, Any]] = []
        _walk(said, places)
        if not places:
            return self._chance.choice(ODD)
        holder, key = self._chance.choice(places)
        what = self._chance.randrange(8)
        if what < 4:
            holder[key] = self._chance.choice(ODD)
        elif what == 4:
            del holder[key]
        elif what == 5:
            holder[key] = [holder[key], holder[key]]
        elif what == 6:
            holder[key] = {"id": holder[key]}
        elif isinstance(holder, dict):
            holder[str(self._chance.choice(ODD))[:50]] = holder.pop(key)
        else:
            holder += holder[:50]
        return said

    def _bytes(self, body: bytes) -> bytes:
        chance = self._chance
        for _ in range(chance.choice([1, 1, 2, 3])):
            start = chance.randrange(len(body) + 1)
            end = min(len(body), start + chance.choice([1, 1, 4, 30]))
            body = chance.choice([
                body[:start] + bytes([chance.randrange(256)]) + body[end:], body[:start] + body[end:], body[:start],
                body[:end] + body[start:], body[:start] + chance.choice(ODD_BYTES) + body[start:],
                body[end:] + body[:start],
            ])  # fmt: skip
        return body + b" " * HUGE_BYTES if chance.random() < 0.002 else body


def _walk(said: Any, places: list[tuple[Any, Any]]) -> None:
    inside = said.items() if isinstance(said, dict) else enumerate(said) if isinstance(said, list) else ()
    for key, value in list(inside):
        places.append((said, key))
        _walk(value, places)


class _Nowhere:
    """What the fakes read of themselves when they make a request, without a server."""

    number = "+15005550006"
    account_sid = "AC" + "0" * 32

    def new_sid(self) -> str:
        return ""


_NOWHERE: Any = _Nowhere()
