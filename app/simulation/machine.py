"""The machine under a simulated server: its disk and its clock, and what can be wrong with them.

The disk is a real file that SQLite refuses to let grow, that another program locks, or whose
statements fail at a point of some command as they do on a disk that breaks. The product's own
watches look after it, as in `genba run`.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import event
from sqlalchemy.exc import OperationalError

from app.machine import broken
from app.machine.clock import ClockWatch, SiteClock
from app.machine.disk import BALLAST, Ballast, DiskWatch, Room
from wms.db import Book, sqlite_module
from wms.rooms import alive
from wms.trouble import Trouble

START_MS = 1_764_543_600_000  # 2025-12-01 08:00 in Tokyo
SIZE_BYTES = 4 << 20  # of the disk: as big a file as its fiftieth is kept as ballast
AMPLE, SCARCE = Room(SIZE_BYTES, SIZE_BYTES // 2), Room(SIZE_BYTES, SIZE_BYTES // 25)
NOTHING = Room(SIZE_BYTES, 0)
PAGES_MAX = 1_073_741_823  # SQLite's own limit
IO_ERROR = 10  # SQLITE_IOERR


class _DiskError(sqlite_module().OperationalError):  # type: ignore[misc]
    """What SQLite says of a disk that breaks."""

    sqlite_errorcode = IO_ERROR


@dataclass(slots=True)
class Machine:
    """`troubles` counts what commands met, by kind. All else may be changed at any time."""

    file: Path  # of the book
    room: Room = AMPLE
    may_grow: bool = True
    clock_off_ms: int = 0  # somebody set the machine's clock
    breaks: Callable[[str], bool] | None = None  # whether the disk breaks at that point
    troubles: Counter[Trouble] = field(default_factory=Counter)
    book: Book | None = None  # of the server that runs now

    def wall_ms(self) -> int:
        """UTC milliseconds, as this machine believes."""
        return self.clock_off_ms + START_MS + self.steady_ms()

    def steady_ms(self) -> int:
        """Milliseconds that nobody can set."""
        return int(asyncio.get_running_loop().time() * 1000)

    def open_book(
        self, url: str, reached: Callable[[str], None], leave: Callable[[int], object]
    ) -> Book:  # fmt: skip
        """The book of a server that boots now. *leave* ends its process."""
        broken.settle(url)
        end = broken.end_loudly(url, leave=leave)

        def troubled(kind: Trouble, why: str) -> None:
            self.troubles[kind] += 1
            end(kind, why)

        def get_as_far_as(point: str) -> None:
            reached(point)
            if self.breaks is not None and self.breaks(point):
                raise OperationalError(None, None, _DiskError("disk I/O error"))

        book = self.book = Book(url, reached=get_as_far_as, troubled=troubled)
        event.listen(book.writing, "connect", self._connected)
        return book

    def jobs(self, book: Book, clock: SiteClock) -> dict[str, alive.Job]:
        """The product's watches over this machine."""
        steady_s = asyncio.get_running_loop().time
        disk = DiskWatch(
            book=book, room=lambda: self.room, ballast=Ballast(self.file.parent / BALLAST),
            clock=steady_s, clock_ms=clock.now_ms,
        )  # fmt: skip
        return {"disk": disk.run, "clock": ClockWatch(book, clock).run}

    def grow(self, allowed: bool) -> None:
        """Whether the file of the book may become longer."""
        self.may_grow = allowed
        if self.book is not None:
            connection = self.book.writing.raw_connection()
            try:
                self._limit(connection.dbapi_connection)
            finally:
                connection.close()

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Another program writes into the book, and takes its time."""
        other = sqlite_module().connect(str(self.file), isolation_level=None, timeout=0)
        try:
            other.execute("BEGIN IMMEDIATE")
            yield
        finally:
            other.close()

    def _connected(self, connection: Any, _record: Any) -> None:
        # Time stands still while a statement waits: a lock that is held stays held.
        connection.execute("PRAGMA busy_timeout = 0")
        self._limit(connection)

    def _limit(self, connection: Any) -> None:
        # Less than the file has is as much as the file has.
        connection.execute(f"PRAGMA max_page_count = {PAGES_MAX if self.may_grow else 1}").close()
