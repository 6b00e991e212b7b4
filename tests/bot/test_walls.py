"""Nobody but the gateway reaches the assistant, and it reaches nobody but the actions (R17)."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import release
import walls
from conftest import BOT, HERE

NETWORK = "ip link set lo up && ip address add 10.9.8.7/32 dev lo"
RECORDER = '''
"""Loaded by Python before anything else: writes down what the process tries, whether or not it is let."""
import atexit, json, os, sys

tried = {"names": [], "calls": [], "programs": []}

def look(event, values):
    if event == "socket.getaddrinfo":
        tried["names"].append(str(values[0]))
    elif event in ("socket.connect", "socket.sendto"):
        tried["calls"].append(str(values[1]))
    elif event in ("subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.fork"):
        tried["programs"].append(str(values[:2]))

def tell():
    path = os.path.join(os.path.dirname(os.environ["AMANA_TRACKER_PATH"]), "recorded.json")
    with open(path, "w") as file:
        json.dump({**tried, "telemetry": os.environ["RASA_TELEMETRY_ENABLED"]}, file)

sys.addaudithook(look)
atexit.register(tell)
'''


def in_a_network_of_its_own(*command: str) -> "list[str]":
    """Return the command as it runs where only loopback is, as somebody who is not root."""
    inner = f'{NETWORK} && exec unshare --user --map-user=1000 --map-group=1000 "$@"'
    return ["unshare", "--map-root-user", "--net", "sh", "-c", inner, "-", *command]


@pytest.fixture
def own_network() -> None:
    """Skip where the machine does not let us make networks."""
    if shutil.which("unshare") is None or shutil.which("ip") is None:
        pytest.skip("unshare or ip is not installed")
    tried = subprocess.run(in_a_network_of_its_own("true"), capture_output=True, text=True, check=False)
    if tried.returncode:
        pytest.skip(f"this machine does not let us make a network: {tried.stderr.strip()}")


def test_in_a_network_without_a_way_out_everything_works_and_nothing_is_missed(
    own_network: None, model: Path, tmp_path: Path
) -> None:
    models = tmp_path / "models"
    models.mkdir()
    shutil.copy(model, models / model.name)
    release.publish(models, model.name)
    for file in models.iterdir():
        file.chmod(0o444)
    models.chmod(0o555)
    (tmp_path / "recorder").mkdir()
    (tmp_path / "recorder" / "sitecustomize.py").write_text(RECORDER)
    environment = {**os.environ, "PYTHONPATH": f"{BOT}:{HERE}", "AMANA_CACHE": str(tmp_path / "none")}
    ended = subprocess.run(
        in_a_network_of_its_own(sys.executable, str(HERE / "inside.py"), str(tmp_path)),
        env=environment, capture_output=True, text=True, check=False, timeout=200,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    found = json.loads(ended.stdout.splitlines()[-1])

    assert found["user"] == 1000
    assert "runs as root" not in found["log"]
    assert {door: code for door, code in found["doors"].items() if code != 404} == {}
    assert found["cors"] == []
    assert found["stranger"] == 403
    assert found["answered"] == ["ok", "ok"]
    assert "action_fees" in found["asked"]
    assert found["reached"] == {"127.0.0.1": True, "10.9.8.7": False}

    recorded, (_, actions) = found["recorded"], found["ports"]
    assert recorded["telemetry"] == "false"  # though it was switched on outside
    assert recorded["names"] == []
    # a library that Rasa imports asks git for its version; like every program, git does not start (see below)
    assert [program for program in recorded["programs"] if not program.startswith("('git', ")] == []
    assert set(recorded["calls"]) <= {str(("127.0.0.1", actions))}
    assert found["lost"] == 0, "not one packet was on its way out"
    assert sorted(path.name for path in models.iterdir()) == sorted(["manifest.json", model.name])


def behind_walls(code: str, folder: Path) -> str:
    """Run code behind the walls and return what it printed; `folder` is its memory."""
    whole = f"""
import ctypes, os, socket, subprocess, sys, tempfile
from pathlib import Path
from walls import stay_inside

def tried(what):
    try:
        what()
    except OSError as error:
        return type(error).__name__
    return 'done'

outside = stay_inside(memory=Path({str(folder)!r}), actions=5055, port=5005)
{code}"""
    ended = subprocess.run(
        [sys.executable, "-c", whole], cwd=BOT, capture_output=True, text=True, check=False, timeout=30
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout.strip()


@pytest.fixture
def memory(tmp_path: Path) -> Path:
    folder = tmp_path / "memory"
    folder.mkdir()
    return folder


def kernel_holds(what: str, memory: Path) -> None:
    outside = behind_walls("print(outside)", memory)
    if what in outside:
        pytest.skip(f"this kernel does not hold {outside}")


def test_files_are_written_in_the_memory_and_nowhere_else(memory: Path) -> None:
    kernel_holds("files", memory)
    models = memory.parent / "models"
    models.mkdir()
    (models / "amana-a.tar.gz").write_text("a")
    code = f"""
memory, models = Path({str(memory)!r}), Path({str(models)!r})
print([tried(what) for what in (
    lambda: (memory / "tracker").write_text("x"),
    lambda: (memory / "tracker").unlink(),
    lambda: tempfile.NamedTemporaryFile().close(),
    lambda: Path(os.devnull).write_text("x"),
    lambda: (models / "amana-b.tar.gz").write_text("x"),
    lambda: (models / "amana-a.tar.gz").open("r+b"),
    lambda: os.truncate(models / "amana-a.tar.gz", 0),
    lambda: (models / "amana-a.tar.gz").unlink(),
    lambda: (models / "amana-a.tar.gz").rename(memory / "a"),
    lambda: Path({str(BOT / "new.py")!r}).write_text("x"),
    lambda: (models / "amana-a.tar.gz").read_text(),
)])"""
    denied = "PermissionError"
    told = eval(behind_walls(code, memory))
    assert told[:4] == ["done"] * 4
    assert set(told[4:8]) == {denied}
    assert told[8] in (denied, "OSError")  # EXDEV, as between two disks
    assert told[9:] == [denied, "done"]
    assert (models / "amana-a.tar.gz").read_text() == "a"


def test_no_program_starts_not_even_from_a_library_in_c(memory: Path) -> None:
    kernel_holds("programs", memory)
    code = """
print([tried(what) for what in (
    lambda: subprocess.run(["/bin/true"]),
    lambda: os.system("true"),
    lambda: os.execv("/bin/true", ["true"]),
    lambda: os.posix_spawn("/bin/true", ["true"], {}),
)])
libc = ctypes.CDLL(None, use_errno=True)
arguments = (ctypes.c_char_p * 2)(b"true", None)
libc.execv(b"/bin/true", arguments)
print(os.strerror(ctypes.get_errno()))"""
    assert behind_walls(code, memory).splitlines() == [str(["PermissionError"] * 4), "Permission denied"]


def test_nobody_is_called_but_the_actions(memory: Path) -> None:
    code = """
def connect(family, kind, where):
    with socket.socket(family, kind) as one:
        one.settimeout(2)
        one.connect(where)
print([tried(what) for what in (
    lambda: connect(socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", 5055)),
    lambda: connect(socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", 5432)),
    lambda: connect(socket.AF_INET, socket.SOCK_STREAM, ("192.0.2.1", 5055)),
    lambda: connect(socket.AF_INET6, socket.SOCK_STREAM, ("2001:db8::1", 443)),
    lambda: connect(socket.AF_INET, socket.SOCK_DGRAM, ("192.0.2.1", 53)),
    lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", ("192.0.2.1", 53)),
    lambda: socket.getaddrinfo("example.org", 443),
    lambda: socket.gethostbyname("example.org"),
)])"""
    assert eval(behind_walls(code, memory)) == ["ConnectionRefusedError", *["PermissionError"] * 7]


def test_no_library_in_c_calls_another_port_or_listens_at_one(memory: Path) -> None:
    kernel_holds("network", memory)
    code = """
libc = ctypes.CDLL(None, use_errno=True)
def native(call, port):
    where = (2).to_bytes(2, sys.byteorder) + port.to_bytes(2, "big") + bytes([127, 0, 0, 1]) + bytes(8)
    one = socket.socket()
    result = getattr(libc, call)(one.fileno(), where, 16)
    return os.strerror(ctypes.get_errno()) if result else "done"
print([native("connect", 5432), native("connect", 443), native("bind", 40404), native("bind", 5005)])"""
    told = eval(behind_walls(code, memory))
    assert told[:3] == ["Permission denied"] * 3
    assert told[3] in ("done", "Address already in use")


def test_without_a_kernel_that_helps_it_is_said(memory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(walls.sys, "addaudithook", lambda _: None)  # it would stay for all other tests
    monkeypatch.setattr(walls.tempfile, "tempdir", None)
    monkeypatch.setattr(walls, "_kernel", lambda *_: -1)
    assert walls.stay_inside(memory=memory, actions=5055, port=5005) == ["files", "programs", "network"]
    monkeypatch.setattr(walls.tempfile, "tempdir", None)
    monkeypatch.setattr(walls, "_kernel", lambda number, *_: 3 if number == 444 else 0)
    monkeypatch.setattr(walls, "_restrict", lambda *_: None)
    assert walls.stay_inside(memory=memory, actions=5055, port=5005) == ["network"]
