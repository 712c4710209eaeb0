"""How sure the book is of one place: its history since somebody last counted there."""

from typing import Any

from sqlalchemy import Row, case, func, select

from wms.confidence import Confidence, History, confidence
from wms.db import Tx
from wms.schema import counts, moves

UNSURE = ("bin", "reserve")  # kinds of places that are counted


def confidence_at(tx: Tx, place: Row[Any], *, now: int) -> Confidence | None:
    """How sure the book is of *place* (a row of `places`); None for what is never counted."""
    if place.kind not in UNSURE:
        return None
    here = (moves.c.source == place.code) | (moves.c.target == place.code)
    undone = func.sum(case((moves.c.reason == "undo", 1), else_=0))
    row = tx.execute(
        select(func.count().label("n"), undone.label("undone")).where(
            here, moves.c.at_ms > place.counted_ms
        )
    ).one()
    short = select(func.count()).where(
        counts.c.place == place.code, counts.c.kind == "short", counts.c.done_ms.is_(None),
        counts.c.state != "void",
    )  # fmt: skip
    history = History(
        counted_ms=place.counted_ms, moves=row.n, shorts=tx.scalar(short) or 0,
        undone=int(row.undone or 0),
    )  # fmt: skip
    return confidence(history, now=now)
