"""A worker sleeps until something that it read was written, and never longer than the patience."""

import asyncio

import pytest
from sqlalchemy import insert, select, text, update
from sqlalchemy.dialects import postgresql

from wms.bell import EVERYTHING, Bell, named_in, written_by
from wms.db import Book, Tx, insert_once
from wms.schema import cursors, events, meta, orders

LONG_S = 30.0


def keys(tx: Tx) -> list[str]:
    return list(tx.scalars(select(meta.c.key)))


def move(tx: Tx, name: str = "a") -> bool:
    return insert_once(tx, cursors, {"name": name, "xid": 1, "position": 1})


async def test_a_look_is_stale_when_what_it_read_was_written(database_url: str) -> None:
    book = Book(database_url, threads=True)
    book.bell.patience_s = LONG_S
    look = book.bell.look()
    await book.read(keys)
    await book.write(move)
    assert not look.is_stale, "another table"
    await book.write(insert_once, meta, {"key": "a", "value": "1"})
    assert look.is_stale
    await look.changed()  # at once: it rang before we waited
    again = book.bell.look()
    await book.read(keys)
    assert not again.is_stale
    await book.write(lambda tx: tx.execute(update(meta).where(meta.c.key == "b").values(value="")))
    await book.write(insert_once, meta, {"key": "a", "value": "2"})
    assert not again.is_stale, "nothing was changed"
    book.close()


async def test_who_waits_is_woken_by_its_own_tables_only(sqlite_url: str) -> None:
    book = Book(sqlite_url, threads=True)
    book.bell.patience_s = LONG_S
    turns = []

    async def work() -> None:
        while True:
            look = book.bell.look()
            turns.append(await book.read(keys))
            await look.changed()

    worker = asyncio.create_task(work())
    while not turns:
        await asyncio.sleep(0)
        await book.write(move, "first")
    before = len(turns)
    await book.write(move, "second")
    await book.write(insert_once, meta, {"key": "a", "value": "1"})
    async with asyncio.timeout(LONG_S):
        while turns[-1] != ["a"]:
            await book.write(move, "more")
    assert len(turns) == before + 1
    worker.cancel()
    book.close()


async def test_another_process_is_heard_after_the_patience() -> None:
    bell = Bell()
    bell.patience_s = 0.01
    look = bell.look()
    look.note({"meta"})
    await look.changed()
    assert not look.is_stale


async def test_a_look_that_read_nothing_waits_for_the_patience_alone() -> None:
    bell = Bell()
    look = bell.look()
    bell.ring()
    assert not look.is_stale


async def test_what_rolled_back_and_was_tried_again_is_told_once(sqlite_url: str) -> None:
    book = Book(sqlite_url)

    def fails(tx: Tx) -> None:
        move(tx)
        raise LookupError

    look = book.bell.look()
    look.note(EVERYTHING)
    with pytest.raises(LookupError):
        await book.write(fails)
    assert not look.is_stale
    await book.write(insert_once, meta, {"key": "a", "value": "1"})
    assert not book.bell.rang_since(0, {"cursors"}), "what a failed command wrote is no news"
    book.close()


def test_every_table_of_a_statement_is_known() -> None:
    earlier = events.alias("earlier")
    inner = select(earlier.c.id).where(earlier.c.aggregate == orders.c.external_id).exists()
    query = select(orders.c.id).where(inner)
    assert named_in(str(query)) == {"orders", "events"}
    assert written_by(str(query)) == frozenset()
    change = update(orders).where(orders.c.id.in_(select(events.c.id))).values(state="x")
    assert written_by(str(change)) == {"orders"}
    once = postgresql.insert(meta).values(key="a", value="b").on_conflict_do_nothing()
    assert written_by(str(once)) == written_by(str(insert(meta))) == {"meta"}
    with_first = text("WITH gone AS (DELETE FROM orders RETURNING id) SELECT id FROM gone")
    assert written_by(str(with_first)) == {"orders"}
    assert named_in("SELECT pg_snapshot_xmin(pg_current_snapshot())::text") == EVERYTHING
