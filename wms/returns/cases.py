"""Returns: announced, arrived, looked at, closed. Goods that come back are nobody's to sell.

announced -> arrived -> grading -> graded -> closed, or cancelled. `wms.returns.grading` books the
units, `wms.returns.onward` what follows from them; here is the way of the whole return.
"""

from collections.abc import Sequence
from typing import Any

from msgspec import Struct
from sqlalchemy import Row, bindparam, func, insert, select, update

from wms.db import Tx
from wms.errors import Code, Rejected
from wms.record.event_kinds import ReturnAnnounced, ReturnArrived, ReturnCancelled
from wms.record.events import emit
from wms.returns.new import NewReturn, NewReturnLine, Ready, check
from wms.returns.onward import repaired
from wms.returns.rows import (
    HERE,
    OPEN,
    about,
    change,
    is_again,
    lock,
    lock_here,
    refuse_no_place,
)
from wms.schema import (
    items,
    order_lines,
    orders,
    parcel_lines,
    parcels,
    people,
    return_lines,
    return_units,
    returns,
)
from wms.shape import Fault, refuse_first
from wms.stock import CUSTOMER, Move, post

__all__ = [
    "Announced", "NewReturn", "NewReturnLine", "announce", "announce_all", "arrive",
    "arrive_unknown", "cancel", "faults", "owner_of", "put_aside", "repaired", "undelivered",
]  # fmt: skip


class Announced(Struct, frozen=True, kw_only=True):
    """What the book made of an RMA. `new` is False for one that it had already."""

    return_id: int
    code: str
    owner: str
    external_id: str
    kind: str
    state: str
    new: bool


def announce(tx: Tx, wanted: NewReturn, *, now: int) -> Announced:
    """Take one RMA: the same again gives the same answer, another under its id is refused."""
    return announce_all(tx, [wanted], now=now)[0]


def announce_all(tx: Tx, rows: Sequence[NewReturn], *, now: int) -> list[Announced]:
    """Take many together, or none of them. Refuses `KEY_REUSED` and whatever `faults` finds."""
    checked = check(tx, rows)
    refuse_first(checked.faults)
    answers = {number: _answer(row, new=False) for number, row in checked.known.items()}
    written = _insert(tx, list(checked.ready.values()), now)
    answers.update(zip(checked.ready, written, strict=True))
    return [answers[number] for number in range(len(rows))]


def faults(tx: Tx, rows: Sequence[NewReturn]) -> list[Fault]:
    """Everything that keeps *rows* out of the book, row by row; nothing is written."""
    return check(tx, rows).faults


def cancel(tx: Tx, number: int, *, now: int) -> bool:
    """The announced return will not come. False when it was cancelled before.

    Refuses `RETURN_STATE` once it is here.
    """
    row = lock(tx, number)
    if row.state == "cancelled":
        return False
    if row.state != "announced":
        raise Rejected(Code.RETURN_STATE, returning=row.code, state=row.state)
    change(tx, row.id, state="cancelled", state_ms=now)
    emit(tx, ReturnCancelled(**about(tx, row)), now=now)
    return True


def arrive(
    tx: Tx, *, number: int = 0, parcel: int = 0, order: int = 0, person: int, station: str,
    now: int, over: bool = False,
) -> int:  # fmt: skip
    """A box stands before *person*: the return *number*, or one of this *parcel* or *order*.

    What was announced or begun for it is taken up; else a return without an announcement is made.
    Returns its number. Refuses `RETURN_STATE` (closed, cancelled), `RETURN_NOTHING` (never sent),
    and `RETURN_WITH_OTHER` while somebody else is at it, unless this one takes it *over*.
    """
    number = number or _begun(tx, parcel, order)
    row = lock(tx, number) if number else _unannounced(tx, parcel, order, now)
    if row.state not in OPEN:
        raise Rejected(Code.RETURN_STATE, returning=row.code, state=row.state)
    if row.person_id not in (None, person) and not over:
        name = tx.execute(select(people.c.name).where(people.c.id == row.person_id)).scalar_one()
        raise Rejected(Code.RETURN_WITH_OTHER, returning=row.code, person=name)
    values: dict[str, Any] = {"person_id": person, "station": station}
    if parcel and row.parcel_id is None and not is_again(row):
        values["parcel_id"] = parcel
    if row.state == "announced":
        values |= {"state": "arrived", "state_ms": now}
        sent = _parcel_code(tx, row.parcel_id or parcel)
        emit(tx, ReturnArrived(**about(tx, row), purpose=row.kind, parcel=sent), now=now)
    change(tx, row.id, **values)
    return int(row.id)


def arrive_unknown(tx: Tx, *, owner: str, person: int, station: str, now: int) -> int:
    """A box that nobody can place: what is in it belongs to *owner*. Returns its number."""
    row = _make(tx, {"owner": owner, "kind": "unknown"}, now)
    return arrive(tx, number=row.id, person=person, station=station, now=now)


def owner_of(tx: Tx, number: int) -> str:
    """Whose goods a return is about."""
    return str(tx.execute(select(returns.c.owner).where(returns.c.id == number)).scalar_one())


def put_aside(tx: Tx, number: int, *, person: int) -> None:
    """*person* leaves it; anybody may go on with it."""
    mine = (returns.c.id == number) & (returns.c.person_id == person)
    tx.execute(update(returns).where(mine).values(person_id=None, station=""))


def undelivered(tx: Tx, number: int, *, place: str, key: str, actor: str, now: int) -> None:
    """持ち戻り: the parcel is back unopened, and stands at *place* until its owner has decided.

    What was in it is here again, as `returned`. Refuses `RETURN_STATE` once it was opened,
    `RETURN_NOTHING` when nobody knows what is in it, and `RETURN_PLACE`.
    """
    row = lock_here(tx, number)
    if (row.kind, row.place) == ("undelivered", place):
        return
    if row.state != "arrived" or row.place:
        raise Rejected(Code.RETURN_STATE, returning=row.code, state=row.state)
    refuse_no_place(tx, place)
    contents = _contents(tx, row)
    again = (returns.c.parcel_id == row.parcel_id) & (returns.c.place != "")
    if not contents or tx.execute(select(returns.c.id).where(again)).first() is not None:
        raise Rejected(Code.RETURN_NOTHING, returning=row.code)
    _count_back(tx, contents)
    post(tx, [
        Move(
            key=f"{key}:in:{n}", item=line.item_id, qty=line.qty, source=CUSTOMER, target=place,
            lot=line.lot, serial=line.serial, condition="returned", reason="return",
            ref=f"return:{row.id}",
        )
        for n, line in enumerate(contents)
    ], actor=actor, now=now)  # fmt: skip
    _lines_of_contents(tx, row.id, contents)
    change(tx, row.id, kind="undelivered", place=place, person_id=None, station="")


def _begun(tx: Tx, parcel: int, order: int) -> int:
    """The open return that this box belongs to, the parcel's own first; 0 for none."""
    if parcel:
        order = tx.execute(select(parcels.c.order_id).where(parcels.c.id == parcel)).scalar_one()
    tx.execute(select(orders.c.id).where(orders.c.id == order).with_for_update())
    same = (returns.c.order_id == order) & returns.c.state.in_(OPEN)
    if parcel:
        same &= returns.c.parcel_id.is_(None) | (returns.c.parcel_id == parcel)
    query = select(returns.c.id).where(same).order_by(returns.c.parcel_id.is_(None), returns.c.id)
    return int(tx.execute(query.limit(1)).scalar() or 0)


def _unannounced(tx: Tx, parcel: int, order: int, now: int) -> Row[Any]:
    if parcel:
        order = tx.execute(select(parcels.c.order_id).where(parcels.c.id == parcel)).scalar_one()
    there = select(parcels.c.id).where(parcels.c.id == parcel, parcels.c.state != "shipped")
    sent = select(order_lines.c.id).where(
        order_lines.c.order_id == order, order_lines.c.shipped > order_lines.c.returned
    )
    of = tx.execute(select(orders.c.owner, orders.c.code).where(orders.c.id == order)).one()
    if tx.execute(sent.limit(1)).first() is None or tx.execute(there).first() is not None:
        raise Rejected(Code.RETURN_NOTHING, returning=of.code)
    row = {"owner": of.owner, "order_id": order, "parcel_id": parcel or None, "kind": "return"}
    return _make(tx, row, now)


def _make(tx: Tx, values: dict[str, Any], now: int) -> Row[Any]:
    """A return without an announcement: its own code is its name."""
    row = {**values, "code": "", "external_id": "", "accepted_ms": now, "state_ms": now}
    newest = select(func.coalesce(func.max(returns.c.id), 0))
    row["code"] = row["external_id"] = f"new-{tx.execute(newest).scalar_one() + 1}"
    number = tx.execute(insert(returns).values(row).returning(returns.c.id)).scalar_one()
    change(tx, int(number), code=_code(number), external_id=_code(number))
    return lock(tx, int(number))


def _code(number: int) -> str:
    """The return's own code, printed as a barcode."""
    return f"R{number:07d}"


def _insert(tx: Tx, ready: Sequence[Ready], now: int) -> list[Announced]:
    """Write returns, their lines and their events; a few statements, whatever their number."""
    if not ready:
        return []
    rows = [
        {
            "owner": one.wanted.owner, "external_id": one.wanted.external_id,
            "code": f"{len(one.wanted.owner)}/{one.wanted.owner}/{one.wanted.external_id}",
            "kind": one.wanted.kind, "order_id": one.order_id, "reason": one.wanted.reason,
            "body_hash": one.hash, "accepted_ms": now, "state_ms": now,
        }
        for one in ready
    ]  # fmt: skip
    statement = insert(returns).returning(returns.c.id, sort_by_parameter_order=True)
    ids = list(tx.execute(statement, rows).scalars())
    here = returns.c.id == bindparam("b_id")
    codes = [{"b_id": number, "b_code": _code(number)} for number in ids]
    tx.execute(update(returns).where(here).values(code=bindparam("b_code")), codes)
    tx.execute(insert(return_lines), [
        {
            "return_id": number, "line_no": n, "item_id": item, "qty": line.qty,
            "serial": line.serial, "exchange_item_id": exchange,
        }
        for number, one in zip(ids, ready, strict=True)
        for n, (line, item, exchange) in enumerate(
            zip(one.wanted.lines, one.item_ids, one.exchange_ids, strict=True), start=1
        )
    ])  # fmt: skip
    emit(tx, *(
        ReturnAnnounced(
            owner=one.wanted.owner, return_id=number, external_id=one.wanted.external_id,
            code=_code(number), order=one.wanted.order, purpose=one.wanted.kind,
            qty=sum(line.qty for line in one.wanted.lines),
        )
        for number, one in zip(ids, ready, strict=True)
    ), now=now)  # fmt: skip
    query = select(returns).where(returns.c.id.in_(ids)).order_by(returns.c.id)
    return [_answer(row, new=True) for row in tx.execute(query)]


def _answer(row: Row[Any], *, new: bool) -> Announced:
    return Announced(
        return_id=row.id, code=row.code, owner=row.owner, external_id=row.external_id,
        kind=row.kind, state=row.state, new=new,
    )  # fmt: skip


def _parcel_code(tx: Tx, parcel: int | None) -> str:
    query = select(parcels.c.code).where(parcels.c.id == parcel)
    return str(tx.execute(query).scalar() or "") if parcel else ""


def _contents(tx: Tx, row: Row[Any]) -> list[Row[Any]]:
    """What the parcel held when it left: by order line, lot and serial."""
    query = (
        select(parcel_lines, order_lines.c.item_id, items.c.sku)
        .join(order_lines, order_lines.c.id == parcel_lines.c.line_id)
        .join(items, items.c.id == order_lines.c.item_id)
        .where(parcel_lines.c.parcel_id == row.parcel_id)
        .order_by(parcel_lines.c.line_id, parcel_lines.c.lot, parcel_lines.c.serial)
    )
    return list(tx.execute(query)) if row.parcel_id is not None else []


def _count_back(tx: Tx, contents: Sequence[Row[Any]]) -> None:
    """Never more than was shipped. Refuses `RETURN_TOO_MANY`."""
    back: dict[int, int] = {}
    for line in contents:
        back[line.line_id] = back.get(line.line_id, 0) + line.qty
    rows = [{"b_id": line, "b_qty": qty} for line, qty in sorted(back.items())]
    returned = order_lines.c.returned + bindparam("b_qty")
    room = (order_lines.c.id == bindparam("b_id")) & (returned <= order_lines.c.shipped)
    if tx.execute(update(order_lines).where(room).values(returned=returned), rows).rowcount != len(
        rows
    ):
        raise Rejected(Code.RETURN_TOO_MANY, item=contents[0].sku)


def _lines_of_contents(tx: Tx, number: int, contents: Sequence[Row[Any]]) -> None:
    """What was inside is what must be found when it is looked at, whatever was announced."""
    graded = select(return_units.c.id).where(return_units.c.return_id == number)
    assert tx.execute(graded.limit(1)).first() is None, "it was opened"
    tx.execute(return_lines.delete().where(return_lines.c.return_id == number))
    inside: dict[int, int] = {}
    for line in contents:
        inside[line.item_id] = inside.get(line.item_id, 0) + line.qty
    tx.execute(insert(return_lines), [
        {"return_id": number, "line_no": n, "item_id": item, "qty": qty}
        for n, (item, qty) in enumerate(inside.items(), start=1)
    ])  # fmt: skip


assert set(HERE) < set(OPEN)
