"""What the bench's reader sees, and what else lies at this bench that might be in the box."""

from collections import Counter
from collections.abc import Collection, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Select, func, select

from picking.dialogues.pack_state import Content, Tagged
from wms.db import Tx
from wms.rooms import gaps
from wms.schema import allocations, barcodes, items, order_lines, orders, places, tag_reads
from wms.shipping import weights
from wms.shipping.proof import Part
from wms.site.epc import gtin_of

TAG_FRESH_MS = 10_000  # a tag read longer ago says nothing about the tote that is here now
NEAR_MAX = 40


def tags(
    tx: Tx, reader: str, contents: Sequence[Content], place: str, now: int
) -> tuple[Tagged, ...]:
    """Items whose tags the reader sees now. A code of several owners is the one that is here."""
    fresh = (tag_reads.c.device == reader) & (tag_reads.c.last_ms >= now - TAG_FRESH_MS)
    fresh &= tag_reads.c.gone_ms == 0
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
    whose = _wanted_by(tx, [item for item, _ in seen], contents, place)
    return tuple(
        Tagged(item, sku, count, whose.get(item, "")) for (item, sku), count in sorted(seen.items())
    )


def blind(tx: Tx, reader: str, zone: ZoneInfo, now: int) -> str:
    """When the reader could not see what is here, "" while it can: "14:02:07-"."""
    since_ms = now - TAG_FRESH_MS
    return gaps.span(gaps.of(tx, reader, since_ms=since_ms, now=now), zone, since_ms=since_ms)


def _wanted_by(
    tx: Tx, item_ids: Collection[int], contents: Sequence[Content], place: str
) -> dict[int, str]:
    """The first other order here that has such items in its totes, by item."""
    query = (
        select(allocations.c.item_id, func.min(orders.c.code).label("code"))
        .join(order_lines, order_lines.c.id == allocations.c.line_id)
        .join(orders, orders.c.id == order_lines.c.order_id)
        .join(places, places.c.code == allocations.c.place)
        .where(allocations.c.state == "picked", allocations.c.item_id.in_(item_ids))
        .where(places.c.parent == place, orders.c.id.not_in(_own(contents)))
        .group_by(allocations.c.item_id)
    )
    return {row.item_id: row.code for row in tx.execute(query)}


def near(tx: Tx, contents: Sequence[Content], place: str) -> tuple[Part, ...]:
    """Items of other orders at this bench: each may have come into this box by mistake."""
    query = (
        select(items.c.id, items.c.name, items.c.weight_g, items.c.rfid_tagged)
        .join(allocations, allocations.c.item_id == items.c.id)
        .join(places, places.c.code == allocations.c.place)
        .outerjoin(order_lines, order_lines.c.id == allocations.c.line_id)
        .where(allocations.c.state == "picked", places.c.parent == place)
        .where(func.coalesce(order_lines.c.order_id, 0).not_in(_own(contents)))
        .distinct()
        .order_by(items.c.id)
        .limit(NEAR_MAX)
    )
    rows = tx.execute(query).all()
    known = weights.learned(tx, [row.id for row in rows])
    return tuple(
        Part(
            row.id, row.name, 1, weights.best_g(known.get(row.id), row.weight_g),
            tagged=bool(row.rfid_tagged),
        )
        for row in rows
    )  # fmt: skip


def _own(contents: Sequence[Content]) -> Select[Any]:
    """The order at hand, as a subquery of its lines."""
    lines = {content.line for content in contents if content.line is not None}
    return select(order_lines.c.order_id).where(order_lines.c.id.in_(sorted(lines)))
