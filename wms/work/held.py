"""Lots that are held (recalled, or for a look): nothing is made of them that could leave.

Orders keep to it where stock is promised, at the shelf and at the bench (`picking.fitness`).
"""

from sqlalchemy import ColumnElement, select

from wms.db import Tx
from wms.errors import Code, Rejected
from wms.schema import allocations, items, lots


def refuse(tx: Tx, which: ColumnElement[bool]) -> None:
    """Refuse `WORK_LOT_HELD` where *which* allocations are of a lot that is held.

    The lots are locked: whoever recalls one at this moment waits, and then sees what became of it.
    """
    same = (allocations.c.item_id == lots.c.item_id) & (allocations.c.lot == lots.c.lot)
    query = (
        select(lots.c.lot, lots.c.held, items.c.sku)
        .join(allocations, same)
        .join(items, items.c.id == lots.c.item_id)
        .where(which)
        .order_by(lots.c.item_id, lots.c.lot)
    )
    found = tx.execute(query.with_for_update(of=lots, read=True)).all()
    held = next((row for row in found if row.held), None)
    if held is not None:
        raise Rejected(Code.WORK_LOT_HELD, item=held.sku, lot=held.lot or "-")
