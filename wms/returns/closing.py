"""The end of a return: differences are told, and what was promised for it goes out, or does not."""

from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Row, func, insert, select, update

from wms.db import Tx
from wms.errors import Code, Rejected
from wms.record.event_kinds import Event, ReturnClosed, ReturnDecided, ReturnGraded, ReturnTotal
from wms.record.events import emit
from wms.returns import onward, restock
from wms.returns.grading import Unit, grade, sent_of
from wms.returns.rows import (
    about,
    change,
    is_again,
    is_booked_in,
    is_undelivered,
    lock,
    lock_here,
)
from wms.returns.rules import NEVER_SOLD
from wms.schema import items, return_lines, return_units, returns

Decision = Literal["reship", "cancel"]


@dataclass(frozen=True, slots=True)
class Closed:
    """What closing led to: eaches that were missing, and the order that goes out, or ""."""

    missing: int
    following: str


def close(tx: Tx, number: int, *, person: int, key: str, actor: str, now: int) -> Closed:
    """Everything was looked at. What was announced and not found is missing, and told.

    Refuses `RETURN_STATE`, `RETURN_UNDECIDED`, and `RETURN_NOTHING` when nothing was announced
    and nothing graded.
    """
    row = lock_here(tx, number)
    if is_undelivered(row) and row.decision != "cancel":
        raise Rejected(Code.RETURN_UNDECIDED, returning=row.code)
    missing = _missing(tx, row, person, key, actor, now)
    restock.lead_on(tx, row.id, now=now)
    following = onward.settle_exchange(tx, row, now=now)
    following = onward.repair(tx, row, now=now) or following
    totals = _totals(tx, row.id)
    if not totals:
        raise Rejected(Code.RETURN_NOTHING, returning=row.code)
    change(tx, row.id, state="closed", state_ms=now)
    emit(tx, ReturnClosed(
        **about(tx, row), purpose=row.kind, totals=totals, following=following
    ), now=now)  # fmt: skip
    return Closed(missing, following)


def decide(tx: Tx, number: int, decision: Decision, *, now: int) -> str:
    """What the owner says of an undelivered parcel. Returns the order that sends it again, or "".

    `reship`: the same goods go out in a new parcel, once. `cancel`: they are looked at, and put
    back. The same again has no effect; another decision is refused (`RETURN_STATE`), as is one
    about what is not an undelivered parcel.
    """
    row = lock(tx, number)
    if row.decision == decision:
        return f"{row.code}-P" if decision == "reship" else ""
    if row.decision or not is_undelivered(row) or row.state != "arrived":
        raise Rejected(Code.RETURN_STATE, returning=row.code, state=row.decision or row.state)
    following = onward.reship(tx, row, now=now) if decision == "reship" else ""
    change(tx, row.id, decision=decision)
    told: list[Event] = [ReturnDecided(**about(tx, row), decision=decision, following=following)]
    if decision == "reship":
        change(tx, row.id, state="closed", state_ms=now)
    emit(tx, *told, now=now)
    return following


def _missing(tx: Tx, row: Row[Any], person: int, key: str, actor: str, now: int) -> int:
    """What was announced and not found, as units of their own."""
    query = (
        select(return_lines, items.c.sku)
        .join(items, items.c.id == return_lines.c.item_id)
        .where(return_lines.c.return_id == row.id, return_lines.c.graded < return_lines.c.qty)
        .order_by(return_lines.c.line_no)
    )
    lines = tx.execute(query).all()
    if is_booked_in(row):  # the book has it with its lots: each is taken out again
        for line in lines:
            _not_inside(tx, row, line, person, key, actor, now)
        return sum(line.qty - line.graded for line in lines)
    if not lines:
        return 0
    rows = [
        {
            "key": f"{key}:missing:{line.id}", "return_id": row.id, "line_id": line.id,
            "item_id": line.item_id, "qty": line.qty - line.graded, "grade": "missing",
            "disposition": "none", "serial": line.serial, "person_id": person, "at_ms": now,
        }
        for line in lines
    ]  # fmt: skip
    statement = insert(return_units).returning(return_units.c.id, sort_by_parameter_order=True)
    made = list(tx.execute(statement, rows).scalars())
    tx.execute(
        update(return_lines)
        .where(return_lines.c.id.in_([line.id for line in lines]))
        .values(graded=return_lines.c.qty)
    )
    said = about(tx, row)
    emit(tx, *(
        ReturnGraded(
            **said, unit_id=unit, sku=line.sku, qty=line.qty - line.graded, lot="",
            serial=line.serial, grade="missing", disposition="none", refund=False,
        )
        for unit, line in zip(made, lines, strict=True)
    ), now=now)  # fmt: skip
    return sum(line.qty - line.graded for line in lines)


def _not_inside(
    tx: Tx, row: Row[Any], line: Row[Any], person: int, key: str, actor: str, now: int
) -> None:
    """Of one item that was booked in: what still lies there by the book, lot by lot."""
    left = line.qty - line.graded
    for n, (lot, serial, qty) in enumerate(_still_there(tx, row, line.item_id)):
        taken = min(left, qty)
        if taken > 0:
            unit = Unit(
                item=line.item_id, qty=taken, grade="missing", disposition="none", lot=lot,
                serial=serial,
            )  # fmt: skip
            grade(tx, row.id, unit, person=person, key=f"{key}:missing:{line.id}:{n}",
                  actor=actor, now=now)  # fmt: skip
            left -= taken


def _still_there(tx: Tx, row: Row[Any], item: int) -> list[tuple[str, str, int]]:
    """What was booked in of *item* and was not graded: lot, serial, eaches."""
    counted = return_units.c.order_line_id.is_not(None)
    if is_again(row):
        counted = return_units.c.grade.not_in(NEVER_SOLD)
    graded = {
        (unit.lot, unit.serial): int(unit.qty)
        for unit in tx.execute(
            select(return_units.c.lot, return_units.c.serial,
                   func.sum(return_units.c.qty).label("qty"))
            .where(return_units.c.return_id == row.id, return_units.c.item_id == item)
            .where(return_units.c.undone == 0, counted)
            .group_by(return_units.c.lot, return_units.c.serial)
        )
    }  # fmt: skip
    came = [(line.item_id, line.lot, line.serial, line.qty) for line in sent_of(tx, row)]
    if not is_again(row):
        inside = onward.came_in(tx, row)
        came = [(of, lot, serial, qty) for (of, _sku, lot, serial), qty in inside.items()]
    return [
        (lot, serial, qty - graded.get((lot, serial), 0))
        for of, lot, serial, qty in came
        if of == item
    ]


def _totals(tx: Tx, number: int) -> tuple[ReturnTotal, ...]:
    group = (
        items.c.sku, return_units.c.grade, return_units.c.disposition, return_units.c.refund,
    )  # fmt: skip
    query = (
        select(*group, func.sum(return_units.c.qty).label("qty"))
        .join(items, items.c.id == return_units.c.item_id)
        .where(return_units.c.return_id == number, return_units.c.undone == 0)
        .group_by(*group)
        .order_by(*group)
    )
    return tuple(
        ReturnTotal(
            sku=row.sku, grade=row.grade, disposition=row.disposition, refund=bool(row.refund),
            qty=int(row.qty),
        )
        for row in tx.execute(query)
    )  # fmt: skip


def unopened(tx: Tx, number: int) -> list[tuple[int, str, str, int]]:
    """What lies unopened in an undelivered parcel, and was not graded: item, lot, serial, eaches.

    Refuses `RETURN_STATE` for any other return.
    """
    row = lock_here(tx, number)
    if not is_undelivered(row):
        raise Rejected(Code.RETURN_STATE, returning=row.code, state=row.kind)
    found = dict.fromkeys(item for item, *_ in onward.came_in(tx, row))
    return [
        (item, lot, serial, qty)
        for item in found
        for lot, serial, qty in _still_there(tx, row, item)
        if qty > 0
    ]


def waiting(tx: Tx) -> list[Row[Any]]:
    """Undelivered parcels of which the owner has said: look at them, and put them back."""
    told = (returns.c.decision == "cancel") & (returns.c.state == "arrived")
    return list(tx.execute(select(returns).where(told).order_by(returns.c.id)))
