"""What every page of the desk is given: the store, the words, the templates and the small machines in memory."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from sanic import Request
from structlog.typing import FilteringBoundLogger

from core.config import Settings
from core.errors import ConfigError
from core.store import Store
from core.words import Words
from desk.doubles import Known
from desk.live import Hints
from desk.pages import Pages
from desk.passwords import Passwords
from desk.throttle import Throttle

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """The parts, built once in `app.create_app`."""

    settings: Settings
    store: Store
    words: Words
    pages: Pages
    passwords: Passwords
    throttle: Throttle
    hints: Hints
    known: Known
    """Names and addresses that somebody may try to imitate."""
    log: FilteringBoundLogger

    @property
    def https(self) -> bool:
        """Whether browsers reach the desk over TLS."""
        return urlsplit(self.settings.desk_url).scheme == "https"

    @property
    def cookie(self) -> str:
        """Name of the session cookie; browsers bind the prefix to this host and to TLS."""
        return "__Host-desk" if self.https else "desk"

    @property
    def visit_cookie(self) -> str:
        """Name of the cookie that forms are bound to before anybody is signed in."""
        return "__Host-visit" if self.https else "visit"


def desk_of(request: Request) -> Desk:
    """Return the parts that belong to the process that got this request."""
    found: Desk = request.app.ctx.desk
    return found


def check_url(settings: Settings) -> None:
    """Refuse to start where a session cookie would cross a network in clear."""
    parts = urlsplit(settings.desk_url)
    if parts.scheme != "https" and parts.hostname not in LOOPBACK:
        raise ConfigError(
            "AMANA_DESK_URL must begin with https:// unless it is on this machine (http://127.0.0.1:8081), "
            "because passwords would cross the network in clear"
        )


def form_value(request: Request, name: str) -> str:
    """Return one field of a posted form, or nothing. Fields that are not texts do not exist for us."""
    values: dict[str, Any] = request.form or {}
    found = values.get(name, "")
    return found if isinstance(found, str) else ""
