"""Grading: every unit that came back is looked at once, booked in as `returned`, and put away.

One grade is one transaction: @customer -> place as `returned`, then @regrade to what it is now, or
@lost when it is disposed of. What is missing books nothing, but it is told.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import Row, func, insert, select, update

from wms import stock as ledger
from wms.db import Tx
from wms.errors import Code, Rejected
from wms.people import approvals
from wms.record.event_kinds import ReturnGraded, ReturnUngraded
from wms.record.events import emit
from wms.returns import again, onward, restock
from wms.returns.again import Piece
from wms.returns.rows import (
    about,
    change,
    is_again,
    is_booked_in,
    is_undelivered,
    lock_here,
)
from wms.returns.rules import NEVER_SOLD, Disposition, Grade, refuse_impossible, rules_of
from wms.schema import (
    items,
    lots,
    order_lines,
    parcel_lines,
    parcels,
    return_lines,
    return_units,
)
from wms.stock import CUSTOMER, LOST, REGRADE, Move
from wms.storage import put_back

DISPOSAL = "approve_disposal"
SEEN = ("A", "B", "C", "damaged")  # grades of what was sent, and is here again


class SentAgain(NamedTuple):
    """What is decided again looks like what was sent; no order line sent it."""

    item_id: int
    lot: str
    serial: str
    qty: int
    line_id: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """What was found: `qty` eaches alike, and the place where they are put."""

    item: int
    grade: Grade
    disposition: Disposition
    qty: int = 1
    lot: str = ""
    serial: str = ""
    place: str = ""
    note: str = ""

    @property
    def condition(self) -> str:
        """As which it is put away; "" when nothing is booked."""
        if self.disposition == "none":
            return ""
        if self.disposition == "quarantine":
            return "damaged" if self.grade == "damaged" else "quarantine"
        return {"restock": "available"}.get(self.disposition, "returned")


def disposal_ref(tx: Tx, number: int) -> str:
    """What somebody says yes to who approves the disposal of this return's next unit."""
    units = select(func.count()).where(return_units.c.return_id == number)
    return f"return:{number}:{tx.execute(units).scalar_one() + 1}"


def grade(tx: Tx, number: int, unit: Unit, *, person: int, key: str, actor: str, now: int) -> int:
    """Book what was found in the return *number*. Returns the id of the graded unit.

    The same *key* again has no effect. Refuses `RETURN_STATE`, `RETURN_UNDECIDED`, `RETURN_RULE`,
    `RETURN_TOO_MANY` (more than was ever sent, over all returns), `RETURN_SERIAL`, `RETURN_LOT`,
    `RETURN_DISPOSAL` (nobody approved it), a place where it may not lie (`restock.refuse`),
    and what the ledger refuses.
    """
    row = lock_here(tx, number)
    before = tx.execute(select(return_units).where(return_units.c.key == key)).first()
    if before is not None:
        return _the_same(before, number, unit, key)
    if is_undelivered(row) and row.decision != "cancel":
        raise Rejected(Code.RETURN_UNDECIDED, returning=row.code)
    item = _item(tx, row, unit)
    _refuse_wrong(tx, row, unit, item)
    if unit.condition:
        restock.refuse(
            tx, unit.place, item=unit.item, lot=unit.lot, qty=unit.qty,
            condition=unit.condition, now=now,
        )  # fmt: skip
    approver = ""
    if unit.disposition == "dispose":
        approver = approvals.giver(tx, DISPOSAL, disposal_ref(tx, row.id))
    if unit.disposition == "dispose" and not approver:
        raise Rejected(Code.RETURN_DISPOSAL, returning=row.code)
    order_line = _count_back(tx, row, unit, item)
    line = _count_graded(tx, row, unit, item.sku)
    accepted = rules_of(tx, row.owner)[unit.grade].accepted and order_line is not None
    values = {
        "key": key, "return_id": row.id, "line_id": line, "order_line_id": order_line,
        "item_id": unit.item, "lot": unit.lot, "serial": unit.serial, "qty": unit.qty,
        "grade": unit.grade, "disposition": unit.disposition, "condition": unit.condition,
        "place": unit.place if unit.condition else "", "note": unit.note,
        "refund": int(accepted), "person_id": person, "at_ms": now,
    }  # fmt: skip
    made = tx.execute(insert(return_units).values(values).returning(return_units.c.id)).scalar_one()
    _book_in(tx, row, unit, key, actor, now)
    _go_on(tx, row.id, now)
    emit(tx, ReturnGraded(
        **about(tx, row), unit_id=made, sku=item.sku, qty=unit.qty, lot=unit.lot,
        serial=unit.serial, grade=unit.grade, disposition=unit.disposition, refund=bool(accepted),
        approved_by=approver,
    ), now=now)  # fmt: skip
    onward.reserve_exchange(tx, row, now=now)
    return int(made)


def undo(tx: Tx, number: int, *, key: str, actor: str, now: int) -> str:
    """Take the last grade of an open return back, goods and all. Returns the SKU, "" for none.

    Refuses `RETURN_STATE`, and `STOCK_SHORT` when the goods have gone on.
    """
    row = lock_here(tx, number)
    mine = (return_units.c.return_id == row.id) & (return_units.c.undone == 0)
    query = (
        select(return_units, items.c.sku)
        .join(items, items.c.id == return_units.c.item_id)
        .where(mine)
        .order_by(return_units.c.id.desc())
        .limit(1)
    )
    unit = tx.execute(query).first()
    if unit is None:
        return ""
    _book_out(tx, row, unit, key, actor, now)
    tx.execute(update(return_units).where(return_units.c.id == unit.id).values(undone=1))
    graded = update(return_lines).where(return_lines.c.id == unit.line_id)
    tx.execute(graded.values(graded=return_lines.c.graded - unit.qty))
    _uncount(tx, row, unit)
    _go_on(tx, row.id, now)
    emit(tx, ReturnUngraded(**about(tx, row), unit_id=unit.id, sku=unit.sku, qty=unit.qty), now=now)
    return str(unit.sku)


def sent_of(tx: Tx, row: Row[Any]) -> list[Any]:
    """What was shipped of the return's order (its parcel, where that is known): a row for each
    order line, item, lot and serial, with `qty`. Of what is decided again: its pieces."""
    if is_again(row):
        return [
            SentAgain(piece.item, piece.lot, piece.serial, piece.qty)
            for piece in again.contents(tx, row.cancelled_id)
        ]
    query = (
        select(
            parcel_lines.c.line_id, order_lines.c.item_id, parcel_lines.c.lot,
            parcel_lines.c.serial, func.sum(parcel_lines.c.qty).label("qty"),
        )
        .join(parcels, parcels.c.id == parcel_lines.c.parcel_id)
        .join(order_lines, order_lines.c.id == parcel_lines.c.line_id)
        .where(parcels.c.order_id == row.order_id, parcels.c.state == "shipped")
        .group_by(
            parcel_lines.c.line_id, order_lines.c.item_id, parcel_lines.c.lot,
            parcel_lines.c.serial,
        )
        .order_by(parcel_lines.c.line_id, parcel_lines.c.lot, parcel_lines.c.serial)
    )  # fmt: skip
    if row.parcel_id is not None:
        query = query.where(parcels.c.id == row.parcel_id)
    return list(tx.execute(query)) if row.order_id is not None else []


def _the_same(before: Row[Any], number: int, unit: Unit, key: str) -> int:
    booked = (before.return_id, before.item_id, before.qty, before.grade, before.disposition)
    if booked != (number, unit.item, unit.qty, unit.grade, unit.disposition) or before.undone:
        raise Rejected(Code.KEY_REUSED, key=key)
    return int(before.id)


def _item(tx: Tx, row: Row[Any], unit: Unit) -> Row[Any]:
    found = tx.execute(select(items).where(items.c.id == unit.item)).one()
    if found.owner != row.owner:  # its own owner hears of it by a return of its own
        raise Rejected(Code.RETURN_NOT_SENT, field="item", item=found.sku, qty=0)
    return found


def _refuse_wrong(tx: Tx, row: Row[Any], unit: Unit, item: Row[Any]) -> None:
    """Refuse what cannot be: a serial that was not sent, an unknown lot."""
    refuse_impossible(unit.grade, unit.disposition)
    if unit.disposition == "repair" and row.order_id is None:  # whom would it be sent to?
        raise Rejected(Code.RETURN_RULE, field="disposition", grade=unit.grade,
                       disposition=unit.disposition)  # fmt: skip
    sent = [line for line in sent_of(tx, row) if line.item_id == unit.item]
    if item.serial_tracked and unit.grade in SEEN:
        serials = {line.serial for line in sent if line.serial}
        if not unit.serial or (serials and unit.serial not in serials):
            raise Rejected(
                Code.RETURN_SERIAL, item=item.sku, expected=", ".join(sorted(serials)) or "?",
                scanned=unit.serial or "-",
            )  # fmt: skip
        assert unit.qty == 1, "a serial is one"
    known = select(lots.c.lot).where(lots.c.item_id == unit.item, lots.c.lot == unit.lot)
    batches = {line.lot for line in sent}
    dated = item.lot_tracked or item.expiry_tracked
    strange = unit.grade in SEEN and batches and unit.lot not in batches
    blank = dated and not unit.lot and unit.disposition == "restock"
    if strange or blank or tx.execute(known).first() is None:
        raise Rejected(
            Code.RETURN_LOT, item=item.sku, expected=", ".join(sorted(batches)) or "?",
            scanned=unit.lot or "-",
        )  # fmt: skip


def _count_back(tx: Tx, row: Row[Any], unit: Unit, item: Row[Any]) -> int | None:
    """Count the unit on the order line that sent it, never more than was shipped.

    None where no order is known, this is not what was sent, or it was counted when it was graded
    for the first time. What came back unopened was counted then; what turns out to be missing of it
    is not here after all.
    """
    if row.order_id is None or is_again(row):
        return None
    if unit.grade not in SEEN and not is_undelivered(row):
        return None
    sent = [
        line for line in sent_of(tx, row)
        if line.item_id == unit.item and (not unit.serial or line.serial in ("", unit.serial))
    ]  # fmt: skip
    best = sorted(sent, key=lambda line: (line.lot != unit.lot, line.line_id))
    if is_undelivered(row):
        _refuse_second(tx, row.order_id, unit, item.sku)
        if unit.grade in NEVER_SOLD or not best:
            return None
        if unit.grade == "missing":
            _add_returned(tx, best[0].line_id, -unit.qty)
        return int(best[0].line_id)
    for line in best:
        if _add_returned(tx, line.line_id, unit.qty):
            # Behind the line's lock: two who grade one piece in two returns take turns here.
            _refuse_second(tx, row.order_id, unit, item.sku)
            return int(line.line_id)
    raise Rejected(Code.RETURN_TOO_MANY, item=item.sku)


def _add_returned(tx: Tx, line: int, qty: int) -> bool:
    after = order_lines.c.returned + qty
    room = (order_lines.c.id == line) & (after >= 0) & (after <= order_lines.c.shipped)
    return tx.execute(update(order_lines).where(room).values(returned=after)).rowcount == 1


def _refuse_second(tx: Tx, order: int, unit: Unit, sku: str) -> None:
    """Refuse `RETURN_TOO_MANY` where this very piece of that order was graded already, in whatever
    return."""
    if not unit.serial:
        return
    lines = select(order_lines.c.id).where(order_lines.c.order_id == order)
    same = (return_units.c.item_id == unit.item) & (return_units.c.serial == unit.serial)
    query = select(return_units.c.id).where(
        same, return_units.c.undone == 0, return_units.c.order_line_id.in_(lines)
    )
    if tx.execute(query).first() is not None:
        raise Rejected(Code.RETURN_TOO_MANY, item=sku)


def _count_graded(tx: Tx, row: Row[Any], unit: Unit, sku: str) -> int:
    """The return's line for the unit: an announced one with room first, else any, else a new one
    of which nothing was announced. Of an unopened parcel's contents each is graded once."""
    number = row.id
    mine = (return_lines.c.return_id == number) & (return_lines.c.item_id == unit.item)
    query = select(return_lines).where(mine).order_by(
        return_lines.c.serial != unit.serial, return_lines.c.graded >= return_lines.c.qty,
        return_lines.c.line_no,
    )  # fmt: skip
    line = tx.execute(query.limit(1)).scalar()
    if line is None:
        last = select(func.coalesce(func.max(return_lines.c.line_no), 0)).where(
            return_lines.c.return_id == number
        )
        made = {
            "return_id": number, "item_id": unit.item, "qty": 0,
            "line_no": tx.execute(last).scalar_one() + 1,
        }  # fmt: skip
        new = insert(return_lines).values(made).returning(return_lines.c.id)
        line = tx.execute(new).scalar_one()
    after = return_lines.c.graded + unit.qty
    counted = update(return_lines).where(return_lines.c.id == line)
    if is_booked_in(row) and unit.grade not in NEVER_SOLD:
        counted = counted.where(after <= return_lines.c.qty)
    if tx.execute(counted.values(graded=after)).rowcount != 1:
        raise Rejected(Code.RETURN_TOO_MANY, item=sku)
    return int(line)


def _book_in(tx: Tx, row: Row[Any], unit: Unit, key: str, actor: str, now: int) -> None:
    """The moves of one grade, in the order in which they happen."""
    same: dict[str, Any] = {
        "item": unit.item, "qty": unit.qty, "lot": unit.lot, "serial": unit.serial,
        "condition": "returned", "ref": f"return:{row.id}",
    }  # fmt: skip
    known = is_booked_in(row) and unit.grade not in NEVER_SOLD
    sources = _sources(tx, row, unit) if known else {CUSTOMER: unit.qty}
    target, reason = unit.place, "return"
    if unit.grade == "missing" and known:  # the book believed that it was there
        target, reason = LOST if is_again(row) else CUSTOMER, "missing"
    elif not unit.condition:  # nobody knows what it is
        return
    ledger.post(tx, [
        Move(key=f"{key}:in:{n}" if n else f"{key}:in", source=source, target=target,
             reason=reason, **same | {"qty": qty})
        for n, (source, qty) in enumerate(sources.items()) if source != target
    ], actor=actor, now=now)  # fmt: skip
    for source in sources if is_again(row) else ():
        put_back.emptied(tx, source, now=now)
    if not unit.condition:
        return
    if unit.disposition == "dispose":
        line = Move(key=f"{key}:out", source=unit.place, target=LOST, reason="dispose", **same)
        ledger.move(tx, line, actor=actor, now=now)
    elif unit.condition != "returned":
        line = Move(key=f"{key}:grade", source=unit.place, target=REGRADE, reason="grade", **same)
        ledger.regrade(tx, line, condition=unit.condition, actor=actor, now=now)


def _sources(tx: Tx, row: Row[Any], unit: Unit) -> dict[str, int]:
    """The places from which a unit is taken that the book has in the house: eaches by place."""
    if is_undelivered(row):
        return {row.place: unit.qty}
    piece = Piece(unit.item, unit.lot, unit.serial, unit.qty, row.place)
    found = again.where(tx, [piece], all_of_it=unit.grade != "missing")
    return {key.place: qty for key, qty in found.items()}


def _book_out(tx: Tx, row: Row[Any], unit: Row[Any], key: str, actor: str, now: int) -> None:
    """The way back, move by move."""
    same: dict[str, Any] = {
        "item": unit.item_id, "qty": unit.qty, "lot": unit.lot, "serial": unit.serial,
        "reason": "undo", "ref": f"return:{row.id}",
    }  # fmt: skip
    known = is_booked_in(row) and unit.grade not in NEVER_SOLD
    source = row.place if known else CUSTOMER
    steps: list[Move] = []
    if unit.grade == "missing" and is_undelivered(row):
        steps.append(Move(key=f"{key}:in", source=CUSTOMER, target=source, condition="returned",
                          **same))  # fmt: skip
    if unit.disposition == "dispose":
        steps.append(Move(key=f"{key}:out", source=LOST, target=unit.place, condition="returned",
                          **same))  # fmt: skip
    elif unit.condition not in ("", "returned"):
        line = Move(key=f"{key}:grade", source=unit.place, target=REGRADE,
                    condition=unit.condition, **same)  # fmt: skip
        ledger.regrade(tx, line, condition="returned", actor=actor, now=now)
    if unit.condition and source != unit.place:
        steps.append(Move(key=f"{key}:back", source=unit.place, target=source,
                          condition="returned", **same))  # fmt: skip
    for step in steps:
        ledger.move(tx, step, actor=actor, now=now)


def _uncount(tx: Tx, row: Row[Any], unit: Row[Any]) -> None:
    if unit.order_line_id is None:
        return
    if not is_undelivered(row):
        _add_returned(tx, unit.order_line_id, -unit.qty)
    elif unit.grade == "missing":
        _add_returned(tx, unit.order_line_id, unit.qty)


def _go_on(tx: Tx, number: int, now: int) -> None:
    """`graded` once everything that was announced was looked at, `grading` until then."""
    left = select(return_lines.c.id).where(
        return_lines.c.return_id == number, return_lines.c.graded < return_lines.c.qty
    )
    state = "grading" if tx.execute(left.limit(1)).first() is not None else "graded"
    change(tx, number, state=state, state_ms=now)
