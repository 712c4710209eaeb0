"""A PostgreSQL server for the tests, one a test worker, and fresh databases of a made book.

One server each, because the horizon of committed events is that of a whole server: an open
transaction in another worker's database would hold back the events of this one's.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import psycopg
from psycopg import sql
from sqlalchemy import make_url

from app.postgres import Server, running
from wms.upkeep.upgrade import to_newest

# Nothing here has to survive a power cut, or to wait politely.
UNSAFE = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "shared_buffers": "64MB",
    "deadlock_timeout": "50ms",  # races are made on purpose here
}
TEMPLATE = "template_book"
MEMORY_NEEDED = 2 * 1024**3  # bytes; a book's database is about 10 MB


def make_book(url: str) -> None:
    """Make the tables of the book in the empty database at *url*, as a server does."""
    to_newest(url)


@dataclass(frozen=True, slots=True)
class Databases:
    """The databases of one server."""

    server: Server
    admin: psycopg.Connection[tuple[object, ...]]
    numbers: Iterator[int] = field(default_factory=count)

    def create(self) -> str:
        """The URL of a fresh database with the book's tables."""
        name = f"book_{next(self.numbers)}"
        self._run("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY", name, TEMPLATE)
        return self.server.url(name)

    def create_empty(self) -> str:
        """The URL of a fresh database without tables."""
        name = f"empty_{next(self.numbers)}"
        self._run("CREATE DATABASE {}", name)
        return self.server.url(name)

    def drop(self, url: str) -> None:
        """Remove the database at *url*, whoever is still connected to it."""
        self._run("DROP DATABASE {} WITH (FORCE)", str(make_url(url).database))

    def make_template(self) -> None:
        self._run("CREATE DATABASE {}", TEMPLATE)
        make_book(self.server.url(TEMPLATE))

    def _run(self, command: str, *names: str) -> None:
        self.admin.execute(sql.SQL(command).format(*map(sql.Identifier, names)))


def memory_folder() -> Path | None:
    """A folder in memory, several times faster for throw-away data, where there is a big one."""
    folder = Path("/dev/shm")
    if not os.access(folder, os.W_OK) or os.statvfs(folder).f_flag & os.ST_NOEXEC:
        return None
    return folder if shutil.disk_usage(folder).free > MEMORY_NEEDED else None


@contextmanager
def databases() -> Iterator[Databases]:
    """Start a server; it is gone afterwards."""
    with (
        running(UNSAFE, memory_folder()) as server,
        psycopg.connect(server.address(), autocommit=True) as admin,
    ):
        result = Databases(server, admin)
        result.make_template()
        yield result
