"""The last exchanges of a person, as short tags: enough to notice that two machines talk to each other (R32)."""

from sqlalchemy import bindparam, select, update

from core.folding import fold
from core.store.database import Tx
from core.store.tables import person

KEPT = 24
MINUTES = 10
_THIS = person.c.id == bindparam("person_id")
_RECENT = select(person.c.recent).where(_THIS)
_KEEP = update(person).where(_THIS).values(recent=bindparam("kept"))


def repeats(tx: Tx, person_id: str, said: str, answered: str) -> int:
    """Note an exchange and return how often the same one took place in the last minutes, this one included."""
    tag = tx.vault.tag("exchange", f"{person_id}\0{fold(said)}\0{answered}")[:6]
    recent: str | None = tx.connection.execute(_RECENT, {"person_id": person_id}).scalar_one()
    minute = int(tx.now // 60)
    young = [entry for entry in (recent or "").split() if abs(minute - int(entry.partition(":")[2])) <= MINUTES]
    kept = [*young, f"{tag}:{minute}"][-KEPT:]
    tx.connection.execute(_KEEP, {"person_id": person_id, "kept": " ".join(kept)})
    return sum(entry.startswith(tag) for entry in kept)
