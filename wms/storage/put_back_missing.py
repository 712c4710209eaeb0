"""Goods that should go back are not in their container, or the container is not there.

Nobody can put them back before somebody has looked: what is in it is counted, and a container that
stands nowhere is looked for. Until then nobody else is sent to it.
"""

from typing import Any

from sqlalchemy import ColumnElement, FromClause, Row, and_, exists, literal, select, update

from wms import tasks as work
from wms.counts import counting
from wms.db import Tx
from wms.schema import counts as counts_table
from wms.schema import tasks
from wms.storage.put_back import LIVE, PUT_BACK, STOP, where

LOST = "lost"  # begins the subject of a call for help: lost:tote:T-01


def not_inside(tx: Tx, *, task: int, person: str, now: int) -> bool:
    """What the book has in the container of *task* is not in it: it is counted, and whoever comes
    then goes on. False where it cannot be counted: then somebody is asked to see to it."""
    row = _given_back(tx, task)
    container = row.ref.partition(":")[2]
    counting.open_all(
        tx, [container], kind="cycle", key=f"{PUT_BACK}:{task}:{now}", now=now, reason=row.ref,
        priority=row.priority,
    )  # fmt: skip
    if counting.live_at(tx, container) is not None:
        return True
    _ask_to_look(tx, row, person, now)
    return False


def not_found(tx: Tx, *, task: int, person: str, now: int) -> None:
    """The container of *task* is not where it should be: somebody is asked to look for it."""
    _ask_to_look(tx, _given_back(tx, task), person, now)


def _given_back(tx: Tx, task: int) -> Row[Any]:
    """The claimed task, free for somebody else."""
    unclaimed = {"state": "open", "person_id": None, "claimed_ms": None}
    mine = (tasks.c.id == task) & (tasks.c.state == "claimed")
    tx.execute(update(tasks).where(mine).values(unclaimed))
    return tx.execute(select(tasks).where(tasks.c.id == task)).one()


def _ask_to_look(tx: Tx, row: Row[Any], person: str, now: int) -> None:
    """Once, as long as nobody has seen to it; until then nobody is sent there."""
    lost = f"{LOST}:{row.ref}"
    asked = (tasks.c.ref == lost) & tasks.c.state.in_(LIVE)
    if tx.execute(select(tasks.c.id).where(asked).limit(1)).first() is None:
        container = row.ref.partition(":")[2]
        work.open_task(
            tx, key=f"{LOST}:{row.id}:{now}", kind="assist", now=now, ref=lost,
            place=where(tx, container), priority=max(row.priority, 5),
            body={"person": person, "parcel": container},
        )  # fmt: skip


def waits(task: FromClause) -> ColumnElement[bool]:
    """Whether a row of *task* (the table of tasks) must wait: its container is being counted, or
    looked for."""
    container = literal("tote:") + counts_table.c.place
    box = literal("parcel:") + counts_table.c.place
    counted = exists().where(
        task.c.ref.in_((container, box)), counts_table.c.state.in_(counting.LIVE)
    )
    other = tasks.alias("other")
    sought = exists().where(
        other.c.ref == literal(f"{LOST}:") + task.c.ref, other.c.state.in_(LIVE)
    )
    return and_(task.c.kind.in_((PUT_BACK, STOP)), counted | sought)
