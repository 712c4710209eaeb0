"""What the count dialogue does to the book, each effect in the transaction of its input."""

from dataclasses import dataclass

from sqlalchemy import select, update

from picking import count_settle
from picking.count_settle import Settled
from picking.dialogues import approval
from picking.dialogues.base import Say, Severity, Who
from picking.dialogues.count_facts import next_tasks
from wms import tasks
from wms.counts import counting as count_book
from wms.counts.rules import Tally
from wms.db import Tx
from wms.people import staff
from wms.schema import items, stock
from wms.schema import tasks as tasks_table

TRIES = 5  # tasks that others may be taking at this moment


@dataclass(frozen=True, slots=True)
class Claim:
    """Ask for the most urgent count."""


@dataclass(frozen=True, slots=True)
class Begin:
    """The worker stands in front of *place*."""

    place: str


@dataclass(frozen=True, slots=True)
class Finish:
    """That was all."""

    count: int
    round: int
    seen: tuple[Tally, ...]


@dataclass(frozen=True, slots=True)
class GiveBack:
    """Somebody else may have it."""

    task: int


@dataclass(frozen=True, slots=True)
class Again:
    """Nobody says yes to that difference: count once more."""

    count: int


@dataclass(frozen=True, slots=True)
class Settle:
    """Somebody said yes: book it."""

    count: int


def run(tx: Tx, effect: object, who: Who) -> Say | None:
    """Carry out one effect in the open transaction."""
    match effect:
        case Claim():
            return _claim(tx, who)
        case Begin():
            _refuse_foreign(tx, effect.place, who)
            count_book.begin(tx, place=effect.place, person=who.person.id, key=who.key, now=who.now)
        case Finish():
            return _finish(tx, effect, who)
        case GiveBack():
            give_back(tx, effect.task)
        case Again():
            count_book.again(tx, count=effect.count)
        case approval.Look() | approval.Approve():
            return approval.run(tx, effect, who)
        case Settle():
            return _told(
                count_settle.settle(
                    tx, count=effect.count, actor=who.actor, key=who.key, now=who.now,
                    today=who.today,
                )
            )  # fmt: skip
        case _:
            raise AssertionError(effect)
    return None


def _claim(tx: Tx, who: Who) -> Say | None:
    for task in next_tasks(tx, who, limit=TRIES):
        if tasks.claim(tx, task=task, person=who.person.id, now=who.now):
            return None
    return Say("count.none", "attention")


def _refuse_foreign(tx: Tx, place: str, who: Who) -> None:
    """Whoever counts for some owners only has no business where others' goods lie."""
    here = (stock.c.place == place) & (stock.c.qty > 0)
    query = select(items.c.owner).join(stock, stock.c.item_id == items.c.id).where(here).distinct()
    for owner in sorted(tx.scalars(query)):
        staff.must(tx, who.person.id, "count", owner)


def _finish(tx: Tx, effect: Finish, who: Who) -> Say | None:
    ended = count_settle.finish(
        tx, count=effect.count, round=effect.round, person=who.person.id, seen=effect.seen,
        actor=who.actor, key=who.key, now=who.now, today=who.today,
    )  # fmt: skip
    row = count_book.read(tx, effect.count)
    if ended.ending == "recount" and row.stocktake_id is not None:
        give_back(tx, row.task_id)
        return Say("count.second_counts")
    if ended.ending == "settled" and row.kind == count_book.OPENING:
        return Say("count.said.opening")
    return _told(ended)


def _told(ended: Settled) -> Say:
    severity: Severity = "ok" if ended.ending in ("agreed", "counted") else "attention"
    if ended.ending == "settled" and ended.orders:
        return Say("count.settled_orders", severity, params={"orders": ", ".join(ended.orders)})
    return Say(f"count.said.{ended.ending}", severity)


def give_back(tx: Tx, task: int) -> None:
    """The task waits for somebody else; what was seen so far does not count."""
    mine = (tasks_table.c.id == task) & (tasks_table.c.state == "claimed")
    free = {"state": "open", "person_id": None, "claimed_ms": None}
    tx.execute(update(tasks_table).where(mine).values(free))
