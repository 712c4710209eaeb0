"""Pick faces: which item has its home in which bin, and between how many eaches it is kept."""

from collections.abc import Sequence
from typing import Annotated

from msgspec import Meta, Struct
from sqlalchemy import select, tuple_

from wms.db import Tx, upsert
from wms.errors import Code
from wms.schema import pick_faces, places
from wms.schema.goods import PICKABLE
from wms.shape import Fault, fault, refuse_first, shape_faults, sound
from wms.site import items
from wms.site.items import CHUNK, OwnerCode, Put, Sku, differing_fields, put_result
from wms.text import shown

Eaches = Annotated[int, Meta(ge=0, le=1_000_000)]


class NewFace(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A pick face: below `min` eaches it is replenished, up to `max`."""

    place: Annotated[str, Meta(min_length=1, max_length=32)]
    owner: OwnerCode
    sku: Sku
    min: Eaches
    max: Eaches


Numbered = Sequence[tuple[int, NewFace]]  # rows with their numbers among all that came


def faults(tx: Tx, rows: Sequence[NewFace]) -> list[Fault]:
    """Everything that keeps *rows* out of the book, row by row; nothing is written."""
    found = shape_faults(rows)
    found += _faults(tx, sound(rows, found))
    return sorted(found, key=lambda fault: fault.row)


def put(tx: Tx, rows: Sequence[NewFace]) -> Put:
    """Add or change faces by place and item; none is taken away. Refuses the first of `faults`."""
    refuse_first(faults(tx, rows))
    ids = items.ids_of(tx, ((row.owner, row.sku) for row in rows))
    values = {
        (row.place, ids[row.owner, row.sku]): {
            "place": row.place, "item_id": ids[row.owner, row.sku], "qty_min": row.min,
            "qty_max": row.max,
        }
        for row in rows
    }  # fmt: skip
    before = {}
    keys = list(values)
    pair = tuple_(pick_faces.c.place, pick_faces.c.item_id)
    for start in range(0, len(keys), CHUNK):
        chosen = select(pick_faces).where(pair.in_(keys[start : start + CHUNK]))
        before.update({(row.place, row.item_id): row for row in tx.execute(chosen)})
    differing = {key: differing_fields(before.get(key), row) for key, row in values.items()}
    upsert(
        tx, pick_faces, [row for key, row in values.items() if differing[key] is not None],
        key=("place", "item_id"),
        update=lambda new: {"qty_min": new.qty_min, "qty_max": new.qty_max},
    )  # fmt: skip
    return put_result(differing.values(), len(values) - len(before))


def _faults(tx: Tx, rows: Numbered) -> list[Fault]:
    known = items.rows_of(tx, ((row.owner, row.sku) for _, row in rows))
    kinds: dict[str, str] = {}
    codes = sorted({row.place for _, row in rows})
    for start in range(0, len(codes), CHUNK):
        chosen = places.c.code.in_(codes[start : start + CHUNK])
        query = select(places.c.code, places.c.kind).where(chosen)
        kinds.update({row.code: row.kind for row in tx.execute(query)})
    seen: set[tuple[str, str, str]] = set()
    found = []
    for number, row in rows:
        if (row.owner, row.sku) not in known:
            value = shown(f"{row.owner} {row.sku}")
            found.append(fault(number, Code.REFERENCE_UNKNOWN, field="sku", value=value))
        if row.place not in kinds:
            value = shown(row.place)
            found.append(fault(number, Code.REFERENCE_UNKNOWN, field="place", value=value))
        elif kinds[row.place] not in PICKABLE:
            found.append(fault(number, Code.FACE_NOT_BIN, field="place", value=shown(row.place)))
        if row.min > row.max:
            found.append(fault(number, Code.FACE_RANGE, field="max", min=row.min, max=row.max))
        if (row.place, row.owner, row.sku) in seen:
            found.append(fault(number, Code.ROW_TWICE, field="sku", value=shown(row.sku)))
        seen.add((row.place, row.owner, row.sku))
    return found
