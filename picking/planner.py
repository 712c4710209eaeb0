"""The planner: a worker that looks at what waits, and sends it to the floor when it is time.

It looks in one snapshot (`look`), and does each thing that is to be done in a transaction of its
own, which checks again: two planners on one book do no harm.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from random import Random
from typing import Any

from sqlalchemy import Select, bindparam, select

from picking.dispatch import dispatch, waits
from picking.release import Released, Settings, release_wave
from picking.waves import Waiting, Wave, due_waves, next_pickup
from wms.db import Book, Tx
from wms.orders import holds
from wms.orders import lifecycle as order_book
from wms.promises import allocation as promises
from wms.robots import missions
from wms.schema import orders, pickups
from wms.site import calendar

PAUSE_S = 0.2  # on a busy floor the bell rings with every scan; nothing here is that urgent
SHORT_MAX = 500  # short orders looked at in one go, most urgent first


@dataclass(frozen=True, slots=True)
class Todo:
    """What is to be done now. `today` is the site's date (YYYY-MM-DD)."""

    today: str
    wake: bool
    waves: tuple[Wave, ...]
    send: bool
    in_vain: bool  # missions wait, and no robot can work


async def plan_forever(
    book: Book, *, clock_ms: Callable[[], int], settings: Settings, rng: Random
) -> None:
    """Plan whenever something was committed, and once a second; ends when cancelled.

    *rng* gives the chance in mission numbers.
    """
    while True:
        seen = book.bell.look()
        await plan_once(book, now=clock_ms(), settings=settings, rng=rng)
        await asyncio.sleep(PAUSE_S)
        await seen.changed()


async def plan_once(
    book: Book, *, now: int, settings: Settings, rng: Random
) -> list[Released]:  # fmt: skip
    """Do all that is to be done at *now*; nothing is written when there is nothing."""
    todo = await book.read(look, now=now, settings=settings)
    if todo.wake:
        await book.write(order_book.wake, today=todo.today, now=now)
        await book.write(holds.wake, today=todo.today, now=now)
        todo = await book.read(look, now=now, settings=settings)
    if todo.send:
        await book.write(dispatch, now=now, rng=rng)
    if todo.in_vain:
        await book.write(missions.leave_to_people, now=now)
    return [
        await book.write(release_wave, wave, settings=settings, today=todo.today, now=now)
        for wave in todo.waves
    ]


def look(tx: Tx, *, now: int, settings: Settings, all_due: bool = False) -> Todo:
    """What waits, and what of it is to be done now; with *all_due*, every order that waits.

    A short order waits again as soon as the free stock would serve the whole of it.
    """
    site = calendar.load(tx)
    today = calendar.business_day(now, site.zone).isoformat()
    wakes = tx.execute(_due(), {"today": today}).first() is not None
    wake = wakes or holds.is_due(tx, today)
    waiting = [*_waiting(tx), *_served_again(tx, today)]
    times = _pickup_times(tx) if waiting else {}
    next_ms = {
        carrier: next_pickup(site, carrier, times.get(carrier, []), now=now)
        for carrier in {one.carrier for one in waiting}
    }
    at = max(next_ms.values(), default=now) if all_due else now
    return Todo(
        today=today, wake=wake, send=waits(tx), in_vain=missions.wait_in_vain(tx, now=now),
        waves=tuple(due_waves(waiting, next_ms, now=at, rules=settings)),
    )  # fmt: skip


def _waiting(tx: Tx) -> list[Waiting]:
    return [_as_waiting(row) for row in tx.execute(_in_state("accepted"))]


def _served_again(tx: Tx, today: str) -> list[Waiting]:
    """Short orders for which there is enough stock now."""
    short = {row.id: row for row in tx.execute(_in_state("short").limit(SHORT_MAX))}
    if not short:
        return []
    decided = promises.decide(tx, promises.needs(tx, list(short), today=today), lock=False)
    lacking = {one.order for one in decided.missing}
    return [_as_waiting(row) for number, row in short.items() if number not in lacking]


@cache
def _in_state(state: str) -> Select[Any]:
    return (
        select(orders.c.id, orders.c.carrier, orders.c.accepted_ms, orders.c.priority)
        .where(orders.c.state == state)
        .order_by(orders.c.priority.desc(), orders.c.accepted_ms, orders.c.id)
    )


@cache
def _due() -> Select[int]:
    """An order whose day has come. The planner asks after each change: it is built once."""
    due = (orders.c.state == "waiting_date") & (orders.c.ship_date <= bindparam("today"))
    return select(orders.c.id).where(due).limit(1)


def _as_waiting(row: Any) -> Waiting:
    return Waiting(row.id, row.carrier, row.accepted_ms, row.priority)


def _pickup_times(tx: Tx) -> dict[str, list[str]]:
    times: dict[str, list[str]] = {}
    for row in tx.execute(select(pickups.c.carrier, pickups.c.at)):
        times.setdefault(row.carrier, []).append(row.at)
    return times
