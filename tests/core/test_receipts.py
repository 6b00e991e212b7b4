"""Receipts: every order of them, twice over, ends in the same state."""

from itertools import permutations

from core.receipts import RANKS, merged


def test_every_order_of_receipts_ends_in_the_same_state() -> None:
    for size in range(1, len(RANKS) + 1):
        ends: dict[frozenset[str], set[str]] = {}
        for order in permutations(RANKS, size):
            state = "queued"
            for status in (*order, *order):
                state = merged(state, status)
            ends.setdefault(frozenset(order), set()).add(state)
        assert all(len(states) == 1 for states in ends.values())


def test_a_delivery_is_never_taken_back() -> None:
    for status in RANKS:
        assert merged("delivered", status) in ("delivered", "read")
    assert merged("failed", "delivered") == "delivered"
