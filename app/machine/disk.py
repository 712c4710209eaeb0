"""The disk under the book: watched before it is full, and what is done when it is.

Below a tenth of free space the lead is told, below a twentieth it is an alarm. When there is no
room left the book is only read: nothing is acknowledged that was not written, screens say why, and
a file kept for that moment (the ballast) makes room to write the alarm. When somebody has made
room, work goes on by itself.
"""

import asyncio
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, NamedTuple

import structlog
from sqlalchemy.exc import DBAPIError

from app.machine import rows
from devices.capabilities import Health
from wms.db import Book
from wms.trouble import name_of

log = structlog.get_logger(__name__)

LOW_PERCENT, SCARCE_PERCENT = 10, 5
RESERVE_BYTES_MAX = 32 << 20  # a checkpoint, the log and the alarm need less
RESERVE_OF = 50  # of a small disk a fiftieth
EVERY_S = 5.0
HOLD_S = 30.0  # after a write that failed, whatever the disk says of its room
BALLAST = "ballast"

Level = Literal["ok", "low", "scarce", "full"]
SHOWN: dict[Level, tuple[Health, str]] = {
    "ok": (Health.ONLINE, ""),
    "low": (Health.DEGRADED, "disk.low"),
    "scarce": (Health.FAULT, "disk.scarce"),
    "full": (Health.FAULT, "disk.full"),
}


class Room(NamedTuple):
    """A file system, in bytes."""

    total: int
    free: int

    @property
    def percent(self) -> int:
        return self.free * 100 // max(1, self.total)

    @property
    def reserve(self) -> int:
        """With less than this the book is not written any more. The ballast is as big."""
        return min(RESERVE_BYTES_MAX, self.total // RESERVE_OF)


def room_of(folder: Path) -> Room:
    """What there is on the disk of *folder*."""
    usage = shutil.disk_usage(folder)
    return Room(usage.total, usage.free)


def level_of(room: Room) -> Level:
    """How much is left.

    >>> [level_of(Room(10**12, free)) for free in (2 * 10**11, 7 * 10**10, 10**10, 10**7)]
    ['ok', 'low', 'scarce', 'full']
    """
    if room.free < room.reserve:
        return "full"
    if room.percent < SCARCE_PERCENT:
        return "scarce"
    return "low" if room.percent < LOW_PERCENT else "ok"


def make_way(folder: Path) -> None:
    """Before a start: on a full disk the ballast's room is needed to come up and say so."""
    if folder.exists() and level_of(room_of(folder)) == "full":
        Ballast(folder / BALLAST).drop()


class Ballast:
    """A file of nothing: removed when even an alarm would find no room."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def keep(self, size_bytes: int) -> None:
        """Have it. What the file system shares or presses flat would make no room later."""
        if self.file.exists() and self.file.stat().st_size >= size_bytes:
            return
        handle = os.open(self.file, os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC, 0o600)
        try:
            os.posix_fallocate(handle, 0, max(1, size_bytes))
        except OSError:
            self.file.unlink()  # a part of it would be in the way and no help
            raise
        finally:
            os.close(handle)

    def drop(self) -> None:
        """Make its room free."""
        self.file.unlink(missing_ok=True)


@dataclass(slots=True)
class DiskWatch:
    """Watches the disk of *book*. *room* says what is free; *clock* counts steady seconds."""

    book: Book
    room: Callable[[], Room]
    ballast: Ballast
    clock: Callable[[], float]
    clock_ms: Callable[[], int]
    level: Level = "ok"
    free: Room = field(default_factory=lambda: Room(0, 0))
    _said: Level | None = None
    _full_s: float = 0.0

    async def run(self) -> None:
        """Look every few seconds, until cancelled."""
        while True:
            await self.look()
            await asyncio.sleep(EVERY_S)

    async def look(self) -> None:
        """One look at the disk, and what follows from it."""
        self.free = room = self.room()
        level = level_of(room)
        if self.level == "full":
            level = self._still_full(room, level)
        elif self.book.full:
            level = "full"
        if level == "full" and self.level != "full":
            self._close(room)
        elif level != "full":
            self.book.full = False
            self._keep_ballast(room)
        self.level = level
        await self._tell()

    def _still_full(self, room: Room, level: Level) -> Level:
        """Room for the ballast, too: or the next scan would find the disk as full as before."""
        rested = self.clock() - self._full_s >= HOLD_S
        return level if room.free >= 3 * room.reserve and rested else "full"

    def _close(self, room: Room) -> None:
        self.book.full, self._full_s = True, self.clock()
        self.ballast.drop()
        log.critical("disk.full", free_bytes=room.free, percent=room.percent)

    def _keep_ballast(self, room: Room) -> None:
        if room.free >= 2 * room.reserve:
            try:
                self.ballast.keep(room.reserve)
            except OSError as error:
                log.warning("disk.no_ballast", why=str(error))

    async def _tell(self) -> None:
        """Whoever looks after the site; again until it could be written."""
        if self._said == self.level:
            return
        health, reason = SHOWN[self.level]
        try:
            await self.book.write_anyway(
                rows.note, part=rows.DISK, health=health, reason=reason, now=self.clock_ms()
            )
        except DBAPIError as error:
            log.error("disk.not_told", level=self.level, why=name_of(error))
            return
        log.info("disk.level", level=self.level, percent=self.free.percent)
        self._said = self.level
