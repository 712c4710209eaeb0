"""Orders that a return leads to: a replacement, the repaired goods, or the same parcel once more.

Their goods are promised to them from the start, outside any wave: nobody else takes them. The
external id of such an order follows from the return's code, so it exists once, however often its
cause is told.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct
from sqlalchemy import Row, func, insert, select, update

from wms import stock as ledger
from wms.db import Tx
from wms.errors import Code, Rejected
from wms.orders import holds, lifecycle
from wms.orders.new import EXTERNAL_ID_CHARACTERS, NewLine, NewOrder, Recipient
from wms.promises import allocation
from wms.promises.allocate import plan
from wms.promises.allocation import free_stock, needs
from wms.record.event_kinds import OrderCancelled, OrderHeld
from wms.record.events import emit
from wms.returns import again
from wms.returns.again import Piece
from wms.returns.rows import change
from wms.schema import (
    allocations,
    items,
    moves,
    order_lines,
    return_lines,
    return_units,
    returns,
    work_orders,
)
from wms.schema import orders as orders_table
from wms.site.calendar import business_day
from wms.site.calendar import load as calendar_of
from wms.stock import Key
from wms.text import shown

EXCHANGE_WAITS = "return.exchange_waits"  # why a replacement is held: the original is looked at
REPAIR_WAITS = "return.repair_waits"
REFUSED = "return.refused"  # why a replacement is cancelled
UNITS_MAX = 200  # sent back to an owner in one order
SUFFIX = {"exchange": "X", "repair": "S", "reship": "P"}


def reserve_exchange(tx: Tx, row: Row[Any], *, now: int) -> int | None:
    """The order that will send the replacement, held, with its stock promised now. Its id.

    None where the return is for no exchange. Where stock is missing it waits for stock later.
    """
    if row.kind != "exchange" or row.order_id is None:
        return None
    before = select(orders_table.c.id).where(
        orders_table.c.origin == f"return:{row.id}", orders_table.c.kind == "exchange"
    )
    known = tx.execute(before).scalar()
    if known is not None:
        return int(known)
    wanted = func.coalesce(return_lines.c.exchange_item_id, return_lines.c.item_id)
    lines = tx.execute(
        select(items.c.sku, return_lines.c.qty)
        .join(items, items.c.id == wanted)
        .where(return_lines.c.return_id == row.id, return_lines.c.qty > 0)
        .order_by(return_lines.c.line_no)
    ).all()
    order = _make(tx, row, "exchange", [(line.sku, line.qty) for line in lines], now)
    _hold(tx, order, EXCHANGE_WAITS, now)
    _promise_free(tx, order, now)
    change(tx, row.id, exchange_id=order)
    return order


def settle_exchange(tx: Tx, row: Row[Any], *, now: int) -> str:
    """The original was looked at: the replacement goes out for what was accepted of it, once.

    What was refused is not sent, and its promise is given back. Returns the order's external id,
    "" where none goes out.
    """
    query = select(orders_table).where(
        orders_table.c.origin == f"return:{row.id}", orders_table.c.kind == "exchange"
    )
    order = tx.execute(query.with_for_update()).first()
    if order is None or order.state != "held":
        return ""
    accepted = _accepted(tx, row.id)
    goods = (order_lines.c.order_id == order.id) & (order_lines.c.kind == "goods")
    lines = tx.execute(select(order_lines).where(goods).order_by(order_lines.c.line_no)).all()
    mine = select(allocations.c.id).where(
        allocations.c.line_id.in_([line.id for line in lines]), allocations.c.state == "open"
    )
    allocation.release(tx, list(tx.scalars(mine)))
    going = 0
    for line, qty in zip(lines, accepted, strict=True):
        sent = min(qty, line.qty - line.cancelled)  # some may be cancelled meanwhile
        going += sent
        cut = update(order_lines).where(order_lines.c.id == line.id)
        tx.execute(cut.values(cancelled=line.qty - sent))
    left = update(orders_table).where(orders_table.c.id == order.id)
    tx.execute(left.values(pieces=going))
    if not going:
        lifecycle.set_state(tx, [order.id], "cancelled", now=now, reason=REFUSED)
        emit(tx, OrderCancelled(
            owner=order.owner, order_id=order.id, external_id=order.external_id, reason=REFUSED
        ), now=now)  # fmt: skip
        return ""
    _promise_free(tx, order.id, now)
    _let_go(tx, order.id, now)
    return str(order.external_id)


def repair(tx: Tx, row: Row[Any], *, now: int) -> str:
    """What is to be repaired: a work order for each item, and an order that sends the very same
    units back once the work is done. Returns its external id, "" when there is nothing to repair.
    """
    units = tx.execute(
        select(return_units, items.c.sku)
        .join(items, items.c.id == return_units.c.item_id)
        .where(return_units.c.return_id == row.id, return_units.c.undone == 0)
        .where(return_units.c.disposition == "repair")
        .order_by(return_units.c.id)
    ).all()
    if not units:
        return ""
    wanted = Counter[tuple[int, str]]()
    for unit in units:
        wanted[unit.item_id, unit.sku] += unit.qty
    keys = again.where(tx, map(_piece, units))
    lines = [(sku, qty) for (_item, sku), qty in wanted.items()]
    order = _make(tx, row, "repair", lines, now)
    _hold(tx, order, REPAIR_WAITS, now)
    _promise_these(tx, order, keys, why="repair", now=now)
    _work_orders(tx, row, {item: qty for (item, _sku), qty in wanted.items()}, now)
    return _external_id(row, "repair")


def repaired(tx: Tx, work_order: int, *, now: int) -> bool:
    """A work order is done. Once all of its return are, the goods go back to their customer.

    True when that is so by this call; the order is let go once, however often this is told.
    """
    origin = tx.execute(
        select(work_orders.c.origin).where(work_orders.c.id == work_order)
    ).scalar_one()
    undone = select(work_orders.c.id).where(
        work_orders.c.origin == origin, work_orders.c.kind == "repair",
        work_orders.c.state.not_in(("done", "cancelled")),
    )  # fmt: skip
    if not origin or tx.execute(undone.limit(1)).first() is not None:
        return False
    order = tx.execute(
        select(orders_table.c.id, orders_table.c.state)
        .where(orders_table.c.origin == origin, orders_table.c.kind == "repair")
        .with_for_update()
    ).first()
    if order is None or order.state != "held":
        return False
    _let_go(tx, order.id, now)
    return True


def reship(tx: Tx, row: Row[Any], *, now: int) -> str:
    """The undelivered goods go out once more, in a new parcel. Returns the order's external id."""
    came = came_in(tx, row)
    lines: Counter[str] = Counter()
    for (_item, sku, _lot, _serial), qty in came.items():
        lines[sku] += qty
    order = _make(tx, row, "reship", list(lines.items()), now)
    keys = {
        Key(row.place, item, lot, "returned", serial): qty
        for (item, _sku, lot, serial), qty in came.items()
    }
    _promise_these(tx, order, keys, why="reship", now=now)
    return _external_id(row, "reship")


class ToOwner(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where an owner wants what is sent back to them, in one order of theirs."""

    owner: Annotated[str, Meta(min_length=1, max_length=32)]
    shop: Annotated[str, Meta(min_length=1, max_length=32)]
    external_id: Annotated[str, Meta(min_length=1, max_length=EXTERNAL_ID_CHARACTERS)]
    service: Annotated[str, Meta(min_length=1, max_length=32)]
    recipient: Recipient


def send_to_owner(tx: Tx, asked: ToOwner, *, now: int) -> lifecycle.Accepted:
    """Send every unit of closed returns that was set aside for its owner back to them, once.

    The same again gives the same answer. Refuses `RETURN_NOTHING` when none is set aside,
    `STOCK_SHORT` when one is nowhere to be found, and what an order is refused for.
    """
    known = (orders_table.c.owner == asked.owner) & (
        orders_table.c.external_id == asked.external_id
    )
    before = tx.execute(select(orders_table).where(known)).first()
    units = [] if before is not None else _set_aside(tx, asked.owner)
    if before is None and not units:
        raise Rejected(Code.RETURN_NOTHING, returning=shown(asked.owner))
    if before is not None:  # what it sends was decided then
        if before.kind != "transfer":
            raise Rejected(Code.KEY_REUSED, field="external_id", key=shown(asked.external_id))
        names = [name for name in lifecycle.Accepted.__struct_fields__ if name in before._mapping]
        told = {name: before._mapping[name] for name in names}
        return lifecycle.Accepted(order_id=before.id, new=False, **told)
    wanted: Counter[str] = Counter()
    for unit in units:
        wanted[unit.sku] += unit.qty
    keys = again.where(tx, map(_piece, units))
    order = NewOrder(
        owner=asked.owner, shop=asked.shop, external_id=asked.external_id, service=asked.service,
        recipient=asked.recipient,
        lines=tuple(NewLine(sku=sku, qty=qty) for sku, qty in wanted.items()),
    )  # fmt: skip
    answer = lifecycle.accept_own(tx, order, kind="transfer", origin="returns", now=now)
    _promise_these(tx, answer.order_id, keys, why="to_owner", now=now)
    mine = return_units.c.id.in_([unit.id for unit in units])
    tx.execute(update(return_units).where(mine).values(sent_id=answer.order_id))
    return answer


def _piece(unit: Row[Any]) -> Piece:
    return Piece(unit.item_id, unit.lot, unit.serial, unit.qty, unit.place)


def _set_aside(tx: Tx, owner: str) -> Sequence[Row[Any]]:
    """Units of closed returns that wait to be sent back to *owner*, the oldest first, locked."""
    query = (
        select(return_units, items.c.sku)
        .join(items, items.c.id == return_units.c.item_id)
        .join(returns, returns.c.id == return_units.c.return_id)
        .where(returns.c.owner == owner, returns.c.state == "closed")
        .where(return_units.c.disposition == "to_owner", return_units.c.undone == 0)
        .where(return_units.c.sent_id.is_(None))
        .order_by(return_units.c.id)
        .limit(UNITS_MAX)
    )
    return tx.execute(query.with_for_update(of=return_units)).all()


def came_in(tx: Tx, row: Row[Any]) -> Counter[tuple[int, str, str, str]]:
    """What was booked in unopened: (item, SKU, lot, serial) and how many, from the ledger."""
    found: Counter[tuple[int, str, str, str]] = Counter()
    query = (
        select(moves.c.item_id, items.c.sku, moves.c.lot, moves.c.serial, moves.c.qty)
        .join(items, items.c.id == moves.c.item_id)
        .where(moves.c.ref == f"return:{row.id}", moves.c.target == row.place)
        .where(moves.c.reason == "return")
        .order_by(moves.c.id)
    )
    for line in tx.execute(query):
        found[line.item_id, line.sku, line.lot, line.serial] += line.qty
    return found


def _accepted(tx: Tx, number: int) -> list[int]:
    """Of each announced line, in order, how many eaches were accepted."""
    good = (return_units.c.undone == 0) & (return_units.c.refund == 1)
    query = (
        select(return_lines.c.id, func.coalesce(func.sum(return_units.c.qty), 0).label("qty"))
        .outerjoin(return_units, (return_units.c.line_id == return_lines.c.id) & good)
        .where(return_lines.c.return_id == number, return_lines.c.qty > 0)
        .group_by(return_lines.c.id, return_lines.c.line_no)
        .order_by(return_lines.c.line_no)
    )
    return [int(row.qty) for row in tx.execute(query)]


def _external_id(row: Row[Any], kind: str) -> str:
    return f"{row.code}-{SUFFIX[kind]}"


def _make(tx: Tx, row: Row[Any], kind: str, lines: Sequence[tuple[str, int]], now: int) -> int:
    """An order like the one that sent the goods: same shop, service and person. Returns its id."""
    like = tx.execute(select(orders_table).where(orders_table.c.id == row.order_id)).one()
    wanted = NewOrder(
        owner=like.owner, shop=like.shop, external_id=_external_id(row, kind),
        service=like.service, recipient=msgspec.json.decode(like.recipient, type=Recipient),
        lines=tuple(NewLine(sku=sku, qty=qty) for sku, qty in lines),
    )  # fmt: skip
    answer = lifecycle.accept_own(tx, wanted, kind=kind, origin=f"return:{row.id}", now=now)
    return answer.order_id


def _hold(tx: Tx, order: int, reason: str, now: int) -> None:
    row = tx.execute(select(orders_table).where(orders_table.c.id == order)).one()
    before = update(orders_table).where(orders_table.c.id == order)
    tx.execute(before.values(before_hold="" if row.state == "held" else row.state))
    if row.state == "held":  # its address was accepted once: it was sent there
        tx.execute(before.values(state_reason=reason))
    else:
        lifecycle.set_state(tx, [order], "held", now=now, reason=reason)
    emit(tx, OrderHeld(
        owner=row.owner, order_id=order, external_id=row.external_id, reason=reason
    ), now=now)  # fmt: skip


def _let_go(tx: Tx, order: int, now: int) -> None:
    today = business_day(now, calendar_of(tx).zone).isoformat()
    holds.release(tx, order, today=today, now=now, by_return=True)


def _promise_free(tx: Tx, order: int, now: int) -> None:
    """Promise what is free to the order, all of it or nothing."""
    today = business_day(now, calendar_of(tx).zone).isoformat()
    wanted = needs(tx, [order], today=today)
    if wanted:
        decided = plan(wanted, free_stock(tx, sorted({need.item for need in wanted})))
        allocation.promise(tx, decided.takes, wave=None, now=now)


def _promise_these(tx: Tx, order: int, keys: Mapping[Key, int], *, why: str, now: int) -> None:
    """Promise these very units to the order. They are nobody's to sell: *why* overrides that."""
    mine = select(order_lines.c.item_id, order_lines.c.id).where(order_lines.c.order_id == order)
    line_of = {row.item_id: row.id for row in tx.execute(mine)}
    held = select(allocations.c.id).where(allocations.c.line_id.in_(line_of.values()))
    if tx.execute(held.limit(1)).first() is not None:
        return
    ledger.promise(tx, dict(keys))
    tx.execute(insert(allocations), [
        {
            "line_id": line_of[key.item], "item_id": key.item, "lot": key.lot,
            "condition": key.condition, "serial": key.serial, "place": key.place, "qty": qty,
            "state": "open", "override": why, "created_ms": now,
        }
        for key, qty in keys.items()
    ])  # fmt: skip


def _work_orders(tx: Tx, row: Row[Any], wanted: Mapping[int, int], now: int) -> None:
    for item, qty in wanted.items():
        values = {
            "code": f"{row.code}-{item}", "owner": row.owner, "external_id": row.external_id,
            "kind": "repair", "item_id": item, "qty": qty, "origin": f"return:{row.id}",
            "created_ms": now,
        }  # fmt: skip
        made = insert(work_orders).values(values).returning(work_orders.c.id)
        number = tx.execute(made).scalar_one()
        code = update(work_orders).where(work_orders.c.id == number)
        tx.execute(code.values(code=f"W{number:07d}"))
