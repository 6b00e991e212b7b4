"""What the process of the assistant may not do: write beside its memory, start programs, call anybody but the actions.

Rasa 3.6.21 gets no more fixes. Should somebody get code to run in it, the kernel keeps that code where it is (Landlock,
on Linux; for networks from 6.7 on). Where the kernel cannot, and for names and datagrams, Python refuses.
"""

import atexit
import ctypes
import os
import shutil
import socket
import sys
import tempfile
from pathlib import Path
from typing import Any, Iterable, List, Tuple

LOOPBACK = ("127.0.0.1", "::1")
PROGRAMS = frozenset({"subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.fork", "os.forkpty"})
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_PATH, _PORT = 1, 2
_BIND, _CONNECT = 1, 2
_EXECUTE, _WRITE, _REFER, _TRUNCATE = 1 << 0, 1 << 1, 1 << 13, 1 << 14
_CHANGES = sum(1 << bit for bit in range(4, 13))  # removing and making of files and folders
_NO_NEW_PRIVILEGES = 38
_NETWORK_SINCE = 4


class _Ruleset(ctypes.Structure):
    _fields_ = [("files", ctypes.c_uint64), ("network", ctypes.c_uint64)]


class _Beneath(ctypes.Structure):
    _pack_ = 1
    _fields_ = [("access", ctypes.c_uint64), ("folder", ctypes.c_int32)]


class _Port(ctypes.Structure):
    _fields_ = [("access", ctypes.c_uint64), ("port", ctypes.c_uint64)]


def stay_inside(*, memory: Path, actions: int, port: int) -> List[str]:
    """Raise the walls, for the life of the process; return what this kernel cannot hold.

    What remains is the folder of the `memory` of conversations, the `actions` to call and our own `port`. Begin with
    this: threads that run already would stay outside.
    """
    ports = {actions, port}
    sys.addaudithook(lambda event, values: _look(event, values, ports))
    tempfile.tempdir = tempfile.mkdtemp(prefix=".passing-", dir=memory)
    atexit.register(shutil.rmtree, tempfile.tempdir, ignore_errors=True)
    if not sys.platform.startswith("linux"):
        return ["files", "programs", "network"]
    version = _kernel(_CREATE_RULESET, None, 0, 1)
    if version < 1:
        return ["files", "programs", "network"]
    writing = _WRITE | _CHANGES | (_REFER if version >= 2 else 0) | (_TRUNCATE if version >= 3 else 0)
    folders = [(memory, writing), (Path(os.devnull), writing & (_WRITE | _TRUNCATE))]
    _restrict(version, writing | _EXECUTE, folders, [(actions, _CONNECT), (port, _BIND | _CONNECT)])
    return [] if version >= _NETWORK_SINCE else ["network"]


def _restrict(
    version: int, files: int, folders: Iterable[Tuple[Path, int]], ports: Iterable[Tuple[int, int]]
) -> None:  # fmt: skip
    networked = version >= _NETWORK_SINCE
    wanted = _Ruleset(files, _BIND | _CONNECT)
    rules = _must(_CREATE_RULESET, ctypes.byref(wanted), 16 if networked else 8, 0)
    for folder, access in folders:
        place = os.open(folder, os.O_PATH | os.O_CLOEXEC)
        _must(_ADD_RULE, rules, _PATH, ctypes.byref(_Beneath(access, place)), 0)
        os.close(place)
    for number, access in ports if networked else ():
        _must(_ADD_RULE, rules, _PORT, ctypes.byref(_Port(access, number)), 0)
    ctypes.CDLL(None).prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    _must(_RESTRICT_SELF, rules, 0)
    os.close(rules)


def _must(number: int, *arguments: Any) -> int:
    result = _kernel(number, *arguments)
    if result < 0:
        raise OSError(ctypes.get_errno(), f"the kernel refused wall {number}")
    return result


def _kernel(number: int, *arguments: Any) -> int:
    return int(ctypes.CDLL(None, use_errno=True).syscall(number, *arguments))


def _look(event: str, values: Tuple[Any, ...], ports: Iterable[int]) -> None:
    """Refuse what Python is about to do, when it leads out."""
    if event in PROGRAMS:
        raise PermissionError(f"the assistant starts no programs ({event})")
    if event in ("socket.connect", "socket.sendto"):
        where = values[1]
        if values[0].family != socket.AF_UNIX and (where[0] not in LOOPBACK or where[1] not in ports):
            raise PermissionError("the assistant calls nobody but the actions")
    if event in ("socket.getaddrinfo", "socket.gethostbyname") and values[0] not in (*LOOPBACK, "localhost", None):
        raise PermissionError("the assistant looks up no names")
