"""The site's clock: whatever the machine's does, nobody's time-out ends early or never."""

from collections.abc import Iterator

import pytest
from sqlalchemy import select

from app.machine import rows
from app.machine.clock import LEAP_MS, ClockWatch, SiteClock
from devices.capabilities import Health
from tests.ledger_site import NOON
from wms.db import Book
from wms.schema import devices

MINUTE_MS, DAY_MS = 60_000, 86_400_000
LOOK_MS = 5_000


class Machine:
    """A machine whose wall clock a test sets, with a site's clock that is led on as by a server."""

    def __init__(self) -> None:
        self.steady, self.set_ms = 1_000_000, 0
        self.clock = SiteClock(lambda: NOON + self.steady + self.set_ms, lambda: self.steady)
        self.began = self.clock.now_ms()
        self.seen = [self.began]

    def live(self, minutes: int) -> int:
        """Minutes go by; by how much the site's clock is off real time then, in ms."""
        for _ in range(minutes * MINUTE_MS // LOOK_MS):
            self.steady += LOOK_MS
            self.seen.append(self.clock.now_ms())
            self.clock.follow()
        return self.clock.now_ms() - NOON - self.steady

    @property
    def paces(self) -> set[float]:
        """How fast it ran, in parts of real time, between looks."""
        return {(after - before) / LOOK_MS for before, after in zip(self.seen, self.seen[1:],
                                                                   strict=False)}  # fmt: skip


def test_f12_ten_minutes_back_are_followed_slowly_and_never_backwards() -> None:
    machine = Machine()
    assert machine.live(3) == 0
    machine.set_ms = -10 * MINUTE_MS
    assert machine.live(1) > -4_000, "it does not jump"
    assert machine.live(300) == -10 * MINUTE_MS, "in the end it is where the machine is"
    assert min(machine.paces) >= 0.95
    assert max(machine.paces) == 1


def test_f12_ten_minutes_ahead_are_followed_slowly() -> None:
    machine = Machine()
    machine.set_ms = 10 * MINUTE_MS
    assert machine.live(1) < 4_000
    assert machine.live(300) == 10 * MINUTE_MS
    assert max(machine.paces) <= 1.05


def test_f12_a_day_ahead_is_not_followed_unless_it_lasts() -> None:
    machine = Machine()
    machine.set_ms = DAY_MS
    assert machine.live(5) == 0
    machine.set_ms = 0
    assert machine.live(5) == 0, "somebody set it right again: nothing has happened"
    machine.set_ms = DAY_MS
    assert machine.live(15) == DAY_MS, "a machine that slept: its clock is the right one"


def test_f12_a_day_back_is_never_followed() -> None:
    machine = Machine()
    machine.set_ms = -DAY_MS
    assert machine.live(60) == 0
    assert SiteClock(lambda: NOON - DAY_MS, lambda: 0).now_ms() == NOON - DAY_MS, "a restart does"


@pytest.fixture
def book(sqlite_url: str) -> Iterator[Book]:
    book = Book(sqlite_url)
    yield book
    book.close()


async def test_f12_a_leap_is_a_row_once_and_goes_when_the_clock_is_right(book: Book) -> None:
    machine = Machine()
    watch = ClockWatch(book, machine.clock)

    async def after(set_ms: int) -> str:
        machine.set_ms = set_ms
        machine.steady += LOOK_MS
        await watch.look()
        query = select(devices.c.health, devices.c.reason).where(devices.c.name == rows.CLOCK)
        row = book.read_now(lambda tx: tx.execute(query).first())
        return f"{row.health} {row.reason}" if row else ""

    book.write_now(
        rows.note, part=rows.CLOCK, health=Health.FAULT, reason="clock.leapt_behind minutes=60",
        now=NOON,
    )  # fmt: skip
    assert await after(0) == "", "somebody set the clock right and started the server again"
    assert await after(1_000) == "", "what a clock is corrected by every day"
    assert await after(-10 * MINUTE_MS) == "degraded clock.behind minutes=10"
    assert await after(-10 * MINUTE_MS) == "degraded clock.behind minutes=10"
    assert watch.leaps == 1
    assert await after(LEAP_MS * 4) == "fault clock.leapt_ahead minutes=60"
    assert await after(0) == ""
    assert (watch.leaps, abs(watch.offset_ms) < 1_000) == (2, True)
