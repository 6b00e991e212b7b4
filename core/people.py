"""People without names: a sayable handle for an identifier, such as "amber heron 42"."""

import re

import phonenumbers

COLOURS = (
    "amber", "azure", "bronze", "cedar", "clay", "copper", "coral", "cream", "crimson", "dune", "ebony",
    "fern", "golden", "green", "hazel", "indigo", "ivory", "jade", "lemon", "lilac", "lime", "maple",
    "mint", "ochre", "olive", "opal", "orange", "pearl", "plum", "ruby", "russet", "saffron", "sage",
    "sand", "scarlet", "silver", "teal", "umber", "violet", "white",
)  # fmt: skip
ANIMALS = (
    "antelope", "badger", "bee", "bulbul", "camel", "cheetah", "crane", "cricket", "dolphin", "dove", "eagle",
    "egret", "falcon", "finch", "gazelle", "gecko", "giraffe", "heron", "hoopoe", "ibex", "ibis", "jackal",
    "kestrel", "kite", "lark", "lynx", "mole", "moth", "myna", "oryx", "otter", "owl", "parrot", "pelican",
    "quail", "robin", "seal", "sparrow", "stork", "swift", "tern", "tortoise", "turtle", "wagtail", "weaver",
    "wren", "yak", "zebra",
)  # fmt: skip


def handle(identifier: str) -> str:
    """Return the handle of an identifier of hex digits. For saying, not for looking up: two may be equal."""
    number = int(identifier[:8], 16)
    number, animal = divmod(number, len(ANIMALS))
    colour = number % len(COLOURS)
    return f"{COLOURS[colour]} {ANIMALS[animal]} {int(identifier[8:10], 16) % 90 + 10}"


SCOPED = re.compile(r"([A-Z]{2})\.(?:ENT\.)?[A-Za-z0-9]+")
"""A business-scoped user id of WhatsApp, which begins with the country of the hidden number."""


def country_of(address: str) -> str | None:
    """Return the country of a phone number (ISO 3166-1 alpha-2), or None when it has none.

    It says where the SIM card is from: where the person is, or where they left from. Never more than a hint.
    """
    scoped = SCOPED.fullmatch(address)
    if scoped and scoped[1] in phonenumbers.SUPPORTED_REGIONS:
        return scoped[1]
    try:
        number = phonenumbers.parse(address)
    except phonenumbers.NumberParseException:
        return None
    region = phonenumbers.region_code_for_number(number)
    return region if region and region != "001" else None
