"""Codes, times and untrusted characters in plain words, for counsellors."""

import re
import unicodedata

from markupsafe import Markup, escape

from core.languages import LANGUAGES
from core.words import locale
from desk.doubles import NOTHING, Surroundings, marks

DANGERS = {
    "violence_now": "Violence now",
    "locked_in": "Locked in",
    "self_harm": "May hurt themselves",
    "medical": "Badly hurt or ill",
    "child_at_risk": "Child at risk",
    "at_sea_or_desert": "Stranded at sea or in the desert",
}

FLAGS = {
    "upfront_fee": "Money asked before departure",
    "fee_over_cap": "More money than the law allows",
    "informal_payment": "Cash or a private account, no receipt",
    "too_good": "Too good to be true",
    "wrong_visa": "Wrong visa for work",
    "told_to_lie": "Told to lie to officials or family",
    "irregular_route": "Irregular route",
    "changed_terms": "Terms changed after agreement",
    "unverifiable": "Recruiter cannot be verified",
    "rushed": "Pressed to decide or pay at once",
    "no_interview": "Job guaranteed without an interview",
    "documents_demanded": "Recruiter wants or holds papers",
    "no_contract": "No contract that the person can read",
    "impersonation": "False or borrowed agency name",
    "secrecy": "Told to keep it secret",
    "unclear_job": "Job, place or employer not told",
    "false_papers": "False facts on papers",
    "under_age": "Under 18",
    "forced_marriage": "Marriage arranged or pressed",
    "organ_sale": "Organ for money or work",
    "vulnerability_abused": "Dependent on one person",
    "deceived": "Not what was promised",
    "movement_restricted": "Not free to leave",
    "isolated": "Cut off from others",
    "violence": "Violence",
    "threats": "Threats",
    "documents_kept": "Passport or papers kept",
    "wages_withheld": "Wages not paid or cut",
    "debt_bondage": "Must work off a debt",
    "bad_conditions": "Dangerous or degrading conditions",
    "excessive_hours": "No rest, very long hours",
    "forced_crime": "Made to commit crimes",
    "sexual_exploitation": "Sexual exploitation",
    "sold_on": "Sold or passed on",
}

REASONS = {
    "asked": "Asked for a person",
    "talk_to_human": "Asked for a person",
    "not_understood": "The assistant did not understand",
    "panic": "Phone may be in other hands",
    "stopped": "Wants no more messages: perhaps somebody else holds the phone",
    "goodbye": "Wrote a word by which the phone company may have silenced us",
    **DANGERS,
    **FLAGS,
}

CHANNELS = {
    "sms": "SMS", "sms_gateway": "SMS", "whatsapp": "WhatsApp", "whatsapp_cloud": "WhatsApp", "web": "Web chat",
    "telegram": "Telegram",
}  # fmt: skip
CONSENTS = {
    "emergency": "Not asked: it was an emergency",
    "asked for a person": "Asked for a person",
}
SAFE = {"unknown": "Not known yet: ask first", "yes": "Yes", "no": "No: the phone may be seen by others"}
STATES = {
    "queued": "sending", "sent": "sent", "delivered": "delivered", "read": "read", "failed": "not delivered",
}  # fmt: skip
KINDS = {
    "media": "[a picture, sound or file]", "location": "[a place on the map]",
    "other": "[something that cannot be shown]", "button": "[pressed a button]",
}  # fmt: skip

NAMES = {
    "\u202a": "LRE", "\u202b": "RLE", "\u202c": "PDF", "\u202d": "LRO", "\u202e": "RLO",
    "\u2066": "LRI", "\u2067": "RLI", "\u2068": "FSI", "\u2069": "PDI", "\u200b": "ZWSP", "\ufeff": "BOM",
    "\u2060": "WJ", "\u00ad": "SHY", "\u2028": "LS", "\u2029": "PS", "\u3164": "HF", "\uffa0": "HF",
}  # fmt: skip
# zero-width joiner and non-joiner (200C, 200D) and the marks 200E, 200F belong to ordinary writing in many scripts
CONTROLS = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb"
    "\U000e0000-\U000e007f]"
)


def in_words(code: str, table: dict[str, str] = REASONS) -> str:
    """Return a code in plain words; a code that has none yet is still readable."""
    return table.get(code) or code.replace("_", " ").capitalize()


def visible(text: str, around: Surroundings = NOTHING) -> Markup:
    """Return untrusted text as inert HTML: control characters are seen, and words that imitate others marked (R53).

    What they may imitate, beyond letters, depends on what is known and on the rest of the talk.
    """
    text = text.replace("\r\n", "\n")
    parts: list[Markup] = []
    position = 0
    for found in marks(text, around):
        odd = Markup('<mark class="odd" title="{}">{}<span class="warned">{}</span></mark>').format(
            "This may not be what it looks like.", _seen(text[found.start : found.end]), found.why
        )
        parts += [_seen(text[position : found.start]), odd]
        position = found.end
    return Markup("").join([*parts, _seen(text[position:])])


def _seen(text: str) -> Markup:
    parts: list[Markup] = []
    position = 0
    for match in CONTROLS.finditer(text):
        parts += [escape(text[position : match.start()]), _control(match[0])]
        position = match.end()
    return Markup("").join([*parts, escape(text[position:])])


def _control(character: str) -> Markup:
    number = f"U+{ord(character):04X}"
    name = unicodedata.name(character, "control character").lower()
    return Markup('<span class="control" title="{} {}">{}</span>').format(number, name, NAMES.get(character, number))


def without_isolates(text: str) -> str:
    """Return a text of our own without the isolates that the words layer puts around values."""
    return text.replace("\u2068", "").replace("\u2069", "")


def language_name(code: str) -> str:
    """Return the name of a language as counsellors call it."""
    return str(locale(code).english_name) if code in LANGUAGES else code


def own_name(code: str) -> str:
    """Return the name of a language as its speakers call it."""
    return LANGUAGES[code].own_name if code in LANGUAGES else code


def lasted(seconds: float) -> str:
    """Return a duration as one reads it at a glance."""
    minutes = int(max(0.0, seconds) // 60)
    if minutes < 1:
        return "just now"
    if minutes < 60:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 24:
        return f"{hours} h {minutes:02} min"
    return f"{hours // 24} d {hours % 24} h"
