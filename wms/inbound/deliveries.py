"""Deliveries: announced once, opened by their first receipt, closed with their differences told.

What arrives of them is booked in `wms.inbound.receiving`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from msgspec import Struct
from sqlalchemy import ColumnElement, Row, and_, bindparam, func, insert, or_, select, update

from wms.db import Tx
from wms.errors import Code, Rejected
from wms.inbound.new import NewInbound, NewInboundLine, Ready, check
from wms.people import staff
from wms.record.event_kinds import (
    InboundAnnounced,
    InboundCancelled,
    InboundDifference,
    InboundReceived,
)
from wms.record.events import emit
from wms.schema import inbound_lines, inbound_units, inbounds, items, owners
from wms.shape import Fault, refuse_first
from wms.text import shown

__all__ = [
    "BLIND", "AnnouncedInbound", "NewInbound", "NewInboundLine", "announce", "announce_all",
    "blind", "cancel", "close", "differences", "faults", "find", "waiting",
]  # fmt: skip

OPEN = ("expected", "receiving")  # states in which goods may still come in
BLIND = "receive_blind"  # what a person needs who receives without papers
# Why a delivery differs from its papers: codes whose words are receive.why.<code>.
SHORT_REASONS = ("supplier_short", "carrier_lost", "comes_later")
OVER_REASONS = ("supplier_over", "wrong_paper", "free_goods")
DAMAGE_REASONS = ("crushed", "wet", "leaking", "other")


class AnnouncedInbound(Struct, frozen=True, kw_only=True):
    """What the book made of a delivery. `new` is False for one that it had already."""

    inbound_id: int
    code: str
    owner: str
    external_id: str
    state: str
    new: bool


@dataclass(frozen=True, slots=True)
class Difference:
    """A line whose count is not what was announced. Numbers in eaches."""

    line: int
    line_no: int
    sku: str
    announced: int
    received: int
    damaged: int
    reason: str

    @property
    def missing(self) -> int:
        """How many did not come; negative when more came."""
        return self.announced - self.received - self.damaged


@dataclass(frozen=True, slots=True)
class Waiting:
    """Deliveries that have begun and are not closed: how many, and the oldest one's code.

    `since_ms` is when that one began; 0 when there is none.
    """

    count: int
    oldest: str = ""
    since_ms: int = 0


def announce(tx: Tx, row: NewInbound, *, now: int) -> AnnouncedInbound:
    """Take one delivery: the same again gives the same answer, another under its id is refused.

    Refuses `KEY_REUSED` and whatever `faults` finds.
    """
    return announce_all(tx, [row], now=now)[0]


def announce_all(tx: Tx, rows: Sequence[NewInbound], *, now: int) -> list[AnnouncedInbound]:
    """Take many deliveries together, or none of them; the answers stand in the same order."""
    checked = check(tx, rows)
    refuse_first(checked.faults)
    answers = {number: _answer(row) for number, row in checked.known.items()}
    numbers = list(checked.ready)
    written = _insert(tx, [checked.ready[number] for number in numbers], now)
    answers.update(zip(numbers, written, strict=True))
    return [answers[number] for number in range(len(rows))]


def faults(tx: Tx, rows: Sequence[NewInbound]) -> list[Fault]:
    """Everything that keeps *rows* out of the book, row by row; nothing is written."""
    return check(tx, rows).faults


def blind(tx: Tx, *, owner: str, person: int, key: str, now: int) -> int:
    """Open a delivery of *owner* that nobody announced. Returns its id; the same *key*, the same.

    Refuses `PERMISSION_MISSING` (`receive_blind`) and an unknown owner.
    """
    staff.must(tx, person, BLIND, owner)
    if tx.execute(select(owners.c.code).where(owners.c.code == owner)).first() is None:
        raise Rejected(Code.REFERENCE_UNKNOWN, field="owner", value=shown(owner))
    external_id = f"blind:{key}"
    here = (inbounds.c.owner == owner) & (inbounds.c.external_id == external_id)
    before = tx.execute(select(inbounds.c.id).where(here)).scalar()
    if before is not None:
        return int(before)
    row = {
        "owner": owner, "external_id": external_id, "kind": "blind", "state": "receiving",
        "code": external_id, "accepted_ms": now, "state_ms": now,
    }  # fmt: skip
    number = int(tx.execute(insert(inbounds).values(row).returning(inbounds.c.id)).scalar_one())
    tx.execute(update(inbounds).where(inbounds.c.id == number).values(code=_code(number)))
    emit(tx, InboundAnnounced(
        owner=owner, inbound_id=number, external_id=external_id, code=_code(number), lines=0,
        qty=0, expected_date="",
    ), now=now)  # fmt: skip
    return number


def cancel(tx: Tx, inbound: int, *, now: int, reason: str = "") -> bool:
    """The delivery will not come. False when it was cancelled before.

    Refuses `INBOUND_STATE` once anything of it was received.
    """
    row = get(tx, inbound)
    if row.state == "cancelled":
        return False
    here = (inbounds.c.id == inbound) & (inbounds.c.state == "expected")
    changed = update(inbounds).where(here).values(state="cancelled", state_ms=now)
    if tx.execute(changed).rowcount != 1:
        raise Rejected(Code.INBOUND_STATE, inbound=row.code, state=get(tx, inbound).state)
    emit(tx, InboundCancelled(
        owner=row.owner, inbound_id=inbound, external_id=row.external_id, code=row.code,
        reason=reason,
    ), now=now)  # fmt: skip
    return True


def begin(tx: Tx, inbound: int, *, now: int, dock: str = "") -> Row[Any]:
    """Goods of this delivery are here: nobody else changes its state until this is committed.

    Returns its row. Refuses `INBOUND_STATE` when it is closed or cancelled.
    """
    here = (inbounds.c.id == inbound) & inbounds.c.state.in_(OPEN)
    values: dict[str, Any] = {"state": "receiving"}
    tx.execute(update(inbounds).where(here, inbounds.c.state == "expected").values(state_ms=now))
    if dock:
        tx.execute(update(inbounds).where(here, inbounds.c.dock == "").values(dock=dock))
    if tx.execute(update(inbounds).where(here).values(values)).rowcount != 1:
        row = get(tx, inbound)
        raise Rejected(Code.INBOUND_STATE, inbound=row.code, state=row.state)
    return get(tx, inbound)


def close(tx: Tx, inbound: int, *, now: int, reason: str = "") -> tuple[Difference, ...]:
    """Nothing more comes of this delivery. Returns the differences, and tells its owner.

    *reason* is of every line that is short. Closing what is closed changes nothing. Refuses
    `INBOUND_SHORT` without a reason when something is missing, and `INBOUND_STATE` when it was
    cancelled.
    """
    row = get(tx, inbound)
    if row.state == "received":
        return differences(tx, inbound)
    row = begin(tx, inbound, now=now)
    found = differences(tx, inbound)
    missing = [one for one in found if one.missing > 0]
    if missing and not reason:
        first = missing[0]
        raise Rejected(
            Code.INBOUND_SHORT, inbound=row.code, item=first.sku, expected=first.announced,
            scanned=first.received + first.damaged,
        )  # fmt: skip
    if missing:
        assert reason in SHORT_REASONS, reason
        mine = inbound_lines.c.id.in_([one.line for one in missing])
        tx.execute(update(inbound_lines).where(mine).values(reason=reason))
    done = {"state": "received", "state_ms": now}
    tx.execute(update(inbounds).where(inbounds.c.id == inbound).values(done))
    found = differences(tx, inbound)
    emit(tx, _closed(tx, row, found), now=now)
    return found


def differences(tx: Tx, inbound: int) -> tuple[Difference, ...]:
    """Lines of which not exactly what was announced came, or not all of it sound."""
    counted = inbound_lines.c.received + inbound_lines.c.damaged
    wrong = or_(counted != inbound_lines.c.qty, inbound_lines.c.damaged > 0)
    query = (
        select(inbound_lines, items.c.sku)
        .join(items, items.c.id == inbound_lines.c.item_id)
        .where(inbound_lines.c.inbound_id == inbound, wrong)
        .order_by(inbound_lines.c.line_no)
    )
    return tuple(
        Difference(
            row.id, row.line_no, row.sku, row.qty, row.received, row.damaged, row.reason
        )
        for row in tx.execute(query)
    )  # fmt: skip


def get(tx: Tx, inbound: int) -> Row[Any]:
    """Its row. Refuses `INBOUND_UNKNOWN`."""
    row = tx.execute(select(inbounds).where(inbounds.c.id == inbound)).first()
    if row is None:
        raise Rejected(Code.INBOUND_UNKNOWN, value=inbound)
    return row


def find(tx: Tx, reference: str, *, owner: str = "") -> Row[Any]:
    """By its code, its number, or the owner's own id. Refuses `INBOUND_UNKNOWN`, and
    `INBOUND_AMBIGUOUS` when several owners use the same id."""
    meant: list[ColumnElement[bool]] = [
        inbounds.c.code == reference.upper(), inbounds.c.external_id == reference,
    ]  # fmt: skip
    if reference.isascii() and reference.isdigit() and len(reference) <= 12:
        meant.append(inbounds.c.id == int(reference))
    chosen = and_(or_(*meant), inbounds.c.owner == owner) if owner else or_(*meant)
    rows = tx.execute(select(inbounds).where(chosen).order_by(inbounds.c.id)).all()
    exact = [row for row in rows if row.code == reference.upper()] or [
        row for row in rows if row.external_id == reference
    ]
    rows = exact or rows
    if not rows:
        raise Rejected(Code.INBOUND_UNKNOWN, value=shown(reference))
    if len(rows) > 1:
        whose = ", ".join(sorted(row.owner for row in rows))
        raise Rejected(Code.INBOUND_AMBIGUOUS, value=shown(reference), owners=whose)
    return rows[0]


def waiting(tx: Tx) -> Waiting:
    """What was begun and is not inspected to the end (入荷検品待ち): the lead's number 8."""
    begun = inbounds.c.state == "receiving"
    count = tx.execute(select(func.count()).select_from(inbounds).where(begun)).scalar_one()
    oldest = tx.execute(
        select(inbounds.c.code, inbounds.c.state_ms)
        .where(begun)
        .order_by(inbounds.c.state_ms, inbounds.c.id)
        .limit(1)
    ).first()
    return Waiting(int(count), oldest.code, oldest.state_ms) if oldest else Waiting(0)


def _closed(tx: Tx, row: Row[Any], found: Sequence[Difference]) -> InboundReceived:
    lines = select(
        func.coalesce(func.sum(inbound_lines.c.received), 0).label("received"),
        func.coalesce(func.sum(inbound_lines.c.damaged), 0).label("damaged"),
    ).where(inbound_lines.c.inbound_id == row.id)
    sums = tx.execute(lines).one()
    return InboundReceived(
        owner=row.owner, inbound_id=row.id, external_id=row.external_id, code=row.code,
        received=int(sums.received), damaged=int(sums.damaged),
        differences=tuple(
            InboundDifference(
                line_no=one.line_no, sku=one.sku, announced=one.announced, received=one.received,
                damaged=one.damaged, reason=one.reason,
            )
            for one in found
        ),
    )  # fmt: skip


def _insert(tx: Tx, ready: Sequence[Ready], now: int) -> list[AnnouncedInbound]:
    """Deliveries, lines, units and events: one statement each, whatever their number."""
    if not ready:
        return []
    statement = insert(inbounds).returning(inbounds.c.id, sort_by_parameter_order=True)
    ids = list(tx.execute(statement, [_row(one, now) for one in ready]).scalars())
    codes = [{"b_id": number, "b_code": _code(number)} for number in ids]
    here = inbounds.c.id == bindparam("b_id")
    tx.execute(update(inbounds).where(here).values(code=bindparam("b_code")), codes)
    lines = [line for number, one in zip(ids, ready, strict=True) for line in _lines(number, one)]
    written = insert(inbound_lines).returning(inbound_lines.c.id, sort_by_parameter_order=True)
    line_ids = iter(list(tx.execute(written, lines).scalars()))
    units = [
        unit for number, one in zip(ids, ready, strict=True)
        for unit in _units(number, one, [next(line_ids) for _ in one.item_ids])
    ]  # fmt: skip
    if units:
        tx.execute(insert(inbound_units), units)
    emit(tx, *(_told(number, one) for number, one in zip(ids, ready, strict=True)), now=now)
    return [
        AnnouncedInbound(
            inbound_id=number, code=_code(number), owner=one.inbound.owner,
            external_id=one.inbound.external_id, state="expected", new=True,
        )
        for number, one in zip(ids, ready, strict=True)
    ]  # fmt: skip


def _code(inbound: int) -> str:
    """The delivery's own code, printed as a barcode."""
    return f"IN{inbound:07d}"


def _row(ready: Ready, now: int) -> dict[str, Any]:
    row = ready.inbound
    return {
        "owner": row.owner, "external_id": row.external_id, "kind": row.kind, "state": "expected",
        "code": f"{len(row.owner)}/{row.owner}/{row.external_id}",  # until it has its number
        "supplier": row.supplier, "expected_date": row.expected_date, "dock": row.dock,
        "notes": row.notes, "body_hash": ready.hash, "accepted_ms": now, "state_ms": now,
    }  # fmt: skip


def _lines(inbound: int, ready: Ready) -> list[dict[str, Any]]:
    return [
        {
            "inbound_id": inbound, "line_no": number, "item_id": item, "qty": line.qty,
            "lot": line.lot, "expiry": line.expiry,
        }
        for number, (line, item) in enumerate(
            zip(ready.inbound.lines, ready.item_ids, strict=True), start=1
        )
    ]  # fmt: skip


def _units(inbound: int, ready: Ready, line_ids: Sequence[int]) -> list[dict[str, Any]]:
    """Its labels, tags and numbers. A serial number is one within its item: the item goes first."""
    found: list[dict[str, Any]] = [
        {"inbound_id": inbound, "kind": "sscc", "code": sscc, "line_id": None}
        for sscc in ready.inbound.ssccs
    ]
    for line, item, line_id in zip(ready.inbound.lines, ready.item_ids, line_ids, strict=True):
        units = [("epc", epc) for epc in line.epcs]
        units += [("serial", f"{item}/{serial}") for serial in line.serials]
        found += [
            {"inbound_id": inbound, "kind": kind, "code": unit, "line_id": line_id}
            for kind, unit in units
        ]
    return found


def _told(inbound: int, ready: Ready) -> InboundAnnounced:
    row = ready.inbound
    return InboundAnnounced(
        owner=row.owner, inbound_id=inbound, external_id=row.external_id, code=_code(inbound),
        lines=len(row.lines), qty=sum(line.qty for line in row.lines),
        expected_date=row.expected_date,
    )  # fmt: skip


def _answer(row: Row[Any]) -> AnnouncedInbound:
    return AnnouncedInbound(
        inbound_id=row.id, code=row.code, owner=row.owner, external_id=row.external_id,
        state=row.state, new=False,
    )  # fmt: skip
