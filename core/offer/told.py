"""What a person tells of an offer: which messages fill which answers, asked for or not."""

from collections.abc import Mapping
from typing import Any

from core.checks import UNKNOWN, Check
from core.heard import Heard

DESTINATIONS = frozenset("QA AE SA KW BH OM JO LB MY SG TH HK TW KR JP IT GB US CA ZA CY MT PL RO HR MV IL IQ".split())
"""Countries that people mostly go to; used only when a message names countries without saying which is which."""
WAGE_CURRENCIES = frozenset(
    "QAR AED SAR KWD BHD OMR JOD MYR SGD HKD TWD KRW JPY EUR GBP USD CAD RIYAL DIRHAM DINAR".split()
)
BUTTONS = {
    "visa_work": ("visa_type", "work"), "visa_visit": ("visa_type", "visit"), "by_agency": ("recruiter", "agency"),
    "by_person": ("recruiter", "person"), "by_online": ("recruiter", "online"),
}  # fmt: skip
YES_NO = frozenset({"licence", "contract", "receipt", "passport", "pressure", "secret", "adult"})
WORDS = frozenset({"work", "agency"})
"""Questions whose answer is any words."""
MOST_LETTERS = 80
TOLD_BY = {
    "wrong_visa": ("visa_type", "visit"), "informal_payment": ("receipt", "no"), "no_contract": ("contract", "no"),
    "documents_demanded": ("passport", "yes"), "rushed": ("pressure", "yes"), "secrecy": ("secret", "yes"),
    "told_to_lie": ("secret", "yes"), "under_age": ("adult", "no"),
}  # fmt: skip
"""Warning signs in a message that answer a question before it is put."""


def read(heard: Heard, asked: str | None, known: Check) -> dict[str, Any]:
    """Return the answers that a message gives. `asked` is the question that was put last."""
    found: dict[str, Any] = {
        **_told_by_flags(heard, known), **_countries(heard, asked, known), **_money(heard, asked), **_chosen(heard),
    }  # fmt: skip
    sectors = heard.all("sector")
    if sectors and not known.known("work"):
        found["work"] = str(sectors[0])
    if asked and asked not in found:
        found |= _answered(heard, asked)
    return found


def skipped(asked: str) -> dict[str, Any]:
    """Return what it means that a question was skipped, or not understood too often."""
    return {asked: 0.0 if asked == "fee_amount" else UNKNOWN}


def _told_by_flags(heard: Heard, known: Check) -> dict[str, Any]:
    told = [TOLD_BY[code] for code, _ in heard.flags if code in TOLD_BY]
    return {name: value for name, value in told if name not in known.answers}


def _answered(heard: Heard, asked: str) -> dict[str, Any]:
    """Read a plain answer to the question that was asked."""
    answer = heard.answer
    if answer == "dont_know":
        return skipped(asked)
    if asked in YES_NO and answer:
        return {asked: "yes" if answer == "affirm" else "no"}
    if asked == "fee_amount" and answer == "deny":
        return {asked: 0.0}
    if asked in WORDS and heard.text.strip() and answer is None:
        return {asked: heard.text.strip()[:MOST_LETTERS]}
    return {}


def _countries(heard: Heard, asked: str | None, known: Check) -> dict[str, Any]:
    named = list(dict.fromkeys(str(value) for value in heard.all("country")))
    peoples = [str(value) for value in heard.all("nationality")]
    if peoples and len(named) <= 1 and (asked == "origin" or not known.answers.get("origin")):
        # whoever says "I am Kenyan" names where they leave from, and the other country is where they go
        elsewhere = [country for country in named if country != peoples[0]]
        return {"origin": peoples[0], **({"destination": elsewhere[0]} if elsewhere else {})}
    if len(named) == 1 and asked in ("origin", "destination"):
        return {asked: named[0]}
    if len(named) >= 2:
        first, second = named[:2]
        swapped = first in DESTINATIONS and second not in DESTINATIONS
        return {"origin": second, "destination": first} if swapped else {"origin": first, "destination": second}
    if named:
        side = "destination" if named[0] in DESTINATIONS or known.answers.get("origin") else "origin"
        return {side: named[0]}
    return {}


def _money(heard: Heard, asked: str | None) -> dict[str, Any]:
    """Read the money asked for. Unasked, an amount in the currency of a destination is more likely the wage."""
    amounts, currencies = heard.all("amount"), [str(value) for value in heard.all("currency")]
    currency = currencies[0] if currencies else None
    asks = asked == "fee_amount" or any(code in ("upfront_fee", "fee_over_cap") for code, _ in heard.flags)
    if not amounts or (not asks and (currency is None or currency in WAGE_CURRENCIES)):
        return {}
    return {"fee_amount": float(str(amounts[0])), "fee_currency": currency}


def _chosen(heard: Heard) -> Mapping[str, Any]:
    pressed = BUTTONS.get(heard.intent)
    if pressed:
        return {pressed[0]: pressed[1]}
    visas = heard.all("visa")
    return {"visa_type": visas[0]} if visas else {}
