"""The day's figures, straight from the ledger: a second reckoning that shares no line with a bill.

It replays every move from the first one on, while `wms.look.billing` runs them backwards from now;
where both come to the same numbers, they are right.
"""

from collections import Counter
from collections.abc import Iterator
from typing import Any, NamedTuple

from sqlalchemy import Row, func, select

from wms.db import Tx
from wms.look.billing import Span
from wms.schema import (
    items,
    missions,
    moves,
    orders,
    parcels,
    places,
    return_units,
    returns,
    work_orders,
    work_spans,
)
from wms.schema.goods import STORED

OUTSIDE = "@"
SUPPLIER, CUSTOMER, KIT = "@supplier", "@customer", "@kit"
GOODS_IN = (SUPPLIER, CUSTOMER)


class Key(NamedTuple):
    """A line of a bill. Robots' seconds are kept for all owners together: `owner` is ""."""

    owner: str
    activity: str
    detail: str
    unit: str


Figures = Counter[Key]


def billable(tx: Tx, span: Span, *, now: int) -> Figures:
    """What a bill of *span* has to say *now*, line by line."""
    found: Figures = Counter()
    begin, end = span.between
    rows = _moved(tx)
    for row in rows:
        if begin <= row.at_ms < end:
            found.update(dict(_of_move(row)))
    found.update(_storage(rows, span, _stored(tx), now))
    found.update(_boxes(tx, begin, end))
    found.update(_graded(tx, begin, end))
    found.update(_minutes(tx, begin, end))
    found.update(_robots(tx, begin, end))
    return +found


def pieces(tx: Tx, reason: str) -> Counter[str]:
    """Pieces of each owner that were moved for *reason*."""
    query = (
        select(items.c.owner, func.sum(moves.c.qty).label("qty"))
        .join(items, items.c.id == moves.c.item_id)
        .where(moves.c.reason == reason)
        .group_by(items.c.owner)
    )
    return Counter({row.owner: int(row.qty) for row in tx.execute(query)})


def _moved(tx: Tx) -> list[Row[Any]]:
    query = (
        select(
            moves.c.at_ms, moves.c.item_id, moves.c.qty, moves.c.source, moves.c.target,
            moves.c.reason, items.c.owner,
        )
        .join(items, items.c.id == moves.c.item_id)
        .order_by(moves.c.at_ms, moves.c.id)
    )  # fmt: skip
    return list(tx.execute(query))


def _of_move(row: Row[Any]) -> Iterator[tuple[Key, int]]:
    """What one move adds to receipts and picks; an undone one is taken off again."""
    activity, sign = "", 1
    if row.source == SUPPLIER and row.reason != "opening":
        activity = "receipts"
    elif row.target == SUPPLIER:
        activity, sign = "receipts", -1
    elif row.reason in ("pick", "undo"):
        activity, sign = "picks", 1 if row.reason == "pick" else -1
    if row.source == KIT:
        yield Key(row.owner, "work", row.reason, "pieces"), row.qty
    elif row.target == KIT:
        yield Key(row.owner, "work", row.reason, "materials"), row.qty
    if activity:
        yield Key(row.owner, activity, "", "lines"), sign
        yield Key(row.owner, activity, "", "pieces"), sign * row.qty


def _stored(tx: Tx) -> dict[str, int]:
    """The shelves, and the floor under each as far as its size is known (mm2)."""
    rows = tx.execute(select(places).where(places.c.kind.in_(STORED)))
    return {
        row.code: row.volume_ml_max * 1_000 // row.height_mm_max if row.height_mm_max else 0
        for row in rows
    }


def _storage(rows: list[Row[Any]], span: Span, stored: dict[str, int], until: int) -> Figures:
    """What each third began with and what came in; the shelves that were full each evening, and
    the floor under them."""
    found: Figures = Counter()
    starts = {span.ms(day): day.isoformat() for day in span.thirds}
    evenings = {at for at in (span.ms(day) for day in span.days) if at > span.between[0]}
    evenings.add(span.between[1])
    waiting, begun = sorted(at for at in {*starts, *evenings} if at <= until), ""
    floor_mm2: Counter[str] = Counter()
    here: Counter[str] = Counter()
    held: Counter[tuple[str, str, int]] = Counter()

    def pass_by(now: float) -> str:
        third = begun
        while waiting and waiting[0] <= now:
            at = waiting.pop(0)
            if at in evenings:
                shelves = {(owner, place) for (owner, place, _), qty in held.items() if qty > 0}
                for owner, place in shelves:
                    found[Key(owner, "storage", "", "place_days")] += 1
                    floor_mm2[owner] += stored[place]
            if at in starts:
                third = starts[at]
                for owner, qty in here.items():
                    found[Key(owner, "storage", third, "piece_thirds")] += qty
        return third

    for row in rows:
        begun = pass_by(row.at_ms)
        for place, sign in ((row.source, -1), (row.target, 1)):
            if not place.startswith(OUTSIDE):
                here[row.owner] += sign * row.qty
            if place in stored:
                held[row.owner, place, row.item_id] += sign * row.qty
        came = row.qty * ((row.source in GOODS_IN) - (row.target == SUPPLIER))
        if begun and row.at_ms < span.between[1]:
            found[Key(row.owner, "storage", begun, "piece_thirds")] += came
    pass_by(float("inf"))
    for owner, mm2 in floor_mm2.items():
        found[Key(owner, "storage", "", "m2_days")] = (mm2 + 999_999) // 1_000_000
    return found


def _boxes(tx: Tx, begin: int, end: int) -> Figures:
    """Boxes that the ledger saw go to customers, by the service they went with."""
    query = (
        select(orders.c.owner, parcels.c.service, parcels.c.code)
        .join(parcels, parcels.c.order_id == orders.c.id)
        .join(moves, moves.c.source == parcels.c.code)
        .where(moves.c.target == CUSTOMER, moves.c.at_ms >= begin, moves.c.at_ms < end)
        .distinct()
    )
    return Counter(
        Key(row.owner, "parcels", row.service, "parcels") for row in tx.execute(query)
    )  # fmt: skip


def _graded(tx: Tx, begin: int, end: int) -> Figures:
    found: Figures = Counter()
    query = (
        select(returns.c.owner, return_units.c.grade, return_units.c.qty)
        .join(returns, returns.c.id == return_units.c.return_id)
        .where(return_units.c.at_ms >= begin, return_units.c.at_ms < end)
        .where(return_units.c.undone == 0)
    )
    for row in tx.execute(query):
        found[Key(row.owner, "returns", row.grade, "units")] += row.qty
    return found


def _minutes(tx: Tx, begin: int, end: int) -> Figures:
    """Started minutes of each kind of work."""
    spent: Counter[tuple[str, str]] = Counter()
    query = (
        select(
            work_orders.c.owner, work_orders.c.kind, work_spans.c.began_ms, work_spans.c.ended_ms
        )
        .join(work_orders, work_orders.c.id == work_spans.c.work_id)
        .where(work_spans.c.ended_ms >= begin, work_spans.c.ended_ms < end)
    )
    for row in tx.execute(query):
        spent[row.owner, row.kind] += row.ended_ms - row.began_ms
    return Counter({
        Key(owner, "work", kind, "minutes"): -(-spent_ms // 60_000)
        for (owner, kind), spent_ms in spent.items()
    })  # fmt: skip


def _robots(tx: Tx, begin: int, end: int) -> Figures:
    """Whole seconds of each mission that carried a tote; whose goods lay in it is the bill's."""
    query = select(missions.c.assigned_ms, missions.c.settled_ms).where(
        missions.c.assigned_ms.is_not(None), missions.c.job.like("tote:%"),
        missions.c.settled_ms >= begin, missions.c.settled_ms < end,
    )  # fmt: skip
    seconds = sum((row.settled_ms - row.assigned_ms) // 1000 for row in tx.execute(query))
    return Counter({Key("", "robots", "", "seconds"): seconds})
