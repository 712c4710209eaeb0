"""What becomes of goods that came back, were to go out again, and whose order is cancelled.

A repair and a parcel that is sent once more (再出荷) are orders for units that lie here as
`returned`: nobody's to sell. When such an order is cancelled they are looked at again, under a
return of their own that is here already. What was set aside for its owner is set aside again, and
an exchange without its replacement is a plain return.
"""

from collections import Counter
from collections.abc import Iterable
from typing import Any, NamedTuple

from sqlalchemy import Row, func, insert, select, update

from wms.db import Tx
from wms.errors import Code, Rejected
from wms.record.event_kinds import ReturnAnnounced, ReturnArrived
from wms.record.events import emit
from wms.returns.rows import OPEN, about, change, lock
from wms.schema import (
    allocations,
    items,
    order_lines,
    parcel_lines,
    parcels,
    return_lines,
    return_units,
    returns,
    stock,
    work_orders,
)
from wms.stock import Key
from wms.work import jobs as works

DECIDED_ANEW = ("repair", "reship")  # kinds of orders whose goods are looked at again
WHY = "order.cancelled"


class Piece(NamedTuple):
    """Eaches of one item, lot and serial number, and where they should lie."""

    item: int
    lot: str
    serial: str
    qty: int
    place: str = ""


def ask(tx: Tx, order: Row[Any], *, now: int) -> str:
    """The locked *order* was cancelled a moment ago: what it was to send is decided again.

    Returns the code of the return under which that is done, "" where nothing is to be decided.
    """
    if order.kind == "exchange":
        _plain_return(tx, order)
    if order.kind == "transfer":
        _set_aside_again(tx, order)
    if order.kind not in DECIDED_ANEW:
        return ""
    before = int(order.origin.removeprefix("return:"))
    if order.kind == "repair":
        _end_repairs(tx, order.origin, now)
    pieces = contents(tx, order.id)
    return _begin(tx, order, lock(tx, before), pieces, now) if pieces else ""


def code_of(tx: Tx, order: int) -> str:
    """The return under which the goods of this cancelled order are decided again, or ""."""
    query = select(returns.c.code).where(returns.c.cancelled_id == order)
    return tx.execute(query.order_by(returns.c.id).limit(1)).scalar() or ""


def contents(tx: Tx, order: int) -> list[Piece]:
    """The very units that *order* was promised and did not send, by item, lot and serial."""
    a = allocations.c
    mine = select(order_lines.c.id).where(order_lines.c.order_id == order)
    was = (
        select(a.item_id, a.lot, a.serial, func.sum(a.qty))
        .where(a.line_id.in_(mine), a.override != "")
        .group_by(a.item_id, a.lot, a.serial)
        .order_by(a.item_id, a.lot, a.serial)
    )
    sent = (
        select(
            order_lines.c.item_id, parcel_lines.c.lot, parcel_lines.c.serial,
            func.sum(parcel_lines.c.qty),
        )
        .join(order_lines, order_lines.c.id == parcel_lines.c.line_id)
        .join(parcels, parcels.c.id == parcel_lines.c.parcel_id)
        .where(parcels.c.order_id == order, parcels.c.state == "shipped")
        .group_by(order_lines.c.item_id, parcel_lines.c.lot, parcel_lines.c.serial)
    )  # fmt: skip
    gone = {(item, lot, serial): int(qty) for item, lot, serial, qty in tx.execute(sent)}
    left = [
        Piece(item, lot, serial, int(qty) - gone.get((item, lot, serial), 0))
        for item, lot, serial, qty in tx.execute(was)
    ]
    return [piece for piece in left if piece.qty > 0]


def where(tx: Tx, wanted: Iterable[Piece], *, all_of_it: bool = True) -> Counter[Key]:
    """Where these pieces lie free as `returned`, each at its own place first, else wherever.

    What is in somebody's box is not looked at. Refuses `STOCK_SHORT` when one lies nowhere, unless
    *all_of_it* is not asked for.
    """
    pieces = list(wanted)
    boxes = select(parcels.c.code).where(parcels.c.state != "void")
    query = select(stock).where(
        stock.c.item_id.in_({piece.item for piece in pieces}), stock.c.condition == "returned",
        stock.c.qty > stock.c.allocated, stock.c.place.not_in(boxes),
    )  # fmt: skip
    free = {
        Key(row.place, row.item_id, row.lot, row.condition, row.serial): row.qty - row.allocated
        for row in tx.execute(query.order_by(*stock.primary_key.columns))
    }
    found: Counter[Key] = Counter()
    for piece in pieces:
        left = piece.qty
        same = [key for key in free if key[1:] == (piece.item, piece.lot, "returned", piece.serial)]
        for key in sorted(same, key=lambda key: (key.place != piece.place, key.place)):
            taken = min(left, free[key] - found[key])
            if taken > 0:
                found[key] += taken
                left -= taken
        if left and all_of_it:
            sku = tx.execute(select(items.c.sku).where(items.c.id == piece.item)).scalar_one()
            raise Rejected(
                Code.STOCK_SHORT, place=piece.place or "-", item=sku, qty=left, kind="free"
            )
    return +found


def _plain_return(tx: Tx, order: Row[Any]) -> None:
    """No replacement is wanted any more: what comes back is refunded by the owner's rule."""
    number = int(order.origin.removeprefix("return:"))
    row = lock(tx, number)
    if row.kind == "exchange" and row.state in OPEN:
        change(tx, number, kind="return")


def _set_aside_again(tx: Tx, order: Row[Any]) -> None:
    """Units that did not leave with this transfer wait for the next one."""
    left = Counter({piece[:3]: piece.qty for piece in contents(tx, order.id)})
    mine = select(return_units).where(return_units.c.sent_id == order.id)
    again = []
    for unit in tx.execute(mine.order_by(return_units.c.id.desc())):
        key = (unit.item_id, unit.lot, unit.serial)
        if left[key] >= unit.qty:
            left[key] -= unit.qty
            again.append(unit.id)
    tx.execute(update(return_units).where(return_units.c.id.in_(again)).values(sent_id=None))


def _end_repairs(tx: Tx, origin: str, now: int) -> None:
    """Nobody repairs what is not wanted back; what was done of it stays done."""
    live = work_orders.c.state.in_(("open", "released", "working"))
    mine = (work_orders.c.origin == origin) & (work_orders.c.kind == "repair")
    for work in tx.scalars(select(work_orders.c.id).where(mine, live)).all():
        works.cancel(tx, work, now=now)


def _begin(
    tx: Tx, order: Row[Any], before: Row[Any], pieces: list[Piece], now: int
) -> str:  # fmt: skip
    """A return that is here already, for *pieces* of the return *before*. Its code."""
    name = f"again-{order.code}"
    values = {
        "code": name, "owner": order.owner, "external_id": name, "kind": "return",
        "state": "arrived", "order_id": before.order_id, "cancelled_id": order.id, "reason": WHY,
        "decision": "cancel", "place": before.place or _shelf(tx, before.id),
        "accepted_ms": now, "state_ms": now,
    }  # fmt: skip
    number = tx.execute(insert(returns).values(values).returning(returns.c.id)).scalar_one()
    change(tx, number, code=f"R{number:07d}")
    inside: Counter[int] = Counter()
    for piece in pieces:
        inside[piece.item] += piece.qty
    tx.execute(insert(return_lines), [
        {"return_id": number, "line_no": n, "item_id": item, "qty": qty}
        for n, (item, qty) in enumerate(sorted(inside.items()), start=1)
    ])  # fmt: skip
    row = lock(tx, int(number))
    emit(
        tx, ReturnAnnounced(**about(tx, row), purpose="return", qty=inside.total()),
        ReturnArrived(**about(tx, row), purpose="return"), now=now,
    )  # fmt: skip
    return str(row.code)


def _shelf(tx: Tx, before: int) -> str:
    """Where the units that were to be repaired were put."""
    mine = (return_units.c.return_id == before) & (return_units.c.disposition == "repair")
    query = select(return_units.c.place).where(mine, return_units.c.undone == 0)
    return str(tx.execute(query.order_by(return_units.c.id).limit(1)).scalar() or "")
