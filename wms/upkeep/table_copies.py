"""The tables of a PostgreSQL book as text files, and back: COPY, table by table, in one snapshot.

Commit numbers belong to one server: in another they would be in its future, and nobody would ever
read those rows. What is brought back is numbered anew, in the same order (`renumber`).
"""

from pathlib import Path
from typing import Any

from psycopg import sql
from sqlalchemy import MetaData, Table, text

from wms.db import Tx

VERSIONS = "alembic_version"
BLOCK_BYTES = 1 << 20
# Whose rows a reader's cursor counts; all others read events.
ORDERED = {"seal.command": "commands", "seal.move": "moves", "floor.device_facts": "device_facts"}


def write(tx: Tx, folder: Path) -> list[str]:
    """Write every table to `NAME.copy` in *folder*. Returns their names in a backup."""
    names = []
    for table in _tables(tx):
        with _cursor(tx) as cursor, (folder / f"{table.name}.copy").open("wb") as sink:
            statement = sql.SQL("COPY {} ({}) TO STDOUT").format(*_named(table))
            with cursor.copy(statement) as rows:
                for block in rows:
                    sink.write(block)
        names.append(f"tables/{table.name}.copy")
    return names


def read(tx: Tx, folder: Path) -> None:
    """Fill the tables, which a fresh book of the same revision has, from `write`'s files.

    What the migrations put there goes: it is in the files, too.
    """
    tables = _tables(tx)
    tx.execute(text("SET LOCAL statement_timeout = 0"))
    everything = ", ".join(f'"{table.name}"' for table in tables)
    tx.execute(text(f"TRUNCATE {everything}"))
    for table in tables:
        with _cursor(tx) as cursor, (folder / f"{table.name}.copy").open("rb") as source:
            statement = sql.SQL("COPY {} ({}) FROM STDIN").format(*_named(table))
            with cursor.copy(statement) as rows:
                while block := source.read(BLOCK_BYTES):
                    rows.write(block)
        if "id" in table.c and table.c.id.type.python_type is int:
            _go_on_counting(tx, table)


def renumber(tx: Tx) -> int:
    """Number what was committed anew, from 0, in the same order; readers stay where they were.

    Two rows need different numbers only where a later one has the smaller id. Returns the highest
    number: rows count as committed while this server's own numbers are above it.
    """
    highest = 0
    known = {table.name: table for table in _tables(tx) if "xid" in table.c}
    where: dict[str, list[str]] = {name: [] for name in known}
    for name in tx.scalars(text("SELECT name FROM cursors ORDER BY name")):
        where[ORDERED.get(name, "events")].append(name)
    for table in known.values():
        if table.name == "cursors":
            continue
        tx.execute(text(NUMBERED.format(table=table.name)))
        moved = text(MOVED.format(table=table.name))
        for reader in where[table.name]:
            tx.execute(moved, {"reader": reader})
        tx.execute(text(PUT.format(table=table.name)))
        tx.execute(text("DROP TABLE renumbered"))
        found = tx.execute(text(f'SELECT max(xid) FROM "{table.name}"')).scalar()  # noqa: S608
        highest = max(highest, found or 0)
    return highest


# A step down of the ids, read in commit order, begins the next number.
NUMBERED = """
CREATE TEMPORARY TABLE renumbered AS
SELECT id, xid AS before, sum(step) OVER (ORDER BY xid, id) AS after FROM (
  SELECT id, xid, CASE WHEN id < lag(id) OVER (ORDER BY xid, id) THEN 1 ELSE 0 END AS step
  FROM "{table}"
) AS steps
"""
MOVED = """
UPDATE cursors SET (xid, position) = (
  SELECT coalesce(max(after), 0), coalesce((array_agg(id ORDER BY before DESC, id DESC))[1], 0)
  FROM renumbered WHERE (before, id) <= (cursors.xid, cursors.position)
) WHERE name = :reader
"""
PUT = """
UPDATE "{table}" SET xid = renumbered.after FROM renumbered WHERE renumbered.id = "{table}".id
"""


def _tables(tx: Tx) -> list[Table]:
    """The tables that are there, those that others speak of first."""
    found = MetaData()
    found.reflect(tx)
    return [table for table in found.sorted_tables if table.name != VERSIONS]


def _named(table: Table) -> tuple[sql.Composable, sql.Composable]:
    columns = [column for column in table.columns if column.computed is None]
    return (
        sql.Identifier(table.name),
        sql.SQL(", ").join(sql.Identifier(column.name) for column in columns),
    )


def _cursor(tx: Tx) -> Any:
    connection = tx.connection.driver_connection
    assert connection is not None
    return connection.cursor()


def _go_on_counting(tx: Tx, table: Table) -> None:
    """The next row gets a number of its own."""
    newest = f'SELECT max(id) FROM "{table.name}"'  # noqa: S608
    query = text(f"SELECT setval(pg_get_serial_sequence(:name, 'id'), ({newest}))")
    tx.execute(query, {"name": table.name})
