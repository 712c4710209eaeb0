"""What labels say, read from the book by code, zone or badge: the data of `labels.templates`."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Row, select

from app.print_doors import labelled
from wms.db import Tx
from wms.errors import Code, Rejected
from wms.papers.label_data import shipping_data
from wms.people import staff
from wms.schema import barcodes, boxes, items, parcels, places
from wms.schema.goods import MOVING
from wms.site.items import check_digit, find, is_gtin_shaped, normal_barcode
from wms.storage.places import check_digits
from wms.text import shown

Labels = list[dict[str, Any]]


def of_places(tx: Tx, codes: Sequence[str], *, zone: str = "", everything: bool = False) -> Labels:
    """Shelf labels of the places in *codes*, of a *zone*, or of all of them, in walking order.

    Refuses `REFERENCE_UNKNOWN` for a code that is no fixed place.
    """
    fixed = places.c.kind.not_in((*MOVING, "outside", "robot"))
    return [
        {
            "code": row.code, "check_digits": row.check_digits or check_digits(row.code),
            "note": " ".join(part for part in (row.zone, row.aisle) if part),
        }
        for row in _chosen(tx, fixed, codes, zone, everything)
    ]  # fmt: skip


def of_totes(tx: Tx, codes: Sequence[str], *, everything: bool = False) -> Labels:
    """Labels of containers: totes, cartons, pallets and carts. Refuses `REFERENCE_UNKNOWN`."""
    moving = places.c.kind.in_(MOVING)
    rows = _chosen(tx, moving, codes, "", everything)
    return [{"code": row.code, "note": row.kind if row.kind != "tote" else ""} for row in rows]


def of_boxes(tx: Tx, codes: Sequence[str], *, everything: bool = False) -> Labels:
    """Labels for the shelves of empty boxes, which packers scan. Refuses `REFERENCE_UNKNOWN`."""
    query = select(boxes).order_by(boxes.c.code)
    rows = tx.execute(query if everything else query.where(boxes.c.code.in_(codes))).all()
    _refuse_missing("box", codes, rows)
    return [{"code": row.code, "note": row.name} for row in rows]


def of_badges(tx: Tx, tokens: Sequence[str], *, site: str) -> Labels:
    """Badges of the people whose *tokens* these are: the book knows only their hashes.

    Refuses `BADGE_UNKNOWN`, also for people who have left.
    """
    found = []
    for token in tokens:
        person = staff.by_badge(tx, token)
        if person is None:
            raise Rejected(Code.BADGE_UNKNOWN)
        found.append({"token": token, "name": person.name, "site": site})
    return found


def of_items(
    tx: Tx, codes: Sequence[str], *, owner: str = "", lot: str = "", expiry: str = ""
) -> Labels:
    """Labels of items by SKU or barcode, with *lot* and *expiry* (YYYY-MM-DD) where they have any.

    An item without a barcode of its own gets its SKU as one. Refuses `REFERENCE_UNKNOWN`, and
    `ITEM_AMBIGUOUS` when several owners have the same code.
    """
    return [_item_label(tx, code, owner, lot, expiry) for code in codes]


def of_parcel(tx: Tx, parcel: str, *, station: str = "") -> tuple[dict[str, Any], int]:
    """A parcel's shipping label and the number of its next copy: every other is a second label.

    Refuses `REFERENCE_UNKNOWN` and `PARCEL_NO_NUMBER`.
    """
    number = labelled(tx, parcel)
    copies = tx.execute(select(parcels.c.copies).where(parcels.c.id == number)).scalar_one()
    return shipping_data(tx, number, station), int(copies) + 1


def _chosen(
    tx: Tx, kind: ColumnElement[bool], codes: Sequence[str], zone: str, everything: bool
) -> Sequence[Row[Any]]:
    query = select(places).where(kind)
    walk = query.order_by(
        places.c.zone, places.c.aisle, places.c.bay, places.c.level, places.c.code
    )
    if zone:
        rows = tx.execute(walk.where(places.c.zone == zone)).all()
        if not rows:
            raise Rejected(Code.REFERENCE_UNKNOWN, field="zone", value=shown(zone))
        return rows
    if everything:
        return tx.execute(walk).all()
    rows = tx.execute(query.where(places.c.code.in_(codes))).all()
    _refuse_missing("place", codes, rows)
    return sorted(rows, key=lambda row: codes.index(row.code))


def _refuse_missing(field: str, codes: Sequence[str], rows: Sequence[Row[Any]]) -> None:
    there = {row.code for row in rows}
    for code in codes:
        if code not in there:
            raise Rejected(Code.REFERENCE_UNKNOWN, field=field, value=shown(code))


def _item_label(tx: Tx, code: str, owner: str, lot: str, expiry: str) -> dict[str, Any]:
    meant = {found.item for found in find(tx, code) if owner in ("", found.owner)}
    if len(meant) > 1:
        raise Rejected(Code.ITEM_AMBIGUOUS, item=shown(code))
    if not meant:
        raise Rejected(Code.REFERENCE_UNKNOWN, field="item", value=shown(code))
    (row,) = tx.execute(select(items).where(items.c.id.in_(meant)))
    single = select(barcodes.c.code).where(barcodes.c.item_id == row.id, barcodes.c.qty == 1)
    own = list(tx.scalars(single.order_by(barcodes.c.code)))
    scanned = normal_barcode(code)
    chosen = scanned if scanned in own else (own[0] if own else row.sku)
    label = {"name": row.name, "sku": row.sku}
    if is_gtin_shaped(chosen) and check_digit(chosen[:-1]) == chosen[-1]:
        return {**label, "gtin": chosen, "lot": lot, "expiry": expiry}
    return {**label, "code": chosen}
