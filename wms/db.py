"""One book, honest transactions: `write` runs a command in one transaction, `read` in a snapshot.

SQLite needs two hooks or savepoints silently commit and readers upgrade into writers; PostgreSQL
needs the whole command tried again when two of them collide. Both live here and nowhere else.
"""

import asyncio
import contextlib
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from functools import partial
from typing import Any, Concatenate, ParamSpec, TypeVar

import stamina
from sqlalchemy import Connection, Engine, Table, create_engine, event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError

from wms.bell import Bell, listen, note_read
from wms.trouble import Trouble, name_of, no_room, trouble_of

Tx = Connection  # an open transaction; whoever receives one never commits it
Tables = set[str]

P = ParamSpec("P")
R = TypeVar("R")

SQLITE_FIXED = (3, 51, 3)  # older ones have a rare corruption with several connections in WAL
BUSY_MS = 5_000
READERS = 2
TRIES = 8
# serialization failure, deadlock, lock not available, the same key at the same moment
RETRIED = {"40001", "40P01", "55P03", "23505"}


def sqlite_module() -> Any:
    """The SQLite driver: Python's own where it is new enough, else the `pysqlite3` wheel."""
    if sqlite3.sqlite_version_info >= SQLITE_FIXED:
        return sqlite3
    try:
        from pysqlite3 import dbapi2
    except ImportError:
        return sqlite3
    return dbapi2


def open_engine(url: str, *, readonly: bool = False) -> Engine:
    """An engine for *url* (`sqlite:///FILE` or `postgresql+psycopg://...`)."""
    if url.startswith("sqlite"):
        engine = create_engine(url, module=sqlite_module(), hide_parameters=True)
        event.listen(engine, "connect", partial(_sqlite_connect, readonly))
        event.listen(engine, "begin", _begin_deferred if readonly else _begin_immediate)
        return engine
    if url.startswith("postgresql://"):
        url = url.replace("postgresql://", "postgresql+psycopg://", 1)
    engine = create_engine(url, pool_pre_ping=True, pool_size=4, hide_parameters=True)
    event.listen(engine, "connect", _postgresql_connect)
    if readonly:
        engine = engine.execution_options(
            isolation_level="REPEATABLE READ", postgresql_readonly=True
        )
    return engine


def insert_for(tx: Tx) -> Callable[[Table], Any]:
    """The dialect's own `insert`, which knows ON CONFLICT."""
    return sqlite.insert if tx.dialect.name == "sqlite" else postgresql.insert


def insert_once(tx: Tx, table: Table, row: dict[str, Any]) -> bool:
    """Insert *row* unless a unique key already holds it; tell whether it was new."""
    statement = insert_for(tx)(table).values(row).on_conflict_do_nothing()
    # Without this option SQLAlchemy does not count inserted rows on PostgreSQL.
    return tx.execute(statement, execution_options={"preserve_rowcount": True}).rowcount == 1


def upsert(
    tx: Tx,
    table: Table,
    rows: Sequence[dict[str, Any]],
    *,
    key: Sequence[str],
    update: Callable[[Any], dict[str, Any]],
) -> None:
    """Insert *rows*; where *key* exists, set what *update* makes of the `excluded` row instead."""
    if not rows:
        return
    statement = insert_for(tx)(table)
    changed = update(statement.excluded)
    tx.execute(statement.on_conflict_do_update(index_elements=list(key), set_=changed), list(rows))


def nowhere(_point: str) -> None:
    """Nobody wants to know how far a command is."""


def untroubled(_kind: Trouble, _why: str) -> None:
    """Nobody looks after the machine."""


class Book:
    """The door to the database: one writer at a time on SQLite, a small pool on PostgreSQL.

    Without *threads* the calls run inline (scripts, tests, simulation); with them the event loop
    is never blocked. *reached* is told how far each command is: `NAME:begun`, `NAME:written` (not
    committed yet), `NAME:committed` (nobody was told yet), and of each query `NAME:read`. Tests
    kill the process there.

    While `full`, the book is only read: no command is tried, but by `write_anyway`. It becomes so
    with the first command for which the disk has no room; whoever looks after the machine opens it
    again. *troubled* is told of a full or broken disk, in the thread that met it.
    """

    def __init__(
        self, url: str, *, threads: bool = False, reached: Callable[[str], None] = nowhere,
        troubled: Callable[[Trouble, str], None] = untroubled,
    ) -> None:  # fmt: skip
        self.url, self.reached, self.troubled = url, reached, troubled
        self.full = False
        self.writing = open_engine(url)
        self.reading = open_engine(url, readonly=True)
        listen(self.writing, self.reading)
        self.bell = Bell()
        writers = 1 if self.is_sqlite else 4
        self._writers: Executor | None = ThreadPoolExecutor(writers) if threads else None
        self._readers: Executor | None = ThreadPoolExecutor(READERS) if threads else None

    @property
    def is_sqlite(self) -> bool:
        return self.writing.dialect.name == "sqlite"

    def write_now(
        self, command: Callable[Concatenate[Tx, P], R], *args: P.args, **kwargs: P.kwargs
    ) -> R:
        """Run *command* in one transaction and commit; the whole of it again after a collision."""
        return self._write(command, *args, **kwargs)[0]

    def write_anyway_now(
        self, command: Callable[Concatenate[Tx, P], R], *args: P.args, **kwargs: P.kwargs
    ) -> R:
        """`write_now`, also while the book is full: the alarm itself has to be written."""
        return self._write_anyway(command, *args, **kwargs)[0]

    def read_now(
        self, query: Callable[Concatenate[Tx, P], R], *args: P.args, **kwargs: P.kwargs
    ) -> R:
        """Run *query* in one read-only snapshot."""
        return self._read(query, *args, **kwargs)[0]

    def _write(
        self, command: Callable[Concatenate[Tx, P], R], *args: P.args, **kwargs: P.kwargs
    ) -> tuple[R, Tables]:
        """What *command* answered, and the tables that it wrote."""
        if self.full:
            raise no_room()
        return self._write_anyway(command, *args, **kwargs)

    def _write_anyway(
        self, command: Callable[Concatenate[Tx, P], R], *args: P.args, **kwargs: P.kwargs
    ) -> tuple[R, Tables]:
        name = f"{command.__module__}.{command.__qualname__}"
        written: Tables = set()
        self.reached(f"{name}:begun")
        with self._noticed():
            for attempt in stamina.retry_context(
                on=_collided, attempts=TRIES, wait_initial=0.005, wait_max=0.2, wait_jitter=0.02
            ):
                with attempt, self.writing.begin() as tx:
                    written.clear()
                    tx.info["tables"] = written
                    result = command(tx, *args, **kwargs)
                    self.reached(f"{name}:written")
        self.reached(f"{name}:committed")
        return result, written

    def _read(
        self, query: Callable[Concatenate[Tx, P], R], *args: P.args, **kwargs: P.kwargs
    ) -> tuple[R, Tables]:
        """What *query* answered, and the tables that it read."""
        self.reached(f"{query.__module__}.{query.__qualname__}:read")
        read: Tables = set()
        with self._noticed(), self.reading.begin() as tx:
            tx.info["tables"] = read
            return query(tx, *args, **kwargs), read

    @contextlib.contextmanager
    def _noticed(self) -> Iterator[None]:
        """Whatever fails in the block is looked at: it may be the machine."""
        try:
            yield
        except DBAPIError as error:
            kind = trouble_of(error)
            if kind == "full":
                self.full = True
            if kind is not None:
                self.troubled(kind, name_of(error))
            raise

    async def write(
        self, command: Callable[Concatenate[Tx, P], R], *args: P.args, **kwargs: P.kwargs
    ) -> R:
        """`write_now` off the event loop; the bell rings once it is committed."""
        call = partial(self._write, command, *args, **kwargs)
        return self._ringing(await self._off_loop(self._writers, call))

    async def write_anyway(
        self, command: Callable[Concatenate[Tx, P], R], *args: P.args, **kwargs: P.kwargs
    ) -> R:
        """`write_anyway_now` off the event loop."""
        call = partial(self._write_anyway, command, *args, **kwargs)
        return self._ringing(await self._off_loop(self._writers, call))

    def _ringing(self, answered: tuple[R, Tables]) -> R:
        result, written = answered
        self.bell.ring(written)
        return result

    async def breathe(self) -> None:
        """Returns when the writer has nothing before this to do: it lives."""
        await self._off_loop(self._writers, lambda: None)

    async def read(
        self, query: Callable[Concatenate[Tx, P], R], *args: P.args, **kwargs: P.kwargs
    ) -> R:
        """`read_now` off the event loop; the look of this task notes what was read."""
        call = partial(self._read, query, *args, **kwargs)
        result, read = await self._off_loop(self._readers, call)
        note_read(read)
        return result

    async def _off_loop(self, executor: Executor | None, call: Callable[[], R]) -> R:
        if executor is None:
            return call()
        return await asyncio.get_running_loop().run_in_executor(executor, call)

    def close(self) -> None:
        """Finish what is running and let go of the database."""
        for executor in (self._writers, self._readers):
            if executor is not None:
                executor.shutdown(wait=True)
        self.writing.dispose()
        self.reading.dispose()


def _collided(error: Exception) -> bool:
    return isinstance(error, DBAPIError) and getattr(error.orig, "sqlstate", None) in RETRIED


def _sqlite_connect(readonly: bool, connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # SQLAlchemy, not the driver, decides when to BEGIN
    _use_wal(connection)
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute(f"PRAGMA busy_timeout = {BUSY_MS}")
    if readonly:
        connection.execute("PRAGMA query_only = ON")


def _use_wal(connection: Any) -> None:
    """The book stays in this mode; two that turn it on in a new file at once do not wait in turn.

    SQLite refuses the second at once, whatever its busy time-out, because waiting might be forever.
    """
    for attempt in stamina.retry_context(
        on=_is_locked, attempts=TRIES, wait_initial=0.01, wait_max=0.5
    ):
        with attempt:
            connection.execute("PRAGMA journal_mode = WAL")


def _is_locked(error: Exception) -> bool:
    return trouble_of(DBAPIError("", {}, error)) == "busy"


def _begin_immediate(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _begin_deferred(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN")


def _postgresql_connect(connection: Any, _record: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '2s'")
        cursor.execute("SET statement_timeout = '30s'")
        cursor.execute("SET idle_in_transaction_session_timeout = '30s'")
        cursor.execute("SET timezone = 'UTC'")
    connection.commit()
