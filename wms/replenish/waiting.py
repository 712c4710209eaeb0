"""Replenishment as the board tells it: which orders wait for it, and what is on its way."""

from dataclasses import dataclass

import msgspec
from sqlalchemy import func, select

from wms.db import Tx
from wms.promises import allocation
from wms.replenish import refills
from wms.replenish.refills import KIND, LIVE, ORDERS_MAX, URGENT
from wms.schema import allocations, items, orders
from wms.schema import tasks as tasks_table


@dataclass(frozen=True, slots=True)
class Blocked:
    """A short order of which the reserve has, or brings, what is missing of one item, in eaches."""

    order: int
    code: str
    sku: str
    missing: int


@dataclass(frozen=True, slots=True)
class Refilling:
    """A live task: `qty` eaches of an item for *place*; `claimed` by somebody or not."""

    place: str
    sku: str
    qty: int
    urgent: bool
    claimed: bool


def blocked(tx: Tx) -> tuple[Blocked, ...]:
    """The orders that replenishment would let go on, the most urgent first."""
    short = (
        select(orders.c.id, orders.c.code)
        .where(orders.c.state == "short")
        .order_by(orders.c.priority.desc(), orders.c.accepted_ms, orders.c.id)
        .limit(ORDERS_MAX)
    )
    code_of = {row.id: row.code for row in tx.execute(short)}
    if not code_of:
        return ()
    needs = allocation.needs(tx, list(code_of), today="")
    wanted = sorted({need.item for need in needs})
    brought = refills.in_reserve(tx, wanted)
    sku = {row.id: row.sku for row in tx.execute(
        select(items.c.id, items.c.sku).where(items.c.id.in_(wanted))
    )}  # fmt: skip
    return tuple(
        Blocked(need.order, code_of[need.order], sku[need.item], need.qty)
        for need in needs
        if brought.get(need.item) and not need.own
    )


def running(tx: Tx) -> tuple[Refilling, ...]:
    """Live replenishments, those that orders wait for first."""
    query = (
        select(tasks_table.c.place, tasks_table.c.body, tasks_table.c.priority,
               tasks_table.c.state, func.sum(allocations.c.qty).label("qty"))
        .join(allocations, allocations.c.task_id == tasks_table.c.id)
        .where(tasks_table.c.kind == KIND, tasks_table.c.state.in_(LIVE))
        .where(allocations.c.state.in_(allocation.LIVE))
        .group_by(tasks_table.c.id)
        .order_by(tasks_table.c.priority.desc(), tasks_table.c.id)
    )  # fmt: skip
    return tuple(
        Refilling(
            row.place, str(msgspec.json.decode(row.body, type=dict[str, str | int])["sku"]),
            int(row.qty), row.priority >= URGENT, row.state == "claimed",
        )
        for row in tx.execute(query)
    )  # fmt: skip
