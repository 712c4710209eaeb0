"""Where a returned unit is put: by the rules of put-away; only what can be sold is restocked.

What is restocked into a tote waits there for somebody to bring it to a shelf (`lead_on`).
"""

from sqlalchemy import func, select

from wms.db import Tx
from wms.errors import Code, Rejected
from wms.promises.allocation import usable_from
from wms.returns import rows
from wms.schema import items, lots, places, return_units, shops, stock
from wms.schema.goods import MOVING
from wms.site import calendar
from wms.storage import handling, put_back
from wms.storage.contents import EXPIRED, candidates
from wms.storage.putaway import QUARANTINE, SOUND, Goods, propose


def today_of(tx: Tx, now: int) -> str:
    """The site's business day."""
    return calendar.business_day(now, calendar.load(tx).zone).isoformat()


def goods(tx: Tx, *, item: int, lot: str, qty: int, condition: str, today: str) -> Goods:
    """A unit that lies nowhere yet, as put-away judges it."""
    row = tx.execute(select(items).where(items.c.id == item)).one()
    expiry = _expiry(tx, item, lot)
    over = condition == SOUND and "" < expiry < today
    return Goods(
        item=item, sku=row.sku, owner=row.owner, qty=qty, lot=lot, expiry=expiry,
        condition=EXPIRED if over else condition, storage=row.storage, velocity=row.velocity,
        weight_g=row.weight_g, height_mm=row.height_mm,
        volume_mm3=row.length_mm * row.width_mm * row.height_mm,
    )  # fmt: skip


def proposal(tx: Tx, unit: Goods, *, today: str) -> str:
    """The place that put-away would propose: a shelf for what is sold again, one that is kept apart
    for the rest; "" where there is none."""
    found = propose(unit, candidates(tx, unit, today=today))
    kept_apart = select(places.c.code).where(places.c.blocked == QUARANTINE)
    allowed = None if unit.condition == SOUND else set(tx.scalars(kept_apart))
    return next((one.place for one in found if allowed is None or one.place in allowed), "")


def too_old(tx: Tx, item: int, lot: str, *, today: str) -> str:
    """The day until which the lot would have to be good for any shop of its owner to send it, ""
    where it is: the rule of allocation, for whoever asks least."""
    expiry = _expiry(tx, item, lot)
    if not expiry:
        return ""
    least = (
        select(func.min(shops.c.shelf_days_min))
        .join(items, items.c.owner == shops.c.owner)
        .where(items.c.id == item)
    )
    needed = usable_from(today, tx.execute(least).scalar() or 0)
    return needed if expiry < needed else ""


def refuse(
    tx: Tx, place: str, *, item: int, lot: str, qty: int, condition: str, now: int
) -> None:  # fmt: skip
    """Refuse a place where the unit may not lie, with the place locked.

    Refuses `RETURN_PLACE` (no place, or a shelf that people pick from), `PLACE_FROZEN`,
    `CONTAINER_IN_USE`, and for what is restocked `RETURN_EXPIRES` and what put-away refuses.
    """
    kind = rows.refuse_no_place(tx, place)
    if condition != SOUND:
        blocked = select(places.c.blocked).where(places.c.code == place)
        if kind in ("bin", "reserve") and tx.execute(blocked).scalar() != QUARANTINE:
            raise Rejected(Code.RETURN_PLACE, place=place, expected="TOTE")
        handling.refuse_in_use(tx, place)
        return
    today = today_of(tx, now)
    load = goods(tx, item=item, lot=lot, qty=qty, condition=condition, today=today)
    needed = too_old(tx, item, lot, today=today)
    if needed:
        raise Rejected(Code.RETURN_EXPIRES, item=load.sku, expected=needed, scanned=load.expiry)
    handling.check(tx, load=[load], to=place, today=today, lock=True)


def lead_on(tx: Tx, number: int, *, now: int) -> None:
    """What the return put into totes to be sold again waits for somebody to shelve it."""
    mine = (return_units.c.return_id == number) & (return_units.c.undone == 0)
    there = (stock.c.place == places.c.code) & (stock.c.condition == SOUND)
    query = (
        select(places.c.code)
        .join(return_units, return_units.c.place == places.c.code)
        .join(stock, there & (stock.c.item_id == return_units.c.item_id))
        .where(mine, return_units.c.disposition == "restock", places.c.kind.in_(MOVING))
        .where(stock.c.qty > stock.c.allocated)
        .distinct()
        .order_by(places.c.code)
    )
    for tote in tx.scalars(query).all():
        put_back.ask_tote(tx, tote, order=0, now=now)


def _expiry(tx: Tx, item: int, lot: str) -> str:
    query = select(lots.c.expiry).where(lots.c.item_id == item, lots.c.lot == lot)
    return tx.execute(query).scalar() or ""
