"""Orders: accept them once, wake them on their day, change their state along the allowed ways."""

import dataclasses
from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import Struct
from sqlalchemy import Row, bindparam, insert, select, tuple_, update

from wms.db import Tx, insert_for
from wms.errors import Code, Rejected
from wms.orders import gift_papers
from wms.orders.arrival import NO_AIR
from wms.orders.check import CANCELLED_BEFORE, CHUNK, Ready, check
from wms.orders.new import Gift, NewLine, NewOrder, Recipient, customer_of, is_one_piece
from wms.record.event_kinds import Event, OrderAccepted, OrderCancelled, OrderHeld
from wms.record.events import emit
from wms.schema import documents, order_lines, orders, versions
from wms.shape import Fault, refuse_first

__all__ = [
    "WAYS", "Accepted", "Gift", "NewLine", "NewOrder", "Recipient", "accept", "accept_all",
    "accept_own", "faults", "release_hold", "set_state", "wake",
]  # fmt: skip

# From which states an order may come into each; all others are refused.
WAYS: dict[str, tuple[str, ...]] = {
    "waiting_date": ("accepted", "short", "held"),
    "accepted": ("waiting_date", "short", "released", "held"),
    "short": ("accepted", "released", "picked"),
    "released": ("accepted", "short", "picked", "held"),
    "picked": ("released", "packed", "held"),
    "packed": ("released", "picked", "held"),
    "shipped": ("packed",),
    "cancelled": (
        "waiting_date", "accepted", "short", "released", "picked", "packed", "held",
    ),
    "held": (
        "waiting_date", "accepted", "short", "released", "picked", "packed",
    ),
}  # fmt: skip


class Accepted(Struct, frozen=True, kw_only=True):
    """What the book made of an order. `new` is False for an order that it had already."""

    order_id: int
    code: str
    owner: str
    external_id: str
    state: str
    state_reason: str
    ship_date: str
    new: bool


def accept(tx: Tx, order: NewOrder, *, now: int) -> Accepted:
    """Take one order: the same again gives the same answer, another under its id is refused.

    The ship date follows from the calendar; a later one lets the order wait, a missing house
    number holds it. Refuses `KEY_REUSED` and whatever `faults` finds.
    """
    return accept_all(tx, [order], now=now)[0]


def accept_all(tx: Tx, rows: Sequence[NewOrder], *, now: int) -> list[Accepted]:
    """Take many orders together, or none of them; the answers stand in the same order."""
    checked = check(tx, rows, now=now)
    refuse_first(checked.faults)
    answers = {number: _answer(row) for number, row in checked.known.items()}
    _meet_cancels(tx, checked.ready)
    numbers = list(checked.ready)
    written = _insert(tx, [checked.ready[number] for number in numbers], now)
    answers.update(zip(numbers, written, strict=True))
    return [answers[number] for number in range(len(rows))]


def accept_own(tx: Tx, order: NewOrder, *, kind: str, origin: str, now: int) -> Accepted:
    """Take an order that the site itself makes (a replacement, a second sending), as `accept` does.

    *kind* and *origin* (return:5) say why. It is never picked as a one-piece order: its goods are
    its own from the start.
    """
    checked = check(tx, [order], now=now)
    refuse_first(checked.faults)
    if checked.known:
        return _answer(checked.known[0])
    ready = dataclasses.replace(checked.ready[0], kind=kind, origin=origin)
    return _insert(tx, [ready], now)[0]


def faults(tx: Tx, rows: Sequence[NewOrder], *, now: int) -> list[Fault]:
    """Everything that keeps *rows* out of the book, row by row; nothing is written."""
    return check(tx, rows, now=now).faults


def wake(tx: Tx, *, today: str, now: int) -> list[int]:
    """Orders whose ship date has come are accepted from now on. Returns their ids."""
    due = (orders.c.state == "waiting_date") & (orders.c.ship_date <= today)
    changed = update(orders).where(due).values(state="accepted", state_ms=now)
    return sorted(tx.execute(changed.returning(orders.c.id)).scalars())


def release_hold(tx: Tx, order_ids: Sequence[int], *, today: str, now: int) -> None:
    """Held orders go on: at once, or on their day. Refuses `ORDER_STATE` when one is elsewhere."""
    later = select(orders.c.id).where(orders.c.id.in_(order_ids), orders.c.ship_date > today)
    waiting = set(tx.execute(later).scalars())
    rest = set(order_ids) - waiting
    set_state(tx, sorted(waiting), "waiting_date", now=now, only_from=("held",))
    set_state(tx, sorted(rest), "accepted", now=now, only_from=("held",))


def set_state(
    tx: Tx, order_ids: Sequence[int], state: str, *, now: int, reason: str = "",
    only_from: tuple[str, ...] = (),
) -> int:  # fmt: skip
    """Bring orders into *state*, all or none; those in it already stay. Returns how many changed.

    Refuses `ORDER_STATE` when one is in a state that has no way there (`WAYS`, or *only_from*).
    The caller writes the event that says why.
    """
    numbers = sorted(set(order_ids))
    count = 0
    for start in range(0, len(numbers), CHUNK):
        chunk = numbers[start : start + CHUNK]
        may = orders.c.id.in_(chunk) & orders.c.state.in_(only_from or WAYS[state])
        values = {"state": state, "state_reason": reason, "state_ms": now}
        changed = tx.execute(update(orders).where(may).values(values)).rowcount
        if changed != len(chunk):
            _refuse_other_state(tx, chunk, state)
        count += changed
    return count


def _refuse_other_state(tx: Tx, chunk: Sequence[int], state: str) -> None:
    query = select(orders.c.id, orders.c.code, orders.c.state).where(orders.c.id.in_(chunk))
    found = tx.execute(query.order_by(orders.c.id)).all()
    assert len(found) == len(chunk), "orders are never deleted"
    for row in found:
        if row.state != state:
            raise Rejected(Code.ORDER_STATE, order=row.code, state=row.state, wanted=state)


def _meet_cancels(tx: Tx, ready: dict[int, Ready]) -> None:
    """A cancel that comes at this very moment meets its order at one row of `versions`.

    Whoever is second waits there for the other, and sees it: here an order that was checked as
    wanted turns out to be cancelled.
    """
    by_pair = {(one.order.owner, one.order.external_id): n for n, one in ready.items()}
    pairs = sorted(by_pair)
    pair = tuple_(versions.c.owner, versions.c.external_id)
    for start in range(0, len(pairs), CHUNK):
        chunk = pairs[start : start + CHUNK]
        rows = [{"owner": owner, "external_id": name, "version": 0} for owner, name in chunk]
        tx.execute(insert_for(tx)(versions).on_conflict_do_nothing(), rows)
        cancelled = select(versions).where(pair.in_(chunk), versions.c.cancelled == 1)
        for row in tx.execute(cancelled):
            number = by_pair[row.owner, row.external_id]
            ready[number] = dataclasses.replace(
                ready[number], state="cancelled", reason=CANCELLED_BEFORE
            )


def _insert(tx: Tx, ready: Sequence[Ready], now: int) -> list[Accepted]:
    """Write orders, their lines and their events; one statement each, whatever their number.

    Two deliveries at the same moment meet at the unique key; the later one is tried again from
    the start and finds the order known.
    """
    if not ready:
        return []
    statement = insert(orders).returning(orders.c.id, sort_by_parameter_order=True)
    ids = list(tx.execute(statement, [_row(one, now) for one in ready]).scalars())
    codes = [{"b_id": number, "b_code": _code(number)} for number in ids]
    here = orders.c.id == bindparam("b_id")
    tx.execute(update(orders).where(here).values(code=bindparam("b_code")), codes)
    lines = [line for number, one in zip(ids, ready, strict=True) for line in _lines(number, one)]
    tx.execute(insert(order_lines), lines)
    papers = [
        {"order_id": number, "kind": paper.kind, "code": paper.code, "at_ms": now}
        for number, one in zip(ids, ready, strict=True)
        for paper in one.order.documents
    ]
    chosen = gift_papers.templates(tx)
    papers += [
        {"order_id": number, "kind": kind, "code": gift_papers.code_of(_code(number), kind),
         "at_ms": now}
        for number, one in zip(ids, ready, strict=True) if one.order.shop in chosen
        for kind in gift_papers.wanted(one.order.gift, chosen[one.order.shop])
    ]  # fmt: skip
    if papers:  # announced: their boxes wait until the PDFs come
        tx.execute(insert_for(tx)(documents).on_conflict_do_nothing(), papers)
    told = [event for number, one in zip(ids, ready, strict=True) for event in _told(number, one)]
    emit(tx, *told, now=now)
    return [_answer_of(number, one) for number, one in zip(ids, ready, strict=True)]


def _code(order_id: int) -> str:
    """The order's own code, printed as a barcode."""
    return f"O{order_id:07d}"


def _row(ready: Ready, now: int) -> dict[str, Any]:
    order = ready.order
    gift = "{}" if order.gift is None else msgspec.json.encode(order.gift).decode()
    pieces = 0 if ready.state == "cancelled" else sum(line.qty for line in order.lines)
    return {
        "owner": order.owner, "shop": order.shop, "external_id": order.external_id,
        "code": f"{len(order.owner)}/{order.owner}/{order.external_id}",  # until it has its number
        "state": ready.state, "state_reason": ready.reason, "service": order.service,
        "carrier": ready.carrier, "delivery_date": order.delivery_date,
        "time_slot": order.time_slot, "ship_date": ready.ship_date.isoformat(),
        "recipient": msgspec.json.encode(order.recipient).decode(), "gift": gift,
        "notes": order.notes, "priority": order.priority, "pieces": pieces,
        "amount": order.amount, "cod": order.cod, "depot": order.depot,
        "leave_at": order.leave_at, "customer": customer_of(order),
        "one_piece": int(is_one_piece(order) and not ready.kind), "kind": ready.kind,
        "origin": ready.origin, "body_hash": ready.hash, "accepted_ms": now,
        "state_ms": now,
    }  # fmt: skip


def _lines(order_id: int, ready: Ready) -> list[dict[str, Any]]:
    gone = ready.state == "cancelled"
    return [
        {
            "order_id": order_id, "line_no": number, "item_id": item, "qty": line.qty,
            "kind": line.kind, "note": line.note, "price": line.price,
            "cancelled": line.qty if gone else 0,
        }
        for number, (line, item) in enumerate(
            zip(ready.order.lines, ready.item_ids, strict=True), start=1
        )
    ]  # fmt: skip


def _told(order_id: int, ready: Ready) -> list[Event]:
    owner, external_id = ready.order.owner, ready.order.external_id
    waits = ready.state == "waiting_date"
    told: list[Event] = [
        OrderAccepted(
            owner=owner, order_id=order_id, external_id=external_id,
            ship_date=ready.ship_date.isoformat(), waits=waits,
            later=ready.order.delivery_date if ready.reason == NO_AIR else "",
        )
    ]  # fmt: skip
    if ready.state in ("held", "cancelled"):
        kind = OrderHeld if ready.state == "held" else OrderCancelled
        told.append(
            kind(owner=owner, order_id=order_id, external_id=external_id, reason=ready.reason)
        )
    return told


def _answer(row: Row[Any]) -> Accepted:
    return Accepted(
        order_id=row.id, code=row.code, owner=row.owner, external_id=row.external_id,
        state=row.state, state_reason=row.state_reason, ship_date=row.ship_date, new=False,
    )  # fmt: skip


def _answer_of(order_id: int, ready: Ready) -> Accepted:
    return Accepted(
        order_id=order_id, code=_code(order_id), owner=ready.order.owner,
        external_id=ready.order.external_id, state=ready.state, state_reason=ready.reason,
        ship_date=ready.ship_date.isoformat(), new=True,
    )  # fmt: skip
