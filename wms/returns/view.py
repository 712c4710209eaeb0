"""A return as the grader and its owner may see it: what was sent, and what became of it.

Never whom it was for: who grades needs the goods, and the owner knows their customers.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from msgspec import Struct
from sqlalchemy import Row, select

from wms.db import Tx
from wms.errors import Code, Rejected
from wms.papers import photos
from wms.returns.grading import sent_of
from wms.schema import (
    barcodes,
    items,
    moves,
    orders,
    parcels,
    people,
    return_lines,
    return_units,
    returns,
    stations,
    tag_reads,
)
from wms.schema import photos as photos_table
from wms.site.epc import gtin_of
from wms.text import shown

READ_MS = 60_000  # a tag that was read shortly before the box was closed lies in it


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """What left, by item, lot and serial; `qty` eaches in this parcel (or all of the order's)."""

    item: int
    sku: str
    name: str
    picture: str
    lot: str
    serial: str
    qty: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What the book knows of how the goods left. `packed_by` is a person's name, or ""."""

    sent: tuple[Sent, ...] = ()
    parcel: str = ""
    carrier: str = ""
    tracking: str = ""
    shipped_ms: int = 0
    weight_g: int = 0
    packed_by: str = ""
    packed_ms: int = 0
    epcs: tuple[str, ...] = ()
    photos: int = 0


class ReturnLineView(Struct, frozen=True, kw_only=True):
    """What was announced of one SKU, and how much of it was graded, in eaches."""

    line_no: int
    sku: str
    qty: int
    graded: int
    serial: str


class UnitView(Struct, frozen=True, kw_only=True):
    """What was found. `refund` is what the owner's rule says."""

    unit_id: int
    sku: str
    qty: int
    lot: str
    serial: str
    grade: str
    disposition: str
    refund: bool
    note: str
    at_ms: int


class ReturnView(Struct, frozen=True, kw_only=True):
    """A return as the outside may see it. `photos` are their numbers. Times in UTC ms."""

    return_id: int
    code: str
    owner: str
    external_id: str
    kind: str
    state: str
    order: str
    parcel: str
    reason: str
    decision: str
    exchange: str
    accepted_ms: int
    state_ms: int
    lines: tuple[ReturnLineView, ...]
    units: tuple[UnitView, ...]
    photos: tuple[int, ...]


class ReturnPage(Struct, frozen=True, kw_only=True):
    """Returns by number. `next` is what to ask for as `after`, "" at the end."""

    returns: tuple[ReturnView, ...]
    next: str


def evidence(tx: Tx, row: Row[Any]) -> Evidence:
    """What is known of how the goods of return *row* left the house."""
    pictures = len(photos.of(tx, f"return:{row.id}"))
    lines = sent_of(tx, row)
    chosen = select(items).where(items.c.id.in_({line.item_id for line in lines}))
    item_of = {item.id: item for item in tx.execute(chosen)}
    sent = tuple(
        Sent(
            item=line.item_id, sku=item_of[line.item_id].sku, name=item_of[line.item_id].name,
            picture=item_of[line.item_id].picture, lot=line.lot, serial=line.serial,
            qty=int(line.qty),
        )
        for line in lines
    )  # fmt: skip
    if row.parcel_id is None:
        return Evidence(sent=sent, photos=pictures)
    box = tx.execute(select(parcels).where(parcels.c.id == row.parcel_id)).one()
    return Evidence(
        sent=sent, parcel=box.code, carrier=box.carrier, tracking=box.tracking,
        shipped_ms=box.shipped_ms or 0, weight_g=box.weight_g, packed_by=_packer(tx, box.code),
        packed_ms=box.created_ms, epcs=_epcs(tx, box, list(item_of)), photos=pictures,
    )  # fmt: skip


def get(tx: Tx, reference: str, *, owner: str = "") -> ReturnView:
    """The return that *reference* names: its external id, its code (R0000012) or its number.

    *owner* limits the search. Refuses `RETURN_UNKNOWN`, and `RETURN_AMBIGUOUS` when several owners
    use the external id.
    """
    wanted = [returns.c.external_id == reference, returns.c.code == reference]
    if reference.isascii() and reference.isdigit() and len(reference) <= 18:
        wanted.append(returns.c.id == int(reference))
    for condition in wanted:
        query = select(returns).where(condition)
        if owner:
            query = query.where(returns.c.owner == owner)
        rows = tx.execute(query.limit(2)).all()
        if len(rows) > 1:
            raise Rejected(Code.RETURN_AMBIGUOUS, value=shown(reference))
        if rows:
            return _views(tx, rows)[0]
    raise Rejected(Code.RETURN_UNKNOWN, value=shown(reference))


def page(tx: Tx, *, owner: str, state: str, after: int, limit: int) -> ReturnPage:
    """Returns numbered above *after*; of one *owner*, in one *state*, if given."""
    query = select(returns).where(returns.c.id > after)
    if owner:
        query = query.where(returns.c.owner == owner)
    if state:
        query = query.where(returns.c.state == state)
    rows = tx.execute(query.order_by(returns.c.id).limit(limit)).all()
    more = str(rows[-1].id) if len(rows) == limit else ""
    return ReturnPage(returns=tuple(_views(tx, rows)), next=more)


def _views(tx: Tx, rows: Sequence[Row[Any]]) -> list[ReturnView]:
    """A few statements, whatever their number."""
    ids = [row.id for row in rows]
    of_orders = {row.order_id for row in rows} | {row.exchange_id for row in rows}
    order_of = _names(tx, orders.c.id, orders.c.external_id, of_orders)
    parcel_of = _names(tx, parcels.c.id, parcels.c.code, {row.parcel_id for row in rows})
    lines: dict[int, list[ReturnLineView]] = {number: [] for number in ids}
    units: dict[int, list[UnitView]] = {number: [] for number in ids}
    query = select(return_lines, items.c.sku).join(items, items.c.id == return_lines.c.item_id)
    mine = return_lines.c.return_id.in_(ids)
    for row in tx.execute(query.where(mine).order_by(return_lines.c.id)):
        lines[row.return_id].append(ReturnLineView(
            line_no=row.line_no, sku=row.sku, qty=row.qty, graded=row.graded, serial=row.serial
        ))  # fmt: skip
    query = select(return_units, items.c.sku).join(items, items.c.id == return_units.c.item_id)
    found = return_units.c.return_id.in_(ids) & (return_units.c.undone == 0)
    for row in tx.execute(query.where(found).order_by(return_units.c.id)):
        units[row.return_id].append(_unit(row))
    refs = photos_table.c.ref.in_([f"return:{number}" for number in ids])
    pictures: dict[str, list[int]] = {}
    for row in tx.execute(select(photos_table.c.ref, photos_table.c.id).where(refs)):
        pictures.setdefault(row.ref, []).append(row.id)
    return [
        ReturnView(
            return_id=row.id, code=row.code, owner=row.owner, external_id=row.external_id,
            kind=row.kind, state=row.state, order=order_of.get(row.order_id, ""),
            parcel=parcel_of.get(row.parcel_id, ""), reason=row.reason, decision=row.decision,
            exchange=order_of.get(row.exchange_id, ""), accepted_ms=row.accepted_ms,
            state_ms=row.state_ms, lines=tuple(lines[row.id]), units=tuple(units[row.id]),
            photos=tuple(pictures.get(f"return:{row.id}", ())),
        )
        for row in rows
    ]  # fmt: skip


def _unit(row: Row[Any]) -> UnitView:
    return UnitView(
        unit_id=row.id, sku=row.sku, qty=row.qty, lot=row.lot, serial=row.serial, grade=row.grade,
        disposition=row.disposition, refund=bool(row.refund), note=row.note, at_ms=row.at_ms,
    )  # fmt: skip


def _names(tx: Tx, key: Any, name: Any, wanted: set[int | None]) -> dict[int | None, str]:
    rows = tx.execute(select(key, name).where(key.in_(wanted - {None})))
    return {row[0]: row[1] for row in rows}


def _packer(tx: Tx, parcel: str) -> str:
    """The name of whoever put the goods into the box."""
    packed = select(moves.c.actor).where(moves.c.target == parcel, moves.c.reason == "pack")
    actor = tx.execute(packed.order_by(moves.c.id).limit(1)).scalar() or ""
    kind, _, number = actor.partition(":")
    if kind != "person":
        return ""
    return tx.execute(select(people.c.name).where(people.c.id == int(number))).scalar() or ""


def _epcs(tx: Tx, box: Row[Any], item_ids: Sequence[int]) -> tuple[str, ...]:
    """Tags of such goods that the bench's reader saw while the box stood there."""
    until = box.verified_ms or box.created_ms
    seen = (
        select(tag_reads.c.epc)
        .join(stations, stations.c.reader == tag_reads.c.device)
        .where(stations.c.code == box.station, tag_reads.c.device != "")
        .where(tag_reads.c.first_ms <= until, tag_reads.c.last_ms >= box.created_ms - READ_MS)
        .order_by(tag_reads.c.epc)
    )
    codes = set(tx.scalars(select(barcodes.c.code).where(barcodes.c.item_id.in_(item_ids))))
    return tuple(epc for epc in tx.scalars(seen) if gtin_of(epc) in codes)
