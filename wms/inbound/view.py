"""A delivery as its owner may see it: what was announced, what came, and how they differ."""

from typing import Any

from msgspec import Struct
from sqlalchemy import Row, func, select

from wms.db import Tx
from wms.errors import Code, Rejected
from wms.inbound import deliveries
from wms.papers import photos
from wms.schema import inbound_lines, inbound_units, inbounds, items
from wms.schema.inbound import INBOUND_STATES
from wms.text import shown

PAGE = 100


class InboundLineView(Struct, frozen=True, kw_only=True):
    """A line and how far it is, in eaches; `qty` 0 was not announced. `reason` of a difference."""

    line_no: int
    sku: str
    name: str
    qty: int
    lot: str
    expiry: str
    received: int
    damaged: int
    reason: str


class InboundView(Struct, frozen=True, kw_only=True):
    """A delivery. `units` and `units_seen` count announced tags, serial numbers and labels;
    `photos` are the numbers of those taken of damage."""

    inbound_id: int
    code: str
    owner: str
    external_id: str
    kind: str
    state: str
    supplier: str
    expected_date: str
    dock: str
    accepted_ms: int
    state_ms: int
    units: int
    units_seen: int
    lines: tuple[InboundLineView, ...]
    photos: tuple[int, ...]


class InboundHead(Struct, frozen=True, kw_only=True):
    """A delivery in a list: eaches announced, sound and not sound."""

    inbound_id: int
    code: str
    owner: str
    external_id: str
    kind: str
    state: str
    supplier: str
    expected_date: str
    qty: int
    received: int
    damaged: int


class InboundPage(Struct, frozen=True, kw_only=True):
    """Some deliveries, by number. `next` is what to ask for as `after`; "" at the end."""

    inbounds: tuple[InboundHead, ...]
    next: str


def get(tx: Tx, reference: str, *, owner: str = "") -> InboundView:
    """The delivery with this code, number or external id. Refuses what `deliveries.find` does."""
    row = deliveries.find(tx, reference, owner=owner)
    lines = (
        select(inbound_lines, items.c.sku, items.c.name)
        .join(items, items.c.id == inbound_lines.c.item_id)
        .where(inbound_lines.c.inbound_id == row.id)
        .order_by(inbound_lines.c.line_no)
    )
    rows = tx.execute(lines).all()
    refs = [f"inbound:{row.id}", *(f"inbound_line:{line.id}" for line in rows)]
    units = tx.execute(
        select(func.count().label("all"), func.count(inbound_units.c.seen_ms).label("seen")).where(
            inbound_units.c.inbound_id == row.id
        )
    ).one()
    return InboundView(
        inbound_id=row.id, code=row.code, owner=row.owner, external_id=row.external_id,
        kind=row.kind, state=row.state, supplier=row.supplier, expected_date=row.expected_date,
        dock=row.dock, accepted_ms=row.accepted_ms, state_ms=row.state_ms, units=units.all,
        units_seen=units.seen, lines=tuple(_line(line) for line in rows),
        photos=photos.under(tx, refs),
    )  # fmt: skip


def page(tx: Tx, *, state: str, owner: str = "", after: int = 0, limit: int = PAGE) -> InboundPage:
    """Deliveries in *state* ("" = any), of *owner* ("" = all). Refuses an unknown state."""
    if state and state not in INBOUND_STATES:
        raise Rejected(Code.FIELD_CHOICE, field="state", value=shown(state))
    sums = (
        select(
            inbound_lines.c.inbound_id, func.sum(inbound_lines.c.qty).label("qty"),
            func.sum(inbound_lines.c.received).label("received"),
            func.sum(inbound_lines.c.damaged).label("damaged"),
        )
        .group_by(inbound_lines.c.inbound_id)
        .subquery()
    )  # fmt: skip
    query = (
        select(inbounds, sums.c.qty, sums.c.received, sums.c.damaged)
        .outerjoin(sums, sums.c.inbound_id == inbounds.c.id)
        .where(inbounds.c.id > after)
        .order_by(inbounds.c.id)
        .limit(limit + 1)
    )
    if state:
        query = query.where(inbounds.c.state == state)
    if owner:
        query = query.where(inbounds.c.owner == owner)
    rows = tx.execute(query).all()
    more = len(rows) > limit
    return InboundPage(
        inbounds=tuple(_head(row) for row in rows[:limit]),
        next=str(rows[limit - 1].id) if more else "",
    )


def _line(row: Row[Any]) -> InboundLineView:
    return InboundLineView(
        line_no=row.line_no, sku=row.sku, name=row.name, qty=row.qty, lot=row.lot,
        expiry=row.expiry, received=row.received, damaged=row.damaged, reason=row.reason,
    )  # fmt: skip


def _head(row: Row[Any]) -> InboundHead:
    return InboundHead(
        inbound_id=row.id, code=row.code, owner=row.owner, external_id=row.external_id,
        kind=row.kind, state=row.state, supplier=row.supplier, expected_date=row.expected_date,
        qty=int(row.qty or 0), received=int(row.received or 0), damaged=int(row.damaged or 0),
    )  # fmt: skip
