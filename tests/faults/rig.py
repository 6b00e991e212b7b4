"""Gateways that die, people who write through all of it, and the ledger that is compared with the database."""

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from sqlalchemy import select

from core.config import ROOT
from core.store import Store, Tx, people
from core.store.tables import job, message
from tests.conftest import MASTER
from tests.e2e.product import free_port
from tests.fakes.rasa import FakeRasa
from tests.fakes.twilio import OUR_NUMBER, SID, TOKEN, FakeTwilio

WORDS = {
    "echo": "echo {text}", "fallback": "fallback", "danger_violence_now": "danger {numbers}", "person_waiting": "w",
    "person_already": "w", "numbers_general": "999", "person_delayed": "d",
}  # fmt: skip
PEOPLE = 5
PATIENCE = 40.0
Plan = Mapping[str, Mapping[str, str]]


class Zygote:
    """The process that has loaded everything and forks gateways."""

    def __init__(self, folder: Path) -> None:
        self.locales = _catalogue(folder / "locales")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.worker"], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            text=True,
        )  # fmt: skip

    def fork(self, order: Mapping[str, object]) -> int:
        """Start a gateway and return its process id."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps({**order, "locales": str(self.locales)}) + "\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())

    def close(self) -> None:
        """End it."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.close()
        self._process.wait(10)
        self._process.stdout.close()


def _catalogue(folder: Path) -> Path:
    path = folder / "en" / "LC_MESSAGES" / "messages.mo"
    path.parent.mkdir(parents=True)
    catalogue = Catalog(locale="en", charset="utf-8")
    for key, text in WORDS.items():
        catalogue.add(key, text, context=key)
    with path.open("wb") as file:
        write_mo(file, catalogue)
    return folder


@dataclass(slots=True)
class Gateway:
    """A place where a gateway runs, and runs again after it died."""

    port: int
    pid: int = 0

    @property
    def alive(self) -> bool:
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return False
        return True


@dataclass
class Rig:
    """Everything around the gateways."""

    zygote: Zygote
    folder: Path
    database_url: str
    store: Store
    rasa: FakeRasa
    twilio: FakeTwilio
    gateways: list[Gateway]
    random: random.Random
    store_seconds: float = 4.0
    """How long a gateway waits for the database before it turns to the spool."""
    kills: int = 0
    acknowledged: dict[str, tuple[int, int]] = field(default_factory=dict)
    """Person and number of each message that got a 2xx, by the provider's id."""
    refused: int = 0

    def start(self, gateway: Gateway, plan: Plan | None = None, **more: object) -> None:
        """Start a gateway and wait until it answers or has died."""
        self.fork(gateway, plan, **more)
        self.wait(gateway)

    def fork(self, gateway: Gateway, plan: Plan | None = None, **more: object) -> None:
        """Start a gateway."""
        order = {
            "environment": self._environment(gateway.port), "faults": plan or {},
            "log": str(self.folder / "gateways.log"), "store_seconds": self.store_seconds, **more,
        }  # fmt: skip
        gateway.pid = self.zygote.fork(order)

    def wait(self, gateway: Gateway) -> None:
        """Wait until a gateway answers or has died."""
        end = time.monotonic() + PATIENCE
        while gateway.alive:
            with suppress(httpx.TransportError):
                if httpx.get(f"http://127.0.0.1:{gateway.port}/health/live", timeout=2).is_success:
                    return
            assert time.monotonic() < end, self.log()
            time.sleep(0.02)

    def _environment(self, port: int) -> dict[str, str]:
        return {
            "AMANA_MASTER_KEY": MASTER, "AMANA_INTERNAL_SECRET": "i" * 40, "AMANA_DATABASE_URL": self.database_url,
            "AMANA_CHANNELS": "sms", "AMANA_CHANNELS_PORT": str(port), "AMANA_PUBLIC_URL": "https://amana.example.org",
            "AMANA_RASA_PORT": str(self.rasa.port), "AMANA_TWILIO_ACCOUNT_SID": SID, "AMANA_TWILIO_AUTH_TOKEN": TOKEN,
            "AMANA_TWILIO_SMS_NUMBER": OUR_NUMBER, "AMANA_TWILIO_API_URL": self.twilio.url,
            "AMANA_PRIVATE_HOSTS": "127.0.0.1",
            "AMANA_TURN_SECONDS": "1.5", "AMANA_SEND_RATES": "sms=10000", "AMANA_RECONCILE_MINUTES": "0",
            "AMANA_SPOOL_PATH": str(self.folder / "spool"), "AMANA_TWILIO_DEFAULT_WORDS": "yes",
        }  # fmt: skip

    def kill(self, gateway: Gateway) -> None:
        """Kill a gateway, if it has not killed itself."""
        if gateway.alive:
            os.kill(gateway.pid, signal.SIGKILL)
            while gateway.alive:
                time.sleep(0.01)
        self.kills += 1

    def revive(self) -> None:
        """Start again what has died by its own plan."""
        for gateway in self.gateways:
            if not gateway.alive:
                self.kills += 1
                self.start(gateway)

    # people

    def write(self, person: int, number: int, gateway: Gateway, *, text: str = "") -> bool:
        """Let a person write, as Twilio would post it, until somebody acknowledges; return whether anybody did."""
        params = self.twilio.incoming("sms", text or f"p{person} n{number:04}", sender=f"+1500555{person:04}")
        _, headers, body = self.twilio.signed("/hooks/sms", params.items())
        end = time.monotonic() + PATIENCE
        with httpx.Client(timeout=5, trust_env=False) as client:
            while time.monotonic() < end:
                with suppress(httpx.TransportError):
                    url = f"http://127.0.0.1:{gateway.port}/hooks/sms"
                    if client.post(url, headers=headers, content=body).is_success:
                        self.acknowledged[params["MessageSid"]] = (person, number)
                        return True
                    self.refused += 1
                time.sleep(0.02)
                self.revive_one(gateway)
        return False

    _reviving: threading.Lock = field(default_factory=threading.Lock)

    def revive_one(self, gateway: Gateway) -> None:
        """Start a gateway again that has died by its own plan; one thread does it."""
        with self._reviving:
            if not gateway.alive:
                self.kills += 1
                self.start(gateway)

    def everybody_writes(self, count: int, *, anywhere: bool = True) -> None:
        """Let five people write side by side, each in order, to gateways chosen by chance or each to one."""
        picks = [[self.random.choice(self.gateways) for _ in range(count)] for _ in range(PEOPLE)]
        if not anywhere:
            picks = [[self.gateways[person % len(self.gateways)]] * count for person in range(PEOPLE)]

        def one(person: int) -> None:
            for number in range(count):
                self.write(person, number, picks[person][number])

        threads = [threading.Thread(target=one, args=(person,)) for person in range(PEOPLE)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    # the ledger

    def answers(self) -> list[tuple[str, str]]:
        """Return to whom and with what we answered, in the provider's order."""
        return [(sent.to, sent.body) for sent in list(self.twilio.sent)]

    def settle(self, seconds: float = PATIENCE) -> None:
        """Wait until every acknowledged message is answered and nothing is left to do."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.revive()
            if self.store.read_now(lambda tx: self._missing(tx)) == [] and not self._jobs():
                return
            time.sleep(0.05)
        states = self.store.read_now(self._states)
        raise AssertionError(f"not settled: {states}, jobs {self._jobs()}\n{self.log()}")

    def _states(self, tx: Tx) -> dict[tuple[int, int], str]:
        """Return what became of each acknowledged message that is not answered."""
        query = select(message.c.provider_id, message.c.state).where(message.c.direction == "in")
        states = {row.provider_id: row.state for row in tx.connection.execute(query)}
        known = {who: states.get(sid, "not there") for sid, who in self.acknowledged.items()}
        return {who: state for who, state in known.items() if state not in ("handled", "merged")}

    def _jobs(self) -> int:
        query = select(job.c.id)
        return len(self.store.read_now(lambda tx: tx.connection.execute(query).all()))

    def _missing(self, tx: Tx) -> list[tuple[int, int]]:
        rows = tx.connection.execute(select(message.c.provider_id, message.c.state).where(message.c.direction == "in"))
        handled = {row.provider_id for row in rows if row.state in ("handled", "merged")}
        return [who for sid, who in list(self.acknowledged.items()) if sid not in handled]

    def duplicates(self) -> int:
        """Count answers that somebody got more than once."""
        return sum(count - 1 for count in Counter(self.answers()).values())

    def check(self, allowed: int | None = None) -> None:
        """Compare: acknowledged but lost 0, out of order 0, doubled at most once for each kill."""
        self.settle()
        expected = {
            (f"+1500555{person:04}", f"echo p{person} n{number:04}") for person, number in self.acknowledged.values()
        }
        got = self.answers()
        assert expected - set(got) == set(), self.log()
        for address in {to for to, _ in expected}:
            order = list(dict.fromkeys(body for to, body in got if to == address and body.startswith("echo")))
            assert order == sorted(order), f"out of order for one person: {order}\n{self.log()}"
        assert self.duplicates() <= (self.kills if allowed is None else allowed), (self.duplicates(), self.kills)
        stored = self.store.read_now(self._stored)
        assert [sid for sid, count in stored.items() if count != 1] == []
        assert set(self.acknowledged) <= set(stored)

    def _stored(self, tx: Tx) -> Counter[str]:
        return Counter(tx.connection.scalars(select(message.c.provider_id).where(message.c.direction == "in")))

    def person(self, number: int) -> str:
        """Return the id of a person."""

        def find(tx: Tx) -> str:
            who = people.find(tx, "sms", f"+1500555{number:04}")
            assert who
            return who.id

        return self.store.read_now(find)

    def log(self) -> str:
        """Return the end of what the gateways wrote."""
        path = self.folder / "gateways.log"
        return path.read_text("utf-8", errors="replace")[-3000:] if path.exists() else ""


@contextmanager
def rig(
    zygote: Zygote, folder: Path, store: Store, *, count: int = 3, seed: int = 0, plans: list[Plan] | None = None,
    store_seconds: float = 4.0,
) -> Iterator[Rig]:  # fmt: skip
    """Run gateways until the block ends. `plans` say what happens in each."""
    url = store.engine.url.render_as_string(hide_password=False)
    first = free_port()
    with (
        FakeRasa() as rasa,
        FakeTwilio(gateway_url=f"http://127.0.0.1:{first}", public_url="https://amana.example.org") as twilio,
    ):
        gateways = [Gateway(port) for port in (first, *(free_port() for _ in range(count - 1)))]
        made = Rig(zygote, folder, url, store, rasa, twilio, gateways, random.Random(seed), store_seconds)
        try:
            for number, gateway in enumerate(gateways):
                made.fork(gateway, plans[number] if plans and number < len(plans) else None)
            for gateway in gateways:
                made.wait(gateway)
            yield made
        finally:
            for gateway in gateways:
                if gateway.alive:
                    os.kill(gateway.pid, signal.SIGKILL)
