"""Pick and pass: where one zone's walk ends, its totes wait for the next one.

The next leg can start when this one has ended (`tours.claim`), and only with the totes that stand
at the pass place: each is scanned there (`hands.fetch`).
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import bindparam, insert, select, update

from wms.db import Tx
from wms.schema import tour_totes, tours

PASSED = "passed"  # state of a tote's row in a leg whose totes went on


def following(tx: Tx, tour: int) -> int | None:
    """The leg that goes on with the totes of *tour*."""
    query = select(tours.c.id).where(tours.c.after == tour, tours.c.state == "open")
    return tx.scalar(query.with_for_update())


def pass_on(tx: Tx, *, to: int, totes: Sequence[Any]) -> None:
    """The filled *totes* (rows with `id`, `slot`, `order_id`, `tote`, `full`) go on in leg *to*."""
    passed = tour_totes.c.id.in_([row.id for row in totes])
    tx.execute(update(tour_totes).where(passed).values(state=PASSED))
    closed = [
        {"tour_id": to, "slot": row.slot, "order_id": row.order_id, "tote": row.tote, "full": 1}
        for row in totes
        if row.full
    ]
    if closed:
        tx.execute(insert(tour_totes), closed)
    still_open = [{"b_slot": row.slot, "b_tote": row.tote} for row in totes if not row.full]
    if still_open:
        mine = (tour_totes.c.tour_id == to) & (tour_totes.c.slot == bindparam("b_slot"))
        waiting = mine & (tour_totes.c.full == 0) & tour_totes.c.tote.is_(None)
        tx.execute(update(tour_totes).where(waiting).values(tote=bindparam("b_tote")), still_open)
