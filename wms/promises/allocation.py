"""Promises: stock allocated to order lines, to a wave whose one-piece orders share a total, or to
a task (a replenishment, the materials of a kit).

A promise follows the goods: picking moves quantity and promise together into the tote; it ends
when the goods are packed, put down where a task wanted them, or when it is released.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Row, bindparam, func, insert, select, update

from wms import stock as ledger
from wms.db import Tx
from wms.errors import Code, Rejected
from wms.promises.allocate import Free, Missing, Need, Plan, Take, plan
from wms.schema import allocations, lots, moves, order_lines, orders, places, shops, stock
from wms.schema.goods import PICKABLE
from wms.stock import Key, Move

KEY_COLUMNS = ("place", "item_id", "lot", "condition", "serial")
LIVE = ("open", "picked")
OWN_GOODS = ("repair", "reship", "transfer")  # orders for the very units that came back
PICK, FETCH = "pick", "fetch"  # why goods moved: for an order, or for a task


class Promised(NamedTuple):
    """A new allocation. `line` is None where the units are promised to the wave."""

    allocation: int
    line: int | None
    key: Key
    qty: int


def usable_from(ship_date: str, shelf_days_min: int) -> str:
    """The earliest expiry that may leave on *ship_date*: the one rule, for every screen.

    Goods may be sent on their expiry date itself when the shop asks for no remaining days.

    >>> usable_from("2026-11-22", 0), usable_from("2026-11-22", 30)
    ('2026-11-22', '2026-12-22')
    """
    return (date.fromisoformat(ship_date) + timedelta(days=shelf_days_min)).isoformat()


def needs(tx: Tx, order_ids: Sequence[int], *, today: str) -> list[Need]:
    """What the lines of *order_ids* still want beyond what they have, most urgent order first."""
    live = allocations.c.state.in_(LIVE)
    has = (
        select(allocations.c.line_id, func.sum(allocations.c.qty).label("qty"))
        .where(live, allocations.c.line_id.is_not(None))
        .group_by(allocations.c.line_id)
        .subquery()
    )
    wanted = (
        order_lines.c.qty - order_lines.c.cancelled - order_lines.c.packed
        - func.coalesce(has.c.qty, 0)
    )  # fmt: skip
    query = (
        select(
            orders.c.id, order_lines.c.id.label("line"), order_lines.c.item_id,
            wanted.label("wanted"), orders.c.ship_date, orders.c.kind, shops.c.shelf_days_min,
        )
        .join(order_lines, order_lines.c.order_id == orders.c.id)
        .join(shops, shops.c.code == orders.c.shop)
        .outerjoin(has, has.c.line_id == order_lines.c.id)
        .where(orders.c.id.in_(order_ids), wanted > 0)
        .order_by(
            orders.c.priority.desc(), orders.c.accepted_ms, orders.c.id, order_lines.c.line_no
        )
    )  # fmt: skip
    return [
        Need(
            row.id, row.line, row.item_id, row.wanted,
            usable_from(max(row.ship_date, today), row.shelf_days_min), row.kind in OWN_GOODS,
        )
        for row in tx.execute(query)
    ]  # fmt: skip


def free_stock(tx: Tx, item_ids: Sequence[int], *, lock: bool = True) -> list[Free]:
    """Free units that may be promised: available, in an open bin, of a lot that is not held.

    Locks the rows in key order on PostgreSQL, so that what was read is still true when written;
    who only looks needs no *lock*.
    """
    query = (
        select(stock, lots.c.expiry)
        .join(lots, (lots.c.item_id == stock.c.item_id) & (lots.c.lot == stock.c.lot))
        .join(places, places.c.code == stock.c.place)
        .where(
            stock.c.item_id.in_(item_ids), stock.c.qty > stock.c.allocated,
            stock.c.condition == "available", lots.c.held == 0,
            places.c.kind.in_(PICKABLE), places.c.blocked == "",
        )
        .order_by(*stock.primary_key.columns)
    )  # fmt: skip
    return [
        Free(
            Key(row.place, row.item_id, row.lot, row.condition, row.serial),
            row.qty - row.allocated, row.expiry,
        )
        for row in tx.execute(query.with_for_update(of=stock) if lock else query)
    ]  # fmt: skip


def decide(tx: Tx, wanted: Sequence[Need], *, lock: bool = True) -> Plan:
    """Which free stock would serve *wanted* (see `wms.promises.allocate`); nothing is written."""
    items = sorted({need.item for need in wanted})
    return plan(wanted, free_stock(tx, items, lock=lock)) if items else Plan((), ())


def promise(
    tx: Tx, takes: Sequence[Take], *, wave: int | None, totals: frozenset[int] = frozenset(),
    now: int,
) -> list[Promised]:  # fmt: skip
    """Write what was decided: the promises in stock, and the allocations that say to whom.

    *totals* are the orders whose units are promised to the wave as a whole. *wave* None: they are
    set aside for their orders, before a wave takes these to the floor.
    """
    promised: Counter[Key] = Counter()
    summed: Counter[tuple[int | None, Key]] = Counter()
    for take in takes:
        promised[take.key] += take.qty
        summed[None if take.order in totals else take.line, take.key] += take.qty
    if not summed:
        return []
    ledger.promise(tx, promised)
    rows = [
        {
            "line_id": line, "wave_id": wave, "item_id": key.item, "lot": key.lot,
            "condition": key.condition, "serial": key.serial, "place": key.place, "qty": qty,
            "state": "open", "created_ms": now,
        }
        for (line, key), qty in summed.items()
    ]  # fmt: skip
    named = [allocations.c[name] for name in ("id", "line_id", *KEY_COLUMNS)]
    written = tx.execute(insert(allocations).returning(*named), rows)
    return [
        Promised(row.id, row.line_id, key_of(row), summed[row.line_id, key_of(row)])
        for row in sorted(written, key=lambda row: row.id)
    ]


def allocate(
    tx: Tx, order_ids: Sequence[int], *, wave: int, totals: frozenset[int], today: str, now: int
) -> tuple[Missing, ...]:
    """Promise stock to whole orders of a wave; what is missing comes back and gets nothing.

    *totals* are the one-piece orders among them: their units are promised to the wave, and the
    bench decides which of them gets which unit. Reads once, decides in `plan`, writes in batches.
    """
    decided = decide(tx, needs(tx, order_ids, today=today))
    promise(tx, decided.takes, wave=wave, totals=totals, now=now)
    return decided.missing


def reserve(tx: Tx, *, task: int, takes: Mapping[Key, int], now: int) -> list[int]:
    """Promise free units (eaches by balance) to *task*, wherever they lie, in whatever condition.

    Returns the allocations, in the order of *takes*. Refuses `STOCK_SHORT`. Whoever ends the task
    ends what is left of them with `release`, in the same transaction.
    """
    if not takes:
        return []
    ledger.promise(tx, dict(takes))
    rows = [
        {**_balance(key), "task_id": task, "qty": qty, "state": "open", "created_ms": now}
        for key, qty in takes.items()
    ]
    named = [allocations.c[name] for name in ("id", *KEY_COLUMNS)]
    written = tx.execute(insert(allocations).returning(*named), rows)
    of_key = {key_of(row): int(row.id) for row in written}
    return [of_key[key] for key in takes]


def reserved(tx: Tx, task: int) -> list[Row[Any]]:
    """The live promises to *task*, locked: allocation rows, oldest first."""
    live = (allocations.c.task_id == task) & allocations.c.state.in_(LIVE)
    query = select(allocations).where(live).order_by(allocations.c.id)
    return list(tx.execute(query.with_for_update()))


def _balance(key: Key) -> dict[str, Any]:
    return dict(zip(KEY_COLUMNS, key, strict=True))


def key_of(row: Row[Any]) -> Key:
    """The balance that an allocation row draws on."""
    return Key(row.place, row.item_id, row.lot, row.condition, row.serial)


def pick(tx: Tx, allocation: int, *, qty: int, to: str, key: str, actor: str, now: int) -> int:
    """Move *qty* promised units from their place into *to*, promise and all.

    Returns the picked allocation (a new row when only a part was picked: the rest stays open); the
    same one when *key* did just that before. Refuses `ALLOCATION_CLOSED`, `KEY_REUSED`, and
    `STOCK_SHORT` by the ledger. What a task was promised moves with the reason `fetch`: it is no
    order's pick.
    """
    before = _booked_before(tx, allocation, key, reasons=(PICK, FETCH), qty=qty, to=to)
    if before is not None:
        return before
    row, part = _part(tx, allocation, "open", qty, state="picked", place=to)
    reason = PICK if row.task_id is None else FETCH
    _post(tx, row, qty, part, source=row.place, target=to, promise="kept", reason=reason, key=key,
          actor=actor, now=now)  # fmt: skip
    return part


def unpick(
    tx: Tx, allocation: int, *, to: str, key: str, actor: str, now: int, rest: int | None = None
) -> None:
    """Undo a pick: the units and their promise go back to the place *to*, open again.

    Where *rest* names the open allocation that they were split from, they are part of it again.
    The same *key* again has no effect. Refuses `ALLOCATION_CLOSED` and `KEY_REUSED`.
    """
    if _booked_before(tx, allocation, key, reasons=("undo",), to=to) is not None:
        return
    row, part = _part(tx, allocation, "picked", None, state="open", place=to)
    _post(tx, row, row.qty, part, source=row.place, target=to, promise="kept", reason="undo",
          key=key, actor=actor, now=now)  # fmt: skip
    if rest is not None:
        # What a split leaves as it was.
        split = ("line_id", "wave_id", "task_id", *KEY_COLUMNS[1:])
        same = (allocations.c[name].is_not_distinct_from(row._mapping[name]) for name in split)
        open_there = (allocations.c.id == rest, allocations.c.state == "open")
        grown = update(allocations).where(*open_there, allocations.c.place == to, *same)
        if tx.execute(grown.values(qty=allocations.c.qty + row.qty)).rowcount != 1:
            raise Rejected(Code.ALLOCATION_CLOSED, allocation=rest)
        ended = update(allocations).where(allocations.c.id == allocation)
        tx.execute(ended.values(state="released"))


def pack(tx: Tx, allocation: int, *, qty: int, to: str, key: str, actor: str, now: int) -> int:
    """Move *qty* picked units into the box *to*: the promise is fulfilled and ends.

    Returns the packed allocation, as `pick` does; the same *key* again has no effect. What a task
    was promised is never packed: `ALLOCATION_CLOSED`.
    """
    before = _booked_before(tx, allocation, key, reasons=("pack",), qty=qty, to=to)
    if before is not None:
        return before
    row, part = _part(tx, allocation, "picked", qty, state="packed", place=to)
    if row.task_id is not None:
        raise Rejected(Code.ALLOCATION_CLOSED, allocation=allocation)
    _post(tx, row, qty, part, source=row.place, target=to, promise="ended", reason="pack", key=key,
          actor=actor, now=now)  # fmt: skip
    return part


def put_down(
    tx: Tx, allocation: int, *, qty: int, to: str, key: str, actor: str, now: int, reason: str,
) -> int:  # fmt: skip
    """Put *qty* units that were picked for a task down at *to*: free stock there.

    The promise ends with it. *reason* says in the ledger what for (replenish, kit). Returns the
    ended allocation (a new row when only a part was put down: the rest stays picked); the same
    *key* again has no effect. Refuses `ALLOCATION_CLOSED` and `KEY_REUSED`.
    """
    before = _booked_before(tx, allocation, key, reasons=(reason,), qty=qty, to=to)
    if before is not None:
        return before
    row, part = _part(tx, allocation, "picked", qty, state="released", place=to)
    if row.task_id is None:
        raise Rejected(Code.ALLOCATION_CLOSED, allocation=allocation)
    _post(tx, row, qty, part, source=row.place, target=to, promise="ended", reason=reason, key=key,
          actor=actor, now=now)  # fmt: skip
    return part


def bind(tx: Tx, allocation: int, *, line: int, qty: int = 1) -> int:
    """Give *qty* picked units of a wave's total to one order line. Returns their allocation."""
    row, part = _part(tx, allocation, "picked", qty, state="picked", line=line)
    if row.line_id is not None or row.wave_id is None:
        raise Rejected(Code.ALLOCATION_CLOSED, allocation=allocation)
    return part


class LastPick(NamedTuple):
    """The pick that an undo would take back: its move's key, and the picked allocation."""

    key: str
    allocation: int


def last_pick(tx: Tx, actor: str) -> LastPick | None:
    """What *actor* booked last, if that was a pick for orders; else there is nothing to undo."""
    last = (
        select(moves.c.reason, moves.c.ref, moves.c.key)
        .where(moves.c.actor == actor)
        .order_by(moves.c.id.desc())
        .limit(1)
    )
    row = tx.execute(last).first()
    if row is None or row.reason != PICK:
        return None
    return LastPick(row.key, int(row.ref.removeprefix("allocation:")))


def release(tx: Tx, allocation_ids: Sequence[int]) -> list[Row[Any]]:
    """Take promises back (open or picked). The goods stay where they are, free again.

    Returns the rows as they were; those that had ended before are not among them.
    """
    live = allocations.c.id.in_(allocation_ids) & allocations.c.state.in_(LIVE)
    query = select(allocations).where(live).order_by(allocations.c.id).with_for_update()
    rows = list(tx.execute(query))
    if rows:
        freed: Counter[Key] = Counter()
        for row in rows:
            freed[key_of(row)] -= row.qty
        ledger.promise(tx, freed)
        gone = allocations.c.id.in_([row.id for row in rows])
        tx.execute(update(allocations).where(gone).values(state="released"))
    return rows


def release_part(tx: Tx, allocation: int, *, qty: int) -> None:
    """Take *qty* units of a live promise back; the rest stays. Refuses `ALLOCATION_CLOSED`."""
    here = select(allocations.c.state).where(allocations.c.id == allocation)
    state = tx.execute(here.with_for_update()).scalar_one()
    if state not in LIVE:
        raise Rejected(Code.ALLOCATION_CLOSED, allocation=allocation)
    row, _part_of_it = _part(tx, allocation, state, qty, state="released")
    ledger.promise(tx, {key_of(row): -qty})


def _booked_before(
    tx: Tx, allocation: int, key: str, *, reasons: tuple[str, ...], to: str, qty: int | None = None
) -> int | None:
    """The allocation that *key* changed, if this very command was booked before; else None.

    It waits for whoever changes *allocation* at this moment: perhaps that is the same command.
    Refuses `KEY_REUSED` when *key* stands for anything else.
    """
    whose = select(allocations.c.item_id, allocations.c.wave_id, allocations.c.task_id)
    asked = tx.execute(whose.where(allocations.c.id == allocation).with_for_update()).first()
    booked = tx.execute(select(moves).where(moves.c.key == key)).first()
    if booked is None:
        return None
    part = booked.ref.removeprefix("allocation:")
    same = booked.reason in reasons and booked.target == to
    if same and qty in (None, booked.qty):
        changed = tx.execute(whose.where(allocations.c.id == int(part))).first()
        if changed == asked:
            return int(part)
    raise Rejected(Code.KEY_REUSED, key=key)


def _part(
    tx: Tx, allocation: int, before: str, qty: int | None, *, state: str,
    place: str | None = None, line: int | None = None,
) -> tuple[Row[Any], int]:  # fmt: skip
    """Change all of an allocation, or split a part of it off and change that.

    Returns the row as it was, and the id of the changed allocation.
    """
    was = allocations.c.id == bindparam("b_id")
    query = select(allocations).where(was).with_for_update()
    row = tx.execute(query, {"b_id": allocation}).first()
    if row is None or row.state != before or (qty is not None and qty > row.qty):
        raise Rejected(Code.ALLOCATION_CLOSED, allocation=allocation)
    changed: dict[str, Any] = {"state": state}
    if place is not None:
        changed["place"] = place
    if line is not None:
        changed["line_id"] = line
    if qty is None or qty == row.qty:
        tx.execute(update(allocations).where(was).values(changed), {"b_id": allocation})
        return row, allocation
    rest = row.qty - qty
    tx.execute(update(allocations).where(was).values(qty=rest), {"b_id": allocation})
    split = {**row._mapping, **changed, "qty": qty}
    del split["id"]
    part = tx.execute(insert(allocations).values(split).returning(allocations.c.id)).scalar_one()
    return row, int(part)


def _post(
    tx: Tx, row: Any, qty: int, part: int, *, source: str, target: str, promise: Any, reason: str,
    key: str, actor: str, now: int,
) -> None:  # fmt: skip
    line = Move(
        key=key, item=row.item_id, qty=qty, source=source, target=target, lot=row.lot,
        condition=row.condition, serial=row.serial, promise=promise, reason=reason,
        ref=f"allocation:{part}",
    )  # fmt: skip
    if not ledger.move(tx, line, actor=actor, now=now):  # another one booked it this moment
        raise Rejected(Code.KEY_REUSED, key=key)
