"""The spool: on disk before it counts, sealed, whole or not at all."""

import os
import resource
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from channels.spool import Spool, SpoolFailed
from core.crypto import Vault
from core.errors import ConfigError
from core.messages import Inbound, Receipt

VAULT = Vault(b"m" * 32)
SAID = Inbound(
    channel="sms", address="+15005550001", sender="+15005550006", provider_id="SM1", text="marker-of-a-secret نص",
    sent_at=datetime(2026, 11, 22, tzinfo=UTC),
)  # fmt: skip
NAMED = Inbound(channel="whatsapp_cloud", address="NP.1", alias="+15005550001", sender="1", provider_id="w1", text="x")
TOLD = Receipt(channel="sms", provider_id="SM2", status="failed", error="30003", retryable=True)


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[Spool]:
    made = Spool(tmp_path / "spool", VAULT)
    made.check()
    yield made
    made.rotate()


def everything(spool: Spool) -> list[Inbound | Receipt]:
    spool.rotate()
    return [item for path in spool.files() for item in spool.read(path)]


def test_what_was_kept_comes_back_as_it_was_and_in_order(spool: Spool) -> None:
    spool.keep([SAID, TOLD])
    spool.keep([NAMED])
    assert spool.waiting
    assert everything(spool) == [SAID, TOLD, NAMED]


def test_nothing_can_be_read_without_the_key(spool: Spool, tmp_path: Path) -> None:
    spool.keep([SAID])
    raw = b"".join(path.read_bytes() for path in (tmp_path / "spool").iterdir())
    assert b"marker" not in raw
    assert b"+1500" not in raw
    spool.rotate()
    other = Spool(tmp_path / "spool", Vault(b"x" * 32))
    assert [list(other.read(path)) for path in other.files()] == [[]]


def test_a_torn_end_is_dropped_and_what_stands_before_it_is_not(spool: Spool) -> None:
    spool.keep([SAID, TOLD])
    spool.rotate()
    (path,) = spool.files()
    path.write_bytes(path.read_bytes()[:-3])
    assert list(spool.read(path)) == [SAID]


def test_records_cannot_change_places(spool: Spool) -> None:
    spool.keep([SAID])
    first = (spool._path or Path()).stat().st_size
    spool.keep([SAID])
    spool.rotate()
    (path,) = spool.files()
    data = path.read_bytes()
    path.write_bytes(data[first:] + data[:first])
    assert list(spool.read(path)) == []


def test_a_full_disk_is_said_and_leaves_no_half_record(spool: Spool, monkeypatch: pytest.MonkeyPatch) -> None:
    spool.keep([SAID])

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        with pytest.raises(SpoolFailed):
            spool.keep([TOLD])
    spool.keep([TOLD])
    assert everything(spool) == [SAID, TOLD]


def test_a_record_of_which_the_system_took_a_part_is_no_record(spool: Spool, tmp_path: Path) -> None:
    spool.keep([SAID])
    size = (spool._path or Path()).stat().st_size
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size + 40, before[1]))
    try:
        with pytest.raises(SpoolFailed):
            spool.keep([SAID])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    spool.keep([TOLD])
    assert everything(spool) == [SAID, TOLD]


def test_the_file_of_a_living_process_is_left_to_it_and_that_of_a_dead_one_is_taken(tmp_path: Path) -> None:
    folder = tmp_path / "spool"
    living, other = Spool(folder, VAULT), Spool(folder, VAULT)
    living.check()
    living.keep([SAID])
    assert other.files() == []
    living._close()  # as the end of a process does
    assert [item for path in other.files() for item in other.read(path)] == [SAID]


def test_a_folder_that_cannot_be_written_stops_the_start(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="AMANA_SPOOL_PATH"):
        Spool(tmp_path / "file", VAULT).check()
