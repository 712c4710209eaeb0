"""What any code is, where it has been, and what is promised of it: for whoever asks. Only reads.

Nothing here says whom an order is for. Who may work with some owners' goods only sees only these.
"""

from collections.abc import Callable

from msgspec.structs import replace
from sqlalchemy import func, select

from wms.db import Tx
from wms.look.find import COPIES_SHOWN, delivery_of, lot_brought_by
from wms.look.found import Asking, Found, Subject, facts
from wms.look.goods import Stored, incoming, passages, promises, stored
from wms.look.papers import inbound, order, returned, stocktake, work
from wms.look.places import coming_to, confidence_at
from wms.replenish.refills import coming
from wms.schema import (
    barcodes,
    boxes,
    items,
    lots,
    manifests,
    order_lines,
    orders,
    parcel_lines,
    parcels,
    people,
    places,
    return_units,
    returns,
    tag_reads,
    tour_totes,
)


def look(tx: Tx, subject: Subject, asking: Asking) -> Found | None:
    """All that the book knows about *subject*; None when it is not there (any more), or of an owner
    whose goods whoever asks may not see."""
    read: Callable[[Tx, Subject, Asking], Found | None] = {
        "item": _goods, "lot": _goods, "serial": _goods, "place": _place, "tote": _place,
        "parcel": _parcel, "manifest": _manifest, "box": _box, "badge": _badge, "order": order,
        "inbound": inbound, "return": returned, "work": work,
        "stocktake": stocktake,
    }[subject.kind]  # fmt: skip
    return read(tx, subject, asking)


def _goods(tx: Tx, subject: Subject, asking: Asking) -> Found | None:
    all_of_them = select(items).where(items.c.id.in_(subject.items)).order_by(items.c.id)
    rows = [row for row in tx.execute(all_of_them) if asking.sees(row.owner)]
    if not rows:
        return None
    first = rows[0]
    subject = replace(subject, items=tuple(row.id for row in rows))
    lot_no, serial = subject.lot, subject.serial
    known = tx.execute(
        select(barcodes.c.code, barcodes.c.qty)
        .where(barcodes.c.item_id.in_(subject.items))
        .order_by(barcodes.c.qty, barcodes.c.code)
    )
    codes = ", ".join(row.code if row.qty == 1 else f"{row.code} x{row.qty}" for row in known)
    lot = tx.execute(
        select(lots).where(lots.c.item_id == first.id, lots.c.lot == subject.lot)
    ).first() if subject.lot else None  # fmt: skip
    return Found(
        kind=subject.kind, code=subject.code or first.sku, name=first.name, picture=first.picture,
        facts=facts(
            ("owner", ", ".join(sorted({row.owner for row in rows}))),
            ("sku", ", ".join(sorted({row.sku for row in rows}))),
            ("lot", subject.lot), ("expiry", lot.expiry if lot else ""),
            ("held", "yes" if lot is not None and lot.held else ""), ("serial", subject.serial),
            ("delivery", lot_brought_by(tx, subject) if subject.lot else ""),
            *_unit(tx, subject), ("incoming", incoming(tx, subject.items)),
            ("refilling", sum(coming(tx, subject.items).values())),
            ("weight_g", first.weight_g), ("velocity", first.velocity), ("barcodes", codes),
        ),
        stock=stored(tx, items=subject.items, lot=lot_no, serial=serial),
        promises=promises(tx, items=subject.items, lot=lot_no, serial=serial),
        passages=passages(tx, items=subject.items, lot=lot_no, serial=serial),
    )  # fmt: skip


def _unit(tx: Tx, subject: Subject) -> tuple[tuple[str, object], ...]:
    """Where one serialised unit was sent, came back, and was last read by radio."""
    if not subject.serial:
        return ()
    sent = tx.execute(
        select(parcels.c.code, orders.c.code.label("order"))
        .join(parcel_lines, parcel_lines.c.parcel_id == parcels.c.id)
        .join(order_lines, order_lines.c.id == parcel_lines.c.line_id)
        .join(orders, orders.c.id == order_lines.c.order_id)
        .where(parcel_lines.c.serial == subject.serial)
        .where(order_lines.c.item_id.in_(subject.items))
        .order_by(parcels.c.id.desc())
    ).first()
    back = tx.execute(
        select(returns.c.code, return_units.c.grade)
        .join(return_units, return_units.c.return_id == returns.c.id)
        .where(return_units.c.serial == subject.serial)
        .where(return_units.c.item_id.in_(subject.items), return_units.c.undone == 0)
        .order_by(return_units.c.id.desc())
    ).first()
    return (
        ("delivery", delivery_of(tx, subject)),
        ("parcel", sent.code if sent else ""),
        ("order", sent.order if sent else ""),
        ("return", f"{back.code} {back.grade}" if back else ""),
        *_read(tx, subject.code.lower()),
    )


def _read(tx: Tx, epc: str) -> tuple[tuple[str, object], ...]:
    """By which reader and antenna a tag was read last."""
    mine = select(tag_reads).where(tag_reads.c.epc == epc, tag_reads.c.epc != "")
    row = tx.execute(mine.order_by(tag_reads.c.last_ms.desc()).limit(1)).first()
    if row is None:
        return ()
    antenna = f"{row.antenna} ({row.rssi} dBm)" if row.antenna else ""
    return (("read_by", row.device), ("antenna", antenna), ("read_at", row.last_ms))


def _place(tx: Tx, subject: Subject, asking: Asking) -> Found | None:
    row = tx.execute(select(places).where(places.c.code == subject.code)).first()
    if row is None:
        return None
    inside = tx.scalars(
        select(places.c.code).where(places.c.parent == row.code).order_by(places.c.code)
        .limit(COPIES_SHOWN)
    ).all()  # fmt: skip
    bound = tx.execute(
        select(orders.c.code, orders.c.owner)
        .join(tour_totes, tour_totes.c.order_id == orders.c.id)
        .where(tour_totes.c.tote == row.code, tour_totes.c.state != "empty")
        .order_by(tour_totes.c.id.desc())
    ).first()
    order_code = bound.code if bound is not None and asking.sees(bound.owner) else ""
    sure = confidence_at(tx, row, now=asking.now) if subject.kind == "place" else None
    return Found(
        kind=subject.kind, code=row.code,
        facts=facts(
            ("place_kind", row.kind), ("zone", row.zone), ("stands", row.parent or ""),
            ("blocked", row.blocked), ("order", order_code),
            ("inside", ", ".join(inside)), ("refilling", coming_to(tx, row.code, asking.owners)),
            ("confidence", f"{sure.percent} %" if sure is not None else ""),
            *((reason.code, reason.count) for reason in (sure.reasons if sure else ())),
        ),
        stock=stored(tx, place=row.code, owners=asking.owners),
        promises=promises(tx, place=row.code, owners=asking.owners),
        passages=passages(tx, place=row.code, owners=asking.owners),
    )  # fmt: skip


def _parcel(tx: Tx, subject: Subject, asking: Asking) -> Found | None:
    row = tx.execute(
        select(
            parcels,
            orders.c.code.label("order"),
            orders.c.owner,
            manifests.c.code.label("manifest"),
        )
        .join(orders, orders.c.id == parcels.c.order_id)
        .outerjoin(manifests, manifests.c.id == parcels.c.manifest_id)
        .where(parcels.c.id == subject.id)
    ).first()
    if row is None or not asking.sees(row.owner):
        return None
    contents = tx.execute(
        select(
            items.c.owner, items.c.sku, items.c.name, parcel_lines.c.lot, parcel_lines.c.serial,
            parcel_lines.c.qty,
        )
        .join(order_lines, order_lines.c.id == parcel_lines.c.line_id)
        .join(items, items.c.id == order_lines.c.item_id)
        .where(parcel_lines.c.parcel_id == row.id)
        .order_by(items.c.sku)
    )  # fmt: skip
    weight = f"{row.weight_g} g ({row.predicted_g} g)" if row.weight_g else ""
    return Found(
        kind="parcel", code=row.code,
        facts=facts(
            ("parcel_state", row.state), ("order", row.order), ("piece", row.piece),
            ("carrier", row.carrier), ("tracking", row.tracking), ("box", row.box),
            ("weight", weight), ("copies", row.copies), ("manifest", row.manifest or ""),
            ("station", row.station),
        ),
        stock=tuple(
            Stored(
                place=row.code, owner=each.owner, sku=each.sku, name=each.name, lot=each.lot,
                serial=each.serial, qty=each.qty, condition="available",
            )
            for each in contents
        ),
        passages=passages(tx, place=row.code),
    )  # fmt: skip


def _manifest(tx: Tx, subject: Subject, _asking: Asking) -> Found | None:
    row = tx.execute(select(manifests).where(manifests.c.id == subject.id)).first()
    if row is None:
        return None
    mine = select(func.count()).where(parcels.c.manifest_id == row.id, parcels.c.state != "void")
    return Found(
        kind="manifest", code=row.code,
        facts=facts(
            ("carrier", row.carrier), ("paper_state", row.state),
            ("parcels", tx.scalar(mine) or 0),
        ),
    )  # fmt: skip


def _box(tx: Tx, subject: Subject, _asking: Asking) -> Found | None:
    row = tx.execute(select(boxes).where(boxes.c.code == subject.code)).first()
    if row is None:
        return None
    size = f"{row.length_mm} x {row.width_mm} x {row.height_mm} mm"
    measures = facts(("size", size), ("weight_g", row.tare_g))
    return Found(kind="box", code=row.code, name=row.name, facts=measures)


def _badge(tx: Tx, subject: Subject, _asking: Asking) -> Found | None:
    name = tx.scalar(select(people.c.name).where(people.c.id == subject.id))
    return None if name is None else Found(kind="badge", code="", name=name)
