"""Processes of the version before run on the newest schema, as they do for a moment during a rolling update (R39).

The code of the version before is taken from the history, its migrations are exchanged for ours, and its own tests of
the store run. What test_migrations.py says of single statements holds here for all that the old code does.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from core.config import ROOT
from tests.conftest import postgres_url

VERSIONS = "core/migrations/versions"


def git(*arguments: str) -> bytes:
    """Return what git says, or skip where there is no history."""
    told = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, check=False)
    if told.returncode:
        pytest.skip(f"no history here: {told.stderr.decode().strip()}")
    return told.stdout


def version_before() -> str:
    """Return the newest commit that does not know our newest revision."""
    newest = max(path.name for path in (ROOT / VERSIONS).glob("0*.py"))
    if git("rev-parse", "--is-shallow-repository").strip() == b"true":
        pytest.skip("the history is cut off here: a shallow clone")
    added = git("log", "--format=%H", "--diff-filter=A", "--", f"{VERSIONS}/{newest}").decode().split()
    return f"{added[0]}^" if added else "HEAD"


def old_code(commit: str, folder: Path) -> Path:
    """Lay out the version before with our migrations."""
    archive = folder / "old.tar"
    archive.write_bytes(git("archive", commit, "core", "tests/conftest.py", "tests/core/store", "pyproject.toml"))
    old = folder / "old"
    shutil.unpack_archive(archive, old, filter="data")
    known = {path.name for path in (old / VERSIONS).glob("0*.py")}
    ours = {path.name for path in (ROOT / VERSIONS).glob("0*.py")}
    assert known < ours, "the version before knows fewer revisions"
    shutil.rmtree(old / "core" / "migrations")
    shutil.copytree(ROOT / "core" / "migrations", old / "core" / "migrations")
    for about_schema in ("test_migrations.py", "test_rolling.py"):  # they compare the schema with the old tables
        (old / "tests" / "core" / "store" / about_schema).unlink(missing_ok=True)
    return old


def test_the_stores_own_tests_of_the_version_before_pass_on_our_schema(tmp_path: Path) -> None:
    old = old_code(version_before(), tmp_path)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AMANA_")}
    if server := postgres_url():
        environment["AMANA_TEST_POSTGRES_URL"] = server
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/core/store"],
        cwd=old, env=environment, capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stdout[-4000:] + ran.stderr[-2000:]
    assert " passed" in ran.stdout
    used = subprocess.run(
        [sys.executable, "-c", "import core.store.tables as t; print(t.__file__)"],
        cwd=old, env=environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert Path(used.stdout.strip()).is_relative_to(old), "it was the old code that ran"
