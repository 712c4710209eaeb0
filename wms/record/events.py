"""Events are written in the same transaction as the facts that they tell of (`event_kinds`).

Every event belongs to an aggregate (`order:12`) and is numbered 1, 2, 3... inside it, so whoever
is told can see that nothing is missing. Readers keep a cursor and read in commit order.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import (
    BigInteger,
    Boolean,
    ColumnElement,
    Row,
    Select,
    Table,
    bindparam,
    insert,
    literal,
    select,
    text,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.sql.operators import OperatorType

from wms.db import Tx, insert_for, insert_once
from wms.record.event_kinds import KINDS, Event
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
    query = _after(events)
    if kinds:
        query = query.where(events.c.kind.in_(kinds))
    if owner:
        query = query.where(events.c.owner == owner)
    return [told(row) for row in tx.execute(query, _from(tx, cursor, limit))]


def rows_after(tx: Tx, table: Table, cursor: Cursor, limit: int) -> Sequence[Row[Any]]:
    """Rows of *table* after *cursor* in commit order, at most *limit*."""
    return tx.execute(_after(table), _from(tx, cursor, limit)).all()


def _from(tx: Tx, cursor: Cursor, limit: int) -> dict[str, int]:
    at = {"xid": cursor.xid, "position": cursor.position}
    return {**at, "horizon": horizon(tx), "most": limit}


@cache
def _after(table: Table) -> Select[Any]:
    """Workers ask so whenever the table was written: it is built once."""
    at = bindparam("xid", type_=BigInteger), bindparam("position", type_=BigInteger)
    return (
        select(table)
        .where(Later(table.c.xid, table.c.id, *at))
        .where(table.c.xid < bindparam("horizon"))
        .order_by(table.c.xid, table.c.id)
        .limit(bindparam("most"))
    )


def told(row: Row[tuple[object, ...]]) -> Told:
    """A row of `events` as a value."""
    event = msgspec.json.decode(row.body, type=KINDS[row.kind])
    return Told(
        row.id, Cursor(row.xid, row.id), row.aggregate, row.seq, row.owner, row.at_ms, event
    )


def later(table: Table, cursor: Cursor) -> ColumnElement[bool]:
    """Whether a row of *table* comes after *cursor* in commit order."""
    at = literal(cursor.xid, BigInteger), literal(cursor.position, BigInteger)
    return Later(table.c.xid, table.c.id, *at)


class Later(FunctionElement[bool]):
    """`xid`, `id` after `xid`, `position`. On SQLite all have one `xid`: its index would give every
    row there is, so there the ids decide."""

    inherit_cache = True
    type = Boolean()

    def self_group(self, against: OperatorType | None = None) -> "Later":
        """Itself: `(...) = 1`, as SQLite's dialect has booleans, would keep the index away."""
        return self


@compiles(Later)
def _later(element: Later, compiler: Any, **options: Any) -> str:
    xid, number, at, position = (compiler.process(part, **options) for part in element.clauses)
    return f"({xid}, {number}) > ({at}, {position})"


@compiles(Later, "sqlite")
def _later_on_sqlite(element: Later, compiler: Any, **options: Any) -> str:
    xid, number, at, position = (compiler.process(part, **options) for part in element.clauses)
    return f"({xid} = {at} AND {number} > {position})"


def cursor_of(tx: Tx, name: str) -> Cursor:
    """Where the reader *name* stopped."""
    row = tx.execute(_cursor(), {"reader": name}).first()
    return Cursor(row.xid, row.position) if row else Cursor()


@cache
def _cursor() -> Select[Any]:
    return select(cursors).where(cursors.c.name == bindparam("reader"))


def advance(tx: Tx, name: str, cursor: Cursor) -> None:
    """Remember, in the same transaction as what was done about them, how far *name* has read."""
    row = {"name": name, "xid": cursor.xid, "position": cursor.position}
    if not insert_once(tx, cursors, row):
        tx.execute(cursors.update().where(cursors.c.name == name).values(row))
