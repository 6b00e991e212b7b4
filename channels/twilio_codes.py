"""What each of Twilio's error codes for messages means for us: https://www.twilio.com/docs/api/errors

The first table is complete for what our own requests can cause, what R24 names, and the codes that Twilio makes of
WhatsApp's (https://www.twilio.com/docs/whatsapp/api/error-code-mapping); an unknown code becomes `Unknown`, which the
outbox tries a few times.
"""

from collections.abc import Mapping

from core.errors import AccountProblem, OptedOut, Rejected, SendError, Throttled, Unknown, Unreachable, WindowClosed

CODES: Mapping[str, type[SendError]] = {
    # slow down
    "14107": Throttled,  # more than 30 replies in 30 seconds between two numbers
    "20429": Throttled,  # too many requests, none of them processed
    "21611": Throttled,  # the queue of our number is full
    "30001": Throttled,  # the queue overflowed
    "30022": Throttled,  # over the rate of a registered US number
    "63018": Throttled,  # over the rate of the WhatsApp sender
    "63017": Throttled,  # over the rate of the channel
    # try again later
    "20500": Unreachable,  # error inside Twilio
    "20503": Unreachable,  # service not available
    "20504": Unreachable,  # time ran out inside Twilio
    "30003": Unreachable,  # the phone is off or out of reach
    "30008": Unreachable,  # unknown error on the way
    "30009": Unreachable,  # a part of the message is missing
    "30017": Unreachable,  # the carrier's network is congested
    "30410": Unreachable,  # the carrier did not answer in time
    "63005": Unreachable,  # the channel refused for now
    "63009": Unreachable,  # the channel's provider failed
    "63010": Unreachable,  # error inside Twilio
    "63012": Unreachable,  # error inside the channel's provider
    "63023": Unreachable,  # the channel failed and does not say why
    # this message, never
    "21211": Rejected,  # not a phone number
    "21212": Rejected,  # our number is not valid here
    "21214": Rejected,  # the number cannot be reached
    "21217": Rejected,  # not a number that can be called
    "21219": Rejected,  # a number that a trial account may not write to
    "21408": Rejected,  # the country is not enabled
    "21602": Rejected,  # no text
    "21604": Rejected,  # no recipient
    "21605": Rejected,  # text too long
    "21612": Rejected,  # no way between these two numbers
    "21614": Rejected,  # not a mobile number
    "21617": Rejected,  # more than 1600 characters
    "21619": Rejected,  # no text, media or template
    "21622": Rejected,  # a media address that is not valid
    "21635": Rejected,  # a landline
    "21655": Rejected,  # a template that is not valid
    "21656": Rejected,  # template variables that are not valid
    "21660": Rejected,  # number and account do not belong together
    "21661": Rejected,  # our number cannot send SMS
    "21662": Rejected,  # our number and the recipient are the same
    "21910": Rejected,  # sender and recipient are of different channels
    "30004": Rejected,  # blocked by the person or the carrier
    "30005": Rejected,  # no such phone
    "30006": Rejected,  # a landline, or a carrier without SMS
    "30007": Rejected,  # filtered as spam
    "30010": Rejected,  # costs more than allowed
    "30011": Rejected,  # media not allowed in this country
    "30018": Rejected,  # the country needs a registered sender
    "30019": Rejected,  # longer than the network allows
    "30023": Rejected,  # the daily limit of a US brand is reached
    "30024": Rejected,  # the sender is not registered with the carrier
    "30034": Rejected,  # a US number without registration
    "30036": Rejected,  # too old when its turn came
    "30038": Rejected,  # holds a one-time code, which is not allowed
    "30039": Rejected,  # a message loop
    "30044": Rejected,  # a trial account may not write so long
    "30450": Rejected,  # blocked by the protection against pumping
    "30453": Rejected,  # blocked by the protection against pumping
    "30454": Rejected,  # the country is blocked
    "63001": Rejected,  # the channel could not prove us
    "63003": Rejected,  # no such recipient in the channel
    "63007": Rejected,  # no such sender in the channel
    "63006": Rejected,  # cannot be worded for the channel
    "63011": Rejected,  # the channel does not know what the phone can show
    "63013": Rejected,  # against the channel's policy
    "63014": Rejected,  # the person has blocked us
    "63015": Rejected,  # a sandbox that the person has not joined
    "63019": Rejected,  # media could not be fetched
    "63021": Rejected,  # content of the wrong kind
    "63024": Rejected,  # not a WhatsApp recipient
    "63025": Rejected,  # media that is there already
    "63030": Rejected,  # a field that WhatsApp does not know
    "63031": Rejected,  # our own number
    "63032": Rejected,  # the person takes part in an experiment of WhatsApp
    "63033": Rejected,  # the person has blocked us in WhatsApp
    "63036": Rejected,  # not in WhatsApp
    "63049": Rejected,  # WhatsApp keeps marketing from this person
    # this person, never
    "21610": OptedOut,
    # only after the person writes again
    "63016": WindowClosed,  # more than 24 hours after the person's last message
    # the template, which an operator has to mend
    "63022": AccountProblem,  # the business's name is not certified
    "63027": AccountProblem,  # no template in this language
    "63028": AccountProblem,  # wrong number of template variables
    "63029": AccountProblem,  # the template could not be fetched
    "63040": AccountProblem,  # the template was rejected
    "63041": AccountProblem,  # the template is paused
    "63042": AccountProblem,  # the template is switched off
    # nothing can be sent
    "10001": AccountProblem,  # the account is not active
    "20003": AccountProblem,  # the token is wrong or the account closed
    "20005": AccountProblem,  # the account is not active
    "20006": AccountProblem,  # access denied
    "20008": AccountProblem,  # a test token
    "20404": AccountProblem,  # no such account
    "21603": AccountProblem,  # no sender given
    "21606": AccountProblem,  # our number is not ours, or cannot send SMS
    "21607": AccountProblem,  # our number is not one of this account
    "21608": AccountProblem,  # a trial account
    "21659": AccountProblem,  # our number is not a Twilio number
    "21703": AccountProblem,  # the messaging service has no number
    "30002": AccountProblem,  # the account is suspended
    "63002": AccountProblem,  # the channel does not know our sender
    "63008": AccountProblem,  # the channel is set up wrongly
    "63020": AccountProblem,  # no business account behind our WhatsApp number
    "63038": AccountProblem,  # the daily limit of the account is reached
    "63051": AccountProblem,  # the WhatsApp business account is locked
    "63112": AccountProblem,  # Meta has disabled the WhatsApp business account
}
STATUSES: Mapping[str, type[SendError]] = {"401": AccountProblem, "403": AccountProblem, "404": AccountProblem}
"""For answers that carry no code of Twilio's."""


def error_for(code: str) -> SendError:
    """Return the error for a code of Twilio's, or an HTTP status where there was none."""
    return (CODES.get(code) or STATUSES.get(code) or Unknown)(code)


def passes(code: str) -> bool:
    """Tell whether a delivery that failed with this code may succeed later, or with a template first."""
    return bool(code) and CODES.get(code) in (Throttled, Unreachable, WindowClosed)
