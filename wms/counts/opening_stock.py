"""Opening stock: what lies where when a site begins, booked as moves from @supplier."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct
from sqlalchemy import Row, select, tuple_

from wms import stock
from wms.counts import counting, frozen
from wms.dates import iso_date
from wms.db import Tx, insert_for
from wms.errors import Code, Rejected
from wms.schema import lots, moves, places
from wms.schema import stock as balances
from wms.shape import Fault, fault, of_refusal, refuse_first, shape_faults, sound
from wms.site import items
from wms.site.items import CHUNK, Put
from wms.stock import SUPPLIER, Move, is_outside
from wms.text import code, shown


class NewStock(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Units of an item that lie in a place, in eaches.

    Without a lot number, goods with an expiry date get that date as their lot.
    """

    owner: Annotated[str, Meta(min_length=1, max_length=32)]
    sku: Annotated[str, Meta(min_length=1, max_length=64)]
    place: Annotated[str, Meta(min_length=1, max_length=32)]
    qty: Annotated[int, Meta(ge=1, le=1_000_000)]
    lot: Annotated[str, Meta(max_length=40)] = ""
    expiry: Annotated[str, Meta(max_length=10)] = ""
    condition: Literal["available", "quarantine", "damaged", "expired", "returned"] = "available"
    serial: Annotated[str, Meta(max_length=40)] = ""


Numbered = Sequence[tuple[int, NewStock]]  # rows with their numbers among all that came
Lot = tuple[int, str]  # item and lot


def lot_of(row: NewStock) -> str:
    """The lot under which *row* is kept."""
    return row.lot or row.expiry


def keys(rows: Sequence[NewStock]) -> list[str]:
    """The move key of each row: its content, and how many like it came before it.

    So the same file again changes nothing, and a file with rows added books only those.
    """
    seen: Counter[str] = Counter()
    found = []
    for row in rows:
        content = "\n".join(str(part) for part in msgspec.structs.astuple(row))
        digest = hashlib.sha256(content.encode(errors="surrogatepass")).hexdigest()[:32]
        seen[digest] += 1
        found.append(f"opening:{digest}:{seen[digest]}")
    return found


def faults(tx: Tx, rows: Sequence[NewStock]) -> list[Fault]:
    """Everything that keeps *rows* out of the book, row by row; nothing is written."""
    found = shape_faults(rows)
    for number, row in sound(rows, found):
        try:
            _prove_texts(row)
        except Rejected as refusal:
            found.append(of_refusal(number, refusal))
    safe = sound(rows, found)
    booked = _booked(tx, rows)
    found += _reference_faults(tx, [(number, row) for number, row in safe if number not in booked])
    return sorted(found, key=lambda fault: fault.row)


def put(tx: Tx, rows: Sequence[NewStock], *, actor: str, now: int) -> Put:
    """Book *rows* as moves from @supplier; those booked before change nothing.

    Refuses the first of `faults`, and `PLACE_FROZEN`.
    """
    refuse_first(faults(tx, rows))
    ids = items.ids_of(tx, ((row.owner, row.sku) for row in rows))
    expiries = {(ids[row.owner, row.sku], lot_of(row)): row.expiry for row in rows}
    if expiries:
        tx.execute(insert_for(tx)(lots).on_conflict_do_nothing(), [
            {"item_id": item, "lot": lot, "expiry": expiry}
            for (item, lot), expiry in expiries.items()
        ])  # fmt: skip
    lines = [
        Move(
            key=key, item=ids[row.owner, row.sku], qty=row.qty, source=SUPPLIER, target=row.place,
            lot=lot_of(row), condition=row.condition, serial=row.serial, reason="opening",
        )
        for key, row in zip(keys(rows), rows, strict=True)
    ]  # fmt: skip
    frozen.refuse(tx, {line.target for line in lines})
    new = stock.post(tx, lines, actor=actor, now=now)
    counting.opened(tx, sorted({line.target for line in lines}), now=now)
    return Put(new, 0, len(rows) - new)


def _prove_texts(row: NewStock) -> None:
    for name in ("owner", "sku", "place"):
        code(getattr(row, name), field=name, max=64)
    for name in ("lot", "serial"):
        if getattr(row, name):
            code(getattr(row, name), field=name, max=40)
    if row.expiry:
        iso_date(row.expiry, field="expiry")
    if is_outside(row.place):
        raise Rejected(Code.PLACE_OUTSIDE, field="place", value=shown(row.place))


def _booked(tx: Tx, rows: Sequence[NewStock]) -> set[int]:
    """Numbers of the rows that were booked before."""
    number_of = {key: number for number, key in enumerate(keys(rows))}
    wanted = list(number_of)
    found: set[int] = set()
    for start in range(0, len(wanted), CHUNK):
        query = select(moves.c.key).where(moves.c.key.in_(wanted[start : start + CHUNK]))
        found.update(number_of[key] for key in tx.execute(query).scalars())
    return found


def _reference_faults(tx: Tx, rows: Numbered) -> list[Fault]:
    known = items.rows_of(tx, ((row.owner, row.sku) for _, row in rows))
    there = set(tx.execute(select(places.c.code)).scalars())
    expiry_of = _expiries(tx, {known[key].id for key in known})
    serials = _serials(tx, known, rows)
    found = []
    for number, row in rows:
        if row.place not in there:
            value = shown(row.place)
            found.append(fault(number, Code.REFERENCE_UNKNOWN, field="place", value=value))
        item = known.get((row.owner, row.sku))
        if item is None:
            found.append(fault(
                number, Code.REFERENCE_UNKNOWN, field="sku", value=shown(f"{row.owner} {row.sku}")
            ))  # fmt: skip
            continue
        found += _lot_faults(number, row, item, expiry_of)
        found += _serial_faults(number, row, item, serials)
    return found


def _lot_faults(
    number: int, row: NewStock, item: Row[Any], expiry_of: dict[Lot, str]
) -> list[Fault]:
    found = []
    if item.lot_tracked and not row.lot:
        found.append(fault(number, Code.TEXT_EMPTY, field="lot"))
    if item.expiry_tracked and not row.expiry:
        found.append(fault(number, Code.TEXT_EMPTY, field="expiry"))
    lot = lot_of(row)
    expiry = expiry_of.setdefault((item.id, lot), row.expiry)
    if expiry != row.expiry:
        found.append(fault(
            number, Code.LOT_EXPIRY, field="expiry", lot=shown(lot), expiry=expiry or "-"
        ))  # fmt: skip
    return found


def _serial_faults(
    number: int, row: NewStock, item: Row[Any], serials: set[tuple[int, str]]
) -> list[Fault]:
    """A serial number is one unit in one place; those seen are added to *serials*."""
    if item.serial_tracked and not row.serial:
        return [fault(number, Code.TEXT_EMPTY, field="serial")]
    if not row.serial:
        return []
    if row.qty != 1:
        return [fault(number, Code.SERIAL_IS_ONE, field="qty")]
    if (item.id, row.serial) in serials:
        return [fault(number, Code.SERIAL_HERE, field="serial", value=shown(row.serial))]
    serials.add((item.id, row.serial))
    return []


def _expiries(tx: Tx, item_ids: Iterable[int]) -> dict[Lot, str]:
    wanted = sorted(item_ids)
    found: dict[Lot, str] = {}
    for start in range(0, len(wanted), CHUNK):
        query = select(lots).where(lots.c.item_id.in_(wanted[start : start + CHUNK]))
        found.update({(row.item_id, row.lot): row.expiry for row in tx.execute(query)})
    return found


def _serials(
    tx: Tx, known: dict[tuple[str, str], Row[Any]], rows: Numbered
) -> set[tuple[int, str]]:
    """Serial numbers of *rows* that are in stock somewhere."""
    wanted = sorted({
        (known[row.owner, row.sku].id, row.serial)
        for _, row in rows
        if row.serial and (row.owner, row.sku) in known
    })  # fmt: skip
    found: set[tuple[int, str]] = set()
    pair = tuple_(balances.c.item_id, balances.c.serial)
    for start in range(0, len(wanted), CHUNK):
        query = select(balances.c.item_id, balances.c.serial).where(
            pair.in_(wanted[start : start + CHUNK]), balances.c.qty > 0
        )
        found.update((row.item_id, row.serial) for row in tx.execute(query))
    return found
