"""A gateway as a process that can be killed: this module loads everything once and forks one child for each order.

Orders come as JSON lines on standard input; the answer is the child's process id. A child is the real gateway, with
short lists of words, short leases, and a plan of what happens at which fault point:
    {"send.accepted": {"3": "kill"}}    the third time that this child passes that place
"""

import gc
import json
import os
import resource
import signal
import socket
import sys
from pathlib import Path
from typing import Any

from channels import app, keeping, letters, life, outbox, turns
from channels.outcome import Wording
from channels.parts import Parts, assistants
from channels.replies import Replies
from core import faults
from core.commands import Commands
from core.config import from_env
from core.knowledge import Knowledge
from core.languages import Identifier, LatinModel
from core.log import set_up
from core.responses import Responses
from core.risk import DangerCheck
from core.store import database

ENGLISH = LatinModel.train([("en", "text number of the message")])


def make_turns(parts: Parts) -> turns.Turns:
    """Make real turns that know no words but ours."""
    settings = parts.settings
    tools = turns.Tools(
        store=parts.store,
        assistant=assistants(settings, settings.turn_seconds),
        wording=Wording(words=parts.words, text_limit=lambda _: 1600, medium=lambda _: "sms"),
        commands=Commands({"en": {"person": ["person"]}}),
        danger=DangerCheck({"en": {"violence_now": {"phrases": ["beating me"]}}}),
        identifier=Identifier(ENGLISH),
        replies=Replies(Responses({}, {}), Knowledge([], [], [])),
        default_language="en", log=parts.log, metrics=parts.metrics,
    )  # fmt: skip
    return turns.Turns(tools, parts.wake_outbox, count=settings.turn_workers, seconds=settings.turn_seconds)


def plan(orders: dict[str, dict[str, str]]) -> Any:
    """Return what happens at the fault points."""
    seen: dict[str, int] = {}

    def at(point: str) -> None:
        seen[point] = seen.get(point, 0) + 1
        action = orders.get(point, {}).get(str(seen[point]))
        if action == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        elif action == "stop":
            os.kill(os.getpid(), signal.SIGSTOP)

    return at


def hurry(store_seconds: float) -> None:
    """Make every wait short, in the proportions of the product."""
    letters.LEASE_SECONDS = outbox.LEASE_SECONDS = 2.0  # type: ignore[attr-defined]
    outbox.SEND_SECONDS, outbox.GRACE_SECONDS, outbox.FIRST_DELAY = 1.5, 0.4, 0.2
    turns.LEASE_MARGIN, turns.RETRY_SECONDS = -2.5, 0.2
    keeping.STORE_SECONDS = database.BUSY_SECONDS = store_seconds  # type: ignore[assignment]
    life.STOP_SECONDS = 5.0


def child(order: dict[str, Any]) -> None:
    """Be a gateway until the end."""
    hurry(order["store_seconds"])
    with Path(order["log"]).open("ab") as log:
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)
    settings = from_env(order["environment"])
    set_up("channels", strict=True)
    if limit := order.get("file_limit"):
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
    faults.install(plan(order.get("faults", {})))
    made = app.create_app(settings, locales=Path(order["locales"]), make_turns=make_turns)
    life.stop_at_signals(made)
    bound = socket.create_server(("127.0.0.1", settings.channels_port), reuse_port=False)
    made.run(sock=bound, single_process=True, access_log=False, motd=False)


def main() -> None:
    """Fork children until standard input ends."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    gc.freeze()
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            os.close(0)
            child(json.loads(line))
            os._exit(0)
        sys.stdout.write(f"{pid}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
