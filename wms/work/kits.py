"""Kits: what a set is made of. One row a component; both sides are items of one owner."""

from collections.abc import Sequence
from typing import Annotated

from msgspec import Meta, Struct
from sqlalchemy import select

from wms.db import Tx, upsert
from wms.errors import Code, Rejected
from wms.schema import kit_lines
from wms.shape import Fault, fault, refuse_first, shape_faults, sound
from wms.site import items
from wms.site.items import CHUNK, OwnerCode, Put, Sku, put_result
from wms.text import shown


class NewKitLine(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """*qty* eaches of *component* are in one *kit*."""

    owner: OwnerCode
    kit: Sku
    component: Sku
    qty: Annotated[int, Meta(ge=1, le=9_999)] = 1


def faults(tx: Tx, rows: Sequence[NewKitLine]) -> list[Fault]:
    """Everything that keeps *rows* out of the book, row by row; nothing is written."""
    found = shape_faults(rows)
    safe = sound(rows, found)
    known = _ids(tx, [row for _, row in safe])
    seen: set[tuple[str, str, str]] = set()
    for number, row in safe:
        for field in ("kit", "component"):
            sku = getattr(row, field)
            if (row.owner, sku) not in known:
                found.append(fault(number, Code.REFERENCE_UNKNOWN, field=field, value=shown(sku)))
        if row.kit == row.component:
            found.append(fault(number, Code.KIT_OF_ITSELF, field="component", item=shown(row.kit)))
        if (row.owner, row.kit, row.component) in seen:
            value = shown(row.component)
            found.append(fault(number, Code.ROW_TWICE, field="component", value=value))
        seen.add((row.owner, row.kit, row.component))
    return sorted(found, key=lambda one: one.row)


def put(tx: Tx, rows: Sequence[NewKitLine]) -> Put:
    """Add or change the components of kits; none is taken away. Refuses the first of `faults`."""
    refuse_first(faults(tx, rows))
    known = _ids(tx, rows)
    values = [
        {
            "kit_id": known[row.owner, row.kit], "item_id": known[row.owner, row.component],
            "qty": row.qty,
        }
        for row in rows
    ]  # fmt: skip
    before: dict[tuple[int, int], int] = {}
    kits = sorted({row["kit_id"] for row in values})
    for start in range(0, len(kits), CHUNK):
        mine = kit_lines.c.kit_id.in_(kits[start : start + CHUNK])
        before |= {(one.kit_id, one.item_id): one.qty for one in tx.execute(
            select(kit_lines).where(mine)
        )}  # fmt: skip
    upsert(tx, kit_lines, values, key=("kit_id", "item_id"), update=lambda new: {"qty": new.qty})
    differing: list[frozenset[str] | None] = []
    new = 0
    for row in values:
        was = before.get((row["kit_id"], row["item_id"]))
        new += was is None
        differing.append(None if was == row["qty"] else frozenset({"qty"}) if was else frozenset())
    return put_result(differing, new)


def components(tx: Tx, kit: int) -> dict[int, int]:
    """What one *kit* is made of: eaches by item; empty for an item that is no kit."""
    query = select(kit_lines).where(kit_lines.c.kit_id == kit).order_by(kit_lines.c.item_id)
    return {row.item_id: row.qty for row in tx.execute(query)}


def _ids(tx: Tx, rows: Sequence[NewKitLine]) -> dict[tuple[str, str], int]:
    return items.ids_of(
        tx, {(row.owner, sku) for row in rows for sku in (row.kit, row.component)}
    )  # fmt: skip


def refuse_no_kit(kit: str, parts: dict[int, int]) -> None:
    """Refuses `KIT_UNKNOWN` when *kit* has no components."""
    if not parts:
        raise Rejected(Code.KIT_UNKNOWN, item=shown(kit))
