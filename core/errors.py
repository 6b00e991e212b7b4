"""All errors of our own, in one tree; each name says what the one who catches it has to do.

* AmanaError
  - Forged            the sender could not be proved; answer 403, say nothing more
  - Malformed         genuine, but not understood; acknowledge, count, drop
  - SendError
    + Throttled       try again later, not before `retry_after`
    + Unreachable     try again later
    + Ambiguous       perhaps it arrived; do not send it again blindly
    + Rejected        do not try again; tell the desk
    + OptedOut        do not try again; stop writing to this person
    + WindowClosed    keep it until the person writes again
    + Unknown         the provider gave a reason that we do not know; a few tries, then tell the desk
    + AccountProblem  nothing can be sent at all; raise an alarm, try again later
  - TurnFailed        the assistant did not answer; fall back
  - NotAllowed        a case or a person that this user may not touch, or that is not there
  - Conflict          somebody else was first
  - ConfigError       refuse to start
"""


class AmanaError(Exception):
    """Something of ours went wrong."""


class Forged(AmanaError):
    """The sender of a request could not be proved. Carries no detail, so that none can leak."""

    def __init__(self) -> None:
        super().__init__()


class Malformed(AmanaError):
    """A genuine request was not understood."""


class SendError(AmanaError):
    """A message was not accepted by the provider. `code` is the provider's, or ours in words."""

    def __init__(self, code: str, retry_after: float | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.retry_after = retry_after


class Throttled(SendError):
    """The provider asked us to slow down."""


class Unreachable(SendError):
    """The provider or the phone could not be reached."""


class Ambiguous(SendError):
    """The connection broke after the request was written."""


class Rejected(SendError):
    """The provider refused this message for good."""


class OptedOut(SendError):
    """The person does not want our messages."""


class WindowClosed(SendError):
    """The provider takes free words only for a day after the person wrote, and that day is over."""


class Unknown(SendError):
    """The provider refused a message for a reason that we have no rule for."""


class AccountProblem(SendError):
    """The provider refused our account."""


class TurnFailed(AmanaError):
    """The assistant gave no answer that can be used."""


class NotAllowed(AmanaError):
    """The thing was absent, or not for this user; the two are never told apart."""


class Conflict(AmanaError):
    """The thing had changed hands in between."""


class ConfigError(AmanaError):
    """A setting was missing or wrong."""
