"""What orders lack: eaches that are neither promised, picked nor packed."""

from sqlalchemy import func, select

from wms.db import Tx
from wms.schema import allocations, items, order_lines


def lacking(tx: Tx, order: int) -> dict[str, int]:
    """Eaches by SKU that *order* still lacks (its one-piece unit of a wave's total counts as
    lacking until the bench gave it one)."""
    has = (
        select(allocations.c.line_id, func.sum(allocations.c.qty).label("qty"))
        .where(allocations.c.state.in_(("open", "picked")), allocations.c.line_id.is_not(None))
        .group_by(allocations.c.line_id)
        .subquery()
    )
    missing = (
        order_lines.c.qty - order_lines.c.cancelled - order_lines.c.packed
        - func.coalesce(has.c.qty, 0)
    )  # fmt: skip
    query = (
        select(items.c.sku, func.sum(missing).label("qty"))
        .join(items, items.c.id == order_lines.c.item_id)
        .outerjoin(has, has.c.line_id == order_lines.c.id)
        .where(order_lines.c.order_id == order, missing > 0)
        .group_by(items.c.sku)
    )
    return {row.sku: int(row.qty) for row in tx.execute(query)}
