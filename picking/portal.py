"""Receiving by RFID portal: the tags that a delivery should have against those that were read.

`decide` is pure and ends in a decision: what is missing, what is too much and to which delivery it
belongs, what came before. Only tagged goods are expected to answer. A reader that was away has not
seen that nothing is there: then nothing is called missing. At a door that knows inside from outside
only what came in counts; what stands beside it does not.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, select

from wms.db import Tx
from wms.rooms import gaps
from wms.rooms.gaps import Gap
from wms.schema import (
    barcodes,
    inbound_lines,
    inbound_units,
    inbounds,
    items,
    tag_reads,
)
from wms.site.epc import gtin_of
from wms.site.items import CHUNK

BEFORE_MS = 60_000  # a pallet is pushed through the portal first, then somebody looks


@dataclass(frozen=True, slots=True)
class Expected:
    """What a line should answer with: its announced tags, or else `count` tags of its item."""

    line: int
    item: int
    sku: str
    epcs: frozenset[str] = frozenset()
    count: int = 0


@dataclass(frozen=True, slots=True)
class Read:
    """A tag that the portal has seen. `item` is 0 when nobody knows its goods.

    `delivery` is the code of the other delivery that it was announced for, "" for none; `before`
    says that it has been received already.
    """

    epc: str
    item: int = 0
    sku: str = ""
    delivery: str = ""
    before: bool = False


@dataclass(frozen=True, slots=True)
class Missing:
    """Tags that did not answer: named ones, or so many of an item."""

    item: int
    sku: str
    count: int
    epcs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Decision:
    """What the portal has found. `accepted` are pairs of line and EPC that can be received.

    `extra` belong to nothing that is awaited; `elsewhere` to another delivery, by its code;
    `again` were received before. `blind`: when the reader was away, so that absence says nothing.
    """

    accepted: tuple[tuple[int, str], ...] = ()
    missing: tuple[Missing, ...] = ()
    extra: tuple[Read, ...] = ()
    elsewhere: tuple[Read, ...] = ()
    again: tuple[Read, ...] = ()
    blind: tuple[Gap, ...] = ()

    @property
    def missing_count(self) -> int:
        return sum(one.count for one in self.missing)

    @property
    def is_exact(self) -> bool:
        """Whether exactly what was announced was read."""
        return not (self.missing or self.extra or self.elsewhere or self.blind)


@dataclass(frozen=True, slots=True)
class Sighting:
    """Where a tag was read strongest, by whichever reader; `rssi` in dBm.

    `antenna` of that reader; 0 where it does not say.
    """

    epc: str
    sku: str
    device: str
    rssi: int
    last_ms: int
    antenna: int = 0


def decide(
    expected: Sequence[Expected], reads: Iterable[Read], *, blind: tuple[Gap, ...] = ()
) -> Decision:
    """Compare what was announced with what was read. Pure; each tag ends in exactly one list."""
    named = {epc: line.line for line in expected for epc in line.epcs}
    room = {line.line: line.count for line in expected}
    accepted: list[tuple[int, str]] = []
    extra: list[Read] = []
    elsewhere: list[Read] = []
    again: list[Read] = []
    for read in sorted({read.epc: read for read in reads}.values(), key=lambda one: one.epc):
        line = named.get(read.epc) or _line_with_room(expected, room, read)
        if read.before:
            again.append(read)
        elif read.epc in named:
            accepted.append((named[read.epc], read.epc))
        elif read.delivery:
            elsewhere.append(read)
        elif line is not None:
            room[line] -= 1
            accepted.append((line, read.epc))
        else:
            extra.append(read)
    return Decision(
        tuple(accepted), _missing(expected, accepted, room), tuple(extra), tuple(elsewhere),
        tuple(again), blind,
    )  # fmt: skip


def _line_with_room(
    expected: Sequence[Expected], room: Mapping[int, int], read: Read
) -> int | None:
    fits = (one.line for one in expected if one.item == read.item and room[one.line] > 0)
    return next(fits, None)


def _missing(
    expected: Sequence[Expected], accepted: Sequence[tuple[int, str]], room: Mapping[int, int]
) -> tuple[Missing, ...]:
    seen = {epc for _, epc in accepted}
    found = []
    for one in expected:
        epcs = tuple(sorted(one.epcs - seen))
        count = len(epcs) + room[one.line]
        if count:
            found.append(Missing(one.item, one.sku, count, epcs))
    return tuple(found)


def look(tx: Tx, *, delivery: int, reader: str, since_ms: int, now: int) -> Decision:
    """The decision for what *reader* has read since *since_ms* (UTC milliseconds)."""
    expected = _expected(tx, delivery)
    here = (tag_reads.c.way == "") & (tag_reads.c.last_ms >= since_ms)
    came_in = (tag_reads.c.way == "in") & (tag_reads.c.passed_ms >= since_ms)
    fresh = (tag_reads.c.device == reader) & (here | came_in)
    epcs = list(tx.execute(select(tag_reads.c.epc).where(fresh)).scalars())
    blind = gaps.of(tx, reader, since_ms=since_ms, now=now)
    return decide(expected, _reads(tx, delivery, epcs), blind=blind)


def locate(tx: Tx, decision: Decision) -> tuple[Sighting, ...]:
    """Where the missing tags were read strongest, and where what is too much was: newest first."""
    wanted = {epc: one.sku for one in decision.missing for epc in one.epcs}
    wanted |= {one.epc: one.sku for one in (*decision.extra, *decision.elsewhere)}
    best: dict[str, Sighting] = {}
    codes = sorted(wanted)
    for start in range(0, len(codes), CHUNK):
        query = select(tag_reads).where(tag_reads.c.epc.in_(codes[start : start + CHUNK]))
        for row in tx.execute(query.order_by(tag_reads.c.device)):
            seen = Sighting(
                row.epc, wanted[row.epc], row.device, row.rssi, row.last_ms, row.antenna
            )
            before = best.get(row.epc)
            if before is None or (seen.rssi, seen.last_ms) > (before.rssi, before.last_ms):
                best[row.epc] = seen
    return tuple(sorted(best.values(), key=lambda one: (-one.last_ms, one.epc)))


def _expected(tx: Tx, delivery: int) -> list[Expected]:
    """Named tags of lines that announced some; of the others as many as are still to come."""
    lines = tx.execute(
        select(inbound_lines, items.c.sku, items.c.rfid_tagged)
        .join(items, items.c.id == inbound_lines.c.item_id)
        .where(inbound_lines.c.inbound_id == delivery)
        .order_by(inbound_lines.c.line_no)
    ).all()
    units = select(inbound_units.c.line_id, inbound_units.c.code, inbound_units.c.seen_ms).where(
        inbound_units.c.inbound_id == delivery, inbound_units.c.kind == "epc"
    )
    waiting: dict[int, set[str]] = {}
    for unit in tx.execute(units):
        mine = waiting.setdefault(unit.line_id, set())
        if unit.seen_ms is None:
            mine.add(unit.code)
    announced = {
        line for line, epcs in waiting.items() if epcs
    }  # a line whose tags all came expects what is left by number
    found = []
    for line in lines:
        left = max(0, line.qty - line.received - line.damaged)
        epcs = frozenset(waiting.get(line.id, ()))
        if line.id in announced:
            found.append(Expected(line.id, line.item_id, line.sku, epcs))
        elif line.rfid_tagged and left:
            found.append(Expected(line.id, line.item_id, line.sku, count=left))
    return found


def _reads(tx: Tx, delivery: int, epcs: Sequence[str]) -> list[Read]:
    """What is known of each tag: its goods, and for which delivery it was announced."""
    owner = select(inbounds.c.owner).where(inbounds.c.id == delivery).scalar_subquery()
    codes = {epc: gtin_of(epc) for epc in epcs}
    goods: dict[str, Row[Any]] = {}
    gtins = sorted({code for code in codes.values() if code})
    for start in range(0, len(gtins), CHUNK):
        query = (
            select(barcodes.c.code, items.c.id, items.c.sku)
            .join(items, items.c.id == barcodes.c.item_id)
            .where(barcodes.c.code.in_(gtins[start : start + CHUNK]), items.c.owner == owner)
        )
        goods.update({row.code: row for row in tx.execute(query)})
    announced = _announced(tx, epcs)
    found = []
    for epc, code in codes.items():
        meaning = goods.get(code or "")
        mine = announced.get(epc, [])
        other = next((row.code for row in mine if row.inbound_id != delivery), "")
        here = any(row.inbound_id == delivery for row in mine)
        found.append(Read(
            epc, item=meaning.id if meaning else 0, sku=meaning.sku if meaning else epc[-8:],
            delivery="" if here else other, before=any(row.seen_ms is not None for row in mine),
        ))  # fmt: skip
    return found


def _announced(tx: Tx, epcs: Sequence[str]) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for start in range(0, len(epcs), CHUNK):
        query = (
            select(
                inbound_units.c.code.label("epc"), inbound_units.c.inbound_id,
                inbound_units.c.seen_ms, inbounds.c.code,
            )
            .join(inbounds, inbounds.c.id == inbound_units.c.inbound_id)
            .where(
                inbound_units.c.kind == "epc",
                inbound_units.c.code.in_(epcs[start : start + CHUNK]),
                inbounds.c.state != "cancelled",
            )
        )  # fmt: skip
        for row in tx.execute(query):
            found.setdefault(row.epc, []).append(row)
    return found


def per_line(decision: Decision) -> Counter[int]:
    """How many tags of each line can be received."""
    return Counter(line for line, _ in decision.accepted)
