"""`make run`: prepares, starts everything, says where it is, and keeps it running."""

import base64
import os
import re
import signal
import subprocess
import sys
import time
from dataclasses import fields
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from core.config import ROOT, Settings, environment_name, from_env
from core.errors import ConfigError
from ops import keys, run
from ops.exchange import Exchange
from tests.e2e.product import free_port

EVERYTHING = {
    "PATH": "p", "AMANA_TRACKER_PATH": "x", "AMANA_CACHE": "x", "AMANA_MODELS": "x", "AMANA_DOMAIN": "x",
    **{environment_name(row.name): "x" for row in fields(Settings)},
}  # fmt: skip


def test_the_assistant_gets_every_setting_that_it_asks_for() -> None:
    given = run.surroundings("assistant-1", {**EVERYTHING, **run.for_the_assistant(from_env(keys.fresh()))})
    for path in (ROOT / "bot").glob("*.py"):
        wanted = set(re.findall(r"AMANA_[A-Z_]+", path.read_text("utf-8"))) - {"AMANA_MODEL_SIGNING_KEY"}
        assert wanted <= set(given), path.name


def test_the_assistant_gets_no_key_to_texts_and_addresses_and_nobody_else_the_one_to_its_memory() -> None:
    told = {name for name in run.surroundings("assistant", EVERYTHING) if name.startswith("AMANA_")}
    assert told == run.ASSISTANTS
    assert not {"AMANA_MASTER_KEY", "AMANA_DATABASE_URL", "AMANA_TWILIO_AUTH_TOKEN"} & run.ASSISTANTS
    assert run.surroundings("assistant", EVERYTHING)["PATH"] == "p"
    for name in ("channels", "desk", "actions"):
        told = set(run.surroundings(name, EVERYTHING))
        assert set(EVERYTHING) - told == {"AMANA_TRACKER_KEY", "AMANA_MODEL_SIGNING_KEY"}


def sleeper(folder: Path) -> run.Process:
    """A process that leaves a trace and sleeps; with --take-over it does what the file `then` says."""
    code = f'echo "$@" >> {folder}/trace; [ -z "$1" ] || eval "$(cat {folder}/then)"; exec sleep 60'
    (folder / "sleeper").write_text(code)
    return run.Process("assistant", f"exec /bin/sh {folder}/sleeper")


def test_another_model_starts_a_successor_which_takes_the_place(tmp_path: Path) -> None:
    (tmp_path / "then").write_text("true")
    one = sleeper(tmp_path)
    exchange = Exchange({"AMANA_MODELS": str(tmp_path)}, [one])
    try:
        one.look(os.environ, 0.0)
        first = one.process
        assert first is not None
        _wait_for(tmp_path / "trace", "\n", first, 10)
        exchange.look()
        assert one.successor is None
        (tmp_path / "manifest.json").write_text("another")
        exchange.look()
        exchange.look()
        one.look(os.environ, 1.0)
        assert one.process is first
        assert one.successor is not None
        second = one.successor
        first.kill()  # a real successor asks it to leave
        first.wait()
        one.look(os.environ, 2.0)
        assert one.process is second
        assert one.successor is None
        one.look(os.environ, 3.0)
        _wait_for(tmp_path / "trace", "--take-over", second, 10)
        assert (tmp_path / "trace").read_text() == "\n--take-over\n", "nothing else was started"
    finally:
        one.stop()
        one.wait(time.monotonic() + 5)


def test_a_successor_that_does_not_serve_leaves_the_one_before(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "then").write_text("exit 2")
    one, other = sleeper(tmp_path), sleeper(tmp_path)
    exchange = Exchange({"AMANA_MODELS": str(tmp_path)}, [one, other])
    try:
        one.look(os.environ, 0.0)
        other.look(os.environ, 0.0)
        before = one.process, other.process
        (tmp_path / "manifest.json").write_text("another")
        for assistant in (one, other):
            exchange.look()
            refused = assistant.successor
            assert refused is not None, "one at a time"
            assert refused.wait(10) == 2
            assistant.look(os.environ, 1.0)
        exchange.look()
        assert (one.process, other.process) == before
        assert all(process is not None and process.poll() is None for process in before)
        assert (one.successor, other.successor) == (None, None)
        assert capsys.readouterr().out.count("the new model was not accepted") == 2
    finally:
        for assistant in (one, other):
            assistant.stop()
            assistant.wait(time.monotonic() + 5)


def test_keys_of_models_belong_together_and_are_taken_as_settings() -> None:
    found = keys.for_models()
    from_env({**keys.fresh(), **found})
    private = Ed25519PrivateKey.from_private_bytes(base64.b64decode(found["AMANA_MODEL_SIGNING_KEY"]))
    assert base64.b64decode(found["AMANA_MODEL_SIGNER"]) == private.public_key().public_bytes_raw()
    with pytest.raises(ConfigError, match="AMANA_MODEL_SIGNER must be 32"):
        from_env({**keys.fresh(), "AMANA_MODEL_SIGNER": "short"})


def test_keys_are_made_once_and_only_for_their_owner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AMANA_MASTER_KEY", raising=False)
    path = tmp_path / ".env"
    first = keys.environment(path)
    assert path.stat().st_mode & 0o077 == 0
    assert keys.environment(path)["AMANA_MASTER_KEY"] == first["AMANA_MASTER_KEY"]
    from_env({name: value for name, value in first.items() if name.startswith("AMANA_")})


def test_what_is_set_already_wins_over_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / ".env"
    keys.write(path, {**keys.fresh(), "AMANA_ORGANISATION": "from the file"})
    monkeypatch.setenv("AMANA_ORGANISATION", "from outside")
    assert keys.environment(path)["AMANA_ORGANISATION"] == "from outside"


def test_a_wrong_setting_stops_the_start_with_one_sentence(tmp_path: Path) -> None:
    environment = {**os.environ, **keys.fresh(), "AMANA_CHANNELS": "web,sms"}
    result = subprocess.run(
        [sys.executable, "-m", "ops.run"], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert result.returncode == 2
    assert "AMANA_TWILIO_ACCOUNT_SID is missing" in result.stderr
    assert "Traceback" not in result.stderr
    with pytest.raises(ConfigError):
        from_env({"AMANA_CHANNELS": "sms"})


@pytest.mark.rasa
def test_everything_starts_says_where_it_is_and_is_started_again_when_it_dies(tmp_path: Path) -> None:
    ports = {f"AMANA_{name}_PORT": str(free_port()) for name in ("CHANNELS", "DESK", "RASA", "ACTIONS")}
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("AMANA_")},
        **keys.fresh(), **ports,
        "AMANA_DATABASE_URL": f"sqlite:///{tmp_path}/amana.sqlite3",
        "AMANA_TRACKER_PATH": str(tmp_path / "tracker.sqlite3"),
        "AMANA_DESK_URL": f"http://127.0.0.1:{ports['AMANA_DESK_PORT']}",
    }  # fmt: skip
    log = tmp_path / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "ops.run"], cwd=ROOT, env=environment, stdout=output, stderr=output
        )
    try:
        _wait_for(log, "Amana is running", process, 300)
        assert f"http://127.0.0.1:{ports['AMANA_DESK_PORT']}/welcome/" in log.read_text()
        subprocess.run(["pkill", "-9", "-P", str(process.pid), "-f", "desk.app"], check=True)
        _wait_for(log, "desk ended", process, 10)
        settings = from_env({name: value for name, value in environment.items() if name.startswith("AMANA_")})
        until = time.monotonic() + 30
        while not run.is_ready(*run.addresses(settings)["desk"]) and time.monotonic() < until:
            time.sleep(0.2)
        assert run.is_ready(*run.addresses(settings)["desk"])
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(40)
    assert process.returncode == 0


def _wait_for(log: Path, text: str, process: "subprocess.Popen[bytes]", seconds: float) -> None:
    until = time.monotonic() + seconds
    while text not in (so_far := log.read_text() if log.exists() else ""):
        assert process.poll() is None, so_far[-2000:]
        assert time.monotonic() < until, so_far[-2000:]
        time.sleep(0.2)
