"""応援: a task for the others, when somebody calls for help at a terminal."""

from sqlalchemy import select

from picking.dialogues.base import Who
from wms import tasks
from wms.db import Tx
from wms.schema import tasks as tasks_table


def call(tx: Tx, who: Who) -> None:
    """Ask the others to come, unless they are on their way already."""
    mine = (tasks_table.c.kind == "assist") & (tasks_table.c.ref == who.actor)
    coming = mine & tasks_table.c.state.in_(("open", "claimed"))
    if tx.execute(select(tasks_table.c.id).where(coming)).first() is not None:
        return
    tasks.open_task(
        tx, key=f"assist:{who.key}", kind="assist", now=who.now, priority=9,
        place=who.station.place if who.station else "", ref=who.actor,
        body={"terminal": who.terminal, "person": who.person.name},
    )  # fmt: skip
