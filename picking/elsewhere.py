"""What a shelf did not give is looked for elsewhere, behind the picker on the same walk.

Used wherever promised goods turn out not to be had: the shelf was empty (`shorts`), what lay there
was damaged, or it may not be sent any more (`renewal`). What is nowhere falls to the owner's rule
(`shortage`).
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Row, bindparam, func, insert, select, update

from picking import layout, routes
from picking.shortage import settle_missing
from wms.db import Tx
from wms.errors import Code, Rejected
from wms.promises import allocation as promises
from wms.promises.allocate import Missing, Need, Plan, Take
from wms.schema import allocations, order_lines, orders, shops, stops, tours


@dataclass(frozen=True, slots=True, kw_only=True)
class Shorted:
    """What goods that were not to be had led to: `missing` eaches were promised and not found.

    `places`: where the picker will now get them, in the order of the walk. `short_orders` wait for
    stock; `left_orders` are one-piece orders that left the wave, as its total is smaller now;
    `cut_orders` go on without the rest; `undecided` wait for a lead's word. Codes as printed.
    """

    missing: int
    places: tuple[str, ...] = ()
    short_orders: tuple[str, ...] = ()
    left_orders: tuple[str, ...] = ()
    cut_orders: tuple[str, ...] = ()
    undecided: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Total:
    """A wave's total of one item."""

    wave: int
    item_id: int


@dataclass(frozen=True, slots=True)
class _Ahead:
    """A stop that is still to be made. `id` is None for one that was just found."""

    id: int | None
    place: str
    slot: int
    allocation: int


def stop_here(tx: Tx, stop: int, person: int) -> Row[Any]:
    """The open stop with its tour and its promise, locked. Refuses `STOP_CLOSED` and
    `TOUR_NOT_YOURS`."""
    query = (
        select(stops, tours.c.kind, tours.c.person_id, tours.c.drop_place,
               tours.c.wave_id.label("wave"), allocations.c.state.label("promise"),
               allocations.c.line_id, allocations.c.qty,
               *(allocations.c[name] for name in promises.KEY_COLUMNS))
        .join(tours, tours.c.id == stops.c.tour_id)
        .join(allocations, allocations.c.id == stops.c.allocation_id)
        .where(stops.c.id == stop, tours.c.state == "claimed")
        .with_for_update(of=stops)
    )  # fmt: skip
    row = tx.execute(query).first()
    if row is None or (row.state, row.promise) != ("open", "open"):
        raise Rejected(Code.STOP_CLOSED, stop=stop)
    if row.person_id != person:
        raise Rejected(Code.TOUR_NOT_YOURS, tour=row.tour_id)
    return row


def same_goods(tx: Tx, here: Row[Any]) -> list[Row[Any]]:
    """The open stops of this tour that draw on the very balance of the stop *here*."""
    same = [allocations.c[name] == here._mapping[name] for name in promises.KEY_COLUMNS]
    query = (
        select(stops.c.id, stops.c.slot, stops.c.allocation_id, allocations.c.qty,
               allocations.c.line_id)
        .join(allocations, allocations.c.id == stops.c.allocation_id)
        .where(stops.c.tour_id == here.tour_id, stops.c.state == "open")
        .where(allocations.c.state == "open", *same)
        .order_by(stops.c.seq, stops.c.id)
    )  # fmt: skip
    return list(tx.execute(query))


def give_up(
    tx: Tx, here: Row[Any], gone: Sequence[Row[Any]], *, key: str, today: str, now: int
) -> Shorted:
    """Close the stops *gone* (their promises were released), and look for their goods elsewhere.

    *here* is the stop at which the picker stands, *key* the cause.
    """
    missing = sum(row.qty for row in gone)
    closed = stops.c.id.in_([row.id for row in gone])
    tx.execute(update(stops).where(closed).values(state="short"))
    lines: Sequence[Missing]
    if here.kind == "total":
        takes, lines = _again_for_total(tx, here, missing, today)
        decided, slot_of = Plan(takes, ()), dict[int | None, int]({None: here.slot})
    else:
        decided = _again_for_lines(tx, gone, today)
        lines, slot_of = decided.missing, {row.line_id: row.slot for row in gone}
    places = _walk_on(tx, here, decided, slot_of, now)
    left = here.kind == "total"
    settled = settle_missing(tx, lines, key=key, now=now, whole_orders=left)
    return Shorted(
        missing=missing, places=places, short_orders=() if left else settled.waiting,
        left_orders=settled.waiting if left else (), cut_orders=settled.cut,
        undecided=settled.undecided,
    )  # fmt: skip


def is_elsewhere(tx: Tx, gone: Sequence[Row[Any]], today: str) -> bool:
    """Whether all that the lines of *gone* have here could be had elsewhere. Writes nothing."""
    mine = order_lines.c.id.in_([row.line_id for row in gone])
    query = (
        select(
            order_lines.c.id, order_lines.c.item_id, order_lines.c.order_id, orders.c.ship_date,
            orders.c.kind, shops.c.shelf_days_min,
        )
        .join(orders, orders.c.id == order_lines.c.order_id)
        .join(shops, shops.c.code == orders.c.shop)
        .where(mine)
    )  # fmt: skip
    line = {row.id: row for row in tx.execute(query)}
    wanted = [
        Need(of.order_id, of.id, of.item_id, row.qty,
             promises.usable_from(max(of.ship_date, today), of.shelf_days_min),
             of.kind in promises.OWN_GOODS)
        for row in gone
        if (of := line.get(row.line_id)) is not None
    ]  # fmt: skip
    return not promises.decide(tx, wanted, lock=False).missing


def _again_for_lines(tx: Tx, gone: Sequence[Row[Any]], today: str) -> Plan:
    """Stock for what these lines just lost; they may miss more from before."""
    lost: Counter[int] = Counter()
    for row in gone:
        lost[row.line_id] += row.qty
    order_ids = tx.scalars(
        select(order_lines.c.order_id).where(order_lines.c.id.in_(lost)).distinct()
    )
    wanted = [
        replace(need, qty=min(need.qty, lost[need.line]))
        for need in promises.needs(tx, sorted(order_ids), today=today)
        if need.line in lost
    ]
    return promises.decide(tx, wanted)


def _again_for_total(
    tx: Tx, here: Row[Any], missing: int, today: str
) -> tuple[tuple[Take, ...], list[Missing]]:
    """Stock for the wave's total, as much as there is; orders that it is short of leave the wave.

    They are the least urgent of its one-piece orders of this item, and wait for stock.
    """
    without_goods = _one_piece_orders(tx, here)
    waiting = promises.needs(tx, list(without_goods), today=today)
    wanted = min(missing, len(waiting) - _left_of_total(tx, here))
    if wanted <= 0:  # some orders left the wave before their goods did
        return (), []
    expiry_min = max(need.expiry_min for need in waiting)
    takes = _as_much_as_there_is(tx, Need(0, 0, here.item_id, wanted, expiry_min))
    lacking = wanted - sum(take.qty for take in takes)
    least_urgent = [one for one in reversed(waiting) if without_goods[one.order] == "released"]
    leaving = least_urgent[:lacking]
    leave = orders.c.id.in_([one.order for one in leaving])
    tx.execute(update(orders).where(leave).values(wave_id=None))
    return takes, [Missing(one.order, one.line, one.item, one.qty) for one in leaving]


def leave_total(tx: Tx, *, wave: int, item: int, today: str) -> list[Missing]:
    """One-piece orders that the total of *wave* does not reach for leave it, the least urgent."""
    here: Any = _Total(wave, item)
    states = _one_piece_orders(tx, here)
    waiting = promises.needs(tx, list(states), today=today)
    leaving = waiting[_left_of_total(tx, here) :]
    leave = orders.c.id.in_([one.order for one in leaving])
    tx.execute(update(orders).where(leave).values(wave_id=None))
    return [Missing(one.order, one.line, one.item, one.qty) for one in leaving]


def _one_piece_orders(tx: Tx, here: Row[Any]) -> dict[int, str]:
    """The one-piece orders of this item in the wave that are not packed yet, and their states."""
    query = (
        select(orders.c.id, orders.c.state)
        .join(order_lines, order_lines.c.order_id == orders.c.id)
        .where(orders.c.wave_id == here.wave, orders.c.one_piece == 1)
        .where(orders.c.state.in_(("released", "picked")))
        .where(order_lines.c.item_id == here.item_id)
    )
    return {row.id: row.state for row in tx.execute(query)}


def _left_of_total(tx: Tx, here: Row[Any]) -> int:
    """Units of the wave's total that are still promised to it and to no order yet."""
    query = select(func.coalesce(func.sum(allocations.c.qty), 0)).where(
        allocations.c.wave_id == here.wave, allocations.c.item_id == here.item_id,
        allocations.c.line_id.is_(None), allocations.c.state.in_(("open", "picked")),
    )  # fmt: skip
    return int(tx.execute(query).scalar_one())


def _as_much_as_there_is(tx: Tx, wanted: Need) -> tuple[Take, ...]:
    """A total, unlike an order, is served in part where there is too little."""
    lacking = sum(one.qty for one in promises.decide(tx, [wanted]).missing)
    if lacking == wanted.qty:
        return ()
    some = Need(wanted.order, wanted.line, wanted.item, wanted.qty - lacking, wanted.expiry_min)
    return promises.decide(tx, [some]).takes


def _walk_on(
    tx: Tx, here: Row[Any], decided: Plan, slot_of: dict[int | None, int], now: int
) -> tuple[str, ...]:
    """Promise what was found, and put its stops where the walk ahead passes them best."""
    total = frozenset(take.order for take in decided.takes if here.kind == "total")
    found = promises.promise(tx, decided.takes, wave=here.wave, totals=total, now=now)
    if not found:
        return ()
    walk = _ahead(tx, here.tour_id)
    fresh = [_Ahead(None, one.key.place, slot_of[one.line], one.allocation) for one in found]
    plan = layout.load(tx, [here.place, here.drop_place, *(stop.place for stop in walk + fresh)])
    legs = _legs_ahead(tx, here.tour_id)
    of_leg = {stop: legs.get(plan.place(stop.place).zone) for stop in fresh}
    for stop in (stop for stop in fresh if of_leg[stop] is None):
        places_ahead = [other.place for other in walk]
        index = routes.where_to_insert(
            places_ahead, stop.place, plan, here=here.place, end=here.drop_place
        )
        walk.insert(index, stop)
    _renumber(tx, here.tour_id, walk)
    _leave_to_legs(tx, {stop: leg for stop, leg in of_leg.items() if leg is not None})
    in_order = [stop for stop in walk if stop.id is None]
    in_order += [stop for stop in fresh if of_leg[stop] is not None]
    return tuple(dict.fromkeys(stop.place for stop in in_order))


def _legs_ahead(tx: Tx, tour: int) -> dict[str, int]:
    """The walks by zone that go on with this one's totes: what lies there is theirs to fetch."""
    legs: dict[str, int] = {}
    after: int | None = tour
    while after is not None:  # as many as the floor has zones
        query = select(tours.c.id, tours.c.zone).where(tours.c.after == after)
        row = tx.execute(query.where(tours.c.state == "open")).first()
        after = row.id if row is not None else None
        if row is not None and row.zone:
            legs[row.zone] = row.id
    return legs


def _leave_to_legs(tx: Tx, left: Mapping[_Ahead, int]) -> None:
    """Stops that other zones' people will make, after those that they have."""
    if not left:
        return
    last = (
        select(stops.c.tour_id, func.max(stops.c.seq).label("seq"))
        .where(stops.c.tour_id.in_(set(left.values())))
        .group_by(stops.c.tour_id)
    )
    behind = {row.tour_id: row.seq for row in tx.execute(last)}
    rows = [
        {"tour_id": leg, "seq": behind.get(leg, 0) + number, "slot": stop.slot,
         "allocation_id": stop.allocation}
        for number, (stop, leg) in enumerate(left.items(), start=1)
    ]  # fmt: skip
    tx.execute(insert(stops), rows)


def _ahead(tx: Tx, tour: int) -> list[_Ahead]:
    """The stops that are still to be made, in walking order."""
    query = (
        select(stops, allocations.c.place)
        .join(allocations, allocations.c.id == stops.c.allocation_id)
        .where(stops.c.tour_id == tour, stops.c.state == "open", allocations.c.state == "open")
        .order_by(stops.c.seq, stops.c.id)
    )
    return [_Ahead(row.id, row.place, row.slot, row.allocation_id) for row in tx.execute(query)]


def _renumber(tx: Tx, tour: int, walk: Sequence[_Ahead]) -> None:
    """Number the walk ahead anew, behind all that was done before."""
    last = tx.scalar(select(func.max(stops.c.seq)).where(stops.c.tour_id == tour)) or 0
    moved = [{"b_id": one.id, "b_seq": last + n} for n, one in enumerate(walk, 1) if one.id]
    if moved:
        renumbered = update(stops).where(stops.c.id == bindparam("b_id"))
        tx.execute(renumbered.values(seq=bindparam("b_seq")), moved)
    fresh = [
        {"tour_id": tour, "seq": last + n, "slot": one.slot, "allocation_id": one.allocation}
        for n, one in enumerate(walk, 1)
        if one.id is None
    ]
    if fresh:
        tx.execute(insert(stops), fresh)
