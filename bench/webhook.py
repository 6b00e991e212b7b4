"""How long a signed webhook waits for its answer: 50 a second for 20 seconds, on SQLite, with Rasa stopped.

Open loop: each request has its time, and a late answer does not delay the next one, so that a slow spell is not hidden.
The time counts from the moment at which the request should have been sent. `python -m bench.webhook [rate] [seconds]`
"""

import asyncio
import base64
import os
import secrets
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from core.config import ROOT
from core.store.database import make_engine
from core.store.migrate import migrate
from ops import i18n
from tests.fakes.twilio import OUR_NUMBER, SID, TOKEN, FakeTwilio

PEOPLE = 200
CONNECTIONS = 16
TARGETS = {50: 10.0, 95: None, 99: 100.0}


def free_port() -> int:
    """Return a port that nobody uses just now."""
    with socket.create_server(("127.0.0.1", 0)) as bound:
        return int(bound.getsockname()[1])


@contextmanager
def gateway(folder: Path, port: int, twilio_url: str) -> Iterator[int]:
    """Run the real gateway as a process, without an assistant behind it; give its process id."""
    database = f"sqlite:///{folder}/bench.sqlite3"
    engine = make_engine(database)
    migrate(engine)
    engine.dispose()
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AMANA_")} | {
        "AMANA_MASTER_KEY": base64.b64encode(secrets.token_bytes(32)).decode(),
        "AMANA_INTERNAL_SECRET": secrets.token_hex(32),
        "AMANA_DATABASE_URL": database,
        "AMANA_SPOOL_PATH": str(folder / "spool"),
        "AMANA_SEND_RATES": "sms=1000",
        "AMANA_CHANNELS": "web,sms,whatsapp",
        "AMANA_CHANNELS_PORT": str(port),
        "AMANA_PUBLIC_URL": f"http://127.0.0.1:{port}",
        "AMANA_RASA_PORT": str(free_port()),
        "AMANA_TWILIO_ACCOUNT_SID": SID,
        "AMANA_TWILIO_AUTH_TOKEN": TOKEN,
        "AMANA_TWILIO_SMS_NUMBER": OUR_NUMBER,
        "AMANA_TWILIO_WHATSAPP_NUMBER": OUR_NUMBER,
        "AMANA_TWILIO_API_URL": twilio_url,
        "AMANA_PRIVATE_HOSTS": "127.0.0.1",
        "AMANA_TWILIO_DEFAULT_WORDS": "yes",
    }
    with (folder / "log").open("w") as log:
        process = subprocess.Popen([sys.executable, "-m", "channels.app"], cwd=ROOT, env=environment, stderr=log)
        try:
            _wait_until_ready(f"http://127.0.0.1:{port}/health/ready", process)
            yield process.pid
        finally:
            process.terminate()
            process.wait(30)


def _wait_until_ready(url: str, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + 120
    while time.monotonic() < end and process.poll() is None:
        try:
            if httpx.get(url).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    sys.exit("the gateway did not become ready")


def requests(twilio: FakeTwilio, count: int) -> list[bytes]:
    """Write and sign all requests beforehand, so that the generator is not what is measured."""
    written = []
    for number in range(count):
        sender = f"+1500555{number % PEOPLE:04d}"
        params = twilio.incoming("sms", f"agent asks for money, message {number}", sender=sender)
        _, headers, body = twilio.signed("/hooks/sms", params.items())
        lines = [f"{name}: {value}" for name, value in (headers | {"Content-Length": str(len(body))}).items()]
        head = "\r\n".join(["POST /hooks/sms HTTP/1.1", "Host: 127.0.0.1", *lines, "", ""])
        written.append(head.encode() + body)
    return written


async def load(port: int, written: list[bytes], rate: int) -> tuple[list[float], list[int]]:
    """Post at a fixed rate over kept connections; return the times in milliseconds and the statuses."""
    times: list[float] = []
    statuses: list[int] = []
    free: asyncio.Queue[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = asyncio.Queue()
    for _ in range(CONNECTIONS):
        free.put_nowait(await asyncio.open_connection("127.0.0.1", port))

    async def post(request: bytes, due: float) -> None:
        reader, writer = await free.get()
        writer.write(request)
        answer = await reader.readuntil(b"\r\n\r\n")
        times.append((time.perf_counter() - due) * 1000)
        statuses.append(int(answer.split(b" ", 2)[1]))
        free.put_nowait((reader, writer))

    start = time.perf_counter() + 1
    async with asyncio.TaskGroup() as group:
        for number, request in enumerate(written):
            due = start + number / rate
            await asyncio.sleep(due - time.perf_counter())
            group.create_task(post(request, due))
    while not free.empty():
        free.get_nowait()[1].close()
    return times, statuses


def processor(pid: int) -> float:
    """Return the processor time that a process has used, in seconds. Other work on the machine hardly changes it."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def wait_for_all(twilio: FakeTwilio, count: int) -> None:
    """Wait until so many messages were answered, but no longer than two minutes."""
    end = time.monotonic() + 120
    while len(twilio.sent) < count and time.monotonic() < end:
        time.sleep(0.1)


def percentile(times: list[float], share: int) -> float:
    """Return the time that `share` percent stay below."""
    ordered = sorted(times)
    return ordered[min(len(ordered) - 1, len(ordered) * share // 100)]


def main(rate: int = 50, seconds: int = 20) -> int:
    """Measure, print one row for each percentile, and return 1 when a target was missed."""
    i18n.compile_all()
    port = free_port()
    with (
        tempfile.TemporaryDirectory() as folder,
        FakeTwilio(gateway_url=f"http://127.0.0.1:{port}") as twilio,
        gateway(Path(folder), port, twilio.url) as pid,
    ):
        written, before = requests(twilio, rate * seconds), processor(pid)
        times, statuses = asyncio.run(load(port, written, rate))
        taken = processor(pid)
        answered = sum(status == 204 for status in statuses)
        meanwhile = len(twilio.sent)
        wait_for_all(twilio, answered)
        each = [(moment - before) / len(written) * 1000 for moment in (taken, processor(pid))]
    print(f"| webhook, {rate}/s for {seconds} s, SQLite, Rasa stopped | ms | target |\n|---|---|---|")
    for share, target in TARGETS.items():
        print(f"| p{share} | {percentile(times, share):.1f} | {'' if target is None else f'<= {target:g}'} |")
    print(f"| slowest | {max(times):.1f} | |\n| acknowledged | {answered} of {len(statuses)} | all |")
    print(f"| processor time for each message while they came in ({meanwhile} answered) | {each[0]:.1f} | |")
    print(f"| the same until all {len(twilio.sent)} were answered | {each[1]:.1f} | |")
    print(f"\nload of the machine: {os.getloadavg()[0]:.1f}")
    missed = [share for share, target in TARGETS.items() if target and percentile(times, share) > target]
    return 1 if missed or answered != len(statuses) else 0


if __name__ == "__main__":
    sys.exit(main(*(int(text) for text in sys.argv[1:])))
