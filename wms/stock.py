"""The ledger. `post` alone changes quantities: append-only moves and the balances they make.

receive = @supplier -> place    pick = bin -> tote    pack = tote -> carton
ship = carton -> @customer      loss = place -> @lost
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from sqlalchemy import bindparam, insert, select, tuple_, update

from wms.db import Tx, upsert
from wms.errors import Code, Rejected
from wms.record.event_kinds import StockMoved
from wms.record.events import emit
from wms.schema import items, moves, places, stock

SUPPLIER, CUSTOMER, LOST, REGRADE = "@supplier", "@customer", "@lost", "@regrade"
KIT = "@kit"  # parts go in, kits come out
OUTSIDE = (SUPPLIER, CUSTOMER, LOST, REGRADE, KIT)  # places without balances
CHUNK = 400  # rows a statement: bound parameters are limited


class Key(NamedTuple):
    """What a balance is kept for."""

    place: str
    item: int
    lot: str
    condition: str
    serial: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """One line of the ledger, before it is booked. `qty` in eaches.

    `promise`: "" moves free units; "kept" moves promised units and their promise with them;
    "ended" moves promised units whose promise is fulfilled by it.
    """

    key: str
    item: int
    qty: int
    source: str
    target: str
    lot: str = ""
    condition: str = "available"
    serial: str = ""
    promise: Literal["", "kept", "ended"] = ""
    reason: str = ""
    ref: str = ""

    def at(self, place: str) -> Key:
        return Key(place, self.item, self.lot, self.condition, self.serial)


def is_outside(place: str) -> bool:
    """Whether *place* is outside the site: it has no balance and gives without limit."""
    return place.startswith("@")


def move(tx: Tx, line: Move, *, actor: str, now: int) -> bool:
    """Book one move. False if its key was booked before with the same content (no effect)."""
    return post(tx, [line], actor=actor, now=now) == 1


def post(tx: Tx, lines: Sequence[Move], *, actor: str, now: int) -> int:
    """Book *lines* together, or none of them. Returns how many were new.

    Refuses `KEY_REUSED` (same key, other content), `STOCK_SHORT` (not that many free, or not that
    many promised where the promise moves) and `SERIAL_HERE` (that unit is in stock already).
    """
    for line in lines:
        assert line.qty > 0, line
        assert line.source != line.target, line
    lines = _not_yet_booked(tx, lines)
    if not lines:
        return 0
    tx.execute(insert(moves), [_row(line, actor, now) for line in lines])
    _take(tx, lines)
    _put(tx, lines)
    emit(tx, *_told(tx, lines), now=now)
    return len(lines)


def regrade(tx: Tx, line: Move, *, condition: str, actor: str, now: int) -> bool:
    """Change the condition of goods where they lie (`source` of *line*), by way of @regrade.

    `target` of *line* must be @regrade. A pair of moves, so every condition still adds up.
    """
    assert line.target == REGRADE
    back = Move(
        key=f"{line.key}:back", item=line.item, qty=line.qty, source=REGRADE, target=line.source,
        lot=line.lot, condition=condition, serial=line.serial, reason=line.reason, ref=line.ref,
    )  # fmt: skip
    return post(tx, [line, back], actor=actor, now=now) == 2


def relocate(
    tx: Tx, *, key: str, container: str, source: str, target: str, actor: str, now: int,
    reason: str = "", ref: str = "",
) -> bool:  # fmt: skip
    """Move a container with all that is in it: one row of the ledger, no quantities.

    False if *key* was booked before with the same content. Refuses `KEY_REUSED`,
    `CONTAINER_ELSEWHERE` when it is not at *source*, and `CONTAINER_INSIDE` when *target* is in it.
    """
    assert source != target
    way = (container, source, target)
    if _relocated_before(tx, key, way):
        return False
    _refuse_inside(tx, container, target)
    here = (places.c.code == container) & (places.c.parent == source)
    if tx.execute(update(places).where(here).values(parent=target)).rowcount != 1:
        if _relocated_before(tx, key, way):  # the same command, a moment ago
            return False
        raise Rejected(Code.CONTAINER_ELSEWHERE, container=container, place=source)
    row = {
        "key": key, "container": container, "source": source, "target": target, "qty": 0,
        "reason": reason, "ref": ref, "actor": actor, "at_ms": now,
    }  # fmt: skip
    tx.execute(insert(moves).values(row))
    return True


def _relocated_before(tx: Tx, key: str, way: tuple[str, str, str]) -> bool:
    booked = tx.execute(select(moves).where(moves.c.key == key)).first()
    if booked is not None and (booked.container, booked.source, booked.target) != way:
        raise Rejected(Code.KEY_REUSED, key=key)
    return booked is not None


def _refuse_inside(tx: Tx, container: str, target: str) -> None:
    """Walk up from *target*; what stands somewhere itself is locked, so that it stays there."""
    above: str | None = target
    passed: set[str] = set()
    while above is not None and above not in passed:
        if above == container:
            raise Rejected(Code.CONTAINER_INSIDE, container=container, place=target)
        passed.add(above)
        up = select(places.c.parent).where(places.c.code == above, places.c.parent.is_not(None))
        above = tx.execute(up.with_for_update(key_share=True)).scalar()


def promise(tx: Tx, wanted: dict[Key, int]) -> None:
    """Promise units (or give promises back: negative numbers) at each key.

    Refuses `STOCK_SHORT` when fewer are free. The caller writes the allocations that say to whom.
    """
    rows = [{**_where(key), "b_qty": qty} for key, qty in sorted(wanted.items()) if qty != 0]
    if not rows:
        return
    allocated = stock.c.allocated + bindparam("b_qty")
    fits = (*_same_key(), allocated >= 0, allocated <= stock.c.qty)
    result = tx.execute(update(stock).where(*fits).values(allocated=allocated), rows)
    if result.rowcount != len(rows):
        _refuse(tx, {Key(*list(row.values())[:5]): row["b_qty"] for row in rows}, "free")


def _not_yet_booked(tx: Tx, lines: Sequence[Move]) -> list[Move]:
    """Drop repeats; refuse a key that means something else now, or that comes twice."""
    by_key = {line.key: line for line in lines}
    assert len(by_key) == len(lines), "two lines of one post share a key"
    keys = list(by_key)
    for start in range(0, len(keys), CHUNK):
        booked = select(moves).where(moves.c.key.in_(keys[start : start + CHUNK]))
        for row in tx.execute(booked):
            line = by_key.pop(row.key)
            same = (
                row.item_id, row.lot, row.condition, row.serial, row.qty, row.source, row.target,
            ) == (
                line.item, line.lot, line.condition, line.serial, line.qty, line.source,
                line.target,
            )  # fmt: skip
            if not same:
                raise Rejected(Code.KEY_REUSED, key=row.key)
    return list(by_key.values())


def _row(line: Move, actor: str, now: int) -> dict[str, Any]:
    return {
        "key": line.key, "item_id": line.item, "lot": line.lot, "condition": line.condition,
        "serial": line.serial, "qty": line.qty, "source": line.source, "target": line.target,
        "promise": line.promise, "reason": line.reason, "ref": line.ref, "actor": actor,
        "at_ms": now,
    }  # fmt: skip


def _take(tx: Tx, lines: Iterable[Move]) -> None:
    """Guarded, relative updates in key order: free units, then promised ones."""
    free: Counter[Key] = Counter()
    promised: Counter[Key] = Counter()
    for line in lines:
        if not is_outside(line.source):
            (promised if line.promise else free)[line.at(line.source)] += line.qty
    left = stock.c.qty - bindparam("b_qty")
    for wanted, guard, values in (
        (free, left >= stock.c.allocated, {"qty": left}),
        (
            promised,
            stock.c.allocated >= bindparam("b_qty"),
            {"qty": left, "allocated": stock.c.allocated - bindparam("b_qty")},
        ),
    ):
        rows = [{**_where(key), "b_qty": qty} for key, qty in sorted(wanted.items())]
        if not rows:
            continue
        result = tx.execute(update(stock).where(*_same_key(), guard).values(values), rows)
        if result.rowcount != len(rows):
            _refuse(tx, wanted, "free" if wanted is free else "promised")


def _put(tx: Tx, lines: Iterable[Move]) -> None:
    arrived: Counter[Key] = Counter()
    promised: Counter[Key] = Counter()
    for line in lines:
        if not is_outside(line.target):
            arrived[line.at(line.target)] += line.qty
            if line.promise == "kept":
                promised[line.at(line.target)] += line.qty
    _refuse_second(tx, [key for key in arrived if key.serial])
    rows = [
        {
            "place": key.place, "item_id": key.item, "lot": key.lot, "condition": key.condition,
            "serial": key.serial, "qty": qty, "allocated": promised[key],
        }
        for key, qty in sorted(arrived.items())
    ]  # fmt: skip
    upsert(
        tx, stock, rows, key=[column.name for column in stock.primary_key],
        update=lambda new: {
            "qty": stock.c.qty + new.qty, "allocated": stock.c.allocated + new.allocated,
        },
    )  # fmt: skip


def _refuse_second(tx: Tx, arriving: Sequence[Key]) -> None:
    """A serial number that is in stock cannot arrive once more (a unique index is the last guard).

    What moves inside the site has been taken from its old place by now.
    """
    unit = tuple_(stock.c.item_id, stock.c.serial)
    for start in range(0, len(arriving), CHUNK):
        units = [(key.item, key.serial) for key in arriving[start : start + CHUNK]]
        there = select(stock.c.serial).where(unit.in_(units), stock.c.qty > 0).limit(1)
        if (serial := tx.execute(there).scalar()) is not None:
            raise Rejected(Code.SERIAL_HERE, field="serial", value=serial)


def _told(tx: Tx, lines: Sequence[Move]) -> list[StockMoved]:
    numbers = sorted({line.item for line in lines})
    owner_of: dict[int, str] = {}
    for start in range(0, len(numbers), CHUNK):
        chosen = items.c.id.in_(numbers[start : start + CHUNK])
        owner_of.update({row.id: row.owner for row in tx.execute(
            select(items.c.id, items.c.owner).where(chosen)
        )})  # fmt: skip
    return [
        StockMoved(
            owner=owner_of[line.item], item_id=line.item, qty=line.qty, lot=line.lot,
            condition=line.condition, source=line.source, target=line.target, reason=line.reason,
        )
        for line in lines
    ]  # fmt: skip


def _where(key: Key) -> dict[str, Any]:
    return {
        "b_place": key.place, "b_item": key.item, "b_lot": key.lot, "b_condition": key.condition,
        "b_serial": key.serial,
    }  # fmt: skip


def _same_key() -> tuple[Any, ...]:
    return (
        stock.c.place == bindparam("b_place"),
        stock.c.item_id == bindparam("b_item"),
        stock.c.lot == bindparam("b_lot"),
        stock.c.condition == bindparam("b_condition"),
        stock.c.serial == bindparam("b_serial"),
    )


def _refuse(tx: Tx, wanted: dict[Key, int], kind: Literal["free", "promised"]) -> None:
    """Name the first key that could not give what was asked. The transaction is rolled back."""
    names = ("place", "item_id", "lot", "condition", "serial")
    columns = tuple_(*(stock.c[name] for name in names))
    keys = list(wanted)[:CHUNK]
    have = {
        Key(row.place, row.item_id, row.lot, row.condition, row.serial): row
        for row in tx.execute(select(stock).where(columns.in_([tuple(key) for key in keys])))
    }
    sku = {row.id: row.sku for row in tx.execute(
        select(items.c.id, items.c.sku).where(items.c.id.in_({key.item for key in keys}))
    )}  # fmt: skip
    missing = [key for key in keys if key not in have]
    culprit = missing[0] if missing else max(keys, key=lambda key: wanted[key] - have[key].qty)
    raise Rejected(
        Code.STOCK_SHORT, place=culprit.place, item=sku.get(culprit.item, str(culprit.item)),
        qty=abs(wanted[culprit]), kind=kind,
    )  # fmt: skip
