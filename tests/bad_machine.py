"""A machine in trouble under a book: its disk is full or breaks, or somebody else holds the lock.

SQLite itself meets each of them: a limit on its pages (SQLITE_FULL), another connection that holds
the write lock (SQLITE_BUSY), and a limit on file sizes of this process that makes the kernel refuse
its writes (SQLITE_IOERR). So what the book does about it is what it does on a real machine.
"""

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import Connection, ExceptionContext, event, make_url

from wms.db import Book, sqlite_module

PAGES_MAX = 1_073_741_823  # SQLite's own limit


@dataclass(slots=True)
class BadMachine:
    """Set what is wrong; the next command of the attached book meets it. Without threads."""

    full: bool = False
    broken: bool = False
    _limit: tuple[int, int] | None = None

    def attach(self, book: Book) -> None:
        """Be the machine under *book* from now on."""
        event.listen(book.writing, "begin", self._begun)
        event.listen(book.writing, "handle_error", self._over)

    @contextmanager
    def locked(self, book: Book) -> Iterator[None]:
        """Another program writes, and does not end. Nobody waits for it for long."""
        other = sqlite_module().connect(str(make_url(book.url).database), isolation_level=None)
        connection = book.writing.raw_connection()
        connection.cursor().execute("PRAGMA busy_timeout = 10")
        connection.close()
        try:
            other.execute("BEGIN IMMEDIATE")
            yield
        finally:
            other.close()

    def _begun(self, connection: Connection) -> None:
        pages = 1 if self.full else PAGES_MAX  # less than there are is as many as there are
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
        if self.broken:
            self._limit = resource.getrlimit(resource.RLIMIT_FSIZE)
            resource.setrlimit(resource.RLIMIT_FSIZE, (0, self._limit[1]))

    def _over(self, _failed: ExceptionContext) -> None:
        """The command has failed: other files of this process may be written again."""
        if self._limit is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, self._limit)
            self._limit = None
