"""Where what was made by hand is put: by the rules of the shelves, and never where it is closed.

What was made is for sale at once, so it may not lie in a quarantine place either.
"""

from sqlalchemy import select

from wms.counts import frozen
from wms.db import Tx
from wms.errors import Code, Rejected
from wms.returns import restock
from wms.schema import items, places, work_orders
from wms.schema.goods import MOVING, STORED
from wms.storage import put_back
from wms.storage.contents import candidates
from wms.storage.putaway import QUARANTINE, SOUND, propose
from wms.work.jobs import MADE_OF_PARTS

PUT_WHERE = (*STORED, "dock", "buffer", "station", "tote", "carton", "pallet")


def refuse(tx: Tx, place: str, *, item: int, lot: str) -> None:
    """Refuse *place* for units of *item* that were made just now.

    Refuses `PUT_BACK_PLACE`, `PLACE_FROZEN`, `PUT_BACK_BLOCKED` (it is closed, or a container that
    stands in quarantine), and on a shelf what `put_back.why_not` says.
    """
    row = tx.execute(select(places).where(places.c.code == place)).first()
    if row is None or row.kind not in PUT_WHERE:
        raise Rejected(Code.PUT_BACK_PLACE, place=place)
    frozen.refuse(tx, [place])
    around = select(places.c.blocked).where(places.c.code == row.parent)
    if row.blocked or (row.kind in MOVING and tx.scalar(around) == QUARANTINE):
        raise Rejected(Code.PUT_BACK_BLOCKED, place=place)
    if row.kind in STORED:
        refusal = put_back.why_not(tx, [place], item=item, lot=lot)[place]
        if refusal is not None:
            raise refusal


def proposal(tx: Tx, work: int, *, qty: int, today: str) -> str:
    """The shelf where *qty* kits of *work* do best; "" where none is known, or several things came
    out of it."""
    row = tx.execute(select(work_orders).where(work_orders.c.id == work)).one()
    if row.kind not in MADE_OF_PARTS:
        return ""
    tracked = (items.c.lot_tracked == 1) | (items.c.expiry_tracked == 1)
    named = tx.scalar(select(items.c.id).where(items.c.id == row.item_id, tracked))
    lot = row.code if named is not None else ""
    unit = restock.goods(
        tx, item=row.item_id, lot=lot, qty=qty, condition=SOUND, today=today
    )  # fmt: skip
    found = [one.place for one in propose(unit, candidates(tx, unit, today=today))]
    why = put_back.why_not(tx, found, item=row.item_id, lot=lot)
    return next((place for place in found if why[place] is None), "")
