"""What a packer's next step depends on, read fresh from the book on every input."""

from collections import Counter
from dataclasses import dataclass

from sqlalchemy import func, select

from picking.dialogues.base import Who
from wms import epc
from wms.db import Tx
from wms.schema import (
    allocations,
    barcodes,
    boxes,
    device_facts,
    items,
    order_lines,
    orders,
    owners,
    parcels,
    places,
    print_jobs,
    services,
    slips,
    tag_reads,
)

TAG_FRESH_MS = 10_000  # a tag read longer ago says nothing about the tote that is here now


@dataclass(frozen=True, slots=True)
class Content:
    """Picked units of one allocation in a tote. `line` is None while they are a wave's total."""

    allocation: int
    line: int | None
    item: int
    sku: str
    name: str
    picture: str
    kind: str
    weight_g: int
    volume_mm3: int
    rfid: bool
    lot: str
    serial: str
    qty: int
    tote: str
    here: bool


@dataclass(frozen=True, slots=True)
class Order:
    """The order at the bench. `missing` eaches are neither in a tote nor packed yet."""

    id: int
    code: str
    state: str
    service: str
    label_mode: str
    tolerance_g: int
    missing: int
    sides_mm_max: int


@dataclass(frozen=True, slots=True)
class Box:
    code: str
    name: str
    volume_mm3: int
    sides_mm: int
    tare_g: int


@dataclass(frozen=True, slots=True)
class Parcel:
    """The parcel that waits for its label at this station, and how its label is doing."""

    id: int
    code: str
    state: str
    tracking: str
    print_state: str = ""
    print_reason: str = ""
    print_job: int = 0


@dataclass(frozen=True, slots=True)
class Facts:
    """`contents`: all picked units of the order (or of a total tote), wherever they are."""

    station: str
    place: str
    has_scale: bool
    contents: tuple[Content, ...] = ()
    order: Order | None = None
    parcel: Parcel | None = None
    boxes: tuple[Box, ...] = ()
    slip_numbers: tuple[str, ...] = ()
    weight_g: int | None = None
    tags: tuple[tuple[int, int], ...] | None = None  # (item, tags seen); None: no reader here

    @property
    def here(self) -> tuple[Content, ...]:
        """What stands at this station."""
        return tuple(content for content in self.contents if content.here)

    @property
    def bound(self) -> tuple[Content, ...]:
        """What stands here and belongs to the order at the bench."""
        return tuple(content for content in self.here if content.line is not None)

    @property
    def elsewhere(self) -> tuple[str, ...]:
        """Totes of the order that have not arrived."""
        return tuple(sorted({content.tote for content in self.contents if not content.here}))


def load(tx: Tx, who: Who, tote: str) -> Facts:
    """The facts for the tote at hand ("" before one was scanned)."""
    assert who.station is not None, "the menu opens packing only at a bench"
    station = who.station
    parcel = _parcel(tx, station.code)
    contents = _contents(tx, tote, station.place) if tote else ()
    bound = next((content.line for content in contents if content.line is not None), None)
    order = _order(tx, bound) if bound is not None else None
    return Facts(
        station=station.code, place=station.place, has_scale=bool(station.scale),
        contents=contents, order=order, parcel=parcel, boxes=_boxes(tx),
        slip_numbers=_slip_numbers(tx, parcel), weight_g=_weight(tx, station.scale),
        tags=_tags(tx, station.reader, who.now) if station.reader else None,
    )  # fmt: skip


def _contents(tx: Tx, tote: str, place: str) -> tuple[Content, ...]:
    """What lies in *tote*; if that is one order's, what it has in its other totes as well."""
    live = allocations.c.state == "picked"
    line = tx.execute(
        select(order_lines.c.order_id)
        .join(allocations, allocations.c.line_id == order_lines.c.id)
        .where(live, allocations.c.place == tote)
        .limit(1)
    ).scalar()
    mine = allocations.c.place == tote
    if line is not None:
        lines = select(order_lines.c.id).where(order_lines.c.order_id == line)
        mine = allocations.c.line_id.in_(lines) | mine
    query = (
        select(allocations, items, order_lines.c.kind.label("line_kind"), places.c.parent)
        .join(items, items.c.id == allocations.c.item_id)
        .join(places, places.c.code == allocations.c.place)
        .outerjoin(order_lines, order_lines.c.id == allocations.c.line_id)
        .where(live, mine)
        .order_by(allocations.c.id)
    )
    return tuple(
        Content(
            row.id, row.line_id, row.item_id, row.sku, row.name, row.picture,
            row.line_kind or "goods", row.weight_g,
            row.length_mm * row.width_mm * row.height_mm, bool(row.rfid_tagged), row.lot,
            row.serial, row.qty, row.place, row.parent == place,
        )
        for row in tx.execute(query)
    )  # fmt: skip


def _order(tx: Tx, line: int) -> Order:
    row = tx.execute(
        select(orders, owners.c.label_mode, owners.c.weight_tolerance_g, services.c.sides_mm_max)
        .join(order_lines, order_lines.c.order_id == orders.c.id)
        .join(owners, owners.c.code == orders.c.owner)
        .join(services, services.c.code == orders.c.service)
        .where(order_lines.c.id == line)
    ).one()
    lines = select(order_lines).where(order_lines.c.order_id == row.id).subquery()
    wanted = tx.execute(
        select(func.coalesce(func.sum(lines.c.qty - lines.c.cancelled - lines.c.packed), 0))
    ).scalar_one()
    picked = tx.execute(
        select(func.coalesce(func.sum(allocations.c.qty), 0)).where(
            allocations.c.line_id.in_(select(lines.c.id)), allocations.c.state == "picked"
        )
    ).scalar_one()
    return Order(
        row.id, row.code, row.state, row.service, row.label_mode, row.weight_tolerance_g,
        int(wanted) - int(picked), row.sides_mm_max,
    )  # fmt: skip


def _parcel(tx: Tx, station: str) -> Parcel | None:
    row = tx.execute(
        select(parcels)
        .where(parcels.c.station == station, parcels.c.state.in_(("open", "labelled")))
        .order_by(parcels.c.id)
        .limit(1)
    ).first()
    if row is None:
        return None
    job = tx.execute(
        select(print_jobs)
        .where(print_jobs.c.parcel_id == row.id, print_jobs.c.template == "shipping")
        .order_by(print_jobs.c.id.desc())
        .limit(1)
    ).first()
    printing = (job.state, job.reason, job.id) if job else ("", "", 0)
    return Parcel(row.id, row.code, row.state, row.tracking, *printing)


def _boxes(tx: Tx) -> tuple[Box, ...]:
    rows = tx.execute(select(boxes)).all()
    made = [
        Box(
            row.code, row.name, row.length_mm * row.width_mm * row.height_mm,
            row.length_mm + row.width_mm + row.height_mm, row.tare_g,
        )
        for row in rows
    ]  # fmt: skip
    return tuple(sorted(made, key=lambda box: (box.volume_mm3, box.code)))


def _slip_numbers(tx: Tx, parcel: Parcel | None) -> tuple[str, ...]:
    if parcel is None or parcel.state != "open":
        return ()
    query = (
        select(slips.c.tracking)
        .join(parcels, parcels.c.order_id == slips.c.order_id)
        .where(parcels.c.id == parcel.id, slips.c.state == "imported")
        .order_by(slips.c.id)
    )
    return tuple(tx.scalars(query))


def _weight(tx: Tx, scale: str) -> int | None:
    if not scale:
        return None
    newest = (
        select(device_facts.c.text)
        .where(device_facts.c.device == scale, device_facts.c.kind == "weight")
        .order_by(device_facts.c.id.desc())
        .limit(1)
    )
    text = tx.execute(newest).scalar()
    return int(text) if text is not None else None


def _tags(tx: Tx, reader: str, now: int) -> tuple[tuple[int, int], ...]:
    """Items whose tags the reader sees now, and how many tags of each."""
    fresh = (tag_reads.c.device == reader) & (tag_reads.c.last_ms >= now - TAG_FRESH_MS)
    codes = [epc.gtin_of(code) for code in tx.scalars(select(tag_reads.c.epc).where(fresh))]
    counted = Counter(code for code in codes if code)
    if not counted:
        return ()
    query = select(barcodes.c.code, barcodes.c.item_id).where(barcodes.c.code.in_(counted))
    seen: Counter[int] = Counter()
    for row in tx.execute(query):
        seen[row.item_id] += counted[row.code]
    return tuple(sorted(seen.items()))
