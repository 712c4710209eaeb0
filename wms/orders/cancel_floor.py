"""What a cancel does to walks: stops without a promise end, empty tours are void, totals shrink."""

from typing import Any

from sqlalchemy import Row, exists, func, select, update

from wms.db import Tx
from wms.orders import lifecycle as order_book
from wms.orders.void import settle_cancelled
from wms.promises import allocation
from wms.promises.shortfalls import lacking
from wms.record.event_kinds import OrderPacked, OrderPicked
from wms.record.events import emit
from wms.schema import (
    allocations,
    order_lines,
    orders,
    parcels,
    stock,
    stops,
    tour_totes,
    tours,
    wall_slots,
    waves,
)

LIVE = ("open", "picked")
WALKED = ("open", "claimed")


def end_walks(tx: Tx, row: Row[Any], *, now: int) -> None:
    """Tours of the order's wave that nobody took and that have nothing left to fetch are void.

    One that somebody walks goes on: its totes have to be set down.
    """
    if row.wave_id is None:
        return
    left = exists().where(
        stops.c.tour_id == tours.c.id, stops.c.state == "open",
        allocations.c.id == stops.c.allocation_id, allocations.c.state == "open",
    )  # fmt: skip
    bound = exists().where(tour_totes.c.tour_id == tours.c.id, tour_totes.c.tote.is_not(None))
    idle = (tours.c.wave_id == row.wave_id) & (tours.c.state == "open")
    empty = update(tours).where(idle, tours.c.person_id.is_(None), ~left, ~bound)
    gone = tx.execute(
        empty.values(state="void", done_ms=now).returning(tours.c.id, tours.c.after)
    ).all()
    # Pick and pass: the leg behind it follows the leg before it. The last first, for the leg before
    # it may be void as well.
    for one in sorted(gone, key=lambda row: int(row.id), reverse=True):
        behind = update(tours).where(tours.c.after == one.id)
        tx.execute(behind.values(after=one.after))
    walked = exists().where(tours.c.wave_id == waves.c.id, tours.c.state.in_(WALKED))
    done = update(waves).where(waves.c.id == row.wave_id, waves.c.state == "released", ~walked)
    tx.execute(done.values(state="done"))


def free_slots(tx: Tx, order: int) -> None:
    """Slots of a put wall that are kept for *order* and hold nothing are free again."""
    filled = exists().where(stock.c.place == wall_slots.c.place, stock.c.qty > 0)
    mine = update(wall_slots).where(wall_slots.c.order_id == order, ~filled)
    tx.execute(mine.values(order_id=None, colour="", shown=""))


def shrink_total(tx: Tx, row: Row[Any]) -> set[str]:
    """One unit of the wave's total is not wanted any more: from its shelf if that is possible.

    Returns the tote that it lies in, if it was picked already. The wave is locked: two orders that
    leave it at once take two units.
    """
    tx.execute(select(waves.c.id).where(waves.c.id == row.wave_id).with_for_update()).one()
    item = tx.execute(
        select(order_lines.c.item_id).where(order_lines.c.order_id == row.id)
    ).scalar_one()
    mine = (
        (allocations.c.wave_id == row.wave_id) & (allocations.c.item_id == item)
        & allocations.c.line_id.is_(None) & allocations.c.state.in_(LIVE)
    )  # fmt: skip
    first_open = allocations.c.state != "open"
    query = select(allocations).where(mine).order_by(first_open, allocations.c.id.desc())
    units = tx.execute(query.with_for_update()).all()
    if sum(unit.qty for unit in units) <= _waiting(tx, row, item):
        return set()
    unit = units[0]
    allocation.release_part(tx, unit.id, qty=1)
    return {unit.place} if unit.state == "picked" else set()


def _waiting(tx: Tx, row: Row[Any], item: int) -> int:
    """One-piece orders of the wave that still want a unit of *item* from its total."""
    has = exists().where(
        allocations.c.line_id == order_lines.c.id,
        allocations.c.state.in_(("open", "picked", "packed")),
    )
    query = (
        select(func.count())
        .select_from(orders.join(order_lines, order_lines.c.order_id == orders.c.id))
        .where(orders.c.wave_id == row.wave_id, orders.c.one_piece == 1, orders.c.id != row.id)
        .where(orders.c.state.in_(("released", "picked", "held")))
        .where(order_lines.c.item_id == item, ~has)
        .where(order_lines.c.packed + order_lines.c.cancelled < order_lines.c.qty)
    )
    return int(tx.execute(query).scalar_one())


def go_on(tx: Tx, row: Row[Any], *, now: int) -> None:
    """An order that wants less may be complete now: picked, packed or shipped, and told so."""
    about = {"owner": row.owner, "order_id": row.id, "external_id": row.external_id}
    if row.state in ("released", "picked") and all_closed(tx, row.id):
        order_book.set_state(tx, [row.id], "packed", now=now)
        emit(tx, OrderPacked(**about), now=now)
    elif row.state == "released" and not is_walked(tx, row.id) and not lacking(tx, row.id):
        order_book.set_state(tx, [row.id], "picked", now=now)
        emit(tx, OrderPicked(**about), now=now)
    if row.state != "held":
        settle_cancelled(tx, row, now=now)


def is_walked(tx: Tx, order: int) -> bool:
    """Whether a tour is still to be walked for *order*."""
    query = (
        select(tours.c.id)
        .join(tour_totes, tour_totes.c.tour_id == tours.c.id)
        .where(tour_totes.c.order_id == order, tours.c.state.in_(WALKED))
    )
    return tx.execute(query.limit(1)).first() is not None


def all_closed(tx: Tx, order: int) -> bool:
    """Whether everything that the order still wants is in boxes whose label was proven."""
    wanted = order_lines.c.qty - order_lines.c.cancelled > order_lines.c.packed
    open_line = select(order_lines.c.id).where(order_lines.c.order_id == order, wanted)
    unproven = select(parcels.c.id).where(
        parcels.c.order_id == order, parcels.c.state.in_(("open", "labelled"))
    )
    boxed = select(parcels.c.id).where(
        parcels.c.order_id == order, parcels.c.state.in_(("closed", "loaded", "shipped"))
    )
    return (
        tx.execute(boxed.limit(1)).first() is not None
        and tx.execute(open_line.limit(1)).first() is None
        and tx.execute(unproven.limit(1)).first() is None
    )
