"""A box is opened again: its label is void, and what lies in it is nobody's until it is put back.

A tracking number that was given once is never given again, and a slip that was used is void.
"""

from typing import Any

from sqlalchemy import Row, func, select, update

from wms.db import Tx
from wms.orders import lifecycle as order_book
from wms.record.event_changes import ParcelVoided
from wms.record.event_kinds import OrderShipped
from wms.record.events import emit
from wms.schema import (
    allocations,
    documents,
    order_lines,
    orders,
    parcel_lines,
    parcels,
    print_jobs,
    slips,
    tasks,
)
from wms.site.owners import told_at_handover

STILL_COMING = ("requested", "ready", "blocked")  # paper that has not gone to a printer


def void_parcel(tx: Tx, row: Row[Any], order: Row[Any], *, now: int) -> None:
    """Open the box of the locked parcel *row* of the locked *order*; its goods are free in it.

    The lines want what was in it again, unless the order is cancelled: then they do not.
    """
    gone = {"state": "void", "station": "", "manifest_id": None, "loaded_ms": None}
    tx.execute(update(parcels).where(parcels.c.id == row.id).values(gone))
    _unpack(tx, row.id, wanted=order.state != "cancelled")
    inside = (allocations.c.place == row.code) & (allocations.c.state == "packed")
    tx.execute(update(allocations).where(inside).values(state="released"))
    taken_out = update(documents).where(documents.c.parcel_id == row.id)
    tx.execute(taken_out.values(parcel_id=None))
    void_paper(tx, row.id)
    emit(tx, ParcelVoided(
        owner=order.owner, order_id=order.id, external_id=order.external_id, parcel=row.code,
        piece=row.piece, tracking=row.tracking if _was_told(tx, row, order) else "",
    ), now=now)  # fmt: skip


def _was_told(tx: Tx, row: Row[Any], order: Row[Any]) -> bool:
    return row.verified_ms is not None and not told_at_handover(tx, order.shop)


def void_paper(tx: Tx, parcel: int) -> None:
    """The slip on the box is void, labels that did not come out never will, nobody sees to it."""
    mine = (slips.c.parcel_id == parcel) & (slips.c.state == "matched")
    tx.execute(update(slips).where(mine).values(state="void"))
    coming = (print_jobs.c.parcel_id == parcel) & print_jobs.c.state.in_(STILL_COMING)
    tx.execute(update(print_jobs).where(coming).values(state="void"))
    code = select("parcel:" + parcels.c.code).where(parcels.c.id == parcel).scalar_subquery()
    aside = (tasks.c.kind == "assist") & (tasks.c.ref == code)
    live = tasks.c.state.in_(("open", "claimed"))
    tx.execute(update(tasks).where(aside, live).values(state="void"))


def _unpack(tx: Tx, parcel: int, *, wanted: bool) -> None:
    inside = (
        select(func.sum(parcel_lines.c.qty))
        .where(parcel_lines.c.parcel_id == parcel, parcel_lines.c.line_id == order_lines.c.id)
        .scalar_subquery()
    )
    touched = select(parcel_lines.c.line_id).where(parcel_lines.c.parcel_id == parcel)
    values = {"packed": order_lines.c.packed - inside}
    if not wanted:
        values["cancelled"] = order_lines.c.cancelled + inside
    tx.execute(update(order_lines).where(order_lines.c.id.in_(touched)).values(values))


def settle_cancelled(tx: Tx, order: Row[Any], *, now: int) -> bool:
    """A cancelled order of which a part was sent: once nothing else is left, it was shipped.

    True when that is so now.
    """
    line = order_lines.c
    sums = select(func.sum(line.qty - line.cancelled), func.sum(line.shipped))
    wanted, shipped = tx.execute(sums.where(line.order_id == order.id)).one()
    if not shipped or wanted != shipped:
        return False
    here = orders.c.id == order.id
    state = tx.execute(select(orders.c.state).where(here)).scalar_one()
    if state == "shipped":
        return False
    order_book.set_state(tx, [order.id], "shipped", now=now, only_from=(state,))
    sent = (parcels.c.order_id == order.id) & (parcels.c.state == "shipped")
    numbers = tx.scalars(select(parcels.c.tracking).where(sent).order_by(parcels.c.piece))
    emit(tx, OrderShipped(
        owner=order.owner, order_id=order.id, external_id=order.external_id,
        carrier=order.carrier, tracking=tuple(numbers),
    ), now=now)  # fmt: skip
    return True
