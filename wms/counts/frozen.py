"""A stocktake freezes places: nothing is set down there or taken away before its owner has signed.

Goods that were promised before it began are kept back by `picking.fitness`, and what a machine or
paper says afterwards has happened: that is booked, and counted once more (`stocktakes.recount`).
"""

from collections.abc import Iterable

from sqlalchemy import or_, select

from wms.counts.counting import LIVE, STOCKTAKE
from wms.db import Tx
from wms.errors import Code, Rejected
from wms.schema import counts, places, stocktakes


def refuse(tx: Tx, codes: Iterable[str]) -> None:
    """Refuses `PLACE_FROZEN`, and says by which stocktake, where one of *codes* (places or
    containers), or the place in which it stands at whatever depth, is being counted."""
    top = select(places.c.code, places.c.parent, places.c.blocked)
    around = top.where(places.c.code.in_(sorted(set(codes)))).cte("around", recursive=True)
    outer = places.alias("outer")
    above = select(outer.c.code, outer.c.parent, outer.c.blocked)
    around = around.union(above.join(around, outer.c.code == around.c.parent))
    running = (  # what is closed for another reason (quarantine) stays so, and is counted as well
        select(counts.c.place)
        .join(stocktakes, stocktakes.c.id == counts.c.stocktake_id)
        .join(places, places.c.code == counts.c.place)
        .where(counts.c.state.in_(LIVE), places.c.kind != "station")
    )
    closed = select(around.c.code).where(
        or_(around.c.blocked == STOCKTAKE, around.c.code.in_(running))
    )
    frozen = tx.scalar(closed.order_by(around.c.code).limit(1))
    if frozen is None:
        return
    mine = (counts.c.place == frozen) & counts.c.state.in_(LIVE)
    which = (
        select(stocktakes.c.code)
        .join(counts, counts.c.stocktake_id == stocktakes.c.id)
        .where(mine)
        .limit(1)
    )
    raise Rejected(Code.PLACE_FROZEN, place=frozen, stocktake=tx.scalar(which) or "-")
