"""Calls to the action server, made cheap.

Rasa 3.6.21 opens a connection for each call, checks its own schema of an answer anew before it checks the answer (half
of all processor time of a turn), and looks for an event's class among all subclasses for each event that it reads.
"""

import asyncio
from functools import lru_cache
from typing import Any, Dict, Optional

import aiohttp
from jsonschema import ValidationError
from jsonschema.validators import validator_for
from rasa.core.actions.action import RemoteAction
from rasa.shared.core.events import Event
from rasa.utils.endpoints import EndpointConfig

ACTION_SECONDS = 3.0
IDLE_SECONDS = 10.0
"""An idle connection is closed by us, before the action server does it while we write."""


class ActionEndpoint(EndpointConfig):
    """The action server, over kept connections, given three seconds; Rasa would wait for five minutes."""

    _session: Optional[aiohttp.ClientSession] = None

    async def request(self, *args: Any, **kwargs: Any) -> Optional[Any]:
        """Call an action."""
        return await asyncio.wait_for(super().request(*args, **kwargs), ACTION_SECONDS)

    def session(self) -> "_Kept":
        """Return the one session, which stays open at the end of a call."""
        if self._session is None or self._session.closed:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(keepalive_timeout=IDLE_SECONDS),
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=aiohttp.ClientTimeout(total=ACTION_SECONDS),
            )
        return _Kept(self._session)

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()


class _Kept:
    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session

    async def __aenter__(self) -> aiohttp.ClientSession:
        return self._session

    async def __aexit__(self, *_: Any) -> None:
        pass


_SCHEMA = RemoteAction.action_response_format_spec()
_RESULT = validator_for(_SCHEMA)(_SCHEMA)


def _is_valid(_: RemoteAction, result: Dict[str, Any]) -> bool:
    wrong = next(_RESULT.iter_errors(result), None)
    if wrong is not None:
        raise ValidationError("the action server's answer is not what was agreed")
    return True


def make_cheap() -> None:
    """Put these in the place of Rasa's own, for the life of the process."""
    RemoteAction._validate_action_result = _is_valid
    if not hasattr(Event.resolve_by_type, "cache_info"):
        Event.resolve_by_type = staticmethod(lru_cache(maxsize=None)(Event.resolve_by_type))
