"""Hold an order (保留) and let it go on: before its work it waits, during it its tote is set aside.

A held order keeps its promises and its totes. `before_hold` says where it was; when it goes on,
the book is asked how far it came meanwhile, for walks are finished under a hold.
"""

from functools import cache
from typing import Any

from msgspec import Struct
from sqlalchemy import Row, Select, bindparam, exists, select, update

from wms.db import Tx
from wms.errors import Code, Rejected
from wms.orders import lifecycle as order_book
from wms.orders.cancel import locked
from wms.orders.cancel_floor import all_closed, is_walked
from wms.promises.shortfalls import lacking
from wms.record.event_changes import OrderContinued
from wms.record.event_kinds import OrderHeld, OrderPacked, OrderPicked
from wms.record.events import emit
from wms.schema import allocations, orders, tours
from wms.text import clean

REASON_CHARACTERS = 100
LATER = "order.later_date"  # why an order in work is held: its day is another one now
BY_HAND = "order.held_by_hand"  # the reason where nobody gave one
AT_WORK = ("released", "picked", "packed")
OF_A_RETURN = ("return.exchange_waits", "return.repair_waits")  # these holds end with the return


class Held(Struct, frozen=True, kw_only=True):
    """Where an order stands after a hold or its release; `new` is False if it stood there before.

    `before_hold` is where a held order was.
    """

    order_id: int
    code: str
    owner: str
    external_id: str
    state: str
    state_reason: str
    before_hold: str
    new: bool


def hold(tx: Tx, order: int, *, reason: str = "", now: int) -> Held:
    """Nothing of *order* leaves until it is released. Refuses `ORDER_STATE` when it is over."""
    row, _boxes = locked(tx, order)
    if row.state == "held":
        return _view(row, new=False)
    if row.state in ("shipped", "cancelled"):
        raise Rejected(Code.ORDER_STATE, order=row.code, state=row.state, wanted="held")
    why = clean(reason, field="reason", max=REASON_CHARACTERS) or BY_HAND
    order_book.set_state(tx, [order], "held", now=now, reason=why)
    tx.execute(update(orders).where(orders.c.id == order).values(before_hold=row.state))
    emit(tx, OrderHeld(**_about(row), reason=why), now=now)
    return _view(locked(tx, order)[0], new=True)


def release(
    tx: Tx, order: int, *, today: str, now: int, by_return: bool = False
) -> Held:  # fmt: skip
    """A held order goes on from where it is by now. No effect on one that is not held.

    Refuses `ORDER_STATE` for a replacement or a repair: it waits for what came back, nobody else
    (*by_return*: that has been looked at).
    """
    row, _boxes = locked(tx, order)
    if row.state != "held":
        return _view(row, new=False)
    if row.state_reason in OF_A_RETURN and not by_return:
        raise Rejected(Code.ORDER_STATE, order=row.code, state=row.state_reason, wanted="accepted")
    state = _where(tx, row, today)
    order_book.set_state(tx, [order], state, now=now, only_from=("held",))
    tx.execute(update(orders).where(orders.c.id == order).values(before_hold=""))
    told: list[Any] = [OrderContinued(**_about(row), state=state)]
    if state != row.before_hold and state in ("picked", "packed"):
        told.append((OrderPicked if state == "picked" else OrderPacked)(**_about(row)))
    emit(tx, *told, now=now)
    return _view(locked(tx, order)[0], new=True)


def is_due(tx: Tx, today: str) -> bool:
    """Whether an order that waits under a hold for its later day has come to it."""
    return tx.execute(_one_due(), {"today": today}).first() is not None


def wake(tx: Tx, *, today: str, now: int) -> list[int]:
    """Orders in work whose later day has come go on from where they are. Returns their ids."""
    woken = list(tx.scalars(_due().order_by(orders.c.id), {"today": today}))
    for order in woken:  # few: the customer changed the day while it was on the floor
        release(tx, order, today=today, now=now)
    return woken


@cache
def _due() -> Select[int]:
    waits = (orders.c.state == "held") & (orders.c.state_reason == LATER)
    return select(orders.c.id).where(waits, orders.c.ship_date <= bindparam("today"))


@cache
def _one_due() -> Select[int]:
    """The planner asks it after every change."""
    return _due().limit(1)


def _where(tx: Tx, row: Row[Any], today: str) -> str:
    """The state in which a held order goes on."""
    before: str = row.before_hold
    if before not in AT_WORK:
        if row.ship_date > today:
            return "waiting_date"
        return "short" if before == "short" else "accepted"
    if all_closed(tx, row.id):
        return "packed"
    if is_walked(tx, row.id):
        return "released"
    if row.one_piece and not _has_own(tx, row):
        return "released" if _total_is_walked(tx, row.wave_id) else before
    return "short" if lacking(tx, row.id) else "picked"


def _has_own(tx: Tx, row: Row[Any]) -> bool:
    """Whether the unit of a one-piece order is its own by now, and not its wave's."""
    return not lacking(tx, row.id)


def _total_is_walked(tx: Tx, wave: int) -> bool:
    walked = (tours.c.wave_id == wave) & tours.c.state.in_(("open", "claimed"))
    total = exists().where(walked, tours.c.kind == "total")
    unbound = exists().where(
        allocations.c.wave_id == wave, allocations.c.line_id.is_(None),
        allocations.c.state == "picked",
    )  # fmt: skip
    return bool(tx.scalar(select(total))) or not tx.scalar(select(unbound))


def _about(row: Row[Any]) -> dict[str, Any]:
    return {"owner": row.owner, "order_id": row.id, "external_id": row.external_id}


def _view(row: Row[Any], *, new: bool) -> Held:
    return Held(
        order_id=row.id, code=row.code, owner=row.owner, external_id=row.external_id,
        state=row.state, state_reason=row.state_reason, before_hold=row.before_hold, new=new,
    )  # fmt: skip
