"""Change whom an order is for, when and how it is sent: until its label is printed.

After that the answer is a refusal, unless the label may be voided (`relabel`): then the box waits
at its bench for a new one, as long as its label was not proven.
"""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct
from sqlalchemy import Row, exists, select, update

from wms.dates import iso_date
from wms.db import Tx
from wms.errors import Code, Rejected
from wms.orders import holds, void
from wms.orders import lifecycle as order_book
from wms.orders.arrival import Goods
from wms.orders.cancel import locked, tell_once
from wms.orders.check import goods, when
from wms.orders.new import (
    NO_HOUSE_NUMBER,
    LeaveAt,
    NewLine,
    NewOrder,
    Recipient,
    Words,
    checked_dates,
    cleaned,
    has_house_number,
)
from wms.promises.allocation import usable_from
from wms.record.event_changes import OrderChanged, OrderChangeRefused
from wms.record.events import emit
from wms.schema import allocations, items, lots, order_lines, orders, parcels, services, shops
from wms.site import calendar
from wms.site.carriers import time_slot
from wms.text import shown

LABELLED = "order.labelled"  # why a change comes too late
OVER = "order.over"
EXPIRES = "order.would_expire"
BEFORE_WORK = ("waiting_date", "accepted", "short")


class Change(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is to be another; None leaves it as it is. `relabel` allows an unproven label to be
    voided."""

    recipient: Recipient | None = None
    delivery_date: Annotated[str, Meta(pattern="^([0-9]{4}-[0-9]{2}-[0-9]{2})?$")] | None = None
    time_slot: Annotated[str, Meta(max_length=8)] | None = None
    service: Annotated[str, Meta(min_length=1, max_length=32)] | None = None
    notes: Annotated[str, Meta(max_length=500)] | None = None
    depot: Words | None = None
    leave_at: LeaveAt | None = None
    relabel: bool = False


class Changed(Struct, frozen=True, kw_only=True):
    """What became of a change. `fields` names what is another than before; `reason` is the code of
    a refusal. `new` is False where everything was so before."""

    order_id: int
    code: str
    owner: str
    external_id: str
    outcome: Literal["changed", "refused"]
    state: str
    ship_date: str
    fields: tuple[str, ...] = ()
    reason: str = ""
    new: bool = True


def change(tx: Tx, order: int, wanted: Change, *, now: int) -> Changed:
    """Change *order*. Too late is an answer, not an exception.

    Refuses what an order is refused for when it arrives: dates, time slots, services, addresses.
    """
    row, boxes = locked(tx, order)
    asked = _asked(row, wanted)
    carrier = _carrier(tx, asked.service)
    site = calendar.load(tx)
    today = calendar.business_day(now, site.zone).isoformat()
    values = _values(tx, row, asked, carrier, site, now)
    fields = _differing(row, values)
    if not fields:
        return _answer(row, "changed", new=False)
    reason = _too_late(tx, row, boxes, values, relabel=wanted.relabel)
    if reason:
        new = tell_once(tx, OrderChangeRefused(**_about(row), reason=reason), now=now)
        return _answer(row, "refused", reason=reason, new=new)
    tx.execute(update(orders).where(orders.c.id == order).values(values))
    for box in boxes:
        _carry_over(tx, box, values)
    emit(tx, OrderChanged(**_about(row), fields=fields), now=now)
    _go_on(tx, row, values, asked, today, now)
    return _answer(locked(tx, order)[0], "changed", fields=fields)


def _asked(row: Row[Any], wanted: Change) -> NewOrder:
    """The order as it would arrive now, made safe; its lines are not looked at."""
    given = msgspec.structs.asdict(wanted)
    names = ("delivery_date", "time_slot", "service", "notes", "depot", "leave_at")
    kept = {name: getattr(row, name) for name in names}
    kept |= {name: given[name] for name in kept if given[name] is not None}
    stored = msgspec.json.decode(row.recipient, type=Recipient)
    return cleaned(NewOrder(
        owner=row.owner, shop=row.shop, external_id=row.external_id,
        recipient=wanted.recipient or stored, lines=(NewLine(sku="-", qty=1),), cod=row.cod, **kept,
    ))  # fmt: skip


def _carrier(tx: Tx, service: str) -> str:
    query = select(services.c.carrier).where(services.c.code == service)
    carrier: str | None = tx.scalar(query)
    if carrier is None:
        raise Rejected(Code.REFERENCE_UNKNOWN, field="service", value=shown(service))
    return carrier


def _values(
    tx: Tx, row: Row[Any], asked: NewOrder, carrier: str, site: calendar.Calendar, now: int
) -> dict[str, Any]:
    """The columns as they would be; the ship date only moves with what it follows from."""
    recipient = msgspec.json.encode(asked.recipient).decode()
    before = msgspec.json.decode(row.recipient, type=Recipient)
    moved = (
        (asked.delivery_date, carrier, asked.recipient.prefecture, asked.recipient.postal)
        != (row.delivery_date, row.carrier, before.prefecture, before.postal)
    )  # fmt: skip
    today = calendar.business_day(now, site.zone)
    checked = asked
    if asked.delivery_date == row.delivery_date:  # it was sound when it came
        checked = msgspec.structs.replace(asked, delivery_date="")
    promised = checked_dates(checked, carrier=carrier, today=today)
    if promised is None and asked.delivery_date:
        promised = iso_date(asked.delivery_date, field="delivery_date")
    planned = when(
        site, asked, _goods(tx, row.id), carrier=carrier, promised=promised, now=row.accepted_ms
    )
    return {
        "recipient": recipient, "depot": asked.depot, "leave_at": asked.leave_at,
        "delivery_date": planned.delivery_date if moved else row.delivery_date,
        "time_slot": time_slot(asked.time_slot, carrier=carrier, service=asked.service),
        "service": asked.service, "carrier": carrier, "notes": asked.notes,
        "ship_date": planned.ship_date.isoformat() if moved else row.ship_date,
    }  # fmt: skip


def _goods(tx: Tx, order: int) -> list[Goods]:
    query = (
        select(items.c.name, items.c.storage, items.c.no_air)
        .join(order_lines, order_lines.c.item_id == items.c.id)
        .where(order_lines.c.order_id == order)
        .order_by(order_lines.c.line_no)
    )
    return goods(tx.execute(query))


def _differing(row: Row[Any], values: dict[str, Any]) -> tuple[str, ...]:
    """Names of what would be another, the parts of the recipient by theirs."""
    named = (
        "delivery_date", "time_slot", "service", "notes", "depot", "leave_at", "ship_date",
    )  # fmt: skip
    fields = [name for name in named if getattr(row, name) != values[name]]
    before = msgspec.json.decode(row.recipient)
    after = msgspec.json.decode(values["recipient"])
    parts = sorted(name for name in after if after[name] != before.get(name))
    return (*(f"recipient.{name}" for name in parts), *fields)


def _too_late(
    tx: Tx, row: Row[Any], boxes: list[Row[Any]], values: dict[str, Any], *, relabel: bool
) -> str:
    """Why the change cannot be made any more: a code, or "" """
    if row.state in ("cancelled", "shipped"):
        return OVER
    states = {box.state for box in boxes}
    if states & {"closed", "loaded", "shipped"} or ("labelled" in states and not relabel):
        return LABELLED
    return EXPIRES if _would_expire(tx, row, values["ship_date"]) else ""


def _would_expire(tx: Tx, row: Row[Any], ship_date: str) -> bool:
    """Whether goods that the order has could not leave any more on a later day."""
    if ship_date <= row.ship_date:
        return False
    days = tx.execute(select(shops.c.shelf_days_min).where(shops.c.code == row.shop)).scalar_one()
    lot = (lots.c.item_id == allocations.c.item_id) & (lots.c.lot == allocations.c.lot)
    mine = (order_lines.c.id == allocations.c.line_id) & (order_lines.c.order_id == row.id)
    bad = exists().where(
        mine, lot, allocations.c.state.in_(("open", "picked")), lots.c.expiry != "",
        lots.c.expiry < usable_from(ship_date, days),
    )  # fmt: skip
    return bool(tx.scalar(select(bad)))


def _carry_over(tx: Tx, box: Row[Any], values: dict[str, Any]) -> None:
    """A box without a proven label goes with the new service; a label that it had is void."""
    if box.state not in ("open", "labelled"):
        return
    if box.state == "labelled":
        void.void_paper(tx, box.id)
    again = {
        "state": "open", "tracking": "", "labelled_ms": None, "service": values["service"],
        "carrier": values["carrier"], "ship_date": values["ship_date"],
    }  # fmt: skip
    tx.execute(update(parcels).where(parcels.c.id == box.id).values(again))


def _go_on(
    tx: Tx, row: Row[Any], values: dict[str, Any], asked: NewOrder, today: str, now: int
) -> None:
    """What follows: an order waits for another day, or an address that was missing is there."""
    later = values["ship_date"] > today
    if row.state == "held":
        if row.state_reason == NO_HOUSE_NUMBER and has_house_number(asked.recipient.address):
            holds.release(tx, row.id, today=today, now=now)
    elif row.state in BEFORE_WORK:
        state = "waiting_date" if later else row.state
        if row.state == "waiting_date" and not later:
            state = "accepted"
        if state != row.state:
            order_book.set_state(tx, [row.id], state, now=now)
    elif later and values["ship_date"] != row.ship_date:
        holds.hold(tx, row.id, reason=holds.LATER, now=now)
    if not has_house_number(asked.recipient.address) and row.state != "held":
        holds.hold(tx, row.id, reason=NO_HOUSE_NUMBER, now=now)


def _about(row: Row[Any]) -> dict[str, Any]:
    return {"owner": row.owner, "order_id": row.id, "external_id": row.external_id}


def _answer(row: Row[Any], outcome: Literal["changed", "refused"], **told: Any) -> Changed:
    return Changed(
        order_id=row.id, code=row.code, owner=row.owner, external_id=row.external_id,
        outcome=outcome, state=row.state, ship_date=row.ship_date, **told,
    )  # fmt: skip
