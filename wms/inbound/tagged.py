"""Goods that an RFID portal has read, received in one command: each tag once, on its line."""

from collections.abc import Sequence

from sqlalchemy import Row, select, update

from wms.db import Tx, insert_for
from wms.inbound.receiving import BY_PORTAL, Receipt, receive
from wms.schema import inbound_lines, inbound_units, items
from wms.site.epc import serial_of
from wms.site.items import CHUNK


def receive_tags(
    tx: Tx, *, delivery: int, tags: Sequence[tuple[int, str]], place: str, key: str, actor: str,
    today: str, now: int,
) -> int:  # fmt: skip
    """Book one piece for each (line, EPC) of *tags* that was not received before; returns how many.

    Goods kept by serial number get the tag's. Refuses what `receive` refuses, all or none.
    """
    fresh = _mark(tx, delivery, tags, actor, now)
    numbers = sorted({line for line, _ in fresh})
    lines = {row.id: row for row in _lines(tx, numbers)}
    for number in numbers:
        line = lines[number]
        epcs = [epc for mine, epc in fresh if mine == number]
        serials = tuple(serial_of(epc) for epc in epcs) if line.serial_tracked else ()
        what = Receipt(
            inbound=delivery, item=line.item_id, qty=len(epcs), place=place,
            lot=line.lot or line.expiry, expiry=line.expiry, serials=serials, reason=BY_PORTAL,
        )  # fmt: skip
        receive(tx, what, key=f"{key}:{number}", actor=actor, today=today, now=now)
    return len(fresh)


def _lines(tx: Tx, numbers: Sequence[int]) -> list[Row[tuple[object, ...]]]:
    found: list[Row[tuple[object, ...]]] = []
    for start in range(0, len(numbers), CHUNK):
        query = (
            select(inbound_lines, items.c.serial_tracked)
            .join(items, items.c.id == inbound_lines.c.item_id)
            .where(inbound_lines.c.id.in_(numbers[start : start + CHUNK]))
        )
        found += tx.execute(query).all()
    return found


def _mark(
    tx: Tx, delivery: int, tags: Sequence[tuple[int, str]], actor: str, now: int
) -> list[tuple[int, str]]:
    """Those that nobody has received before; they are received from now on."""
    line_of = {epc: line for line, epc in tags}
    codes = sorted(line_of)
    fresh: set[str] = set()
    for start in range(0, len(codes), CHUNK):
        chunk = codes[start : start + CHUNK]
        rows = [
            {"inbound_id": delivery, "kind": "epc", "code": epc, "line_id": line_of[epc],
             "seen_ms": now, "seen_by": actor}
            for epc in chunk
        ]  # fmt: skip
        unannounced = insert_for(tx)(inbound_units).values(rows).on_conflict_do_nothing()
        fresh.update(tx.execute(unannounced.returning(inbound_units.c.code)).scalars())
        unseen = (
            update(inbound_units)
            .where(
                inbound_units.c.inbound_id == delivery, inbound_units.c.kind == "epc",
                inbound_units.c.code.in_(chunk), inbound_units.c.seen_ms.is_(None),
            )
            .values(seen_ms=now, seen_by=actor)
        )  # fmt: skip
        fresh.update(tx.execute(unseen.returning(inbound_units.c.code)).scalars())
    return [(line_of[epc], epc) for epc in sorted(fresh)]
