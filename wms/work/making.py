"""The hands of value-added work: fetch the materials, make some, and the time that it took."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, exists, func, insert, select, update

from wms import tasks
from wms.counts import frozen
from wms.db import Tx, insert_once
from wms.errors import Code, Rejected
from wms.papers import print_jobs as paper
from wms.promises import allocation
from wms.record import requests
from wms.returns import cases
from wms.schema import (
    allocations,
    barcodes,
    items,
    lots,
    moves,
    places,
    stock,
    tour_totes,
    tours,
    work_materials,
    work_spans,
)
from wms.schema import tasks as tasks_table
from wms.schema import work_orders as table
from wms.stock import KIT, Move, post
from wms.work import held, jobs, kits, shelving
from wms.work.jobs import MADE_OF_PARTS, WORK

TAKES_NOTHING = ("relabel", "repair")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetch:
    """Promised units that are still on their shelf."""

    allocation: int
    place: str
    item: int
    sku: str
    name: str
    picture: str
    lot: str
    serial: str
    qty: int


@dataclass(frozen=True, slots=True)
class Numbered:
    """A result whose pieces have serial numbers: `each` of them a piece of work; `known` are those
    that went into kits and have not come out."""

    item: int
    sku: str
    each: int
    known: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class InHand:
    """A work order that somebody has taken: `fetch` is what is still on its shelves, `can_make`
    how many can be made of what lies in `tote`, `numbered` what of it has serial numbers."""

    id: int
    code: str
    kind: str
    sku: str
    name: str
    picture: str
    qty: int
    done: int
    tote: str = ""
    station: str = ""
    fetch: tuple[Fetch, ...] = ()
    can_make: int = 0
    numbered: tuple[Numbered, ...] = ()


def in_hand(tx: Tx, person: int) -> InHand | None:
    """The work order that *person* has claimed."""
    mine = (tasks_table.c.person_id == person) & (tasks_table.c.state == "claimed")
    query = select(tasks_table.c.ref).where(mine, tasks_table.c.kind == WORK)
    ref = tx.scalar(query.order_by(tasks_table.c.id).limit(1))
    if ref is None:
        return None
    work = int(ref.removeprefix(f"{WORK}:"))
    row = tx.execute(
        select(table, items.c.sku, items.c.name, items.c.picture)
        .join(items, items.c.id == table.c.item_id)
        .where(table.c.id == work)
    ).one()
    names = ("id", "code", "kind", "sku", "name", "picture", "qty", "done", "station")
    return InHand(
        tote=tote_of(tx, work), fetch=tuple(to_fetch(tx, work)), can_make=can_make(tx, work),
        numbered=numbered(tx, row),
        **{name: row._mapping[name] for name in names},
    )  # fmt: skip


def start(
    tx: Tx, *, work: int, person: int, today: str, now: int, station: str | None = None
) -> bool:
    """Take *work* in hand: its clock runs. False when somebody else has it, or it is over.

    Refuses `STATION_NO_PRINTER` for new labels at a *station* ("" = none) that cannot print them.
    """
    row = jobs.locked(tx, work)
    if row.kind == "relabel" and station is not None:
        _refuse_no_printer(tx, station)
    if row.state == "open" and row.kind == "repair":
        jobs.release(tx, work, today=today, now=now)
    task = jobs.task_of(tx, work)
    if task is None or not tasks.claim(tx, task=task, person=person, now=now):
        return False
    going = (work_spans.c.person_id == person) & work_spans.c.ended_ms.is_(None)
    if tx.execute(select(work_spans.c.id).where(going)).first() is None:
        begun = {"work_id": work, "person_id": person, "began_ms": now}
        tx.execute(insert(work_spans).values(begun))
    if row.state != "working":
        jobs.set_state(tx, row, "working", now=now)
    return True


def pause(tx: Tx, *, work: int, person: int, now: int) -> None:
    """The clock stops; somebody else may go on, with the same tote."""
    jobs.stop_clock(tx, work, person=person, now=now)
    mine = (tasks_table.c.kind == WORK) & (tasks_table.c.ref == f"{WORK}:{work}")
    claimed = mine & (tasks_table.c.state == "claimed") & (tasks_table.c.person_id == person)
    unclaimed = {"state": "open", "person_id": None, "claimed_ms": None}
    tx.execute(update(tasks_table).where(claimed).values(unclaimed))


def to_fetch(tx: Tx, work: int) -> list[Fetch]:
    """What of the materials is still on its shelf, in the order of the places."""
    task = jobs.task_of(tx, work)
    if task is None:
        return []
    a = allocations.c
    query = (
        select(allocations, items.c.sku, items.c.name, items.c.picture)
        .join(items, items.c.id == a.item_id)
        .where(a.task_id == task, a.state == "open")
        .order_by(a.place, a.id)
    )
    names = ("place", "sku", "name", "picture", "lot", "serial", "qty")
    return [
        Fetch(
            allocation=row.id, item=row.item_id,
            **{name: row._mapping[name] for name in names},
        )
        for row in tx.execute(query)
    ]  # fmt: skip


def tote_of(tx: Tx, work: int) -> str:
    """The tote that its materials lie in; "" before anything was fetched."""
    task = jobs.task_of(tx, work)
    a = allocations.c
    query = select(a.place).where(a.task_id == task, a.state == "picked").limit(1)
    return tx.scalar(query) or ""


def refuse_tote(tx: Tx, tote: str) -> None:
    """Refuses `TOTE_UNKNOWN`, `TOTE_IN_USE` and `TOTE_NOT_EMPTY`: materials get a tote alone."""
    kind = select(places.c.kind).where(places.c.code == tote)
    if tx.execute(kind.with_for_update(key_share=True)).scalar() != "tote":
        raise Rejected(Code.TOTE_UNKNOWN, tote=tote)
    walking = exists().where(
        tour_totes.c.tote == tote, tours.c.id == tour_totes.c.tour_id,
        tours.c.state.in_(("open", "claimed")),
    )  # fmt: skip
    if tx.scalar(select(walking)):
        raise Rejected(Code.TOTE_IN_USE, tote=tote)
    if tx.scalar(select(exists().where(stock.c.place == tote, stock.c.qty > 0))):
        raise Rejected(Code.TOTE_NOT_EMPTY, tote=tote)


def fetch(
    tx: Tx, *, allocation_id: int, qty: int, tote: str, key: str, actor: str, now: int
) -> None:
    """*qty* units of a promised material lie in *tote*, with their promise. Refuses
    `PLACE_FROZEN`, and `WORK_LOT_HELD` for a lot that was recalled meanwhile."""
    a = allocations.c
    frozen.refuse(tx, tx.scalars(select(a.place).where(a.id == allocation_id)))
    held.refuse(tx, a.id == allocation_id)
    allocation.pick(tx, allocation_id, qty=qty, to=tote, key=key, actor=actor, now=now)


def can_make(tx: Tx, work: int) -> int:
    """How many can be made of what was fetched by now; all that is left where nothing is taken."""
    row = tx.execute(select(table).where(table.c.id == work)).one()
    left = int(row.qty - row.done)
    if row.kind in TAKES_NOTHING:
        return left
    have = _fetched(tx, work)
    each = _each(tx, row)
    return min([left, *(have.get(item, 0) // qty for item, qty in each.items())])


def _each(tx: Tx, row: Row[Any]) -> dict[int, int]:
    """What one of it takes, as it was ordered."""
    query = select(work_materials).where(work_materials.c.work_id == row.id)
    return {one.item_id: one.qty // row.qty for one in tx.execute(query)}


def _fetched(tx: Tx, work: int) -> dict[int, int]:
    task = jobs.task_of(tx, work)
    a = allocations.c
    query = select(a.item_id, func.sum(a.qty).label("qty")).where(
        a.task_id == task, a.state == "picked"
    )
    return {row.item_id: int(row.qty) for row in tx.execute(query.group_by(a.item_id))}


def numbered(tx: Tx, row: Row[Any]) -> tuple[Numbered, ...]:
    """The results of the work order *row* whose pieces have serial numbers."""
    query = select(items).where(
        items.c.id.in_(_results(tx, row, 1)), items.c.serial_tracked == 1
    )  # fmt: skip
    each = _results(tx, row, 1)
    return tuple(
        Numbered(item.id, item.sku, each[item.id], _in_kits(tx, item.id))
        for item in tx.execute(query.order_by(items.c.sku))
    )


def _results(tx: Tx, row: Row[Any], qty: int) -> dict[int, int]:
    """What comes out of *qty* pieces of work, eaches by item."""
    if row.kind in TAKES_NOTHING:
        return {}
    if row.kind in MADE_OF_PARTS:
        return {row.item_id: qty}
    return {part: n * qty for part, n in kits.components(tx, row.item_id).items()}


def _in_kits(tx: Tx, item: int) -> tuple[str, ...]:
    """Serial numbers of *item* that went into kits and have not come out again."""
    mine = (moves.c.item_id == item) & (moves.c.serial != "")
    gone = select(moves.c.serial, moves.c.target).where(
        mine, (moves.c.target == KIT) | (moves.c.source == KIT)
    )
    newest = {row.serial: row.target for row in tx.execute(gone.order_by(moves.c.id))}
    return tuple(sorted(serial for serial, target in newest.items() if target == KIT))


def refuse_serial(tx: Tx, item: int, serial: str) -> None:
    """Refuses `SERIAL_HERE`: a number that is in stock does not come out of a kit."""
    there = (stock.c.item_id == item) & (stock.c.serial == serial) & (stock.c.qty > 0)
    if tx.scalar(select(exists().where(there))):
        raise Rejected(Code.SERIAL_HERE, field="serial", value=serial)


def make(
    tx: Tx, *, work: int, qty: int, place: str, station: str, key: str, actor: str, now: int,
    serials: Sequence[tuple[int, str]] = (),
) -> int:  # fmt: skip
    """*qty* are made and lie at *place* ("" where nothing moves). Returns how many are left.

    Materials go to `@kit`, results come from there, those with serial numbers by their *serials*
    (item and number). The last one ends the work. Refuses `WORK_STATE`, `WORK_TOO_MANY`,
    `WORK_SERIALS` and a place where they may not lie. The same *key* has one effect, and the same
    answer again; with other content it is `KEY_REUSED`.
    """
    row = jobs.locked(tx, work)
    content = repr((work, qty, place, sorted(serials))).encode()
    asked = {"scope": WORK, "key": key, "hash": requests.body_hash(content)}
    before = requests.answered(tx, **asked)
    if before is not None:
        return int(before.response)
    if row.state != "working":
        raise Rejected(Code.WORK_STATE, work=row.code, state=row.state)
    most = can_make(tx, work)
    if not 0 < qty <= most:
        raise Rejected(Code.WORK_TOO_MANY, expected=most, scanned=qty)
    if row.kind in TAKES_NOTHING:
        if row.kind == "relabel":
            _print_labels(tx, row, qty, station, key, now)
    else:
        _use(tx, row, qty, key, actor, now)
        _bring_out(tx, row, qty, place, serials, key, actor, now)
    done = row.done + qty
    left = int(row.qty - done)
    tx.execute(update(table).where(table.c.id == work).values(done=done))
    requests.keep(tx, **asked, status=200, response=str(left), now=now)
    if not left:
        finish(tx, work=work, now=now)
    return left


def finish(tx: Tx, *, work: int, now: int) -> None:
    """No more is made of it: done, complete or in part. What was fetched for more goes back."""
    row = jobs.locked(tx, work)
    if row.state != "working":
        raise Rejected(Code.WORK_STATE, work=row.code, state=row.state)
    jobs.stop_clock(tx, work, now=now)
    jobs.let_go(tx, row, outcome="done", now=now)
    jobs.set_state(tx, row, "done", now=now)
    if row.kind == "repair":
        cases.repaired(tx, work, now=now)


def _use(tx: Tx, row: Row[Any], qty: int, key: str, actor: str, now: int) -> None:
    """Materials go in. Refuses `WORK_LOT_HELD` where a lot among them was recalled."""
    used = {item: each * qty for item, each in _each(tx, row).items()}
    task = jobs.task_of(tx, row.id)
    assert task is not None, "it was released"
    held.refuse(tx, (allocations.c.task_id == task) & (allocations.c.state == "picked"))
    parts = [one for one in allocation.reserved(tx, task) if one.state == "picked"]
    for item, wanted in used.items():
        for part in [one for one in parts if one.item_id == item]:
            take = min(wanted, part.qty)
            if take:
                wanted -= take
                allocation.put_down(
                    tx, part.id, qty=take, to=KIT, key=f"{key}:used:{part.id}", actor=actor,
                    now=now, reason=row.kind,
                )  # fmt: skip
        spent = update(work_materials).where(
            work_materials.c.work_id == row.id, work_materials.c.item_id == item
        )
        tx.execute(spent.values(used=work_materials.c.used + used[item]))


def _bring_out(
    tx: Tx, row: Row[Any], qty: int, place: str, serials: Sequence[tuple[int, str]], key: str,
    actor: str, now: int,
) -> None:  # fmt: skip
    """Results come out, at *place*."""
    results = _results(tx, row, qty)
    lot_of = _lots_of_results(tx, row, list(results))
    for item in results:
        shelving.refuse(tx, place, item=item, lot=lot_of[item])
    of_item: dict[int, set[str]] = {one.item: set() for one in numbered(tx, row)}
    for item, serial in serials:
        of_item[item].add(serial)
    pieces: list[tuple[int, str, int]] = []
    for item, n in results.items():
        if item not in of_item:
            pieces.append((item, "", n))
            continue
        if len(of_item[item]) != n:
            sku = tx.execute(select(items.c.sku).where(items.c.id == item)).scalar_one()
            raise Rejected(Code.WORK_SERIALS, item=sku, expected=n, scanned=len(of_item[item]))
        pieces += [(item, serial, 1) for serial in sorted(of_item[item])]
    post(tx, [
        Move(key=f"{key}:made:{item}:{serial}", item=item, qty=n, source=KIT, target=place,
             lot=lot_of[item], serial=serial, reason=row.kind, ref=f"{WORK}:{row.id}")
        for item, serial, n in pieces
    ], actor=actor, now=now)  # fmt: skip


def _lots_of_results(tx: Tx, row: Row[Any], results: Sequence[int]) -> dict[int, str]:
    """What is tracked by lot or expiry gets the work order as its lot, which expires with the
    first of what it was made of."""
    tracked = (items.c.lot_tracked == 1) | (items.c.expiry_tracked == 1)
    named = set(tx.scalars(select(items.c.id).where(items.c.id.in_(results), tracked)))
    if named:
        task = jobs.task_of(tx, row.id)
        a = allocations.c
        same = (lots.c.item_id == a.item_id) & (lots.c.lot == a.lot)
        first = select(func.min(lots.c.expiry)).where(same, a.task_id == task, lots.c.expiry != "")
        expiry = tx.scalar(first) or ""
        for item in sorted(named):
            insert_once(tx, lots, {"item_id": item, "lot": row.code, "expiry": expiry})
    return {item: row.code if item in named else "" for item in results}


def _print_labels(tx: Tx, row: Row[Any], qty: int, station: str, key: str, now: int) -> None:
    """New labels for *qty* pieces; an item without a barcode gets its SKU as one."""
    item = tx.execute(select(items).where(items.c.id == row.item_id)).one()
    own = select(barcodes.c.code).where(barcodes.c.item_id == item.id, barcodes.c.qty == 1)
    code = tx.scalar(own.order_by(barcodes.c.code).limit(1))
    if code is None:
        code = item.sku
        insert_once(tx, barcodes, {"code": code, "item_id": item.id, "qty": 1})
    data = {"name": item.name, "sku": item.sku, "code": code}
    _refuse_no_printer(tx, station)
    paper.request(
        tx, key=f"work:{key}", station=station, template="item", data=data, now=now, copies=qty
    )


def _refuse_no_printer(tx: Tx, station: str) -> None:
    if not station:
        raise Rejected(Code.STATION_NO_PRINTER, station="-", key="printer")
    paper.refuse_without_printer(tx, station)
