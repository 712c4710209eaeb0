"""Where goods lie, where they have been, and to whom they are promised: what a look-up shows."""

from collections.abc import Sequence
from typing import Any

from msgspec import Struct
from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Row,
    Select,
    case,
    func,
    or_,
    select,
    union_all,
)

from wms.db import Tx
from wms.schema import (
    allocations,
    inbound_lines,
    inbounds,
    items,
    lots,
    moves,
    order_lines,
    orders,
    people,
    stock,
)

ROWS_MAX = 50
PASSAGES_MAX = 20
Owners = frozenset[str] | None  # whose goods are shown; None: everybody's


class Stored(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Eaches of one kind in one place; `allocated` of them are promised."""

    place: str
    owner: str
    sku: str
    name: str
    qty: int
    condition: str
    allocated: int = 0
    lot: str = ""
    expiry: str = ""
    serial: str = ""


class Promise(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Eaches that somebody may count on: an order (`to`), or a wave or a task ("")."""

    to: str
    place: str
    sku: str
    qty: int
    state: str
    ship_date: str = ""


class Passage(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One line of the ledger: eaches of an item, or a whole container."""

    at_ms: int
    who: str
    source: str
    target: str
    qty: int = 0
    sku: str = ""
    lot: str = ""
    serial: str = ""
    container: str = ""
    reason: str = ""
    ref: str = ""


def stored(
    tx: Tx, *, items: Sequence[int] = (), place: str = "", lot: str = "", serial: str = "",
    owners: Owners = None,
) -> tuple[Stored, ...]:  # fmt: skip
    """What lies where, of *items* or at *place*; the biggest heaps of an item first."""
    wanted = [stock.c.qty > 0, *_narrowed(stock, items, lot, serial), *_of(owners)]
    if place:
        wanted.append(stock.c.place == place)
    rows = tx.execute(_stock(wanted))
    return tuple(
        Stored(
            place=row.place, owner=row.owner, sku=row.sku, name=row.name, qty=row.qty,
            condition=row.condition, allocated=row.allocated, lot=row.lot, expiry=row.expiry,
            serial=row.serial if row.n == 1 else "",
        )
        for row in rows
    )  # fmt: skip


def _stock(wanted: Sequence[ColumnElement[bool]]) -> Select[Any]:
    """Serialised units of one place are one heap."""
    key = (
        stock.c.place, items.c.owner, items.c.sku, items.c.name, stock.c.lot, lots.c.expiry,
        stock.c.condition,
    )  # fmt: skip
    return (
        select(
            *key, func.sum(stock.c.qty).label("qty"),
            func.sum(stock.c.allocated).label("allocated"),
            func.min(stock.c.serial).label("serial"), func.count().label("n"),
        )
        .join(items, items.c.id == stock.c.item_id)
        .join(lots, (lots.c.item_id == stock.c.item_id) & (lots.c.lot == stock.c.lot))
        .where(*wanted)
        .group_by(*key)
        .order_by(items.c.sku, func.sum(stock.c.qty).desc(), stock.c.place, stock.c.lot)
        .limit(ROWS_MAX)
    )  # fmt: skip


def incoming(tx: Tx, wanted: Sequence[int]) -> int:
    """Eaches of these items that deliveries announce and that have not arrived."""
    missing = inbound_lines.c.qty - inbound_lines.c.received - inbound_lines.c.damaged
    query = (
        select(func.sum(case((missing > 0, missing), else_=0)))
        .join(inbounds, inbounds.c.id == inbound_lines.c.inbound_id)
        .where(inbound_lines.c.item_id.in_(wanted), inbounds.c.state.in_(("expected", "receiving")))
    )
    return int(tx.scalar(query) or 0)


def promises(
    tx: Tx, *, items: Sequence[int] = (), place: str = "", lot: str = "", serial: str = "",
    owners: Owners = None,
) -> tuple[Promise, ...]:  # fmt: skip
    """What is promised of *items* or at *place*, the most urgent first."""
    wanted = [*_narrowed(allocations, items, lot, serial), *_of(owners)]
    if place:
        wanted.append(allocations.c.place == place)
    return _promises(tx, wanted)


def promises_of_order(tx: Tx, order: int) -> tuple[Promise, ...]:
    """What is promised to one order."""
    return _promises(tx, [order_lines.c.order_id == order])


def _promises(tx: Tx, wanted: Sequence[ColumnElement[bool]]) -> tuple[Promise, ...]:
    rows = tx.execute(
        select(
            allocations.c.place, allocations.c.qty, allocations.c.state, items.c.sku,
            orders.c.code, orders.c.ship_date,
        )
        .join(items, items.c.id == allocations.c.item_id)
        .outerjoin(order_lines, order_lines.c.id == allocations.c.line_id)
        .outerjoin(orders, orders.c.id == order_lines.c.order_id)
        .where(allocations.c.state.in_(("open", "picked")), *wanted)
        .order_by(orders.c.ship_date, allocations.c.id)
        .limit(ROWS_MAX)
    )  # fmt: skip
    return tuple(
        Promise(
            to=row.code or "", place=row.place, sku=row.sku, qty=row.qty, state=row.state,
            ship_date=row.ship_date or "",
        )
        for row in rows
    )  # fmt: skip


def passages(
    tx: Tx, *, items: Sequence[int] = (), place: str = "", lot: str = "", serial: str = "",
    owners: Owners = None,
) -> tuple[Passage, ...]:  # fmt: skip
    """The last lines of the ledger about *items* or *place*, the newest first."""
    wanted = [*_narrowed(moves, items, lot, serial), *_of(owners, containers=True)]
    if place:
        wanted.append(moves.c.id.in_(_last_of(place)))
    rows = tx.execute(_moves(wanted)).all()
    names = _names(tx, rows)
    return tuple(
        Passage(
            at_ms=row.at_ms, who=names.get(row.actor, row.actor.partition(":")[2] or row.actor),
            source=row.source, target=row.target, qty=row.qty, sku=row.sku or "", lot=row.lot,
            serial=row.serial, container=row.container or "", reason=row.reason, ref=row.ref,
        )
        for row in rows
    )  # fmt: skip


def _last_of(place: str) -> CompoundSelect[Any]:
    """The newest moves from, to and of a place, each by its index: OR would read the ledger."""
    columns = (moves.c.source, moves.c.target, moves.c.container)
    parts = [
        select(moves.c.id).where(column == place).order_by(moves.c.id.desc()).limit(PASSAGES_MAX)
        .subquery()
        for column in columns
    ]  # fmt: skip
    return union_all(*(select(part.c.id) for part in parts))


def _moves(wanted: Sequence[ColumnElement[bool]]) -> Select[Any]:
    return (
        select(moves, items.c.sku)
        .outerjoin(items, items.c.id == moves.c.item_id)
        .where(*wanted)
        .order_by(moves.c.id.desc())
        .limit(PASSAGES_MAX)
    )


def _names(tx: Tx, rows: Sequence[Row[Any]]) -> dict[str, str]:
    """Who the actors `person:3` are."""
    numbers = {
        int(number)
        for kind, _, number in (row.actor.partition(":") for row in rows)
        if kind == "person" and number.isdigit()
    }
    if not numbers:
        return {}
    named = tx.execute(select(people.c.id, people.c.name).where(people.c.id.in_(numbers)))
    return {f"person:{row.id}": row.name for row in named}


def _of(owners: Owners, *, containers: bool = False) -> list[ColumnElement[bool]]:
    """Of these owners only; moves of whole *containers* say nothing of their goods."""
    if owners is None:
        return []
    mine = items.c.owner.in_(sorted(owners))
    return [or_(mine, items.c.id.is_(None)) if containers else mine]


def _narrowed(
    table: Any, wanted: Sequence[int], lot: str, serial: str
) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted:
        found.append(table.c.item_id.in_(wanted))
    if lot:
        found.append(table.c.lot == lot)
    if serial:
        found.append(table.c.serial == serial)
    return found
