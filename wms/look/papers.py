"""What a look-up says of papers: orders, deliveries, returns and work orders, with their lines."""

from sqlalchemy import Column, ColumnElement, select

from wms.counts import stocktakes
from wms.db import Tx
from wms.look.found import Asking, Found, Subject, facts
from wms.look.goods import Stored, promises_of_order
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
    return Found(
        kind="order", code=row.code,
        facts=facts(
            ("order_state", row.state), ("reason", row.state_reason), ("owner", row.owner),
            ("external_id", row.external_id), ("ship_date", row.ship_date),
            ("service", row.service), ("parcels", ", ".join(boxes_of)), ("origin", row.origin),
        ),
        stock=_lines(tx, order_lines.c.order_id == row.id, order_lines.c.packed),
        promises=promises_of_order(tx, row.id),
    )  # fmt: skip


def _lines(tx: Tx, mine: ColumnElement[bool], done: Column[int]) -> tuple[Stored, ...]:
    """The lines of a paper that are *mine*: `qty` wanted, `allocated` of them *done*."""
    lines = done.table
    order = lines.c.line_no if "line_no" in lines.c else items.c.sku
    query = (
        select(items.c.owner, items.c.sku, items.c.name, lines.c.qty, done.label("done"))
        .join(items, items.c.id == lines.c.item_id)
        .where(mine)
        .order_by(order)
    )
    return tuple(
        Stored(
            place="", owner=row.owner, sku=row.sku, name=row.name, qty=row.qty,
            allocated=row.done, condition="available",
        )
        for row in tx.execute(query)
    )  # fmt: skip


def inbound(tx: Tx, subject: Subject, asking: Asking) -> Found | None:
    """A delivery: how much of each line has come, and where it stands."""
    row = tx.execute(select(inbounds).where(inbounds.c.id == subject.id)).first()
    if row is None or not asking.sees(row.owner):
        return None
    return Found(
        kind="inbound", code=row.code,
        facts=facts(
            ("paper_state", row.state), ("owner", row.owner), ("external_id", row.external_id),
            ("supplier", row.supplier), ("expected_date", row.expected_date), ("stands", row.dock),
        ),
        stock=_lines(tx, inbound_lines.c.inbound_id == row.id, inbound_lines.c.received),
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
    return Found(
        kind="return", code=row.code,
        facts=facts(
            ("paper_state", row.state), ("return_kind", row.kind), ("owner", row.owner),
            ("external_id", row.external_id), ("order", row.order or ""), ("reason", row.reason),
        ),
        stock=_lines(tx, return_lines.c.return_id == row.id, return_lines.c.graded),
    )  # fmt: skip


def work(tx: Tx, subject: Subject, asking: Asking) -> Found | None:
    """A work order: what is made of which materials, and how far it is."""
    query = select(work_orders, items.c.sku, items.c.name)
    mine = query.join(items, items.c.id == work_orders.c.item_id)
    row = tx.execute(mine.where(work_orders.c.id == subject.id)).first()
    if row is None or not asking.sees(row.owner):
        return None
    return Found(
        kind="work", code=row.code, name=row.name,
        facts=facts(
            ("work_state", row.state), ("work_kind", row.kind), ("owner", row.owner),
            ("sku", row.sku), ("progress", f"{row.done}/{row.qty}"),
            ("external_id", row.external_id), ("station", row.station), ("origin", row.origin),
        ),
        stock=_lines(tx, work_materials.c.work_id == row.id, work_materials.c.used),
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
