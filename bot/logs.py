"""Nothing that a person wrote reaches a log, whatever the level.

Rasa 3.6.21 logs messages, slots and whole trackers from about 300 places, many of them f-strings, so no list
of fields to hide would hold. Instead every record that is not ours loses its words and keeps only the place
it came from ("rasa.core.processor:812 _log_slots"): who debugs looks the line up in the source.
"""

import logging
import sys
import traceback
import warnings
from types import TracebackType
from typing import Any, Optional, Tuple

import structlog

OURS = "amana"

_make_record = logging.LogRecord


def keep_words_out_of_logs(level: int = logging.WARNING) -> None:
    """Make it so for every logger there is or will be, structlog and Python's warnings included."""
    logging.setLogRecordFactory(_place_only)
    structlog.configure(
        processors=[_event_name_only],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(level),
        cache_logger_on_first_use=True,  # Rasa asks for a logger about fifteen times in a turn
    )
    # warnings of the libraries are many, quote what they warn about, and tell an operator nothing
    logging.captureWarnings(True)
    warnings.simplefilter("ignore")
    logging.getLogger("py.warnings").disabled = True
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    sys.excepthook = _place_of_crash


def logger(name: str) -> logging.Logger:
    """Return a logger of our own; its messages are fixed sentences with allow-listed fields."""
    return logging.getLogger(f"{OURS}.{name}")


def _place_only(
    name: str,
    level: int,
    path: str,
    line: int,
    message: object,
    args: Any,
    trouble: Any,
    function: Optional[str] = None,
    stack: Optional[str] = None,
    **extra: Any,
) -> logging.LogRecord:
    if name == OURS or name.startswith(OURS + "."):
        return _make_record(name, level, path, line, message, args, None, function, None, **extra)
    place = f"{line} {function or '?'}"
    if trouble:
        place += " " + _name_of(trouble)
    # neither the stack nor the exception's own words: both may quote the person
    return _make_record(name, level, path, line, place, None, None, function, None, **extra)


def _name_of(trouble: Tuple[Any, Any, Optional[TracebackType]]) -> str:
    kind, _, where = trouble if isinstance(trouble, tuple) else sys.exc_info()
    last = traceback.extract_tb(where)[-1:] if where else []
    spot = "".join(f" at {frame.filename.rsplit('/', 1)[-1]}:{frame.lineno}" for frame in last)
    return f"{getattr(kind, '__name__', 'no exception')}{spot}"


def _event_name_only(_: Any, __: str, event: Any) -> Any:
    return (str(event.get("event", "")),), {}


def _place_of_crash(kind: Any, value: Any, where: Optional[TracebackType]) -> None:
    print(f"stopped: {_name_of((kind, value, where))}", file=sys.stderr)
