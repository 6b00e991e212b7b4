"""Telephone numbers are hidden in every notation; sums and dates are not."""

import pytest
from components.phones import masked


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("call 9841234567 now", "call •••••••••• now"),
        ("+977-9841-234567", "+•••-••••-••••••"),
        ("(071) 234 5678", "(•••) ••• ••••"),
        ("৯৮৪১২৩৪৫৬৭ এ ফোন", "•••••••••• এ ফোন"),
        ("5500-1200", "••••-••••"),
        ("whatsapp 00974 5555 1234.", "whatsapp ••••• •••• ••••."),
    ],
)
def test_a_telephone_number_is_hidden(text: str, expected: str) -> None:
    assert masked(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "50 000 000 FCFA",
        "1.500.000 pesos",
        "2 lakh",
        "12/05/2026",
        "2026-11-22",
        "call 999",
        "licence 1234/074",
        "licence 1234/074/75",
        "salary 1500-2000",
        "on 12/05/2026 10:30",
        "",
    ],
)
def test_sums_dates_and_short_numbers_stay(text: str) -> None:
    assert masked(text) == text
