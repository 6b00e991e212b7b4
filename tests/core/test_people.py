"""Handles that can be said, and the country of a number, which is a hint."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.crypto import new_id
from core.people import ANIMALS, COLOURS, country_of, handle

IDENTIFIERS = st.binary(min_size=16, max_size=16).map(bytes.hex)


@given(IDENTIFIERS)
def test_a_handle_is_a_colour_an_animal_and_a_number(identifier: str) -> None:
    colour, animal, number = handle(identifier).split(" ")
    assert colour in COLOURS
    assert animal in ANIMALS
    assert re.fullmatch(r"[1-9][0-9]", number)


@given(IDENTIFIERS)
def test_the_same_person_has_the_same_handle(identifier: str) -> None:
    assert handle(identifier) == handle(identifier)


def test_every_word_can_be_said_and_stands_once() -> None:
    assert len(set(COLOURS)) == len(COLOURS)
    assert len(set(ANIMALS)) == len(ANIMALS)
    assert all(re.fullmatch("[a-z]+", word) for word in (*COLOURS, *ANIMALS))


def test_a_hundred_people_rarely_share_a_handle() -> None:
    assert len({handle(new_id()) for _ in range(100)}) >= 95


@pytest.mark.parametrize(
    ("address", "country"),
    [
        ("+97400000001", "QA"),
        ("+9779841000000", "NP"),
        ("+966500000000", "SA"),
        ("+34600000000", "ES"),
        ("+15005550006", "US"),
        ("+88213000000", None),  # a satellite phone is nowhere
        ("+8001234567", None),
        ("97400000001", None),  # without a plus it may be a local number
        ("web-token", None),
        ("", None),
        ("+", None),
        ("+999999999999999999999", None),
    ],
)
def test_a_number_hints_at_a_country_or_at_none(address: str, country: str | None) -> None:
    assert country_of(address) == country


@given(st.text())
def test_anything_may_be_an_address(address: str) -> None:
    found = country_of(address)
    assert found is None or re.fullmatch("[A-Z]{2}", found)


@pytest.mark.parametrize(
    ("address", "country"),
    [("NP.13491208655302741918", "NP"), ("QA.ENT.11815", "QA"), ("XX.1", None), ("np.1", None), ("NP.", None)],
)
def test_an_id_without_a_number_still_tells_its_country(address: str, country: str | None) -> None:
    assert country_of(address) == country
