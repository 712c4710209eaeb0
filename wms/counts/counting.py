"""Counts: a place is looked at by eyes, its difference from the book is proven, then booked.

A count is opened with its task, recorded round by round, and settled. Only settling changes
quantities: moves between the place and @lost, each with the count's number. What becomes of
promises that a loss leaves without goods is `picking.count_settle`'s to say, in one transaction.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Row, insert, or_, select, update

from wms import stock as ledger
from wms import tasks
from wms.counts import unknown_lots
from wms.counts.rules import Goods, Line, Tally, Verdict, differences, match, verdict, worth
from wms.db import Tx
from wms.errors import Code, Rejected
from wms.people import approvals
from wms.record.event_kinds import CountSettled
from wms.record.events import emit
from wms.schema import (
    allocations,
    count_lines,
    counts,
    items,
    owners,
    people,
    places,
    stock,
)
from wms.schema import tasks as tasks_table
from wms.stock import LOST, SUPPLIER, Move

CHUNK = 400  # places a statement: bound parameters are limited
COUNT = "count"  # kind of its task, reason of its moves, and why a short shelf is blocked
STOCKTAKE = "stocktake"  # why a frozen place is blocked
OPENING = "opening"  # kind of the first count of an empty place, and reason of its moves
VERB = "approve_count"
LIVE = ("open", "recount", "counted", "approval")
TO_COUNT = ("open", "recount")
# Whose work a shelf stopped that was found short: a picker's stop, a replenisher's task.
_STOPPED = {"stop": "short", "task": "short"}
FOUND_SHORT = or_(*(tasks_table.c.ref.startswith(f"{what}:") for what in _STOPPED))
COUNTED_KINDS = ("bin", "reserve", "dock", "buffer", "station", "tote", "carton", "pallet")


def live_at(tx: Tx, place: str) -> Row[Any] | None:
    """The count of *place* that is not over, if there is one: there is never a second."""
    here = (counts.c.place == place) & counts.c.state.in_(LIVE)
    return tx.execute(select(counts).where(here).order_by(counts.c.id)).first()


def begin(tx: Tx, *, place: str, person: int, key: str, now: int) -> int:
    """*person* stands in front of *place* and counts it: theirs is the task. Returns the count.

    A count that waits there is taken up; a shelf that was found short gets its count; else one is
    opened. Refuses `COUNT_NOT_HERE` where nothing is counted, `COUNT_IN_WORK` while picked goods
    lie in it, `COUNT_TAKEN` while somebody else counts it, `COUNT_SECOND` where one person has
    counted for a stocktake (the other count is somebody else's), and then `COUNT_CLOSED`.
    """
    _lock(tx, place)
    row = live_at(tx, place)
    count = row.id if row is not None else _open_here(tx, place, key, now)
    row = read(tx, count)
    if row.state == "counted":
        raise Rejected(Code.COUNT_CLOSED, place=place)
    if row.stocktake_id is not None and row.round > 1 and row.person_id == person:
        raise Rejected(Code.COUNT_SECOND, place=place)
    if row.task_id is not None and not tasks.claim(tx, task=row.task_id, person=person, now=now):
        who = (
            select(people.c.name)
            .join(tasks_table, tasks_table.c.person_id == people.c.id)
            .where(tasks_table.c.id == row.task_id)
        )
        raise Rejected(Code.COUNT_TAKEN, place=place, name=tx.execute(who).scalar() or "-")
    return int(count)


def _lock(tx: Tx, place: str) -> None:
    """Whoever opens, records or settles a count of *place* holds its row. Refuses what is none."""
    query = select(places.c.kind).where(places.c.code == place).with_for_update()
    if tx.execute(query).scalar() not in COUNTED_KINDS:
        raise Rejected(Code.COUNT_NOT_HERE, place=place)
    picked = (allocations.c.place == place) & (allocations.c.state == "picked")
    if tx.execute(select(allocations.c.id).where(picked).limit(1)).first() is not None:
        raise Rejected(Code.COUNT_IN_WORK, place=place)


def _open_here(tx: Tx, place: str, key: str, now: int) -> int:
    """A new count: of the task that waits for one here, else with a task of its own."""
    waiting = (
        (tasks_table.c.kind == COUNT)
        & (tasks_table.c.place == place)
        & tasks_table.c.state.in_(("open", "claimed"))
    )
    query = select(tasks_table.c.id, tasks_table.c.ref).where(waiting).order_by(tasks_table.c.id)
    row = tx.execute(query).first()
    if row is None:
        task = tasks.open_task(tx, key=f"{COUNT}:{place}:{key}", kind=COUNT, now=now, place=place)
        assert task is not None, "its key is this input's"
        return _insert(tx, [{"place": place, "kind": "cycle", "task_id": task}], "asked", now)[0]
    kind = {**_STOPPED, "zero": "zero"}.get(row.ref.partition(":")[0], "cycle")
    reason = row.ref or "asked"
    return _insert(tx, [{"place": place, "kind": kind, "task_id": row.id}], reason, now)[0]


def open_all(
    tx: Tx, codes: Sequence[str], *, kind: str, key: str, now: int, reason: str = "",
    priority: int = 0, stocktake: int | None = None,
) -> int:  # fmt: skip
    """Ask for counts of these places, those of them that wait for none. Returns how many.

    *key* is the cause: the same cause asks for a place only once. *kind* cycle, stocktake...
    """
    wanted = sorted(set(codes))
    waiting = select(tasks_table.c.place).where(
        tasks_table.c.kind == COUNT, tasks_table.c.state.in_(("open", "claimed"))
    )
    asked = select(tasks_table.c.place).where(
        tasks_table.c.key.startswith(f"{key}:", autoescape=True)
    )
    live = select(counts.c.place).where(counts.c.state.in_(LIVE))
    free = (
        select(places.c.code)
        .where(places.c.code.in_(wanted), places.c.kind.in_(COUNTED_KINDS))
        .where(*(places.c.code.not_in(taken) for taken in (waiting, asked, live)))
        .order_by(places.c.code)
        .with_for_update()
    )
    here = list(tx.scalars(free))
    opened = tasks.open_all(
        tx, {place: f"{key}:{place}" for place in here}, kind=COUNT, now=now, priority=priority
    )
    rows = [
        {"place": place, "kind": kind, "task_id": task, "stocktake_id": stocktake}
        for place, task in sorted(opened.items())
    ]
    _insert(tx, rows, reason, now)
    return len(rows)


def _insert(tx: Tx, rows: Sequence[dict[str, Any]], reason: str, now: int) -> list[int]:
    if not rows:
        return []
    full = [{**row, "reason": reason, "created_ms": now} for row in rows]
    return sorted(tx.scalars(insert(counts).returning(counts.c.id), full))


def read(tx: Tx, count: int) -> Row[Any]:
    """The row of *count* (which we stored ourselves)."""
    return tx.execute(select(counts).where(counts.c.id == count)).one()


def book_of(tx: Tx, place: str, *, lock: bool = False) -> dict[Goods, int]:
    """What the book has at *place*: eaches by goods; nothing that is nought."""
    here = (stock.c.place == place) & (stock.c.qty > 0)
    query = select(stock).where(here).order_by(*stock.primary_key.columns)
    return {
        Goods(row.item_id, row.lot, row.condition, row.serial): row.qty
        for row in tx.execute(query.with_for_update() if lock else query)
    }


def record(
    tx: Tx, *, count: int, round: int, person: int | None, seen: Sequence[Tally], now: int,
    believed: Mapping[Goods, int] | None = None,
) -> Verdict:  # fmt: skip
    """Write down what eyes saw in one *round*, and say what follows.

    `agreed` ends it (of a stocktake: that place is counted), `recount` asks for the next round,
    `settle` is the caller's to do in this transaction. *believed* goods were not looked at and are
    taken as the book has them. A first look at a place of which the book knows nothing is booked as
    its opening stock at once. Refuses `COUNT_CLOSED` when that round is over.
    """
    row = _round(tx, count, round)
    book = book_of(tx, row.place, lock=True)
    opening = row.kind == OPENING and not book
    if believed:
        book = {goods: qty for goods, qty in book.items() if goods not in believed}
    unknown_lots.know(tx, seen, believed=opening)
    lines = match(book, seen)
    _write(tx, count, round, lines)
    found = [*_rounds_before(tx, count, round), differences(lines)]
    said = verdict(found, twice=row.stocktake_id is not None)
    changed: dict[str, Any] = {"person_id": person}
    if opening and found[-1]:
        said = "settle"
    elif row.kind == OPENING and not opening:  # goods have come there since it was asked for
        changed["kind"] = "cycle"
    if round == 1:
        changed |= {"first_person_id": person, "expected": _as_json(book)}
    if said == "recount":
        changed |= {"state": "recount", "round": round + 1}
    tx.execute(update(counts).where(counts.c.id == count).values(changed))
    if said == "agreed":
        close(tx, count=count, now=now)
    return said


def _round(tx: Tx, count: int, round: int) -> Row[Any]:
    """The count in that round, its place and itself locked."""
    _lock(tx, read(tx, count).place)
    row = tx.execute(select(counts).where(counts.c.id == count).with_for_update()).one()
    if row.state not in TO_COUNT or row.round != round:
        raise Rejected(Code.COUNT_CLOSED, place=row.place)
    return row


def _write(tx: Tx, count: int, round: int, lines: Sequence[Line]) -> None:
    rows = [
        {"count_id": count, "round": round, "item_id": line.goods.item, "lot": line.goods.lot,
         "condition": line.goods.condition, "serial": line.goods.serial, "book": line.book,
         "counted": line.counted}
        for line in lines
    ]  # fmt: skip
    if rows:
        tx.execute(insert(count_lines), rows)


def _rounds_before(tx: Tx, count: int, round: int) -> list[dict[Goods, int]]:
    return [found_in(tx, count, number) for number in range(1, round)]


def found_in(tx: Tx, count: int, round: int) -> dict[Goods, int]:
    """The differences that a round found: eaches too many, or (negative) too few."""
    mine = (count_lines.c.count_id == count) & (count_lines.c.round == round)
    rows = tx.execute(select(count_lines).where(mine))
    return differences(
        Line(Goods(row.item_id, row.lot, row.condition, row.serial), row.book, row.counted)
        for row in rows
    )


def _as_json(book: Mapping[Goods, int]) -> str:
    return json.dumps([[*goods, qty] for goods, qty in sorted(book.items())], ensure_ascii=False)


def ref_of(count: int, round: int, owner: str) -> str:
    """What a second person says yes to: the difference that this round found in an owner's goods.

    >>> ref_of(5, 2, "acme")
    'count:5:2:acme'
    """
    return f"count:{count}:{round}:{owner}"


def unapproved(tx: Tx, row: Row[Any]) -> tuple[str, ...]:
    """The owners whose difference is worth more than they let one person change, and nobody else
    has said yes to. What a site begins with is nobody's difference."""
    if row.kind == OPENING:
        return ()
    found = found_in(tx, row.id, row.round)
    query = (
        select(items.c.id, items.c.owner, items.c.value, owners.c.approval_value)
        .join(owners, owners.c.code == items.c.owner)
        .where(items.c.id.in_({goods.item for goods in found}), owners.c.approval_value > 0)
    )
    limited = list(tx.execute(query))
    over = []
    for owner in sorted({item.owner for item in limited}):
        its = {item.id: item.value for item in limited if item.owner == owner}
        limit = next(item.approval_value for item in limited if item.owner == owner)
        if worth(found, its) > limit and not approvals.given(
            tx, VERB, ref_of(row.id, row.round, owner)
        ):
            over.append(owner)
    return tuple(over)


def wait_for_approval(tx: Tx, *, count: int) -> None:
    """The difference stands until somebody has said yes."""
    mine = (counts.c.id == count) & counts.c.state.in_(TO_COUNT)
    tx.execute(update(counts).where(mine).values(state="approval"))


def again(tx: Tx, *, count: int) -> None:
    """Count once more: the difference was not believed, or goods went while it waited."""
    row = read(tx, count)
    mine = (counts.c.id == count) & counts.c.state.in_(("open", "recount", "approval"))
    tx.execute(update(counts).where(mine).values(state="recount", round=row.round + 1))


def opened(tx: Tx, codes: Sequence[str], *, now: int) -> None:
    """Opening stock came from somebody's count: the book begins sure of places never counted."""
    for start in range(0, len(codes), CHUNK):
        fresh = places.c.code.in_(codes[start : start + CHUNK]) & (places.c.counted_ms == 0)
        tx.execute(update(places).where(fresh).values(counted_ms=now))


def reopen(tx: Tx, *, count: int) -> None:
    """A place of a stocktake is counted once more: goods left it although it was frozen."""
    row = read(tx, count)
    mine = (counts.c.id == count) & (counts.c.state == "counted")
    tx.execute(update(counts).where(mine).values(state="recount", round=row.round + 1))
    free = {"state": "open", "person_id": None, "claimed_ms": None, "done_ms": None}
    tx.execute(update(tasks_table).where(tasks_table.c.id == row.task_id).values(free))


def moves_of(tx: Tx, row: Row[Any], found: Mapping[Goods, int]) -> list[Move]:
    """The moves that make the book agree: what is lost, and what was found, or was there from the
    beginning.

    A unit with a serial number that the book has elsewhere is taken from there.
    """
    elsewhere = _elsewhere(tx, row.place, found)
    origin, why = (SUPPLIER, OPENING) if row.kind == OPENING else (LOST, COUNT)
    moves = []
    for number, (goods, qty) in enumerate(sorted(found.items()), 1):
        same: dict[str, Any] = {
            "item": goods.item, "lot": goods.lot, "condition": goods.condition,
            "serial": goods.serial, "ref": f"count:{row.id}",
        }  # fmt: skip
        key = f"count:{row.id}:{number}"
        source, target, reason = (
            (row.place, LOST, COUNT) if qty < 0 else (origin, row.place, why)
        )  # fmt: skip
        moves.append(
            Move(key=key, qty=abs(qty), source=source, target=target, reason=reason, **same)
        )
        there = elsewhere.get((goods.item, goods.serial)) if qty > 0 else None
        if there is not None:
            where = {**same, "lot": there.lot, "condition": there.condition}
            moves.append(Move(
                key=f"{key}:from", qty=1, source=there.place, target=LOST, reason=COUNT, **where
            ))  # fmt: skip
    return moves


def _elsewhere(tx: Tx, place: str, found: Mapping[Goods, int]) -> dict[tuple[int, str], Row[Any]]:
    """Where the book has the numbered units that were found here."""
    units = {(goods.item, goods.serial) for goods, qty in found.items() if qty > 0 and goods.serial}
    if not units:
        return {}
    query = (
        select(stock)
        .where(stock.c.serial.in_({serial for _item, serial in units}), stock.c.qty > 0)
        .where(stock.c.place != place)
        .order_by(*stock.primary_key.columns)
        .with_for_update()
    )
    return {
        (row.item_id, row.serial): row
        for row in tx.execute(query)
        if (row.item_id, row.serial) in units
    }


def post(tx: Tx, moves: Sequence[Move], *, actor: str, now: int) -> None:
    """Book what was settled. Refuses `STOCK_SHORT` where promised units would go."""
    ledger.post(tx, moves, actor=actor, now=now)


def close(tx: Tx, *, count: int, now: int) -> None:
    """The place is counted: the book is sure of it again, and its shelf is open.

    A place of a stocktake stays frozen until the owner has signed.
    """
    row = read(tx, count)
    frozen = row.stocktake_id is not None and row.state != "counted"
    over: dict[str, Any] = {"state": "counted"} if frozen else {"state": "done", "done_ms": now}
    mine = (counts.c.id == count) & counts.c.state.in_(LIVE)
    tx.execute(update(counts).where(mine).values(over))
    if row.task_id is not None:
        tasks.finish(tx, task=row.task_id, outcome="counted", now=now)
    if frozen:
        return
    tx.execute(update(places).where(places.c.code == row.place).values(counted_ms=now))
    closed = (places.c.code == row.place) & (places.c.blocked == COUNT)
    tx.execute(update(places).where(closed).values(blocked=""))
    found = found_in(tx, count, row.round)
    told = CountSettled(
        count_id=count, place=row.place, rounds=row.round,
        found=sum(qty for qty in found.values() if qty > 0),
        lost=-sum(qty for qty in found.values() if qty < 0),
    )  # fmt: skip
    emit(tx, told, now=now)
