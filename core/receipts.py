"""What became of a message of ours: states that only ever move forward, whatever the order of the receipts (R30).

`failed` stands before `delivered`: carriers take a failure back more often than a delivery.
"""

from collections.abc import Mapping

RANKS: Mapping[str, int] = {"queued": 0, "sent": 1, "failed": 2, "delivered": 3, "read": 4}


def merged(old: str, new: str) -> str:
    """Return the state after a receipt. The order of receipts makes no difference, and repeating one neither."""
    return new if RANKS[new] > RANKS[old] else old
