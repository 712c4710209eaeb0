"""Promises that change: split in two, kept by other goods, or carried on from tote to tote.

Like everything about promises, quantities are written by the ledger alone (`wms.stock`).
"""

from typing import Any

from sqlalchemy import Row, insert, select, update

from wms import stock as ledger
from wms.db import Tx
from wms.errors import Code, Rejected
from wms.promises.allocation import key_of
from wms.schema import allocations, moves
from wms.stock import Key, Move


def split(tx: Tx, allocation: int, *, qty: int, state: str = "open") -> int:
    """Cut *qty* eaches off a promise in *state*. Returns the id of that part: the same one where
    it is all of it. Refuses `ALLOCATION_CLOSED`."""
    row = _live(tx, allocation, state, qty)
    if qty == row.qty:
        return allocation
    cut = update(allocations).where(allocations.c.id == allocation)
    tx.execute(cut.values(qty=allocations.c.qty - qty))
    part = {**row._mapping, "qty": qty}
    del part["id"]
    statement = insert(allocations).values(part).returning(allocations.c.id)
    return int(tx.execute(statement).scalar_one())


def exchange(tx: Tx, allocation: int, *, to: Key, why: str) -> None:
    """An open promise is kept by other goods, those at *to*; *why* says why first-expiry order was
    not followed. Refuses `ALLOCATION_CLOSED`, and `STOCK_SHORT` where not so many are free."""
    row = _live(tx, allocation, "open", 1)
    ledger.promise(tx, {key_of(row): -row.qty, to: row.qty})
    changed = {"place": to.place, "lot": to.lot, "serial": to.serial, "override": why}
    tx.execute(update(allocations).where(allocations.c.id == allocation).values(changed))


def carry(
    tx: Tx, allocation: int, *, qty: int, to: str, key: str, actor: str, now: int, reason: str
) -> int:  # fmt: skip
    """Move *qty* picked units, promise and all, from their tote or slot into another, *to*.

    Returns the allocation of what was moved; the same *key* again has no effect. Refuses
    `ALLOCATION_CLOSED` and `KEY_REUSED`.
    """
    booked = tx.execute(select(moves).where(moves.c.key == key)).first()
    if booked is not None:
        if (booked.reason, booked.target, booked.qty) != (reason, to, qty):
            raise Rejected(Code.KEY_REUSED, key=key)
        return int(booked.ref.removeprefix("allocation:"))
    row = _live(tx, allocation, "picked", qty)
    part = split(tx, allocation, qty=qty, state="picked")
    line = Move(
        key=key, item=row.item_id, qty=qty, source=row.place, target=to, lot=row.lot,
        condition=row.condition, serial=row.serial, promise="kept", reason=reason,
        ref=f"allocation:{part}",
    )  # fmt: skip
    ledger.move(tx, line, actor=actor, now=now)
    tx.execute(update(allocations).where(allocations.c.id == part).values(place=to))
    return part


def _live(tx: Tx, allocation: int, state: str, qty: int) -> Row[Any]:
    """The promise, locked, while it is in *state* and has that many."""
    query = select(allocations).where(allocations.c.id == allocation).with_for_update()
    row = tx.execute(query).first()
    if row is None or row.state != state or not 0 < qty <= row.qty:
        raise Rejected(Code.ALLOCATION_CLOSED, allocation=allocation)
    return row
