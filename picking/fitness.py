"""Whether goods that were promised may still be sent: looked at again at the shelf and the bench.

Between promise and pick a lot is held, a date passes, a shelf is closed. The rule for dates is the
one of the promise, `wms.promises.allocation.usable_from`; the rest is what
`wms.promises.allocation.free_stock` asks.
"""

from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import Row, Select, String, bindparam, cast, exists, literal, or_, select

from wms.counts.counting import STOCKTAKE
from wms.db import Tx
from wms.promises.allocation import OWN_GOODS, usable_from
from wms.schema import (
    allocations,
    items,
    lots,
    order_lines,
    orders,
    places,
    shops,
    stops,
    tasks,
    tours,
)

HELD, EXPIRED, BLOCKED = "pick.unfit_held", "pick.unfit_expired", "pick.unfit_blocked"
# What keeps a sale back need not keep back what is no sale: goods that go back to their owner may
# be held or expired, and a customer's own that were repaired are not asked for their date.
SPARED = {"transfer": (HELD, EXPIRED), "repair": (EXPIRED,)}


class Unfit(NamedTuple):
    """Goods that may not be sent, and why (a code)."""

    sku: str
    lot: str
    why: str


def unfit(tx: Tx, tour: int, *, today: str) -> dict[int, str]:
    """The open stops of *tour* that may not be made now, each with its reason (a code).

    *today* is the site's date. A shelf that this very tour found short stays open to it: whoever
    stands in front of it sees what else lies there.
    """
    rows = list(tx.execute(_open_stops(), {"tour": tour}))
    dated = {(row.wave_id, row.item_id) for row in rows if row.line_id is None and row.expiry}
    pooled = {pair: _of_total(tx, *pair, today) for pair in dated}  # a total has one or two
    mine = _closed_by(tx, tour) if any(row.blocked for row in rows) else frozenset[str]()
    found = {row.id: _why(row, pooled, mine, today) for row in rows}
    return {stop: why for stop, why in found.items() if why}


def unfit_in(tx: Tx, tote: str, *, today: str) -> dict[int, Unfit]:
    """What was picked into *tote*, or into another one for the same order, and may not be sent by
    now: by allocation. The last look, at the bench."""
    mine = allocations.c.place == tote
    whose = (
        select(order_lines.c.order_id)
        .join(allocations, allocations.c.line_id == order_lines.c.id)
        .where(mine, allocations.c.state == "picked")
    )
    rows = tx.execute(
        select(
            allocations.c.id, allocations.c.place, allocations.c.item_id, allocations.c.line_id,
            allocations.c.wave_id, allocations.c.lot, lots.c.expiry, lots.c.held, items.c.sku,
            literal("").label("blocked"), orders.c.ship_date, orders.c.kind,
            shops.c.shelf_days_min,
        )
        .join(lots, (lots.c.item_id == allocations.c.item_id) & (lots.c.lot == allocations.c.lot))
        .join(items, items.c.id == allocations.c.item_id)
        .outerjoin(order_lines, order_lines.c.id == allocations.c.line_id)
        .outerjoin(orders, orders.c.id == order_lines.c.order_id)
        .outerjoin(shops, shops.c.code == orders.c.shop)
        .where(or_(mine, orders.c.id.in_(whose)), allocations.c.state == "picked")
        .where(allocations.c.task_id.is_(None), or_(lots.c.held == 1, lots.c.expiry != ""))
        .order_by(allocations.c.id)
    ).all()  # fmt: skip
    dated = {(row.wave_id, row.item_id) for row in rows if row.line_id is None and row.expiry}
    pooled = {pair: _of_total(tx, *pair, today) for pair in dated}
    found = {row.id: (row, _why(row, pooled, frozenset(), today)) for row in rows}
    return {
        number: Unfit(row.sku, row.lot or row.expiry, why)
        for number, (row, why) in found.items()
        if why
    }


@cache
def _open_stops() -> Select[Any]:
    """Every scan of a picker asks this, so it is built once."""
    return (
        select(
            stops.c.id, allocations.c.place, allocations.c.item_id, allocations.c.line_id,
            tours.c.wave_id, lots.c.expiry, lots.c.held, places.c.blocked, orders.c.ship_date,
            orders.c.kind, shops.c.shelf_days_min,
        )
        .join(tours, tours.c.id == stops.c.tour_id)
        .join(allocations, allocations.c.id == stops.c.allocation_id)
        .join(lots, (lots.c.item_id == allocations.c.item_id) & (lots.c.lot == allocations.c.lot))
        .join(places, places.c.code == allocations.c.place)
        .outerjoin(order_lines, order_lines.c.id == allocations.c.line_id)
        .outerjoin(orders, orders.c.id == order_lines.c.order_id)
        .outerjoin(shops, shops.c.code == orders.c.shop)
        .where(stops.c.tour_id == bindparam("tour"))
        .where(stops.c.state == "open", allocations.c.state == "open")
    )  # fmt: skip


def _why(
    row: Row[Any], pooled: dict[tuple[int, int], str], mine: frozenset[str], today: str
) -> str:
    spared = SPARED.get(row.kind or "", ())
    if row.held and HELD not in spared:
        return HELD
    if row.expiry and EXPIRED not in spared:
        if row.line_id is None:
            earliest = pooled[row.wave_id, row.item_id]
        else:
            earliest = usable_from(max(row.ship_date, today), row.shelf_days_min)
        if row.expiry < earliest:
            return EXPIRED
    if row.kind in OWN_GOODS and row.blocked != STOCKTAKE:
        return ""  # these very units lie there, in quarantine or not, and nobody else's will do
    return BLOCKED if row.blocked and row.place not in mine else ""


def _of_total(tx: Tx, wave: int, item: int, today: str) -> str:
    """The earliest expiry that may be sent to every order that shares this total."""
    own = exists().where(
        allocations.c.line_id == order_lines.c.id, allocations.c.state.in_(("open", "picked"))
    )
    query = (
        select(orders.c.ship_date, shops.c.shelf_days_min)
        .join(order_lines, order_lines.c.order_id == orders.c.id)
        .join(shops, shops.c.code == orders.c.shop)
        .where(orders.c.wave_id == wave, orders.c.one_piece == 1, order_lines.c.item_id == item)
        .where(orders.c.state.in_(("released", "picked")), ~own)
    )
    asked = [
        usable_from(max(row.ship_date, today), row.shelf_days_min) for row in tx.execute(query)
    ]
    return max(asked, default=usable_from(today, 0))


def _closed_by(tx: Tx, tour: int) -> frozenset[str]:
    """Shelves that this tour's own picker found short: a count was asked for there."""
    asked = tasks.c.ref == literal("stop:") + cast(stops.c.id, String)
    query = (
        select(tasks.c.place)
        .join(stops, asked)
        .where(stops.c.tour_id == tour, tasks.c.kind == "count")
        .where(tasks.c.state.in_(("open", "claimed")))
    )
    return frozenset(tx.scalars(query))
