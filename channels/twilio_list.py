"""Asks Twilio which messages it has: https://www.twilio.com/docs/messaging/api/message-resource#read-multiple-message-resources

Only messages whose body Twilio still keeps can be found; with message redaction on there is nothing to ask for.
"""

from datetime import datetime
from typing import Any, cast

from twilio.base.exceptions import TwilioRestException, TwilioServiceException

from channels.twilio_codes import error_for
from core.errors import Ambiguous
from core.messages import Inbound

MOST = 1000


async def listed(resource: Any, since: datetime, **where: str) -> list[Any]:
    """Return messages since then, oldest first. Raise SendError when Twilio does not answer."""
    try:
        # Twilio compares whole seconds, and the date of sending only
        found = await resource.list_async(date_sent_after=since, limit=MOST, page_size=MOST, **where)
    except (TwilioRestException, TwilioServiceException) as error:
        raise error_for(str(error.code or error.status)) from None
    except (ValueError, TypeError, KeyError, AttributeError):
        raise Ambiguous("list not understood") from None
    return sorted(found, key=lambda one: one.date_created or since)


def inbound_of(channel: str, prefix: str, made: Any) -> Inbound | None:
    """Return a listed message as the webhook would have told it, or None when it is not to us or of another brand."""
    sender, ours = str(made.from_ or ""), str(made.to or "")
    is_whatsapp = sender.startswith("whatsapp:")
    if made.direction != "inbound" or is_whatsapp != bool(prefix):
        return None
    text = str(made.body or "")
    media = str(made.num_media or "0") != "0"
    return Inbound(
        channel=channel, address=sender.removeprefix(prefix), sender=ours.removeprefix(prefix),
        provider_id=str(made.sid), text=text, kind="media" if media else ("text" if text.strip() else "other"),
        sent_at=cast("datetime | None", made.date_sent),
    )  # fmt: skip
