"""What a packer's next step depends on, read fresh from the book on every input."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import msgspec
from msgspec import Struct
from sqlalchemy import Row, exists, func, or_, select

from picking.dialogues.base import Station, Who
from wms.db import Tx
from wms.epc import gtin_of
from wms.schema import (
    allocations,
    barcodes,
    boxes,
    device_facts,
    devices,
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
DOWN = ("offline", "fault")  # health of a device that does nothing now

At = Literal["tote", "one", "item", "box", "weigh", "label", "slip", "verify"]


class State(Struct, frozen=True, kw_only=True):
    """What the packer has proven so far; the goods are still in their totes until the weight."""

    at: At = "tote"
    tote: str = ""
    scanned: tuple[str, ...] = ()  # a key for each piece, in order: undo takes the last
    box: str = ""
    split: bool = False  # this box is full; the rest of the order goes into another one
    listing: bool = False  # the whole list of pieces is on the screen


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
    """The order at the bench. `missing` eaches are neither in a tote nor packed yet.

    Limits of its carrier service are 0 where there are none.
    """

    id: int
    code: str
    state: str
    service: str
    label_mode: str
    tolerance_g: int
    missing: int
    sides_mm_max: int
    weight_g_max: int = 0


@dataclass(frozen=True, slots=True)
class Box:
    """A kind of box from the shelf. `services`: those that take it, () = all."""

    code: str
    name: str
    volume_mm3: int
    sides_mm: int
    tare_g: int
    services: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Printing:
    """How a paper is doing: `reason` why it waits or failed, `printer` which one got it."""

    state: str
    reason: str = ""
    printer: str = ""


@dataclass(frozen=True, slots=True)
class Parcel:
    """The parcel that waits for its label at this station."""

    id: int
    code: str
    order: int
    state: str
    tracking: str
    box: str = ""
    piece: int = 1
    pieces: int = 1
    label_mode: str = "immediate"
    printing: Printing | None = None


@dataclass(frozen=True, slots=True)
class Tagged:
    """Tags of one item that the reader sees now."""

    item: int
    sku: str
    count: int


@dataclass(frozen=True, slots=True)
class Facts:
    """`contents`: all picked units of the order (or of a total tote), wherever they are.

    `scale`: "none", "ready", or "down" (it is there and does not answer). `printer` says why the
    label printer is down, "" when it is not. `tags` is None where there is no reader.
    """

    station: str
    place: str
    scale: Literal["none", "ready", "down"] = "none"
    printer: str = ""
    slip_printer: bool = False
    contents: tuple[Content, ...] = ()
    order: Order | None = None
    parcel: Parcel | None = None
    slip: Printing | None = None
    boxes: tuple[Box, ...] = ()
    slip_numbers: tuple[str, ...] = ()
    weight_g: int | None = None
    tags: tuple[Tagged, ...] | None = None

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

    def box(self, code: str) -> Box | None:
        """The kind of box with this code."""
        return next((box for box in self.boxes if box.code == code), None)


def load(tx: Tx, state: State, who: Who) -> Facts:
    """The facts for the tote at hand ("" before one was scanned)."""
    assert who.station is not None, "the menu opens packing only at a bench"
    station = who.station
    parcel = _parcel(tx, station.code)
    contents = contents_of(tx, state.tote, station.place) if state.tote else ()
    line = next((content.line for content in contents if content.line is not None), None)
    order = order_of(tx, line) if line is not None else None
    health = _health(tx, station)
    return Facts(
        station=station.code, place=station.place, contents=contents, order=order, parcel=parcel,
        scale=_scale(station, health), printer=_printer(station, health),
        slip_printer=bool(station.slip_printer),
        slip=_slip(tx, order.id) if order is not None and station.slip_printer else None,
        boxes=_boxes(tx), slip_numbers=_slip_numbers(tx, parcel),
        weight_g=_weight(tx, station.scale),
        tags=_tags(tx, station.reader, contents, who.now) if station.reader else None,
    )  # fmt: skip


def contents_of(tx: Tx, tote: str, place: str) -> tuple[Content, ...]:
    """What lies in *tote*; if that is one order's, what it has in its other totes as well."""
    live = (allocations.c.state == "picked") & allocations.c.task_id.is_(None)
    order = tx.execute(
        select(order_lines.c.order_id)
        .join(allocations, allocations.c.line_id == order_lines.c.id)
        .where(live, allocations.c.place == tote)
        .order_by(order_lines.c.order_id)
        .limit(1)
    ).scalar()
    mine = allocations.c.place == tote
    if order is not None:
        lines = select(order_lines.c.id).where(order_lines.c.order_id == order)
        mine = allocations.c.line_id.in_(lines) | (mine & allocations.c.line_id.is_(None))
    query = (
        select(allocations, items, order_lines.c.kind.label("line_kind"), places.c.parent)
        .join(items, items.c.id == allocations.c.item_id)
        .join(places, places.c.code == allocations.c.place)
        .outerjoin(order_lines, order_lines.c.id == allocations.c.line_id)
        .where(live, mine)
        .order_by(allocations.c.id)
    )
    return tuple(_content(row, place) for row in tx.execute(query))


def _content(row: Row[Any], place: str) -> Content:
    return Content(
        row.id, row.line_id, row.item_id, row.sku, row.name, row.picture, row.line_kind or "goods",
        row.weight_g, row.length_mm * row.width_mm * row.height_mm, bool(row.rfid_tagged), row.lot,
        row.serial, row.qty, row.place, row.parent == place,
    )  # fmt: skip


def order_of(tx: Tx, line: int) -> Order:
    """The order of an order line, and what is missing for it to be complete."""
    row = tx.execute(
        select(
            orders, owners.c.label_mode, owners.c.weight_tolerance_g, services.c.sides_mm_max,
            services.c.weight_g_max,
        )
        .join(order_lines, order_lines.c.order_id == orders.c.id)
        .join(owners, owners.c.code == orders.c.owner)
        .join(services, services.c.code == orders.c.service)
        .where(order_lines.c.id == line)
    ).one()  # fmt: skip
    wanted = order_lines.c.qty - order_lines.c.cancelled - order_lines.c.packed
    mine = order_lines.c.order_id == row.id
    left = tx.execute(select(func.coalesce(func.sum(wanted), 0)).where(mine)).scalar_one()
    picked = tx.execute(
        select(func.coalesce(func.sum(allocations.c.qty), 0))
        .join(order_lines, order_lines.c.id == allocations.c.line_id)
        .where(mine, allocations.c.state == "picked")
    ).scalar_one()
    return Order(
        row.id, row.code, row.state, row.service, row.label_mode, row.weight_tolerance_g,
        int(left) - int(picked), row.sides_mm_max, row.weight_g_max,
    )  # fmt: skip


def _parcel(tx: Tx, station: str) -> Parcel | None:
    """The oldest parcel here without its proven label; one of an order that goes on in another
    box waits until the last box is closed, for only then is it known how many there are."""
    more_to_come = exists().where(
        allocations.c.state == "picked", allocations.c.line_id == order_lines.c.id,
        order_lines.c.order_id == parcels.c.order_id,
    )  # fmt: skip
    waits = or_(parcels.c.state == "labelled", (parcels.c.state == "open") & ~more_to_come)
    row = tx.execute(
        select(parcels, owners.c.label_mode)
        .join(orders, orders.c.id == parcels.c.order_id)
        .join(owners, owners.c.code == orders.c.owner)
        .where(parcels.c.station == station, waits)
        .order_by(parcels.c.id)
        .limit(1)
    ).first()
    if row is None:
        return None
    pieces = select(func.max(parcels.c.piece)).where(
        parcels.c.order_id == row.order_id, parcels.c.state != "void"
    )
    of_parcel = print_jobs.c.parcel_id == row.id
    return Parcel(
        row.id, row.code, row.order_id, row.state, row.tracking, box=row.box, piece=row.piece,
        pieces=int(tx.execute(pieces).scalar_one()), label_mode=row.label_mode,
        printing=_printing(tx, of_parcel & (print_jobs.c.template == "shipping")),
    )  # fmt: skip


def _slip(tx: Tx, order: int) -> Printing | None:
    return _printing(tx, print_jobs.c.key.like(f"slip:{order}:%"))


def _printing(tx: Tx, chosen: Any) -> Printing | None:
    """The newest of the chosen print jobs."""
    columns = (print_jobs.c.state, print_jobs.c.reason, print_jobs.c.printer)
    newest = select(*columns).where(chosen).order_by(print_jobs.c.id.desc()).limit(1)
    row = tx.execute(newest).first()
    return Printing(row.state, row.reason, row.printer) if row else None


def _boxes(tx: Tx) -> tuple[Box, ...]:
    made = [
        Box(
            row.code, row.name, row.length_mm * row.width_mm * row.height_mm,
            row.length_mm + row.width_mm + row.height_mm, row.tare_g, _services(row.services),
        )
        for row in tx.execute(select(boxes))
    ]  # fmt: skip
    return tuple(sorted(made, key=lambda box: (box.volume_mm3, box.code)))


def _services(document: str) -> tuple[str, ...]:
    """A list of services; the empty object that the column begins with is none."""
    listed = msgspec.json.decode(document)
    return tuple(listed) if isinstance(listed, list) else ()


def _slip_numbers(tx: Tx, parcel: Parcel | None) -> tuple[str, ...]:
    if parcel is None or parcel.state != "open":
        return ()
    query = (
        select(slips.c.tracking)
        .where(slips.c.order_id == parcel.order, slips.c.state == "imported")
        .order_by(slips.c.id)
    )
    return tuple(tx.scalars(query))


def _health(tx: Tx, station: Station) -> dict[str, tuple[str, str]]:
    """Health and reason of the station's printer and scale, by their names."""
    named = devices.c.name.in_((station.printer, station.scale))
    rows = tx.execute(select(devices).where(named))
    return {row.name: (row.health, row.reason) for row in rows}


def _scale(
    station: Station, health: dict[str, tuple[str, str]]
) -> Literal["none", "ready", "down"]:
    if not station.scale:
        return "none"
    return "down" if health.get(station.scale, ("", ""))[0] in DOWN else "ready"


def _printer(station: Station, health: dict[str, tuple[str, str]]) -> str:
    """Why the label printer cannot print now: better known before the box is closed."""
    if not station.printer:
        return "print.no_printer"
    state, reason = health.get(station.printer, ("", ""))
    return (reason or state) if state in (*DOWN, "degraded") else ""


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


def _tags(tx: Tx, reader: str, contents: Sequence[Content], now: int) -> tuple[Tagged, ...]:
    """Items whose tags the reader sees now. A code of several owners is the one that is here."""
    fresh = (tag_reads.c.device == reader) & (tag_reads.c.last_ms >= now - TAG_FRESH_MS)
    codes = [gtin_of(code) for code in tx.scalars(select(tag_reads.c.epc).where(fresh))]
    counted = Counter(code for code in codes if code)
    if not counted:
        return ()
    query = (
        select(barcodes.c.code, items.c.id, items.c.sku)
        .join(items, items.c.id == barcodes.c.item_id)
        .where(barcodes.c.code.in_(counted))
        .order_by(items.c.id)
    )
    here = {content.item for content in contents}
    meaning: dict[str, tuple[int, str]] = {}
    for row in tx.execute(query):
        if row.code not in meaning or row.id in here:
            meaning[row.code] = (row.id, row.sku)
    seen: Counter[tuple[int, str]] = Counter()
    for code, item in meaning.items():
        seen[item] += counted[code]
    return tuple(Tagged(item, sku, count) for (item, sku), count in sorted(seen.items()))
