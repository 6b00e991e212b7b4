"""Whatever is sent to the doors over HTTP: nothing breaks, nothing acknowledged is lost, nothing is told to a log (R9).

`FAULT_MUTATIONS` requests are spoilt by chance (300 by `make test`, 10,000 by `make faults`), and every tenth one is
whole. What must have been kept is what the channels themselves read in a request that was acknowledged, and every
message that was left whole.
"""

import logging
import os
import re
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from channels.channel import Channel, open_client
from core import log
from core.errors import Malformed
from core.messages import Hook, Inbound
from core.store import jobs, messages
from tests.channels.sides import SIDES, World, world
from tests.fakes.provider import Signed
from tests.faults.mutations import CANARY, HUGE_BYTES, Mutations, Spoilt

COUNT = int(os.environ.get("FAULT_MUTATIONS", "300"))
SEED = int(os.environ.get("FAULT_SEED", "9"))
AT_ONCE = 8
MOST_GROWTH = 50_000_000
"""Bytes of memory."""
BATCH = 100
WHOLE = 10
"""Every so many requests one is whole."""
DONE = (200, 204)
REFUSED = (400, 403, 413, 429)


def test_spoilt_requests_break_lose_and_tell_nothing(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], logging_as_before: None
) -> None:
    log.set_up("channels", strict=True, level=logging.DEBUG)
    with world(tmp_path, lambda _: None, trusted_proxies=("127.0.0.1",)) as opened:
        chance = Mutations(SEED, opened.running.url)
        found = play(opened, chance, COUNT // 5)
        before = memory()
        found += play(opened, chance, COUNT - COUNT // 5)
        assert memory() - before < MOST_GROWTH, found
        assert {status for _, status in found} <= {*DONE, *REFUSED}, found
        assert sum(found[name, status] for name in SIDES for status in DONE) > 0.6 * COUNT, found
        assert all(found[name, 204] > found.total() / 100 for name in SIDES), found
        idle(opened)
        assert opened.running.turns[0].broken == []
    written = "".join(capfd.readouterr())
    assert "not understood" in written
    assert CANARY not in written
    assert not re.search(r"1500555\d{5}", written)


def play(opened: World, chance: Mutations, count: int) -> Counter[tuple[str, int]]:
    """Send requests, several at once, and return how often each channel answered with what. Nothing may be lost."""
    found: Counter[tuple[str, int]] = Counter()
    limits = httpx.Limits(max_connections=AT_ONCE)
    with httpx.Client(limits=limits, timeout=30) as client, ThreadPoolExecutor(AT_ONCE) as pool:
        for start in range(0, count, BATCH):
            numbers = range(start, min(count, start + BATCH))
            requests = [whole(opened, number) if number % WHOLE == 0 else chance.next() for number in numbers]
            statuses = list(pool.map(lambda one: post(client, opened, one.request), requests))
            found.update((one.channel, status) for one, status in zip(requests, statuses, strict=True))
            done = [one for one, status in zip(requests, statuses, strict=True) if status in DONE]
            assert missing(opened, done) == set()
    return found


def whole(opened: World, number: int) -> Spoilt:
    """Return a request that nobody has spoilt."""
    name = SIDES[1 + number // WHOLE % (len(SIDES) - 1)]
    identifier = 8_000_000 + next(COUNTED)
    request = opened.sides[name].incoming(f"{CANARY} whole", identifier % 10_000, identifier)
    (said,) = read(opened.channel(name, open_client()), request)
    return Spoilt(channel=name, request=request, whole=said)


COUNTED = iter(range(1_000_000))


def post(client: httpx.Client, opened: World, request: Signed) -> int:
    try:
        sent = client.post(opened.running.url + request.path, content=request.body, headers=dict(request.headers))
    except httpx.TransportError:
        assert len(request.body) > HUGE_BYTES  # cut off while it was still talking
        return 413
    assert sent.content == b"" or sent.headers["content-type"].startswith("application/json")
    return sent.status_code


def read(channel: Channel, request: Signed) -> list[str]:
    """Return the ids of the messages that a channel reads in a request."""
    path, _, query = request.path.partition("?")
    headers = {name.lower(): text if isinstance(text, str) else text.decode() for name, text in request.headers.items()}
    try:
        found = channel.parse(Hook(method="POST", path=path, query=query, headers=headers, body=request.body))
    except Malformed:
        return []
    return [item.provider_id for item in found if isinstance(item, Inbound)]


def missing(opened: World, taken: list[Spoilt]) -> set[tuple[str, str]]:
    """Return what was acknowledged and is not there."""
    lost = set()
    for name in SIDES:
        channel = opened.channel(name, open_client())
        wanted = {identifier for one in taken if one.channel == name for identifier in read(channel, one.request)}
        wanted |= {one.whole for one in taken if one.channel == name and one.whole}
        kept = opened.running.store.read_now(lambda tx, name=name, ids=wanted: messages.known(tx, name, sorted(ids)))
        lost |= {(name, identifier) for identifier in wanted - kept}
    return lost


def idle(opened: World) -> None:
    """Wait until every message had its turn."""
    for _ in range(600):
        if not (left := opened.running.store.read_now(jobs.counts)):
            return
        time.sleep(0.1)
    raise AssertionError(f"still to be done after a minute: {left}")


def memory() -> int:
    """Return the bytes that this process has in memory; the gateway runs in it."""
    return int(Path("/proc/self/statm").read_text("ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")
