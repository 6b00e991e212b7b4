"""A log of allow-listed fields: never a message, a number or a name (R51)."""

import json
import logging
import sys
import traceback
from collections.abc import MutableMapping
from typing import Any

import structlog

FIELDS = frozenset(
    {
        "event", "level", "timestamp", "process", "person", "channel", "language", "case", "status", "elapsed_ms",
        "code", "count", "kind", "attempt", "job", "setting", "port", "intent", "staff",
    }
)  # fmt: skip


class NotAllowedInLog(Exception):
    """A field that is not on the list was about to be logged."""


class PlaceFormatter(logging.Formatter):
    """Writes where a library spoke and which error it met, not what it said: that may carry what people wrote."""

    def format(self, record: logging.LogRecord) -> str:
        """Return one JSON line."""
        line = {
            "event": "library",
            "level": record.levelname.lower(),
            "code": f"{record.name}:{record.lineno}",
        }
        if record.exc_info and record.exc_info[0]:
            frames = traceback.extract_tb(record.exc_info[2])
            line["error"] = record.exc_info[0].__name__
            line["at"] = " < ".join(f"{frame.name}:{frame.lineno}" for frame in reversed(frames[-6:]))
        return json.dumps(line)


def _only_allowed(strict: bool) -> structlog.types.Processor:
    def check(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        extra = [name for name in event if name not in FIELDS]
        if extra and strict:
            raise NotAllowedInLog(", ".join(extra))
        for name in extra:
            del event[name]
        return event

    return check


def set_up(process: str, *, strict: bool = False, level: int = logging.INFO) -> structlog.typing.FilteringBoundLogger:
    """Configure logging for a process (JSON lines on stderr) and return its logger.

    Libraries may only speak from WARNING on: they log URLs and bodies below that.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(PlaceFormatter())
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _only_allowed(strict),
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=False,
    )
    logger: structlog.typing.FilteringBoundLogger = structlog.get_logger(process=process)
    return logger
