"""From the drop place to the bench: which one, and who carries the tote there."""

from dataclasses import dataclass
from functools import cache
from random import Random
from typing import Any, Literal

from sqlalchemy import Row, Select, exists, func, select, update

from wms import stock as ledger
from wms import tasks
from wms.db import Tx
from wms.errors import Code, Rejected
from wms.robots import missions
from wms.schema import allocations, orders, places, stations, stock, tour_totes, tours, waves
from wms.schema import tasks as tasks_table

CARRY, PUT_BACK = "carry", "put_back"  # kinds of tasks
BACK = ("cancelled", "short")  # states of orders whose totes of unpromised goods are put back
DROP_KINDS = ("buffer", "dock", "station")  # where totes may be set down

Way = Literal["here", "robot", "person"]


@dataclass(slots=True)
class _Bench:
    """A pack station: where it stands, and how many filled totes it has or will get."""

    place: str
    robot_station: int | None
    load: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SentTote:
    """A tote on its way to the bench *station*: it stands there already, or who carries it."""

    tote: str
    station: str
    by: Way


def dispatch(tx: Tx, *, now: int, rng: Random) -> list[SentTote]:
    """Send every tote that waits at a drop place and is ready for packing to a bench.

    Ready: all of its order was picked, or it holds one-piece orders. A robot carries it where
    both places are on the robots' map, else a person. Goods of a cancelled order are put back.
    """
    waiting = list(tx.execute(_ready().with_for_update(of=tour_totes, skip_locked=True)))
    if not waiting:
        return []
    benches = _benches(tx)
    sent: list[SentTote] = []
    bench_of: dict[int | None, str] = {}
    for row in waiting:
        if row.order_state in BACK:
            _ask_to_put_back(tx, row, now)
        elif benches:
            code = bench_of.get(row.order_id) or _choose(benches, row.parent)
            if row.order_id is not None:
                bench_of[row.order_id] = code
            benches[code].load += 1
            sent.append(_send(tx, row, code, benches[code], now, rng))
    return sent


def waits(tx: Tx) -> bool:
    """Whether `dispatch` has something to do."""
    return tx.execute(_waits()).first() is not None


@cache
def _waits() -> Select[Any]:
    ready = _ready().with_only_columns(orders.c.state).limit(1)
    bench = exists().where(stations.c.kind == "pack")
    return ready.where(orders.c.state.in_(BACK) | bench)


def deliver(tx: Tx, *, tote: str, place: str, key: str, actor: str, now: int) -> bool:
    """A person brought *tote* to *place*: it stands there, and the task to carry it is over.

    Away from its bench it waits to be sent again. False if it stood there already. Refuses
    `TOTE_UNKNOWN` and `PLACE_NOT_DROP`.
    """
    parent = tx.scalar(
        select(places.c.parent).where(places.c.code == tote, places.c.kind == "tote")
    )
    if parent is None:
        raise Rejected(Code.TOTE_UNKNOWN, tote=tote)
    refuse_no_drop(tx, place)
    mine = (tour_totes.c.tote == tote) & (tour_totes.c.state == "dropped")
    there = tour_totes.c.station.in_(select(stations.c.code).where(stations.c.place == place))
    tx.execute(update(tour_totes).where(mine, there).values(state="at_station"))
    tx.execute(update(tour_totes).where(mine, ~there).values(station=""))
    carrying = tasks_table.c.state.in_(("open", "claimed")) & (tasks_table.c.kind == CARRY)
    about = tasks_table.c.ref == f"tote:{tote}"
    for task in tx.scalars(select(tasks_table.c.id).where(carrying, about)).all():
        tasks.finish(tx, task=task, outcome=f"at {place}", now=now)
    if parent == place:
        return False
    return ledger.relocate(
        tx, key=key, container=tote, source=parent, target=place, actor=actor, now=now,
        reason=CARRY,
    )  # fmt: skip


def refuse_no_drop(tx: Tx, place: str) -> None:
    """Refuse `PLACE_NOT_DROP` unless totes may be set down at *place*."""
    kind = tx.scalar(select(places.c.kind).where(places.c.code == place))
    if kind not in DROP_KINDS:
        raise Rejected(Code.PLACE_NOT_DROP, place=place)


def _ready() -> Select[Any]:
    """Totes with goods that were set down, have no bench yet, and wait for nothing: also those of
    a short order that holds nothing any more (its owner never splits)."""
    promised = exists().where(
        allocations.c.place == tour_totes.c.tote, allocations.c.state == "picked"
    )
    given_back = (orders.c.state == "short") & ~promised
    return (
        select(
            tour_totes.c.id, tour_totes.c.tote, tour_totes.c.order_id, tours.c.priority,
            orders.c.state.label("order_state"), places.c.parent,
        )
        .join(tours, tours.c.id == tour_totes.c.tour_id)
        .join(waves, waves.c.id == tours.c.wave_id)
        .join(places, places.c.code == tour_totes.c.tote)
        .outerjoin(orders, orders.c.id == tour_totes.c.order_id)
        .where(tour_totes.c.state == "dropped", tour_totes.c.station == "")
        .where(
            tour_totes.c.order_id.is_(None)
            | orders.c.state.in_(("picked", "cancelled"))
            | given_back
        )
        .order_by(waves.c.pickup_ms, tours.c.priority.desc(), tour_totes.c.id)
    )  # fmt: skip


def _benches(tx: Tx) -> dict[str, _Bench]:
    """The pack stations by code, with the filled totes that each has or will get."""
    filled = exists().where(stock.c.place == tour_totes.c.tote, stock.c.qty > 0)
    loads = {
        row.station: row.totes
        for row in tx.execute(
            select(tour_totes.c.station, func.count().label("totes"))
            .where(tour_totes.c.station != "", filled)
            .where(tour_totes.c.state.in_(("dropped", "at_station")))
            .group_by(tour_totes.c.station)
        )
    }
    query = (
        select(stations.c.code, stations.c.place, places.c.robot_station)
        .join(places, places.c.code == stations.c.place)
        .where(stations.c.kind == "pack")
        .order_by(stations.c.code)
    )
    return {
        row.code: _Bench(row.place, row.robot_station, loads.get(row.code, 0))
        for row in tx.execute(query)
    }


def _choose(benches: dict[str, _Bench], parent: str) -> str:
    """The bench where the tote stands already, else the one with the least to do."""
    return min(
        benches, key=lambda code: (benches[code].place != parent, benches[code].load, code)
    )  # fmt: skip


def _send(tx: Tx, row: Row[Any], code: str, bench: _Bench, now: int, rng: Random) -> SentTote:
    """Give the tote its bench, and ask a robot or a person to carry it unless it is there."""
    by: Way = "person"
    if row.parent == bench.place:
        by = "here"
    elif bench.robot_station is not None and _by_robot(tx, row, bench, now, rng):
        by = "robot"
    mine = update(tour_totes).where(tour_totes.c.id == row.id)
    tx.execute(mine.values(station=code, state="at_station" if by == "here" else "dropped"))
    if by == "person":
        tasks.open_task(
            tx, key=f"{CARRY}:{row.id}:{now}", kind=CARRY, now=now, place=row.parent,
            ref=f"tote:{row.tote}", body={"tote": row.tote, "target": bench.place},
            priority=row.priority,
        )  # fmt: skip
    return SentTote(tote=row.tote, station=code, by=by)


def _by_robot(tx: Tx, row: Row[Any], bench: _Bench, now: int, rng: Random) -> bool:
    """Ask for a robot. False where none can come: then it is a person's task, never nobody's."""
    try:
        missions.request(
            tx, job=f"tote:{row.id}:{now}", container=row.tote, source=row.parent,
            target=bench.place, now=now, rng=rng, priority=row.priority,
        )  # fmt: skip
    except Rejected:  # it checks before it writes: nothing of the refused request is left
        return False
    return True


def _ask_to_put_back(tx: Tx, row: Row[Any], now: int) -> None:
    """The order was cancelled while its goods were picked: they go back to their shelves."""
    tx.execute(update(tour_totes).where(tour_totes.c.id == row.id).values(state=PUT_BACK))
    tasks.open_task(
        tx, key=f"{PUT_BACK}:{row.id}", kind=PUT_BACK, now=now, place=row.parent,
        ref=f"tote:{row.tote}", body={"tote": row.tote, "order": row.order_id},
    )  # fmt: skip
