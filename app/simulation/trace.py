"""What happened in a shift, as a number: every event, move and scan of its book, in order."""

import hashlib
from dataclasses import dataclass

from sqlalchemy import select

from wms.db import Tx
from wms.schema import events, moves, scans

TABLES = (events, moves, scans)


@dataclass(frozen=True, slots=True)
class Trace:
    """`digest` is the same for the same story, bit for bit."""

    rows: int
    digest: str

    @classmethod
    def of(cls, tx: Tx) -> "Trace":
        """The trace of a book."""
        digest, rows = hashlib.sha256(), 0
        for table in TABLES:
            for row in tx.execute(select(table).order_by(*table.primary_key)):
                digest.update(repr(tuple(row)).encode())
                rows += 1
        return cls(rows, digest.hexdigest())
