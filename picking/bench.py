"""The packer's commands: take a tote, give a one-piece total to an order, ask for a label."""

import msgspec
from sqlalchemy import insert, select

from picking.dialogues.base import Say
from wms import allocation, parcels
from wms.db import Tx
from wms.errors import Code, Rejected
from wms.schema import (
    allocations,
    items,
    order_lines,
    orders,
    places,
    print_jobs,
    services,
    shops,
)
from wms.schema import parcels as parcels_table

UNFINISHED = ("requested", "ready", "sending", "blocked")  # the label may still come out


def take(tx: Tx, *, tote: str, place: str) -> None:
    """Refuses `TOTE_ELSEWHERE` and `TOTE_EMPTY`: only what stands here can be packed here."""
    row = tx.execute(select(places).where(places.c.code == tote)).one()
    if row.parent != place:
        raise Rejected(Code.TOTE_ELSEWHERE, tote=tote, place=row.parent or "?")
    picked = select(allocations.c.id).where(
        allocations.c.place == tote, allocations.c.state == "picked"
    )
    if tx.execute(picked.limit(1)).first() is None:
        raise Rejected(Code.TOTE_EMPTY, tote=tote)


def bind_one(tx: Tx, *, tote: str, item: int) -> int:
    """Give one unit of a wave's total to its most urgent waiting order. Returns the order.

    Refuses `TOTAL_NOBODY_WAITS` when every order for it has its unit.
    """
    unit = (
        select(allocations)
        .where(
            allocations.c.place == tote, allocations.c.item_id == item,
            allocations.c.state == "picked", allocations.c.line_id.is_(None),
        )
        .order_by(allocations.c.id)
        .limit(1)
        .with_for_update()
    )  # fmt: skip
    row = tx.execute(unit).first()
    waiting = None
    if row is not None:
        waiting = tx.execute(_waiting(row.wave_id, item)).first()
    if row is None or waiting is None:
        sku = tx.execute(select(items.c.sku).where(items.c.id == item)).scalar_one()
        raise Rejected(Code.TOTAL_NOBODY_WAITS, item=sku, tote=tote)
    allocation.bind(tx, row.id, line=waiting.line_id)
    return int(waiting.order_id)


def _waiting(wave: int, item: int):  # type: ignore[no-untyped-def]
    """The most urgent one-piece order of *wave* that wants *item* and has no unit yet."""
    served = select(allocations.c.line_id).where(
        allocations.c.wave_id == wave, allocations.c.item_id == item,
        allocations.c.line_id.is_not(None), allocations.c.state.in_(("picked", "packed")),
    )  # fmt: skip
    return (
        select(order_lines.c.id.label("line_id"), orders.c.id.label("order_id"))
        .join(orders, orders.c.id == order_lines.c.order_id)
        .where(
            orders.c.wave_id == wave, orders.c.one_piece == 1, order_lines.c.item_id == item,
            orders.c.state.in_(("released", "picked")), order_lines.c.packed == 0,
            order_lines.c.id.not_in(served),
        )
        .order_by(orders.c.priority.desc(), orders.c.accepted_ms, orders.c.id)
        .limit(1)
        .with_for_update(of=orders, skip_locked=True)
    )  # fmt: skip


def issue_label(tx: Tx, *, parcel: int, station: str, now: int) -> None:
    """Give the parcel its number and ask the press for its label."""
    parcels.label(tx, parcel=parcel, now=now)
    _request(tx, parcel, station, copy=1, now=now)


def reprint(tx: Tx, *, parcel: int, station: str, now: int) -> Say:
    """Ask for a marked copy of the same label; while the last one may still come out: no."""
    last = tx.execute(
        select(print_jobs)
        .where(print_jobs.c.parcel_id == parcel, print_jobs.c.template == "shipping")
        .order_by(print_jobs.c.id.desc())
        .limit(1)
    ).first()
    if last is not None and last.state in UNFINISHED:
        return Say("print.still_coming", "attention", params={"reason": last.reason or last.state})
    copy = last.copy_no + 1 if last is not None else 1
    _request(tx, parcel, station, copy=copy, now=now)
    return Say("print.copy_requested", "attention", params={"copy": copy})


def _request(tx: Tx, parcel: int, station: str, *, copy: int, now: int) -> None:
    data = shipping_data(tx, parcel, station)
    tx.execute(insert(print_jobs).values(
        key=f"label:{parcel}:{copy}", station=station, template="shipping", format="zpl",
        data=msgspec.json.encode(data).decode(), copy_no=copy, parcel_id=parcel, created_ms=now,
    ))  # fmt: skip
    counted = parcels_table.update().where(parcels_table.c.id == parcel)
    tx.execute(counted.values(copies=copy))


def shipping_data(tx: Tx, parcel: int, station: str) -> dict[str, object]:
    """What the shipping label says, in the press's words (template `shipping`)."""
    row = tx.execute(
        select(
            parcels_table, orders.c.code.label("order_code"), orders.c.recipient, orders.c.gift,
            orders.c.delivery_date, orders.c.time_slot, services.c.name.label("service_name"),
            shops.c.code.label("shop_code"), shops.c.name.label("shop_name"),
            shops.c.sender_name, shops.c.sender_postal,
            shops.c.sender_address, shops.c.sender_phone,
        )
        .join(orders, orders.c.id == parcels_table.c.order_id)
        .join(services, services.c.code == parcels_table.c.service)
        .join(shops, shops.c.code == orders.c.shop)
        .where(parcels_table.c.id == parcel)
    ).one()  # fmt: skip
    to, gift = msgspec.json.decode(row.recipient), msgspec.json.decode(row.gift)
    street = f"{to.get('prefecture', '')}{to.get('address', '')}"
    address = f"{street} {to.get('building', '')}".strip()
    shop = (row.sender_name or row.shop_name or row.shop_code, row.sender_postal,
            row.sender_address, row.sender_phone)  # fmt: skip
    parts = ("name", "postal", "address", "phone")
    purchaser = tuple(gift.get(f"sender_{part}", "") for part in parts)
    name, postal, sender_address, phone = purchaser if purchaser[0] else shop
    return {
        "carrier": row.carrier, "service": row.service_name or row.service,
        "tracking": row.tracking, "parcel": row.code, "piece": row.piece, "pieces": row.piece,
        "recipient": {
            "name": to["name"], "company": to.get("company", ""), "postal": to.get("postal", ""),
            "address": address, "phone": to.get("phone", ""),
        },
        "sender": {
            "name": name, "postal": postal, "address": sender_address, "phone": phone,
            "honorific": "",
        },
        "delivery_date": row.delivery_date, "time_slot": row.time_slot,
        "order": row.order_code, "station": station,
    }  # fmt: skip
