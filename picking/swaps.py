"""Another lot, serial number or container than the promised one is taken at the shelf.

Never silently: the picker read it twice. It must be the same item at the very same place, free,
and one that may be sent to this order by the rule of all promises; the deviation from first-expiry
order is written down in `allocations.override`.
"""

from typing import Any

from sqlalchemy import Row, select

from picking.elsewhere import stop_here
from wms.db import Tx
from wms.errors import Code, Rejected
from wms.promises import reassign
from wms.promises.allocation import key_of, needs, usable_from
from wms.schema import lots, order_lines, orders, places, shops, stock, stops


def swap(
    tx: Tx, *, stop: int, person: int, today: str, container: str = "", code: str = ""
) -> str:  # fmt: skip
    """The stop's promise moves to the lot or serial number *code*, or into *container*, right here.

    Where fewer are free than the stop wants, those are taken and the rest stays as it was. Returns
    what is taken now, as people call it. Refuses `STOP_CLOSED`, `TOUR_NOT_YOURS`, and
    `SWAP_NOT_HERE`, `SWAP_OWN`, `SWAP_HELD`, `SWAP_EXPIRES` and `SWAP_PROMISED` by what is wrong.
    """
    here = stop_here(tx, stop, person)
    read = container or code
    if here.condition != "available":  # somebody's own goods: no others are as good
        raise Rejected(Code.SWAP_OWN, read=read)
    found = list(tx.execute(_candidates(here, container, code)))
    if not found:
        raise Rejected(Code.SWAP_NOT_HERE, read=read, place=here.place)
    earliest = _earliest(tx, here, today)
    row = min(found, key=lambda one: (one.held, bool(one.expiry) and one.expiry < earliest,
                                      one.qty <= one.allocated, one.expiry or "9999"))  # fmt: skip
    if row.held:
        raise Rejected(Code.SWAP_HELD, read=read)
    if row.expiry and row.expiry < earliest:
        raise Rejected(Code.SWAP_EXPIRES, read=read, expiry=row.expiry, earliest=earliest)
    free = row.qty - row.allocated
    if free <= 0:
        raise Rejected(Code.SWAP_PROMISED, read=read)
    part = reassign.split(tx, here.allocation_id, qty=min(free, here.qty))
    why = f"swap {here.lot or here.serial or here.place} > {row.lot or row.serial or row.place}"
    reassign.exchange(tx, part, to=key_of(row), why=f"{why} person:{person}")
    if part != here.allocation_id:
        _add_stop(tx, here, part)
    return str(container or row.lot or row.serial)


def _candidates(here: Row[Any], container: str, code: str) -> Any:
    """Balances of this item at this place, other than the promised one, that were read."""
    of_item = (stock.c.item_id == here.item_id) & (stock.c.condition == "available")
    if container:
        inside = (places.c.code == container) & (places.c.parent == here.place)
        where = of_item & inside
    else:
        other = ((stock.c.lot == code) & (here.lot != code)) | (
            (stock.c.serial == code) & (here.serial != code)
        )
        where = of_item & (stock.c.place == here.place) & (code != "") & other
    return (
        select(stock, lots.c.expiry, lots.c.held)
        .join(lots, (lots.c.item_id == stock.c.item_id) & (lots.c.lot == stock.c.lot))
        .join(places, places.c.code == stock.c.place)
        .where(where, stock.c.qty > 0)
        .with_for_update(of=stock)
    )


def _earliest(tx: Tx, here: Row[Any], today: str) -> str:
    """The earliest expiry that may be sent from this stop."""
    if here.line_id is None:
        query = select(orders.c.id).where(orders.c.wave_id == here.wave, orders.c.one_piece == 1)
        wanted = needs(tx, list(tx.scalars(query)), today=today)
        asked = [need.expiry_min for need in wanted if need.item == here.item_id]
        return max(asked, default=usable_from(today, 0))
    row = tx.execute(
        select(orders.c.ship_date, shops.c.shelf_days_min)
        .join(order_lines, order_lines.c.order_id == orders.c.id)
        .join(shops, shops.c.code == orders.c.shop)
        .where(order_lines.c.id == here.line_id)
    ).one()
    return usable_from(max(row.ship_date, today), row.shelf_days_min)


def _add_stop(tx: Tx, here: Row[Any], allocation: int) -> None:
    """What was swapped is a stop of its own, at the same point of the walk and made first."""
    rest = {"tour_id": here.tour_id, "seq": here.seq, "slot": here.slot}
    tx.execute(stops.update().where(stops.c.id == here.id).values(allocation_id=allocation))
    tx.execute(stops.insert().values(**rest, allocation_id=here.allocation_id))
