"""A difference that was proven becomes the book: what is lost is lost for somebody.

Promises that the goods on the shelf no longer cover are taken back, the least urgent first, and
looked for elsewhere on the same walk; what is nowhere falls to the owner's rule for orders that
are short. So no order loses its goods without anybody hearing of it.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Row, and_, func, select, tuple_

from picking.taken_back import Gone, elsewhere
from wms.counts import counting
from wms.counts.rules import Goods, Tally
from wms.db import Tx
from wms.promises import allocation as promises
from wms.promises import reassign
from wms.schema import allocations, order_lines, orders, stock, stops
from wms.stock import LOST, Key, Move
from wms.storage import put_back

Ending = Literal["agreed", "recount", "approval", "counted", "settled"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """How a round ended: nothing differs, count again, a second badge is needed, counted (for a
    stocktake), or the book was changed. Codes as printed of `orders` that wait for stock now;
    `promises`: how many eaches were taken back from somebody."""

    ending: Ending
    promises: int = 0
    orders: tuple[str, ...] = ()


def finish(
    tx: Tx, *, count: int, round: int, person: int | None, seen: Sequence[Tally], actor: str,
    key: str, now: int, today: str, believed: Mapping[Goods, int] | None = None,
) -> Settled:  # fmt: skip
    """Record a round of a count and do what follows. Refuses `COUNT_CLOSED` when it is over."""
    said = counting.record(
        tx, count=count, round=round, person=person, seen=seen, now=now, believed=believed
    )
    if said == "settle":
        return settle(tx, count=count, actor=actor, key=key, now=now, today=today)
    if said == "recount":
        return Settled(ending="recount")
    # the list is the owner's to see first
    blind = counting.read(tx, count).stocktake_id is not None
    return Settled(ending="counted" if blind else "agreed")


def settle(tx: Tx, *, count: int, actor: str, key: str, now: int, today: str) -> Settled:
    """Book the last round's difference, if nobody has to say yes first.

    Goods that left after they were counted missing were there after all: then it is counted again.
    Of a stocktake the difference waits for the owner (`wms.counts.stocktakes.sign`).
    """
    row = counting.read(tx, count)
    if row.stocktake_id is not None and row.state != "counted":
        counting.close(tx, count=count, now=now)
        return Settled(ending="counted")
    if row.state != "counted" and counting.unapproved(tx, row):
        counting.wait_for_approval(tx, count=count)
        return Settled(ending="approval")
    found = counting.found_in(tx, count, row.round)
    moves = counting.moves_of(tx, row, found)
    if not _is_there(tx, moves):
        counting.again(tx, count=count)
        return Settled(ending="recount")
    gone = _make_room(tx, moves)
    counting.post(tx, moves, actor=actor, now=now)
    counting.close(tx, count=count, now=now)
    put_back.emptied(tx, row.place, now=now)
    return Settled(
        ending="settled", promises=sum(one.qty for each in gone.values() for one in each),
        orders=elsewhere(tx, gone, key=key, now=now, today=today),
    )  # fmt: skip


def _lost(moves: Sequence[Move]) -> dict[Key, int]:
    return {move.at(move.source): move.qty for move in moves if move.target == LOST}


def _balances(tx: Tx, keys: Sequence[Key]) -> dict[Key, Row[Any]]:
    """The balances at *keys*, locked."""
    columns = tuple_(*stock.primary_key.columns)
    query = (
        select(stock)
        .where(columns.in_([tuple(key) for key in keys]))
        .order_by(*stock.primary_key.columns)
        .with_for_update()
    )
    return {promises.key_of(row): row for row in tx.execute(query)}


def _is_there(tx: Tx, moves: Sequence[Move]) -> bool:
    """Whether the book still has as much as is to be lost."""
    lost = _lost(moves)
    have = _balances(tx, list(lost))
    return all(key in have and have[key].qty >= qty for key, qty in lost.items())


def _make_room(tx: Tx, moves: Sequence[Move]) -> dict[tuple[int | None, Key], list[Gone]]:
    """Take back promises until all that is lost is free: by tour (None: on no walk) and goods."""
    lost = _lost(moves)
    have = _balances(tx, list(lost))
    lacking = {
        key: qty - (have[key].qty - have[key].allocated)
        for key, qty in lost.items()
        if have[key].qty - have[key].allocated < qty
    }
    gone: defaultdict[tuple[int | None, Key], list[Gone]] = defaultdict(list)
    for row in _promised(tx, list(lacking)) if lacking else ():
        key = promises.key_of(row)
        qty = min(lacking[key], row.qty)
        if qty <= 0:
            continue
        lacking[key] -= qty
        part = reassign.split(tx, row.id, qty=qty, state=row.state)
        promises.release(tx, [part])
        stop = row.stop if part == row.id else 0
        gone[row.tour_id, key].append(
            Gone(
                stop or 0,
                row.slot or 0,
                part,
                qty,
                row.line_id,
                row.order_id or 0,
                row.item_id,
                row.wave_id or 0,
            )
        )
    return gone


def _promised(tx: Tx, keys: Sequence[Key]) -> list[Row[Any]]:
    """Live promises at *keys*, the least urgent first: work of the house, then orders."""
    columns = tuple_(*(allocations.c[name] for name in promises.KEY_COLUMNS))
    of_stop = and_(stops.c.allocation_id == allocations.c.id, stops.c.state == "open")
    query = (
        select(allocations, stops.c.id.label("stop"), stops.c.slot, stops.c.tour_id,
               order_lines.c.order_id)
        .outerjoin(stops, of_stop)
        .outerjoin(order_lines, order_lines.c.id == allocations.c.line_id)
        .outerjoin(orders, orders.c.id == order_lines.c.order_id)
        .where(columns.in_([tuple(key) for key in keys]))
        .where(allocations.c.state.in_(("open", "picked")))
        .order_by(
            allocations.c.task_id.is_(None), func.coalesce(orders.c.priority, 0),
            func.coalesce(orders.c.accepted_ms, allocations.c.created_ms).desc(),
            allocations.c.id.desc(),
        )
        .with_for_update(of=allocations)
    )  # fmt: skip
    return list(tx.execute(query))
