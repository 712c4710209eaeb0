"""Value-added work: kits made and taken apart, bundles, new labels, repairs, with their time.

open -> released -> working -> done, or cancelled. A release promises the materials to a task; they
are fetched into one tote with their promise. What is made of them goes by way of `@kit`: materials
in, results out, so that every item still adds up.
"""

from collections.abc import Collection, Sequence
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct
from sqlalchemy import Row, String, case, cast, func, insert, literal, select, update

from wms import tasks as task_book
from wms.db import Tx
from wms.errors import Code, Rejected
from wms.people.staff import Person
from wms.promises import allocation
from wms.promises.allocate import Need
from wms.record.event_changes import WorkChanged
from wms.record.events import emit
from wms.schema import items as items_table
from wms.schema import orders, owners, tasks, work_materials, work_orders, work_spans
from wms.site import items
from wms.storage import put_back
from wms.text import code as code_text
from wms.text import shown
from wms.work import kits

Kind = Literal["kit", "unkit", "relabel", "bundle", "repair"]
WORK = "work"  # the kind of its task
MADE_OF_PARTS = ("kit", "bundle")
MINUTE_MS = 60_000


class NewWork(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Work that an owner asks for: *qty* of *sku* made, taken apart, relabelled or repaired."""

    owner: Annotated[str, Meta(min_length=1, max_length=32)]
    external_id: Annotated[str, Meta(min_length=1, max_length=64)]
    kind: Kind
    sku: Annotated[str, Meta(min_length=1, max_length=64)]
    qty: Annotated[int, Meta(ge=1, le=99_999)]


class Work(Struct, frozen=True, kw_only=True):
    """A work order as it stands: `done` of `qty`, and `minutes` of hands so far."""

    work_id: int
    code: str
    owner: str
    external_id: str
    kind: str
    sku: str
    qty: int
    done: int
    state: str
    minutes: int
    new: bool = False


def create(tx: Tx, wanted: NewWork, *, now: int) -> Work:
    """Take one order for work; the same again gives the same answer, another is `KEY_REUSED`.

    Refuses an unknown owner or item (`REFERENCE_UNKNOWN`), and `KIT_UNKNOWN` where nothing says
    what it is made of.
    """
    external_id = code_text(wanted.external_id, field="external_id", max=64)
    owner = select(owners.c.code).where(owners.c.code == wanted.owner)
    if tx.execute(owner.with_for_update()).first() is None:  # one at a time of an owner
        raise Rejected(Code.REFERENCE_UNKNOWN, field="owner", value=shown(wanted.owner))
    item = items.ids_of(tx, {(wanted.owner, wanted.sku)}).get((wanted.owner, wanted.sku))
    if item is None:
        raise Rejected(Code.REFERENCE_UNKNOWN, field="sku", value=shown(wanted.sku))
    mine = (work_orders.c.owner == wanted.owner) & (work_orders.c.external_id == external_id)
    known = tx.execute(select(work_orders).where(mine).limit(1)).first()
    if known is not None:
        if (known.kind, known.item_id, known.qty) != (wanted.kind, item, wanted.qty):
            raise Rejected(Code.KEY_REUSED, field="external_id", key=shown(external_id))
        return view(tx, known.id)
    needed = _materials(tx, wanted, item)
    row = {
        "code": f"{wanted.owner}/{external_id}", "owner": wanted.owner, "kind": wanted.kind,
        "external_id": external_id, "item_id": item, "qty": wanted.qty, "created_ms": now,
    }  # fmt: skip
    made = insert(work_orders).values(row).returning(work_orders.c.id)
    number = int(tx.execute(made).scalar_one())
    here = update(work_orders).where(work_orders.c.id == number)
    tx.execute(here.values(code=f"W{number:07d}"))
    if needed:
        rows = [{"work_id": number, "item_id": part, "qty": n} for part, n in needed.items()]
        tx.execute(insert(work_materials), rows)
    return view(tx, number, new=True)


def _materials(tx: Tx, wanted: NewWork, item: int) -> dict[int, int]:
    """What all of it takes, by item: a kit its parts, taking apart the kit itself."""
    if wanted.kind not in (*MADE_OF_PARTS, "unkit"):
        return {}
    parts = kits.components(tx, item)
    kits.refuse_no_kit(wanted.sku, parts)
    if wanted.kind == "unkit":
        return {item: wanted.qty}
    return {part: qty * wanted.qty for part, qty in parts.items()}


def release(tx: Tx, work: int, *, today: str, now: int) -> Work:
    """Promise the materials and ask for hands. Refuses `WORK_STATE` and `WORK_SHORT`.

    First expiry first, never what is over *today*. No effect once it was released.
    """
    row = locked(tx, work)
    if row.state in ("released", "working"):
        return view(tx, work)
    if row.state != "open":
        raise Rejected(Code.WORK_STATE, work=row.code, state=row.state)
    task = task_book.open_task(
        tx, key=f"{WORK}:{work}", kind=WORK, now=now, ref=f"{WORK}:{work}",
        body={"work": row.code},
    )  # fmt: skip
    assert task is not None, "the state changes with it"
    needed = tx.execute(select(work_materials).where(work_materials.c.work_id == work)).all()
    wanted = [Need(0, one.item_id, one.item_id, one.qty, today) for one in needed]
    plan = allocation.decide(tx, wanted)
    if plan.missing:
        lacking = plan.missing[0]
        sku = tx.execute(select(items_table.c.sku).where(items_table.c.id == lacking.item))
        raise Rejected(Code.WORK_SHORT, work=row.code, item=sku.scalar_one(), qty=lacking.qty)
    takes: dict[Any, int] = {}
    for take in plan.takes:
        takes[take.key] = takes.get(take.key, 0) + take.qty
    allocation.reserve(tx, task=task, takes=takes, now=now)
    set_state(tx, row, "released", now=now)
    return view(tx, work)


def cancel(tx: Tx, work: int, *, now: int) -> Work:
    """No more of it is made: promises are given back, what was fetched is put back.

    What was made stays made, and the clock stops. Refuses `WORK_STATE` once it is done, and
    `WORK_OF_ORDER` for the repair of returned goods whose order is still to send them: cancel that.
    The second time no effect.
    """
    row = locked(tx, work)
    if row.state == "cancelled":
        return view(tx, work)
    if row.state == "done":
        raise Rejected(Code.WORK_STATE, work=row.code, state=row.state)
    _refuse_wanted(tx, row)
    stop_clock(tx, work, now=now)
    let_go(tx, row, outcome="cancelled", now=now)
    set_state(tx, row, "cancelled", now=now)
    return view(tx, work)


def _refuse_wanted(tx: Tx, row: Row[Any]) -> None:
    """The goods of a return would have nowhere to go: their order is cancelled, not its work."""
    mine = (orders.c.origin == row.origin) & (orders.c.kind == row.kind) & (row.origin != "")
    waits = select(orders.c.external_id).where(mine, orders.c.state == "held")
    order = tx.execute(waits).scalar()
    if order is not None:
        raise Rejected(Code.WORK_OF_ORDER, work=row.code, order=order)


def let_go(tx: Tx, row: Row[Any], *, outcome: str, now: int) -> None:
    """The task ends; what is still promised to it is free, and goes back out of its tote."""
    task = task_of(tx, row.id)
    if task is not None:
        gone = allocation.release(tx, [one.id for one in allocation.reserved(tx, task)])
        for tote in sorted({one.place for one in gone if one.state == "picked"}):
            put_back.ask_tote(tx, tote, order=0, now=now)
        task_book.finish(tx, task=task, outcome=outcome, now=now)


def stop_clock(tx: Tx, work: int, *, now: int, person: int | None = None) -> None:
    """End the running spans of *work* (of *person*); its minutes are counted anew, rounded up."""
    going = (work_spans.c.work_id == work) & work_spans.c.ended_ms.is_(None)
    if person is not None:
        going &= work_spans.c.person_id == person
    began = work_spans.c.began_ms
    # A clock that was set back between the two bills nothing, and never less than nothing.
    tx.execute(update(work_spans).where(going).values(
        ended_ms=case((began > now, began), else_=now)
    ))  # fmt: skip
    spent = func.coalesce(func.sum(work_spans.c.ended_ms - work_spans.c.began_ms), 0)
    ended = (work_spans.c.work_id == work) & work_spans.c.ended_ms.is_not(None)
    spent_ms = int(tx.execute(select(spent).where(ended)).scalar_one())
    minutes = -(-spent_ms // MINUTE_MS)
    tx.execute(update(work_orders).where(work_orders.c.id == work).values(minutes=minutes))


def task_of(tx: Tx, work: int) -> int | None:
    """The task of *work*, once it was released."""
    mine = (tasks.c.kind == WORK) & (tasks.c.ref == f"{WORK}:{work}")
    found: int | None = tx.scalar(select(tasks.c.id).where(mine))
    return found


def locked(tx: Tx, work: int) -> Row[Any]:
    """The work order, locked."""
    query = select(work_orders).where(work_orders.c.id == work)
    return tx.execute(query.with_for_update()).one()


def set_state(tx: Tx, row: Row[Any], state: str, *, now: int) -> None:
    """Bring the locked *row* into *state*, and tell."""
    values = {"state": state, "done_ms": now if state == "done" else None}
    tx.execute(update(work_orders).where(work_orders.c.id == row.id).values(values))
    emit(tx, WorkChanged(
        owner=row.owner, work_id=row.id, external_id=row.external_id, work=row.kind, state=state,
        done=done_of(tx, row.id),
    ), now=now)  # fmt: skip


def done_of(tx: Tx, work: int) -> int:
    """How many are done by now."""
    return int(tx.execute(
        select(work_orders.c.done).where(work_orders.c.id == work)
    ).scalar_one())  # fmt: skip


def waiting(tx: Tx, *, owners: Collection[str] | None = None, limit: int = 5) -> list[Row[Any]]:
    """Work of these *owners* (None = all) that waits for hands, the oldest first; a repair needs
    no release."""
    free = (tasks.c.kind == WORK) & (tasks.c.state == "open")
    asked = select(tasks.c.ref).where(free)
    ready = (literal(f"{WORK}:") + cast(work_orders.c.id, String)).in_(asked)
    query = select(work_orders).where(work_orders.c.state.in_(("open", "released", "working")))
    if owners is not None:
        query = query.where(work_orders.c.owner.in_(owners))
    repair = (work_orders.c.kind == "repair") & (work_orders.c.state == "open")
    return list(tx.execute(query.where(ready | repair).order_by(work_orders.c.id).limit(limit)))


def refuse_others(tx: Tx, work: int, person: Person) -> None:
    """Refuse `PERMISSION_MISSING` where *person* does no work for its owner."""
    if WORK not in person.limited:
        return
    owner = tx.execute(select(work_orders.c.owner).where(work_orders.c.id == work)).scalar_one()
    if not person.may(WORK, owner):
        raise Rejected(Code.PERMISSION_MISSING, permission=f"{WORK} {owner}")


def find(tx: Tx, reference: str, *, owner: str = "") -> int:
    """The work order with this code or external id. Refuses `WORK_UNKNOWN`."""
    for column in (work_orders.c.external_id, work_orders.c.code):
        query = select(work_orders.c.id).where(column == reference)
        if owner:
            query = query.where(work_orders.c.owner == owner)
        found = tx.scalars(query.limit(2)).all()
        if len(found) == 1:
            return int(found[0])
    raise Rejected(Code.WORK_UNKNOWN, work=shown(reference))


def view(tx: Tx, work: int, *, new: bool = False) -> Work:
    """It as its owner may see it."""
    return _views(tx, work_orders.c.id == work, 1, new=new)[0]


def listed(tx: Tx, *, owner: str = "", limit: int = 100) -> tuple[Work, ...]:
    """The newest work orders, of one owner or of all ("")."""
    mine = work_orders.c.owner == owner if owner else work_orders.c.id > 0
    return tuple(_views(tx, mine, limit))


def _views(tx: Tx, chosen: Any, limit: int, *, new: bool = False) -> Sequence[Work]:
    query = (
        select(work_orders, items_table.c.sku)
        .join(items_table, items_table.c.id == work_orders.c.item_id)
        .where(chosen)
        .order_by(work_orders.c.id.desc())
        .limit(limit)
    )
    names = ("code", "owner", "external_id", "kind", "sku", "qty", "done", "state", "minutes")
    return [
        Work(work_id=row.id, new=new, **{name: row._mapping[name] for name in names})
        for row in tx.execute(query)
    ]
