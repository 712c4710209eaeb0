"""Waves by API and command line: what is on the floor for which pickup, and "send it all now"."""

from typing import Any

from litestar import Router, get, post
from litestar.di import NamedDependency, Provide
from msgspec import Struct
from sqlalchemy import case, func, select

from picking import planner
from picking.release import Settings, release_wave
from wms.db import Book, Tx
from wms.people.tokens import Token
from wms.record import commands
from wms.schema import orders, tours, waves

LISTED_MAX = 200
NOT_YET = ("accepted", "short", "waiting_date", "held")  # states of orders before any wave
UNDONE = ("released", "short")  # orders of a wave that pickers are not done with


class WaveView(Struct, frozen=True, kw_only=True):
    """A wave: its orders and how many of them are still to be picked; its tours and how many
    nobody has claimed yet."""

    id: int
    carrier: str
    pickup_ms: int
    state: str
    orders: int
    orders_left: int
    tours: int
    tours_open: int


class WaveList(Struct, frozen=True, kw_only=True):
    """Waves, the newest first; orders that wait for one, that wait for stock, that wait for their
    day (`next_date`, YYYY-MM-DD, is the first such day; "" when none waits), and that are held."""

    waves: tuple[WaveView, ...]
    waiting: int
    short: int
    later: int
    next_date: str
    held: int


class WavesReleased(Struct, frozen=True, kw_only=True):
    """What went to the floor."""

    waves: int
    orders: int
    tours: int
    short: int


@get("/waves", opt={"scope": "board:read"}, summary="What is on the floor for which pickup")
async def get_waves(book: NamedDependency[Book]) -> WaveList:
    """The newest 200 waves."""
    return await book.read(list_waves)


@post(
    "/waves/release", opt={"scope": "admin"}, status_code=200,
    summary="Send every order that waits to the floor now",
)  # fmt: skip
async def post_release(
    book: NamedDependency[Book], token: NamedDependency[Token], now: NamedDependency[int],
    settings: NamedDependency[Settings],
) -> WavesReleased:  # fmt: skip
    """Nothing waits for a fuller cart or a nearer pickup any more."""
    return await book.write(
        release_now, settings=settings, actor=token.actor, device="api", now=now
    )


def list_waves(tx: Tx) -> WaveList:
    """The newest waves and what waits, each counted in one query."""
    of_orders = _counted(orders.c.wave_id, orders.c.state.in_(UNDONE))
    of_tours = _counted(tours.c.wave_id, tours.c.state == "open")
    query = (
        select(
            waves, of_orders.c.all.label("orders"), of_orders.c.some.label("orders_left"),
            of_tours.c.all.label("tours"), of_tours.c.some.label("tours_open"),
        )
        .outerjoin(of_orders, of_orders.c.wave == waves.c.id)
        .outerjoin(of_tours, of_tours.c.wave == waves.c.id)
        .order_by(waves.c.id.desc())
        .limit(LISTED_MAX)
    )  # fmt: skip
    found = tuple(
        WaveView(
            id=row.id, carrier=row.carrier, pickup_ms=row.pickup_ms, state=row.state,
            orders=row.orders or 0, orders_left=row.orders_left or 0, tours=row.tours or 0,
            tours_open=row.tours_open or 0,
        )
        for row in tx.execute(query)
    )  # fmt: skip
    first_day = func.min(orders.c.ship_date).label("day")
    counts = (
        select(orders.c.state, func.count().label("orders"), first_day)
        .where(orders.c.state.in_(NOT_YET))
        .group_by(orders.c.state)
    )  # fmt: skip
    by_state = {row.state: row for row in tx.execute(counts)}
    waiting, short, later, held = (
        by_state[state].orders if state in by_state else 0 for state in NOT_YET
    )
    return WaveList(
        waves=found, waiting=waiting, short=short, later=later, held=held,
        next_date=by_state["waiting_date"].day if later else "",
    )  # fmt: skip


def release_now(
    tx: Tx, *, settings: Settings, actor: str, device: str, now: int
) -> WavesReleased:  # fmt: skip
    """Release every order that waits and can be served, whatever its wave would wait for."""
    todo = planner.look(tx, now=now, settings=settings, all_due=True)
    done = [
        release_wave(tx, wave, settings=settings, today=todo.today, now=now) for wave in todo.waves
    ]
    answer = WavesReleased(
        waves=sum(one.wave is not None for one in done), tours=sum(one.tours for one in done),
        orders=sum(len(one.orders) for one in done), short=sum(len(one.short) for one in done),
    )  # fmt: skip
    commands.record(
        tx, actor=actor, device=device, permission="admin", name="waves.release", now=now,
        body={"waves": [one.wave for one in done if one.wave is not None]},
    )  # fmt: skip
    return answer


def routes(settings: Settings) -> Router:
    """The handlers of waves."""
    return Router(
        "/v1", route_handlers=[get_waves, post_release],
        dependencies={"settings": Provide(lambda: settings, sync_to_thread=False)},
    )  # fmt: skip


def _counted(wave: Any, matters: Any) -> Any:
    some = func.sum(case((matters, 1), else_=0)).label("some")
    return (
        select(wave.label("wave"), func.count().label("all"), some)
        .where(wave.is_not(None))
        .group_by(wave)
        .subquery()
    )
