"""Replenishment in the book: what the faces lack, its tasks, and the promises that they hold.

The reserve stock of a task is promised to it (`wms.promises.allocation.reserve`): two tasks, or a
task and a move, never want the same unit. Each command ends the task when nothing is left to bring.
"""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, Select, and_, func, or_, select, update

from wms import tasks
from wms.counts import frozen
from wms.db import Tx, insert_once
from wms.errors import Code, Rejected
from wms.promises import allocation
from wms.promises.allocate import Free
from wms.replenish.wanted import Face, Lack, Refill, Todo, decide, lacking, takes
from wms.schema import allocations, items, lots, moves, orders, pick_faces, places, stock
from wms.schema import tasks as tasks_table
from wms.schema.goods import MOVING
from wms.stock import Key
from wms.storage import contents, handling
from wms.storage.putaway import Goods, propose

KIND = "replenish"
REASON, BACK = "replenish", "replenish.back"
COUNT = "count"  # why a place is blocked, and the kind of the task that opens it again
LIVE = ("open", "claimed")
URGENT, USUAL = 5, 1  # priorities of tasks
ORDERS_MAX = 1_000  # waiting orders that are looked at in one go, the most urgent first
WAITING = ("short", "accepted")


@dataclass(frozen=True, slots=True)
class Shorted:
    """`missing` eaches were not in their place; `elsewhere` of them are promised in others."""

    missing: int
    elsewhere: int


def look(tx: Tx, *, today: str) -> Todo:
    """What is to be replenished now; *today* (YYYY-MM-DD) decides what has expired.

    Reads the faces that are low, and of the reserve only what these and waiting orders want.
    """
    is_there = select(places.c.code).where(places.c.kind == "reserve").limit(1)
    if tx.scalar(is_there) is None:
        return Todo()
    lacks = _lacks(tx, today)
    wanting = faces(tx, list(lacks), today=today)
    wanted = sorted({*lacks, *(face.item for face in wanting)})
    reserve = reserve_stock(tx, wanted, today=today) if wanted else []
    return decide(wanting, lacks, reserve)


def coming(tx: Tx, item_ids: Collection[int]) -> dict[int, int]:
    """Eaches that live tasks bring to the bins, by item; items of which nothing comes are absent.

    What screens say to whoever stands before an empty shelf.
    """
    query = (
        select(allocations.c.item_id, func.sum(allocations.c.qty).label("qty"))
        .join(tasks_table, tasks_table.c.id == allocations.c.task_id)
        .where(tasks_table.c.kind == KIND, tasks_table.c.state.in_(LIVE))
        .where(allocations.c.item_id.in_(item_ids), allocations.c.state.in_(allocation.LIVE))
        .group_by(allocations.c.item_id)
    )
    return {row.item_id: int(row.qty) for row in tx.execute(query)}


def in_reserve(tx: Tx, item_ids: Collection[int]) -> dict[int, int]:
    """Eaches that could still reach the bins, by item: those that are coming, and what is free in
    the reserve."""
    found = Counter(coming(tx, item_ids))
    for pile in reserve_stock(tx, item_ids, today=""):
        found[pile.key.item] += pile.qty
    return dict(found)


def open_refill(tx: Tx, refill: Refill, *, today: str, now: int) -> int | None:
    """Open the task and promise its stock. None when the face has a live task, or no bin will do.

    Refuses `STOCK_SHORT` when the reserve was promised to somebody else meanwhile.
    """
    owner, sku = _item(tx, refill.item)
    place = refill.place or _bin_for(tx, refill, today)
    ref = f"face:{place}:{refill.item}"
    before = tx.execute(
        select(tasks_table.c.id, tasks_table.c.state)
        .where(tasks_table.c.ref == ref, tasks_table.c.kind == KIND)
        .order_by(tasks_table.c.id.desc()).limit(1)
    ).first()  # fmt: skip
    if not place or (before is not None and before.state in LIVE):
        return None
    task = tasks.open_task(
        tx, key=f"{KIND}:{place}:{refill.item}:{before.id if before is not None else 0}",
        kind=KIND, now=now, place=place, ref=ref, priority=URGENT if refill.urgent else USUAL,
        body={"item": refill.item, "sku": sku, "owner": owner, "qty": refill.qty},
    )  # fmt: skip
    if task is not None:
        allocation.reserve(tx, task=task, takes=dict(refill.takes), now=now)
    return task


def hurry(tx: Tx, task_ids: Sequence[int]) -> None:
    """Orders wait for these tasks by now: they come first."""
    slow = tasks_table.c.id.in_(task_ids) & (tasks_table.c.priority < URGENT)
    tx.execute(update(tasks_table).where(slow).values(priority=URGENT))


def fetch(tx: Tx, *, promised: int, qty: int, person: int, key: str, actor: str, now: int) -> None:
    """*qty* eaches of an open promise are on the person's cart now. Refuses `PLACE_FROZEN`."""
    source = select(allocations.c.place).where(allocations.c.id == promised)
    frozen.refuse(tx, tx.scalars(source))
    cart = f"CART-{person}"
    insert_once(tx, places, {"code": cart, "kind": "cart"})
    allocation.pick(tx, promised, qty=qty, to=cart, key=key, actor=actor, now=now)


def put(
    tx: Tx, *, task: int, qty: int, to: str, key: str, actor: str, now: int, today: str,
    reason: str = REASON,
) -> int:  # fmt: skip
    """Put *qty* eaches of what was fetched down at *to*. Returns how many are still on the cart.

    Refuses what `handling.check` refuses: a face is a place with limits, too.
    """
    carried = [row for row in allocation.reserved(tx, task) if row.state == "picked"]
    left = qty
    for n, row in enumerate(carried, start=1):
        some = min(left, row.qty)
        if some:
            _check(tx, row, some, to, today)
            allocation.put_down(
                tx, row.id, qty=some, to=to, key=f"{key}:{n}", actor=actor, now=now, reason=reason
            )
        left -= some
    assert left == 0, "nobody puts down more than is on the cart"
    end_if_done(tx, task=task, outcome=f"{reason} {to}", now=now)
    return int(sum(row.qty for row in carried)) - qty


def short(
    tx: Tx, *, promised: int, key: str, actor: str, now: int, today: str
) -> Shorted:  # fmt: skip
    """The place does not hold what is still promised there: it is closed until it was counted, and
    the rest is looked for elsewhere in the reserve. The task ends when nothing is left to bring."""
    released = allocation.release(tx, [promised])
    if not released or released[0].state != "open" or released[0].task_id is None:
        raise Rejected(Code.ALLOCATION_CLOSED, allocation=promised)
    row = released[0]
    close(tx, place=row.place, ref=f"task:{row.task_id}", key=key, now=now,
          body={"item": row.item_id, "missing": row.qty})  # fmt: skip
    piles = reserve_stock(tx, [row.item_id], today=today)  # that place is closed by now
    chosen = dict(takes(piles, row.qty))
    if chosen:
        allocation.reserve(tx, task=row.task_id, takes=chosen, now=now)
    end_if_done(tx, task=row.task_id, outcome="short", now=now)
    return Shorted(row.qty, sum(chosen.values()))


def close(tx: Tx, *, place: str, ref: str, key: str, now: int, body: dict[str, str | int]) -> None:
    """Nobody is sent to *place* before somebody counted it."""
    still_open = (places.c.code == place) & (places.c.blocked == "")
    if tx.execute(update(places).where(still_open).values(blocked=COUNT)).rowcount == 1:
        tasks.open_task(
            tx, key=f"{COUNT}:{place}:{key}", kind=COUNT, now=now, place=place, ref=ref, body=body
        )


def give_back(tx: Tx, *, task: int, later: bool = False) -> None:
    """Somebody else may have the task; with *later*, after all others. Nothing may be on the cart.

    Refuses `REPLENISH_CARRIED`.
    """
    if any(row.state == "picked" for row in allocation.reserved(tx, task)):
        raise Rejected(Code.REPLENISH_CARRIED)
    mine = (tasks_table.c.id == task) & (tasks_table.c.state == "claimed")
    free: dict[str, Any] = {"state": "open", "person_id": None, "claimed_ms": None}
    tx.execute(update(tasks_table).where(mine).values(free | ({"priority": 0} if later else {})))


def last_fetch(tx: Tx, *, task: int, actor: str) -> Row[Any] | None:
    """The move by which *actor* last fetched something for *task*, if nothing came after it."""
    mine = select(moves).where(moves.c.actor == actor).order_by(moves.c.id.desc()).limit(1)
    row = tx.execute(mine).first()
    if row is None or row.reason != allocation.FETCH or row.item_id is None:
        return None
    number = int(row.ref.removeprefix("allocation:"))
    still = select(allocations.c.id).where(
        allocations.c.id == number, allocations.c.task_id == task,
        allocations.c.state == "picked",
    )  # fmt: skip
    return row if tx.scalar(still) is not None else None


def fetched_from(tx: Tx, promised: Sequence[int], *, actor: str) -> str:
    """The place from which *actor* fetched the newest of these promises, "" if from none.

    Of a container: the place where it stands.
    """
    refs = [f"allocation:{number}" for number in promised]
    query = (
        select(func.coalesce(places.c.parent, places.c.code))
        .join(moves, moves.c.source == places.c.code)
        .where(moves.c.actor == actor, moves.c.ref.in_(refs), moves.c.reason == allocation.FETCH)
        .order_by(moves.c.id.desc())
        .limit(1)
    )
    return tx.scalar(query) or ""


def undo_fetch(tx: Tx, *, task: int, key: str, actor: str, now: int) -> None:
    """What was fetched last lies in the reserve again. Refuses `UNDO_TOO_LATE`, `PLACE_FROZEN`."""
    row = last_fetch(tx, task=task, actor=actor)
    if row is None:
        raise Rejected(Code.UNDO_TOO_LATE)
    frozen.refuse(tx, [row.source])
    number = int(row.ref.removeprefix("allocation:"))
    rest = tx.scalar(
        select(allocations.c.id).where(
            allocations.c.task_id == task, allocations.c.state == "open",
            allocations.c.place == row.source, allocations.c.item_id == row.item_id,
            allocations.c.lot == row.lot, allocations.c.condition == row.condition,
            allocations.c.serial == row.serial,
        ).limit(1)
    )  # fmt: skip
    allocation.unpick(tx, number, to=row.source, key=key, actor=actor, now=now, rest=rest)


def end_if_done(tx: Tx, *, task: int, outcome: str, now: int) -> bool:
    """The task is over when nothing is promised to it any more."""
    if allocation.reserved(tx, task):
        return False
    return tasks.finish(tx, task=task, outcome=outcome, now=now)


def faces(tx: Tx, item_ids: Collection[int], *, today: str) -> list[Face]:
    """The open pick faces that are below their minimum, or of these items; with what lies there
    free, and what is coming."""
    sound = and_(
        stock.c.condition == "available", lots.c.held == 0,
        or_(lots.c.expiry == "", lots.c.expiry >= today),
    )  # fmt: skip
    there = (
        select(func.coalesce(func.sum(stock.c.qty - stock.c.allocated), 0))
        .join(lots, (lots.c.item_id == stock.c.item_id) & (lots.c.lot == stock.c.lot))
        .where(stock.c.place == pick_faces.c.place, stock.c.item_id == pick_faces.c.item_id, sound)
        .scalar_subquery()
    )
    query = (
        select(pick_faces, there.label("there"))
        .join(places, places.c.code == pick_faces.c.place)
        .where(places.c.blocked == "")
        .where(or_(there < pick_faces.c.qty_min, pick_faces.c.item_id.in_(item_ids)))
    )
    live = {row.ref: row for row in tx.execute(_live_tasks())}
    found = []
    for row in tx.execute(query):
        task = live.get(f"face:{row.place}:{row.item_id}")
        found.append(Face(
            place=row.place, item=row.item_id, qty_min=row.qty_min, qty_max=row.qty_max,
            there=int(row.there), coming=int(task.qty) if task is not None else 0,
            task=task.id if task is not None else 0,
            urgent=task is not None and task.priority >= URGENT,
        ))  # fmt: skip
    return found


def reserve_stock(
    tx: Tx, item_ids: Collection[int] | None = None, *, today: str
) -> list[Free]:  # fmt: skip
    """Free sound units in open reserve places, loose or in a container that stands there."""
    stands = places.alias("stands")
    loose = (places.c.kind == "reserve") & (places.c.blocked == "")
    inside = and_(
        places.c.kind.in_(MOVING), places.c.blocked == "", stands.c.kind == "reserve",
        stands.c.blocked == "",
    )  # fmt: skip
    query = (
        select(stock, lots.c.expiry)
        .join(lots, (lots.c.item_id == stock.c.item_id) & (lots.c.lot == stock.c.lot))
        .join(places, places.c.code == stock.c.place)
        .outerjoin(stands, stands.c.code == places.c.parent)
        .where(or_(loose, inside), stock.c.qty > stock.c.allocated)
        .where(stock.c.condition == "available", lots.c.held == 0)
        .where(or_(lots.c.expiry == "", lots.c.expiry >= today))
        .order_by(*stock.primary_key.columns)
    )
    if item_ids is not None:
        query = query.where(stock.c.item_id.in_(item_ids))
    return [
        Free(allocation.key_of(row), row.qty - row.allocated, row.expiry)
        for row in tx.execute(query)
    ]


def _lacks(tx: Tx, today: str) -> dict[int, Lack]:
    """What the waiting orders want beyond what bins hold and tasks bring, by item."""
    waiting = (
        select(orders.c.id)
        .where(orders.c.state.in_(WAITING))
        .order_by(orders.c.priority.desc(), orders.c.accepted_ms, orders.c.id)
        .limit(ORDERS_MAX)
    )
    numbers = list(tx.scalars(waiting))
    if not numbers:
        return {}
    needs = allocation.needs(tx, numbers, today=today)
    wanted = sorted({need.item for need in needs})
    free = allocation.free_stock(tx, wanted, lock=False) if wanted else []
    return lacking(needs, free, coming(tx, wanted))


def _live_tasks() -> Select[Any]:
    """Live replenishments with what they bring."""
    return (
        select(
            tasks_table.c.id, tasks_table.c.ref, tasks_table.c.priority,
            func.coalesce(func.sum(allocations.c.qty), 0).label("qty"),
        )
        .outerjoin(
            allocations,
            (allocations.c.task_id == tasks_table.c.id)
            & allocations.c.state.in_(allocation.LIVE),
        )
        .where(tasks_table.c.kind == KIND, tasks_table.c.state.in_(LIVE))
        .group_by(tasks_table.c.id, tasks_table.c.ref, tasks_table.c.priority)
    )  # fmt: skip


def _item(tx: Tx, item: int) -> tuple[str, str]:
    row = tx.execute(select(items.c.owner, items.c.sku).where(items.c.id == item)).one()
    return row.owner, row.sku


def _bin_for(tx: Tx, refill: Refill, today: str) -> str:
    """A bin for an item that has no pick face; "" when none will do."""
    source = refill.takes[0][0].place
    line = next(
        one for one in contents.lines(tx, [source], today=today)
        if one.key.item == refill.item
    )  # fmt: skip
    goods: Goods = line.goods
    spots = contents.candidates(tx, goods, today=today, kinds=("bin",))
    best = propose(goods, spots)
    return best[0].place if best else ""


def _check(tx: Tx, row: Row[Any], qty: int, to: str, today: str) -> None:
    key = Key(row.place, row.item_id, row.lot, row.condition, row.serial)
    goods = contents.goods_of(tx, key, qty=qty, today=today)
    handling.check(tx, load=[goods], to=to, today=today, lock=True)
