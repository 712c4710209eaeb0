"""Whose walk it is: totes fetched from the zone before, a walk handed over, a walk taken over."""

from sqlalchemy import Row, exists, select, update

from wms import stock as ledger
from wms.db import Tx, insert_once
from wms.errors import Code, Rejected
from wms.people import staff as rights
from wms.schema import (
    allocations,
    items,
    people,
    places,
    sessions,
    stops,
    terminals,
    tour_totes,
    tours,
)
from wms.site import picking_rules

TO_CART = "to the cart"  # why a tote of the zone before moved


def cart_of(tx: Tx, person: int) -> str:
    """The cart of *person*, which is a place, so that totes have somewhere to be."""
    code = f"CART-{person}"
    insert_once(tx, places, {"code": code, "kind": "cart"})
    return code


def alone(tx: Tx, person: int) -> None:
    """One claim at a time for a person, whatever the number of terminals (PostgreSQL)."""
    query = select(people.c.id).where(people.c.id == person)
    tx.execute(query.with_for_update(key_share=True)).one()


def live(tx: Tx, *, person: int) -> int | None:
    """The tour that *person* walks now."""
    mine = (tours.c.person_id == person) & (tours.c.state == "claimed")
    return tx.scalar(select(tours.c.id).where(mine))


def fetch(tx: Tx, *, tour: int, tote: str, person: int, now: int) -> bool:
    """A tote of the zone before is on the cart now. False if it was there already.

    Refuses `TOUR_NOT_YOURS`, and `TOTE_WRONG` for a tote that is none of this walk's.
    """
    query = (
        select(tour_totes.c.id, places.c.parent, tours.c.cart)
        .join(tours, tours.c.id == tour_totes.c.tour_id)
        .join(places, places.c.code == tour_totes.c.tote)
        .where(tours.c.id == tour, tours.c.person_id == person, tours.c.state == "claimed")
        .where(tour_totes.c.tote == tote)
        .with_for_update(of=tour_totes)
    )
    row = tx.execute(query).first()
    if row is None:
        if live(tx, person=person) != tour:
            raise Rejected(Code.TOUR_NOT_YOURS, tour=tour)
        raise Rejected(Code.TOTE_WRONG, expected=f"#{tour}", scanned=tote)
    if row.parent is None or row.parent == row.cart:
        return False
    return ledger.relocate(
        tx, key=f"fetch:{row.id}:{now}", container=tote, source=row.parent, target=row.cart,
        actor=f"person:{person}", now=now, reason=TO_CART, ref=f"tour:{tour}",
    )  # fmt: skip


def hand_over(tx: Tx, *, tour: int, person: int, to: int, key: str, now: int) -> str:
    """*person* gives the walk to the colleague whose badge was scanned. Returns their name.

    Refuses `TOUR_NOT_YOURS`, `PERMISSION_MISSING`, and `TOUR_IN_HAND` while they walk another.
    """
    row = _tour(tx, tour)
    if row is None or row.person_id != person:
        raise Rejected(Code.TOUR_NOT_YOURS, tour=tour)
    return _give(tx, row, to, key, now)


def take_over(
    tx: Tx, *, person: int, key: str, now: int, of: int = 0, cart: str = "", lead: bool = False
) -> str:
    """*person* goes on with a colleague's walk: by their badge (*of*), which says that they agree;
    or by their *cart*, if they have been idle as long as the site says, or by a *lead*. Returns
    their name.

    Refuses `TOUR_NOTHING` where there is no such walk, `TOUR_BUSY` while they are at work, and
    `TOUR_IN_HAND` for somebody who has a walk.
    """
    query = select(tours.c.id).where(tours.c.state == "claimed")
    chosen = query.where(tours.c.cart == cart) if cart else query.where(tours.c.person_id == of)
    found = tx.scalar(chosen)
    row = _tour(tx, found) if found is not None else None
    theirs = row is not None and (row.cart == cart if cart else row.person_id == of)
    if row is None or not theirs or row.person_id == person:  # or taken over a moment ago
        raise Rejected(Code.TOUR_NOTHING, cart=cart or f"#{of}")
    name = str(tx.scalar(select(people.c.name).where(people.c.id == row.person_id)))
    if cart and not lead and _is_at_work(tx, row.person_id, now):
        raise Rejected(Code.TOUR_BUSY, name=name)
    _give(tx, row, person, key, now)
    return name


def _tour(tx: Tx, tour: int) -> Row[tuple[object, ...]] | None:
    """The tour while it is walked, locked: a pick of it waits, and sees whose it is then."""
    query = select(tours).where(tours.c.id == tour, tours.c.state == "claimed")
    return tx.execute(query.with_for_update()).first()


def _is_at_work(tx: Tx, person: int, now: int) -> bool:
    since = now - picking_rules.load(tx).take_over_minutes * 60_000
    recent = exists().where(sessions.c.person_id == person, sessions.c.updated_ms > since)
    signed_in = exists().where(terminals.c.person_id == person)
    return bool(tx.scalar(select(recent & signed_in)))


def _give(tx: Tx, row: Row[tuple[object, ...]], to: int, key: str, now: int) -> str:
    """The walk and all that stands on its cart are *to*'s."""
    alone(tx, to)
    tour, cart = row._mapping["id"], row._mapping["cart"]
    if live(tx, person=to) is not None:
        raise Rejected(Code.TOUR_IN_HAND, tour=str(tour))
    taker = rights.by_id(tx, to)
    if not taker.active or "pick" not in taker.permissions:
        raise Rejected(Code.PERMISSION_MISSING, permission="pick")
    refuse_others_goods(tx, int(str(tour)), taker)
    mine = cart_of(tx, to)
    given = (tours.c.id == tour) & (tours.c.state == "claimed")
    tx.execute(update(tours).where(given).values(person_id=to, cart=mine, claimed_ms=now))
    query = select(places.c.code).where(places.c.parent == cart, places.c.kind != "cart")
    for tote in tx.scalars(query.order_by(places.c.code)).all():  # as many as ride on a cart
        ledger.relocate(
            tx, key=f"{key}:{tote}", container=tote, source=str(cart), target=mine,
            actor=f"person:{to}", now=now, reason="hand_over", ref=f"tour:{tour}",
        )  # fmt: skip
    return taker.name


def refuse_others_goods(tx: Tx, tour: int, person: rights.Person) -> None:
    """Refuse `PERMISSION_MISSING` where the walk fetches goods that *person* may not pick."""
    if "pick" not in person.limited:
        return
    query = (
        select(items.c.owner)
        .join(allocations, allocations.c.item_id == items.c.id)
        .join(stops, stops.c.allocation_id == allocations.c.id)
        .where(stops.c.tour_id == tour, items.c.owner.not_in(person.limited["pick"]))
    )
    owner = tx.scalar(query.limit(1))
    if owner is not None:
        raise Rejected(Code.PERMISSION_MISSING, permission=f"pick {owner}")
