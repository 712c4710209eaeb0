"""What a shipping label says, read from the book, in the press's words (template `shipping`)."""

from typing import Any

from sqlalchemy import Row, func, select

from wms.db import Tx
from wms.messages import say
from wms.papers.parties import recipient, sender
from wms.schema import items, order_lines, orders, parcel_lines, parcels, services, shops

STORAGE = ("frozen", "chilled", "ambient")  # the coldest that is in the box decides

MARKS = ("fragile", "no_air")  # flags of items that the carrier must know of


def shipping_data(tx: Tx, parcel: int, station: str) -> dict[str, Any]:
    """The label of *parcel* (its id) for a printer at *station*, as JSON values."""
    row = tx.execute(
        select(
            parcels, orders.c.code.label("order_code"), orders.c.recipient, orders.c.gift,
            orders.c.shop, orders.c.delivery_date, orders.c.time_slot, orders.c.cod,
            orders.c.depot, orders.c.leave_at,
            services.c.name.label("service_name"), shops.c.name.label("shop_name"),
            shops.c.sender_name, shops.c.sender_postal,
            shops.c.sender_address, shops.c.sender_phone,
        )
        .join(orders, orders.c.id == parcels.c.order_id)
        .join(services, services.c.code == parcels.c.service)
        .join(shops, shops.c.code == orders.c.shop)
        .where(parcels.c.id == parcel)
    ).one()  # fmt: skip
    pieces = select(func.max(parcels.c.piece)).where(
        parcels.c.order_id == row.order_id, parcels.c.state != "void"
    )
    return {
        "carrier": row.carrier,
        "service": " ".join([row.service_name or row.service, *_asked(row)]),
        "tracking": row.tracking, "parcel": row.code, "piece": row.piece,
        "pieces": tx.execute(pieces).scalar_one(),
        "recipient": recipient(row), "sender": sender(row),
        "delivery_date": row.delivery_date, "time_slot": row.time_slot,
        "order": row.order_code, "station": station, **_goods(tx, row),
    }  # fmt: skip


def _asked(row: Row[Any]) -> list[str]:
    """What the driver must see at once: money to collect, a depot, a place to leave it at.

    Only the first box of several is paid for.
    """
    asked = []
    if row.cod and row.piece == 1:
        asked.append(say("label.cod", "ja", amount=f"{row.cod:,}"))
    if row.depot:
        asked.append(say("label.depot", "ja", depot=row.depot))
    if row.leave_at:
        asked.append(say("label.leave_at", "ja", place=say(f"leave_at.{row.leave_at}", "ja")))
    return asked


def _goods(tx: Tx, row: Row[Any]) -> dict[str, Any]:
    """Temperature, handling marks, and the contents as the carrier wants to read them."""
    query = (
        select(items.c.storage, items.c.fragile, items.c.no_air, parcel_lines.c.qty)
        .join(order_lines, order_lines.c.item_id == items.c.id)
        .join(parcel_lines, parcel_lines.c.line_id == order_lines.c.id)
        .where(parcel_lines.c.parcel_id == row.id)
    )
    inside = tx.execute(query).all()
    stored = {one.storage for one in inside}
    count = sum(one.qty for one in inside)
    return {
        "temperature": next((kind for kind in STORAGE if kind in stored), "ambient"),
        "handling": [mark for mark in MARKS if any(one._mapping[mark] for one in inside)],
        "contents": say("label.contents_of", "ja", shop=row.shop_name, count=count).strip(),
    }
