"""The offer check: what is told of an offer, what to ask next, and which warning signs follow."""

from core.offer.findings import currency_of, findings
from core.offer.questions import FIRST_FEEDBACK_AFTER, next_question
from core.offer.told import read, skipped

__all__ = ["FIRST_FEEDBACK_AFTER", "currency_of", "findings", "next_question", "read", "skipped"]
