"""What a look-up says of papers: orders, deliveries, returns and work orders, with their lines."""

from typing import Any

from sqlalchemy import select

from wms import stocktakes
from wms.db import Tx
from wms.look_found import Asking, Found, Subject, facts
from wms.look_goods import Stored, promises_of_order
from wms.schema import (
    inbound_lines,
    inbounds,
    items,
    order_lines,
    orders,
    parcels,
    return_lines,
    returns,
    work_materials,
    work_orders,
)


def order(tx: Tx, subject: Subject, asking: Asking) -> Found | None:
    """An order: its state, its boxes, how much of each line is packed, where its goods are now."""
    row = tx.execute(select(orders).where(orders.c.id == subject.id)).first()
    if row is None or not asking.sees(row.owner):
        return None
    boxes_of = tx.scalars(
        select(parcels.c.code).where(parcels.c.order_id == row.id, parcels.c.state != "void")
        .order_by(parcels.c.piece)
    ).all()  # fmt: skip
    lines = (
        select(items.c.owner, items.c.sku, items.c.name, order_lines.c.qty, order_lines.c.packed)
        .join(items, items.c.id == order_lines.c.item_id)
        .where(order_lines.c.order_id == row.id)
        .order_by(order_lines.c.line_no)
    )
    return Found(
        kind="order", code=row.code,
        facts=facts(
            ("order_state", row.state), ("reason", row.state_reason), ("owner", row.owner),
            ("external_id", row.external_id), ("ship_date", row.ship_date),
            ("service", row.service), ("parcels", ", ".join(boxes_of)), ("origin", row.origin),
        ),
        stock=tuple(_line(line, line.packed) for line in tx.execute(lines)),
        promises=promises_of_order(tx, row.id),
    )  # fmt: skip


def _line(row: Any, done: int) -> Stored:
    """A line of a paper: `qty` wanted, `allocated` of them done."""
    return Stored(
        place="", owner=row.owner, sku=row.sku, name=row.name, qty=row.qty, allocated=done,
        condition="available",
    )  # fmt: skip


def inbound(tx: Tx, subject: Subject, asking: Asking) -> Found | None:
    """A delivery: how much of each line has come, and where it stands."""
    row = tx.execute(select(inbounds).where(inbounds.c.id == subject.id)).first()
    if row is None or not asking.sees(row.owner):
        return None
    lines = (
        select(items.c.owner, items.c.sku, items.c.name, inbound_lines.c.qty,
               inbound_lines.c.received)
        .join(items, items.c.id == inbound_lines.c.item_id)
        .where(inbound_lines.c.inbound_id == row.id)
        .order_by(inbound_lines.c.line_no)
    )  # fmt: skip
    return Found(
        kind="inbound", code=row.code,
        facts=facts(
            ("paper_state", row.state), ("owner", row.owner), ("external_id", row.external_id),
            ("supplier", row.supplier), ("expected_date", row.expected_date), ("stands", row.dock),
        ),
        stock=tuple(_line(line, line.received) for line in tx.execute(lines)),
    )  # fmt: skip


def returned(tx: Tx, subject: Subject, asking: Asking) -> Found | None:
    """A return: what was announced, and how much of it was graded."""
    row = tx.execute(
        select(returns, orders.c.code.label("order"))
        .outerjoin(orders, orders.c.id == returns.c.order_id)
        .where(returns.c.id == subject.id)
    ).first()
    if row is None or not asking.sees(row.owner):
        return None
    lines = (
        select(items.c.owner, items.c.sku, items.c.name, return_lines.c.qty, return_lines.c.graded)
        .join(items, items.c.id == return_lines.c.item_id)
        .where(return_lines.c.return_id == row.id)
        .order_by(return_lines.c.line_no)
    )
    return Found(
        kind="return", code=row.code,
        facts=facts(
            ("paper_state", row.state), ("return_kind", row.kind), ("owner", row.owner),
            ("external_id", row.external_id), ("order", row.order or ""), ("reason", row.reason),
        ),
        stock=tuple(_line(line, line.graded) for line in tx.execute(lines)),
    )  # fmt: skip


def work(tx: Tx, subject: Subject, asking: Asking) -> Found | None:
    """A work order: what is made of which materials, and how far it is."""
    query = select(work_orders, items.c.sku, items.c.name)
    mine = query.join(items, items.c.id == work_orders.c.item_id)
    row = tx.execute(mine.where(work_orders.c.id == subject.id)).first()
    if row is None or not asking.sees(row.owner):
        return None
    lines = (
        select(items.c.owner, items.c.sku, items.c.name, work_materials.c.qty,
               work_materials.c.used)
        .join(items, items.c.id == work_materials.c.item_id)
        .where(work_materials.c.work_id == row.id)
        .order_by(items.c.sku)
    )  # fmt: skip
    return Found(
        kind="work", code=row.code, name=row.name,
        facts=facts(
            ("work_state", row.state), ("work_kind", row.kind), ("owner", row.owner),
            ("sku", row.sku), ("progress", f"{row.done}/{row.qty}"),
            ("external_id", row.external_id), ("station", row.station), ("origin", row.origin),
        ),
        stock=tuple(_line(line, line.used) for line in tx.execute(lines)),
    )  # fmt: skip


def stocktake(tx: Tx, subject: Subject, asking: Asking) -> Found | None:
    """A stocktake: whose goods, how far it is, and who has signed."""
    one = stocktakes.show(tx, subject.code)
    if one.owner and not asking.sees(one.owner):
        return None
    return Found(
        kind="stocktake", code=one.code,
        facts=facts(
            ("stocktake_state", one.state), ("owner", one.owner), ("zone", one.zone),
            ("progress", f"{one.counted}/{one.places}"), ("differing", one.differing),
            ("signed_by", one.signed_by),
        ),
    )  # fmt: skip
