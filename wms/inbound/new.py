"""A delivery as it is announced, and what makes it fit for the book."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal, NamedTuple

import msgspec
from msgspec import Meta, Struct
from sqlalchemy import Row, select

from wms.dates import iso_date
from wms.db import Tx
from wms.errors import Code, Rejected
from wms.schema import inbounds, places
from wms.shape import Fault, fault, of_refusal, shape_faults, sound
from wms.site import external, items
from wms.text import clean, code, shown

EXTERNAL_ID_CHARACTERS = 64
LOT_CHARACTERS = 40
Epc = Annotated[str, Meta(pattern="^[0-9a-f]{24,62}$")]
Serial = Annotated[str, Meta(min_length=1, max_length=LOT_CHARACTERS)]
Pair = tuple[str, str]  # owner, external id


class NewInboundLine(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is announced of one SKU, in eaches. `epcs` in hex and `serials` name single units."""

    sku: Annotated[str, Meta(min_length=1, max_length=64)]
    qty: Annotated[int, Meta(ge=1, le=1_000_000)]
    lot: Annotated[str, Meta(max_length=LOT_CHARACTERS)] = ""
    expiry: Annotated[str, Meta(pattern="^([0-9]{4}-[0-9]{2}-[0-9]{2})?$")] = ""
    epcs: Annotated[tuple[Epc, ...], Meta(max_length=10_000)] = ()
    serials: Annotated[tuple[Serial, ...], Meta(max_length=10_000)] = ()


class NewInbound(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A delivery for an owner: an ASN, a purchase order, or a transfer from another site.

    `ssccs` are the labels of its pallets and cartons (18 digits): scanning one finds the delivery.
    `dock` "" is said on the floor.
    """

    owner: Annotated[str, Meta(min_length=1, max_length=32)]
    external_id: Annotated[str, Meta(min_length=1, max_length=EXTERNAL_ID_CHARACTERS)]
    lines: Annotated[tuple[NewInboundLine, ...], Meta(min_length=1, max_length=1_000)]
    kind: Literal["asn", "order", "transfer"] = "asn"
    supplier: Annotated[str, Meta(max_length=64)] = ""
    expected_date: Annotated[str, Meta(pattern="^([0-9]{4}-[0-9]{2}-[0-9]{2})?$")] = ""
    dock: Annotated[str, Meta(max_length=32)] = ""
    notes: Annotated[str, Meta(max_length=500)] = ""
    ssccs: Annotated[
        tuple[Annotated[str, Meta(pattern="^[0-9]{18}$")], ...], Meta(max_length=1_000)
    ] = ()


class Ready(NamedTuple):
    """A delivery that may be written: with its items, in the order of its lines."""

    inbound: NewInbound
    hash: str
    item_ids: tuple[int, ...]


class Checked(NamedTuple):
    """Rows sorted by fate: numbers of `known` ones are in the book with the same content."""

    known: dict[int, Row[Any]]
    ready: dict[int, Ready]
    faults: list[Fault]


def check(tx: Tx, rows: Sequence[NewInbound]) -> Checked:
    """Sort *rows*; each ends in exactly one of known and ready, or has faults."""
    faults = shape_faults(rows)
    safe: dict[int, NewInbound] = {}
    for number, row in sound(rows, faults):
        try:
            safe[number] = _cleaned(row)
        except Rejected as refusal:
            faults.append(of_refusal(number, refusal))
    faults += external.twice(safe)
    known, fresh = _without_known(tx, safe, faults)
    ids = items.rows_of(tx, {(row.owner, line.sku) for row in fresh.values() for line in row.lines})
    docks = set(tx.execute(select(places.c.code).where(
        places.c.code.in_({row.dock for row in fresh.values() if row.dock})
    )).scalars())  # fmt: skip
    for number, row in fresh.items():
        found = [*_reference_faults(number, row, ids, docks), *_unit_faults(number, row, ids)]
        faults += found
    bad = {one.row for one in faults}
    ready = {
        number: Ready(
            row, external.content_hash(row),
            tuple(int(ids[row.owner, line.sku]._mapping["id"]) for line in row.lines),
        )
        for number, row in fresh.items()
        if number not in bad
    }  # fmt: skip
    return Checked(known, ready, sorted(faults, key=lambda one: one.row))


def _cleaned(row: NewInbound) -> NewInbound:
    code(row.owner, field="owner", max=32)
    code(row.external_id, field="external_id", max=EXTERNAL_ID_CHARACTERS)
    if row.expected_date:
        iso_date(row.expected_date, field="expected_date")
    for place, line in enumerate(row.lines):
        code(line.sku, field=f"lines[{place}].sku", max=64)
        if line.lot:
            code(line.lot, field=f"lines[{place}].lot", max=LOT_CHARACTERS)
        if line.expiry:
            iso_date(line.expiry, field=f"lines[{place}].expiry")
        for serial in line.serials:
            code(serial, field=f"lines[{place}].serials", max=LOT_CHARACTERS)
    return msgspec.structs.replace(
        row, supplier=clean(row.supplier, field="supplier", max=192),
        notes=clean(row.notes, field="notes", max=1_500),
    )  # fmt: skip


def _without_known(
    tx: Tx, rows: dict[int, NewInbound], faults: list[Fault]
) -> tuple[dict[int, Row[Any]], dict[int, NewInbound]]:
    """Set aside what the book has; the same id with other content is a fault."""
    before = external.existing(
        tx, inbounds, [(row.owner, row.external_id) for row in rows.values()]
    )
    known: dict[int, Row[Any]] = {}
    fresh: dict[int, NewInbound] = {}
    for number, row in rows.items():
        there = before.get((row.owner, row.external_id))
        if there is None:
            fresh[number] = row
        elif there.body_hash == external.content_hash(row):
            known[number] = there
        else:
            key = shown(row.external_id)
            faults.append(fault(number, Code.KEY_REUSED, field="external_id", key=key))
    return known, fresh


def _reference_faults(
    number: int, row: NewInbound, ids: dict[Pair, Row[Any]], docks: set[str]
) -> list[Fault]:
    """Items and dock must be in the book; an item that is not knows no owner either."""
    found = [
        fault(number, Code.REFERENCE_UNKNOWN, field=f"lines[{place}].sku",
              value=shown(f"{row.owner} {line.sku}"))
        for place, line in enumerate(row.lines)
        if (row.owner, line.sku) not in ids
    ]  # fmt: skip
    if row.dock and row.dock not in docks:
        value = shown(row.dock)
        found.append(fault(number, Code.REFERENCE_UNKNOWN, field="dock", value=value))
    return found


def _unit_faults(number: int, row: NewInbound, ids: dict[Pair, Row[Any]]) -> list[Fault]:
    """A unit is announced once, and no line names more units than it has."""
    found = []
    seen: set[tuple[str, str]] = {("sscc", sscc) for sscc in row.ssccs}
    if len(seen) != len(row.ssccs):
        found.append(fault(number, Code.ROW_TWICE, field="ssccs", value=row.external_id))
    for place, line in enumerate(row.lines):
        item = ids.get((row.owner, line.sku))
        for field, kind, units in (("epcs", "epc", line.epcs), ("serials", "serial", line.serials)):
            where = f"lines[{place}].{field}"
            if len(units) > line.qty:
                found.append(fault(number, Code.FIELD_TOO_LONG, field=where, limit=line.qty))
            if kind == "serial" and units and item is not None and not item.serial_tracked:
                found.append(fault(number, Code.SERIALS_NOT_TRACKED, field=where, sku=line.sku))
            for unit in units:
                one = (kind, f"{line.sku}/{unit}" if kind == "serial" else unit)
                if one in seen:
                    found.append(fault(number, Code.ROW_TWICE, field=where, value=shown(unit)))
                seen.add(one)
    return found
