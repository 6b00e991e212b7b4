"""Stock Rasa 3.6.21 with the same trained model: its own server, channels, tracker store and wording."""

import json
import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from core.config import ROOT
from tests.e2e.product import Product, free_port
from tests.fakes.twilio import OUR_NUMBER, SID, TOKEN

START_SECONDS = 180.0


@contextmanager
def stock(product: Product, model: Path) -> Iterator[str]:
    """Run `rasa run` beside a product whose action server it uses; give the address of its webhooks."""
    port = free_port()
    credentials, endpoints = product.log / "stock_credentials.yml", product.log / "stock_endpoints.yml"
    credentials.write_text(
        "rest:\nstock_twilio.LoopbackTwilio:\n"
        f"  account_sid: {SID}\n  auth_token: {TOKEN}\n  twilio_number: '{OUR_NUMBER}'\n"
    )
    secret = product.settings.internal_secret
    endpoints.write_text(
        f"action_endpoint:\n  url: http://127.0.0.1:{product.settings.actions_port}/webhook\n"
        f"  headers:\n    X-Amana-Secret: {json.dumps(secret)}\n"
    )
    command = [
        ".venv/bin/rasa", "run", "--model", str(model), "--port", str(port), "-i", "127.0.0.1",
        "--credentials", str(credentials), "--endpoints", str(endpoints),
    ]  # fmt: skip
    with (product.log / "stock.log").open("ab") as output:
        process = subprocess.Popen(command, cwd=ROOT / "bot", env=_quiet(product), stdout=output, stderr=output)
    try:
        _wait(f"http://127.0.0.1:{port}/", process)
        yield f"http://127.0.0.1:{port}/webhooks"
    finally:
        process.terminate()
        process.wait(30)


def _quiet(product: Product) -> dict[str, str]:
    return {
        **product.environment, "RASA_TELEMETRY_ENABLED": "false", "TF_CPP_MIN_LOG_LEVEL": "3",
        "PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT / "bench"), "BENCH_TWILIO_URL": product.twilio.url,
    }  # fmt: skip


def _wait(url: str, process: "subprocess.Popen[bytes]") -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        if process.poll() is not None:
            raise RuntimeError(f"stock Rasa ended with code {process.returncode}; see stock.log")
        try:
            httpx.get(url, timeout=2)
            return
        except httpx.HTTPError:
            time.sleep(0.5)
    raise TimeoutError("stock Rasa did not start")
