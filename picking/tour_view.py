"""What a picker's walk looks like now, read in three queries: totes, stops, and what was picked."""

from dataclasses import dataclass, replace
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import Integer, Select, bindparam, select

from wms.db import Tx
from wms.schema import allocations, items, lots, orders, places, stops, tour_totes, tours, waves


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotView:
    """A position on the cart. A full tote is followed by another row with the same `slot`.

    `order` is None in a total tour or a batch; `tote` is None until one is bound by scan.
    """

    row: int
    slot: int
    order: int | None
    order_code: str
    tote: str | None
    full: bool
    parent: str = ""  # where the tote stands

    def waits_at(self, cart: str) -> bool:
        """Whether the tote stands somewhere else than on *cart*: the zone before has filled it."""
        return self.tote is not None and self.parent not in ("", cart)


@dataclass(frozen=True, slots=True, kw_only=True)
class StopView:
    """One place to take `qty` eaches of one item (and lot, and serial) from, into the slot's tote.

    `state`: open, done, short, or gone (its promise was taken back, for instance by a
    cancellation: nothing to do there any more). `place` is the shelf while the stop is open.
    """

    id: int
    seq: int
    slot: int
    state: str
    allocation: int
    place: str
    check_digits: str
    item: int
    sku: str
    name: str
    picture: str
    lot: str
    expiry: str
    serial: str
    qty: int  # of a batch: for all its orders together


@dataclass(frozen=True, slots=True, kw_only=True)
class TourView:
    """One walk: `kind` cart (a tote an order), single (one order), batch (sorted at a wall, or
    identical baskets), or total (one-piece orders, summed by item)."""

    id: int
    kind: str
    state: str
    person: int | None
    wave: int
    carrier: str
    pickup_ms: int
    cart: str
    drop_place: str
    slots: tuple[SlotView, ...]
    stops: tuple[StopView, ...]

    @property
    def unbound(self) -> SlotView | None:
        """The first slot that still waits for a tote and has something to take."""
        wanted = {stop.slot for stop in self.stops if stop.state == "open"}
        waiting = (slot for slot in self.slots if slot.tote is None and slot.slot in wanted)
        return next(waiting, None)

    @property
    def unfetched(self) -> SlotView | None:
        """The first tote of this walk that stands elsewhere than on its cart."""
        waiting = (slot for slot in self.slots if slot.waits_at(self.cart))
        return next(waiting, None)

    @property
    def current(self) -> StopView | None:
        """The stop to go to now; None when the walk is over."""
        return next((stop for stop in self.stops if stop.state == "open"), None)

    @property
    def done(self) -> int:
        """How many stops are behind the picker (of `len(stops)`)."""
        return sum(stop.state != "open" for stop in self.stops)

    def tote_of(self, slot: int) -> str | None:
        """The tote that takes goods for *slot* now; None while a new one is awaited."""
        return next((row.tote for row in self.slots if row.slot == slot and not row.full), None)


def view(tx: Tx, tour: int) -> TourView:
    """The tour with its slots by position and its stops in walking order."""
    head = tx.execute(_queries().head, {"tour": tour}).one()
    stops_of = _stops(tx, tour)
    return TourView(
        id=tour, kind=head.kind, state=head.state, person=head.person_id, wave=head.wave_id,
        carrier=head.carrier, pickup_ms=head.pickup_ms, cart=head.cart,
        drop_place=head.drop_place, slots=_slots(tx, tour),
        stops=_together(stops_of) if head.kind == "batch" else stops_of,
    )  # fmt: skip


class _Queries(NamedTuple):
    """The three queries, for the tour that is bound as `tour`."""

    head: Select[Any]
    slots: Select[Any]
    stops: Select[Any]


@cache
def _queries() -> _Queries:
    """Every scan of a picker asks them twice, so they are built once."""
    tour = bindparam("tour", type_=Integer)
    head = (
        select(tours, waves.c.carrier, waves.c.pickup_ms)
        .join(waves, waves.c.id == tours.c.wave_id)
        .where(tours.c.id == tour)
    )
    slots = (
        select(tour_totes, orders.c.code, places.c.parent)
        .outerjoin(orders, orders.c.id == tour_totes.c.order_id)
        .outerjoin(places, places.c.code == tour_totes.c.tote)
        .where(tour_totes.c.tour_id == tour)
        .order_by(tour_totes.c.slot, tour_totes.c.id)
    )
    of_stops = (
        select(
            stops, allocations.c.state.label("promise"), allocations.c.place, allocations.c.lot,
            allocations.c.serial, allocations.c.qty, allocations.c.item_id, lots.c.expiry,
            items.c.sku, items.c.name, items.c.picture, places.c.check_digits,
        )
        .join(allocations, allocations.c.id == stops.c.allocation_id)
        .join(items, items.c.id == allocations.c.item_id)
        .join(lots, (lots.c.item_id == items.c.id) & (lots.c.lot == allocations.c.lot))
        .join(places, places.c.code == allocations.c.place)
        .where(stops.c.tour_id == tour)
        .order_by(stops.c.seq, stops.c.id)
    )  # fmt: skip
    return _Queries(head, slots, of_stops)


def _slots(tx: Tx, tour: int) -> tuple[SlotView, ...]:
    return tuple(
        SlotView(
            row=row.id, slot=row.slot, order=row.order_id, order_code=row.code or "",
            tote=row.tote, full=bool(row.full), parent=row.parent or "",
        )
        for row in tx.execute(_queries().slots, {"tour": tour})
    )  # fmt: skip


def _stops(tx: Tx, tour: int) -> tuple[StopView, ...]:
    return tuple(
        StopView(
            id=row.id, seq=row.seq, slot=row.slot, allocation=row.allocation_id,
            state="gone" if row.state == "open" and row.promise != "open" else row.state,
            place=row.place, check_digits=row.check_digits, item=row.item_id, sku=row.sku,
            name=row.name, picture=row.picture, lot=row.lot, expiry=row.expiry,
            serial=row.serial, qty=row.qty,
        )
        for row in tx.execute(_queries().stops, {"tour": tour})
    )  # fmt: skip


def _together(stops: tuple[StopView, ...]) -> tuple[StopView, ...]:
    """Open stops at the very same goods are one to whoever walks: they are picked together, also
    where one between them was cancelled."""
    merged: list[StopView] = []
    last = -1  # where the last open one is
    for stop in stops:
        if last >= 0 and _same(merged[last], stop):
            merged[last] = replace(merged[last], qty=merged[last].qty + stop.qty)
            continue
        merged.append(stop)
        last = len(merged) - 1 if stop.state == "open" else last
    return tuple(merged)


def _same(one: StopView, other: StopView) -> bool:
    return one.state == other.state == "open" and (
        (one.place, one.item, one.lot, one.serial)
        == (other.place, other.item, other.lot, other.serial)
    )
