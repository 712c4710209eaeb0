"""Scans and weights of devices that belong to a bench, handed to whoever works there.

A fact is stored before it is interpreted. This worker reads facts in order with a cursor and
handles them in one transaction with the cursor's step, a few at a time: killed anywhere, none is
lost or doubled, and a full site's benches do not wait for one another's commits. A fact that trips
over a bug of ours is told and left behind: it must not stop every bench for ever.
"""

from collections.abc import Callable
from typing import Any

import structlog
from sqlalchemy import Row, or_, select

from picking import floor
from wms.db import Book, Tx
from wms.record.events import Cursor, advance, cursor_of, rows_after
from wms.rooms.prompts import Await
from wms.schema import device_facts, stations, terminals

BUGS = (AssertionError, LookupError, TypeError, ValueError)
log = structlog.get_logger(__name__)
READER = "floor.device_facts"
AT_ONCE = 5  # facts a transaction


def _next(tx: Tx) -> Row[Any] | None:
    return next(iter(rows_after(tx, device_facts, cursor_of(tx, READER), 1)), None)


def is_waiting(tx: Tx) -> bool:
    """Whether a fact waits to be handled (asked before a transaction is opened for nothing)."""
    return _next(tx) is not None


def take_some(tx: Tx, *, now: int, settings: floor.Settings) -> bool:
    """Handle the next few facts. True when more may wait."""
    return all(take_next(tx, now=now, settings=settings) for _ in range(AT_ONCE))


def take_next(tx: Tx, *, now: int, settings: floor.Settings) -> bool:
    """Handle the next fact, if there is one, and remember that it was. False if there is none."""
    row = _next(tx)
    if row is None:
        return False
    advance(tx, READER, Cursor(row.xid, row.id))
    terminal = _terminal_of(tx, row)
    if terminal is None:
        log.info("fact.nobody", device=row.device, kind=row.kind)
        return True
    try:
        with tx.begin_nested():
            _hand_over(tx, row, terminal, now, settings)
    except BUGS:
        log.exception("fact.bug", fact=row.id, terminal=terminal)
    return True


def _hand_over(
    tx: Tx, row: Row[Any], terminal: str, now: int, settings: floor.Settings
) -> None:  # fmt: skip
    """A scan is always an input; a weight is one only where a box is waited for."""
    via: floor.Via = "device"
    if row.kind == "weight":
        prompt, _ = floor.show(tx, terminal=terminal, now=now, settings=settings)
        if Await.WEIGHT not in prompt.awaits or prompt.locked or int(row.text) <= 0:
            return
        via = "weight"
    floor.scan(
        tx, terminal=terminal, scan_id=f"fact:{row.id}", text=row.text, via=via, now=now,
        settings=settings, pulled_ms=row.at_ms,
    )  # fmt: skip


def _terminal_of(tx: Tx, row: Row[Any]) -> str | None:
    """The terminal whose own scanner it is, else the one that stands at the device's station:
    where somebody is signed in, if there are several."""
    query = (
        select(terminals.c.id)
        .outerjoin(stations, stations.c.code == terminals.c.station)
        .where(
            or_(
                terminals.c.scanner == row.device,
                stations.c.scanner == row.device,
                stations.c.scale == row.device,
            )
        )
        .order_by(
            terminals.c.scanner != row.device, terminals.c.person_id.is_(None), terminals.c.id
        )
        .limit(1)
    )
    found: str | None = tx.execute(query).scalar()
    return found


async def run(book: Book, *, now: Callable[[], int], settings: floor.Settings) -> None:
    """Handle facts until cancelled."""
    while True:
        seen = book.bell.look()
        more = await book.read(is_waiting)
        while more:
            more = await book.write(take_some, now=now(), settings=settings)
        await seen.changed()
