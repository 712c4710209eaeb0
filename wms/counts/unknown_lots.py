"""Lots that a count finds and nobody knew: kept, and held where something of them is not known."""

from collections.abc import Sequence

from sqlalchemy import insert, select

from wms.counts.rules import Tally
from wms.dates import is_date
from wms.db import Tx
from wms.schema import items, lots


def know(tx: Tx, seen: Sequence[Tally], *, believed: bool) -> None:
    """A lot that nobody knew is held until somebody has looked at it: its expiry is not known.

    Of opening stock it is *believed*, unless an expiry should be known and is not; of goods that
    only expire the lot is the date.
    """
    found = sorted({(tally.item, tally.lot) for tally in seen if tally.qty})
    if not found:
        return
    numbers = {item for item, _lot in found}
    known = set(
        tx.execute(select(lots.c.item_id, lots.c.lot).where(lots.c.item_id.in_(numbers)))
    )  # fmt: skip
    about = select(items.c.id, items.c.lot_tracked, items.c.expiry_tracked)
    kept = {row.id: row for row in tx.execute(about.where(items.c.id.in_(numbers)))}
    fresh = []
    for item, lot in found:
        if (item, lot) in known:
            continue
        expires = bool(kept[item].expiry_tracked)
        dated = expires and not kept[item].lot_tracked and is_date(lot)
        sure = believed and (dated or not expires)
        fresh.append({
            "item_id": item, "lot": lot, "expiry": lot if dated else "",
            "held": int(bool(lot) and not sure),
        })  # fmt: skip
    if fresh:
        tx.execute(insert(lots), fresh)
