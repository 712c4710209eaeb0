"""Events are written in the same transaction as the facts that they tell of (`event_kinds`).

Every event belongs to an aggregate (`order:12`) and is numbered 1, 2, 3... inside it, so whoever
is told can see that nothing is missing. Readers keep a cursor and read in commit order.
"""

from collections import Counter
from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Row, Table, insert, select, text, tuple_

from wms.db import Tx, insert_for, insert_once
from wms.event_kinds import KINDS, Event
from wms.schema import cursors, event_seqs, events


class Cursor(NamedTuple):
    """A place in the stream: commit order, then row."""

    xid: int = 0
    position: int = 0


class Told(NamedTuple):
    """One event read back, with where it stands in the stream and in its aggregate."""

    id: int
    cursor: Cursor
    aggregate: str
    seq: int
    owner: str
    at_ms: int
    event: Event


def emit(tx: Tx, *happened: Event, now: int) -> None:
    """Write events with their dense numbers: one statement for numbers, one for rows."""
    if not happened:
        return
    counts = Counter(event.aggregate for event in happened)
    upto = _reserve(tx, counts)
    taken: Counter[str] = Counter()
    rows = []
    for event in happened:
        name = event.aggregate
        taken[name] += 1
        rows.append({
            "kind": event.kind, "aggregate": name, "owner": event.owner, "at_ms": now,
            "seq": upto[name] - counts[name] + taken[name],
            "body": msgspec.json.encode(event).decode(),
        })  # fmt: skip
    tx.execute(insert(events), rows)


def _reserve(tx: Tx, counts: Counter[str]) -> dict[str, int]:
    """Take the next numbers of each aggregate, locked in name order. Returns the last of each."""
    rows = [{"aggregate": name, "seq": counts[name]} for name in sorted(counts)]
    return {row.aggregate: row.seq for row in tx.execute(_numbering(insert_for(tx)), rows)}


@cache
def _numbering(insert_into: Callable[[Table], Any]) -> Any:
    """Built once for each dialect: with its rows inside, every command would compile it anew."""
    statement = insert_into(event_seqs)
    return statement.on_conflict_do_update(
        index_elements=["aggregate"], set_={"seq": event_seqs.c.seq + statement.excluded.seq}
    ).returning(event_seqs.c.aggregate, event_seqs.c.seq)


def horizon(tx: Tx) -> int:
    """Transactions below this number are all finished (PostgreSQL); on SQLite: no limit."""
    if tx.dialect.name == "sqlite":
        return 1
    query = text("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint")
    return int(tx.execute(query).scalar_one())


def since(
    tx: Tx, cursor: Cursor, limit: int, *, kinds: tuple[str, ...] = (), owner: str = ""
) -> list[Told]:
    """Events after *cursor* in commit order, at most *limit*; only *kinds*, *owner*'s if given."""
    query = (
        select(events)
        .where(tuple_(events.c.xid, events.c.id) > tuple_(cursor.xid, cursor.position))
        .where(events.c.xid < horizon(tx))
        .order_by(events.c.xid, events.c.id)
        .limit(limit)
    )
    if kinds:
        query = query.where(events.c.kind.in_(kinds))
    if owner:
        query = query.where(events.c.owner == owner)
    return [told(row) for row in tx.execute(query)]


def told(row: Row[tuple[object, ...]]) -> Told:
    """A row of `events` as a value."""
    event = msgspec.json.decode(row.body, type=KINDS[row.kind])
    return Told(
        row.id, Cursor(row.xid, row.id), row.aggregate, row.seq, row.owner, row.at_ms, event
    )


def cursor_of(tx: Tx, name: str) -> Cursor:
    """Where the reader *name* stopped."""
    row = tx.execute(select(cursors).where(cursors.c.name == name)).first()
    return Cursor(row.xid, row.position) if row else Cursor()


def advance(tx: Tx, name: str, cursor: Cursor) -> None:
    """Remember, in the same transaction as what was done about them, how far *name* has read."""
    row = {"name": name, "xid": cursor.xid, "position": cursor.position}
    if not insert_once(tx, cursors, row):
        tx.execute(cursors.update().where(cursors.c.name == name).values(row))
