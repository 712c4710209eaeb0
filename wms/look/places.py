"""How sure the book is of one place: its history since somebody last counted there.

The same history as `wms.counts.chosen` reads of all places, by this place's indexes: a look-up must
not read the whole ledger. A test holds the two together.
"""

from typing import Any

from sqlalchemy import Row, case, func, select, union_all

from wms.counts.confidence import Confidence, History, confidence
from wms.counts.counting import COUNT, FOUND_SHORT
from wms.db import Tx
from wms.replenish.refills import KIND, LIVE
from wms.schema import allocations, items, moves, tasks
from wms.schema.goods import STORED


def confidence_at(tx: Tx, place: Row[Any], *, now: int) -> Confidence | None:
    """How sure the book is of *place* (a row of `places`); None for what is never counted."""
    if place.kind not in STORED:
        return None
    since = (
        moves.c.at_ms > place.counted_ms, moves.c.item_id.is_not(None),
        moves.c.reason.not_in((COUNT, "opening")),
    )  # fmt: skip
    here = union_all(
        select(moves.c.reason).where(moves.c.source == place.code, *since),
        select(moves.c.reason).where(moves.c.target == place.code, *since),
    ).subquery()
    row = tx.execute(
        select(
            func.count().label("moves"),
            func.sum(case((here.c.reason == "undo", 1), else_=0)).label("undone"),
            func.sum(case((here.c.reason.endswith(".override"), 1), else_=0)).label("overrides"),
        )
    ).one()
    found_short = select(func.count()).where(
        tasks.c.place == place.code, tasks.c.kind == COUNT, FOUND_SHORT,
        tasks.c.created_ms > place.counted_ms,
    )  # fmt: skip
    history = History(
        counted_ms=place.counted_ms, moves=row.moves, shorts=tx.scalar(found_short) or 0,
        undone=int(row.undone or 0), overrides=int(row.overrides or 0),
    )  # fmt: skip
    return confidence(history, now=now)


def coming_to(tx: Tx, place: str, owners: frozenset[str] | None) -> int:
    """Eaches that live tasks bring to *place*, of these owners (None: of all)."""
    query = (
        select(func.sum(allocations.c.qty))
        .join(tasks, tasks.c.id == allocations.c.task_id)
        .join(items, items.c.id == allocations.c.item_id)
        .where(tasks.c.kind == KIND, tasks.c.state.in_(LIVE), tasks.c.place == place)
        .where(allocations.c.state.in_(("open", "picked")))
    )
    if owners is not None:
        query = query.where(items.c.owner.in_(sorted(owners)))
    return int(tx.scalar(query) or 0)
