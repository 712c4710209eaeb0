"""Everything that looks after the machine, together: what runs beside the floor's workers."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from app.machine import broken
from app.machine.clock import ClockWatch, SiteClock
from app.machine.disk import BALLAST, Ballast, DiskWatch, room_of
from app.machine.notify import READY, Manager
from app.machine.pulse import Pulse
from wms.db import Book
from wms.rooms import alive
from wms.trouble import Trouble
from wms.upkeep import lock

STARTED_S = 0.05


@dataclass(slots=True)
class Care:
    """The watches of one server, and how often its database was in which trouble."""

    disk: DiskWatch
    clock: ClockWatch
    pulse: Pulse
    manager: Manager
    troubles: Counter[Trouble] = field(default_factory=Counter)

    def jobs(self, book: Book, started: Callable[[], bool]) -> dict[str, alive.Job]:
        """Workers by name. *started*: whether the server's doors are open."""
        return {
            "disk": self.disk.run,
            "clock": self.clock.run,
            "pulse": self.pulse.run,
            "manager": lambda: self._report(book, started),
        }

    async def _report(self, book: Book, started: Callable[[], bool]) -> None:
        while not started():  # noqa: ASYNC110 the web server has a flag for it, and no event
            await asyncio.sleep(STARTED_S)
        self.manager.tell(READY)
        await self.manager.feed(book.breathe)

    def families(self) -> Iterator[Metric]:
        """The machine in numbers, for Prometheus."""
        gauges = {
            "disk_free_bytes": ("Room on the disk of the book", self.disk.free.free),
            "disk_total_bytes": ("Size of that disk", self.disk.free.total),
            "book_read_only": ("1 while nothing is written: no room", int(self.disk.book.full)),
            "clock_offset_seconds": (
                "The machine's clock ahead of the site's", self.clock.offset_ms / 1000
            ),
            "loop_lag_seconds_max": ("The event loop at its latest", self.pulse.worst_s),
        }  # fmt: skip
        for name, (words, value) in gauges.items():
            yield GaugeMetricFamily(f"genba_{name}", words, value=value)
        stalls = "Times that the event loop was late by half a second"
        yield CounterMetricFamily("genba_loop_blocked", stalls, value=self.pulse.blocked)
        leaps = "Times that the machine's clock was found elsewhere"
        yield CounterMetricFamily("genba_clock_leaps", leaps, value=self.clock.leaps)
        family = CounterMetricFamily(
            "genba_database_troubles", "Commands that failed by the machine", labels=["kind"]
        )
        for kind in ("full", "broken", "busy"):
            family.add_metric([kind], self.troubles[kind])
        yield family


def book_of(url: str, troubles: Counter[Trouble], reached: Callable[[str], None]) -> Book:
    """The book of a server: what is wrong with its disk is counted, and a broken one ends all."""
    end = broken.end_loudly(url)

    def troubled(kind: Trouble, why: str) -> None:
        troubles[kind] += 1
        end(kind, why)

    return Book(url, threads=True, reached=reached, troubled=troubled)


def folder_of(url: str, root: Path) -> Path:
    """Where the disk is looked at: beside the book, or where the site's own files are."""
    held = lock.path_of(url)
    return root if held is None else held.parent


def care_for(
    book: Book, root: Path, *, clock: SiteClock, steady_s: Callable[[], float], manager: Manager,
    troubles: Counter[Trouble],
) -> Care:  # fmt: skip
    """The watches over *book*. Of a PostgreSQL book only this machine's own disk can be seen."""
    folder = folder_of(book.url, root)
    return Care(
        disk=DiskWatch(
            book=book, room=lambda: room_of(folder), ballast=Ballast(folder / BALLAST),
            clock=steady_s, clock_ms=clock.now_ms,
        ),
        clock=ClockWatch(book, clock), pulse=Pulse(steady_s), manager=manager, troubles=troubles,
    )  # fmt: skip
