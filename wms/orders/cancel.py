"""Cancel an order, or make its lines smaller, wherever its goods are; the OMS always hears which.

`wms.orders.cancel_table` says what a cancel means at each stage; here it is done, in one
transaction that holds the order: against a pick, a label, a load or a hand-over at the same moment
one wins, and both are told. What happens on the floor afterwards are tasks: goods are put back
(`wms.storage.put_back`), and proven boxes are looked for until the truck leaves (出荷止め).
"""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from msgspec import Struct
from msgspec.json import encode
from sqlalchemy import Row, func, insert, literal, select, update

from wms.db import Tx, insert_for
from wms.errors import Code, Rejected
from wms.orders import cancel_floor, merge, void
from wms.orders import lifecycle as order_book
from wms.orders.cancel_table import OF_PARCEL, Stage, does, stage_of
from wms.promises import allocation
from wms.record.event_base import Event
from wms.record.event_changes import OrderCancelRefused, OrderChanged, OrderChangeRefused
from wms.record.event_kinds import OrderCancelled, ReturnAnnounced
from wms.record.events import emit
from wms.returns import again as returns_again
from wms.schema import (
    allocations,
    events,
    order_lines,
    orders,
    parcels,
    return_lines,
    returns,
    versions,
)
from wms.storage import put_back
from wms.text import clean

REASON_CHARACTERS = 100
LIVE = ("open", "picked")
TOO_LATE = "order.in_a_box"  # why lines cannot be made smaller any more
AS_IT_IS = "order.of_a_return"  # these very units go out, or none of them


class Cancelled(Struct, frozen=True, kw_only=True):
    """What became of a cancel.

    `outcome`: cancelled (none of it will leave), changed (lines are smaller), refused (it was too
    late), partly (what was not sent yet is cancelled). `stage` is where the goods were. `put_back`
    are totes and boxes whose goods go back, `search` boxes that are looked for, `returning` the
    return that awaits what was sent, or under which goods that came back once are decided again.
    `new` is False where the same was asked before.
    """

    owner: str
    external_id: str
    outcome: Literal["cancelled", "changed", "refused", "partly"]
    stage: Stage
    order_id: int = 0  # 0: the cancel came before its order
    code: str = ""
    put_back: tuple[str, ...] = ()
    search: tuple[str, ...] = ()
    returning: str = ""
    new: bool = True


def cancel(
    tx: Tx, order: int, *, reason: str = "", now: int, with_merged: bool = False
) -> Cancelled:
    """Cancel the whole order *order*, as `wms.orders.cancel_table` says for each of its goods.

    A refusal is an answer, not an exception: a return is prepared for what was sent. Another
    order's lines that leave with it stay, unless they are cancelled, too (*with_merged*).
    """
    row, boxes = locked(tx, order)
    why = clean(reason, field="reason", max=REASON_CHARACTERS)
    stage = stage_of(row.state, _promise_states(tx, order), [box.state for box in boxes])
    if stage == "cancelled" and (parts := merge.merged_into(tx, row)):
        return _cancel_merged(tx, row, parts, reason=why, now=now)
    own = None if with_merged or row.state == "shipped" else merge.own_lines(tx, order)
    if own is not None and stage != "cancelled":  # another order leaves with this one
        return reduce(tx, order, wanted=dict.fromkeys(own, 0), reason=reason, now=now)
    if stage == "cancelled":
        again = returns_again.code_of(tx, order)
        return _answer(row, "cancelled", stage, returning=again, new=False)
    sent = [box for box in boxes if does(OF_PARCEL[box.state], "return")]
    if row.state == "shipped":
        return _refuse(tx, row, stage, now)
    order_book.set_state(tx, [order], "cancelled", now=now, reason=why)
    tx.execute(update(orders).where(orders.c.id == order).values(pieces=0, before_hold=""))
    row, _ = locked(tx, order)
    containers = release_all(tx, row, now=now)
    for box in boxes:
        if does(OF_PARCEL[box.state], "void"):
            void.void_parcel(tx, box, row, now=now)
            put_back.ask_box(tx, box, now=now)
            containers.append(box.code)
    search = [box for box in boxes if does(OF_PARCEL[box.state], "search")]
    for box in search:
        put_back.ask_search(tx, box, now=now)
    _nothing_is_wanted(tx, order)
    returning = _prepare_return(tx, row, now) if sent else ""
    again = returns_again.ask(tx, row, now=now)
    _tell(tx, row, why, stage, returning, again, now)
    void.settle_cancelled(tx, row, now=now)
    return _answer(
        row, "partly" if sent else "cancelled", stage, put_back=tuple(containers),
        search=tuple(box.code for box in search), returning=returning or again,
    )  # fmt: skip


def _cancel_merged(
    tx: Tx, row: Row[Any], parts: Mapping[int, Sequence[int]], *, reason: str, now: int
) -> Cancelled:
    """An order that leaves as a part of another one: that part is cancelled while it is here."""
    ((into, lines),) = parts.items()
    done = reduce(tx, into, wanted=dict.fromkeys(lines, 0), reason=reason, now=now)
    if done.outcome == "refused":
        return _answer(row, "refused", done.stage, new=done.new)
    about = {"owner": row.owner, "order_id": row.id, "external_id": row.external_id}
    emit(tx, OrderCancelled(**about, reason=reason, stage=done.stage), now=now)
    return _answer(row, "cancelled", done.stage, put_back=done.put_back, search=done.search)


def reduce(
    tx: Tx, order: int, *, wanted: Mapping[int, int], reason: str = "", now: int
) -> Cancelled:
    """Make lines smaller: *wanted* says by line number how many eaches are wanted from now on.

    All lines, or none: what lies in a box already is too late (refused). Nothing wanted at all is a
    cancel. Refuses `LINE_UNKNOWN`, and `LINE_GROWS` when more is asked for than before.
    """
    row, boxes = locked(tx, order)
    lines = _lines(tx, row, wanted)
    stage = stage_of(row.state, _promise_states(tx, order), [box.state for box in boxes])
    less = {line.id: line.left - wanted[line.line_no] for line in lines if line.line_no in wanted}
    if row.state in ("cancelled", "shipped") or not any(less.values()):
        same = not any(less.values())
        if same or row.state == "cancelled":
            outcome: Literal["cancelled", "changed"] = "changed" if same else "cancelled"
            return _answer(row, outcome, stage, new=False)
        return _refuse_change(tx, row, stage, now)
    if all(wanted.get(line.line_no, line.left) == 0 for line in lines):
        return cancel(tx, order, reason=reason, now=now, with_merged=True)
    if row.kind in (*returns_again.DECIDED_ANEW, "transfer"):
        return _refuse_change(tx, row, stage, now, reason=AS_IT_IS)
    if any(wanted.get(line.line_no, line.left) < line.packed for line in lines):
        return _refuse_change(tx, row, stage, now)
    containers = _release_less(tx, row, {line: qty for line, qty in less.items() if qty}, now)
    _shrink(tx, order, less)
    fields = tuple(f"lines[{line.line_no - 1}].qty" for line in lines if less.get(line.id))
    about = {"owner": row.owner, "order_id": row.id, "external_id": row.external_id}
    emit(tx, OrderChanged(**about, fields=fields), now=now)
    cancel_floor.go_on(tx, row, now=now)
    return _answer(row, "changed", stage, put_back=tuple(containers))


def cancel_unknown(tx: Tx, *, owner: str, external_id: str) -> int | None:
    """A cancel that came before its order is remembered: the order will be cancelled on arrival.

    Returns the order if it arrived at this very moment; then that one is to be cancelled.
    """
    row = {"owner": owner, "external_id": external_id, "version": 0, "cancelled": 1}
    tx.execute(insert_for(tx)(versions).values(row).on_conflict_do_nothing())
    mine = (orders.c.owner == owner) & (orders.c.external_id == external_id)
    found = tx.execute(select(orders.c.id).where(mine)).scalar()
    if found is None:
        here = (versions.c.owner == owner) & (versions.c.external_id == external_id)
        tx.execute(update(versions).where(here).values(cancelled=1))
        return None
    return int(found)


def found(tx: Tx, parcel: int, *, now: int) -> str:
    """A box that is looked for is in somebody's hands: off the truck, its label void, open.

    Returns its code; its goods are free in it. Refuses `PARCEL_WANTED` when its order is not
    cancelled. The second time it has no effect.
    """
    box = tx.execute(select(parcels).where(parcels.c.id == parcel).with_for_update()).one()
    row = tx.execute(select(orders).where(orders.c.id == box.order_id).with_for_update()).one()
    if box.state == "void":
        return str(box.code)
    if row.state != "cancelled" or box.state == "shipped":
        raise Rejected(Code.PARCEL_WANTED, parcel=box.code)
    void.void_parcel(tx, box, row, now=now)
    void.settle_cancelled(tx, row, now=now)
    return str(box.code)


def locked(tx: Tx, order: int) -> tuple[Row[Any], list[Row[Any]]]:
    """The order and its boxes, locked: boxes first, as whoever packs and loads does it.

    A box that was made before the order was locked is seen by the second look.
    """
    mine = select(parcels).where(parcels.c.order_id == order, parcels.c.state != "void")
    boxes = mine.order_by(parcels.c.id).with_for_update()
    tx.execute(boxes).all()
    row = tx.execute(select(orders).where(orders.c.id == order).with_for_update()).one()
    return row, list(tx.execute(boxes))


def release_all(tx: Tx, row: Row[Any], *, now: int) -> list[str]:
    """Every promise of the order is taken back; totes that hold its goods are to be put back.

    Asked again until nothing is left: a part may be split off while one waits for its lock.
    Returns the totes.
    """
    lines = select(order_lines.c.id).where(order_lines.c.order_id == row.id)
    mine = allocations.c.line_id.in_(lines) & allocations.c.state.in_(LIVE)
    totes: set[str] = set()
    count = 0
    while ids := tx.scalars(select(allocations.c.id).where(mine)).all():
        gone = allocation.release(tx, ids)
        totes |= {one.place for one in gone if one.state == "picked"}
        count += len(gone)
    if row.one_piece and row.wave_id is not None and not count:
        totes |= cancel_floor.shrink_total(tx, row)
    for tote in sorted(totes):
        put_back.ask_tote(tx, tote, order=row.id, now=now)
    cancel_floor.end_walks(tx, row, now=now)
    cancel_floor.free_slots(tx, row.id)
    return sorted(totes)


def _promise_states(tx: Tx, order: int) -> list[str]:
    query = (
        select(allocations.c.state)
        .join(order_lines, order_lines.c.id == allocations.c.line_id)
        .where(order_lines.c.order_id == order)
    )
    return list(tx.scalars(query))


def _nothing_is_wanted(tx: Tx, order: int) -> None:
    line = order_lines.c
    mine = update(order_lines).where(line.order_id == order)
    tx.execute(mine.values(cancelled=line.qty - line.packed))


def _tell(
    tx: Tx, row: Row[Any], why: str, stage: Stage, returning: str, again: str, now: int
) -> None:  # fmt: skip
    about = {"owner": row.owner, "order_id": row.id, "external_id": row.external_id}
    if returning:
        emit(tx, OrderCancelRefused(**about, stage="shipped", returning=returning), now=now)
    else:
        emit(tx, OrderCancelled(**about, reason=why, stage=stage, returning=again), now=now)


def _refuse(tx: Tx, row: Row[Any], stage: Stage, now: int) -> Cancelled:
    """It is too late; what was sent is awaited back. Told once, whatever is asked again."""
    before = select(returns.c.code).where(
        returns.c.owner == row.owner, returns.c.external_id == _return_id(row)
    )
    known = tx.execute(before).scalar()
    if known is not None:
        return _answer(row, "refused", stage, returning=str(known), new=False)
    returning = _prepare_return(tx, row, now) if does(stage, "return") else ""
    about = {"owner": row.owner, "order_id": row.id, "external_id": row.external_id}
    told = OrderCancelRefused(**about, stage=stage, returning=returning)
    new = tell_once(tx, told, now=now)
    return _answer(row, "refused", stage, returning=returning, new=new)


def _refuse_change(
    tx: Tx, row: Row[Any], stage: Stage, now: int, *, reason: str = TOO_LATE
) -> Cancelled:  # fmt: skip
    """Lines cannot be made smaller any more; what was sent is awaited back only by a cancel."""
    about = {"owner": row.owner, "order_id": row.id, "external_id": row.external_id}
    new = tell_once(tx, OrderChangeRefused(**about, reason=reason), now=now)
    return _answer(row, "refused", stage, new=new)


def tell_once(tx: Tx, event: Event, *, now: int) -> bool:
    """Tell *event* unless it was the last thing told of its order: who asks again hears it again,
    and nobody else does. True when it is told now."""
    mine = select(events.c.kind, events.c.body).where(events.c.aggregate == event.aggregate)
    last = tx.execute(mine.order_by(events.c.seq.desc()).limit(1)).first()
    if last is not None and (last.kind, last.body) == (event.kind, encode(event).decode()):
        return False
    emit(tx, event, now=now)
    return True


def _return_id(row: Row[Any]) -> str:
    """Our own name for the return that a late cancel prepares."""
    return f"cancel-{row.code}"


def _prepare_return(tx: Tx, row: Row[Any], now: int) -> str:
    """A return is announced for what was sent and has not come back, and told. Returns its code, ""
    where nothing is out any more."""
    line = order_lines.c
    out = (line.order_id == row.id) & (line.shipped > line.returned)
    qty = tx.execute(select(func.sum(line.shipped - line.returned)).where(out)).scalar()
    if not qty:
        return ""
    values = {
        "code": _return_id(row), "owner": row.owner, "external_id": _return_id(row),
        "kind": "return", "state": "announced", "order_id": row.id, "reason": "order.cancelled",
        "accepted_ms": now, "state_ms": now,
    }  # fmt: skip
    number = tx.execute(insert(returns).values(values).returning(returns.c.id)).scalar_one()
    code = f"R{number:07d}"
    tx.execute(update(returns).where(returns.c.id == number).values(code=code))
    left = line.shipped - line.returned
    sent = select(literal(number), line.line_no, line.item_id, left).where(out)
    names = ["return_id", "line_no", "item_id", "qty"]
    tx.execute(insert(return_lines).from_select(names, sent))
    emit(tx, ReturnAnnounced(
        owner=row.owner, return_id=number, external_id=_return_id(row), code=code,
        order=row.external_id, purpose="return", qty=int(qty),
    ), now=now)  # fmt: skip
    return code


def _lines(tx: Tx, row: Row[Any], wanted: Mapping[int, int]) -> Sequence[Row[Any]]:
    """The order's lines; `left` is what each wants now."""
    line = order_lines.c
    query = select(order_lines, (line.qty - line.cancelled).label("left"))
    lines = tx.execute(query.where(line.order_id == row.id).order_by(line.line_no)).all()
    left = {one.line_no: one.left for one in lines}
    for number, qty in wanted.items():
        if number not in left:
            raise Rejected(Code.LINE_UNKNOWN, field="lines", order=row.code, line=number)
        if qty > left[number]:
            raise Rejected(Code.LINE_GROWS, field="lines", line=number, qty=left[number])
    return lines


def _release_less(tx: Tx, row: Row[Any], less: Mapping[int, int], now: int) -> list[str]:
    """Take back as much as the lines want less: what is not promised, then what is on its shelf,
    then what lies in totes. Returns the totes whose goods go back."""
    live = allocations.c.line_id.in_(less) & allocations.c.state.in_(LIVE)
    query = select(allocations).where(live).order_by(allocations.c.id).with_for_update()
    promised = tx.execute(query).all()
    line = order_lines.c
    wants = select(line.id, (line.qty - line.cancelled - line.packed).label("left"))
    missing = {one.id: one.left for one in tx.execute(wants.where(line.id.in_(less)))}
    for one in promised:
        missing[one.line_id] -= one.qty
    give = {number: max(qty - missing[number], 0) for number, qty in less.items()}
    whole: list[int] = []
    totes: set[str] = set()
    for one in sorted(promised, key=lambda one: (one.state == "picked", -one.id)):
        qty = min(give[one.line_id], one.qty)
        give[one.line_id] -= qty
        if qty == one.qty:
            whole.append(one.id)
        elif qty:
            allocation.release_part(tx, one.id, qty=qty)
        if qty and one.state == "picked":
            totes.add(one.place)
    allocation.release(tx, whole)
    for tote in sorted(totes):
        put_back.ask_tote(tx, tote, order=row.id, now=now)
    cancel_floor.end_walks(tx, row, now=now)
    return sorted(totes)


def _shrink(tx: Tx, order: int, less: Mapping[int, int]) -> None:
    for number, qty in less.items():
        here = update(order_lines).where(order_lines.c.id == number)
        tx.execute(here.values(cancelled=order_lines.c.cancelled + qty))
    gone = orders.c.pieces - sum(less.values())
    tx.execute(update(orders).where(orders.c.id == order).values(pieces=gone))


def _answer(row: Row[Any], outcome: Any, stage: Stage, **told: Any) -> Cancelled:
    return Cancelled(
        order_id=row.id, code=row.code, owner=row.owner, external_id=row.external_id,
        outcome=outcome, stage=stage, **told,
    )  # fmt: skip
