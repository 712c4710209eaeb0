"""The site's clock: UTC that never goes back and never leaps, whatever becomes of the machine's.

It counts by the machine's steady clock, which nobody can set, and follows the wall clock slowly: a
correction of some minutes is spread over hours, so that no lease, lock or pause of anybody ends
early or starts again. A leap further than that is not followed, but said: somebody has to look
which of the two is right, and a restart takes the machine's time over.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass

import structlog
from sqlalchemy.exc import DBAPIError

from app.machine import rows
from devices.capabilities import Health
from wms.db import Book
from wms.trouble import name_of

log = structlog.get_logger(__name__)

FOLLOW_PER_MILLE = 50  # this many milliseconds in each second, at most
LEAP_MS = 15 * 60_000  # further apart than this, nobody knows which clock is right
OFF_MS = 2_000  # further apart than this, it is said
WORSE_MS = 60_000  # and said again when it is further by this
EVERY_S = 5.0
AHEAD_HOLD_MS = 10 * 60_000  # a leap ahead that lasts so long was a machine that slept


def steady_ms() -> int:
    """Milliseconds that nobody can set; where there is such a clock, it counts on in a sleep."""
    clock = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
    return time.clock_gettime_ns(clock) // 1_000_000


class SiteClock:
    """`now_ms` for a whole site. *wall* and *steady* are milliseconds of the machine."""

    def __init__(self, wall: Callable[[], int], steady: Callable[[], int] = steady_ms) -> None:
        self._wall, self._steady = wall, steady
        self._at = steady()  # the steady moment at which `_now` was right
        self._now = wall()
        self._given = self._now  # what was told last: it is never less again
        self._ahead_since: int | None = None

    def now_ms(self) -> int:
        """UTC milliseconds; never less than before."""
        now = self._now + self._steady() - self._at
        self._given = max(self._given, now)
        return self._given

    def offset_ms(self) -> int:
        """How far the machine's wall clock is ahead of this one."""
        return self._wall() - self.now_ms()

    def follow(self) -> int:
        """Come a little nearer to the wall clock, by how much time has passed since; to be called
        every few seconds. Returns `offset_ms` as it is then."""
        steady = self._steady()
        passed = steady - self._at
        self._now, self._at = self._now + passed, steady
        offset = self._wall() - self._now
        if abs(offset) <= LEAP_MS:
            self._ahead_since = None
            most = passed * FOLLOW_PER_MILLE // 1000
            self._now += max(-most, min(most, offset))
        elif offset < 0:
            self._ahead_since = None
        elif self._ahead_since is None:
            self._ahead_since = steady
        elif steady - self._ahead_since >= AHEAD_HOLD_MS:
            self._now, self._ahead_since = self._now + offset, None
        return self._wall() - self._now


@dataclass(slots=True)
class ClockWatch:
    """Leads *clock* on, and says when the machine's is elsewhere."""

    book: Book
    clock: SiteClock
    offset_ms: int = 0
    leaps: int = 0
    _told_ms: int = 0
    _said: tuple[Health, str] | None = None  # a server before this one may have said something

    async def run(self) -> None:
        """Look every few seconds, until cancelled."""
        while True:
            await self.look()
            await asyncio.sleep(EVERY_S)

    async def look(self) -> None:
        """One look at both clocks; what is new is a row and a line in the log."""
        offset = self.offset_ms = self.clock.follow()
        if self._is_news(offset):
            if abs(offset) >= OFF_MS:
                self.leaps += 1
                log.warning("clock.leapt", offset_ms=offset)
            self._told_ms = offset if abs(offset) >= OFF_MS else 0
        said = health_of(self._told_ms)
        if said == self._said:
            return
        try:
            await self.book.write(
                rows.note, part=rows.CLOCK, health=said[0], reason=said[1], now=self.clock.now_ms()
            )
        except DBAPIError as error:
            log.warning("clock.not_told", why=name_of(error))
            return
        self._said = said

    def _is_news(self, offset: int) -> bool:
        """Well again, the other way round, or worse than what was told."""
        if abs(offset) < OFF_MS or not self._told_ms:
            return bool(self._told_ms) or abs(offset) >= OFF_MS
        return offset * self._told_ms < 0 or abs(offset) > abs(self._told_ms) + WORSE_MS


def health_of(offset_ms: int) -> tuple[Health, str]:
    """How a clock is that was found so far off, and why.

    >>> [health_of(offset)[1] for offset in (500, -600_000, 86_400_000)]
    ['', 'clock.behind minutes=10', 'clock.leapt_ahead minutes=1440']
    """
    if abs(offset_ms) < OFF_MS:
        return Health.ONLINE, ""
    followed = abs(offset_ms) <= LEAP_MS
    ahead, behind = ("ahead", "behind") if followed else ("leapt_ahead", "leapt_behind")
    minutes = max(1, round(abs(offset_ms) / 60_000))
    reason = f"clock.{ahead if offset_ms > 0 else behind} minutes={minutes}"
    return (Health.DEGRADED if followed else Health.FAULT), reason
