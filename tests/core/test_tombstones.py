"""The list of who was erased: complete, on disk, whatever tore its last line."""

from pathlib import Path

import pytest

from core import tombstones

NOW = 1_790_000_000.0


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "erased"


def test_what_is_kept_is_read_and_only_for_its_owner(path: Path) -> None:
    assert tombstones.read(path) == {}
    tombstones.keep(path, {"a": NOW - 1.5, "b": NOW}, NOW)
    assert tombstones.read(path) == {"a": NOW - 1.5, "b": NOW}
    assert path.stat().st_mode & 0o077 == 0


def test_nothing_is_written_twice_and_the_newest_time_counts(path: Path) -> None:
    tombstones.keep(path, {"a": NOW}, NOW)
    before = path.read_bytes()
    tombstones.keep(path, {"a": NOW}, NOW)
    tombstones.keep(path, {}, NOW)
    assert path.read_bytes() == before
    tombstones.keep(path, {"a": NOW + 5}, NOW)
    tombstones.keep(path, {"a": NOW - 5}, NOW)
    assert tombstones.read(path) == {"a": NOW + 5}


@pytest.mark.parametrize("cut", range(1, 8))
def test_a_torn_end_costs_neither_what_was_before_nor_what_comes(path: Path, cut: int) -> None:
    tombstones.keep(path, {"a": NOW}, NOW)
    tombstones.keep(path, {"b": NOW + 1}, NOW)
    path.write_bytes(path.read_bytes()[:-cut])
    assert tombstones.read(path) == {"a": NOW}
    tombstones.keep(path, {"a": NOW, "b": NOW + 1, "c": NOW + 2}, NOW)  # the database still has them all
    assert tombstones.read(path) == {"a": NOW, "b": NOW + 1, "c": NOW + 2}


def test_what_no_backup_can_bring_back_is_forgotten(path: Path) -> None:
    tombstones.keep(path, {"old": NOW}, NOW)
    later = NOW + tombstones.KEPT_SECONDS + 1
    tombstones.keep(path, {"new": later}, later)
    assert tombstones.read(path) == {"new": later}
    assert [one.name for one in path.parent.iterdir()] == ["erased"]
