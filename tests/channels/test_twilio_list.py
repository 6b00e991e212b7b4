"""Asking Twilio which messages it has, over real HTTP with the real library."""

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta

import pytest

from channels.channel import open_client
from channels.lists import Lists
from channels.twilio import Account, Twilio
from core.errors import SendError
from core.messages import Outbound
from tests.fakes.loopback import LOOPBACK
from tests.fakes.twilio import OUR_NUMBER, SID, TOKEN, FakeTwilio

SINCE = datetime.now(UTC) - timedelta(hours=1)


@pytest.fixture
def fake() -> Iterator[FakeTwilio]:
    with FakeTwilio(gateway_url="http://127.0.0.1:9") as twilio:
        yield twilio


@pytest.fixture
async def channel(fake: FakeTwilio) -> AsyncIterator[Twilio]:
    async with open_client(**LOOPBACK) as client:
        yield Twilio("sms", Account(sid=SID, token=TOKEN, api_url=fake.url, public_url="http://x"), client)


def letter(text: str) -> Outbound:
    return Outbound(reference="a" * 32, channel="sms", address="+15005550001", sender=OUR_NUMBER, text=text)


async def test_what_we_sent_is_found_by_address_and_words(fake: FakeTwilio, channel: Twilio) -> None:
    first = await channel.send(letter("Which country?"))
    await channel.send(letter("Another question"))
    assert isinstance(channel, Lists)
    assert await channel.sent(letter("Which country?"), SINCE) == [first]


async def test_what_people_wrote_is_told_as_the_webhook_would(fake: FakeTwilio, channel: Twilio) -> None:
    mine, other = fake.incoming("sms", "नमस्ते"), fake.incoming("whatsapp", "not for this brand")
    for params in (mine, other):
        fake.remember(params)
    await channel.send(letter("ours"))
    (found,) = await channel.received(SINCE)
    assert (found.provider_id, found.text, found.address, found.sender, found.kind) == (
        mine["MessageSid"], "नमस्ते", "+15005550001", OUR_NUMBER, "text",
    )  # fmt: skip


async def test_a_list_that_is_refused_is_an_error_to_try_again(fake: FakeTwilio, channel: Twilio) -> None:
    fake.knobs.fail_lists = 1
    with pytest.raises(SendError):
        await channel.received(SINCE)
