"""A recall: a lot is held wherever it lies, nobody gets any more of it, and who has it is told.

What was promised of it is looked for elsewhere, picked goods are put back, orders with some of it
in a box are held. Where all of it went is one answer, down to the orders that have left.
"""

from typing import Annotated, Any

from msgspec import Meta, Struct
from sqlalchemy import Row, String, cast, exists, func, literal, select, update

from picking.taken_back import take_back
from wms.db import Tx
from wms.errors import Code, Rejected
from wms.orders import holds
from wms.promises import allocation as promises
from wms.record.event_changes import LotHeld, LotReleased
from wms.record.events import emit
from wms.schema import (
    allocations,
    items,
    lots,
    order_lines,
    orders,
    parcel_lines,
    parcels,
    stock,
    tasks,
    work_orders,
)
from wms.site import items as item_book
from wms.stock import KIT
from wms.text import clean, shown

REASON = "order.lot_held"  # why an order with some of it in a box is held
REASON_CHARACTERS = 100
OVER = ("shipped", "cancelled")


class LotNamed(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A lot of an owner's item; lot "" is all of an item that has none. `reason` is for people."""

    owner: Annotated[str, Meta(min_length=1, max_length=32)]
    sku: Annotated[str, Meta(min_length=1, max_length=64)]
    lot: Annotated[str, Meta(max_length=64)] = ""
    reason: Annotated[str, Meta(max_length=REASON_CHARACTERS)] = ""


class Lying(Struct, frozen=True, kw_only=True):
    """Eaches of the lot at a place (a bin, a tote, a box)."""

    place: str
    condition: str
    qty: int


class With(Struct, frozen=True, kw_only=True):
    """An order that has, or got, eaches of the lot: promised, picked, boxed or shipped."""

    order: str
    external_id: str
    state: str
    stage: str
    qty: int


class Used(Struct, frozen=True, kw_only=True):
    """Work that eaches of the lot went into: `qty` of them, `made` pieces of `sku` came of it.

    `lot` is that of the pieces, "" where the book knows no lots of them: hold and look for it next.
    """

    work: str
    kind: str
    sku: str
    lot: str
    qty: int
    made: int


class Whereabouts(Struct, frozen=True, kw_only=True):
    """Where all of a lot is. `waiting`: codes of orders that this very call took goods from."""

    owner: str
    sku: str
    lot: str
    expiry: str
    held: bool
    places: tuple[Lying, ...]
    orders: tuple[With, ...]
    used: tuple[Used, ...] = ()
    waiting: tuple[str, ...] = ()


def hold(tx: Tx, named: LotNamed, *, key: str, today: str, now: int) -> Whereabouts:
    """Nothing of the lot leaves from now on. Again: no effect, and where it is by now.

    *key* is the cause. Refuses `REFERENCE_UNKNOWN`.
    """
    row = _lot(tx, named)
    mine = (lots.c.item_id == row.item_id) & (lots.c.lot == row.lot)
    first = tx.execute(update(lots).where(mine, lots.c.held == 0).values(held=1)).rowcount == 1
    live = select(allocations.c.id).where(
        allocations.c.item_id == row.item_id, allocations.c.lot == row.lot,
        allocations.c.state.in_(("open", "picked")), allocations.c.task_id.is_(None),
    )  # fmt: skip
    promised = list(tx.scalars(live.order_by(allocations.c.id).with_for_update()))
    waiting = take_back(tx, promised, key=key, today=today, now=now)
    for_the_house = select(allocations.c.id).where(
        allocations.c.item_id == row.item_id, allocations.c.lot == row.lot,
        allocations.c.state == "open", allocations.c.task_id.is_not(None),
    )  # fmt: skip
    promises.release(tx, list(tx.scalars(for_the_house)))  # no kit is made of it
    for order in _boxed(tx, row):
        holds.hold(tx, order, reason=REASON, now=now)
    if first:
        why = clean(named.reason, field="reason", max=REASON_CHARACTERS)
        emit(tx, LotHeld(
            owner=named.owner, item_id=row.item_id, sku=named.sku, lot=row.lot, reason=why
        ), now=now)  # fmt: skip
    return _view(tx, named, waiting)


def release(tx: Tx, named: LotNamed, *, today: str, now: int) -> Whereabouts:
    """The lot may leave again, and the orders go on that were held for it alone."""
    row = _lot(tx, named)
    mine = (lots.c.item_id == row.item_id) & (lots.c.lot == row.lot)
    if tx.execute(update(lots).where(mine, lots.c.held == 1).values(held=0)).rowcount:
        emit(tx, LotReleased(
            owner=named.owner, item_id=row.item_id, sku=named.sku, lot=row.lot
        ), now=now)  # fmt: skip
    for order in _boxed(tx, row):
        if not tx.scalar(select(_has_held(order))):
            holds.release(tx, order, today=today, now=now)
    return _view(tx, named)


def where(tx: Tx, named: LotNamed) -> Whereabouts:
    """Where the lot lies, and which orders have or got of it. Reads only."""
    return _view(tx, named)


def _lot(tx: Tx, named: LotNamed, *, lock: bool = True) -> Row[Any]:
    item = item_book.ids_of(tx, [(named.owner, named.sku)]).get((named.owner, named.sku))
    if item is None:
        raise Rejected(Code.REFERENCE_UNKNOWN, field="sku", value=shown(named.sku))
    query = select(lots).where(lots.c.item_id == item, lots.c.lot == named.lot)
    row = tx.execute(query.with_for_update() if lock else query).first()
    if row is None:
        raise Rejected(Code.REFERENCE_UNKNOWN, field="lot", value=shown(named.lot))
    return row


def _boxed(tx: Tx, row: Row[Any]) -> list[int]:
    """Orders that are still here with some of the lot in a box, and are not held otherwise."""
    query = (
        _in_boxes(row)
        .with_only_columns(orders.c.id)
        .where(orders.c.state.not_in(OVER), parcels.c.state != "shipped")
        .where((orders.c.state != "held") | (orders.c.state_reason == REASON))
        .distinct()
    )
    return list(tx.scalars(query.order_by(orders.c.id)))


def _in_boxes(row: Row[Any]) -> Any:
    return (
        select(orders.c.code)
        .join(order_lines, order_lines.c.order_id == orders.c.id)
        .join(parcel_lines, parcel_lines.c.line_id == order_lines.c.id)
        .join(parcels, parcels.c.id == parcel_lines.c.parcel_id)
        .where(order_lines.c.item_id == row.item_id, parcel_lines.c.lot == row.lot)
        .where(parcels.c.state != "void")
    )


def _has_held(order: int) -> Any:
    """Whether a box of *order* holds goods of any lot that is held."""
    return exists().where(
        order_lines.c.order_id == order, parcel_lines.c.line_id == order_lines.c.id,
        parcels.c.id == parcel_lines.c.parcel_id, parcels.c.state.not_in(("void", "shipped")),
        lots.c.item_id == order_lines.c.item_id, lots.c.lot == parcel_lines.c.lot,
        lots.c.held == 1,
    )  # fmt: skip


def _view(tx: Tx, named: LotNamed, waiting: tuple[str, ...] = ()) -> Whereabouts:
    row = _lot(tx, named, lock=False)
    lying = (
        select(stock.c.place, stock.c.condition, func.sum(stock.c.qty).label("qty"))
        .where(stock.c.item_id == row.item_id, stock.c.lot == row.lot, stock.c.qty > 0)
        .group_by(stock.c.place, stock.c.condition)
        .order_by(stock.c.place, stock.c.condition)
    )
    told = (orders.c.code, orders.c.external_id, orders.c.state)
    promised = (
        select(*told, allocations.c.state.label("stage"), func.sum(allocations.c.qty).label("qty"))
        .join(order_lines, order_lines.c.order_id == orders.c.id)
        .join(allocations, allocations.c.line_id == order_lines.c.id)
        .where(allocations.c.item_id == row.item_id, allocations.c.lot == row.lot)
        .where(allocations.c.state.in_(("open", "picked")))
        .group_by(*told, allocations.c.state)
    )
    stage = parcels.c.state.label("stage")
    boxed = (
        _in_boxes(row)
        .with_only_columns(*told, stage, func.sum(parcel_lines.c.qty).label("qty"))
        .group_by(*told, stage)
    )
    having = sorted((*tx.execute(promised), *tx.execute(boxed)), key=lambda one: tuple(one))
    return Whereabouts(
        owner=named.owner, sku=named.sku, lot=row.lot, expiry=row.expiry, held=bool(row.held),
        places=tuple(Lying(place=p, condition=c, qty=int(q)) for p, c, q in tx.execute(lying)),
        orders=tuple(
            With(order=code, external_id=name, state=state, stage=at, qty=int(qty))
            for code, name, state, at, qty in having
        ),
        used=_used(tx, row), waiting=waiting,
    )  # fmt: skip


def _used(tx: Tx, row: Row[Any]) -> tuple[Used, ...]:
    """Kits and other work that goods of the lot went into, the oldest first."""
    own = lots.alias("own")
    its_task = tasks.c.ref == literal("work:") + cast(work_orders.c.id, String)
    query = (
        select(
            work_orders.c.code, work_orders.c.kind, items.c.sku,
            func.coalesce(own.c.lot, "").label("lot"),
            func.sum(allocations.c.qty).label("qty"), work_orders.c.done,
        )
        .join(tasks, tasks.c.id == allocations.c.task_id)
        .join(work_orders, its_task)
        .join(items, items.c.id == work_orders.c.item_id)
        .outerjoin(own, (own.c.item_id == items.c.id) & (own.c.lot == work_orders.c.code))
        .where(allocations.c.item_id == row.item_id, allocations.c.lot == row.lot)
        .where(allocations.c.place == KIT)
        .group_by(work_orders.c.id, items.c.sku, own.c.lot)
        .order_by(work_orders.c.id)
    )  # fmt: skip
    return tuple(
        Used(work=code, kind=kind, sku=sku, lot=lot, qty=int(qty), made=done)
        for code, kind, sku, lot, qty, done in tx.execute(query)
    )
