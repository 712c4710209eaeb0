"""Orders that lack stock: they wait, go on without it, are given up as a whole, or a lead decides.

Before the walk an order gets all of its goods or none, and waits (`orders_short`). On the walk,
when a shelf did not hold what was promised and no other does, its owner's rule decides
(`owners.short_policy`), the same whoever finds out:

* wait: the order waits for stock, with the goods that it has set aside;
* ship_short: the rest is cancelled, the OMS hears of it, the order goes on;
* never_split: its promises are taken back, and what was picked goes back to the shelves;
* ask: it waits until a lead has said which of the three it is to be (`decide`).

An order of which nothing would be left is never cut: it waits. One for the very units that came
back (a repair, a second sending, goods for their owner) is never served with others: whatever its
owner's rule, a lead is asked, and what is nowhere to be found ends when the order is cancelled.
"""

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal, get_args

from sqlalchemy import Select, String, bindparam, cast, func, literal, select, update

from wms import tasks
from wms.db import Tx
from wms.errors import Code, Rejected
from wms.orders import lifecycle as order_book
from wms.promises import allocation as promises
from wms.promises.allocate import Missing
from wms.record.event_kinds import OrderShort, OrderShortened
from wms.record.events import emit
from wms.replenish import refills
from wms.schema import allocations, items, order_lines, orders, owners, stops
from wms.schema import tasks as tasks_table

Verdict = Literal["wait", "ship_short", "never_split"]
VERDICTS: tuple[Verdict, ...] = get_args(Verdict)
DECIDE = "decide_short"  # kind of the task that asks a lead


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """Codes of orders: those that wait, that go on without the rest, that a lead decides on."""

    waiting: tuple[str, ...] = ()
    cut: tuple[str, ...] = ()
    undecided: tuple[str, ...] = ()


def orders_short(tx: Tx, missing: Sequence[Missing], now: int) -> tuple[str, ...]:
    """Tell which lines wait for stock; their orders are short now. Returns the orders' codes."""
    if not missing:
        return ()
    missing_of = {one.line: one.qty for one in missing}
    query = (
        select(orders.c.id, orders.c.code, orders.c.owner, orders.c.external_id, orders.c.state,
               orders.c.kind, order_lines.c.id.label("line"), order_lines.c.line_no,
               order_lines.c.item_id, items.c.sku)
        .join(order_lines, order_lines.c.order_id == orders.c.id)
        .join(items, items.c.id == order_lines.c.item_id)
        .where(order_lines.c.id.in_(missing_of))
        .order_by(orders.c.id, order_lines.c.line_no)
    )  # fmt: skip
    rows = list(tx.execute(query))
    brought = refills.in_reserve(tx, {row.item_id for row in rows})
    walking = [row.id for row in rows if row.state in ("accepted", "released", "picked")]
    order_book.set_state(tx, walking, "short", now=now)
    told = [
        OrderShort(
            owner=row.owner, order_id=row.id, external_id=row.external_id, line_no=row.line_no,
            sku=row.sku, missing=missing_of[row.line],
            coming=0 if row.kind in promises.OWN_GOODS
            else min(missing_of[row.line], brought.get(row.item_id, 0)),
        )
        for row in rows
    ]  # fmt: skip
    emit(tx, *told, now=now)
    return tuple(dict.fromkeys(row.code for row in rows))


def settle_missing(
    tx: Tx, missing: Sequence[Missing], *, key: str, now: int, whole_orders: bool = False
) -> Settled:
    """What was promised and is nowhere: each owner's rule decides about its orders.

    *key* is the cause. *whole_orders*: nothing of them is left, so they wait.
    """
    if not missing:
        return Settled()
    if whole_orders:
        return Settled(waiting=orders_short(tx, missing, now))
    policy = _policies(tx, missing)
    by_rule: dict[str, list[Missing]] = defaultdict(list)
    for one in missing:
        by_rule[policy[one.order].rule].append(one)
    waiting = orders_short(tx, [one for one in missing if policy[one.order].rule != "cut"], now)
    _cancel_rest(tx, by_rule["cut"], now)
    _give_back(tx, {one.order for one in by_rule["never_split"]})
    asked = {one.order: policy[one.order].code for one in by_rule["ask"]}
    for order, code in asked.items():
        lacking = sum(one.qty for one in by_rule["ask"] if one.order == order)
        tasks.open_task(
            tx, key=f"{DECIDE}:{order}:{key}", kind=DECIDE, now=now, ref=f"order:{order}",
            body={"order": code, "missing": lacking}, priority=3,
        )  # fmt: skip
    return Settled(
        waiting=tuple(code for code in waiting if code not in asked.values()),
        cut=tuple(dict.fromkeys(policy[one.order].code for one in by_rule["cut"])),
        undecided=tuple(asked.values()),
    )


@dataclass(frozen=True, slots=True)
class Undecided:
    """A short order on which a lead is to decide. `task` is the question's id."""

    order: int
    code: str
    owner: str
    missing: int
    task: int


def undecided(tx: Tx, *, tour: int | None = None) -> tuple[Undecided, ...]:
    """The questions that are open, the oldest first; with *tour*, those about its orders."""
    query = _undecided() if tour is None else _undecided_of_tour()
    return tuple(
        Undecided(row.id, row.code, row.owner, int(json.loads(row.body)["missing"]), row.task)
        for row in tx.execute(query, {"tour": tour} if tour is not None else {})
    )


@cache
def _undecided() -> Select[Any]:
    return (
        select(tasks_table.c.id.label("task"), tasks_table.c.body, orders)
        .join(orders, tasks_table.c.ref == literal("order:") + cast(orders.c.id, String))
        .where(tasks_table.c.kind == DECIDE, tasks_table.c.state.in_(("open", "claimed")))
        .where(orders.c.state == "short")
        .order_by(tasks_table.c.id)
    )


@cache
def _undecided_of_tour() -> Select[Any]:
    """Every scan of a picker asks this, so it is built once."""
    mine = (
        select(order_lines.c.order_id)
        .join(allocations, allocations.c.line_id == order_lines.c.id)
        .join(stops, stops.c.allocation_id == allocations.c.id)
        .where(stops.c.tour_id == bindparam("tour"))
    )
    return _undecided().where(orders.c.id.in_(mine))


def decide(tx: Tx, *, order: int, verdict: Verdict, now: int, today: str) -> None:
    """A lead has said what becomes of a short order; the question is over.

    Refuses `ORDER_STATE` unless it is short, and `ORDER_NOTHING_LEFT` to ship nothing. That
    somebody may say so is checked before.
    """
    row = tx.execute(select(orders).where(orders.c.id == order).with_for_update()).one()
    if row.state != "short":
        raise Rejected(Code.ORDER_STATE, order=row.code, state=row.state, wanted="short")
    needs = promises.needs(tx, [order], today=today)
    missing = [Missing(need.order, need.line, need.item, need.qty) for need in needs]
    if verdict == "ship_short":
        if _left(tx, missing)[order] <= 0:
            raise Rejected(Code.ORDER_NOTHING_LEFT, order=row.code)
        _cancel_rest(tx, missing, now)
        order_book.set_state(tx, [order], "released", now=now)
    elif verdict == "never_split":
        _give_back(tx, {order})
    mine = (tasks_table.c.kind == DECIDE) & (tasks_table.c.ref == f"order:{order}")
    live = mine & tasks_table.c.state.in_(("open", "claimed"))
    over = {"state": "done", "outcome": verdict, "done_ms": now}
    tx.execute(update(tasks_table).where(live).values(over))


@dataclass(frozen=True, slots=True)
class _Rule:
    code: str
    rule: str  # wait, never_split, ask, or cut


def _policies(tx: Tx, missing: Sequence[Missing]) -> dict[int, _Rule]:
    """The rule for each order; one of which nothing would be left waits, and so does one for which
    the reserve brings all that is missing: it is not short of stock, only of time."""
    query = (
        select(orders.c.id, orders.c.code, orders.c.state, orders.c.kind, owners.c.short_policy)
        .join(owners, owners.c.code == orders.c.owner)
        .where(orders.c.id.in_({one.order for one in missing}))
    )
    left = _left(tx, missing)
    brought = refills.in_reserve(tx, {one.item for one in missing})
    stuck = {one.order for one in missing if brought.get(one.item, 0) < one.qty}
    return {
        row.id: _Rule(
            row.code,
            _rule(row, left[row.id])
            if row.id in stuck or row.kind in promises.OWN_GOODS
            else "wait",
        )
        for row in tx.execute(query)
    }


def _rule(row: Any, left: int) -> str:
    if row.kind in promises.OWN_GOODS:
        return "ask"
    if row.short_policy != "ship_short":
        return str(row.short_policy)
    return "cut" if left > 0 and row.state == "released" else "wait"


def _left(tx: Tx, missing: Sequence[Missing]) -> dict[int, int]:
    """How many eaches each order would still send without what is missing."""
    numbers = {one.order for one in missing}
    query = (
        select(order_lines.c.order_id, func.sum(order_lines.c.qty - order_lines.c.cancelled))
        .where(order_lines.c.order_id.in_(numbers))
        .group_by(order_lines.c.order_id)
    )
    left = {row[0]: int(row[1]) for row in tx.execute(query)}
    for one in missing:
        left[one.order] -= one.qty
    return left


def _cancel_rest(tx: Tx, missing: Sequence[Missing], now: int) -> None:
    """What is missing is not wanted any more, and the OMS hears of it."""
    if not missing:
        return
    lines = order_lines.c.id == bindparam("b_line")
    cut = update(order_lines).where(lines)
    tx.execute(
        cut.values(cancelled=order_lines.c.cancelled + bindparam("b_qty")),
        [{"b_line": one.line, "b_qty": one.qty} for one in missing],
    )
    fewer = update(orders).where(orders.c.id == bindparam("b_order"))
    tx.execute(
        fewer.values(pieces=orders.c.pieces - bindparam("b_qty")),
        [{"b_order": one.order, "b_qty": one.qty} for one in missing],
    )
    missing_of = {one.line: one.qty for one in missing}
    query = (
        select(orders.c.id, orders.c.owner, orders.c.external_id, order_lines.c.id.label("line"),
               order_lines.c.line_no, items.c.sku)
        .join(order_lines, order_lines.c.order_id == orders.c.id)
        .join(items, items.c.id == order_lines.c.item_id)
        .where(order_lines.c.id.in_(missing_of))
        .order_by(orders.c.id, order_lines.c.line_no)
    )  # fmt: skip
    told = [
        OrderShortened(
            owner=row.owner, order_id=row.id, external_id=row.external_id, line_no=row.line_no,
            sku=row.sku, cancelled=missing_of[row.line],
        )
        for row in tx.execute(query)
    ]  # fmt: skip
    emit(tx, *told, now=now)


def _give_back(tx: Tx, order_ids: set[int]) -> None:
    """Every promise to these orders ends: what lies on shelves is free, what was picked is put
    back from its tote once that was set down."""
    query = (
        select(allocations.c.id)
        .join(order_lines, order_lines.c.id == allocations.c.line_id)
        .where(order_lines.c.order_id.in_(order_ids))
        .where(allocations.c.state.in_(("open", "picked")))
        .order_by(allocations.c.id)
    )
    promises.release(tx, list(tx.scalars(query)))
