"""同梱: orders of one customer to one door leave as one, where their owner and their shop say so.

Never silently: the OMS hears which order goes on as which. Never where money is collected, a bill
or another paper belongs into the box, or it is a gift.
"""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, case, exists, func, insert, literal, select, update

from wms.db import Tx
from wms.orders import lifecycle as order_book
from wms.record.event_changes import OrderChanged, OrderMerged
from wms.record.events import emit
from wms.schema import allocations, documents, order_lines, orders, owners, shops

REASON = "order.merged"
SAME = (
    "owner", "shop", "customer", "recipient", "service", "delivery_date", "time_slot", "depot",
    "leave_at",
)  # fmt: skip


def merge(tx: Tx, order_ids: Sequence[int], *, now: int) -> list[int]:
    """Make one of those of *order_ids* that may leave together: the oldest goes on with all lines.

    Returns the orders that go on as another one; they are over.
    """
    groups: defaultdict[tuple[Any, ...], list[Row[Any]]] = defaultdict(list)
    for row in _mergeable(tx, order_ids):
        groups[tuple(row._mapping[name] for name in SAME)].append(row)
    gone: list[int] = []
    for first, *others in groups.values():
        for other in others:
            _into(tx, first, other, now)
            gone.append(other.id)
        if others:
            about = {"owner": first.owner, "order_id": first.id, "external_id": first.external_id}
            emit(tx, OrderChanged(**about, fields=("lines",)), now=now)
    return gone


def merged_into(tx: Tx, row: Row[Any]) -> dict[int, list[int]]:
    """Lines (numbers by order) that the cancelled order *row* became in another one and that are
    still wanted there; none where it was not merged."""
    line = order_lines.c
    wanted = (line.merged_from == row.id) & (line.qty > line.cancelled)
    found: dict[int, list[int]] = {}
    for one in tx.execute(select(line.order_id, line.line_no).where(wanted).order_by(line.line_no)):
        found.setdefault(one.order_id, []).append(one.line_no)
    return found


def own_lines(tx: Tx, order: int) -> list[int] | None:
    """The numbers of an order's own lines that are still wanted, if it carries another order's
    along; None for an order like any other."""
    line = order_lines.c
    mine = (line.order_id == order) & (line.qty > line.cancelled)
    rows = tx.execute(select(line.line_no, line.merged_from).where(mine).order_by(line.line_no))
    wanted = rows.all()
    carries = any(one.merged_from is not None for one in wanted)
    return [one.line_no for one in wanted if one.merged_from is None] if carries else None


def _mergeable(tx: Tx, order_ids: Sequence[int]) -> Sequence[Row[Any]]:
    papers = exists().where(documents.c.order_id == orders.c.id)
    promised = exists().where(
        order_lines.c.order_id == orders.c.id, allocations.c.line_id == order_lines.c.id,
        allocations.c.state.in_(("open", "picked")),
    )  # fmt: skip
    query = (
        select(orders)
        .join(owners, owners.c.code == orders.c.owner)
        .join(shops, shops.c.code == orders.c.shop)
        .where(orders.c.id.in_(order_ids), orders.c.state == "accepted", orders.c.kind == "")
        .where(owners.c.merge == 1, shops.c.never_merge == 0, orders.c.customer != "")
        .where(orders.c.gift == "{}", orders.c.cod == 0, ~papers, ~promised)
        .order_by(orders.c.accepted_ms, orders.c.id)
        .with_for_update(of=orders)
    )
    return tx.execute(query).all()


def _into(tx: Tx, first: Row[Any], other: Row[Any], now: int) -> None:
    line = order_lines.c
    mine = line.order_id == first.id
    last = int(tx.scalar(select(func.coalesce(func.max(line.line_no), 0)).where(mine)) or 0)
    names = ("item_id", "kind", "note", "price")
    copied = select(
        literal(first.id), line.line_no + last, line.qty - line.cancelled, literal(other.id),
        *(line[name] for name in names),
    ).where(line.order_id == other.id, line.qty > line.cancelled)  # fmt: skip
    into = ["order_id", "line_no", "qty", "merged_from", *names]
    tx.execute(insert(order_lines).from_select(into, copied))
    tx.execute(update(order_lines).where(line.order_id == other.id).values(cancelled=line.qty))
    grown = {
        "pieces": orders.c.pieces + other.pieces, "amount": orders.c.amount + other.amount,
        "one_piece": 0,
        "priority": case(
            (orders.c.priority < other.priority, other.priority), else_=orders.c.priority
        ),
    }  # fmt: skip
    tx.execute(update(orders).where(orders.c.id == first.id).values(grown))
    order_book.set_state(
        tx, [other.id], "cancelled", now=now, reason=f"{REASON} order={first.code}"
    )
    tx.execute(update(orders).where(orders.c.id == other.id).values(pieces=0))
    emit(tx, OrderMerged(
        owner=other.owner, order_id=other.id, external_id=other.external_id,
        into=first.external_id,
    ), now=now)  # fmt: skip
