"""From the drop place to the bench: which one, and who carries the tote there."""

from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Row, exists, func, select, update

from wms import missions, tasks
from wms import stock as ledger
from wms.db import Tx
from wms.errors import Code, Rejected
from wms.schema import orders, places, stations, stock, tour_totes, tours, waves
from wms.schema import tasks as tasks_table

CARRY, PUT_BACK = "carry", "put_back"  # kinds of tasks
PRIORITY_MAX = 9  # of a mission

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


def dispatch(tx: Tx, *, now: int) -> list[SentTote]:
    """Send every tote that waits at a drop place and is ready for packing to a bench.

    Ready: all of its order was picked, or it holds one-piece orders. A robot carries it where
    both places are on the robots' map, else a person. Goods of a cancelled order are put back.
    """
    waiting = _undispatched(tx)
    if not waiting:
        return []
    benches = _benches(tx)
    sent: list[SentTote] = []
    bench_of: dict[int, str] = {}
    for row in waiting:
        if row.order_state == "cancelled":
            _ask_to_put_back(tx, row, now)
        elif benches and (row.order_id is None or row.order_state == "picked"):
            least = min(benches, key=lambda code: (benches[code].load, code))
            code = bench_of.setdefault(row.order_id, least) if row.order_id else least
            benches[code].load += 1
            sent.append(_send(tx, row, code, benches[code], now))
    return sent


def deliver(tx: Tx, *, tote: str, place: str, key: str, actor: str, now: int) -> bool:
    """A person brought *tote* to *place*: it stands there, and the task to carry it is over.

    False if it stood there already. Refuses `TOTE_UNKNOWN`.
    """
    query = select(places.c.parent).where(places.c.code == tote, places.c.kind == "tote")
    row = tx.execute(query).first()
    if row is None or row.parent is None:
        raise Rejected(Code.TOTE_UNKNOWN, tote=tote)
    there = tour_totes.c.station.in_(select(stations.c.code).where(stations.c.place == place))
    mine = (tour_totes.c.tote == tote) & (tour_totes.c.state == "dropped")
    for number in tx.scalars(select(tour_totes.c.id).where(mine, there)).all():
        tx.execute(update(tour_totes).where(tour_totes.c.id == number).values(state="at_station"))
        task = tx.scalar(select(tasks_table.c.id).where(tasks_table.c.key == f"{CARRY}:{number}"))
        if task is not None:
            tasks.finish(tx, task=task, outcome="delivered", now=now)
    if row.parent == place:
        return False
    return ledger.relocate(
        tx, key=key, container=tote, source=row.parent, target=place, actor=actor, now=now,
        reason=CARRY,
    )  # fmt: skip


def _undispatched(tx: Tx) -> list[Row[Any]]:
    """Totes with goods that were set down and have no bench yet, most urgent order first."""
    query = (
        select(
            tour_totes.c.id, tour_totes.c.tote, tour_totes.c.order_id, tours.c.priority,
            orders.c.state.label("order_state"), places.c.parent,
        )
        .join(tours, tours.c.id == tour_totes.c.tour_id)
        .join(waves, waves.c.id == tours.c.wave_id)
        .join(places, places.c.code == tour_totes.c.tote)
        .outerjoin(orders, orders.c.id == tour_totes.c.order_id)
        .where(tour_totes.c.state == "dropped", tour_totes.c.station == "")
        .where(tour_totes.c.order_id.is_(None) | orders.c.state.in_(("picked", "cancelled")))
        .order_by(waves.c.pickup_ms, tours.c.priority.desc(), tour_totes.c.id)
        .with_for_update(of=tour_totes, skip_locked=True)
    )  # fmt: skip
    return list(tx.execute(query))


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


def _send(tx: Tx, row: Row[Any], code: str, bench: _Bench, now: int) -> SentTote:
    """Give the tote its bench, and ask a robot or a person to carry it unless it is there."""
    by: Way = "here" if row.parent == bench.place else _carrier(tx, row.parent, bench)
    mine = update(tour_totes).where(tour_totes.c.id == row.id)
    tx.execute(mine.values(station=code, state="at_station" if by == "here" else "dropped"))
    priority = max(0, min(row.priority, PRIORITY_MAX))
    if by == "robot":
        missions.request(
            tx, job=f"tote:{row.id}", container=row.tote, source=row.parent, target=bench.place,
            now=now, priority=priority,
        )  # fmt: skip
    elif by == "person":
        tasks.open_task(
            tx, key=f"{CARRY}:{row.id}", kind=CARRY, now=now, place=row.parent,
            ref=f"tote:{row.tote}", body={"tote": row.tote, "target": bench.place},
            priority=priority,
        )  # fmt: skip
    return SentTote(tote=row.tote, station=code, by=by)


def _carrier(tx: Tx, source: str, bench: _Bench) -> Way:
    on_map = select(places.c.robot_station).where(places.c.code == source)
    both = bench.robot_station is not None and tx.scalar(on_map) is not None
    return "robot" if both else "person"


def _ask_to_put_back(tx: Tx, row: Row[Any], now: int) -> None:
    """The order was cancelled while its goods were picked: they go back to their shelves."""
    tx.execute(update(tour_totes).where(tour_totes.c.id == row.id).values(state=PUT_BACK))
    tasks.open_task(
        tx, key=f"{PUT_BACK}:{row.id}", kind=PUT_BACK, now=now, place=row.parent,
        ref=f"tote:{row.tote}", body={"tote": row.tote, "order": row.order_id},
    )  # fmt: skip
