"""The other side of each door: how a person's message comes in there, and what becomes of an answer.

One shape for all, so that one suite tests every channel. A new channel adds a side to `SIDES`.
"""

import json
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Protocol, Self

import httpx

from channels.channel import Channel
from channels.doors import open_doors
from core.crypto import Vault
from tests.channels.harness import MASTER, Answer, Gateway, Message, gateway
from tests.fakes import meta
from tests.fakes.aggregator import FakeAggregator
from tests.fakes.meta import FakeMeta
from tests.fakes.provider import Signed
from tests.fakes.telegram import FakeTelegram, message, private
from tests.fakes.twilio import SID, TOKEN, FakeTwilio


class Side(Protocol):
    """A provider and the people behind it."""

    name: str
    proof: str
    """The header that proves a request."""
    secrets: tuple[str, ...]
    """What must never stand in a log."""

    def incoming(self, text: str, who: int, number: int) -> Signed:
        """Return the proved request of a message. The same number is the same message."""

    def broken(self) -> Signed:
        """Return a proved request that makes no sense."""

    def unknown(self) -> Signed | None:
        """Return a proved request of a kind of tomorrow, or None where there is no such thing."""

    def address(self, who: int) -> str:
        """Return what must never stand in a log either."""

    def answers(self, who: int) -> list[str]:
        """Return what a person was sent."""

    def refuse(self, status: int) -> None:
        """Let the next send fail."""

    def drop(self) -> None:
        """Let the next send be accepted, and the connection break."""

    def stall(self, seconds: float) -> None:
        """Let sends take that long."""


class TwilioSide:
    proof = "X-Twilio-Signature"

    def __init__(self, brand: str, fake: FakeTwilio) -> None:
        self.name = brand
        self.fake = fake
        self.secrets = (TOKEN, SID)

    def incoming(self, text: str, who: int, number: int) -> Signed:
        sid = f"SM{number:032x}"
        params = self.fake.incoming(self.name, text, sender=self.address(who), MessageSid=sid, SmsSid=sid)
        return self._signed(params)

    def _signed(self, params: dict[str, str]) -> Signed:
        path = f"/hooks/{self.name}"
        _, headers, body = self.fake.signed(path, params.items())
        return Signed(path=path, headers=headers, body=body)

    def broken(self) -> Signed:
        return self._signed({"Body": "nobody wrote this"})

    def unknown(self) -> Signed | None:
        return None  # Twilio posts messages to this address, and nothing else

    def address(self, who: int) -> str:
        return f"+1500555{who:04d}"

    def answers(self, who: int) -> list[str]:
        return [one.body for one in self.fake.sent if one.to.endswith(self.address(who))]

    def refuse(self, status: int) -> None:
        self.fake.fail(1, status)

    def drop(self) -> None:
        self.fake.knobs.drop_next = 1

    def stall(self, seconds: float) -> None:
        self.fake.knobs.latency = seconds


class ProviderSide:
    def __init__(self, fake: FakeMeta | FakeTelegram | FakeAggregator) -> None:
        self.name = fake.channel
        self.fake = fake
        self.secrets = tuple(
            str(value) for name, value in fake.settings().items() if any(word in name for word in ("secret", "token"))
        )

    def answers(self, who: int) -> list[str]:
        wanted = self.address(who).lstrip("+")
        return [one.text for one in self.fake.sent if one.to.lstrip("+") == wanted]

    def refuse(self, status: int) -> None:
        self.fake.knobs.fail_next.append(self.fake.throttled() if status == 429 else (status, {}, b"{}"))

    def drop(self) -> None:
        self.fake.knobs.drop_next = 1

    def stall(self, seconds: float) -> None:
        self.fake.knobs.latency = seconds

    def incoming(self, text: str, who: int, number: int) -> Signed:
        sender = self.address(who)
        return self.fake.incoming(
            text, sender=sender.lstrip("+") if self.name == "whatsapp_cloud" else sender, number=number
        )

    def address(self, who: int) -> str:
        return f"+1500555{who:04d}"

    def broken(self) -> Signed:
        return self.fake.signed(b'{"nobody": "wrote this"')


class MetaSide(ProviderSide):
    proof = "X-Hub-Signature-256"

    def unknown(self) -> Signed | None:
        return self.fake.signed(meta.webhook({"event": "FLAGGED"}, field="phone_number_quality_update"))


class TelegramSide(ProviderSide):
    proof = "X-Telegram-Bot-Api-Secret-Token"

    def address(self, who: int) -> str:
        return f"987654{who:04d}"

    def unknown(self) -> Signed | None:
        return self.fake.signed({"update_id": 5, "chat_boost": {"chat": private()}, "poll": {"id": "1"}})

    def edited(self, who: int) -> Signed:
        """Return the request that tells that somebody changed what they wrote."""
        return self.fake.signed({"update_id": 6, "edited_message": message("changed", chat=int(self.address(who)))})


class AggregatorSide(ProviderSide):
    proof = "X-Signature"

    def unknown(self) -> Signed | None:
        return None  # one address, one kind


class WebSide:
    """The page itself: there is no provider, and an answer waits until it is read."""

    name = "web"
    proof = "Authorization"

    def __init__(self) -> None:
        self.url = ""
        self.tokens: dict[int, str] = {}

    @property
    def secrets(self) -> tuple[str, ...]:
        return tuple(self.tokens.values())

    def _token(self, who: int) -> str:
        if who not in self.tokens:
            self.tokens[who] = httpx.post(f"{self.url}/web/open").json()["token"]
        return self.tokens[who]

    def _signed(self, body: bytes, who: int) -> Signed:
        headers = {"Authorization": f"Bearer {self._token(who)}", "Content-Type": "application/json"}
        return Signed(path="/web/say", headers=headers, body=body)

    def incoming(self, text: str, who: int, number: int) -> Signed:
        identifier = uuid.uuid5(uuid.NAMESPACE_OID, str(number)).hex
        return self._signed(json.dumps({"id": identifier, "text": text}).encode(), who)

    def broken(self) -> Signed:
        return self._signed(b'{"nobody": ', 0)

    def unknown(self) -> Signed | None:
        return self._signed(b'{"id": "00000000000000000000000000000000", "hologram": true, "text": 5}', 0)

    def address(self, who: int) -> str:
        return self._token(who)

    def answers(self, who: int) -> list[str]:
        headers = {"Authorization": f"Bearer {self._token(who)}"}
        said = []
        with httpx.stream("GET", f"{self.url}/web/stream", headers=headers, timeout=10) as answer:
            for line in answer.iter_lines():
                if line.startswith("data: "):
                    said.append(json.loads(line[6:])["text"])
                elif line == ": beat" and said:
                    break
        return said

    def refuse(self, status: int) -> None:
        raise NotImplementedError

    drop = stall = refuse  # type: ignore[assignment]


SIDES = ("web", "sms", "whatsapp", "whatsapp_cloud", "telegram", "sms_gateway")
PROVIDERS = SIDES[1:]
TEMPLATES: dict[str, object] = {"whatsapp_template": "knock", "twilio_templates": ("en=HX1",)}
SIGNING = ("sms", "whatsapp", "whatsapp_cloud", "sms_gateway")
"""Telegram and the page prove who sends, over TLS, and not the bytes."""


class World:
    """A gateway with all doors open, and what stands behind each of them."""

    def __init__(self, fakes: tuple[FakeMeta, FakeTelegram, FakeAggregator]) -> None:
        self._fakes = fakes
        self.running: Gateway
        self.sides: dict[str, Side] = {}

    def settle(self, running: Gateway) -> Self:
        self.running = running
        meta_fake, telegram, aggregator = self._fakes
        web = WebSide()
        web.url = running.url
        sides: list[Side] = [
            web, TwilioSide("sms", running.twilio), TwilioSide("whatsapp", running.twilio), MetaSide(meta_fake),
            TelegramSide(telegram), AggregatorSide(aggregator),
        ]  # fmt: skip
        self.sides = {side.name: side for side in sides}
        return self

    def post(self, signed: Signed, *, method: str = "POST", timeout: float = 15) -> httpx.Response:
        return httpx.request(
            method, self.running.url + signed.path, content=signed.body, headers=dict(signed.headers), timeout=timeout
        )

    def channel(self, name: str, client: httpx.AsyncClient) -> Channel:
        """Return a channel of its own, with the settings of the gateway."""
        return open_doors(replace(self.running.settings, channels=(name,)), Vault(MASTER), client, lambda _: None)[name]


def settings_of(*fakes: FakeMeta | FakeTelegram | FakeAggregator) -> dict[str, object]:
    """Return what a gateway needs to know of all of them."""
    found: dict[str, object] = {}
    for fake in fakes:
        found |= fake.settings()
    return found


@contextmanager
def world(folder: Path, script: Callable[[Message], Answer | None], **more: object) -> Iterator[World]:
    """Run a gateway with every door open until the block ends."""
    with (
        FakeMeta(gateway_url="") as meta_fake,
        FakeTelegram(gateway_url="") as telegram,
        FakeAggregator(gateway_url="") as aggregator,
    ):
        told = settings_of(meta_fake, telegram, aggregator) | {"channels": SIDES, **TEMPLATES} | more
        with gateway(folder, script=script, **told) as running:
            for fake in (meta_fake, telegram, aggregator):
                fake.gateway_url = running.url
            yield World((meta_fake, telegram, aggregator)).settle(running)
