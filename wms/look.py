"""What any code is, where it has been, and what is promised of it: for whoever asks. Only reads.

Nothing here says whom an order is for. A code that a scanner's resolver does not know may still be
an order's, a delivery's, a return's, a lot or a serial: `find` knows those.
"""

from collections.abc import Callable
from typing import Any, Literal

from msgspec import Struct
from sqlalchemy import Table, func, select, union_all

from wms.db import Tx
from wms.look_goods import (
    Passage,
    Promise,
    Stored,
    incoming,
    passages,
    promises,
    promises_of_order,
    stored,
)
from wms.look_places import confidence_at
from wms.schema import (
    barcodes,
    boxes,
    inbound_lines,
    inbound_units,
    inbounds,
    items,
    lots,
    manifests,
    moves,
    order_lines,
    orders,
    parcel_lines,
    parcels,
    people,
    places,
    return_lines,
    return_units,
    returns,
    stock,
    tag_reads,
    tour_totes,
)

Kind = Literal[
    "item", "lot", "serial", "place", "tote", "parcel", "manifest", "box", "badge", "order",
    "inbound", "return",
]  # fmt: skip
COPIES_SHOWN = 50  # rows of one kind that an answer holds at most


class Subject(Struct, frozen=True, kw_only=True):
    """What is asked about: `id` of a row, or `items` and what narrows them."""

    kind: Kind
    code: str = ""
    id: int = 0
    items: tuple[int, ...] = ()
    lot: str = ""
    serial: str = ""


class Fact(Struct, frozen=True, kw_only=True):
    """One thing worth knowing. `name` is a word of `look.fact`; `value` may be a code of ours."""

    name: str
    value: str


class Found(Struct, frozen=True, kw_only=True):
    """The answer. `stock` is what lies there (or is inside), the newest passage comes first."""

    kind: Kind
    code: str
    name: str = ""
    picture: str = ""
    facts: tuple[Fact, ...] = ()
    stock: tuple[Stored, ...] = ()
    promises: tuple[Promise, ...] = ()
    passages: tuple[Passage, ...] = ()


def find(tx: Tx, code: str) -> Subject | None:
    """What the paper or the unit with this *code* is, if not what a scanner resolves anyway."""
    either = (code, code.upper())
    papers: tuple[tuple[Kind, Table], ...] = (
        ("order", orders), ("inbound", inbounds), ("return", returns),
    )  # fmt: skip
    for kind, table in papers:
        known = table.c.code.in_(either) | (table.c.external_id == code)
        row = tx.execute(select(table.c.id, table.c.code).where(known).limit(2)).all()
        if len(row) == 1:
            return Subject(kind=kind, code=row[0].code, id=row[0].id)
    serial = tx.scalars(_units(code)).all()
    if serial:
        return Subject(kind="serial", code=code, items=tuple(sorted(set(serial))), serial=code)
    mine = select(lots.c.item_id).where(lots.c.lot == code, lots.c.lot != "")
    lot = tx.scalars(mine.order_by(lots.c.item_id).limit(COPIES_SHOWN)).all()
    if lot:
        return Subject(kind="lot", code=code, items=tuple(lot), lot=code)
    return None


def _units(code: str) -> Any:
    """Items of which a unit with this serial was ever here, or is announced."""
    return union_all(
        select(stock.c.item_id).where(stock.c.serial == code, stock.c.serial != ""),
        select(moves.c.item_id).where(moves.c.serial == code, moves.c.serial != ""),
        select(inbound_lines.c.item_id)
        .join(inbound_units, inbound_units.c.line_id == inbound_lines.c.id)
        .where(inbound_units.c.code == code),
    )


def look(tx: Tx, subject: Subject, *, now: int) -> Found | None:
    """All that the book knows about *subject*; None when it is not there (any more)."""
    read: Callable[[Tx, Subject, int], Found | None] = {
        "item": _goods, "lot": _goods, "serial": _goods, "place": _place, "tote": _place,
        "parcel": _parcel, "manifest": _manifest, "box": _box, "badge": _badge, "order": _order,
        "inbound": _inbound, "return": _return,
    }[subject.kind]  # fmt: skip
    return read(tx, subject, now)


def _facts(*pairs: tuple[str, object]) -> tuple[Fact, ...]:
    """Those that have a value."""
    return tuple(Fact(name=name, value=str(value)) for name, value in pairs if value not in ("", 0))


def _goods(tx: Tx, subject: Subject, _now: int) -> Found | None:
    rows = tx.execute(select(items).where(items.c.id.in_(subject.items)).order_by(items.c.id)).all()
    if not rows:
        return None
    first = rows[0]
    narrowed = {"lot": subject.lot, "serial": subject.serial}
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
        facts=_facts(
            ("owner", ", ".join(sorted({row.owner for row in rows}))),
            ("sku", ", ".join(sorted({row.sku for row in rows}))),
            ("lot", subject.lot), ("expiry", lot.expiry if lot else ""),
            ("held", "yes" if lot is not None and lot.held else ""), ("serial", subject.serial),
            *_unit(tx, subject), ("incoming", incoming(tx, subject.items)),
            ("weight_g", first.weight_g), ("barcodes", codes),
        ),
        stock=stored(tx, items=subject.items, **narrowed),
        promises=promises(tx, items=subject.items, **narrowed),
        passages=passages(tx, items=subject.items, **narrowed),
    )  # fmt: skip


def _unit(tx: Tx, subject: Subject) -> tuple[tuple[str, object], ...]:
    """Where one serialised unit was sent, came back, and was last read by radio."""
    if not subject.serial:
        return ()
    sent = tx.execute(
        select(parcels.c.code, orders.c.code.label("order"))
        .join(parcel_lines, parcel_lines.c.parcel_id == parcels.c.id)
        .join(orders, orders.c.id == parcels.c.order_id)
        .where(parcel_lines.c.serial == subject.serial)
        .order_by(parcels.c.id.desc())
    ).first()
    back = tx.execute(
        select(returns.c.code, return_units.c.grade)
        .join(return_units, return_units.c.return_id == returns.c.id)
        .where(return_units.c.serial == subject.serial)
        .order_by(return_units.c.id.desc())
    ).first()
    read = tx.execute(
        select(tag_reads.c.device).where(tag_reads.c.epc == subject.code.lower())
        .order_by(tag_reads.c.last_ms.desc())
    ).first()  # fmt: skip
    return (
        ("parcel", sent.code if sent else ""), ("order", sent.order if sent else ""),
        ("return", f"{back.code} {back.grade}" if back else ""),
        ("read_by", read.device if read else ""),
    )  # fmt: skip


def _place(tx: Tx, subject: Subject, now: int) -> Found | None:
    row = tx.execute(select(places).where(places.c.code == subject.code)).first()
    if row is None:
        return None
    inside = tx.scalars(
        select(places.c.code).where(places.c.parent == row.code).order_by(places.c.code)
        .limit(COPIES_SHOWN)
    ).all()  # fmt: skip
    bound = tx.execute(
        select(orders.c.code)
        .join(tour_totes, tour_totes.c.order_id == orders.c.id)
        .where(tour_totes.c.tote == row.code, tour_totes.c.state != "empty")
        .order_by(tour_totes.c.id.desc())
    ).first()
    sure = confidence_at(tx, row, now=now) if subject.kind == "place" else None
    return Found(
        kind=subject.kind, code=row.code,
        facts=_facts(
            ("place_kind", row.kind), ("zone", row.zone), ("stands", row.parent or ""),
            ("blocked", row.blocked), ("order", bound.code if bound else ""),
            ("inside", ", ".join(inside)),
            ("confidence", f"{sure.percent} %" if sure is not None else ""),
            *((reason.code, reason.count) for reason in (sure.reasons if sure else ())),
        ),
        stock=stored(tx, place=row.code), promises=promises(tx, place=row.code),
        passages=passages(tx, place=row.code),
    )  # fmt: skip


def _parcel(tx: Tx, subject: Subject, _now: int) -> Found | None:
    row = tx.execute(
        select(parcels, orders.c.code.label("order"), manifests.c.code.label("manifest"))
        .join(orders, orders.c.id == parcels.c.order_id)
        .outerjoin(manifests, manifests.c.id == parcels.c.manifest_id)
        .where(parcels.c.id == subject.id)
    ).first()
    if row is None:
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
        facts=_facts(
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


def _manifest(tx: Tx, subject: Subject, _now: int) -> Found | None:
    row = tx.execute(select(manifests).where(manifests.c.id == subject.id)).first()
    if row is None:
        return None
    mine = select(func.count()).where(parcels.c.manifest_id == row.id, parcels.c.state != "void")
    return Found(
        kind="manifest", code=row.code,
        facts=_facts(
            ("carrier", row.carrier), ("paper_state", row.state),
            ("parcels", tx.scalar(mine) or 0),
        ),
    )  # fmt: skip


def _box(tx: Tx, subject: Subject, _now: int) -> Found | None:
    row = tx.execute(select(boxes).where(boxes.c.code == subject.code)).first()
    if row is None:
        return None
    size = f"{row.length_mm} x {row.width_mm} x {row.height_mm} mm"
    facts = _facts(("size", size), ("weight_g", row.tare_g))
    return Found(kind="box", code=row.code, name=row.name, facts=facts)


def _badge(tx: Tx, subject: Subject, _now: int) -> Found | None:
    name = tx.scalar(select(people.c.name).where(people.c.id == subject.id))
    return None if name is None else Found(kind="badge", code="", name=name)


def _order(tx: Tx, subject: Subject, _now: int) -> Found | None:
    row = tx.execute(select(orders).where(orders.c.id == subject.id)).first()
    if row is None:
        return None
    boxes_of = tx.scalars(
        select(parcels.c.code).where(parcels.c.order_id == row.id, parcels.c.state != "void")
        .order_by(parcels.c.piece)
    ).all()  # fmt: skip
    lines = (
        select(items.c.owner, items.c.sku, items.c.name, order_lines.c.qty, order_lines.c.packed)
        .join(items, items.c.id == order_lines.c.item_id)
        .where(order_lines.c.order_id == row.id)
        .order_by(order_lines.c.line_no)
    )
    return Found(
        kind="order", code=row.code,
        facts=_facts(
            ("order_state", row.state), ("reason", row.state_reason), ("owner", row.owner),
            ("external_id", row.external_id), ("ship_date", row.ship_date),
            ("service", row.service), ("parcels", ", ".join(boxes_of)), ("origin", row.origin),
        ),
        stock=tuple(_line(line, line.packed) for line in tx.execute(lines)),
        promises=promises_of_order(tx, row.id),
    )  # fmt: skip


def _line(row: Any, done: int) -> Stored:
    """A line of a paper: `qty` wanted, `allocated` of them done."""
    return Stored(
        place="", owner=row.owner, sku=row.sku, name=row.name, qty=row.qty, allocated=done,
        condition="available",
    )  # fmt: skip


def _inbound(tx: Tx, subject: Subject, _now: int) -> Found | None:
    row = tx.execute(select(inbounds).where(inbounds.c.id == subject.id)).first()
    if row is None:
        return None
    lines = (
        select(items.c.owner, items.c.sku, items.c.name, inbound_lines.c.qty,
               inbound_lines.c.received)
        .join(items, items.c.id == inbound_lines.c.item_id)
        .where(inbound_lines.c.inbound_id == row.id)
        .order_by(inbound_lines.c.line_no)
    )  # fmt: skip
    return Found(
        kind="inbound", code=row.code,
        facts=_facts(
            ("paper_state", row.state), ("owner", row.owner), ("external_id", row.external_id),
            ("supplier", row.supplier), ("expected_date", row.expected_date), ("stands", row.dock),
        ),
        stock=tuple(_line(line, line.received) for line in tx.execute(lines)),
    )  # fmt: skip


def _return(tx: Tx, subject: Subject, _now: int) -> Found | None:
    row = tx.execute(
        select(returns, orders.c.code.label("order"))
        .outerjoin(orders, orders.c.id == returns.c.order_id)
        .where(returns.c.id == subject.id)
    ).first()
    if row is None:
        return None
    lines = (
        select(items.c.owner, items.c.sku, items.c.name, return_lines.c.qty, return_lines.c.graded)
        .join(items, items.c.id == return_lines.c.item_id)
        .where(return_lines.c.return_id == row.id)
        .order_by(return_lines.c.line_no)
    )
    return Found(
        kind="return", code=row.code,
        facts=_facts(
            ("paper_state", row.state), ("return_kind", row.kind), ("owner", row.owner),
            ("external_id", row.external_id), ("order", row.order or ""), ("reason", row.reason),
        ),
        stock=tuple(_line(line, line.graded) for line in tx.execute(lines)),
    )  # fmt: skip
