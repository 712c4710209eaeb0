"""What the lights of a put wall should show, as rows: `devices.lights` sees that they do."""

from sqlalchemy import update

from wms.db import Tx
from wms.schema import wall_slots

HERE, DONE = "blue", "green"  # put it here; the order in this slot is complete


def show(tx: Tx, slot: str, colour: str, text: str) -> None:
    """The light at *slot* shows *colour* ("" = dark) and *text* (a number), where it can."""
    mine = update(wall_slots).where(wall_slots.c.place == slot)
    tx.execute(mine.values(colour=colour, shown=text))
