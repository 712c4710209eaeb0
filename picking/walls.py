"""The put wall: batch-picked goods become orders again, a slot of the wall for each.

Every unit is promised to its order already; the wall is where that is made visible. A slot is an
order's from its first unit until it was emptied into a tote for the bench.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Row, case, exists, func, insert, select, update

from picking.drops import settle
from picking.lights import DONE, HERE, show
from wms import stock as ledger
from wms import tasks
from wms.db import Tx, insert_once, upsert
from wms.errors import Code, Rejected
from wms.people.staff import Person
from wms.promises import reassign
from wms.schema import (
    allocations,
    items,
    moves,
    order_lines,
    orders,
    places,
    stations,
    stock,
    stops,
    tour_totes,
    tours,
    wall_slots,
)
from wms.stock import Move

AT_WALL = "at_wall"  # state of a batch's tote that waits to be sorted
LIVE = ("open", "picked")


@dataclass(frozen=True, slots=True, kw_only=True)
class Goods:
    """Units of one order in a batch's tote at the wall. `slot` is the order's place, "" = none."""

    allocation: int
    order: int
    order_code: str
    item: int
    sku: str
    name: str
    picture: str
    lot: str
    serial: str
    qty: int
    tote: str
    slot: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """A slot of the wall: `filled` eaches lie in it, `missing` eaches of its order do not yet."""

    place: str
    position: int
    order: int | None
    order_code: str
    filled: int
    missing: int

    @property
    def complete(self) -> bool:
        return self.order is not None and self.missing == 0


def set_up(tx: Tx, *, wall: str, slots: Mapping[str, str]) -> None:
    """The wall at station *wall* has these slots: places, and the light of each (device:channel).

    Slots that are gone stay as long as goods lie in them.
    """
    for place in slots:  # as many as a wall has, once a start
        insert_once(tx, places, {"code": place, "kind": "slot"})
    rows = [
        {"place": place, "wall": wall, "position": number, "light": light}
        for number, (place, light) in enumerate(slots.items(), start=1)
    ]
    gone = (wall_slots.c.wall == wall) & wall_slots.c.place.not_in(list(slots))
    tx.execute(wall_slots.delete().where(gone, wall_slots.c.order_id.is_(None)))
    behind = update(wall_slots).where(wall_slots.c.wall == wall)
    tx.execute(behind.values(position=-wall_slots.c.position))  # positions may change places
    upsert(
        tx, wall_slots, rows, key=("place",),
        update=lambda new: {name: new[name] for name in ("wall", "position", "light")},
    )  # fmt: skip


def goods_at(tx: Tx, place: str) -> tuple[Goods, ...]:
    """What waits at the wall standing at *place*, most urgent order first."""
    query = (
        select(
            allocations, orders.c.id.label("order"), orders.c.code, items.c.sku, items.c.name,
            items.c.picture, wall_slots.c.place.label("slot"),
        )
        .join(order_lines, order_lines.c.id == allocations.c.line_id)
        .join(orders, orders.c.id == order_lines.c.order_id)
        .join(items, items.c.id == allocations.c.item_id)
        .join(places, places.c.code == allocations.c.place)
        .outerjoin(wall_slots, wall_slots.c.order_id == orders.c.id)
        .where(allocations.c.state == "picked", places.c.parent == place)
        .where(exists().where(
            tour_totes.c.tote == allocations.c.place, tour_totes.c.state == AT_WALL
        ))
        .order_by(
            orders.c.priority.desc(), orders.c.accepted_ms, orders.c.id, allocations.c.id
        )
    )  # fmt: skip
    return tuple(
        Goods(
            allocation=row.id, order=row.order, order_code=row.code, item=row.item_id,
            sku=row.sku, name=row.name, picture=row.picture, lot=row.lot, serial=row.serial,
            qty=row.qty, tote=row.place, slot=row.slot or "",
        )
        for row in tx.execute(query)
    )  # fmt: skip


def slots_of(tx: Tx, wall: str) -> tuple[Slot, ...]:
    """The slots of *wall*, by position."""
    inside = (allocations.c.place == wall_slots.c.place) & (allocations.c.state == "picked")
    live = (
        select(
            order_lines.c.order_id,
            func.sum(case((inside, allocations.c.qty), else_=0)).label("filled"),
            func.sum(case((inside, 0), else_=allocations.c.qty)).label("missing"),
        )
        .join(order_lines, order_lines.c.id == allocations.c.line_id)
        .join(wall_slots, wall_slots.c.order_id == order_lines.c.order_id)
        .where(allocations.c.state.in_(LIVE))
        .group_by(order_lines.c.order_id)
        .subquery()
    )
    query = (
        select(wall_slots, orders.c.code, orders.c.state, live.c.filled, live.c.missing)
        .outerjoin(orders, orders.c.id == wall_slots.c.order_id)
        .outerjoin(live, live.c.order_id == wall_slots.c.order_id)
        .where(wall_slots.c.wall == wall)
        .order_by(wall_slots.c.position)
    )
    return tuple(
        Slot(
            place=row.place, position=row.position, order=row.order_id, order_code=row.code or "",
            filled=int(row.filled or 0), missing=int(row.missing or 0),
        )
        for row in tx.execute(query)
    )  # fmt: skip


def point(tx: Tx, *, wall: str, order: int, qty: int) -> str:
    """Show where *qty* eaches of *order* go: its slot, or the first free one, which is its own
    from now on. Returns the slot's place. Refuses `WALL_FULL`."""
    mine = (wall_slots.c.wall == wall) & (wall_slots.c.order_id == order)
    slot = tx.scalar(select(wall_slots.c.place).where(mine))
    while slot is None:
        query = (
            select(wall_slots.c.place)
            .where(wall_slots.c.wall == wall, wall_slots.c.order_id.is_(None))
            .order_by(wall_slots.c.position)
            .limit(1)
        )
        free = tx.scalar(query.with_for_update(skip_locked=True))
        if free is None:
            raise Rejected(Code.WALL_FULL, wall=wall)
        taken = (wall_slots.c.place == free) & wall_slots.c.order_id.is_(None)
        if tx.execute(update(wall_slots).where(taken).values(order_id=order)).rowcount == 1:
            slot = free
    show(tx, slot, HERE, str(qty))
    return str(slot)


def put(
    tx: Tx, *, allocation: int, qty: int, slot: str, key: str, actor: str, now: int
) -> bool:  # fmt: skip
    """The units lie in *slot* now. True when its order is complete.

    Refuses `SLOT_WRONG` where the slot is not that order's, and `ALLOCATION_CLOSED` when they are
    promised to nobody any more.
    """
    row = _slot(tx, slot)
    whose = (
        select(order_lines.c.order_id, allocations.c.place)
        .join(order_lines, order_lines.c.id == allocations.c.line_id)
        .where(allocations.c.id == allocation)
    )
    goods = tx.execute(whose).one()
    if row is None or row.order_id != goods.order_id:
        raise Rejected(Code.SLOT_WRONG, slot=slot)
    reassign.carry(
        tx, allocation, qty=qty, to=slot, key=key, actor=actor, now=now, reason="sort"
    )  # fmt: skip
    _see_to_totes(tx, tour_totes.c.tote == goods.place, now)
    return _light_up(tx, row)


def take_back(tx: Tx, *, allocation: int, move: str, key: str, actor: str, now: int) -> None:
    """Undo a `put`: the units go back into the tote they came from. Refuses `UNDO_TOO_LATE`."""
    booked = tx.execute(select(moves).where(moves.c.key == move)).one()
    row = tx.execute(select(allocations).where(allocations.c.id == allocation)).one()
    if (row.state, row.place, row.qty) != ("picked", booked.target, booked.qty):
        raise Rejected(Code.UNDO_TOO_LATE)
    waits = (tour_totes.c.tote == booked.source) & tour_totes.c.order_id.is_(None)
    newest = select(func.max(tour_totes.c.id)).where(waits).scalar_subquery()
    again = (tour_totes.c.id == newest) & tour_totes.c.state.in_((AT_WALL, "empty"))
    if tx.execute(update(tour_totes).where(again).values(state=AT_WALL)).rowcount != 1:
        raise Rejected(Code.UNDO_TOO_LATE)
    reassign.carry(tx, allocation, qty=row.qty, to=booked.source, key=key, actor=actor, now=now,
                   reason="unsort")  # fmt: skip
    slot = _slot(tx, booked.target)
    if slot is not None:
        _light_up(tx, slot)


def refuse_others(
    tx: Tx, person: Person, *, order: int = 0, allocation: int = 0, slot: str = ""
) -> None:
    """Refuse `PERMISSION_MISSING` where *person* does not sort for the owner of an order, of a
    promise's goods, or of what lies in a slot."""
    if "sort" not in person.limited:
        return
    query = select(orders.c.owner).where(orders.c.id == order)
    if allocation:
        query = select(items.c.owner).join(allocations, allocations.c.item_id == items.c.id)
        query = query.where(allocations.c.id == allocation)
    if slot:
        query = select(orders.c.owner).join(wall_slots, wall_slots.c.order_id == orders.c.id)
        query = query.where(wall_slots.c.place == slot)
    for owner in tx.scalars(query):
        if not person.may("sort", owner):
            raise Rejected(Code.PERMISSION_MISSING, permission=f"sort {owner}")


def last_put(tx: Tx, actor: str) -> tuple[str, int] | None:
    """What *actor* booked last, if that was sorted: the move's key and the allocation."""
    columns = (moves.c.reason, moves.c.ref, moves.c.key)
    query = select(*columns).where(moves.c.actor == actor).order_by(moves.c.id.desc()).limit(1)
    row = tx.execute(query).first()
    if row is None or row.reason != "sort":
        return None
    return row.key, int(row.ref.removeprefix("allocation:"))


def empty(tx: Tx, *, slot: str, tote: str, key: str, actor: str, now: int) -> str:
    """All that lies in *slot* goes into *tote*, for the bench; the slot is free. Returns the
    order's code. Refuses `SLOT_FREE`, `TOTE_UNKNOWN`, `TOTE_IN_USE` and `TOTE_NOT_EMPTY`."""
    row = _slot(tx, slot)
    if row is None or row.order_id is None:
        raise Rejected(Code.SLOT_FREE, slot=slot)
    _refuse_unfit(tx, tote)
    inside = (allocations.c.place == slot) & (allocations.c.state == "picked")
    parts = tx.execute(select(allocations).where(inside).order_by(allocations.c.id)).all()
    for part in parts:  # a slot's few goods
        reassign.carry(tx, part.id, qty=part.qty, to=tote, key=f"{key}:{part.id}", actor=actor,
                       now=now, reason="empty")  # fmt: skip
    moved = _move_the_unpromised(tx, slot, tote, key, actor, now) + len(parts)
    tour = tx.scalar(
        select(func.max(tours.c.id))
        .join(stops, stops.c.tour_id == tours.c.id)
        .join(allocations, allocations.c.id == stops.c.allocation_id)
        .join(order_lines, order_lines.c.id == allocations.c.line_id)
        .where(order_lines.c.order_id == row.order_id, tours.c.kind == "batch")
    )
    if moved:
        _stand(tx, tote, str(row.at), key, actor, now)
        tx.execute(insert(tour_totes).values(
            tour_id=tour, slot=row.position, order_id=row.order_id, tote=tote, state="dropped"
        ))  # fmt: skip
    free = {"order_id": None, "colour": "", "shown": ""}
    tx.execute(update(wall_slots).where(wall_slots.c.place == slot).values(free))
    settle(tx, [row.order_id], now=now)
    return str(tx.scalar(select(orders.c.code).where(orders.c.id == row.order_id)))


def _slot(tx: Tx, slot: str) -> Row[Any] | None:
    """The slot, locked, and where its wall stands (`at`)."""
    query = (
        select(wall_slots, stations.c.place.label("at"))
        .join(stations, stations.c.code == wall_slots.c.wall)
        .where(wall_slots.c.place == slot)
        .with_for_update(of=wall_slots)
    )
    return tx.execute(query).first()


def _light_up(tx: Tx, row: Row[Any]) -> bool:
    """The slot's light tells whether its order is complete. Returns that."""
    found = next(one for one in slots_of(tx, row.wall) if one.place == row.place)
    show(tx, row.place, DONE if found.complete and found.filled else "", "")
    return found.complete


def _see_to_totes(tx: Tx, which: ColumnElement[bool], now: int) -> None:
    """A batch's tote that holds nothing for anybody is free; what nobody wants is put back."""
    promised = exists().where(
        allocations.c.place == tour_totes.c.tote, allocations.c.state == "picked"
    )
    goods = exists().where(stock.c.place == tour_totes.c.tote, stock.c.qty > 0)
    waiting = which & (tour_totes.c.state == AT_WALL) & ~promised
    left = (
        select(tour_totes.c.id, tour_totes.c.tote, places.c.parent)
        .join(places, places.c.code == tour_totes.c.tote)
        .where(waiting, goods)
    )
    for row in tx.execute(left).all():
        tasks.open_task(
            tx, key=f"put_back:{row.id}", kind="put_back", now=now, place=row.parent or "",
            ref=f"tote:{row.tote}", body={"tote": row.tote},
        )  # fmt: skip
    tx.execute(update(tour_totes).where(waiting, goods).values(state="put_back"))
    tx.execute(update(tour_totes).where(waiting, ~goods).values(state="empty"))


def _refuse_unfit(tx: Tx, tote: str) -> None:
    row = tx.execute(
        select(places).where(places.c.code == tote, places.c.kind == "tote").with_for_update()
    ).first()
    if row is None:
        raise Rejected(Code.TOTE_UNKNOWN, tote=tote)
    walking = (
        exists()
        .where(tour_totes.c.tote == tote, tours.c.id == tour_totes.c.tour_id)
        .where(tours.c.state.in_(("open", "claimed")))
    )
    riding = exists().where(places.c.code == row.parent, places.c.kind == "robot")
    if tx.scalar(select(walking | riding)):
        raise Rejected(Code.TOTE_IN_USE, tote=tote)
    filled = select(stock.c.place).where(stock.c.place == tote, stock.c.qty > 0)
    if tx.execute(filled.limit(1)).first() is not None:
        raise Rejected(Code.TOTE_NOT_EMPTY, tote=tote)
    tx.execute(
        update(tour_totes).where(tour_totes.c.tote == tote, tour_totes.c.state != "empty")
        .values(state="empty")
    )  # fmt: skip


def _stand(tx: Tx, tote: str, place: str, key: str, actor: str, now: int) -> None:
    """The tote stands at *place* from now on."""
    parent = tx.scalar(select(places.c.parent).where(places.c.code == tote))
    if parent is None:
        tx.execute(update(places).where(places.c.code == tote).values(parent=place))
    elif parent != place:
        ledger.relocate(tx, key=f"{key}:stand", container=tote, source=parent, target=place,
                        actor=actor, now=now, reason="stand")  # fmt: skip


def _move_the_unpromised(
    tx: Tx, slot: str, tote: str, key: str, actor: str, now: int
) -> int:  # fmt: skip
    """What lies in the slot for nobody (its order was cancelled) goes along, to be put back.
    Returns how many balances did."""
    free = stock.c.qty - stock.c.allocated
    rows = tx.execute(select(stock, free.label("free")).where(stock.c.place == slot, free > 0))
    lines = [
        Move(key=f"{key}:free:{number}", item=row.item_id, qty=row.free, source=slot, target=tote,
             lot=row.lot, condition=row.condition, serial=row.serial, reason="empty")
        for number, row in enumerate(rows)
    ]  # fmt: skip
    return ledger.post(tx, lines, actor=actor, now=now)
