"""A Twilio on loopback: signs and posts what people send, takes what we send, and can be slow, broken or rude.

https://www.twilio.com/docs/usage/webhooks/webhooks-security (the signature, computed here from its description)
https://www.twilio.com/docs/messaging/guides/webhook-request (what is posted)
https://www.twilio.com/docs/messaging/api/message-resource (what is taken)

    with FakeTwilio(gateway_url="http://127.0.0.1:8080", account_sid=..., auth_token=...) as twilio:
        twilio.receive("sms", "namaste", sender="+15005550001")   # a person writes
        sent = twilio.wait_for(1)                                  # we answered
        twilio.post_status(sent[0], "delivered")                   # and it arrived
"""

import base64
import hashlib
import hmac
import json
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from email.utils import formatdate
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx

from tests.fakes import provider
from tests.fakes.provider import Answer

SID = "AC" + "0" * 32
TOKEN = "0123456789abcdef0123456789abcdef"
OUR_NUMBER = "+15005550006"


def sign(token: str, url: str, params: Iterable[tuple[str, str]] = ()) -> str:
    """Sign as documented: the whole URL, then every POST field, sorted by name, its value right after it."""
    text = url + "".join(name + value for name, value in sorted(params))
    return base64.b64encode(hmac.new(token.encode(), text.encode(), hashlib.sha1).digest()).decode()


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent(provider.Sent):
    """A message that the fake accepted from us, with Twilio's words for it."""

    callback: str
    variables: str = ""
    service: str = ""

    @property
    def sid(self) -> str:
        return self.id

    @property
    def body(self) -> str:
        return self.text


@dataclass(slots=True, kw_only=True)
class Knobs(provider.Knobs):
    """How the fake misbehaves. Each `next` counts down."""

    fail_lists: int = 0
    statuses: tuple[str, ...] = ()
    """Posted by itself after each accepted message."""


class FakeTwilio(provider.Provider[Sent]):
    """The server, and the person's side of it."""

    def __init__(
        self,
        *,
        gateway_url: str,
        public_url: str | None = None,
        account_sid: str = SID,
        auth_token: str = TOKEN,
        number: str = OUR_NUMBER,
        port: int = 0,
    ) -> None:
        super().__init__(gateway_url=gateway_url, port=port)
        self.public_url = (public_url or gateway_url).rstrip("/")
        self.account_sid = account_sid
        self.auth_token = auth_token
        self.number = number
        self.inbox: list[dict[str, object]] = []
        self.listings = 0
        self.knobs: Knobs = Knobs()

    # what a person does

    def receive(self, brand: str, text: str, *, sender: str = "+15005550001", **more: str) -> httpx.Response:
        """Let a person write; post it to the gateway as Twilio would and return the gateway's answer."""
        return self.post(f"/hooks/{brand}", self.incoming(brand, text, sender=sender, **more))

    def incoming(self, brand: str, text: str, *, sender: str = "+15005550001", **more: str) -> dict[str, str]:
        """Return the parameters of an incoming message. `more` adds or replaces some."""
        sid = self.new_sid()
        prefix = "whatsapp:" if brand == "whatsapp" else ""
        params = {
            "ToCountry": "US", "ToState": "", "SmsMessageSid": sid, "NumMedia": "0", "ToCity": "", "FromZip": "",
            "SmsSid": sid, "FromState": "", "SmsStatus": "received", "FromCity": "", "Body": text,
            "FromCountry": "US", "To": prefix + self.number, "ToZip": "", "NumSegments": "1", "MessageSid": sid,
            "AccountSid": self.account_sid, "From": prefix + sender, "ApiVersion": "2010-04-01",
        }  # fmt: skip
        if brand == "whatsapp":
            params |= {
                "ProfileName": "Somebody", "WaId": sender.lstrip("+"), "MessageType": "text",
                "ChannelMetadata": '{"type":"whatsapp","data":{}}',
            }  # fmt: skip
        return params | more

    def new_sid(self) -> str:
        """Make the next message id; ids never repeat."""
        made = f"{id(self)}.{self.new_number()}"
        return f"SM{hashlib.md5(made.encode(), usedforsecurity=False).hexdigest()}"

    def signed(self, path: str, params: Iterable[tuple[str, str]]) -> tuple[str, dict[str, str], bytes]:
        """Return the URL, the headers and the body of a signed request, for those who post it themselves."""
        pairs = list(params)
        signature = sign(self.auth_token, self.public_url + path, pairs)
        headers = {
            "Content-Type": "application/x-www-form-urlencoded; charset=UTF-8", "X-Twilio-Signature": signature,
            "I-Twilio-Idempotency-Token": self.new_sid(), "User-Agent": "TwilioProxy/1.1", "Accept": "*/*",
        }  # fmt: skip
        return self.gateway_url + path, headers, urlencode(pairs).encode()

    def post(self, path: str, params: dict[str, str]) -> httpx.Response:
        """Post a signed request to the gateway."""
        url, headers, body = self.signed(path, params.items())
        return self._client.post(url, headers=headers, content=body)

    def post_status(self, sent: Sent, status: str, code: int | None = None) -> httpx.Response:
        """Say what became of a message of ours."""
        params = {
            "AccountSid": self.account_sid, "ApiVersion": "2010-04-01", "From": sent.sender, "MessageSid": sent.sid,
            "MessageStatus": status, "SmsSid": sent.sid, "SmsStatus": status, "To": sent.to,
        }  # fmt: skip
        if code is not None:
            params["ErrorCode"] = str(code)
        place = urlsplit(sent.callback)
        return self.post(f"{place.path}?{place.query}" if place.query else place.path, params)

    # how it misbehaves

    def fail(self, times: int, status: int, code: int | None = None, **headers: str) -> None:
        """Answer the next messages with an error; underscores in header names become hyphens."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        _, _, body = _error(status, code, "Refused by the fake")
        self.knobs.fail_next += [(status, named, body)] * times

    # the API

    def refusal(self, path: str, headers: Mapping[str, str], body: bytes) -> Answer | None:
        if headers.get("authorization") != self._expected():
            return _error(401, 20003, "Authenticate")
        if path != f"/2010-04-01/Accounts/{self.account_sid}/Messages.json":
            return _error(404, 20404, f"The requested resource {path} was not found")
        return None

    def accept(self, path: str, body: bytes) -> Sent | Answer:
        form = dict(parse_qsl(body.decode(), keep_blank_values=True))
        wanted = (("To", 21604), ("From", 21603), *(() if form.get("ContentSid") else (("Body", 21602),)))
        for name, code in wanted:
            if not form.get(name):
                return _error(400, code, f"A '{name}' is required")
        if len(form.get("Body", "")) > 1600:
            return _error(400, 21617, "The concatenated message body exceeds the 1600 character limit")
        return Sent(
            id=self.new_sid(), to=form["To"], sender=form["From"], text=form.get("Body", ""),
            callback=form.get("StatusCallback", ""), template=form.get("ContentSid", ""),
            variables=form.get("ContentVariables", ""), service=form.get("MessagingServiceSid", ""),
        )  # fmt: skip

    def accepted(self, sent: Sent) -> None:
        if self.knobs.statuses and sent.callback:
            threading.Thread(target=self._post_statuses, args=(sent, self.knobs.statuses), daemon=True).start()

    def confirmation(self, sent: Sent) -> Answer:
        return 201, {}, json.dumps(self._resource(sent)).encode()

    def _post_statuses(self, sent: Sent, statuses: tuple[str, ...]) -> None:
        for status in statuses:
            self.post_status(sent, status)

    def _expected(self) -> str:
        return "Basic " + base64.b64encode(f"{self.account_sid}:{self.auth_token}".encode()).decode()

    def look_up(self, path: str, headers: Mapping[str, str]) -> Answer:
        """Answer the list of messages: what we sent, and what people wrote as far as `remember` was told."""
        query = dict(parse_qsl(urlsplit(path).query))
        with self._lock:
            self.listings += 1
            if self.knobs.fail_lists:
                self.knobs.fail_lists -= 1
                return _error(503, 20503, "Refused by the fake")
            if headers.get("authorization") != self._expected():
                return _error(401, 20003, "Authenticate")
            found = [self._resource(one) for one in self.sent if query.get("To") in (None, one.to)]
            found += [one for one in self.inbox if query.get("To") in (None, one["to"])]
        return 200, {}, json.dumps({"messages": found, "next_page_uri": None, "page": 0, "page_size": 1000}).encode()

    def remember(self, params: dict[str, str]) -> None:
        """Keep what a person wrote, as Twilio does, whether or not the webhook got through."""
        now = formatdate(usegmt=False)
        self.inbox.append(
            {
                "sid": params["MessageSid"], "body": params["Body"], "direction": "inbound", "from": params["From"],
                "to": params["To"], "status": "received", "num_media": params["NumMedia"], "date_created": now,
                "date_sent": now, "date_updated": now, "account_sid": self.account_sid, "subresource_uris": {},
            }
        )  # fmt: skip

    def _resource(self, sent: Sent) -> dict[str, object]:
        now = formatdate(usegmt=False)
        place = f"/2010-04-01/Accounts/{self.account_sid}/Messages/{sent.sid}"
        return {
            "sid": sent.sid, "account_sid": self.account_sid, "api_version": "2010-04-01", "body": sent.body,
            "date_created": now, "date_sent": None, "date_updated": now, "direction": "outbound-api",
            "error_code": None, "error_message": None, "from": sent.sender, "messaging_service_sid": None,
            "num_media": "0", "num_segments": "1", "price": None, "price_unit": "USD", "status": "queued",
            "subresource_uris": {"media": f"{place}/Media.json"}, "to": sent.to, "uri": f"{place}.json",
        }  # fmt: skip


def _error(status: int, code: int | None, message: str) -> Answer:
    body: dict[str, object] = {"message": message, "status": status}
    if code is not None:
        body |= {"code": code, "more_info": f"https://www.twilio.com/docs/errors/{code}"}
    return status, {}, json.dumps(body).encode()
