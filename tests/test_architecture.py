"""Who may import whom (architecture.md section 9): arrows point to core, and core points to nobody."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("core", "channels", "desk", "actions", "bot", "ops")
MAY = {
    "core": {"core"},
    "channels": {"channels", "core"},
    "desk": {"desk", "core"},
    "actions": {"actions", "core"},
    "bot": set(),
    "ops": {"ops", "core", "desk"},
}
FRAMEWORKS = {"sanic", "rasa", "rasa_sdk", "twilio", "httpx", "jinja2", "aiohttp"}
SHELL = set(
    "app doors hooks intake turns outbox outcome upkeep pages workers parts life health keeping admission".split()
)
"""Files of channels that put things together; a channel's own file knows none of them."""
CHANNEL_FILES = (
    "twilio", "twilio_codes", "twilio_fields", "twilio_list", "webchat",
    "whatsapp", "whatsapp_codes", "whatsapp_fields", "whatsapp_shapes",
)  # fmt: skip
LONGEST_MODULE = 250
LONGEST_FUNCTION = 40


def modules(package: str) -> Iterator[Path]:
    for path in sorted((ROOT / package).rglob("*.py")):
        if ".venv" not in path.parts and "versions" not in path.parts:
            yield path


def imports(path: Path) -> set[str]:
    """Return the full names that a module imports."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def top(names: set[str]) -> set[str]:
    return {name.split(".")[0] for name in names}


@pytest.mark.parametrize("package", PACKAGES)
def test_packages_import_only_inwards(package: str) -> None:
    for path in modules(package):
        strangers = (top(imports(path)) & set(PACKAGES)) - MAY[package]
        assert not strangers, f"{path.relative_to(ROOT)} imports {strangers}"


def test_core_knows_no_framework() -> None:
    for path in modules("core"):
        assert not top(imports(path)) & FRAMEWORKS, path.relative_to(ROOT)


def test_the_database_is_touched_in_the_store_only() -> None:
    for package in ("core", "channels", "desk", "actions"):
        for path in modules(package):
            if "store" not in path.parts and "migrations" not in path.parts:
                assert "sqlalchemy" not in top(imports(path)), path.relative_to(ROOT)


def test_a_channel_knows_no_other_channel_and_not_the_server() -> None:
    for name in CHANNEL_FILES:
        names = imports(ROOT / "channels" / f"{name}.py")
        own = {found.split(".")[1] for found in names if found.startswith("channels.") and found.count(".") >= 1}
        family = {other for other in CHANNEL_FILES if other.split("_")[0] == name.split("_")[0]}
        assert not own & (SHELL | set(CHANNEL_FILES)) - family, name
        assert not any(found.startswith("core.store") for found in names), name


def test_twilio_is_imported_in_one_place() -> None:
    users = {path.stem for path in modules("channels") if "twilio" in top(imports(path))}
    assert users == {"twilio", "twilio_list"}


def test_the_environment_is_read_in_one_place() -> None:
    for package in ("core", "channels", "desk", "actions"):
        for path in modules(package):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.Attribute) and node.attr in ("environ", "getenv"):
                    assert path.name == "config.py", f"{path.relative_to(ROOT)}:{node.lineno}"


def test_there_is_one_way_out() -> None:
    """All requests to the outside go through `open_client`, which knows the hosts (R55); the assistant is here."""
    ways = {"Client", "AsyncClient", "HTTPTransport", "AsyncHTTPTransport", "get", "post", "request", "stream"}
    users: dict[str, set[str]] = {}
    for path in (path for package in ("core", "channels", "desk", "actions") for path in modules(package)):
        strangers = {"requests", "aiohttp", "urllib.request", "http.client", "urllib3"} & imports(path)
        assert not strangers, f"{path.relative_to(ROOT)} imports {strangers}"
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            called = node.func if isinstance(node, ast.Call) else None
            if isinstance(called, ast.Attribute) and getattr(called.value, "id", "") == "httpx" and called.attr in ways:
                users.setdefault(path.stem, set()).add(called.attr)
    assert users == {"channel": {"AsyncClient"}, "outward": {"AsyncHTTPTransport"}, "assistant": {"AsyncClient"}}


def test_only_workers_catch_everything() -> None:
    """A worker must outlive any job; a lane hands every error to the one who waits for it."""
    for package in PACKAGES:
        for path in modules(package):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.ExceptHandler):
                    broad = node.type is None or getattr(node.type, "id", "") in ("Exception", "BaseException")
                    assert not broad or path.name in ("workers.py", "lanes.py"), (
                        f"{path.relative_to(ROOT)}:{node.lineno}"
                    )


@pytest.mark.parametrize("package", PACKAGES)
def test_modules_and_functions_stay_small(package: str) -> None:
    for path in modules(package):
        lines = path.read_text("utf-8").splitlines()
        assert len(lines) <= LONGEST_MODULE, f"{path.relative_to(ROOT)}: {len(lines)} lines"
        for node in ast.walk(ast.parse("\n".join(lines))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno:
                length = node.end_lineno - node.lineno + 1
                inner = any(isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef) for child in node.body)
                # an application factory is as long as its routes; each of them is measured by itself
                assert length <= LONGEST_FUNCTION or inner, f"{path.relative_to(ROOT)}:{node.name}: {length} lines"
