"""Starts all four processes on one machine, keeps them running, and says when and where they are ready.

A process that ends is started again: danger words and hand-over must work while another part is down.
"""

import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from core import danger_reader, languages
from core.config import ROOT, Settings, from_env
from core.errors import ConfigError
from core.store import open_store
from core.store.migrate import migrate
from desk.invite import first_sign_in_link
from ops import i18n, keys
from ops.exchange import Exchange

LONGEST_PAUSE = 30.0
STEADY_SECONDS = 60.0
STOP_SECONDS = 25.0
ASSISTANTS = frozenset(
    f"AMANA_{name}"
    for name in (
        "RASA_PORT", "ACTIONS_PORT", "INTERNAL_SECRET", "TRACKER_KEY", "TRACKER_PATH", "TURN_SECONDS",
        "MODELS", "MODEL_SIGNER", "DOMAIN", "CACHE",
    )
)  # fmt: skip
"""What the assistant may know of the settings."""
ELSEWHERE = frozenset({"AMANA_TRACKER_KEY", "AMANA_MODEL_SIGNING_KEY"})
"""What only the assistant and the training need."""


@dataclass(slots=True)
class Process:
    """A process that is kept running."""

    name: str
    command: str
    process: "subprocess.Popen[bytes] | None" = None
    started: float = 0.0
    pause: float = 1.0
    next_start: float = field(default=0.0)
    successor: "subprocess.Popen[bytes] | None" = None

    def look(self, environment: Mapping[str, str], now: float) -> None:
        """Start the process when it is not running and its pause is over; the pause doubles while it keeps failing."""
        self._succeeded(now)
        if self.process is not None and self.process.poll() is not None:
            if now - self.started > STEADY_SECONDS:
                self.pause = 1.0
            _say(f"{self.name} ended with code {self.process.returncode}; starting it again in {self.pause:.0f} s")
            self.process, self.next_start = None, now + self.pause
            self.pause = min(self.pause * 2, LONGEST_PAUSE)
        if self.process is None and now >= self.next_start:
            self.process = self._open(self.command, environment)
            self.started = now

    def succeed(self, environment: Mapping[str, str]) -> None:
        """Start another one beside it, which takes its place when it is ready (R18)."""
        self.successor = self._open(f"{self.command} --take-over", environment)

    def _succeeded(self, now: float) -> None:
        if self.successor is None:
            return
        if self.successor.poll() is not None:
            _say(f"{self.name}: the new model was not accepted, see above; what is served stays")
            self.successor = None
        elif self.process is None or self.process.poll() is not None:
            _say(f"{self.name}: the new one has taken over")
            self.process, self.successor, self.started = self.successor, None, now

    def _open(self, command: str, environment: Mapping[str, str]) -> "subprocess.Popen[bytes]":
        own = surroundings(self.name, environment)
        return subprocess.Popen(["/bin/sh", "-c", command], cwd=ROOT, env=own, start_new_session=True)

    def stop(self) -> None:
        """Ask the process, and who was to succeed it, to end."""
        for one in (self.process, self.successor):
            if one is not None and one.poll() is None:
                os.killpg(one.pid, signal.SIGTERM)

    def wait(self, until: float) -> None:
        """Wait for the end of the process, and end it by force when it takes too long."""
        for one in filter(None, (self.process, self.successor)):
            try:
                one.wait(max(0.1, until - time.monotonic()))
            except subprocess.TimeoutExpired:
                os.killpg(one.pid, signal.SIGKILL)


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def read_procfile(path: Path) -> list[Process]:
    """Read `name: command` lines."""
    rows = (line.split(":", 1) for line in path.read_text("utf-8").splitlines() if ":" in line)
    return [Process(name.strip(), command.strip()) for name, command in rows]


def side_by_side(processes: list[Process], settings: Settings) -> list[Process]:
    """Add the further assistants that the settings want, each on a port of its own."""
    found = list(processes)
    for process in processes:
        for number in range(1, settings.rasa_processes if process.name == "assistant" else 1):
            place = f"export AMANA_RASA_PORT={settings.rasa_port + number}"
            found.append(Process(f"{process.name}-{number}", f"{place}; {process.command}"))
    return found


def prepare(environment: Mapping[str, str], settings: Settings) -> str | None:
    """Bring catalogues, database and model up to date; return the first sign-in link when nobody can sign in yet."""
    i18n.compile_all()
    languages.load(ROOT / "data", ROOT / "var" / "cache")
    danger_reader.load(ROOT / "data", ROOT / "var" / "cache")
    store = open_store(settings.database_url, settings.master)
    migrate(store.engine)
    link = first_sign_in_link(store, settings)
    store.close()
    trained = subprocess.run(
        shlex.split("bot/.venv/bin/python bot/train.py"), cwd=ROOT, env=dict(environment), check=False
    )
    if trained.returncode:
        raise ConfigError("the assistant could not be trained; the lines above say why")
    return link


def surroundings(name: str, environment: Mapping[str, str]) -> dict[str, str]:
    """Return what a process finds in its environment: no key of texts and addresses in the assistant's (R17, R21)."""
    if name.startswith("assistant"):
        return {key: value for key, value in environment.items() if not key.startswith("AMANA_") or key in ASSISTANTS}
    return {key: value for key, value in environment.items() if key not in ELSEWHERE}


def for_the_assistant(settings: Settings) -> dict[str, str]:
    """Return the settings that the assistant reads by itself; it knows no defaults of ours."""
    return {
        "AMANA_MODEL_SIGNER": settings.model_signer,
        "AMANA_RASA_PORT": str(settings.rasa_port),
        "AMANA_ACTIONS_PORT": str(settings.actions_port),
        "AMANA_INTERNAL_SECRET": settings.internal_secret,
        "AMANA_TRACKER_KEY": settings.tracker_key,
        "AMANA_TURN_SECONDS": str(settings.turn_seconds),
    }


def addresses(settings: Settings) -> dict[str, tuple[str, dict[str, str]]]:
    """Return where each process answers when it is ready, and the headers that the question needs."""
    secret = {"X-Amana-Secret": settings.internal_secret}
    further = {
        f"assistant-{number}": (f"http://127.0.0.1:{settings.rasa_port + number}/webhooks/gateway/health", secret)
        for number in range(1, settings.rasa_processes)
    }
    return {
        **further,
        "channels": (f"http://127.0.0.1:{settings.channels_port}/health/ready", {}),
        "desk": (f"http://127.0.0.1:{settings.desk_port}/health", {}),
        "actions": (f"http://127.0.0.1:{settings.actions_port}/health", secret),
        "assistant": (f"http://127.0.0.1:{settings.rasa_port}/webhooks/gateway/health", secret),
    }


def is_ready(url: str, headers: Mapping[str, str]) -> bool:
    """Tell whether a process answers that it is ready."""
    try:
        response = httpx.get(url, headers=dict(headers), timeout=2)
    except httpx.HTTPError:
        return False
    if response.status_code >= 300:
        return False
    is_json = response.headers.get("content-type", "").startswith("application/json")
    return not is_json or bool(response.json().get("ready", True))


def run(processes: list[Process], environment: Mapping[str, str], settings: Settings, link: str | None) -> None:
    """Keep everything running until SIGINT or SIGTERM."""
    stopping = []
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopping.append(True))
    began = time.monotonic()
    waiting = addresses(settings)
    exchange = Exchange(environment, [process for process in processes if process.name.startswith("assistant")])
    while not stopping:
        now = time.monotonic()
        exchange.look()
        for process in processes:
            process.look(environment, now)
        for name in [name for name, where in waiting.items() if is_ready(*where)]:
            del waiting[name]
            _say(f"  {name} is ready after {now - began:.0f} s")
            if not waiting:
                _say(welcome(settings, link))
        time.sleep(0.5)
    _say("Stopping ...")
    for process in processes:
        process.stop()
    until = time.monotonic() + STOP_SECONDS
    for process in processes:
        process.wait(until)


def welcome(settings: Settings, link: str | None) -> str:
    """Say where everything is."""
    lines = ["", "Amana is running.", f"  Web chat  {settings.public_url}/", f"  Desk      {settings.desk_url}/"]
    if link:
        lines += ["", "Nobody can sign in to the desk yet. This link works once, for 24 hours:", f"  {link}"]
    return "\n".join([*lines, "", "Stop with Ctrl+C."])


def main() -> int:
    """Prepare and run."""
    try:
        environment = keys.environment()
        settings = from_env(environment)
        environment |= for_the_assistant(settings)
        link = prepare(environment, settings)
    except ConfigError as error:
        sys.stderr.write(f"Amana cannot start: {error}\n")
        return 2
    _say("Starting; the assistant needs about half a minute, everything else is there at once.")
    run(side_by_side(read_procfile(ROOT / "Procfile"), settings), environment, settings, link)
    return 0


if __name__ == "__main__":
    sys.exit(main())
