"""A worker of the day: how fast goods move is drawn anew from what was picked, then the day's cycle
counts are asked for, where a wrong book would hurt most."""

import asyncio
from collections.abc import Callable
from zoneinfo import ZoneInfo

from wms.counts import chosen
from wms.db import Book
from wms.replenish import velocity
from wms.site.calendar import business_day

PAUSE_S = 60.0  # a day is long


async def count_forever(
    book: Book, *, clock_ms: Callable[[], int], zone: ZoneInfo, per_day: int,
    velocity_days: int = 0,
) -> None:  # fmt: skip
    """Once a business day: letters by the picks of *velocity_days*, then *per_day* places at most
    to be counted (0: neither). Ends when cancelled."""
    while True:
        await draw_once(book, now=clock_ms(), zone=zone, days=velocity_days)
        await count_once(book, now=clock_ms(), zone=zone, per_day=per_day)
        await asyncio.sleep(PAUSE_S)


async def draw_once(book: Book, *, now: int, zone: ZoneInfo, days: int) -> int:
    """Draw today's letters A, B, C, if nobody has. Returns how many items have another one now."""
    today = business_day(now, zone).isoformat()
    if days <= 0 or await book.read(velocity.is_drawn, today):
        return 0
    wanted = await book.read(velocity.changed, days=days, now=now)
    return await book.write(velocity.draw, wanted, today=today)


async def count_once(book: Book, *, now: int, zone: ZoneInfo, per_day: int) -> int:
    """Ask for today's counts, if nobody has. Returns how many."""
    today = business_day(now, zone).isoformat()
    if per_day <= 0 or await book.read(chosen.is_chosen, today):
        return 0
    return await book.write(chosen.open_today, limit=per_day, today=today, now=now)
