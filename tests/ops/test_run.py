"""`make run`: prepares, starts everything, says where it is, and keeps it running."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from core.config import ROOT, from_env
from core.errors import ConfigError
from ops import keys, run
from tests.e2e.product import free_port


def test_the_assistant_gets_every_setting_that_it_asks_for() -> None:
    given = run.for_the_assistant(from_env(keys.fresh()))
    for path in (ROOT / "bot").glob("*.py"):
        wanted = set(re.findall(r"AMANA_[A-Z_]+", path.read_text("utf-8")))
        assert wanted <= {*given, "AMANA_MODELS", "AMANA_DOMAIN", "AMANA_TRACKER_PATH", "AMANA_CACHE"}, path.name


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
    while text not in log.read_text():
        assert process.poll() is None, log.read_text()[-2000:]
        assert time.monotonic() < until, log.read_text()[-2000:]
        time.sleep(0.2)
