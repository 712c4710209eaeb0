"""A worker that forgets what is due, once a day at a quiet hour of the site."""

import asyncio
from collections.abc import Callable
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy import select

from wms.config import Privacy
from wms.db import Book, Tx, upsert
from wms.privacy import forgetting
from wms.schema import meta
from wms.site.calendar import local_time

log = structlog.get_logger(__name__)
DAY = "privacy.day"  # of `meta`: the site's date on which it was done last
PAUSE_S = 60.0
ACTOR = "worker:privacy"


async def run(book: Book, *, clock_ms: Callable[[], int], zone: ZoneInfo, keep: Privacy) -> None:
    """Forget what is due once a day: at `keep.hour` (local), or when a server starts after it. Ends
    when cancelled."""
    while True:
        await once(book, now=clock_ms(), zone=zone, keep=keep)
        await asyncio.sleep(PAUSE_S)


async def once(book: Book, *, now: int, zone: ZoneInfo, keep: Privacy) -> dict[str, int]:
    """Do today's forgetting, if its hour has come and nobody has. Returns rows by kind."""
    here = local_time(now, zone)
    today = here.date().isoformat()
    if here.hour < keep.hour or await book.read(_done) == today:
        return {}
    rows = await forgetting.mask(book, keep, actor=ACTOR, device="server", now=now)
    await book.write(_remember, today)
    if rows:
        log.info("privacy.forgotten", **rows)
        forgetting.clear_log(book)
    return rows


def _done(tx: Tx) -> str:
    return tx.scalar(select(meta.c.value).where(meta.c.key == DAY)) or ""


def _remember(tx: Tx, today: str) -> None:
    row = {"key": DAY, "value": today}
    upsert(tx, meta, [row], key=("key",), update=lambda new: {"value": new.value})
