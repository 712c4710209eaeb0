"""Which paper, unit or lot a code is that no scanner's resolver knows: orders, deliveries, returns,
work, slips, documents, announced labels and serial numbers."""

from typing import Any

from sqlalchemy import Select, String, Table, cast, exists, select, union_all

from wms.db import Tx
from wms.look.found import Kind, Subject
from wms.schema import (
    documents,
    inbound_lines,
    inbound_units,
    inbounds,
    items,
    lots,
    moves,
    orders,
    parcels,
    returns,
    slips,
    stock,
    stocktakes,
    work_orders,
)

COPIES_SHOWN = 50  # rows of one kind that an answer holds at most
PAPERS: tuple[tuple[Kind, Table], ...] = (
    ("order", orders), ("inbound", inbounds), ("return", returns), ("work", work_orders),
    ("stocktake", stocktakes),
)  # fmt: skip


def find(tx: Tx, code: str) -> Subject | None:
    """What the paper or the unit with this *code* is; None when it is nothing, or several things
    (see `candidates`)."""
    found = _papers(tx, code)
    if found:
        return found[0] if len(found) == 1 else None
    serial = tx.scalars(_units(code)).all()
    if serial:
        return Subject(kind="serial", code=code, items=tuple(sorted(set(serial))), serial=code)
    mine = select(lots.c.item_id).where(lots.c.lot == code, lots.c.lot != "")
    lot = tx.scalars(mine.order_by(lots.c.item_id).limit(COPIES_SHOWN)).all()
    if lot:
        return Subject(kind="lot", code=code, items=tuple(lot), lot=code)
    return None


def candidates(tx: Tx, code: str) -> tuple[str, ...]:
    """Our codes of the papers that *code* may be, where it is the number of several."""
    found = _papers(tx, code)
    return tuple(one.code for one in found) if len(found) > 1 else ()


def _papers(tx: Tx, code: str) -> list[Subject]:
    """By our own code, else by whatever else is printed on it: an owner's id, a tracking number, a
    document's barcode, a pallet's announced label or tag."""
    either = (code, code.upper())
    for column in ("code", "external_id"):
        found = []
        for kind, table in PAPERS:
            if column not in table.c:
                continue
            known = table.c[column].in_(either if column == "code" else (code,))
            query = select(table.c.id, table.c.code).where(known, table.c[column] != "")
            rows = tx.execute(query.order_by(table.c.id).limit(COPIES_SHOWN))
            found += [Subject(kind=kind, code=row.code, id=row.id) for row in rows]
        if found:
            return found
    for kind, table, numbers in _printed(code):
        query = select(table.c.id, table.c.code).where(table.c.id.in_(numbers))
        rows = tx.execute(query.order_by(table.c.id).limit(COPIES_SHOWN))
        if found := [Subject(kind=kind, code=row.code, id=row.id) for row in rows]:
            return found
    return []


def _printed(code: str) -> tuple[tuple[Kind, Table, Select[Any]], ...]:
    """Numbers that others gave: of parcels (a void one's, too), slips, documents and pallets."""
    announced = inbound_units.c.code.in_((code, code.lower()))
    return (
        ("parcel", parcels, select(parcels.c.id).where(parcels.c.tracking == code)),
        ("order", orders, select(slips.c.order_id).where(slips.c.tracking == code)),
        ("order", orders, select(documents.c.order_id).where(documents.c.code == code)),
        ("inbound", inbounds, select(inbound_units.c.inbound_id).where(
            announced, inbound_units.c.kind.in_(("sscc", "epc"))
        )),
    )  # fmt: skip


def _units(code: str) -> Any:
    """Items of which a unit with this serial was ever here, or is announced."""
    announced = exists().where(
        inbound_units.c.kind == "serial",
        inbound_units.c.code == cast(items.c.id, String) + "/" + code,
    )
    return union_all(
        select(stock.c.item_id).where(stock.c.serial == code, stock.c.serial != ""),
        select(moves.c.item_id).where(moves.c.serial == code, moves.c.serial != ""),
        select(items.c.id).where(items.c.serial_tracked == 1, announced),
    )


def delivery_of(tx: Tx, subject: Subject) -> str:
    """The delivery that announced or brought one unit, by its serial number or tag; "" if none."""
    codes = [f"{item}/{subject.serial}" for item in subject.items]
    if subject.code:
        codes.append(subject.code.lower())
    query = (
        select(inbounds.c.code)
        .join(inbound_units, inbound_units.c.inbound_id == inbounds.c.id)
        .where(inbound_units.c.code.in_(codes), inbound_units.c.kind.in_(("serial", "epc")))
        .order_by(inbounds.c.id.desc())
    )
    return tx.scalar(query.limit(1)) or ""


def lot_brought_by(tx: Tx, subject: Subject) -> str:
    """The last delivery that announced or brought this lot; "" if none."""
    query = (
        select(inbounds.c.code)
        .join(inbound_lines, inbound_lines.c.inbound_id == inbounds.c.id)
        .where(inbound_lines.c.item_id.in_(subject.items), inbound_lines.c.lot == subject.lot)
        .order_by(inbounds.c.id.desc())
    )
    return tx.scalar(query.limit(1)) or ""
