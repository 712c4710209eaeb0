"""The audit chain: commands and moves, hashed one after another in commit order.

h(n) = SHA-256(h(n-1) || canonical row). A worker seals what was committed, at most a second
behind, so no writer waits for it. Whoever changes an old row breaks every later hash.
"""

import asyncio
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import Row, Table, func, insert, select

from wms.db import Book, Tx
from wms.record.events import Cursor, advance, cursor_of, rows_after
from wms.schema import commands, moves, seals

SEALED: dict[str, Table] = {"command": commands, "move": moves}
BATCH = 500
START = "0" * 64


def canonical(row: Mapping[str, Any]) -> bytes:
    """A row as bytes that mean only it: JSON with sorted keys; the commit number is left out,
    as a restored database counts transactions anew.

    >>> canonical({"b": 1, "a": "é", "xid": 9})
    b'{"a":"\\xc3\\xa9","b":1}'
    """
    kept = {name: value for name, value in sorted(row.items()) if name != "xid"}
    return msgspec.json.encode(kept)


def chain(before: str, kind: str, row: Mapping[str, Any]) -> str:
    """The hash of *row* behind the hash *before*."""
    return hashlib.sha256(before.encode() + kind.encode() + canonical(row)).hexdigest()


def unsealed(tx: Tx, kind: str, limit: int = BATCH) -> Sequence[Row[Any]]:
    """Committed rows of *kind* after the last sealed one, in commit order."""
    return rows_after(tx, SEALED[kind], cursor_of(tx, f"seal.{kind}"), limit)


def seal(tx: Tx) -> int:
    """Seal the next rows of each kind. Returns how many."""
    seq, last = head(tx)
    rows: list[dict[str, Any]] = []
    for kind in SEALED:
        fresh = unsealed(tx, kind)
        for row in fresh:
            seq += 1
            last = chain(last, kind, row._asdict())
            rows.append({"seq": seq, "kind": kind, "row_id": row.id, "hash": last})
        if fresh:
            advance(tx, f"seal.{kind}", Cursor(fresh[-1].xid, fresh[-1].id))
    if rows:
        tx.execute(insert(seals), rows)
    return len(rows)


def head(tx: Tx) -> tuple[int, str]:
    """The number and hash of the newest seal: what is anchored outside."""
    row = tx.execute(select(seals).order_by(seals.c.seq.desc()).limit(1)).first()
    return (row.seq, row.hash) if row else (0, START)


def verify(tx: Tx) -> list[str]:
    """Hash everything again. An empty list is the only acceptable answer."""
    faults: list[str] = []
    last = START
    for number, (kind, row_id, stored, row) in enumerate(_sealed(tx), start=1):
        if row is None:
            faults.append(f"{kind} {row_id}: sealed row {number} is gone")
            last = stored
            continue
        last = chain(last, kind, row)
        if last != stored:
            faults.append(f"{kind} {row_id}: changed after it was sealed (seal {number})")
            last = stored
    return faults


def _sealed(tx: Tx) -> Iterator[tuple[str, int, str, Mapping[str, Any] | None]]:
    """Every seal in order with its row, read in blocks."""
    after = 0
    while True:
        query = select(seals).where(seals.c.seq > after).order_by(seals.c.seq).limit(BATCH)
        block = tx.execute(query).all()
        if not block:
            return
        found: dict[tuple[str, int], Mapping[str, Any]] = {}
        for kind, table in SEALED.items():
            ids = [row.row_id for row in block if row.kind == kind]
            for row in tx.execute(select(table).where(table.c.id.in_(ids))):
                found[kind, row.id] = row._asdict()
        for row in block:
            yield row.kind, row.row_id, row.hash, found.get((row.kind, row.row_id))
        after = block[-1].seq


def lag(tx: Tx) -> int:
    """How many committed rows wait to be sealed."""
    total = sum(
        tx.execute(select(func.count()).select_from(table)).scalar_one()
        for table in SEALED.values()
    )
    return total - tx.execute(select(func.count()).select_from(seals)).scalar_one()


def _waits(tx: Tx) -> bool:
    return any(unsealed(tx, kind, limit=1) for kind in SEALED)


async def run(book: Book) -> None:
    """Seal until cancelled."""
    while True:
        seen = book.bell.look()
        if await book.read(_waits):
            await book.write(seal)
        await asyncio.sleep(0.5)
        await seen.changed()
