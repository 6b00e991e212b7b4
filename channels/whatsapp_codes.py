"""What each of Meta's error codes means for us.

https://developers.facebook.com/documentation/business-messaging/whatsapp/support/error-codes
An unknown code becomes `Unknown`, which the outbox tries a few times.
"""

from collections.abc import Mapping

from core.errors import AccountProblem, Rejected, SendError, Throttled, Unknown, Unreachable, WindowClosed

CODES: Mapping[str, type[SendError]] = {
    # slow down
    "4": Throttled,  # the app calls too often
    "80007": Throttled,  # the account calls too often
    "130429": Throttled,  # over the throughput of the number
    "131056": Throttled,  # too many messages to this one person
    # try again later
    "2": Unreachable,  # down or overloaded
    "131000": Unreachable,  # something went wrong
    "131016": Unreachable,  # a service is not available
    "131053": Unreachable,  # media could not be uploaded
    "131057": Unreachable,  # the account is under maintenance
    "133004": Unreachable,  # a server is not available
    # this message, never
    "100": Rejected,  # a parameter that is not supported
    "130472": Rejected,  # the person takes part in an experiment of WhatsApp
    "130497": Rejected,  # the business may not write to this country
    "131008": Rejected,  # a parameter lacks
    "131009": Rejected,  # a value that is not valid
    "131021": Rejected,  # our own number
    "131026": Rejected,  # cannot be delivered: not in WhatsApp, too old an app, blocked
    "131030": Rejected,  # a number that a test account may not write to
    "131049": Rejected,  # Meta keeps it from the person, and says not to try again soon
    "131050": Rejected,  # the person wants no marketing
    "131051": Rejected,  # a kind of message that is not supported
    "131052": Rejected,  # media could not be fetched
    "131055": Rejected,  # a method that is not allowed
    "131062": Rejected,  # this message cannot go to a business-scoped id
    "135000": Rejected,  # something in the request, not said what
    # only after the person writes again
    "131047": WindowClosed,  # more than 24 hours after the person's last message
    # nothing can be sent: somebody has to look
    "0": AccountProblem,  # the token cannot be checked
    "3": AccountProblem,  # not allowed to call this
    "10": AccountProblem,  # the permission was taken away
    "33": AccountProblem,  # our number was deleted
    "190": AccountProblem,  # the token has expired
    "368": AccountProblem,  # blocked for a time, for breaking a rule
    "131005": AccountProblem,  # no access
    "131031": AccountProblem,  # the account is locked
    "131037": AccountProblem,  # the name of our number is not approved
    "131042": AccountProblem,  # a payment is due
    "131045": AccountProblem,  # our number is registered with the wrong certificate
    "131048": AccountProblem,  # our number may send less, because too many blocked or reported it
    "133000": AccountProblem,  # our number was not deregistered fully
    "133005": AccountProblem,  # the PIN is wrong
    "133006": AccountProblem,  # our number must be verified again
    "133008": AccountProblem,  # too many PINs were tried
    "133009": AccountProblem,  # PINs were tried too fast
    "133010": AccountProblem,  # our number is not registered
    "133015": AccountProblem,  # our number was deleted just now
    "133016": AccountProblem,  # our number was registered too often
    "134011": AccountProblem,  # the terms of payment are not accepted
    # the template, which an operator has to mend
    "132000": AccountProblem,  # the number of its variables differs
    "132001": AccountProblem,  # it does not exist in this language
    "132005": AccountProblem,  # its text is too long
    "132007": AccountProblem,  # it breaks a rule
    "132012": AccountProblem,  # a variable of another kind
    "132015": AccountProblem,  # it is paused
    "132016": AccountProblem,  # it is switched off for good
    "132068": AccountProblem,  # its flow is blocked
    "132069": AccountProblem,  # its flow is slowed down
}
PERMISSIONS = range(200, 300)
"""Every code in here is a permission that was not given or was taken away."""
PAIR_SECONDS = 6.0
"""One message in six seconds may go to one person, after a burst (131056)."""


def error_for(code: str) -> SendError:
    """Return the error for a code of Meta's."""
    if code.isdecimal() and int(code) in PERMISSIONS:
        return AccountProblem(code)
    return CODES.get(code, Unknown)(code, PAIR_SECONDS if code == "131056" else None)
