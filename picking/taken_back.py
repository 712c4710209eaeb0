"""Promises taken back are looked for elsewhere: on the same walk, else by the owner's rule.

Used wherever goods that somebody counts on are not to be had after all: a count found fewer, their
lot was recalled, they expired on the way to the bench.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, select

from picking import drops
from picking.elsewhere import give_up, leave_total
from picking.shortage import orders_short, settle_missing
from wms.db import Tx
from wms.orders import lifecycle as order_book
from wms.promises import allocation as promises
from wms.promises.allocate import Missing
from wms.schema import allocations, order_lines, orders, stock, stops, tours
from wms.stock import Key
from wms.storage import put_back

Gones = Mapping[tuple[int | None, Key], Sequence["Gone"]]  # by tour (None: on no walk) and goods


@dataclass(frozen=True, slots=True)
class Gone:
    """A promise, or a part of it, that was taken back. `id` is its stop's, 0 where that goes on;
    `line_id` None where it was promised to the total of `wave`."""

    id: int
    slot: int
    allocation_id: int
    qty: int
    line_id: int | None
    order: int
    item: int
    wave: int = 0


@dataclass(frozen=True, slots=True)
class _Here:
    """The walk on which goods were lost, as if its picker stood at the place."""

    tour_id: int
    kind: str
    drop_place: str
    wave: int
    slot: int
    place: str
    item_id: int


def take_back(
    tx: Tx, allocation_ids: Sequence[int], *, key: str, today: str, now: int
) -> tuple[str, ...]:
    """End these promises and look for other goods. What was picked is to be put back.

    Returns the codes of orders that wait, or go on without them, or are asked about.
    """
    if not allocation_ids:
        return ()
    query = (
        select(allocations, stops.c.id.label("stop"), stops.c.slot, stops.c.tour_id,
               order_lines.c.order_id)
        .outerjoin(
            stops, (stops.c.allocation_id == allocations.c.id) & (stops.c.state == "open")
        )
        .outerjoin(order_lines, order_lines.c.id == allocations.c.line_id)
        .where(allocations.c.id.in_(allocation_ids))
        .where(allocations.c.state.in_(("open", "picked")))
        .order_by(allocations.c.id)
    )  # fmt: skip
    gone: dict[tuple[int | None, Key], list[Gone]] = {}
    totes: dict[str, int] = {}
    for row in tx.execute(query).all():
        gone.setdefault((row.tour_id, promises.key_of(row)), []).append(Gone(
            row.stop or 0, row.slot or 0, row.id, row.qty, row.line_id, row.order_id or 0,
            row.item_id, row.wave_id or 0,
        ))  # fmt: skip
        if row.state == "picked":
            totes[row.place] = row.order_id or 0
    promises.release(tx, [one.allocation_id for each in gone.values() for one in each])
    for tote, order in totes.items():
        put_back.ask_tote(tx, tote, order=order, now=now)
    return elsewhere(tx, gone, key=key, now=now, today=today)


def elsewhere(tx: Tx, gone: Gones, *, key: str, now: int, today: str) -> tuple[str, ...]:
    """Look for what was taken back on the same walks; the codes of orders that wait for it now."""
    told: list[str] = []
    for number, ((tour, goods), each) in enumerate(sorted(gone.items(), key=_by_tour)):
        cause = f"{key}:{number}"
        if tour is None:
            told += _on_no_walk(tx, each, cause, today, now)
            continue
        here: Any = _here(tx, tour, goods, each[0].slot)
        rows: Sequence[Any] = each
        shorted = give_up(tx, here, rows, key=cause, today=today, now=now)
        told += (*shorted.short_orders, *shorted.left_orders, *shorted.cut_orders,
                 *shorted.undecided)  # fmt: skip
    return tuple(dict.fromkeys(told))


def _on_no_walk(
    tx: Tx, gone: Sequence[Gone], key: str, today: str, now: int
) -> tuple[str, ...]:  # fmt: skip
    """What was picked, or set aside: the owner's rule decides; a total is shared by fewer."""
    missing = [
        Missing(one.order, one.line_id, one.item, one.qty)
        for one in gone
        if one.line_id is not None
    ]
    touched = {one.order for one in missing}
    totes = _totes(tx, touched)
    was_picked = orders.c.id.in_(touched) & (orders.c.state == "picked")
    order_book.set_state(tx, list(tx.scalars(select(orders.c.id).where(was_picked))), "released",
                         now=now)  # fmt: skip
    settled = settle_missing(tx, _summed(missing), key=key, now=now)
    drops.settle(tx, touched, now=now)  # one that goes on without them has all it wants
    for tote, order in totes:  # of an order that is never split nothing is wanted any more
        if not _is_wanted(tx, tote):
            put_back.ask_tote(tx, tote, order=order, now=now)
    left: tuple[str, ...] = ()
    for wave, item in sorted({(one.wave, one.item) for one in gone if one.line_id is None}):
        left += orders_short(tx, leave_total(tx, wave=wave, item=item, today=today), now)
    return (*settled.waiting, *settled.cut, *settled.undecided, *left)


def _totes(tx: Tx, order_ids: set[int]) -> list[tuple[str, int]]:
    query = (
        select(allocations.c.place, order_lines.c.order_id)
        .join(order_lines, order_lines.c.id == allocations.c.line_id)
        .where(order_lines.c.order_id.in_(order_ids), allocations.c.state == "picked")
        .distinct()
    )
    return [(row.place, row.order_id) for row in tx.execute(query.order_by(allocations.c.place))]


def _is_wanted(tx: Tx, tote: str) -> bool:
    promised = (stock.c.place == tote) & (stock.c.allocated > 0)
    return tx.execute(select(stock.c.place).where(promised).limit(1)).first() is not None


def _by_tour(item: tuple[tuple[int | None, Key], Sequence[Gone]]) -> tuple[int, Key]:
    (tour, goods), _gone = item
    return tour or 0, goods


def _summed(missing: Sequence[Missing]) -> list[Missing]:
    """One entry a line."""
    by_line: dict[int, Missing] = {}
    for one in missing:
        before = by_line.get(one.line)
        qty = one.qty + (before.qty if before is not None else 0)
        by_line[one.line] = Missing(one.order, one.line, one.item, qty)
    return list(by_line.values())


def _here(tx: Tx, tour: int, goods: Key, slot: int) -> _Here:
    row: Row[Any] = tx.execute(select(tours).where(tours.c.id == tour)).one()
    return _Here(tour, row.kind, row.drop_place, row.wave_id, slot, goods.place, goods.item)
