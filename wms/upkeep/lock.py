"""One server a book: on SQLite it holds a lock file, which says how to reach it.

The lock is on the open file: it ends with the process, however that ends. On PostgreSQL it is an
advisory lock of the database, which ends with the connection that took it.
"""

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
from msgspec import Struct
from sqlalchemy import Connection, make_url, text

from wms.db import open_engine
from wms.errors import Code, Rejected

TRIES = 20
PAUSE_S = 0.05  # somebody who only looks holds the lock for less
SERVER = 0x67656E62  # the number of PostgreSQL's lock


class Holder(Struct, frozen=True, kw_only=True):
    """Who holds a book: its process, where its HTTP door is, and the token for this machine."""

    pid: int
    url: str = ""
    token: str = ""


def path_of(database_url: str) -> Path | None:
    """The lock file of a book; None where the database looks after itself.

    >>> str(path_of("sqlite:////srv/genba.db"))
    '/srv/genba.db.lock'
    """
    url = make_url(database_url)
    if url.get_backend_name() != "sqlite" or not url.database or url.database == ":memory:":
        return None
    return Path(f"{url.database}.lock")


@contextlib.contextmanager
def hold(path: Path | None, *, url: str = "", token: str = "") -> Iterator[None]:
    """Hold the book at *path* while the block runs. Refuses `BOOK_HELD` with the holder's pid.

    *url* and *token* let commands of this machine come in through the server's door: only the
    user who runs it can read them.
    """
    if path is None:
        yield
        return
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        _lock(handle, path)
        os.fchmod(handle, 0o600)
        holder = Holder(pid=os.getpid(), url=url, token=token)
        os.truncate(handle, 0)
        os.pwrite(handle, msgspec.json.encode(holder), 0)
        try:
            yield
        finally:
            os.truncate(handle, 0)
    finally:
        os.close(handle)


@contextlib.contextmanager
def hold_database(url: str) -> Iterator[None]:
    """The same for a book on PostgreSQL; nothing on SQLite. Refuses `BOOK_HELD`.

    Two servers would both speak to every device. A server that lives through a restart of the
    database goes on without its lock.
    """
    if make_url(url).get_backend_name() == "sqlite":
        yield
        return
    engine = open_engine(url)
    try:
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            _lock_database(connection, str(make_url(url).database))
            yield
            connection.invalidate()  # it may be gone already, and with it ends the lock
    finally:
        engine.dispose()


def _lock_database(connection: Connection, name: str) -> None:
    taking = text("SELECT pg_try_advisory_lock(:number)")
    for _ in range(TRIES):
        if connection.execute(taking, {"number": SERVER}).scalar_one():
            return
        time.sleep(PAUSE_S)
    whose = text("SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND objid = :number"
                 " AND database = (SELECT oid FROM pg_database WHERE datname = :name)"
                 " AND granted")  # fmt: skip
    pid = connection.execute(whose, {"number": SERVER, "name": name}).scalar()
    raise Rejected(Code.BOOK_HELD, path=name, pid=pid or 0)


def holder_of(path: Path | None) -> Holder | None:
    """Who holds the book at *path*; None when nobody does. pid 0: it is only just starting."""
    if path is None:
        return None
    try:
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        with contextlib.suppress(BlockingIOError):
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
            return None
        return _read(handle)
    finally:
        os.close(handle)


def _lock(handle: int, path: Path) -> None:
    for _ in range(TRIES):
        with contextlib.suppress(BlockingIOError):
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        time.sleep(PAUSE_S)
    raise Rejected(Code.BOOK_HELD, path=path.name, pid=_read(handle).pid)


def _read(handle: int) -> Holder:
    try:
        return msgspec.json.decode(os.pread(handle, 4_096, 0), type=Holder)
    except msgspec.DecodeError:
        return Holder(pid=0)
