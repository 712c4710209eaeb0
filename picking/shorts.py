"""At the shelf, goods are not as the book says: it is empty (棚になし), they are damaged (破損), or
they may not be sent any more. What is missing is looked for elsewhere on the same walk.

An empty shelf is closed until somebody counted it: nobody else is sent there.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, func, select, update

from picking import fitness
from picking.elsewhere import Shorted, give_up, is_elsewhere, same_goods, stop_here
from wms import stock as ledger
from wms import tasks
from wms.db import Tx
from wms.errors import Code, Rejected
from wms.promises import allocation as promises
from wms.promises import reassign
from wms.record.event_kinds import PickShort
from wms.record.events import emit
from wms.schema import allocations, items, places, stock, stops, tour_totes, tours
from wms.schema.goods import MOVING, STORED
from wms.stock import Move

__all__ = ["COUNT", "Renewed", "Shorted", "damaged", "renew", "short"]

COUNT = "count"  # why the shelf is blocked, and the kind of the task that opens it again


@dataclass(frozen=True, slots=True, kw_only=True)
class Renewed:
    """A stop that may not be made (`why`): it comes `later`, or its goods come from elsewhere."""

    why: str
    later: bool = False
    shorted: Shorted | None = None


def short(
    tx: Tx, *, stop: int, person: int, key: str, actor: str, now: int, today: str
) -> Shorted:  # fmt: skip
    """Give up what is still open at the stop's shelf, and look for it elsewhere.

    What was found is picked before, with `pick_stop`. The tour's other stops at the same goods
    are short, too. Refuses `STOP_CLOSED` and `TOUR_NOT_YOURS`.
    """
    here = stop_here(tx, stop, person)
    gone = same_goods(tx, here)
    promises.release(tx, [row.allocation_id for row in gone])
    _close_shelf(tx, here, sum(row.qty for row in gone), key, actor, now)
    return give_up(tx, here, gone, key=key, today=today, now=now)


def renew(
    tx: Tx, *, stop: int, person: int, key: str, now: int, today: str, in_hand: bool = False
) -> Renewed | None:
    """Replace the goods of a stop that were held, expired, or whose shelf was closed meanwhile.

    A closed shelf waits for its count while there is other work and nothing *in_hand*, unless its
    goods lie elsewhere as well. None when they may be picked. Refuses like `short`.
    """
    here = stop_here(tx, stop, person)
    unfit = fitness.unfit(tx, here.tour_id, today=today)
    why = unfit.get(stop)
    if why is None:
        return None
    gone = same_goods(tx, here)
    wait = why == fitness.BLOCKED and here.kind != "total" and not in_hand
    if (
        wait
        and _other_work(tx, here, unfit)
        and not is_elsewhere(tx, gone, today)
        and later(tx, stop=stop)
    ):
        return Renewed(why=why, later=True)
    promises.release(tx, [row.allocation_id for row in gone])
    return Renewed(why=why, shorted=give_up(tx, here, gone, key=key, today=today, now=now))


def _other_work(tx: Tx, here: Row[Any], unfit: dict[int, str]) -> bool:
    """Whether the walk has an open stop that can be made now."""
    query = (
        select(stops.c.id)
        .join(allocations, allocations.c.id == stops.c.allocation_id)
        .where(stops.c.tour_id == here.tour_id, stops.c.state == "open")
        .where(allocations.c.state == "open", stops.c.id.not_in(list(unfit)))
    )
    return tx.execute(query.limit(1)).first() is not None


def later(tx: Tx, *, stop: int) -> bool:
    """Skip this shelf for now: every open stop at it comes after all others.

    False when there is nothing else to do first. Refuses `STOP_CLOSED`.
    """
    ahead = (
        select(stops.c.id, stops.c.seq, stops.c.tour_id, allocations.c.place)
        .join(allocations, allocations.c.id == stops.c.allocation_id)
        .join(tours, tours.c.id == stops.c.tour_id)
        .where(
            stops.c.tour_id == select(stops.c.tour_id).where(stops.c.id == stop).scalar_subquery()
        )
        .where(stops.c.state == "open", allocations.c.state == "open", tours.c.state == "claimed")
        .order_by(stops.c.seq)
        .with_for_update(of=stops)
    )
    walk = list(tx.execute(ahead))
    this = next((row for row in walk if row.id == stop), None)
    if this is None:
        raise Rejected(Code.STOP_CLOSED, stop=stop)
    here = [other for other in walk if other.place == this.place]
    if len(here) == len(walk):
        return False
    last = tx.scalar(select(func.max(stops.c.seq)).where(stops.c.tour_id == this.tour_id))
    behind = stops.c.seq - here[0].seq + int(last or 0) + 1
    moved = stops.c.id.in_([other.id for other in here])
    tx.execute(update(stops).where(moved).values(seq=behind))
    return True


def damaged(
    tx: Tx, *, stop: int, qty: int, to: str, person: int, key: str, actor: str, now: int,
    today: str,
) -> Shorted:  # fmt: skip
    """*qty* eaches of the stop are damaged (破損): they go to *to*, others are looked for.

    *to* is a tote that no walk uses, or a standing place that is no shelf. Refuses `STOP_CLOSED`,
    `TOUR_NOT_YOURS`, `STOP_TOO_MANY`, `PLACE_NOT_ASIDE` and `TOTE_IN_USE`.
    """
    here = stop_here(tx, stop, person)
    parts = same_goods(tx, here) if here.kind == "batch" else [here]
    wanted = sum(part.qty for part in parts)
    if not 0 < qty <= wanted:
        raise Rejected(Code.STOP_TOO_MANY, expected=wanted, qty=qty)
    _refuse_not_aside(tx, to)
    gone = _cut_off(tx, parts, qty)
    line = Move(
        key=f"{key}:damaged", item=here.item_id, qty=qty, source=here.place, target=ledger.REGRADE,
        lot=here.lot, condition=here.condition, serial=here.serial, reason="damaged",
        ref=f"stop:{stop}",
    )  # fmt: skip
    ledger.regrade(tx, line, condition="damaged", actor=actor, now=now)
    aside = Move(
        key=f"{key}:aside", item=here.item_id, qty=qty, source=here.place, target=to,
        lot=here.lot, condition="damaged", serial=here.serial, reason="damaged",
        ref=f"stop:{stop}",
    )  # fmt: skip
    if to != here.place:  # what came back lies in quarantine already
        ledger.move(tx, aside, actor=actor, now=now)
    return give_up(tx, here, gone, key=key, today=today, now=now)


@dataclass(frozen=True, slots=True)
class _Part:
    """A part of a stop that was given up; `id` 0 where the stop itself goes on."""

    id: int
    slot: int
    allocation_id: int
    qty: int
    line_id: int | None


def _cut_off(tx: Tx, parts: Sequence[Any], qty: int) -> list[Any]:
    """Take *qty* eaches off the promises of these stops, the least urgent first."""
    gone: list[Any] = []
    for part in parts:  # one; of a batch, one for each of its orders
        taken = min(part.qty, qty)
        if taken == 0:
            break
        qty -= taken
        cut = reassign.split(tx, part.allocation_id, qty=taken)
        stop = part.id if taken == part.qty else 0
        gone.append(_Part(stop, part.slot, cut, taken, part.line_id))
    promises.release(tx, [part.allocation_id for part in gone])
    return gone


def _refuse_not_aside(tx: Tx, to: str) -> None:
    row = tx.execute(select(places).where(places.c.code == to)).first()
    if row is None or row.kind in (*STORED, "outside", "robot", "cart", "slot"):
        raise Rejected(Code.PLACE_NOT_ASIDE, place=to)
    if row.kind not in MOVING:
        return
    walking = (
        select(tour_totes.c.id)
        .join(tours, tours.c.id == tour_totes.c.tour_id)
        .where(tour_totes.c.tote == to, tours.c.state.in_(("open", "claimed")))
    )
    good = select(stock.c.place).where(
        stock.c.place == to, stock.c.qty > 0, stock.c.condition == "available"
    )
    for query in (walking, good):
        if tx.execute(query.limit(1)).first() is not None:
            raise Rejected(Code.TOTE_IN_USE, tote=to)


def _close_shelf(tx: Tx, here: Row[Any], missing: int, key: str, actor: str, now: int) -> None:
    """Nobody is sent to this shelf before somebody counted it."""
    still_open = (places.c.code == here.place) & (places.c.blocked == "")
    if tx.execute(update(places).where(still_open).values(blocked=COUNT)).rowcount == 1:
        tasks.open_task(
            tx, key=f"{COUNT}:{here.place}:{key}", kind=COUNT, now=now, place=here.place,
            ref=f"stop:{here.id}", body={"item": here.item_id, "missing": missing},
        )  # fmt: skip
    owner = tx.execute(select(items.c.owner).where(items.c.id == here.item_id)).scalar_one()
    told = PickShort(
        owner=owner, place=here.place, item_id=here.item_id, missing=missing, person=actor
    )  # fmt: skip
    emit(tx, told, now=now)
