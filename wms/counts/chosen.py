"""Which places are worth counting: doubt of each, from what happened there since it was counted."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, case, func, select, union_all

from wms.counts import counting as count_book
from wms.counts.confidence import Confidence, History, confidence, urgency
from wms.db import Tx, upsert
from wms.schema import counts, items, meta, moves, places, stock, tasks
from wms.schema.goods import STORED

DAY = "counts.day"  # the last business day whose counts were chosen


@dataclass(frozen=True, slots=True)
class Doubt:
    """A place and how sure the book is of it. `velocity` is that of its fastest goods; `urgency`
    says how much a count is worth; `waits`: a count is asked for already."""

    place: str
    zone: str
    sure: Confidence
    velocity: str
    urgency: int
    waits: bool
    counted_ms: int


def doubts(
    tx: Tx, *, now: int, zone: str = "", owner: str = "", codes: Sequence[str] | None = None
) -> list[Doubt]:  # fmt: skip
    """How sure the book is of each shelf with goods or with moves, the most urgent first.

    *zone*, *owner* and *codes* choose among the shelves; *owner*: those with goods of this one.
    """
    shelf: ColumnElement[bool] = places.c.kind.in_(STORED)
    if zone:
        shelf &= places.c.zone == zone
    if codes is not None:
        shelf &= places.c.code.in_(codes)
    held = (
        select(
            stock.c.place, func.min(func.nullif(items.c.velocity, "")).label("velocity"),
            func.sum(case((items.c.owner == owner, 1), else_=0)).label("owned"),
        )
        .join(items, items.c.id == stock.c.item_id)
        .where(stock.c.qty > 0)
        .group_by(stock.c.place)
        .subquery()
    )  # fmt: skip
    moved, short = _moved().subquery(), _short().subquery()
    live = select(counts.c.place).where(counts.c.state.in_(count_book.LIVE))
    asked = select(tasks.c.place).where(
        tasks.c.kind == count_book.COUNT, tasks.c.state.in_(("open", "claimed"))
    )
    waits = places.c.code.in_(live) | places.c.code.in_(asked)
    query = (
        select(
            places.c.code, places.c.zone, places.c.counted_ms, places.c.velocity.label("place_v"),
            held.c.velocity, moved.c.moves, moved.c.undone, moved.c.overrides, short.c.shorts,
            case((waits, 1), else_=0).label("waits"),
        )
        .outerjoin(held, held.c.place == places.c.code)
        .outerjoin(moved, moved.c.place == places.c.code)
        .outerjoin(short, short.c.place == places.c.code)
        .where(shelf, held.c.place.is_not(None) | (moved.c.moves > 0))
    )  # fmt: skip
    if owner:
        query = query.where(held.c.owned > 0)
    rows: list[Any] = list(tx.execute(query))
    found = [_doubt(row, now) for row in rows]
    return sorted(found, key=lambda one: (-one.urgency, one.place))


def _moved() -> Select[Any]:
    """Hands at a place since it was last counted."""
    both = union_all(
        select(moves.c.source.label("place"), moves.c.reason, moves.c.at_ms, moves.c.item_id),
        select(moves.c.target.label("place"), moves.c.reason, moves.c.at_ms, moves.c.item_id),
    ).subquery()
    return (
        select(
            both.c.place, func.count().label("moves"),
            func.sum(case((both.c.reason == "undo", 1), else_=0)).label("undone"),
            func.sum(case((both.c.reason.endswith(".override"), 1), else_=0)).label("overrides"),
        )
        .join(places, places.c.code == both.c.place)
        .where(both.c.at_ms > places.c.counted_ms, both.c.item_id.is_not(None))
        .where(both.c.reason.not_in((count_book.COUNT, "opening")))
        .group_by(both.c.place)
    )  # fmt: skip


def _short() -> Select[Any]:
    """Shelves that were found short since."""
    return (
        select(tasks.c.place, func.count().label("shorts"))
        .join(places, places.c.code == tasks.c.place)
        .where(tasks.c.kind == count_book.COUNT, count_book.FOUND_SHORT)
        .where(tasks.c.created_ms > places.c.counted_ms)
        .group_by(tasks.c.place)
    )


def _doubt(row: Row[Any], now: int) -> Doubt:
    history = History(
        counted_ms=row.counted_ms, moves=row.moves or 0, undone=int(row.undone or 0),
        overrides=int(row.overrides or 0), shorts=row.shorts or 0,
    )  # fmt: skip
    sure = confidence(history, now=now)
    velocity = row.velocity or row.place_v
    worth = urgency(sure.percent, velocity)
    return Doubt(row.code, row.zone, sure, velocity, worth, bool(row.waits), row.counted_ms)


def unused(tx: Tx, *, zone: str = "", only: Sequence[str] = ()) -> tuple[str, ...]:
    """Shelves of which the book knows nothing: never counted, and with no goods; in *zone*, and of
    *only* these (neither: all). What an opening count goes to."""
    filled = select(stock.c.place).where(stock.c.qty > 0)
    query = (
        select(places.c.code)
        .where(places.c.kind.in_(STORED), places.c.counted_ms == 0, places.c.code.not_in(filled))
        .order_by(places.c.zone, places.c.aisle, places.c.bay, places.c.level, places.c.code)
    )
    if zone:
        query = query.where(places.c.zone == zone)
    if only:
        query = query.where(places.c.code.in_(only))
    return tuple(tx.scalars(query))


def choose(tx: Tx, *, limit: int, now: int) -> tuple[str, ...]:
    """The places that most want to be counted and wait for no count yet, up to *limit*."""
    found = (one.place for one in doubts(tx, now=now) if one.urgency > 0 and not one.waits)
    return tuple(islice(found, limit))


def is_chosen(tx: Tx, today: str) -> bool:
    """Whether the counts of *today* (YYYY-MM-DD, the site's date) were chosen."""
    return tx.scalar(select(meta.c.value).where(meta.c.key == DAY)) == today


def open_today(tx: Tx, *, limit: int, today: str, now: int) -> int:
    """Ask for the counts of *today*, once. Returns how many."""
    if is_chosen(tx, today):
        return 0
    row = {"key": DAY, "value": today}
    upsert(tx, meta, [row], key=("key",), update=lambda new: {"value": new.value})
    chosen = choose(tx, limit=limit, now=now)
    return count_book.open_all(
        tx, chosen, kind="cycle", key=f"cycle:{today}", reason="cycle", now=now
    )
