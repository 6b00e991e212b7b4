"""From what a person told of an offer to warning signs, each with its reason and source.

Never a verdict and never a score (safety.md section 4.2): a list of findings, each a response key with arguments.
"""

from dataclasses import replace

from babel.numbers import get_currency_name, get_territory_currencies

from core.checks import Check
from core.knowledge import FeeRule, Knowledge
from core.points import Finding
from core.situation import SIGNS

ISO_LENGTH = 3
NO_WORK_VISAS = ("visit", "student", "business")
ORDER = (
    "organ_sale", "forced_marriage", "under_age", "fee_over_cap", "upfront_fee", "wrong_visa", "documents_demanded",
    "irregular_route", "false_papers", "told_to_lie", "impersonation", "informal_payment", "changed_terms",
    "no_contract", "secrecy", "too_good", "unverifiable", "rushed", "no_interview", "unclear_job",
)  # fmt: skip
"""Warning signs of an offer, the most telling first."""
PLAIN = {"upfront_fee": "utter_flag_upfront_fee_plain", "fee_over_cap": "utter_flag_fee_over_limit",
         "wrong_visa": "utter_flag_wrong_visa_general", "unverifiable": "utter_flag_unverifiable"}  # fmt: skip
"""How a sign is told of which only words in a message are known; others are utter_flag_ and their code."""
FEES = frozenset({"upfront_fee", "fee_over_cap"})


def findings(check: Check, knowledge: Knowledge) -> list[Finding]:
    """Return the warning signs of an offer, the most telling first, then the notes."""
    found = [*_fee(check, knowledge), *_visa(check), *_licence(check, knowledge), *_answers(check)]
    told = {finding.code for finding in found} | (FEES if check.known("fee_amount") else set())
    found += [_by_words(code) for code in check.flags if code in ORDER and code not in told]
    found += [Finding(code=code, key=f"utter_sign_{code}") for code in check.flags if code in SIGNS]
    return sorted((_quoted(finding, check) for finding in found), key=_rank)


def _rank(finding: Finding) -> int:
    if finding.code is None:
        return len(ORDER) + 1
    return ORDER.index(finding.code) if finding.code in ORDER else len(ORDER)


def _quoted(finding: Finding, check: Check) -> Finding:
    codes = FEES if finding.code in FEES else {finding.code}
    return replace(finding, quote=next((check.flags[code] for code in check.flags if code in codes), None))


def _by_words(code: str) -> Finding:
    return Finding(code=code, key=PLAIN.get(code, f"utter_flag_{code}"))


def _answers(check: Check) -> list[Finding]:
    """Return the signs that a plain yes or no shows."""
    shown = {
        "no_contract": check.known("contract") == "no",
        "documents_demanded": check.known("passport") == "yes",
        "informal_payment": check.known("receipt") == "no",
        "rushed": check.known("pressure") == "yes" and "rushed" not in check.flags,
        "secrecy": check.known("secret") == "yes" and "told_to_lie" not in check.flags,
        "under_age": check.known("adult") == "no",
    }
    return [_by_words(code) for code, is_so in shown.items() if is_so]


def _visa(check: Check) -> list[Finding]:
    if check.known("visa_type") not in NO_WORK_VISAS:
        return []
    destination = check.known("destination")
    if destination is None:
        return [_by_words("wrong_visa")]
    return [Finding(code="wrong_visa", key="utter_flag_wrong_visa", arguments={"country": {"country": destination}})]


def _licence(check: Check, knowledge: Knowledge) -> list[Finding]:
    if check.answers.get("licence") not in ("no", "unknown"):
        online = check.known("recruiter") == "online"
        return [Finding(code="unverifiable", key="utter_flag_online_recruiter")] if online else []
    origin = check.known("origin")
    register = knowledge.register(origin) if origin else None
    authority = knowledge.authority(origin) if origin else None
    if register is None or not register.url:
        if authority is None:
            return [_by_words("unverifiable")]
        arguments: dict[str, object] = {"authority": authority}
        return [Finding(code="unverifiable", key="utter_flag_unverifiable_authority", arguments=arguments)]
    where: dict[str, object] = {"authority": register.authority, "url": register.url}
    return [Finding(code="unverifiable", key="utter_flag_unverifiable_at", arguments=where)]


def currency_of(check: Check) -> str | None:
    """Return the currency that the person meant, as ISO 4217 where it can be told.

    "Rupees" and "pesos" are those of the country of origin; where it has none they stay a family name, such as PESO.
    """
    meant, origin = check.known("fee_currency"), check.known("origin")
    if meant is not None and len(meant) == ISO_LENGTH:
        return str(meant)
    family = (meant or "").casefold()
    used = get_territory_currencies(origin) if origin else []
    return next((code for code in used if family in get_currency_name(code, locale="en").casefold()), meant)


def _fee(check: Check, knowledge: Knowledge) -> list[Finding]:
    if not check.known("fee_amount"):
        return []
    amount: dict[str, object] = {"money": check.known("fee_amount"), "currency": currency_of(check)}
    upfront = Finding(code="upfront_fee", key="utter_flag_upfront_fee", arguments={"amount": amount})
    origin = check.known("origin")
    if origin is None:
        return [upfront]
    rule = knowledge.fee_rule(origin, check.known("destination"), check.known("work"))
    if rule is None:
        return [
            upfront,
            Finding(code=None, key="utter_note_fee_unknown", arguments={"country": {"country": origin}}),
        ]
    return _against_rule(check, amount, rule, upfront)


def _against_rule(check: Check, amount: dict[str, object], rule: FeeRule, upfront: Finding) -> list[Finding]:
    law: dict[str, object] = {
        "country": {"country": rule.country}, "law": rule.law, "checked": {"date": rule.checked_on},
    }  # fmt: skip
    if rule.kind == "zero":
        return [Finding(code="upfront_fee", key="utter_flag_fee_zero", arguments={"amount": amount, **law})]
    if rule.kind == "month_salary":
        return [upfront, Finding(code=None, key="utter_fees_month", arguments=law)]
    if rule.kind != "amount" or rule.amount is None or currency_of(check) != rule.currency:
        return [upfront]
    asked = float(check.known("fee_amount"))
    cap: dict[str, object] = {"cap": {"money": rule.amount, "currency": rule.currency}}
    if rule.amount < asked <= (rule.flag_above or rule.amount):
        # lawful extras come on top of the agent's own fee: no more than a question yet
        return [upfront, Finding(code=None, key="utter_fees_cap", arguments={**cap, **law})]
    if asked > rule.amount:
        return [Finding(code="fee_over_cap", key="utter_flag_fee_over_cap", arguments={"amount": amount, **cap, **law})]
    return [Finding(code=None, key="utter_note_fee_allowed", arguments={"amount": amount, **cap, **law})]
