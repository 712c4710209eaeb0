"""A worker that asks for the day's cycle counts, where a wrong book would hurt most."""

import asyncio
from collections.abc import Callable
from zoneinfo import ZoneInfo

from wms import count_choice
from wms.calendar import business_day
from wms.db import Book

PAUSE_S = 60.0  # a day is long


async def count_forever(
    book: Book, *, clock_ms: Callable[[], int], zone: ZoneInfo, per_day: int
) -> None:
    """Choose up to *per_day* places once a business day of the site; ends when cancelled."""
    while True:
        await count_once(book, now=clock_ms(), zone=zone, per_day=per_day)
        await asyncio.sleep(PAUSE_S)


async def count_once(book: Book, *, now: int, zone: ZoneInfo, per_day: int) -> int:
    """Ask for today's counts, if nobody has. Returns how many."""
    today = business_day(now, zone).isoformat()
    if per_day <= 0 or await book.read(count_choice.is_chosen, today):
        return 0
    return await book.write(count_choice.open_today, limit=per_day, today=today, now=now)
