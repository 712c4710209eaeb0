"""Stocktaking (一斉棚卸): places are frozen, everything is counted by two people, the owner signs.

While it goes on nothing is promised from these places and nothing is put away into them. What was
found is booked when the owner has signed, and the certificate says how the book stood then.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import ColumnElement, Row, and_, case, func, insert, or_, select, update

from wms.counts import counting as count_book
from wms.db import Tx
from wms.errors import Code, Rejected
from wms.schema import (
    allocations,
    count_lines,
    counts,
    items,
    owners,
    parcels,
    places,
    stock,
    stocktakes,
)
from wms.schema import tasks as tasks_table
from wms.text import clean, shown

CHUNK = 400  # rows a statement: bound parameters are limited
SHELVES = ("bin", "reserve", "dock", "buffer")
BENCH = "station"  # what was set aside lies there, too
LOADS = ("tote", "pallet", "carton")  # containers that may stand there with goods of their own
RUNNING = ("frozen", "counted")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stocktake:
    """How far it is. `differing` places, of those that two people have counted."""

    code: str
    owner: str
    zone: str
    state: Literal["frozen", "counted", "signed", "void"]
    frozen_ms: int
    signed_ms: int | None
    signed_by: str
    places: int
    counted: int
    differing: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of the list: what the book had, and what two people have counted."""

    place: str
    owner: str
    sku: str
    name: str
    lot: str
    condition: str
    serial: str
    book: int
    counted: int
    value: int  # of one, in minor units

    @property
    def differs(self) -> int:
        return self.counted - self.book


def start(tx: Tx, *, now: int, owner: str = "", zone: str = "", reason: str = "") -> Stocktake:
    """Freeze the places with goods of *owner*, those of *zone*, or all, and ask for their counts.

    Counts that waited there are part of it. Refuses `REFERENCE_UNKNOWN`, `STOCKTAKE_EMPTY` where
    there is nothing, and `STOCKTAKE_RUNNING` where a stocktake goes on.
    """
    if owner:
        name_of(tx, owner)
    chosen = list(tx.scalars(_scope(owner, zone)))
    if not chosen:
        raise Rejected(Code.STOCKTAKE_EMPTY)
    _refuse_running(tx, chosen)
    row = {"owner": owner, "zone": zone, "state": "frozen", "frozen_ms": now}
    written = insert(stocktakes).values(code=f"new:{now}", **row).returning(stocktakes.c.id)
    number = int(tx.execute(written).scalar_one())
    code = f"ST{number:06d}"
    mine = update(stocktakes).where(stocktakes.c.id == number)
    tx.execute(mine.values(code=code))
    for begin in range(0, len(chosen), CHUNK):
        part = chosen[begin : begin + CHUNK]
        _void(tx, counts.c.place.in_(part), now, also=tasks_table.c.place.in_(part))
        free = (
            places.c.code.in_(part)
            & places.c.blocked.in_(("", count_book.COUNT))
            & (places.c.kind != BENCH)  # work goes on there: what moves meanwhile is counted again
        )
        tx.execute(update(places).where(free).values(blocked=count_book.STOCKTAKE))
        count_book.open_all(
            tx, part, kind="stocktake", key=code, reason=reason or code, now=now, priority=1,
            stocktake=number,
        )  # fmt: skip
    return show(tx, code)


def _scope(owner: str, zone: str) -> Any:
    """Places that are counted: shelves (empty ones, too, unless it is about one owner's goods),
    whether people pick from them or not: goods in quarantine are somebody's, too. And benches and
    containers with goods that are not in work, wherever they stand; what rides on a cart or a
    robot is, and a customer's box is."""
    parent = places.alias("parent")
    picked = select(allocations.c.place).where(allocations.c.state == "picked")
    full = select(stock.c.place).where(stock.c.qty > 0)
    stands = or_(places.c.parent.is_(None), parent.c.kind.in_((*SHELVES, BENCH)))
    loads = and_(
        places.c.kind.in_(LOADS), stands, places.c.code.not_in(select(parcels.c.code))
    )  # fmt: skip
    standing = and_(
        or_(places.c.kind == BENCH, loads), places.c.code.in_(full), places.c.code.not_in(picked)
    )
    query = (
        select(places.c.code)
        .outerjoin(parent, parent.c.code == places.c.parent)
        .where(or_(places.c.kind.in_(SHELVES), standing))
        .order_by(places.c.code)
    )
    if zone:
        query = query.where(func.coalesce(func.nullif(places.c.zone, ""), parent.c.zone) == zone)
    if owner:
        goods = (
            select(stock.c.place)
            .join(items, items.c.id == stock.c.item_id)
            .where(stock.c.qty > 0, items.c.owner == owner)
        )
        query = query.where(places.c.code.in_(goods))
    return query


def _refuse_running(tx: Tx, chosen: Sequence[str]) -> None:
    running = (
        select(stocktakes.c.code, counts.c.place)
        .join(counts, counts.c.stocktake_id == stocktakes.c.id)
        .where(stocktakes.c.state.in_(RUNNING))
    )
    taken = {row.place: row.code for row in tx.execute(running)}
    for place in chosen:
        if place in taken:
            raise Rejected(Code.STOCKTAKE_RUNNING, stocktake=taken[place], place=place)


def _void(tx: Tx, which: ColumnElement[bool], now: int, *, also: ColumnElement[bool]) -> None:
    """Counts that will not be made, and the tasks of people who would have made them."""
    live = which & counts.c.state.in_(count_book.LIVE)
    tx.execute(update(counts).where(live).values(state="void", done_ms=now))
    open_ = also & tasks_table.c.state.in_(("open", "claimed"))
    mine = open_ & (tasks_table.c.kind == count_book.COUNT)
    over = {"state": "void", "outcome": count_book.STOCKTAKE, "done_ms": now}
    tx.execute(update(tasks_table).where(mine).values(over))


def _row(tx: Tx, code: str, *, lock: bool = False) -> Row[Any]:
    query = select(stocktakes).where(stocktakes.c.code == code)
    row = tx.execute(query.with_for_update() if lock else query).first()
    if row is None:
        raise Rejected(Code.REFERENCE_UNKNOWN, field="stocktake", value=shown(code))
    return row


def name_of(tx: Tx, owner: str) -> str:
    """What the owner with this code is called. Refuses `REFERENCE_UNKNOWN`."""
    name: str | None = tx.scalar(select(owners.c.name).where(owners.c.code == owner))
    if name is None:
        raise Rejected(Code.REFERENCE_UNKNOWN, field="owner", value=shown(owner))
    return name


def listed(tx: Tx) -> list[Stocktake]:
    """Every stocktake, the newest first."""
    codes = tx.scalars(select(stocktakes.c.code).order_by(stocktakes.c.id.desc())).all()
    return [show(tx, code) for code in codes[:20]]


def show(tx: Tx, code: str) -> Stocktake:
    """How far it is. Refuses `REFERENCE_UNKNOWN`."""
    row = _row(tx, code)
    lines = _differing(row.id)
    over = counts.c.state.in_(("counted", "done"))
    query = select(
        func.count(counts.c.id), func.sum(case((over, 1), else_=0)),
        func.sum(case((over & counts.c.id.in_(lines), 1), else_=0)),
    ).where(counts.c.stocktake_id == row.id, counts.c.state != "void")  # fmt: skip
    total, counted, differing = tx.execute(query).one()
    return Stocktake(
        code=row.code, owner=row.owner, zone=row.zone, state=row.state, frozen_ms=row.frozen_ms,
        signed_ms=row.signed_ms, signed_by=row.signed_by, places=total, counted=int(counted or 0),
        differing=int(differing or 0),
    )  # fmt: skip


def _differing(stocktake: int) -> Any:
    """The counts whose last round differs from the book."""
    return (
        select(counts.c.id)
        .join(count_lines, (count_lines.c.count_id == counts.c.id)
              & (count_lines.c.round == counts.c.round))
        .where(counts.c.stocktake_id == stocktake, count_lines.c.book != count_lines.c.counted)
    )  # fmt: skip


def entries(tx: Tx, code: str, *, only_differences: bool = False, owner: str = "") -> list[Entry]:
    """What was counted, place by place, of the counts that are made; of *owner*, or of an owner's
    stocktake, their goods only. Refuses `REFERENCE_UNKNOWN`."""
    row = _row(tx, code)
    query = (
        select(count_lines, counts.c.place, items.c.owner, items.c.sku, items.c.name, items.c.value)
        .join(counts, (counts.c.id == count_lines.c.count_id)
              & (counts.c.round == count_lines.c.round))
        .join(items, items.c.id == count_lines.c.item_id)
        .where(counts.c.stocktake_id == row.id, counts.c.state.in_(("counted", "done")))
        .order_by(counts.c.place, items.c.owner, items.c.sku, count_lines.c.lot,
                  count_lines.c.condition, count_lines.c.serial)
    )  # fmt: skip
    for mine in (row.owner, owner):
        query = query.where(items.c.owner == mine) if mine else query
    if only_differences:
        query = query.where(count_lines.c.book != count_lines.c.counted)
    return [
        Entry(
            place=line.place, owner=line.owner, sku=line.sku, name=line.name, lot=line.lot,
            condition=line.condition, serial=line.serial, book=line.book, counted=line.counted,
            value=line.value,
        )
        for line in tx.execute(query)
    ]  # fmt: skip


def to_settle(tx: Tx, code: str, *, by: str) -> tuple[list[int], list[int]]:
    """The counts that are to be booked now that *by* (the owner's name) signs: those that differ,
    and those that agree. Refuses `STOCKTAKE_UNFINISHED`, `STOCKTAKE_OVER` and `TEXT_EMPTY`."""
    row = _row(tx, code, lock=True)
    if row.state not in RUNNING:
        raise Rejected(Code.STOCKTAKE_OVER, stocktake=code)
    if not clean(by, field="by", max=100):
        raise Rejected(Code.TEXT_EMPTY, field="by")
    mine = (counts.c.stocktake_id == row.id) & (counts.c.state != "void")
    waiting = select(func.count(counts.c.id)).where(mine, counts.c.state != "counted")
    if left := tx.execute(waiting).scalar_one():
        raise Rejected(Code.STOCKTAKE_UNFINISHED, stocktake=code, left=left)
    differing = set(tx.scalars(_differing(row.id)))
    every = list(tx.scalars(select(counts.c.id).where(mine).order_by(counts.c.place)))
    return [one for one in every if one in differing], [
        one for one in every if one not in differing
    ]


def signed(tx: Tx, code: str, *, by: str, now: int) -> None:
    """All of it was booked: the places are counted."""
    row = _row(tx, code)
    mine = counts.c.stocktake_id == row.id
    agreed = mine & (counts.c.state == "counted")
    tx.execute(update(counts).where(agreed).values(state="done", done_ms=now))
    here = places.c.code.in_(select(counts.c.place).where(mine, counts.c.state == "done"))
    tx.execute(update(places).where(here).values(counted_ms=now))
    over = {
        "state": "signed", "signed_ms": now, "signed_by": clean(by, field="by", max=100),
    }  # fmt: skip
    tx.execute(update(stocktakes).where(stocktakes.c.id == row.id).values(over))


def recount(tx: Tx, code: str, place: str) -> None:
    """Count a place once more that two people have counted. Refuses `REFERENCE_UNKNOWN`."""
    row = _row(tx, code, lock=True)
    mine = (counts.c.stocktake_id == row.id) & (counts.c.place == place)
    query = select(counts.c.id).where(mine, counts.c.state == "counted")
    count = tx.execute(query).scalar()
    if count is None:
        raise Rejected(Code.REFERENCE_UNKNOWN, field="place", value=shown(place))
    count_book.reopen(tx, count=count)


def end(tx: Tx, code: str, *, now: int) -> None:
    """Give a stocktake up: nothing of it is booked, the places are open again; but those that were
    found short before and wait for their count are closed until then, as they were.

    Refuses `STOCKTAKE_OVER` when it was signed or given up before.
    """
    row = _row(tx, code, lock=True)
    if row.state not in RUNNING:
        raise Rejected(Code.STOCKTAKE_OVER, stocktake=code)
    mine = counts.c.stocktake_id == row.id
    tasks_of = tasks_table.c.id.in_(select(counts.c.task_id).where(mine))
    _void(tx, mine, now, also=tasks_of)
    thaw(tx, code)
    _short_again(tx, row)
    tx.execute(update(stocktakes).where(stocktakes.c.id == row.id).values(state="void"))


def _short_again(tx: Tx, row: Row[Any]) -> None:
    """Shelves that were found short, and that a stocktake was to count, have their task back."""
    scope = select(counts.c.place).where(counts.c.stocktake_id == row.id)
    put_off = (
        (tasks_table.c.kind == count_book.COUNT)
        & (tasks_table.c.state == "void")
        & (tasks_table.c.outcome == count_book.STOCKTAKE)
        & (tasks_table.c.done_ms == row.frozen_ms)
        & count_book.FOUND_SHORT
        & tasks_table.c.place.in_(scope)
    )
    short = list(tx.scalars(select(tasks_table.c.place).where(put_off).distinct()))
    free = {"state": "open", "outcome": "", "done_ms": None, "person_id": None, "claimed_ms": None}
    tx.execute(update(tasks_table).where(put_off).values(free))
    closed = places.c.code.in_(short) & (places.c.blocked == "")
    tx.execute(update(places).where(closed).values(blocked=count_book.COUNT))


def thaw(tx: Tx, code: str) -> None:
    """Open the places again. Those that are closed for another reason stay closed."""
    mine = select(counts.c.place).where(counts.c.stocktake_id == _row(tx, code).id)
    frozen = places.c.code.in_(mine) & (places.c.blocked == count_book.STOCKTAKE)
    tx.execute(update(places).where(frozen).values(blocked=""))
