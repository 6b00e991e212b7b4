"""Fields of requests and answers whose names an operator tells: plain ones, or paths such as messages.0.id."""

from typing import Any
from urllib.parse import parse_qsl

from core.errors import Malformed
from core.messages import Hook

FIELD_LIMIT = 200
DEEPEST = 8
Form = dict[str, str]


def is_json(hook: Hook) -> bool:
    """Tell whether a body is JSON, by its type in any spelling; where none is told, by its first letter."""
    told = hook.headers.get("content-type", "").partition(";")[0].strip().lower()
    return told.endswith(("/json", "+json")) if told else hook.body.lstrip()[:1] in (b"{", b"[")


def read_form(body: bytes) -> Form:
    """Read a form; of a field that is there twice the first one counts. Raise Malformed when it is none."""
    try:
        pairs = parse_qsl(
            body.decode("ascii"), keep_blank_values=True, max_num_fields=FIELD_LIMIT, encoding="utf-8", errors="strict"
        )
    except ValueError as error:
        raise Malformed("form") from error
    return dict(reversed(pairs))


def at_path(values: Any, path: str) -> Any:
    """Return what stands at a path, or None. A name that has dots itself is found first."""
    if isinstance(values, dict) and path in values:
        return values[path]
    for step in path.split(".", DEEPEST):
        if isinstance(values, dict):
            values = values.get(step)
        elif isinstance(values, list) and step.isdecimal() and int(step) < len(values):
            values = values[int(step)]
        else:
            return None
    return values


def nested(fields: Form) -> Any:
    """Return fields whose names are paths as objects within objects, and lists where all names are numbers."""
    tree: dict[str, Any] = {}
    for path, value in fields.items():
        *way, last = path.split(".", DEEPEST)
        place = tree
        for step in way:
            place = place.setdefault(step, {})
        place[last] = value
    return _lists(tree)


def _lists(tree: Any) -> Any:
    if not isinstance(tree, dict):
        return tree
    inner = {name: _lists(value) for name, value in tree.items()}
    if inner and all(name.isdecimal() for name in inner):
        return [inner[name] for name in sorted(inner, key=int)]
    return inner
