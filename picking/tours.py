"""A picker's walk: the commands that the pick dialogue books, each guarded in SQL.

A picked unit lies in its tote; the tote stands on the picker's cart (a place, too), and after the
last stop at the drop place. `short` and `drop` are long stories with files of their own.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, exists, or_, select, update

from picking.dispatch import SentTote, deliver
from picking.drops import Dropped, drop, drop_places
from picking.elsewhere import same_goods
from picking.fitness import unfit
from picking.hands import alone, cart_of, live
from picking.shorts import Renewed, Shorted, damaged, later, renew, short
from picking.tour_view import SlotView, StopView, TourView, view
from wms import stock as ledger
from wms.db import Tx
from wms.errors import Code, Rejected
from wms.people import staff as rights
from wms.promises import allocation as promises
from wms.schema import (
    allocations,
    items,
    moves,
    places,
    stock,
    stops,
    tour_totes,
    tours,
    waves,
)
from wms.site import picking_rules

__all__ = [
    "Dropped", "Picked", "Renewed", "SentTote", "Shorted", "SlotView", "StopView", "TourView",
    "bind_tote", "claim", "damaged", "deliver", "drop", "drop_places", "later", "live",
    "pick_stop", "renew", "short", "tote_full", "undo_pick", "view",
]  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Picked:
    """What one pick did; keep `stop`, `allocation` and `key` to undo it.

    `left` eaches are still to be taken at this stop: 0 means that it is done.
    """

    stop: int
    allocation: int
    key: str
    qty: int
    place: str
    left: int


def claim(tx: Tx, *, person: int, now: int, zones: tuple[str, ...] = ()) -> int | None:
    """Give *person* the most urgent open tour (next pickup first), or the one already in hand.

    With *zones*, or where the site says in which zones they work, only tours that stay inside one
    of them. A tour that goes on where another ends waits for that one's totes. None when there is
    no work. The person's cart becomes a place, so that totes have somewhere to be.
    """
    alone(tx, person)
    tour = live(tx, person=person)
    who = rights.by_id(tx, person)
    mine, others = picking_rules.zones_of(picking_rules.load(tx), who.code)
    while tour is None:
        candidate = tx.scalar(_most_urgent(zones or mine, others, who.limited.get("pick")))
        if candidate is None:
            return None
        free = (tours.c.id == candidate) & tours.c.person_id.is_(None) & (tours.c.state == "open")
        cart = cart_of(tx, person)
        taken = {"person_id": person, "state": "claimed", "claimed_ms": now, "cart": cart}
        if tx.execute(update(tours).where(free).values(taken)).rowcount == 1:
            tour = candidate
    return tour


def bind_tote(tx: Tx, *, tour: int, slot: int, tote: str, person: int, now: int) -> None:
    """Put an empty *tote* on the cart at *slot*.

    Refuses `TOUR_NOT_YOURS`, `SLOT_BOUND` (it has a tote already), `TOTE_UNKNOWN`,
    `TOTE_IN_USE` (on a live tour, or carried by a robot) and `TOTE_NOT_EMPTY`.
    """
    row = _slot(tx, tour, slot)
    if row is None or row.person_id != person or row.state != "claimed":
        raise Rejected(Code.TOUR_NOT_YOURS, tour=tour)
    if row.tote is not None:
        raise Rejected(Code.SLOT_BOUND, slot=slot, tote=row.tote)
    parent = _empty_tote(tx, tote)
    unbound = (tour_totes.c.id == row.id) & tour_totes.c.tote.is_(None)
    if tx.execute(update(tour_totes).where(unbound).values(tote=tote)).rowcount != 1:
        raise Rejected(Code.SLOT_BOUND, slot=slot, tote=tote)
    before = (tour_totes.c.tote == tote) & (tour_totes.c.id != row.id)
    tx.execute(update(tour_totes).where(before).values(state="empty"))
    if parent is None:
        nowhere = (places.c.code == tote) & places.c.parent.is_(None)
        tx.execute(update(places).where(nowhere).values(parent=row.cart))
    elif parent != row.cart:
        ledger.relocate(
            tx, key=f"bind:{row.id}", container=tote, source=parent, target=row.cart,
            actor=f"person:{person}", now=now, reason="bind", ref=f"tour:{tour}",
        )  # fmt: skip


def pick_stop(
    tx: Tx, *, stop: int, qty: int, tote: str, key: str, actor: str, now: int, today: str
) -> Picked:  # fmt: skip
    """Book *qty* eaches from the stop's shelf into *tote*; less than asked leaves the stop open.

    Refuses `STOP_CLOSED` (done, short, cancelled, or not being walked), `TOUR_NOT_YOURS`,
    `TOTE_WRONG` (not the tote that takes goods for this stop's slot), `STOP_TOO_MANY`, and
    `STOP_UNFIT` where the goods were held, expired or their shelf was closed since they were
    promised: `renew` finds others.
    """
    row = _open_stop(tx, stop)
    if actor != f"person:{row.person_id}":  # taken over a moment ago
        raise Rejected(Code.TOUR_NOT_YOURS, tour=row.tour_id)
    expected = _slot(tx, row.tour_id, row.slot)
    if expected is None or expected.tote != tote:
        wanted = (expected and expected.tote) or f"#{row.slot}"
        raise Rejected(Code.TOTE_WRONG, expected=wanted, scanned=tote)
    parts = _together(tx, row)
    wanted = sum(part.qty for part in parts)
    if not 0 < qty <= wanted:
        raise Rejected(Code.STOP_TOO_MANY, expected=wanted, qty=qty)
    if stop in unfit(tx, row.tour_id, today=today):
        raise Rejected(Code.STOP_UNFIT, place=row.place)
    left, picked = qty, row.allocation_id
    for part in parts:  # of a batch, one for each of its orders; else the stop alone
        taken = min(left, part.qty)
        if taken == 0:
            break
        left -= taken
        picked = promises.pick(
            tx, part.allocation_id, qty=taken, to=tote, actor=actor, now=now,
            key=key if part.id == stop else f"{key}:{part.id}",
        )  # fmt: skip
        if taken == part.qty:
            tx.execute(update(stops).where(stops.c.id == part.id).values(state="done"))
    return Picked(
        stop=stop, allocation=picked, key=key, qty=qty, place=row.place, left=wanted - qty
    )  # fmt: skip


def _together(tx: Tx, row: Row[Any]) -> Sequence[Row[Any]]:
    """The stops that are made with this one: those of a batch at the very same goods, the most
    urgent order's first and this one last."""
    if row.kind != "batch":
        return [row]
    return sorted(same_goods(tx, row), key=lambda part: (part.id == row.id, part.allocation_id))


def undo_pick(
    tx: Tx, *, stop: int, allocation: int, pick_key: str, key: str, actor: str, now: int
) -> None:
    """Take back what `pick_stop` booked under *pick_key*: the goods lie on their shelf again.

    The stop is open again with those eaches. Refuses `UNDO_TOO_LATE` when the goods are no longer
    where that pick put them, or the tour is over.
    """
    booked = tx.execute(select(moves).where(moves.c.key == pick_key)).first()
    picked = tx.execute(
        select(allocations).where(allocations.c.id == allocation).with_for_update()
    ).first()
    row = tx.execute(
        select(stops, tours.c.state.label("tour_state"))
        .join(tours, tours.c.id == stops.c.tour_id)
        .where(stops.c.id == stop)
    ).first()
    if booked is None or picked is None or row is None or row.tour_state != "claimed":
        raise Rejected(Code.UNDO_TOO_LATE)
    if (picked.state, picked.place, picked.qty) != ("picked", booked.target, booked.qty):
        raise Rejected(Code.UNDO_TOO_LATE)
    rest = row.allocation_id if row.state == "open" and row.allocation_id != allocation else None
    promises.unpick(
        tx, allocation, to=booked.source, key=key, actor=actor, now=now, rest=rest
    )  # fmt: skip
    if rest is None:
        again = {"state": "open", "allocation_id": allocation}
        tx.execute(update(stops).where(stops.c.id == stop).values(again))


def tote_full(tx: Tx, *, tour: int, slot: int, now: int) -> None:
    """The tote at *slot* takes no more: the slot waits for another one.

    Refuses `SLOT_UNBOUND` when there is no tote that could be full.
    """
    row = _slot(tx, tour, slot)
    if row is None or row.tote is None or row.state != "claimed":
        raise Rejected(Code.SLOT_UNBOUND, slot=slot)
    tx.execute(update(tour_totes).where(tour_totes.c.id == row.id).values(full=1))
    following = {"tour_id": tour, "slot": slot, "order_id": row.order_id}
    tx.execute(tour_totes.insert().values(following))


def _most_urgent(
    zones: tuple[str, ...], others: tuple[str, ...], owners: Collection[str] | None
) -> Any:  # fmt: skip
    before = tours.alias("before")
    ended = exists().where(before.c.id == tours.c.after, before.c.state == "done")
    query = (
        select(tours.c.id)
        .join(waves, waves.c.id == tours.c.wave_id)
        .where(tours.c.state == "open", tours.c.person_id.is_(None))
        .where(tours.c.after.is_(None) | ended, tours.c.zone.not_in(others))
        .order_by(waves.c.pickup_ms, tours.c.priority.desc(), tours.c.id)
        .limit(1)
        .with_for_update(of=tours, skip_locked=True)
    )
    if owners is not None:  # they may pick for some owners only
        foreign = (
            exists()
            .where(stops.c.tour_id == tours.c.id, allocations.c.id == stops.c.allocation_id)
            .where(items.c.id == allocations.c.item_id, items.c.owner.not_in(owners))
        )
        query = query.where(~foreign)
    return query.where(tours.c.zone.in_(zones)) if zones else query


def _slot(tx: Tx, tour: int, slot: int) -> Any:
    """The row of *slot* that takes goods now (its full totes are behind it)."""
    query = (
        select(tour_totes.c.id, tour_totes.c.order_id, tour_totes.c.tote, tours.c.person_id,
               tours.c.state, tours.c.cart)
        .join(tours, tours.c.id == tour_totes.c.tour_id)
        .where(tour_totes.c.tour_id == tour, tour_totes.c.slot == slot, tour_totes.c.full == 0)
        .with_for_update(of=tour_totes)
    )  # fmt: skip
    return tx.execute(query).first()


def _empty_tote(tx: Tx, tote: str) -> str | None:
    """Where an empty, unused *tote* stands; its row stays locked so that nobody else binds it."""
    query = select(places).where(places.c.code == tote, places.c.kind == "tote")
    row = tx.execute(query.with_for_update(key_share=True)).first()
    if row is None:
        raise Rejected(Code.TOTE_UNKNOWN, tote=tote)
    walking = (
        exists()
        .where(tour_totes.c.tote == tote, tours.c.id == tour_totes.c.tour_id)
        .where(tours.c.state.in_(("open", "claimed")))
    )
    riding = exists().where(places.c.code == row.parent, places.c.kind == "robot")
    filled = exists().where(stock.c.place == tote, stock.c.qty > 0)
    in_use, full = tx.execute(select(or_(walking, riding), filled)).one()
    if in_use:
        raise Rejected(Code.TOTE_IN_USE, tote=tote)
    if full:
        raise Rejected(Code.TOTE_NOT_EMPTY, tote=tote)
    parent: str | None = row.parent
    return parent


def _open_stop(tx: Tx, stop: int) -> Row[Any]:
    query = (
        select(
            stops,
            tours.c.person_id,
            tours.c.kind,
            allocations.c.qty,
            *(allocations.c[name] for name in promises.KEY_COLUMNS),
        )
        .join(tours, tours.c.id == stops.c.tour_id)
        .join(allocations, allocations.c.id == stops.c.allocation_id)
        .where(stops.c.id == stop, stops.c.state == "open", tours.c.state == "claimed")
        .where(allocations.c.state == "open")
        .with_for_update(of=(tours, stops))
    )
    row = tx.execute(query).first()
    if row is None:
        raise Rejected(Code.STOP_CLOSED, stop=stop)
    return row
