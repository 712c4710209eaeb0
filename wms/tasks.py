"""Tasks: one unit of work for a person. Opened once per key, claimed by one, finished once."""

import json
from collections.abc import Mapping

from sqlalchemy import insert, select, update

from wms.db import Tx, insert_for
from wms.record.event_kinds import TaskOpened
from wms.record.events import emit
from wms.schema import tasks


def open_task(
    tx: Tx,
    *,
    key: str,
    kind: str,
    now: int,
    place: str = "",
    ref: str = "",
    body: Mapping[str, str | int] | None = None,
    priority: int = 0,
) -> int | None:
    """Ask for work at *place*; *ref* says what it is about (mission:77). Higher *priority* first.

    Returns its id, or None when *key* was opened before: the same cause asks only once.
    """
    row = {
        "key": key, "kind": kind, "place": place, "ref": ref, "priority": priority,
        "body": json.dumps(body or {}, ensure_ascii=False), "created_ms": now,
    }  # fmt: skip
    statement = insert_for(tx)(tasks).values(row).on_conflict_do_nothing().returning(tasks.c.id)
    task: int | None = tx.execute(statement).scalar_one_or_none()
    if task is not None:
        emit(tx, TaskOpened(task_id=task, task=kind, place=place), now=now)
    return task


def open_all(
    tx: Tx, keys: Mapping[str, str], *, kind: str, now: int, priority: int = 0
) -> dict[str, int]:
    """Ask for the same work at many places at once: *keys* by place, none of them used before.

    Returns the new tasks by place.
    """
    if not keys:
        return {}
    rows = [
        {"key": key, "kind": kind, "place": place, "priority": priority, "created_ms": now}
        for place, key in sorted(keys.items())
    ]
    written = tx.execute(insert(tasks).returning(tasks.c.id, tasks.c.place), rows)
    opened = {row.place: int(row.id) for row in written}
    told = (TaskOpened(task_id=opened[place], task=kind, place=place) for place in sorted(opened))
    emit(tx, *told, now=now)
    return opened


def claim(tx: Tx, *, task: int, person: int, now: int) -> bool:
    """Give an open task to *person*. False when somebody else has it, or it is over."""
    mine = (tasks.c.state == "claimed") & (tasks.c.person_id == person)
    free = (tasks.c.id == task) & (tasks.c.state == "open")
    taken = {"state": "claimed", "person_id": person, "claimed_ms": now}
    if tx.execute(update(tasks).where(free).values(taken)).rowcount == 1:
        return True
    return tx.execute(select(tasks.c.id).where(tasks.c.id == task, mine)).first() is not None


def finish(tx: Tx, *, task: int, outcome: str, now: int) -> bool:
    """A task was done, with *outcome* in a word. False when it was over before."""
    live = (tasks.c.id == task) & tasks.c.state.in_(("open", "claimed"))
    over = {"state": "done", "outcome": outcome, "done_ms": now}
    return tx.execute(update(tasks).where(live).values(over)).rowcount == 1
