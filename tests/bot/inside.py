"""Runs the assistant in a network of its own and prints what it let in and tried: a part of test_walls.py."""

import http.client
import json
import os
import socket
import sys
from pathlib import Path
from typing import Any

from conftest import SECRET, FakeActions
from test_succession import Place

ELSEWHERE = "10.9.8.7"
"""Another address of this machine."""
DOORS = (
    "/", "/model", "/model/parse", "/model/train", "/model/test/intents", "/model/predict", "/domain", "/status",
    "/version", "/conversations/a/tracker", "/conversations/a/messages", "/conversations/a/execute",
    "/webhooks/rest/webhook", "/webhooks/callback/webhook", "/webhooks/twilio/webhook", "/socket.io/",
)  # fmt: skip


def status(port: int, method: str, path: str) -> "tuple[int, dict[str, str]]":
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    headers = {"X-Amana-Secret": SECRET, "Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
    connection.request(method, path, b"{}" if method in ("POST", "PUT") else None, headers)
    response = connection.getresponse()
    response.read()
    connection.close()
    return response.status, dict(response.getheaders())


def can_connect(address: str, port: int) -> bool:
    try:
        socket.create_connection((address, port), timeout=5).close()
    except OSError:
        return False
    return True


def refused_by_the_kernel() -> int:
    """Return how many packets of this network found no way out."""
    names, values = [line.split()[1:] for line in Path("/proc/net/snmp").read_text().splitlines()[:2]]
    return int(dict(zip(names, values, strict=True))["OutNoRoutes"])


def look(folder: Path) -> "dict[str, Any]":
    """Start the assistant, knock at every door, take turns, and tell what came of it."""
    actions = FakeActions()
    actions.reset()
    place = Place(folder, actions)
    place.environment.update(PYTHONPATH=str(folder / "recorder"), RASA_TELEMETRY_ENABLED="true")
    place.start()
    place.wait_for("assistant ready")
    doors = {
        f"{method} {path}": status(place.port, method, path)[0] for path in DOORS for method in ("GET", "POST", "PUT")
    }
    _, headers = status(place.port, "OPTIONS", "/webhooks/gateway/turn")
    found = {
        "user": os.geteuid(),
        "doors": doors,
        "cors": [name for name in headers if name.lower().startswith("access-control")],
        "answered": [place.gateway.turn("somebody", text)["status"] for text in ("hello", "what is the legal fee")],
        "asked": [call["next_action"] for call in actions.calls],
        "reached": {address: can_connect(address, place.port) for address in ("127.0.0.1", ELSEWHERE)},
        "stranger": place.gateway.ask("GET", "/health", secret=None)[0],
    }
    place.running[0].terminate()
    place.running[0].wait(30)
    found["lost"] = refused_by_the_kernel()
    found["log"] = place.log.read_text()
    found["recorded"] = json.loads((place.tracker.parent / "recorded.json").read_text())
    found["ports"] = [place.port, actions.port]
    return found


if __name__ == "__main__":
    print(json.dumps(look(Path(sys.argv[1]))))
