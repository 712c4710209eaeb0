"""Orders that wait for stock: their state, and the events that say of what there is too little."""

from collections.abc import Sequence

from sqlalchemy import select

from wms import orders as order_book
from wms.allocate import Missing
from wms.db import Tx
from wms.event_kinds import OrderShort
from wms.events import emit
from wms.schema import items, order_lines, orders


def orders_short(tx: Tx, missing: Sequence[Missing], now: int) -> tuple[str, ...]:
    """Tell which lines wait for stock; their orders are short now. Returns the orders' codes."""
    if not missing:
        return ()
    missing_of = {one.line: one.qty for one in missing}
    query = (
        select(orders.c.id, orders.c.code, orders.c.owner, orders.c.external_id, orders.c.state,
               order_lines.c.id.label("line"), order_lines.c.line_no, items.c.sku)
        .join(order_lines, order_lines.c.order_id == orders.c.id)
        .join(items, items.c.id == order_lines.c.item_id)
        .where(order_lines.c.id.in_(missing_of))
        .order_by(orders.c.id, order_lines.c.line_no)
    )  # fmt: skip
    rows = list(tx.execute(query))
    walking = [row.id for row in rows if row.state in ("accepted", "released")]
    order_book.set_state(tx, walking, "short", now=now)
    told = [
        OrderShort(
            owner=row.owner, order_id=row.id, external_id=row.external_id, line_no=row.line_no,
            sku=row.sku, missing=missing_of[row.line],
        )
        for row in rows
    ]  # fmt: skip
    emit(tx, *told, now=now)
    return tuple(dict.fromkeys(row.code for row in rows))
