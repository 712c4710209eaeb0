"""Goods that nobody wants any more go back to a shelf: who is asked, where to, and the move itself.

What is to be put back is whatever lies free (not promised) in the tote or box of the task. A task
of kind `put_back` names a container that stands somewhere; one of kind `stop` a box that must be
found first (出荷止め). It is done when nothing free is left in it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, exists, func, select, update

from wms import tasks as work
from wms.db import Tx
from wms.errors import Code, Rejected
from wms.schema import (
    items,
    lots,
    manifests,
    moves,
    orders,
    parcels,
    places,
    stock,
    tasks,
    tour_totes,
    wall_slots,
)
from wms.schema.goods import STORED
from wms.stock import Move, post
from wms.storage.putaway import QUARANTINE, SOUND

PUT_BACK, STOP, CARRY = "put_back", "stop", "carry"  # kinds of tasks
URGENT = 8  # a box that must not leave
LIVE = ("open", "claimed")
PUT_DOWN = (*STORED, "buffer", "dock", "station")  # where goods that may not be sold can be kept
Wanted = tuple[int, str, str]  # an item, its lot and its condition


@dataclass(frozen=True, slots=True, kw_only=True)
class Goods:
    """Free units of one balance in a container, and the shelf that is proposed ("" for none)."""

    item: int
    sku: str
    name: str
    picture: str
    owner: str
    lot: str
    expiry: str
    condition: str
    serial: str
    qty: int
    place: str = ""

    @property
    def key(self) -> str:
        """What the screen remembers of it."""
        return f"{self.item}:{self.lot}:{self.condition}:{self.serial}"


def ask_tote(tx: Tx, tote: str, *, order: int, now: int) -> None:
    """Somebody is to empty *tote* of what *order* does not want any more.

    One that stands somewhere and holds nothing else is not sent to a bench any more.
    """
    query = select(tour_totes.c.id, tour_totes.c.order_id).where(tour_totes.c.tote == tote)
    row = tx.execute(query.order_by(tour_totes.c.id.desc()).limit(1)).first()
    wanted = exists().where(stock.c.place == tote, stock.c.allocated > 0)
    if row is not None and row.order_id == order and not tx.scalar(select(wanted)):
        down = (tour_totes.c.tote == tote) & tour_totes.c.state.in_(("dropped", "at_station"))
        tx.execute(update(tour_totes).where(down).values(state=PUT_BACK))
        carried = (tasks.c.kind == CARRY) & (tasks.c.ref == f"tote:{tote}")
        waits = tasks.c.state == "open"
        tx.execute(update(tasks).where(carried, waits).values(state="void", done_ms=now))
    key = f"{PUT_BACK}:{row.id}" if row is not None else f"{PUT_BACK}:{tote}:{order}"
    _ask(tx, key=key, kind=PUT_BACK, ref=f"tote:{tote}", container=tote, now=now)


def ask_box(tx: Tx, box: Row[Any], *, now: int) -> None:
    """Somebody is to empty the box of a parcel that was opened again."""
    ref = f"parcel:{box.code}"
    _ask(tx, key=f"{PUT_BACK}:{box.code}", kind=PUT_BACK, ref=ref, container=box.code, now=now)


def ask_search(tx: Tx, box: Row[Any], *, now: int) -> None:
    """出荷止め: somebody is to find this box before the truck leaves, and to empty it."""
    ref = f"parcel:{box.code}"
    _ask(
        tx, key=f"{STOP}:{box.code}", kind=STOP, ref=ref, container=box.code, now=now,
        priority=URGENT, parcel=box.id,
    )  # fmt: skip


def _ask(
    tx: Tx, *, key: str, kind: str, ref: str, container: str, now: int, priority: int = 0,
    parcel: int = 0,
) -> None:  # fmt: skip
    asked = (tasks.c.kind == kind) & (tasks.c.ref == ref) & tasks.c.state.in_(LIVE)
    if tx.execute(select(tasks.c.id).where(asked).limit(1)).first() is not None:
        return
    name = {"tote": container, "parcel_id": parcel} if parcel else {"tote": container}
    told: dict[str, Any] = {
        "kind": kind, "ref": ref, "place": where(tx, container), "body": name,
        "priority": priority, "now": now,
    }  # fmt: skip
    if work.open_task(tx, key=key, **told) is None:  # it was emptied before, and filled again
        work.open_task(tx, key=f"{key}:{now}", **told)


def where(tx: Tx, container: str) -> str:
    """Where a tote or box is to be looked for: its truck's manifest, else where it stands; what
    stands nowhere (a slot of a put wall) is a place itself."""
    on_truck = (
        select(manifests.c.code)
        .join(parcels, parcels.c.manifest_id == manifests.c.id)
        .where(parcels.c.code == container, parcels.c.state == "loaded")
    )
    stands = select(places.c.parent).where(places.c.code == container)
    return tx.scalar(on_truck) or tx.scalar(stands) or container


def stopped(tx: Tx) -> tuple[tuple[str, str], ...]:
    """Boxes that must not leave and are looked for (出荷止め), and where each should be."""
    live = (tasks.c.kind == STOP) & tasks.c.state.in_(LIVE)
    query = (
        select(parcels.c.code, func.coalesce(manifests.c.code, places.c.parent, "").label("place"))
        .join(tasks, tasks.c.ref == "parcel:" + parcels.c.code)
        .join(places, places.c.code == parcels.c.code)
        .outerjoin(
            manifests, (manifests.c.id == parcels.c.manifest_id) & (parcels.c.state == "loaded")
        )
        .where(live, parcels.c.state != "void")
        .order_by(tasks.c.id)
    )
    return tuple((row.code, row.place) for row in tx.execute(query))


def goods(tx: Tx, container: str) -> tuple[Goods, ...]:
    """What lies free in *container*, each with the shelf where it should go."""
    free = (stock.c.place == container) & (stock.c.qty > stock.c.allocated)
    query = (
        select(stock, items.c.sku, items.c.name, items.c.picture, items.c.owner, lots.c.expiry)
        .join(items, items.c.id == stock.c.item_id)
        .join(lots, (lots.c.item_id == stock.c.item_id) & (lots.c.lot == stock.c.lot))
        .where(free)
        .order_by(items.c.sku, stock.c.lot, stock.c.serial, stock.c.condition)
    )
    rows = tx.execute(query).all()
    shelves = _shelves(tx, container, rows) if rows else {}
    return tuple(
        Goods(
            item=row.item_id, sku=row.sku, name=row.name, picture=row.picture, owner=row.owner,
            lot=row.lot, expiry=row.expiry, condition=row.condition, serial=row.serial,
            qty=row.qty - row.allocated,
            place=shelves.get((row.item_id, row.lot, row.condition), ""),
        )
        for row in rows
    )  # fmt: skip


def _shelves(
    tx: Tx, container: str, rows: Sequence[Row[Any]]
) -> dict[Wanted, str]:  # fmt: skip
    """The proposals: where it came from, else where such goods lie, else an empty bin, or a place
    for goods that may not be sold."""
    numbers = {row.item_id for row in rows}
    came = _came_from(tx, container, numbers)
    lies: dict[Wanted, list[str]] = {}
    query = (
        select(stock.c.item_id, stock.c.lot, stock.c.condition, stock.c.place)
        .join(places, places.c.code == stock.c.place)
        .where(stock.c.item_id.in_(numbers), stock.c.qty > 0, places.c.kind.in_(PUT_DOWN))
        .where(places.c.blocked.in_(("", QUARANTINE)))
        .order_by(places.c.kind, stock.c.place)
    )
    for one in tx.execute(query):
        lies.setdefault((one.item_id, one.lot, one.condition), []).append(one.place)
    filled = exists().where(stock.c.place == places.c.code, stock.c.qty > 0)
    empty_bin = select(func.min(places.c.code)).where(
        places.c.kind == "bin", places.c.blocked == "", ~filled
    )
    empty = tx.scalar(empty_bin) or ""
    kept_apart = select(places.c.code).where(places.c.blocked == QUARANTINE)
    apart = list(tx.scalars(kept_apart.order_by(places.c.code).limit(5)))
    found = {}
    for row in rows:
        wanted = (row.item_id, row.lot, row.condition)
        last = [empty] if row.condition == SOUND else apart
        wished = list(dict.fromkeys([*came.get(wanted, []), *lies.get(wanted, []), *last]))
        reasons = why_not(tx, wished, item=row.item_id, lot=row.lot, condition=row.condition)
        found[wanted] = next((place for place in wished if place and reasons[place] is None), "")
    return found


def _came_from(tx: Tx, container: str, numbers: set[int]) -> dict[Wanted, list[str]]:
    """The places that the goods in *container* were picked from, the latest first.

    What was packed came by way of a tote.
    """
    mine = moves.c.item_id.in_(numbers)
    packed = select(moves.c.source).where(mine, moves.c.target == container)
    by_way = (moves.c.target == container) | moves.c.target.in_(packed)
    query = (
        select(moves.c.item_id, moves.c.lot, moves.c.condition, moves.c.source)
        .join(places, places.c.code == moves.c.source)
        .where(mine, by_way, places.c.kind.in_(PUT_DOWN))
        .order_by(moves.c.id.desc())
        .limit(50)
    )
    found: dict[Wanted, list[str]] = {}
    for row in tx.execute(query):
        found.setdefault((row.item_id, row.lot, row.condition), []).append(row.source)
    return found


def why_not(
    tx: Tx, codes: Sequence[str], *, item: int, lot: str, condition: str = SOUND
) -> dict[str, Rejected | None]:
    """Why *item* of *lot* may not be put at each of *codes*; None where it may.

    Refusals: `PUT_BACK_PLACE` (no shelf), `PUT_BACK_BLOCKED`, `PUT_BACK_OWNER` (another owner's
    goods lie there), `PUT_BACK_LOT` (another lot of it does, and this one does not) and
    `PUT_BACK_MIXED` (the place takes one item only). What is not sound never goes where people
    pick (`PUTAWAY_CONDITION`): it goes where it is kept apart, whatever lies there.
    """
    if condition != SOUND:
        return _why_not_apart(tx, codes, condition)
    owner = tx.execute(select(items.c.owner).where(items.c.id == item)).scalar_one()
    known = {row.code: row for row in tx.execute(select(places).where(places.c.code.in_(codes)))}
    inside: dict[str, list[Any]] = {}
    query = (
        select(stock.c.place, stock.c.item_id, stock.c.lot, items.c.owner, items.c.sku)
        .join(items, items.c.id == stock.c.item_id)
        .where(stock.c.place.in_(codes), stock.c.qty > 0)
        .order_by(stock.c.place, items.c.sku, stock.c.lot)
    )
    for row in tx.execute(query):
        inside.setdefault(row.place, []).append(row)
    return {
        place: _why_not(place, known.get(place), inside.get(place, []), item, lot, owner)
        for place in codes
    }


def _why_not(
    place: str, row: Row[Any] | None, inside: Sequence[Any], item: int, lot: str, owner: str
) -> Rejected | None:
    if row is None or row.kind not in STORED:
        return Rejected(Code.PUT_BACK_PLACE, place=place)
    if row.blocked:
        return Rejected(Code.PUT_BACK_BLOCKED, place=place)
    stranger = next((one for one in inside if one.owner != owner), None)
    if stranger is not None:
        return Rejected(
            Code.PUT_BACK_OWNER, place=place, expected=owner, scanned=stranger.owner
        )  # fmt: skip
    same = [one for one in inside if one.item_id == item]
    if same and all(one.lot != lot for one in same):
        return Rejected(
            Code.PUT_BACK_LOT, place=place, expected=lot or "-", scanned=same[0].lot or "-"
        )  # fmt: skip
    other = next((one for one in inside if one.item_id != item), None)
    if other is not None and row.mix:
        return Rejected(Code.PUT_BACK_MIXED, place=place, scanned=other.sku)
    return None


def _why_not_apart(
    tx: Tx, codes: Sequence[str], condition: str
) -> dict[str, Rejected | None]:  # fmt: skip
    """The same for goods that nobody may sell."""
    known = {row.code: row for row in tx.execute(select(places).where(places.c.code.in_(codes)))}
    found: dict[str, Rejected | None] = {}
    for place in codes:
        row, found[place] = known.get(place), None
        if row is None or row.kind not in PUT_DOWN:
            found[place] = Rejected(Code.PUT_BACK_PLACE, place=place)
        elif row.blocked not in ("", QUARANTINE):
            found[place] = Rejected(Code.PUT_BACK_BLOCKED, place=place)
        elif row.kind == "bin" and row.blocked != QUARANTINE:
            found[place] = Rejected(
                Code.PUTAWAY_CONDITION, place=place, expected=SOUND, scanned=condition
            )
    return found


def put(
    tx: Tx, *, task: int, container: str, goods: Goods, qty: int, place: str, key: str, actor: str,
    now: int,
) -> int:  # fmt: skip
    """Put *qty* of *goods* from *container* onto the shelf *place*: free there again.

    Returns what is still to be put back out of the container; 0 ends its tasks. Refuses what
    `why_not` says, and `STOCK_SHORT`. The same *key* again has no effect.
    """
    refusal = why_not(
        tx, [place], item=goods.item, lot=goods.lot, condition=goods.condition
    )[place]  # fmt: skip
    if refusal is not None:
        raise refusal
    _lock(tx, container)
    line = Move(
        key=key, item=goods.item, qty=qty, source=container, target=place, lot=goods.lot,
        condition=goods.condition, serial=goods.serial, reason=PUT_BACK, ref=f"task:{task}",
    )  # fmt: skip
    post(tx, [line], actor=actor, now=now)
    left = _free(tx, container)
    if not left:
        settle(tx, container, now=now)
    return left


def emptied(tx: Tx, container: str, *, now: int) -> None:
    """Goods were taken out of *container* for another reason: perhaps nothing is left to do."""
    _lock(tx, container)
    if not _free(tx, container):
        settle(tx, container, now=now)


def _lock(tx: Tx, container: str) -> None:
    """Of two who take the last goods out at one moment, the second sees that nothing is left."""
    here = select(places.c.code).where(places.c.code == container)
    tx.execute(here.with_for_update(key_share=True))


def _free(tx: Tx, container: str) -> int:
    free = func.coalesce(func.sum(stock.c.qty - stock.c.allocated), 0)
    return int(tx.execute(select(free).where(stock.c.place == container)).scalar_one())


def settle(tx: Tx, container: str, *, now: int) -> None:
    """Nothing free is left in *container*: its tasks are done, and an empty tote is free."""
    about = tasks.c.ref.in_((f"tote:{container}", f"parcel:{container}"))
    live = about & tasks.c.kind.in_((PUT_BACK, STOP)) & tasks.c.state.in_(LIVE)
    over = {"state": "done", "outcome": "put back", "done_ms": now}
    tx.execute(update(tasks).where(live).values(over))
    filled = exists().where(stock.c.place == container, stock.c.qty > 0)
    mine = (tour_totes.c.tote == container) & (tour_totes.c.state == PUT_BACK)
    tx.execute(update(tour_totes).where(mine, ~filled).values(state="empty"))
    over_there = wall_slots.c.order_id.in_(select(orders.c.id).where(orders.c.state == "cancelled"))
    slot = update(wall_slots).where(wall_slots.c.place == container, over_there, ~filled)
    tx.execute(slot.values(order_id=None, colour="", shown=""))


def last_put(tx: Tx, actor: str) -> Row[Any] | None:
    """What *actor* booked last, if that was putting back; else there is nothing to undo."""
    last = select(moves).where(moves.c.actor == actor).order_by(moves.c.id.desc()).limit(1)
    row = tx.execute(last).first()
    return row if row is not None and row.reason == PUT_BACK else None


def undo(tx: Tx, *, person: int, key: str, actor: str, now: int) -> bool:
    """The last goods that *actor* put back are in their container again, and the task with them.

    False when there is nothing to undo. Refuses `STOCK_SHORT` once they are promised or gone.
    """
    row = last_put(tx, actor)
    if row is None:
        return False
    line = Move(
        key=key, item=row.item_id, qty=row.qty, source=row.target, target=row.source, lot=row.lot,
        condition=row.condition, serial=row.serial, reason="undo", ref=row.ref,
    )  # fmt: skip
    post(tx, [line], actor=actor, now=now)
    mine = tasks.c.id == int(row.ref.removeprefix("task:"))
    again = {"state": "claimed", "person_id": person, "outcome": "", "done_ms": None}
    tx.execute(update(tasks).where(mine).values(again))
    emptied = (tour_totes.c.tote == row.source) & (tour_totes.c.state == "empty")
    newest = select(func.max(tour_totes.c.id)).where(tour_totes.c.tote == row.source)
    its_own = tour_totes.c.id == newest.scalar_subquery()
    tx.execute(update(tour_totes).where(emptied, its_own).values(state=PUT_BACK))
    return True
