"""What the next step of a replenishment depends on: what is remembered, and what the book says."""

from dataclasses import dataclass
from typing import Any, Literal

import msgspec
from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy import ColumnElement, Row, case, func, select

from picking.dialogues.base import Who
from wms.counts.counting import STOCKTAKE
from wms.db import Tx
from wms.promises.allocation import LIVE
from wms.replenish import refills
from wms.schema import allocations, items, lots, places, stock
from wms.schema import tasks as tasks_table
from wms.schema.goods import MOVING

At = Literal["get", "place", "container", "item", "lot", "short", "face", "fit", "rest"]


class State(Struct, frozen=True, kw_only=True):
    """Where the replenisher is. What is promised and what is on the cart is the book's to know."""

    at: At = "get"
    promised: int = 0  # the allocation at hand
    hand: int = 0  # units counted and not yet booked onto the cart
    unproven: int = 0  # units scanned whose lot or serial number is still to be read
    proven: bool = False  # the lot was read at this place
    here: bool = False  # the place (and the container) at hand was scanned
    later: tuple[int, ...] = ()  # allocations that come after all others
    listing: bool = False


@dataclass(frozen=True, slots=True)
class Take:
    """Units that are to be fetched: promise, place and goods. `stands` is the place to walk to,
    `container` what they are in there, "" when they lie loose."""

    promised: int
    stands: str
    container: str
    check_digits: str
    item: int
    sku: str
    name: str
    picture: str
    lot: str
    expiry: str
    serial: str
    qty: int
    needs_proof: bool  # several lots or numbers of it lie there

    @property
    def proof(self) -> str:
        """The lot or the serial number that has to be read."""
        return self.serial or self.lot


@dataclass(frozen=True, slots=True)
class Task:
    """The claimed task: where it all goes."""

    number: int
    face: str
    check_digits: str
    sku: str
    item: int
    urgent: bool


@dataclass(frozen=True, slots=True)
class Facts:
    """`takes` are still in the reserve, `carried` eaches on the cart, which `came_from` there."""

    task: Task | None = None
    takes: tuple[Take, ...] = ()
    carried: int = 0
    came_from: str = ""
    undoable: bool = False
    waiting: int = 0
    urgent: int = 0  # of those that wait

    @property
    def number(self) -> int:
        """The task's id."""
        assert self.task is not None
        return self.task.number

    def take(self, state: State) -> Take | None:
        """The one at hand while it is still to be fetched."""
        return next((one for one in self.takes if one.promised == state.promised), None)

    def next_take(self, state: State) -> Take | None:
        """The one to fetch next; those that were put off come last."""
        ordered = sorted(self.takes, key=lambda one: one.promised in state.later)
        return ordered[0] if ordered else None


def arrive(state: State, facts: Facts) -> State:
    """Where the worker stands, given what the book says now."""
    if facts.task is None:
        return State(listing=state.listing)
    following = facts.next_take(state)
    if following is None:
        at: At = state.at if state.at in ("fit", "rest") else "face"
        return State(at=at, listing=state.listing)
    if facts.take(state) is None:
        return State(
            at="place", promised=following.promised, later=state.later, listing=state.listing
        )
    return replace(state, at="place") if state.at in ("get", "face", "fit", "rest") else state


def load(tx: Tx, _state: State, who: Who) -> Facts:
    """Read them for the task that this person has claimed."""
    mine = (tasks_table.c.person_id == who.person.id) & (tasks_table.c.state == "claimed")
    kind = tasks_table.c.kind == refills.KIND
    row = tx.execute(select(tasks_table).where(mine, kind).order_by(tasks_table.c.id)).first()
    if row is None:
        urgent = case((tasks_table.c.priority >= refills.URGENT, 1), else_=0)
        count = select(func.count().label("all"), func.sum(urgent).label("urgent"))
        count = count.where(can_be_done())
        found = tx.execute(count).one()
        return Facts(waiting=found.all, urgent=int(found.urgent or 0))
    promises = list(tx.execute(_promises(row.id)))
    carried = [one for one in promises if one.state == "picked"]
    last = refills.last_fetch(tx, task=row.id, actor=who.actor)
    return Facts(
        task=_task(tx, row),
        takes=tuple(_take(one) for one in promises if one.state == "open"),
        carried=sum(one.qty for one in carried), undoable=last is not None,
        came_from=_came_from(tx, [one.id for one in carried], who) if carried else "",
    )  # fmt: skip


def can_be_done() -> ColumnElement[bool]:
    """Open tasks that lead somewhere: not into a closed face, not out of a place that is frozen."""
    closed = select(places.c.code).where(places.c.blocked != "")
    frozen = select(places.c.code).where(places.c.blocked == STOCKTAKE)
    held = select(allocations.c.task_id).where(
        allocations.c.task_id.is_not(None), allocations.c.state == "open",
        allocations.c.place.in_(frozen),
    )  # fmt: skip
    is_open = (tasks_table.c.kind == refills.KIND) & (tasks_table.c.state == "open")
    return is_open & tasks_table.c.place.not_in(closed) & tasks_table.c.id.not_in(held)


def _came_from(tx: Tx, carried: list[int], who: Who) -> str:
    return refills.fetched_from(tx, carried, actor=who.actor)


def _promises(task: int) -> Any:
    """The task's live promises in walking order, with their goods and places."""
    stands = places.alias("stands")
    here = stock.alias("here")
    kinds_there = (
        select(func.count())
        .where(here.c.place == allocations.c.place, here.c.item_id == allocations.c.item_id)
        .where(here.c.qty > 0)
        .correlate(allocations)
        .scalar_subquery()
    )
    return (
        select(
            allocations, items.c.sku, items.c.name, items.c.picture, lots.c.expiry, places.c.kind,
            places.c.parent, stands.c.check_digits, kinds_there.label("kinds_there"),
        )
        .join(items, items.c.id == allocations.c.item_id)
        .join(lots, (lots.c.item_id == allocations.c.item_id) & (lots.c.lot == allocations.c.lot))
        .join(places, places.c.code == allocations.c.place)
        .join(stands, stands.c.code == func.coalesce(places.c.parent, places.c.code))
        .where(allocations.c.task_id == task, allocations.c.state.in_(LIVE))
        .order_by(stands.c.aisle, stands.c.bay, stands.c.level, stands.c.code, allocations.c.id)
    )  # fmt: skip


def _take(row: Row[Any]) -> Take:
    container = row.place if row.kind in MOVING else ""
    return Take(
        promised=row.id, stands=row.parent if container and row.parent else row.place,
        container=container, check_digits=row.check_digits, item=row.item_id, sku=row.sku,
        name=row.name, picture=row.picture, lot=row.lot, expiry=row.expiry, serial=row.serial,
        qty=row.qty, needs_proof=bool(row.kinds_there > 1 and (row.lot or row.serial)),
    )  # fmt: skip


def _task(tx: Tx, row: Row[Any]) -> Task:
    body = msgspec.json.decode(row.body, type=dict[str, str | int])
    digits = tx.scalar(select(places.c.check_digits).where(places.c.code == row.place))
    return Task(
        number=row.id, face=row.place, check_digits=str(digits or ""), sku=str(body["sku"]),
        item=int(body["item"]), urgent=row.priority >= refills.URGENT,
    )  # fmt: skip
