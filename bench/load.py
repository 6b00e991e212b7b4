"""How many messages a second are answered in time: the whole product on one machine; stock Rasa 3.6.21 beside it.

Open loop: every message has its time, whether or not those before it were answered, and the time counts from there. A
rate is held when 95 of 100 messages are handed to the provider within two seconds of their webhook; the provider is a
fake that takes 200 ms for each. Stock Rasa answers over its own Twilio channel, with the same model and action server;
it answers the webhook when all is sent, so the time of that counts, also where its channel could not send what our
actions say.
The generator and the fake run on the same cores.

    python -m bench.load [seconds for each rate] [soak turns]
"""

import asyncio
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode, urlsplit

from bench import webhook
from bench.conversation import TEXTS, weights
from bench.stock import stock
from core.config import ROOT
from tests.e2e.product import Product, product
from tests.fakes.twilio import FakeTwilio

RATES = (2.0, 4.0, 6.0, 8.0, 10.0, 13.0, 16.0, 20.0, 25.0, 30.0, 40.0, 50.0)
THEIR_RATES = (0.25, 0.5, 1.0, *RATES)
"""Its client blocks the process for each send, and each paragraph and each button is a message of its own."""
LATENCY = 0.2
IN_TIME = 2.0
CONVERSATIONS = 400
DRAIN_SECONDS = 6.0
SOAKED, SOAK_STEP, SOAK_RATE = 2000, 1000, 25.0
"""Conversations, turns between two looks, and turns a second of the soak."""
MIXED = (
    *TEXTS, "mera passport malik ke paas hai", "quanto custa", "agent wants 2 lakh for dubai is it normal",
    "ለኤጀንት ስንት ልክፈል", "ninahitaji msaada", "berapa biaya ke malaysia", "hello",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Stage:
    """One rate."""

    rate: float
    seconds: Sequence[float]
    """Of the messages that were answered, ordered."""
    sent: int

    @property
    def held(self) -> bool:
        """Whether 95 of 100 were in time; what was never answered was late."""
        return len(self.seconds) >= 0.95 * self.sent and self.at(95) <= IN_TIME

    def at(self, share: int) -> float:
        """Return the time that a share stays below, with what was not answered counted as the slowest."""
        place = self.sent * share // 100
        return self.seconds[place] if place < len(self.seconds) else float("inf")


class Door:
    """Where messages are posted, and how they look."""

    def __init__(self, twilio: FakeTwilio, port: int, path: str, *, at_end: bool = False) -> None:
        self.twilio, self.port, self.path, self.count = twilio, port, path, 0
        self.conversations = CONVERSATIONS
        self.at_end = at_end
        """The webhook is answered when the turn is over and everything is sent, so that its time is the answer's."""
        self.ends: list[float] = []

    def request(self, text: str) -> tuple[str, bytes]:
        """Return the next sender and a whole signed request."""
        self.count += 1
        sender = f"+97798{self.count % self.conversations:08}"
        params = self.twilio.incoming("sms", text, sender=sender)
        _, headers, _ = self.twilio.signed(self.path, params.items())
        body = urlencode(list(params.items())).encode()
        lines = [f"{name}: {value}" for name, value in (headers | {"Content-Length": str(len(body))}).items()]
        head = "\r\n".join([f"POST {self.path} HTTP/1.1", "Host: 127.0.0.1", "Connection: close", *lines, "", ""])
        return sender, head.encode() + body

    async def post(self, request: bytes, due: float) -> None:
        """Post and wait for the answer, however long that takes."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(request)
        if await reader.read():
            self.ends.append(time.monotonic() - due)
        writer.close()


async def stage(door: Door, rate: float, seconds: float) -> Stage:
    """Post at a rate; wait for what is answered in time, and a little longer."""
    # no two texts alike: a message that was read before costs less
    texts = [f"{MIXED[number % len(MIXED)]} {door.count + number}" for number in range(int(rate * seconds))]
    made = [door.request(text) for text in texts]
    before = len(door.twilio.sent)
    door.ends.clear()
    due: dict[str, list[float]] = {}
    start = time.monotonic() + 0.5
    tasks = []
    for number, (sender, request) in enumerate(made):
        when = start + number / rate
        await asyncio.sleep(max(0.0, when - time.monotonic()))
        due.setdefault(sender, []).append(when)
        tasks.append(asyncio.create_task(door.post(request, when)))
    await asyncio.sleep(DRAIN_SECONDS)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    found = door.ends if door.at_end else _answered(door.twilio, before, due)
    return Stage(rate, sorted(found), len(made))


def _answered(twilio: FakeTwilio, before: int, due: dict[str, list[float]]) -> list[float]:
    """Return how long each message waited: the first send to its sender after it, each send used once."""
    found = []
    waiting = {sender: list(times) for sender, times in due.items()}
    for sent in twilio.sent[before:]:
        times = waiting.get(sent.to)
        if times and sent.at >= times[0]:
            found.append(sent.at - times.pop(0))
    return found


def rates(door: Door, seconds: float, steps: Sequence[float] = RATES, amana: Product | None = None) -> list[Stage]:
    """Go up until a rate is not held twice."""
    found: list[Stage] = []
    asyncio.run(stage(door, steps[0], 3 / steps[0]))  # warm
    for rate in steps:
        before = used(amana)
        found.append(asyncio.run(stage(door, rate, max(seconds, 5 / rate))))
        print(row(found[-1]) + shares(before, used(amana), found[-1].sent), flush=True)
        if [one.held for one in found[-2:]] == [False, False] or found[-1].at(50) > 2 * IN_TIME:
            break
        time.sleep(2)
    return found


def used(amana: Product | None) -> dict[str, float]:
    """Return the processor time that each process has used so far."""
    return {} if amana is None else {name: webhook.processor(one.pid) for name, one in amana.processes.items()}


def shares(before: dict[str, float], after: dict[str, float], messages: int) -> str:
    """Say how much of it a message took, in milliseconds: what a busy machine changes little."""
    each = (f"{name} {(after[name] - before[name]) / messages * 1000:.0f}" for name in after)
    return "  " + ", ".join(each) if after else ""


def row(one: Stage) -> str:
    """Return a line of the table."""
    return (
        f"{one.rate:6g} {one.sent:9} {len(one.seconds):9} {one.at(50) * 1000:8.0f} {one.at(95) * 1000:8.0f} "
        f"{'held' if one.held else 'not held'}"
    )


def best(stages: Sequence[Stage]) -> float:
    """Return the highest rate that was held."""
    return max((one.rate for one in stages if one.held), default=0)


def growth(amana: Product, turns: int) -> None:
    """Print what the processes weigh while so many turns are taken, from the first thousand on."""
    door = Door(amana.twilio, amana.settings.channels_port, "/hooks/sms")
    door.conversations = SOAKED
    found = {}
    for done in range(SOAK_STEP, turns + 1, SOAK_STEP):
        last = asyncio.run(stage(door, SOAK_RATE, SOAK_STEP / SOAK_RATE))
        if done % (5 * SOAK_STEP) == 0 or done == SOAK_STEP:
            found[done] = weights(amana)
            told = ", ".join(f"{name} {mb:.0f}" for name, mb in found[done].items())
            print(f"after {done} turns, MB: {told}; {row(last)}", flush=True)
    first, last_weights = found[SOAK_STEP], found[max(found)]
    for name, mb in last_weights.items():
        print(f"{name:10} {first[name]:7.0f} MB -> {mb:7.0f} MB  {mb / first[name] - 1:+.1%} after {max(found)} turns")


def restarts(amana: Product) -> None:
    """Print how long it takes from the start of the processes to the first answer."""
    for names, text in ((("channels",), "help"), ((*ASSISTANTS, "channels"), TEXTS[0])):
        amana.stop(*(name for name in (*ASSISTANTS, "channels") if name in amana.processes), force=True)
        began = time.monotonic()
        amana.start(*names)
        amana.ask(text, sender="+15005559002", seconds=60)
        print(f"from the start of {' and '.join(names)} to the first answer: {time.monotonic() - began:.1f} s")


def theirs(amana: Product, seconds: float) -> list[Stage]:
    """Measure stock Rasa with the same model."""
    amana.stop(*(name for name in amana.processes if name != "actions"))
    model = max((ROOT / "models").glob("amana-*.tar.gz"), key=lambda path: path.stat().st_mtime)
    print("stock Rasa 3.6.21 with its Twilio channel")
    with stock(amana, model) as url:
        port = urlsplit(url).port or 0
        return rates(Door(amana.twilio, port, "/webhooks/twilio/webhook", at_end=True), seconds, THEIR_RATES)


PROCESSES = 2
ASSISTANTS = ("assistant", *(f"assistant-{number}" for number in range(1, PROCESSES)))
SETTINGS = {
    "AMANA_RASA_PROCESSES": str(PROCESSES),
    "AMANA_SEND_RATES": "sms=1000",
    **{f"AMANA_BUDGET_{name}": "0" for name in ("PERSON_SEGMENTS", "COUNTRY_SEGMENTS", "SEGMENTS", "MONEY")},
}


def main(seconds: float = 12.0, soak: int = 0) -> int:
    """Measure and print."""
    print("webhook, 100 a second, without the assistant")
    webhook.main(100, 10)
    with (
        tempfile.TemporaryDirectory(prefix="amana-bench-") as folder,
        product(Path(folder), "channels", "actions", *ASSISTANTS, **SETTINGS) as amana,
    ):
        amana.twilio.knobs.latency = LATENCY
        print(
            "\n  rate      sent  answered      p50      p95   (ms, webhook to provider; processor ms a message)\nAmana"
        )
        own = rates(Door(amana.twilio, amana.settings.channels_port, "/hooks/sms"), seconds, amana=amana)
        print("memory, MB: " + ", ".join(f"{name} {mb:.0f}" for name, mb in weights(amana).items()))
        if soak:
            growth(amana, soak)
        restarts(amana)
        others = theirs(amana, seconds)
    print(f"\nheld: Amana {best(own):g} a second, stock Rasa {best(others):g} a second")
    return 0


if __name__ == "__main__":
    sys.exit(main(*(float(argument) for argument in sys.argv[1:2]), *(int(argument) for argument in sys.argv[2:3])))
