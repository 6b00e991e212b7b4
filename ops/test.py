"""Runs every test: the assistant's in its environment, then all others. `make test` calls it.

Chromium is needed by the browser tests, and PostgreSQL is used when a server answers; what lacks is said first, in one
place, instead of by twenty failures.
"""

import os
import shutil
import subprocess
import sys
import time

from core.config import ROOT
from ops import i18n

CHROMIUM = ("chromium", "chromium-browser", "google-chrome")


def chromium() -> str | None:
    """Return where Chromium is."""
    return next((found for name in CHROMIUM if (found := shutil.which(name))), None)


def run(what: str, *command: str) -> bool:
    """Run a step, telling what it is and how long it took."""
    sys.stdout.write(f"\n== {what}\n")
    sys.stdout.flush()
    began = time.monotonic()
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AMANA_")}
    for kept in ("AMANA_TEST_POSTGRES_URL", "AMANA_CACHE", "AMANA_MODELS"):
        if kept in os.environ:
            environment[kept] = os.environ[kept]
    result = subprocess.run(command, cwd=ROOT, env=environment, check=False)
    sys.stdout.write(
        f"== {what}: {'passed' if result.returncode == 0 else 'FAILED'} in {time.monotonic() - began:.0f} s\n"
    )
    return result.returncode == 0


def main(arguments: list[str]) -> int:
    """Run everything and return 0 when all passed. Arguments are handed to pytest, for a part of the tests."""
    if chromium() is None:
        sys.stderr.write(
            "The browser tests need Chromium, and it is not on this machine. On Debian or Ubuntu: "
            "apt-get install chromium\n"
        )
        return 1
    i18n.compile_all()
    if arguments:
        return 0 if run("tests", sys.executable, "-m", "pytest", *arguments) else 1
    steps = [
        run("training the assistant", "bot/.venv/bin/python", "bot/train.py"),
        run("tests of the assistant", "bot/.venv/bin/python", "-m", "pytest", "-q", "tests/bot"),
        run("all other tests", sys.executable, "-m", "pytest", "-q"),
    ]
    return 0 if all(steps) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
