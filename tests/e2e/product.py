"""The whole product as real processes on free ports, with a Twilio on loopback: what a person, a counsellor and an
operator would meet."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from core.config import ROOT, Settings, from_env
from core.store import Store, open_store
from core.store.migrate import migrate
from desk.invite import first_sign_in_link
from ops import i18n, keys, run
from tests.fakes.twilio import OUR_NUMBER, SID, TOKEN, FakeTwilio, Sent


def free_port() -> int:
    """Return a port on loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(slots=True)
class Product:
    """A running Amana. Processes are named as in the Procfile."""

    environment: dict[str, str]
    settings: Settings
    twilio: FakeTwilio
    store: Store
    link: str | None
    log: Path
    processes: dict[str, "subprocess.Popen[bytes]"] = field(default_factory=dict)

    def _open(self, name: str, *arguments: str) -> "subprocess.Popen[bytes]":
        processes = run.side_by_side(run.read_procfile(ROOT / "Procfile"), self.settings)
        command = " ".join([next(process.command for process in processes if process.name == name), *arguments])
        with (self.log / f"{name}.log").open("ab") as output:
            return subprocess.Popen(
                ["/bin/sh", "-c", command], cwd=ROOT, env=run.surroundings(name, self.environment), stdout=output,
                stderr=output, start_new_session=True,
            )  # fmt: skip

    def succeed(self, name: str, seconds: float = 120.0) -> None:
        """Let an assistant be succeeded by another process, as `ops.run` does, and wait until the old one has left."""
        old, self.processes[name] = self.processes[name], self._open(name, "--take-over")
        old.wait(seconds)
        assert self.processes[name].poll() is None, self.logs()[-2000:]

    def start(self, *names: str, seconds: float = 120.0) -> None:
        """Start processes and wait until they are ready."""
        for name in names:
            self.processes[name] = self._open(name)
        until = time.monotonic() + seconds
        waiting = {name: run.addresses(self.settings)[name] for name in names}
        while waiting:
            for name in [name for name, where in waiting.items() if run.is_ready(*where)]:
                del waiting[name]
            for name in waiting:
                if self.processes[name].poll() is not None:
                    raise RuntimeError(f"{name} ended: {(self.log / f'{name}.log').read_text()[-2000:]}")
            if time.monotonic() > until:
                raise TimeoutError(f"not ready: {', '.join(waiting)}")
            time.sleep(0.1)

    def stop(self, *names: str, force: bool = False) -> None:
        """End processes, by SIGKILL when forced, and wait for their end."""
        for name in names:
            process = self.processes.pop(name)
            os.killpg(process.pid, signal.SIGKILL if force else signal.SIGTERM)
            process.wait(30)

    def ask(self, text: str, *, sender: str, brand: str = "sms", seconds: float = 20.0, **more: str) -> str:
        """Let a person write, and return the next answer to them."""
        before = len(self.answers(sender))
        response = self.twilio.receive(brand, text, sender=sender, **more)
        assert response.status_code in (200, 204), response.status_code
        return self.answer(sender, before, seconds)

    def answer(self, sender: str, before: int, seconds: float = 20.0) -> str:
        """Return the text of the answer number `before` (from 0) to a person, waiting for it."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            found = self.answers(sender)
            if len(found) > before:
                return found[before].body
            time.sleep(0.02)
        raise TimeoutError(f"no answer {before + 1} after {seconds} s")

    def answers(self, sender: str) -> list[Sent]:
        """Return what was sent to a person so far."""
        return [sent for sent in list(self.twilio.sent) if sent.to.removeprefix("whatsapp:") == sender]

    def logs(self) -> str:
        """Return everything that the processes wrote."""
        return "".join(path.read_text("utf-8", errors="replace") for path in sorted(self.log.glob("*.log")))


@contextmanager
def product(folder: Path, *names: str, **more: str) -> Iterator[Product]:
    """Run the product in a folder of its own. `names` are the processes to start, `more` further settings."""
    ports = {name: free_port() for name in ("channels", "desk", "rasa", "actions")}
    with FakeTwilio(
        gateway_url=f"http://127.0.0.1:{ports['channels']}", public_url="https://amana.example.org"
    ) as fake:
        environment = _environment(folder, ports, fake, more)
        settings = from_env({name: value for name, value in environment.items() if name.startswith("AMANA_")})
        i18n.compile_all()
        train(environment)
        store = open_store(settings.database_url, settings.master)
        migrate(store.engine)
        made = Product(
            environment=environment, settings=settings, twilio=fake, store=store,
            link=first_sign_in_link(store, settings), log=folder,
        )  # fmt: skip
        try:
            made.start(*names)
            yield made
        finally:
            made.stop(*list(made.processes))
            store.close()


def _environment(folder: Path, ports: Mapping[str, int], fake: FakeTwilio, more: Mapping[str, str]) -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("AMANA_")}
    return {
        **inherited, **keys.fresh(),
        "AMANA_DATABASE_URL": f"sqlite:///{folder}/amana.sqlite3",
        "AMANA_SPOOL_PATH": str(folder / "spool"),
        "AMANA_TRACKER_PATH": str(folder / "tracker.sqlite3"),
        "AMANA_CHANNELS": "web,sms,whatsapp",
        "AMANA_PUBLIC_URL": fake.public_url,
        "AMANA_DESK_URL": f"http://127.0.0.1:{ports['desk']}",
        "AMANA_CHANNELS_PORT": str(ports["channels"]),
        "AMANA_DESK_PORT": str(ports["desk"]),
        "AMANA_RASA_PORT": str(ports["rasa"]),
        "AMANA_ACTIONS_PORT": str(ports["actions"]),
        "AMANA_TWILIO_ACCOUNT_SID": SID,
        "AMANA_TWILIO_AUTH_TOKEN": TOKEN,
        "AMANA_TWILIO_SMS_NUMBER": OUR_NUMBER,
        "AMANA_TWILIO_WHATSAPP_NUMBER": OUR_NUMBER,
        "AMANA_TWILIO_API_URL": fake.url,
        "AMANA_PRIVATE_HOSTS": "127.0.0.1",
        "AMANA_TWILIO_DEFAULT_WORDS": "yes",
        "AMANA_LOG_STRICT": "yes",
        **more,
    }  # fmt: skip


def train(environment: Mapping[str, str]) -> None:
    """Train the assistant when its data changed; the first time takes minutes."""
    command = ["bot/.venv/bin/python", "bot/train.py"]
    subprocess.run(command, cwd=ROOT, env=dict(environment), check=True, stdout=sys.stderr)


@dataclass(slots=True)
class Counsellor:
    """Somebody at the desk, without a browser: follows the pages' own links and forms."""

    client: httpx.Client
    base: str

    def sign_in(self, link: str, name: str = "Asha", password: str = "blue kettles sing at dawn") -> None:
        """Accept an invitation."""
        page = self.client.get(link)
        form = {"name": name, "password": password, **hidden(page.text)}
        self.client.post(str(page.url), data=form, headers=self._headers()).raise_for_status()

    def _headers(self) -> dict[str, str]:
        return {"Origin": self.base, "Sec-Fetch-Site": "same-origin"}

    def page(self, path: str) -> str:
        """Return a page."""
        response = self.client.get(self.base + path)
        response.raise_for_status()
        return response.text

    def post(self, path: str, **fields: str) -> httpx.Response:
        """Send a form with the hidden fields of the first page that has them."""
        form = {**hidden(self.page("/")), **fields}
        return self.client.post(self.base + path, data=form, headers=self._headers())


def hidden(page: str) -> dict[str, str]:
    """Return the hidden fields of a page's forms."""
    found = re.findall(r'<input[^>]*type="hidden"[^>]*>', page)
    pairs = [(re.search(r'name="([^"]*)"', tag), re.search(r'value="([^"]*)"', tag)) for tag in found]
    return {name[1]: value[1] for name, value in pairs if name and value}
