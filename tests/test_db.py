"""Transactions keep their word: savepoints, writers that wait, readers that see one moment.

The traps of the driver's defaults are shown beside our own engine, so that nobody "simplifies" it.
"""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError

from wms.bell import Bell
from wms.db import Book, Tx, insert_once, open_engine, sqlite_module
from wms.errors import Code, Rejected
from wms.schema import meta

ROUNDS = 60


@pytest.fixture
def book(database_url: str) -> Iterator[Book]:
    book = Book(database_url)
    book.write_now(lambda tx: tx.execute(meta.insert(), [
        {"key": "a", "value": "0"}, {"key": "b", "value": "0"},
    ]))  # fmt: skip
    yield book
    book.close()


def careless(file: Path) -> Engine:
    """SQLite as the driver has it, without our hooks."""
    return create_engine(f"sqlite:///{file}", module=sqlite_module())


def value_of(tx: Tx, key: str) -> int:
    return int(
        str(tx.scalar(meta.select().with_only_columns(meta.c.value).where(meta.c.key == key)))
    )


def set_value(tx: Tx, key: str, value: int) -> None:
    tx.execute(update(meta).where(meta.c.key == key).values(value=str(value)))


def add_one(tx: Tx, key: str = "a") -> None:
    """Read, then write what was read: only safe where nobody writes in between."""
    set_value(tx, key, value_of(tx, key) + 1)


def rows_left(engine: Engine) -> int:
    """Insert inside a savepoint, keep that, roll the whole back: how many rows stay?"""
    with engine.connect() as connection:
        connection.execute(text("CREATE TABLE kept (id integer)"))
        connection.commit()
        outer = connection.begin()
        with connection.begin_nested():
            connection.execute(text("INSERT INTO kept VALUES (1)"))
        outer.rollback()
        return int(connection.execute(text("SELECT count(*) FROM kept")).scalar_one())


def test_a_savepoint_goes_with_its_transaction(database_url: str) -> None:
    engine = open_engine(database_url)
    assert rows_left(engine) == 0
    engine.dispose()


def test_with_the_drivers_defaults_a_savepoint_outlives_its_transaction(tmp_path: Path) -> None:
    """Why `open_engine` takes BEGIN into its own hands; once this fails, it need not any more."""
    engine = careless(tmp_path / "trap.db")
    assert rows_left(engine) == 1
    engine.dispose()


def hammer(write: Callable[[], None]) -> None:
    with ThreadPoolExecutor(4) as threads:
        for done in [threads.submit(write) for _ in range(ROUNDS)]:
            done.result()


def test_no_update_is_lost_on_sqlite(sqlite_url: str) -> None:
    book = Book(sqlite_url)
    book.write_now(lambda tx: tx.execute(meta.insert().values(key="a", value="0")))
    hammer(lambda: book.write_now(add_one))
    assert book.read_now(value_of, "a") == ROUNDS
    book.close()


def test_with_the_drivers_defaults_an_update_is_lost(tmp_path: Path) -> None:
    """Two readers of one value, two writers of the next: the second wipes the first out."""
    engine = careless(tmp_path / "trap.db")
    meta.create(engine)
    with engine.begin() as tx:
        tx.execute(meta.insert().values(key="a", value="0"))
    with engine.connect() as first, engine.connect() as second:
        seen = value_of(first, "a"), value_of(second, "a")
        for connection, value in ((first, seen[0]), (second, seen[1])):
            set_value(connection, "a", value + 1)
            connection.commit()
        assert value_of(first, "a") == 1, "two increments, one counted"
    engine.dispose()


def test_relative_updates_lose_nothing_on_any_engine(book: Book) -> None:
    def add(tx: Tx) -> None:
        tx.execute(text(
            "UPDATE meta SET value = CAST(CAST(value AS INTEGER) + 1 AS TEXT) WHERE key = 'a'"
        ))  # fmt: skip

    hammer(lambda: book.write_now(add))
    assert book.read_now(value_of, "a") == ROUNDS


def test_commands_that_lock_one_another_are_tried_again(postgresql_url: str) -> None:
    """Two rows, locked in opposite order: PostgreSQL ends one of the two, and it begins anew."""
    book = Book(postgresql_url)
    for key in ("a", "b"):
        book.write_now(insert_once, meta, {"key": key, "value": "0"})
    both = threading.Barrier(2)
    tries = {"a": 0, "b": 0}

    def cross(tx: Tx, first: str, second: str) -> None:
        tries[first] += 1
        set_value(tx, first, value_of(tx, first) + 1)
        if tries[first] == 1:
            both.wait(10)
        set_value(tx, second, value_of(tx, second) + 1)

    with ThreadPoolExecutor(2) as threads:
        done = [
            threads.submit(partial(book.write_now, cross, *pair))
            for pair in (("a", "b"), ("b", "a"))
        ]
        for one in done:
            one.result()
    assert sum(tries.values()) > 2
    assert book.read_now(value_of, "a") == book.read_now(value_of, "b") == 2
    book.close()


def test_a_refused_command_is_not_tried_again_and_leaves_nothing(book: Book) -> None:
    tries = 0

    def refuse(tx: Tx) -> None:
        nonlocal tries
        tries += 1
        add_one(tx)
        raise Rejected(Code.KEY_REUSED, key="x")

    with pytest.raises(Rejected):
        book.write_now(refuse)
    assert tries == 1
    assert book.read_now(value_of, "a") == 0


def test_a_reader_sees_one_moment_and_stops_no_writer(book: Book) -> None:
    def look(tx: Tx) -> list[int]:
        seen = [value_of(tx, "a")]
        for _ in range(3):
            book.write_now(add_one)
            seen.append(value_of(tx, "a"))
        return seen

    assert book.read_now(look) == [0, 0, 0, 0]
    assert book.read_now(value_of, "a") == 3


def test_a_reader_cannot_write(book: Book) -> None:
    with pytest.raises(DBAPIError, match=r"read.?only"):
        book.read_now(add_one)


def test_references_are_kept(book: Book) -> None:
    with pytest.raises(IntegrityError):
        book.write_now(lambda tx: tx.execute(text(
            "INSERT INTO shops (code, owner) VALUES ('s', 'nobody')"
        )))  # fmt: skip


def test_what_was_committed_survives_a_power_cut_on_sqlite(sqlite_url: str) -> None:
    """WAL loses nothing only with synchronous = FULL (2)."""
    engine = open_engine(sqlite_url)
    with engine.begin() as tx:
        names = ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        found = [tx.exec_driver_sql(f"PRAGMA {name}").scalar() for name in names]
    assert found == ["wal", 2, 1, 5_000]
    engine.dispose()


def test_nobody_waits_for_ever_on_postgresql(postgresql_url: str) -> None:
    engine = open_engine(postgresql_url)
    with engine.begin() as tx:
        names = ("lock_timeout", "statement_timeout", "idle_in_transaction_session_timeout")
        assert [tx.exec_driver_sql(f"SHOW {name}").scalar() for name in names] == [
            "2s", "30s", "30s",
        ]  # fmt: skip
    engine.dispose()


async def test_the_bell_rings_once_it_is_committed(sqlite_url: str) -> None:
    book = Book(sqlite_url, threads=True)
    seen = book.bell.count
    assert await book.bell.wait(seen, timeout_s=0.01) == seen, "a limit, not a ring"
    await book.write(insert_once, meta, {"key": "a", "value": "1"})
    assert await book.bell.wait(seen, timeout_s=10) == seen + 1, "it rang before we waited"
    book.close()


async def test_a_bell_nobody_waits_for_is_no_trouble() -> None:
    bell = Bell()
    bell.ring()
    bell.ring()
    assert bell.count == 2
