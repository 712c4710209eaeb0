"""An order as its owner may see it: where it stands, what was sent, and never whom it is for.

A tracking number shows only once the parcel's own label was scanned back on the box.
"""

from collections.abc import Sequence
from typing import Any

from msgspec import Struct
from sqlalchemy import Row, select

from wms.db import Tx
from wms.errors import Code, Rejected
from wms.schema import items, order_lines, orders, parcels
from wms.site.owners import told_at_handover
from wms.text import shown


class LineView(Struct, frozen=True, kw_only=True):
    """A line and how far it is, in eaches."""

    line_no: int
    sku: str
    name: str
    kind: str
    qty: int
    packed: int
    shipped: int
    cancelled: int


class ParcelView(Struct, frozen=True, kw_only=True):
    """A box of the order. `tracking` is "" until its label was scanned back on it, or until it was
    handed over where the shop wants it so."""

    parcel: str
    piece: int
    state: str
    carrier: str
    tracking: str


class OrderView(Struct, frozen=True, kw_only=True):
    """An order as the outside may see it. Times in UTC milliseconds."""

    order_id: int
    code: str
    owner: str
    shop: str
    external_id: str
    state: str
    state_reason: str
    service: str
    carrier: str
    delivery_date: str
    time_slot: str
    ship_date: str
    cod: int
    depot: str
    leave_at: str
    priority: int
    accepted_ms: int
    lines: tuple[LineView, ...]
    parcels: tuple[ParcelView, ...]


class OrderBrief(Struct, frozen=True, kw_only=True):
    """An order in a list: never whom it is for."""

    order_id: int
    code: str
    owner: str
    external_id: str
    state: str
    state_reason: str
    before_hold: str
    carrier: str
    ship_date: str
    pieces: int


class OrderList(Struct, frozen=True, kw_only=True):
    """Orders, the newest first."""

    orders: tuple[OrderBrief, ...]


def get(tx: Tx, reference: str, *, owner: str = "") -> OrderView:
    """The order that *reference* names: its external id, its code (O0000123) or its number.

    *owner* limits the search to one owner's. Refuses `ORDER_UNKNOWN`, and `ORDER_AMBIGUOUS` when
    several owners use the external id.
    """
    row = find(tx, reference, owner=owner)
    query = (
        select(order_lines, items.c.sku, items.c.name)
        .join(items, items.c.id == order_lines.c.item_id)
        .where(order_lines.c.order_id == row.id)
        .order_by(order_lines.c.line_no)
    )
    boxes = select(parcels).where(parcels.c.order_id == row.id, parcels.c.state != "void")
    later = told_at_handover(tx, row.shop)
    names = [name for name in OrderView.__struct_fields__ if name in row._mapping]
    return OrderView(
        order_id=row.id, **{name: row._mapping[name] for name in names},
        lines=tuple(_line(line) for line in tx.execute(query)),
        parcels=tuple(
            _parcel(box, later=later) for box in tx.execute(boxes.order_by(parcels.c.piece))
        ),
    )  # fmt: skip


def listed(tx: Tx, *, state: str = "", owner: str = "", limit: int = 100) -> OrderList:
    """The newest orders, of one state and one owner or of all ("")."""
    query = select(orders).order_by(orders.c.id.desc()).limit(limit)
    if state:
        query = query.where(orders.c.state == state)
    if owner:
        query = query.where(orders.c.owner == owner)
    names = [name for name in OrderBrief.__struct_fields__ if name != "order_id"]
    return OrderList(orders=tuple(
        OrderBrief(order_id=row.id, **{name: row._mapping[name] for name in names})
        for row in tx.execute(query)
    ))  # fmt: skip


def find(tx: Tx, reference: str, *, owner: str = "") -> Row[Any]:
    """The row of the order that *reference* names. Refuses as `get` does."""
    wanted = [orders.c.external_id == reference, orders.c.code == reference]
    if reference.isascii() and reference.isdigit() and len(reference) <= 18:
        wanted.append(orders.c.id == int(reference))
    for condition in wanted:  # the caller's own name for it comes first
        query = select(orders).where(condition)
        if owner:
            query = query.where(orders.c.owner == owner)
        found: Sequence[Row[Any]] = tx.execute(query.limit(2)).all()
        if len(found) > 1:
            raise Rejected(Code.ORDER_AMBIGUOUS, order=shown(reference))
        if found:
            return found[0]
    raise Rejected(Code.ORDER_UNKNOWN, order=shown(reference))


def _line(row: Row[Any]) -> LineView:
    names = LineView.__struct_fields__
    return LineView(**{name: row._mapping[name] for name in names})


def _parcel(row: Row[Any], *, later: bool) -> ParcelView:
    told = row.shipped_ms if later else row.verified_ms
    return ParcelView(
        parcel=row.code, piece=row.piece, state=row.state, carrier=row.carrier,
        tracking=row.tracking if told is not None else "",
    )  # fmt: skip
