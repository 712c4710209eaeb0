"""The zero check: by the book nothing is left on a shelf, and somebody stands in front of it.

Their answer is a count of that shelf. If something is left, a real count is asked for; nothing is
booked on the word of somebody in a hurry.
"""

from sqlalchemy import update

from wms import tasks
from wms.db import Tx
from wms.schema import places

COUNT = "count"


def looked(tx: Tx, *, place: str, qty: int, key: str, actor: str, now: int) -> bool:
    """*actor* saw *qty* pieces at *place*, where the book has none. True if that agrees."""
    tx.execute(update(places).where(places.c.code == place).values(counted_ms=now))
    if qty == 0:
        return True
    tasks.open_task(
        tx, key=f"{COUNT}:{place}:{key}", kind=COUNT, now=now, place=place, ref=f"zero:{place}",
        body={"found": qty, "by": actor},
    )  # fmt: skip
    return False
