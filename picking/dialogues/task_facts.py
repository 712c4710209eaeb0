"""What somebody with a task is told: the task that they claimed, and what it is about."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Literal

import msgspec
from msgspec import Struct
from sqlalchemy import ColumnElement, Row, exists, func, literal, or_, select

from picking.dialogues.base import Who
from wms.db import Tx
from wms.schema import items, places, stock, tour_totes, tours
from wms.schema import tasks as tasks_table
from wms.storage import put_back, put_back_missing
from wms.storage.put_back import PUT_BACK, STOP, Goods

KINDS = ("find_load", "look", "carry", "confirm", "assist", PUT_BACK, STOP)
LOOK, ASSIST = "look", "assist"
BACK = (PUT_BACK, STOP)  # kinds of tasks at whose end goods lie on their shelves

At = Literal["get", "tote", "place", "done", "item", "lot", "shelf"]


class State(Struct, frozen=True, kw_only=True):
    """The task itself is the book's to know: who claimed it, and whether it is still open.

    The rest is about goods that are put back: what is in the hand (`goods` is its key), and the
    shelf that was scanned once instead of the proposed one.
    """

    at: At = "get"
    tote: str = ""  # the container that was scanned
    goods: str = ""
    item: int = 0
    hand: int = 0
    unproven: int = 0  # units scanned whose lot or serial number is still to be read
    place: str = ""


@dataclass(frozen=True, slots=True)
class Task:
    """A claimed task. `mission` is 0 when it is not about one; `container` "" when about none.

    `parcel` is the box that must not leave, 0 for any other task. `holds` is the container's kind.
    """

    id: int
    kind: str
    place: str
    container: str = ""
    target: str = ""
    why: str = ""
    robot: str = ""
    mission: int = 0
    about: str = ""  # a colleague and a terminal, or a parcel
    parcel: int = 0
    holds: str = "tote"  # what the container is: a tote, carton, pallet, a slot of a wall...

    @property
    def is_back(self) -> bool:
        """Whether goods are put back."""
        return self.kind in BACK


@dataclass(frozen=True, slots=True)
class Facts:
    """The task that this person has claimed, and how many wait; what is to be put back."""

    task: Task | None
    waiting: int
    goods: tuple[Goods, ...] = ()
    undo_tote: str = ""  # the container of what was put back last; "" = nothing to undo


def load(tx: Tx, state: State, who: Who) -> Facts:
    """Read them."""
    mine = (tasks_table.c.person_id == who.person.id) & (tasks_table.c.state == "claimed")
    about = mine & tasks_table.c.kind.in_(KINDS)
    row = tx.execute(select(tasks_table).where(about).order_by(tasks_table.c.id)).first()
    waiting = tx.execute(select(func.count()).select_from(tasks_table).where(free(who)))
    last = put_back.last_put(tx, who.actor)
    undo_tote = last.source if last is not None else ""
    if row is None:
        return Facts(None, waiting.scalar_one(), undo_tote=undo_tote)
    task = _task(tx, row)
    goods = put_back.goods(tx, task.container) if task.is_back else ()
    return Facts(task, waiting.scalar_one(), goods, undo_tote)


def free(who: Who) -> ColumnElement[bool]:
    """Open tasks that this person may take: nobody comes to help themselves, goods that still ride
    on somebody's cart or on a robot are put back by whoever sets them down, and those in what is
    counted or looked for wait."""
    own = (tasks_table.c.kind == ASSIST) & (tasks_table.c.ref == who.actor)
    walked = (
        exists()
        .where(literal("tote:") + tour_totes.c.tote == tasks_table.c.ref)
        .where(tours.c.id == tour_totes.c.tour_id, tours.c.state.in_(("open", "claimed")))
    )
    fork = places.alias("fork")
    riding = (
        exists()
        .where(literal("tote:") + places.c.code == tasks_table.c.ref)
        .where(fork.c.code == places.c.parent, fork.c.kind == "robot")
    )
    moving = (tasks_table.c.kind == PUT_BACK) & (walked | riding)
    open_one = (tasks_table.c.state == "open") & tasks_table.c.kind.in_(KINDS)
    if "task" in who.person.limited:
        open_one &= ~_others(who.person.limited["task"])
    return open_one & ~own & ~moving & ~put_back_missing.waits(tasks_table)


def _others(owners: Collection[str]) -> ColumnElement[bool]:
    """Whether a task is about goods of somebody else than these *owners*, by what lies in the
    container that is to be emptied."""
    inside = literal("tote:") + stock.c.place, literal("parcel:") + stock.c.place
    foreign = (
        exists()
        .where(stock.c.qty > 0, items.c.id == stock.c.item_id, items.c.owner.not_in(owners))
        .where(or_(*(tasks_table.c.ref == ref for ref in inside)))
    )
    return tasks_table.c.kind.in_(BACK) & foreign


def _task(tx: Tx, row: Row[Any]) -> Task:
    body = msgspec.json.decode(row.body, type=dict[str, str | int])
    told = {name: str(body.get(name, "")) for name in ("target", "why", "robot")}
    kind, _, number = row.ref.partition(":")
    about = (body.get("person"), body.get("terminal"), body.get("parcel"))
    container = str(body.get("container") or body.get("tote") or "")
    kind_of = select(places.c.kind).where(places.c.code == container)
    return Task(
        id=row.id, kind=row.kind, container=container, **told,
        place=put_back.where(tx, container) if row.kind in BACK else row.place,
        mission=int(number) if kind == "mission" else 0,
        about=" ".join(str(name) for name in about if name),
        parcel=int(body.get("parcel_id", 0)), holds=tx.scalar(kind_of) or "tote",
    )  # fmt: skip
