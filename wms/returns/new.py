"""A return as it is announced (an RMA), and what makes it fit for the book. Reads only."""

from collections import Counter
from collections.abc import Sequence
from typing import Annotated, Any, Literal, NamedTuple

import msgspec
from msgspec import Meta, Struct
from sqlalchemy import Row, func, select, tuple_

from wms.db import Tx
from wms.errors import Code, Rejected
from wms.schema import order_lines, orders, owners, returns
from wms.shape import Fault, of_refusal, shape_faults, sound
from wms.site import external, items
from wms.site.items import CHUNK
from wms.text import clean, code, shown

EXTERNAL_ID_CHARACTERS = 64
Pair = tuple[str, str]  # owner and external id, or owner and SKU


class NewReturnLine(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is announced of one SKU, in eaches. `exchange_sku` "" is the same again."""

    sku: Annotated[str, Meta(min_length=1, max_length=64)]
    qty: Annotated[int, Meta(ge=1, le=9_999)]
    serial: Annotated[str, Meta(max_length=40)] = ""
    exchange_sku: Annotated[str, Meta(max_length=64)] = ""


class NewReturn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An RMA of an owner. `order` is the external id of what was sent; "" = nobody knows."""

    owner: Annotated[str, Meta(min_length=1, max_length=32)]
    external_id: Annotated[str, Meta(min_length=1, max_length=EXTERNAL_ID_CHARACTERS)]
    lines: Annotated[tuple[NewReturnLine, ...], Meta(min_length=1, max_length=200)]
    kind: Literal["return", "exchange", "repair"] = "return"
    order: Annotated[str, Meta(max_length=EXTERNAL_ID_CHARACTERS)] = ""
    reason: Annotated[str, Meta(max_length=200)] = ""


class Ready(NamedTuple):
    """A return that may be written. `item_ids` and `exchange_ids` go with its lines."""

    wanted: NewReturn
    hash: str
    order_id: int | None
    item_ids: tuple[int, ...]
    exchange_ids: tuple[int | None, ...]


class Checked(NamedTuple):
    """Rows sorted by fate: numbers of `known` ones are in the book with the same content."""

    known: dict[int, Row[Any]]
    ready: dict[int, Ready]
    faults: list[Fault]


class _Facts(NamedTuple):
    """What the book knows of all that a batch names. `sent`: eaches by order and item."""

    owners: set[str]
    items: dict[Pair, int]
    orders: dict[Pair, int]
    sent: dict[tuple[int, int], int]


def check(tx: Tx, rows: Sequence[NewReturn]) -> Checked:
    """Sort *rows*; each ends in exactly one of known and ready, or has faults."""
    faults = shape_faults(rows)
    safe: dict[int, NewReturn] = {}
    for number, row in sound(rows, faults):
        try:
            safe[number] = _cleaned(row)
        except Rejected as refusal:
            faults.append(of_refusal(number, refusal))
    faults += external.twice(safe)
    known, ready = {}, {}
    before = external.existing(tx, returns, [(row.owner, row.external_id) for row in safe.values()])
    facts = _facts(tx, list(safe.values()))
    for number, row in safe.items():
        try:
            existing = before.get((row.owner, row.external_id))
            if existing is None:
                ready[number] = _ready(row, facts)
            elif existing.body_hash == external.content_hash(row):
                known[number] = existing
            else:
                key = shown(row.external_id)
                raise Rejected(Code.KEY_REUSED, field="external_id", key=key)
        except Rejected as refusal:
            faults.append(of_refusal(number, refusal))
    return Checked(known, ready, sorted(faults, key=lambda found: found.row))


def _cleaned(row: NewReturn) -> NewReturn:
    lines = tuple(
        msgspec.structs.replace(
            line, sku=code(line.sku, field=f"lines[{n}].sku", max=64),
            serial=line.serial and code(line.serial, field=f"lines[{n}].serial", max=40),
        )
        for n, line in enumerate(row.lines)
    )  # fmt: skip
    return msgspec.structs.replace(
        row, lines=lines, owner=code(row.owner, field="owner", max=32),
        external_id=code(row.external_id, field="external_id", max=EXTERNAL_ID_CHARACTERS),
        reason=clean(row.reason, field="reason", max=200),
    )  # fmt: skip


def _facts(tx: Tx, rows: Sequence[NewReturn]) -> _Facts:
    named = {
        (row.owner, sku) for row in rows for line in row.lines
        for sku in (line.sku, line.exchange_sku) if sku
    }  # fmt: skip
    wanted = sorted({(row.owner, row.order) for row in rows if row.order})
    known: dict[Pair, int] = {}
    sent: dict[tuple[int, int], int] = {}
    pair = tuple_(orders.c.owner, orders.c.external_id)
    for start in range(0, len(wanted), CHUNK):
        chosen = pair.in_(wanted[start : start + CHUNK])
        query = select(orders.c.id, orders.c.owner, orders.c.external_id).where(chosen)
        known.update({(row.owner, row.external_id): row.id for row in tx.execute(query)})
        lines = (
            select(
                order_lines.c.order_id, order_lines.c.item_id,
                func.sum(order_lines.c.qty - order_lines.c.cancelled).label("qty"),
            )
            .join(orders, orders.c.id == order_lines.c.order_id)
            .where(chosen)
            .group_by(order_lines.c.order_id, order_lines.c.item_id)
        )  # fmt: skip
        sent.update({(row.order_id, row.item_id): int(row.qty) for row in tx.execute(lines)})
    return _Facts(set(tx.scalars(select(owners.c.code))), items.ids_of(tx, named), known, sent)


def _ready(row: NewReturn, facts: _Facts) -> Ready:
    if row.owner not in facts.owners:
        raise Rejected(Code.REFERENCE_UNKNOWN, field="owner", value=shown(row.owner))
    order = facts.orders.get((row.owner, row.order))
    if row.order and order is None:
        raise Rejected(Code.REFERENCE_UNKNOWN, field="order", value=shown(row.order))
    if order is None and row.kind != "return":  # whom would the goods be sent to?
        raise Rejected(Code.FIELD_MISSING, field="order")
    wanted: Counter[int] = Counter()
    for place, line in enumerate(row.lines):
        item = _item(facts, row.owner, line.sku, f"lines[{place}].sku")
        wanted[item] += line.qty
        if order is not None and wanted[item] > facts.sent.get((order, item), 0):
            raise Rejected(
                Code.RETURN_NOT_SENT, field=f"lines[{place}].qty", item=line.sku,
                qty=facts.sent.get((order, item), 0),
            )  # fmt: skip
    return Ready(
        row, external.content_hash(row), order,
        tuple(facts.items[row.owner, one.sku] for one in row.lines),
        tuple(
            _item(facts, row.owner, line.exchange_sku, f"lines[{place}].exchange_sku")
            if line.exchange_sku else None
            for place, line in enumerate(row.lines)
        ),
    )  # fmt: skip


def _item(facts: _Facts, owner: str, sku: str, field: str) -> int:
    if (owner, sku) not in facts.items:
        raise Rejected(Code.REFERENCE_UNKNOWN, field=field, value=shown(sku))
    return facts.items[owner, sku]
