"""The offer check: from what a person told about an offer to warning signs, each with its reason and source.

Never a verdict and never a score (safety.md section 4.2): a list of findings, each a response key with arguments.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from babel.numbers import get_currency_name, get_territory_currencies

from core.knowledge import FeeRule, Knowledge

UNKNOWN = "unknown"
ISO_LENGTH = 3
ANSWERS = ("affirm", "deny", "dont_know")
DESTINATIONS = frozenset("QA AE SA KW BH OM JO LB MY SG TH HK TW KR JP IT GB US CA ZA CY MT PL RO HR MV IL IQ".split())
"""Countries that people mostly go to; used only when a message names countries without saying which is which."""
WAGE_CURRENCIES = frozenset(
    "QAR AED SAR KWD BHD OMR JOD MYR SGD HKD TWD KRW JPY EUR GBP USD CAD RIYAL DIRHAM DINAR".split()
)
VISA_BUTTONS = {"visa_work": "work", "visa_visit": "visit"}
NO_WORK_VISAS = ("visit", "student", "business")


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What a person told. None is not asked yet, "unknown" is asked and not known."""

    origin: str | None = None
    destination: str | None = None
    fee_amount: float | None = None
    fee_currency: str | None = None
    visa_type: str | None = None
    licence: str | None = None
    contract: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A warning sign (code of data/taxonomy.yml), or a note (code None), and how to say it."""

    code: str | None
    key: str
    arguments: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What was understood of one message: its intent and the facts in it, as (kind, value) in their order."""

    intent: str
    facts: Sequence[tuple[str, object]]
    polarity: str | None = None
    """affirm or deny, when the first or last word says so."""

    def all(self, kind: str) -> list[object]:
        """Return the values of one kind."""
        return [value for name, value in self.facts if name == kind]


def read(heard: Heard, asked: str | None, known: Offer) -> dict[str, object]:
    """Return the fields of an offer that a message fills, whether they were asked for or not.

    `asked` is the field of the question that was put last.
    """
    found: dict[str, object] = {**_countries(heard, asked, known), **_money(heard, asked), **_visa(heard)}
    if asked and asked not in found:
        found |= _answered(heard, asked)
    return found


def _answered(heard: Heard, asked: str) -> dict[str, object]:
    """Read a plain answer to the question that was asked."""
    answer = heard.intent
    if answer not in ANSWERS:
        # "I have no licence number" looks like a question about licences; asked for one, it is a no
        answer = heard.polarity or answer
    if answer == "dont_know":
        return {asked: 0.0 if asked == "fee_amount" else UNKNOWN}
    if asked in ("licence", "contract") and answer in ANSWERS:
        return {asked: "yes" if answer == "affirm" else "no"}
    if asked == "fee_amount" and answer == "deny":
        return {asked: 0.0}
    return {}


def _countries(heard: Heard, asked: str | None, known: Offer) -> dict[str, object]:
    named = list(dict.fromkeys(str(value) for value in heard.all("country")))
    if len(named) == 1 and asked in ("origin", "destination"):
        return {asked: named[0]}
    if len(named) >= 2:
        first, second = named[:2]
        swapped = first in DESTINATIONS and second not in DESTINATIONS
        return {"origin": second, "destination": first} if swapped else {"origin": first, "destination": second}
    if named:
        side = "destination" if named[0] in DESTINATIONS or known.origin else "origin"
        return {side: named[0]}
    return {}


def _money(heard: Heard, asked: str | None) -> dict[str, object]:
    """Read the money asked for. Unasked, an amount in the currency of a destination is more likely the wage."""
    amounts, currencies = heard.all("amount"), [str(value) for value in heard.all("currency")]
    currency = currencies[0] if currencies else None
    if not amounts or (asked != "fee_amount" and (currency is None or currency in WAGE_CURRENCIES)):
        return {}
    amount = amounts[0]
    return {"fee_amount": float(str(amount)), "fee_currency": currency}


def _visa(heard: Heard) -> dict[str, object]:
    pressed = VISA_BUTTONS.get(heard.intent)
    visas = [pressed] if pressed else heard.all("visa")
    return {"visa_type": visas[0]} if visas else {}


def currency_of(offer: Offer) -> str | None:
    """Return the currency that the person meant, as ISO 4217 where it can be told.

    "Rupees" and "pesos" are those of the country of origin; where it has none they stay a family name, such as PESO.
    """
    meant, origin = offer.fee_currency, _known(offer.origin)
    if meant is not None and len(meant) == ISO_LENGTH:
        return meant
    family = (meant or "").casefold()
    used = get_territory_currencies(origin) if origin else []
    return next((code for code in used if family in get_currency_name(code, locale="en").casefold()), meant)


def findings(offer: Offer, knowledge: Knowledge) -> list[Finding]:
    """Return the warning signs of an offer, the most telling first, then the notes."""
    found = [*_fee(offer, knowledge)]
    if offer.visa_type in NO_WORK_VISAS:
        destination = _known(offer.destination)
        found.append(
            Finding(code="wrong_visa", key="utter_flag_wrong_visa", arguments={"country": {"country": destination}})
            if destination
            else Finding(code="wrong_visa", key="utter_flag_wrong_visa_general")
        )
    if offer.licence in ("no", UNKNOWN):
        found.append(_unverifiable(offer, knowledge))
    if offer.contract == "no":
        found.append(Finding(code="no_contract", key="utter_flag_no_contract"))
    return sorted(found, key=lambda finding: finding.code is None)


def _known(country: str | None) -> str | None:
    return None if country == UNKNOWN else country


def _unverifiable(offer: Offer, knowledge: Knowledge) -> Finding:
    origin = _known(offer.origin)
    register = knowledge.register(origin) if origin else None
    authority = knowledge.authority(origin) if origin else None
    if register is None or not register.url:
        if authority is None:
            return Finding(code="unverifiable", key="utter_flag_unverifiable")
        arguments: dict[str, object] = {"authority": authority}
        return Finding(code="unverifiable", key="utter_flag_unverifiable_authority", arguments=arguments)
    where: dict[str, object] = {"authority": register.authority, "url": register.url}
    return Finding(code="unverifiable", key="utter_flag_unverifiable_at", arguments=where)


def _fee(offer: Offer, knowledge: Knowledge) -> list[Finding]:
    if not offer.fee_amount:
        return []
    amount: dict[str, object] = {"money": offer.fee_amount, "currency": currency_of(offer)}
    upfront = Finding(code="upfront_fee", key="utter_flag_upfront_fee", arguments={"amount": amount})
    origin = _known(offer.origin)
    if origin is None:
        return [upfront]
    rule = knowledge.fee_rule(origin, _known(offer.destination))
    if rule is None:
        return [
            upfront,
            Finding(code=None, key="utter_note_fee_unknown", arguments={"country": {"country": origin}}),
        ]
    return _against_rule(offer, amount, rule, upfront)


def _against_rule(offer: Offer, amount: dict[str, object], rule: FeeRule, upfront: Finding) -> list[Finding]:
    law: dict[str, object] = {
        "country": {"country": rule.country}, "law": rule.law, "checked": {"date": rule.checked_on},
    }  # fmt: skip
    if rule.kind == "zero":
        return [Finding(code="upfront_fee", key="utter_flag_fee_zero", arguments={"amount": amount, **law})]
    if rule.kind == "month_salary":
        return [upfront, Finding(code=None, key="utter_fees_month", arguments=law)]
    if rule.kind != "amount" or rule.amount is None or currency_of(offer) != rule.currency:
        return [upfront]
    cap: dict[str, object] = {"cap": {"money": rule.amount, "currency": rule.currency}}
    if offer.fee_amount and rule.amount < offer.fee_amount <= (rule.flag_above or rule.amount):
        # lawful extras come on top of the agent's own fee: no more than a question yet
        return [upfront, Finding(code=None, key="utter_fees_cap", arguments={**cap, **law})]
    if offer.fee_amount and offer.fee_amount > rule.amount:
        return [Finding(code="fee_over_cap", key="utter_flag_fee_over_cap", arguments={"amount": amount, **cap, **law})]
    return [Finding(code=None, key="utter_note_fee_allowed", arguments={"amount": amount, **cap, **law})]
