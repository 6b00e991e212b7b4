"""The store: one database that holds people, messages, jobs, cases and staff.

`database` opens it and runs transactions; every other module holds plain functions on one transaction, by topic.
"""

from core.store.database import CLOCK, Store, StoreError, Tx, is_away, open_store

__all__ = ["CLOCK", "Store", "StoreError", "Tx", "is_away", "open_store"]
