"""The end of a walk: totes are set down, orders are complete, and totes are sent to a bench."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from random import Random
from typing import Any

from sqlalchemy import Row, Select, exists, func, select, update

from picking import legs
from picking.dispatch import SentTote, dispatch, refuse_no_drop
from wms import stock as ledger
from wms.db import Tx
from wms.errors import Code, Rejected
from wms.orders import lifecycle as order_book
from wms.record.event_kinds import OrderPicked
from wms.record.events import emit
from wms.schema import (
    allocations,
    order_lines,
    orders,
    places,
    stations,
    stock,
    stops,
    tour_totes,
    tours,
    wall_slots,
    waves,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Dropped:
    """What setting the totes down led to. `sent` may hold totes of earlier tours, too, that
    waited for the rest of their order; `waiting` stay here for that reason; `empty` are free."""

    sent: tuple[SentTote, ...]
    waiting: tuple[str, ...]
    empty: tuple[str, ...]
    orders_picked: tuple[int, ...]


def drop_places(tx: Tx) -> tuple[str, ...]:
    """Where a walk may end, the best first: robot hand-offs, other buffers, pack stations."""
    return tuple(tx.scalars(_drop_places()))


@cache
def _drop_places() -> Select[Any]:
    """Every scan of a picker asks this, so it is built once."""
    return (
        select(places.c.code)
        .where(places.c.kind.in_(("buffer", "station")), places.c.blocked == "")
        .where((places.c.kind == "buffer") | places.c.code.in_(_bench_places()))
        .order_by(
            places.c.kind, places.c.robot_station.is_(None), places.c.robot_station, places.c.code
        )
    )


def drop(
    tx: Tx, *, tour: int, place: str, key: str, actor: str, now: int, rng: Random
) -> Dropped:  # fmt: skip
    """Set all totes of a finished walk down at *place*. The tour is done.

    Complete orders are picked, and all their totes go to the same bench; *rng* gives the chance
    in mission numbers. Where another zone goes on, the totes wait for it; a batch waits to be
    sorted. Refuses `STOP_CLOSED` (the tour is over), `TOUR_UNFINISHED` and `PLACE_NOT_DROP`.
    """
    head = _finished(tx, tour)
    refuse_no_drop(tx, place)
    if head.drop_place not in ("", place):
        raise Rejected(Code.PLACE_NOT_DROP, place=place)
    totes = _totes(tx, tour)
    for row in totes:
        if row.parent is not None and row.parent != place:
            ledger.relocate(
                tx, key=f"{key}:{row.tote}", container=row.tote, source=row.parent, target=place,
                actor=actor, now=now, reason="drop", ref=f"tour:{tour}",
            )  # fmt: skip
    leg = legs.following(tx, tour)
    _set_down(tx, place, totes, "at_wall" if head.wall else "dropped")
    if leg is not None:
        legs.pass_on(tx, to=leg, totes=[row for row in totes if row.pieces])
    over = update(tours).where(tours.c.id == tour)
    tx.execute(over.values(state="done", done_ms=now, drop_place=place))
    close_wave(tx, head.wave_id)
    picked = settle(tx, {row.order_id for row in totes if row.order_id is not None}, now=now)
    if head.kind == "batch" and not head.wall:
        picked += settle(tx, _orders_of(tx, tour), now=now)
    if head.kind == "total":
        picked += _settle_total(tx, head.wave_id, [row.tote for row in totes], now)
    sent = dispatch(tx, now=now, rng=rng)
    gone = {one.tote for one in sent}
    return Dropped(
        sent=tuple(sent), orders_picked=tuple(picked),
        waiting=tuple(row.tote for row in totes if row.pieces and row.tote not in gone),
        empty=tuple(row.tote for row in totes if not row.pieces),
    )  # fmt: skip


def settle(tx: Tx, order_ids: Iterable[int], *, now: int) -> list[int]:
    """Those of *order_ids* that no tour is left to walk for are picked now: their ids.

    A tour ends only when all its goods were picked, short or given up; an order that is short,
    held or cancelled stays so.
    """
    walking = exists().where(
        tour_totes.c.order_id == orders.c.id, tours.c.id == tour_totes.c.tour_id,
        tours.c.state.in_(("open", "claimed")),
    )  # fmt: skip
    query = (
        select(orders.c.id)
        .where(orders.c.id.in_(set(order_ids)), orders.c.state == "released", ~walking)
        .where(~_in_a_batch())
        .order_by(orders.c.id)
    )
    return _picked(tx, list(tx.scalars(query)), now)


def _orders_of(tx: Tx, tour: int) -> set[int]:
    """The orders whose goods this walk fetched: identical baskets, which need no sorting."""
    query = (
        select(order_lines.c.order_id)
        .join(allocations, allocations.c.line_id == order_lines.c.id)
        .join(stops, stops.c.allocation_id == allocations.c.id)
        .where(stops.c.tour_id == tour)
    )
    return set(tx.scalars(query))


def _in_a_batch() -> Any:
    """Whether goods of the order are on a batch's walk, or wait to be sorted at its wall."""
    batch = (
        exists()
        .where(stops.c.allocation_id == allocations.c.id, tours.c.id == stops.c.tour_id)
        .where(tours.c.kind == "batch", tours.c.state.in_(("open", "claimed")))
    )
    unsorted = exists().where(
        tour_totes.c.tote == allocations.c.place, tour_totes.c.state == "at_wall"
    )
    in_slot = exists().where(wall_slots.c.place == allocations.c.place)
    return exists().where(
        allocations.c.line_id == order_lines.c.id, order_lines.c.order_id == orders.c.id,
        allocations.c.state.in_(("open", "picked")), batch | unsorted | in_slot,
    )  # fmt: skip


def _finished(tx: Tx, tour: int) -> Any:
    """The tour, locked, once nothing is left to pick on it."""
    columns = (tours.c.kind, tours.c.state, tours.c.wave_id, tours.c.drop_place, tours.c.wall)
    query = select(*columns).where(tours.c.id == tour)
    head = tx.execute(query.with_for_update()).first()
    if head is None or head.state != "claimed":
        raise Rejected(Code.STOP_CLOSED, stop=tour)
    left = tx.scalar(
        select(func.count())
        .select_from(stops.join(allocations, allocations.c.id == stops.c.allocation_id))
        .where(stops.c.tour_id == tour, stops.c.state == "open", allocations.c.state == "open")
    )
    if left:
        raise Rejected(Code.TOUR_UNFINISHED, left=left)
    return head


def _totes(tx: Tx, tour: int) -> list[Row[Any]]:
    """The tour's totes, where they stand, and how many pieces lie in them."""
    inside = (
        select(stock.c.place, func.sum(stock.c.qty).label("pieces"))
        .group_by(stock.c.place)
        .subquery()
    )
    query = (
        select(
            tour_totes.c.id, tour_totes.c.tote, tour_totes.c.order_id, tour_totes.c.slot,
            tour_totes.c.full, places.c.parent,
            func.coalesce(inside.c.pieces, 0).label("pieces"),
        )
        .join(places, places.c.code == tour_totes.c.tote)
        .outerjoin(inside, inside.c.place == tour_totes.c.tote)
        .where(tour_totes.c.tour_id == tour)
        .order_by(tour_totes.c.slot, tour_totes.c.id)
    )  # fmt: skip
    return list(tx.execute(query))


def _set_down(tx: Tx, place: str, totes: Sequence[Row[Any]], filled: str) -> None:
    """The totes stand at *place* (those that stood nowhere, too); the empty ones are free, the
    others in the state *filled*."""
    nowhere = places.c.code.in_([row.tote for row in totes]) & places.c.parent.is_(None)
    tx.execute(update(places).where(nowhere).values(parent=place))
    for state, rows in (
        (filled, [row.id for row in totes if row.pieces]),
        ("empty", [row.id for row in totes if not row.pieces]),
    ):
        tx.execute(update(tour_totes).where(tour_totes.c.id.in_(rows)).values(state=state))


def close_wave(tx: Tx, wave: int) -> None:
    """A wave is done when none of its tours is left to walk."""
    live = exists().where(tours.c.wave_id == wave, tours.c.state.in_(("open", "claimed")))
    tx.execute(update(waves).where(waves.c.id == wave, ~live).values(state="done"))


def _settle_total(tx: Tx, wave: int, totes: Sequence[str], now: int) -> list[int]:
    """As many one-piece orders are picked as units were set down, the most urgent first."""
    units = {
        row.item_id: int(row.qty)
        for row in tx.execute(
            select(allocations.c.item_id, func.sum(allocations.c.qty).label("qty"))
            .where(allocations.c.wave_id == wave, allocations.c.line_id.is_(None))
            .where(allocations.c.state == "picked", allocations.c.place.in_(totes))
            .group_by(allocations.c.item_id)
        )
    }
    has_own = exists().where(
        allocations.c.line_id == order_lines.c.id, allocations.c.state.in_(("open", "picked"))
    )
    query = (
        select(orders.c.id, order_lines.c.item_id)
        .join(order_lines, order_lines.c.order_id == orders.c.id)
        .where(orders.c.wave_id == wave, orders.c.one_piece == 1, orders.c.state == "released")
        .where(order_lines.c.item_id.in_(units), ~has_own)
        .order_by(orders.c.priority.desc(), orders.c.accepted_ms, orders.c.id)
    )
    chosen = []
    for row in tx.execute(query).all():
        if units[row.item_id] > 0:
            units[row.item_id] -= 1
            chosen.append(row.id)
    return _picked(tx, chosen, now)


def _picked(tx: Tx, order_ids: list[int], now: int) -> list[int]:
    if order_ids:
        order_book.set_state(tx, order_ids, "picked", now=now)
        query = select(orders.c.id, orders.c.owner, orders.c.external_id)
        rows = tx.execute(query.where(orders.c.id.in_(order_ids)).order_by(orders.c.id))
        told = [
            OrderPicked(owner=row.owner, order_id=row.id, external_id=row.external_id)
            for row in rows
        ]
        emit(tx, *told, now=now)
    return order_ids


def _bench_places() -> Any:
    return select(stations.c.place).where(stations.c.kind == "pack")
