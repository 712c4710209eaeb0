"""What a lead looks at when the last truck has left: does the day add up, and what is tomorrow's?

Labelled = handed over + still here; what stays behind, by name; differences that nobody has counted
to the end; the orders of the next day.
"""

from msgspec import Struct
from sqlalchemy import Row, func, select

from wms.db import Tx
from wms.schema import counts, order_lines, orders, parcels
from wms.site import calendar

HERE = ("labelled", "closed", "loaded")
UNFINISHED = ("accepted", "short", "released", "picked", "packed")
UNCOUNTED = ("open", "counted", "recount", "approval")


class Volume(Struct, frozen=True, kw_only=True):
    """Orders of a carrier for the next day on which any are due."""

    carrier: str
    orders: int
    lines: int
    pieces: int


class Behind(Struct, frozen=True, kw_only=True):
    """A labelled parcel that is still here; `on_truck`: on a truck that was not closed."""

    parcel: str
    order: str
    carrier: str
    on_truck: bool
    stopped: bool


class Evening(Struct, frozen=True, kw_only=True):
    """`labelled` = `handed_over` + parcels in `behind`. `unfinished` orders of today have no
    labelled parcel yet. `next_date` is YYYY-MM-DD, "" when nothing waits."""

    date: str
    labelled: int
    handed_over: int
    behind: tuple[Behind, ...]
    unfinished: int
    uncounted: tuple[str, ...]
    next_date: str
    tomorrow: tuple[Volume, ...]


def evening(tx: Tx, *, now: int) -> Evening:
    """The day at *now* (UTC milliseconds), in one snapshot."""
    zone = calendar.load(tx).zone
    local = calendar.local_time(now, zone)
    today = local.date().isoformat()
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
    gone = parcels.c.shipped_ms >= int(midnight.timestamp()) * 1000
    handed = int(tx.scalar(select(func.count()).where(parcels.c.state == "shipped", gone)) or 0)
    here = _behind(tx)
    boxed = select(parcels.c.order_id).where(parcels.c.state.in_((*HERE, "shipped")))
    left = select(func.count()).where(
        orders.c.state.in_(UNFINISHED), orders.c.ship_date <= today, orders.c.id.not_in(boxed)
    )
    open_counts = select(counts.c.place).where(counts.c.state.in_(UNCOUNTED)).distinct()
    next_date, volume = _tomorrow(tx, today)
    return Evening(
        date=today, labelled=handed + len(here), handed_over=handed,
        behind=tuple(_as_behind(row) for row in here), unfinished=int(tx.scalar(left) or 0),
        uncounted=tuple(tx.scalars(open_counts.order_by(counts.c.place))),
        next_date=next_date, tomorrow=volume,
    )  # fmt: skip


def _behind(tx: Tx) -> list[Row[tuple[str, str, str, str, str]]]:
    query = (
        select(
            parcels.c.code, parcels.c.carrier, parcels.c.state, orders.c.code.label("order"),
            orders.c.state.label("order_state"),
        )
        .join(orders, orders.c.id == parcels.c.order_id)
        .where(parcels.c.state.in_(HERE))
        .order_by(parcels.c.carrier, parcels.c.code)
    )  # fmt: skip
    return list(tx.execute(query))


def _as_behind(row: Row[tuple[str, str, str, str, str]]) -> Behind:
    told = row._mapping
    return Behind(
        parcel=told["code"], order=told["order"], carrier=told["carrier"],
        on_truck=told["state"] == "loaded", stopped=told["order_state"] in ("held", "cancelled"),
    )  # fmt: skip


def _tomorrow(tx: Tx, today: str) -> tuple[str, tuple[Volume, ...]]:
    waits = (orders.c.state == "waiting_date") & (orders.c.ship_date > today)
    first = tx.scalar(select(func.min(orders.c.ship_date)).where(waits))
    if first is None:
        return "", ()
    due = waits & (orders.c.ship_date == first)
    lines = (
        select(orders.c.carrier, func.count().label("lines"))
        .join(order_lines, order_lines.c.order_id == orders.c.id)
        .where(due)
        .group_by(orders.c.carrier)
    )
    count_of = {row.carrier: int(row.lines) for row in tx.execute(lines)}
    query = (
        select(orders.c.carrier, func.count().label("n"), func.sum(orders.c.pieces).label("pieces"))
        .where(due)
        .group_by(orders.c.carrier)
        .order_by(orders.c.carrier)
    )
    return str(first), tuple(
        Volume(carrier=row.carrier, orders=int(row.n), lines=count_of.get(row.carrier, 0),
               pieces=int(row.pieces))
        for row in tx.execute(query)
    )  # fmt: skip
