"""The replenisher: a worker that looks at pick faces and waiting orders, and opens tasks in time.

It looks in one snapshot, and opens each task in a transaction of its own, which checks again: two
of them on one book do no harm.
"""

import asyncio
from collections.abc import Callable

from wms.db import Book, Tx
from wms.errors import Code, Rejected
from wms.replenish import refills
from wms.replenish.wanted import Todo
from wms.site import calendar

PAUSE_S = 5.0  # on a busy floor the bell rings with every scan; nothing here is that urgent


async def replenish_forever(book: Book, *, clock_ms: Callable[[], int]) -> None:
    """Look whenever something was committed, once in five seconds at most; ends when cancelled."""
    while True:
        seen = book.bell.look()
        await replenish_once(book, now=clock_ms())
        await asyncio.sleep(PAUSE_S)
        await seen.changed()


async def replenish_once(book: Book, *, now: int) -> list[int]:
    """Open all tasks that are wanted at *now* and return them; nothing is written when none is."""
    today, todo = await book.read(look, now=now)
    if todo.hurry:
        await book.write(refills.hurry, todo.hurry)
    opened = []
    for refill in todo.refills:
        try:
            task = await book.write(refills.open_refill, refill, today=today, now=now)
        except Rejected as refusal:
            if refusal.code is not Code.STOCK_SHORT:
                raise
            continue  # somebody else was promised it a moment ago: the next look sees what is left
        if task is not None:
            opened.append(task)
    return opened


def look(tx: Tx, *, now: int) -> tuple[str, Todo]:
    """The site's date (YYYY-MM-DD), and what is to be replenished."""
    site = calendar.load(tx)
    today = calendar.business_day(now, site.zone).isoformat()
    return today, refills.look(tx, today=today)
