"""Release a wave: promise stock to all its orders at once, and write the walks that fetch it.

Reads everything, decides with pure functions, and writes in batches: a wave of two hundred orders
takes as many statements as one of ten.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, bindparam, exists, func, insert, select, update

from picking import layout as floor_plan
from picking.drops import close_wave, drop_places, settle
from picking.shortage import orders_short
from picking.walks import Ground, Size, Walk, Wall, plan_walks
from picking.waves import Rules, Wave, totalled
from wms import config
from wms.db import Tx
from wms.orders import lifecycle as order_book
from wms.orders import merge
from wms.promises import allocation as promises
from wms.promises.allocate import Need
from wms.promises.allocation import Promised
from wms.record.event_kinds import Event, OrderReleased, WaveReleased
from wms.record.events import emit
from wms.schema import (
    allocations,
    items,
    order_lines,
    orders,
    stations,
    stops,
    tour_totes,
    tours,
    wall_slots,
    waves,
)
from wms.shipping import inserts
from wms.site import picking_rules


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings(Rules):
    """How the floor works: `cart_totes` orders ride on one cart, over `tour_stops_max` stops at
    most; a total of one-piece orders is cut into walks of `total_pieces_max` eaches."""

    cart_totes: int = 8
    tour_stops_max: int = 60
    total_pieces_max: int = 40
    identical_min: int = 0  # so many identical baskets are picked into one tote; 0: never


def settings_of(section: config.Waves) -> Settings:
    """The settings that `[waves]` of the site's configuration asks for."""
    return Settings(
        orders_min=section.orders_min, orders_max=section.orders_max,
        wait_minutes=section.wait_minutes, cart_totes=section.cart_totes,
        total_pieces_max=section.total_pieces_max, identical_min=section.identical_min,
    )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Released:
    """What became of the orders of a wave (ids). `wave` is None when none could go.

    `short` orders got nothing, and wait for stock; a later wave takes them.
    """

    wave: int | None = None
    orders: tuple[int, ...] = ()
    short: tuple[int, ...] = ()
    tours: int = 0


def release_wave(tx: Tx, wave: Wave, *, settings: Settings, today: str, now: int) -> Released:
    """Send the orders of *wave* to the floor: whole orders, first expiry first.

    Orders that left in the meantime (cancelled, held, released by another server) are passed over.
    An order that lacks stock is short, and told so once; it gets nothing.
    """
    chosen = _candidates(tx, wave.orders)
    if merge.merge(tx, list(chosen), now=now):
        chosen = _candidates(tx, wave.orders)
    if inserts.apply(tx, list(chosen), today=today):  # some are of more than one piece now
        chosen = _candidates(tx, wave.orders)
    wanted = promises.needs(tx, list(chosen), today=today)
    decided = promises.decide(tx, wanted)
    lacking = {one.order for one in decided.missing}
    newly = [one for one in decided.missing if chosen[one.order].state == "accepted"]
    orders_short(tx, newly, now)
    going = {number: row for number, row in chosen.items() if number not in lacking}
    if not going:
        return Released(short=tuple(sorted(lacking)))
    number = _open_wave(tx, wave, now)
    served = [need for need in wanted if need.order in going]
    pooled = _totals(tx, served, going)
    promised = promises.promise(tx, decided.takes, wave=number, totals=pooled, now=now)
    order_of = {take.line: take.order for take in decided.takes}
    promised += _set_aside(tx, going, number, order_of)
    _send_orders(tx, going, number, now)
    walks = _walks(tx, served, order_of, promised, going, settings)
    _write(tx, number, walks, now)
    unwalked = set(going) - {need.order for need in served} - set(order_of.values())
    if unwalked:  # nothing was missing any more: perhaps all of it lies in totes already
        settle(tx, unwalked, now=now)
        close_wave(tx, number)
    return Released(
        wave=number, orders=tuple(sorted(going)), short=tuple(sorted(lacking)), tours=len(walks)
    )


def _candidates(tx: Tx, order_ids: Sequence[int]) -> dict[int, Row[Any]]:
    """The orders that may still be released, locked in the order of their numbers."""
    query = (
        select(orders)
        .where(orders.c.id.in_(order_ids), orders.c.state.in_(("accepted", "short")))
        .order_by(orders.c.id)
        .with_for_update()
    )
    return {row.id: row for row in tx.execute(query)}


def _set_aside(
    tx: Tx, going: dict[int, Row[Any]], wave: int, order_of: dict[int, int]
) -> list[Promised]:
    """What was promised to these orders before, and nobody walks for: this wave fetches it.

    Whose lines they are is added to *order_of*.
    """
    walked = exists().where(stops.c.allocation_id == allocations.c.id, stops.c.state == "open")
    rows = tx.execute(
        select(allocations, order_lines.c.order_id)
        .join(order_lines, order_lines.c.id == allocations.c.line_id)
        .where(order_lines.c.order_id.in_(going), allocations.c.state == "open", ~walked)
        .where(allocations.c.wave_id.is_distinct_from(wave))
        .order_by(allocations.c.id)
    ).all()
    if not rows:
        return []
    mine = allocations.c.id.in_([row.id for row in rows])
    tx.execute(update(allocations).where(mine).values(wave_id=wave))
    order_of.update({row.line_id: row.order_id for row in rows})
    return [Promised(row.id, row.line_id, promises.key_of(row), row.qty) for row in rows]


def _open_wave(tx: Tx, wave: Wave, now: int) -> int:
    row = {
        "carrier": wave.carrier, "pickup_ms": wave.pickup_ms, "state": "released",
        "created_ms": now,
    }  # fmt: skip
    return int(tx.execute(insert(waves).values(row).returning(waves.c.id)).scalar_one())


def _totals(tx: Tx, served: Iterable[Need], going: dict[int, Row[Any]]) -> frozenset[int]:
    singles = {number for number, row in going.items() if row.one_piece}
    wanted = [need for need in served if need.order in singles]
    dated = select(items.c.id).where(
        items.c.id.in_({need.item for need in wanted}), items.c.expiry_tracked == 1
    )
    return frozenset(totalled(wanted, singles, set(tx.scalars(dated))))


def _send_orders(tx: Tx, going: dict[int, Row[Any]], wave: int, now: int) -> None:
    order_book.set_state(tx, list(going), "released", now=now)
    tx.execute(update(orders).where(orders.c.id.in_(going)).values(wave_id=wave))
    told: list[Event] = [
        OrderReleased(
            owner=row.owner, order_id=row.id, external_id=row.external_id, wave_id=wave
        )
        for row in going.values()
    ]  # fmt: skip
    emit(tx, *told, WaveReleased(wave_id=wave, orders=len(going)), now=now)


def _walks(
    tx: Tx, served: Sequence[Need], order_of: dict[int, int], promised: Sequence[Promised],
    going: dict[int, Row[Any]], settings: Settings,
) -> list[Walk]:  # fmt: skip
    """The wave's tours, as the site's rules ask for them."""
    drops = drop_places(tx)
    door = drops[0] if drops else ""
    rules = picking_rules.load(tx)
    walls = _walls(tx)
    ends = {door, *(wall.place for wall in walls.values()),
            *(zone.pass_place for zone in rules.zones.values())}  # fmt: skip
    ground = Ground(
        plan=floor_plan.load(tx, [*ends, *{one.key.place for one in promised}]), door=door,
        rules=rules, walls=walls,
        size=Size(totes=settings.cart_totes, stops_max=settings.tour_stops_max,
                  pieces_max=settings.total_pieces_max, identical_min=settings.identical_min),
    )  # fmt: skip
    return plan_walks(
        promised, order_of,
        list(dict.fromkeys([*(need.order for need in served), *order_of.values()])),
        {order: row.priority for order, row in going.items()},
        max((row.priority for row in going.values() if row.one_piece), default=0), ground,
    )  # fmt: skip


def _walls(tx: Tx) -> dict[str, Wall]:
    """The put walls by station, with as many slots as each has."""
    query = (
        select(stations.c.code, stations.c.place, func.count(wall_slots.c.place).label("slots"))
        .outerjoin(wall_slots, wall_slots.c.wall == stations.c.code)
        .where(stations.c.kind == "wall")
        .group_by(stations.c.code, stations.c.place)
    )
    return {row.code: Wall(row.code, row.place, row.slots) for row in tx.execute(query)}


def _write(tx: Tx, wave: int, walks: Sequence[Walk], now: int) -> None:
    """A few statements, however many tours: tours, the slots of their carts, their stops."""
    if not walks:
        return
    rows = [
        {
            "wave_id": wave, "kind": walk.kind, "zone": walk.zone, "priority": walk.priority,
            "drop_place": walk.drop_place, "wall": walk.wall, "created_ms": now,
        }
        for walk in walks
    ]  # fmt: skip
    tx.execute(insert(tours), rows)
    ids = tx.scalars(select(tours.c.id).where(tours.c.wave_id == wave).order_by(tours.c.id)).all()
    legs = [
        {"b_id": tour, "b_after": before}
        for before, tour, walk in zip(ids, ids[1:], walks[1:], strict=False)
        if walk.follows
    ]
    if legs:
        leg = update(tours).where(tours.c.id == bindparam("b_id"))
        tx.execute(leg.values(after=bindparam("b_after")), legs)
    slots = [
        {"tour_id": tour, "slot": slot, "order_id": order}
        for tour, walk in zip(ids, walks, strict=True)
        for slot, order in enumerate(walk.orders, start=1)
    ]
    tx.execute(insert(tour_totes), slots)
    on_tours = [
        {"tour_id": tour, "seq": seq, "slot": stop.slot, "allocation_id": stop.allocation}
        for tour, walk in zip(ids, walks, strict=True)
        for seq, stop in enumerate(walk.stops, start=1)
    ]
    tx.execute(insert(stops), on_tours)
