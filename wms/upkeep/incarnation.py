"""Which life of the database this is: it changes when a backup is restored.

Whoever keeps a place in our stream (a cursor) learns from it that the place is in another life.
"""

from sqlalchemy import select, update

from wms.db import Tx, insert_once
from wms.schema import meta

KEY = "incarnation"
RANDOM_BYTES = 8


def current(tx: Tx) -> str:
    """The name of this life; "" before `ensure`."""
    return tx.execute(select(meta.c.value).where(meta.c.key == KEY)).scalar() or ""


def ensure(tx: Tx, random: bytes) -> str:
    """Name the life of a new book from 8 random bytes; one that has a name keeps it."""
    assert len(random) == RANDOM_BYTES
    insert_once(tx, meta, {"key": KEY, "value": random.hex()})
    return current(tx)


def renew(tx: Tx, random: bytes) -> str:
    """Begin another life: the book was restored, and what was read after that moment is gone."""
    assert len(random) == RANDOM_BYTES
    ensure(tx, random)
    tx.execute(update(meta).where(meta.c.key == KEY).values(value=random.hex()))
    return current(tx)
