"""What a packing slip (納品書) and a pickup manifest say, read from the book.

The data are JSON values in the press's words (templates `packing_slip` and `manifest`), so that a
bench, a command or a script asks for paper in the same way.
"""

from typing import Any, Literal
from zoneinfo import ZoneInfo

import msgspec
from sqlalchemy import func, select

from wms.db import Tx
from wms.errors import Code, Rejected
from wms.messages import say
from wms.papers.parties import recipient, sender
from wms.schema import items, manifests, order_lines, orders, parcels, places, shops, tour_totes
from wms.site.calendar import local_time
from wms.text import shown

TOTES_CHARACTERS = 30
UNPROMISED = "insert"  # leaflets and samples are packed, but nobody bought them
BEHIND = ("labelled", "closed")
SlipTemplate = Literal["packing_slip", "plain_slip", "gift_slip", "return_slip"]
SLIPS: dict[str, SlipTemplate] = {  # what a shop may choose, and what the press calls it
    "packing-slip": "packing_slip", "plain": "plain_slip", "gift": "gift_slip",
    "with-return": "return_slip",
}  # fmt: skip


def slip_data(tx: Tx, order: int) -> dict[str, Any]:
    """The packing slip of *order* (its id): what is still wanted of it, from whom, for whom.

    A gift's slip is from the purchaser and shows no prices. Inserts are left out unless there is
    nothing else. Refuses `ORDER_UNKNOWN`, and `ORDER_NOTHING_LEFT` when all was cancelled.
    """
    row = tx.execute(
        select(
            orders, shops.c.name.label("shop_name"), shops.c.sender_name, shops.c.sender_postal,
            shops.c.sender_address, shops.c.sender_phone, shops.c.slip_message, shops.c.contact,
            shops.c.registration,
        )
        .join(shops, shops.c.code == orders.c.shop)
        .where(orders.c.id == order)
    ).first()  # fmt: skip
    if row is None:
        raise Rejected(Code.ORDER_UNKNOWN, order=order)
    lines = _lines(tx, order)
    if not lines:
        raise Rejected(Code.ORDER_NOTHING_LEFT, order=row.code)
    return {
        "order": row.code, "external_order": row.external_id, "issued_on": row.ship_date,
        "sender": sender(row), "recipient": recipient(row),
        "logo": row.shop_name, "message": row.slip_message, "gift": row.gift != "{}",
        "tote": _totes(tx, order), "lines": lines, "contact": row.contact,
        "registration": row.registration, "totals": _totals(row.amount),
    }  # fmt: skip


def is_slip_wanted(tx: Tx, order: int) -> bool:
    """Whether a slip goes into the box: not when the purchaser of a gift asked for none."""
    gift = tx.execute(select(orders.c.gift).where(orders.c.id == order)).scalar_one()
    return not msgspec.json.decode(gift).get("without_slip", False)


def slip_template(tx: Tx, order: int) -> SlipTemplate:
    """The press's name for the slip that the order's shop chose."""
    chosen = (
        select(shops.c.slip_template)
        .join(orders, orders.c.shop == shops.c.code)
        .where(orders.c.id == order)
    )
    return SLIPS.get(tx.execute(chosen).scalar_one(), "packing_slip")


def _lines(tx: Tx, order: int) -> list[dict[str, Any]]:
    wanted = order_lines.c.qty - order_lines.c.cancelled
    query = (
        select(order_lines, items.c.sku, items.c.name, wanted.label("wanted"))
        .join(items, items.c.id == order_lines.c.item_id)
        .where(order_lines.c.order_id == order, wanted > 0)
        .order_by(order_lines.c.line_no)
    )
    rows = tx.execute(query).all()
    bought = [row for row in rows if row.kind != UNPROMISED]
    return [
        {
            "name": row.name, "sku": row.sku, "qty": row.wanted, "note": row.note,
            "unit_price": row.price or None,
        }
        for row in bought or rows
    ]  # fmt: skip


def _totals(amount: int) -> list[dict[str, Any]]:
    """What was paid in all, as the OMS said; nothing where it said nothing."""
    return [{"label": say("slip.total", "ja"), "amount": amount}] if amount else []


def _totes(tx: Tx, order: int) -> str:
    """The totes that hold the order now, as far as there is room to print them."""
    query = select(tour_totes.c.tote).where(
        tour_totes.c.order_id == order, tour_totes.c.tote.is_not(None),
        tour_totes.c.state != "empty",
    )  # fmt: skip
    totes = " ".join(tx.scalars(query.order_by(tour_totes.c.id)))
    return totes if len(totes) <= TOTES_CHARACTERS else totes[: TOTES_CHARACTERS - 1] + "…"


def manifest_data(tx: Tx, code: str, *, zone: ZoneInfo, site: str = "") -> dict[str, Any]:
    """The paper that the driver signs: every parcel on manifest *code*, and how many stay.

    Refuses `REFERENCE_UNKNOWN`.
    """
    row = tx.execute(select(manifests).where(manifests.c.code == code)).first()
    if row is None:
        raise Rejected(Code.REFERENCE_UNKNOWN, field="manifest", value=shown(code))
    pickup = local_time(row.pickup_ms, zone)
    behind = (parcels.c.carrier == row.carrier) & parcels.c.state.in_(BEHIND)
    return {
        "code": row.code, "carrier": row.carrier, "site": site, "parcels": _on_board(tx, row.id),
        "pickup_day": pickup.date().isoformat(), "pickup_time": f"{pickup:%H:%M}",
        "left_behind": tx.execute(select(func.count()).where(behind)).scalar_one(),
    }  # fmt: skip


def _on_board(tx: Tx, manifest: int) -> list[dict[str, Any]]:
    """The parcels of a manifest in the order in which they were loaded."""
    pieces = (
        select(parcels.c.order_id, func.max(parcels.c.piece).label("pieces"))
        .where(parcels.c.state != "void")
        .group_by(parcels.c.order_id)
        .subquery()
    )
    box, cage = places.alias("box"), places.alias("cage")
    query = (
        select(
            parcels,
            orders.c.code.label("order_code"),
            pieces.c.pieces,
            cage.c.code.label("cage"),
        )
        .join(orders, orders.c.id == parcels.c.order_id)
        .outerjoin(box, box.c.code == parcels.c.code)
        .outerjoin(cage, (cage.c.code == box.c.parent) & cage.c.kind.in_(("cart", "pallet")))
        .join(pieces, pieces.c.order_id == parcels.c.order_id)
        .where(parcels.c.manifest_id == manifest)
        .order_by(parcels.c.loaded_ms, parcels.c.id)
    )
    return [
        {
            "tracking": row.tracking, "parcel": row.code, "order": row.order_code,
            "piece": row.piece, "pieces": row.pieces, "cage": row.cage or "",
        }
        for row in tx.execute(query)
    ]  # fmt: skip
