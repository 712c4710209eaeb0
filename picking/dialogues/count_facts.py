"""What the count dialogue remembers, and what it reads of the book. Never what lies on the shelf by
the book: whoever counts is blind."""

from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from msgspec import Struct
from sqlalchemy import ColumnElement, case, func, select

from picking.dialogues import approval
from picking.dialogues.approval import Asked
from picking.dialogues.base import Who
from wms.counts import counting as count_book
from wms.counts.rules import Tally
from wms.db import Tx
from wms.schema import counts, items, lots, places, stock
from wms.schema import tasks as tasks_table
from wms.schema.goods import MOVING

PAST = 10  # scans that can be taken back, one after another


class Choice(NamedTuple):
    """One of several items that a barcode may mean."""

    item: int
    owner: str
    sku: str
    qty: int


class Pending(Struct, frozen=True, kw_only=True):
    """Goods that were scanned and are not yet told apart: `item` is 0 while it may be several."""

    item: int
    qty: int
    lot: str = ""
    serial: str = ""
    choices: tuple[Choice, ...] = ()


class State(Struct, frozen=True, kw_only=True):
    """What eyes have seen so far. The count itself, its round and its task are the book's."""

    at: Literal[
        "get", "place", "item", "which", "lot", "serial", "empty", "leave", "again", "decide"
    ] = "get"
    count: int = 0
    round: int = 0
    seen: tuple[Tally, ...] = ()
    past: tuple[Tally, ...] = ()  # the last scans, the newest at the end
    pending: Pending | None = None
    other: str = ""  # a lot that nobody knows, read once
    listing: bool = False
    approval: Asked | None = None


@dataclass(frozen=True, slots=True)
class Work:
    """A claimed task. `count` is 0 until somebody stands there: a short shelf has no count yet."""

    task: int
    place: str
    check_digits: str
    count: int = 0
    round: int = 0
    state: str = ""
    counted_by: int = 0  # who made the last round
    stocktake: bool = False


@dataclass(frozen=True, slots=True)
class Goods:
    """An item as far as counting it asks. `lots_here`, `lots`: those that the book knows."""

    id: int
    sku: str
    name: str
    picture: str
    by_lot: bool
    by_serial: bool
    by_expiry: bool  # its lots are dates
    lots_here: tuple[str, ...] = ()
    lots: tuple[str, ...] = ()
    lot_of_serial: str | None = None  # None: a serial number that the book does not have


@dataclass(frozen=True, slots=True)
class Facts:
    """The task at hand, the goods that were scanned, and what waits for a second person.

    `expected`: items that are known here, only to tell owners apart. `inside`: containers that
    stand here, which are counted by themselves. `owners`: whose goods this person may count; None
    is everybody's. `unapproved`: who has to be asked, by owner; `difference`
    what about.
    """

    work: Work | None
    waiting: int
    me: int = 0
    goods: tuple[Goods, ...] = ()
    expected: frozenset[int] = frozenset()
    inside: tuple[str, ...] = ()
    owners: frozenset[str] | None = None
    unapproved: tuple[str, ...] = ()
    difference: tuple[str, ...] = ()
    approved: bool = False

    def of(self, item: int) -> Goods | None:
        """What is known of an item that was scanned."""
        return next((one for one in self.goods if one.id == item), None)


def load(tx: Tx, state: State, who: Who) -> Facts:
    """Read them."""
    owners = who.person.limited.get("count")
    work = _work(tx, who)
    waiting = tx.execute(select(func.count()).select_from(_open(who, owners))).scalar_one()
    if work is None:
        return Facts(None, waiting, who.person.id, owners=owners)
    wanted = {tally.item for tally in state.seen}
    if state.pending is not None and state.pending.item:
        wanted.add(state.pending.item)
    here = (stock.c.place == work.place) & (stock.c.qty > 0)
    expected = frozenset(tx.scalars(select(stock.c.item_id).where(here).distinct()))
    unapproved: tuple[str, ...] = ()
    difference: tuple[str, ...] = ()
    if work.state == "approval":
        unapproved = count_book.unapproved(tx, count_book.read(tx, work.count))
        difference = _difference(tx, work)
    stands = (places.c.parent == work.place) & places.c.kind.in_(MOVING)
    inside = tx.scalars(select(places.c.code).where(stands).order_by(places.c.code))
    return Facts(
        work, waiting, who.person.id, _goods(tx, wanted, work.place, state.pending), expected,
        tuple(inside), owners, unapproved, difference, approval.given(tx, state.approval),
    )  # fmt: skip


def _work(tx: Tx, who: Who) -> Work | None:
    mine = (
        (tasks_table.c.kind == count_book.COUNT)
        & (tasks_table.c.person_id == who.person.id)
        & (tasks_table.c.state == "claimed")
    )
    query = (
        select(tasks_table.c.id, tasks_table.c.place, places.c.check_digits,
               counts.c.id.label("number"), counts.c.round, counts.c.state, counts.c.person_id,
               counts.c.stocktake_id)
        .join(places, places.c.code == tasks_table.c.place)
        .outerjoin(counts, _its_count())
        .where(mine)
        .order_by(tasks_table.c.id)
    )  # fmt: skip
    row = tx.execute(query.limit(1)).first()
    if row is None:
        return None
    return Work(
        row.id, row.place, row.check_digits, row.number or 0, row.round or 0, row.state or "",
        row.person_id or 0, row.stocktake_id is not None,
    )  # fmt: skip


def _its_count() -> ColumnElement[bool]:
    """The count of a task; one that a stocktake has made void is over."""
    return (counts.c.task_id == tasks_table.c.id) & counts.c.state.in_(count_book.LIVE)


def open_tasks(who: Who, owners: frozenset[str] | None) -> ColumnElement[bool]:
    """Counts that this person may take: not the second one of their own for a stocktake, and
    nothing at a place where goods lie that they may not touch."""
    own_second = (counts.c.stocktake_id.is_not(None)) & (counts.c.person_id == who.person.id)
    own_second &= counts.c.round > 1
    taken = select(counts.c.task_id).where(own_second, counts.c.task_id.is_not(None))
    free = (tasks_table.c.kind == count_book.COUNT) & (tasks_table.c.state == "open")
    free &= tasks_table.c.id.not_in(taken)
    if owners is not None:
        foreign = (
            select(stock.c.place)
            .join(items, items.c.id == stock.c.item_id)
            .where(stock.c.qty > 0, items.c.owner.not_in(owners))
        )
        free &= tasks_table.c.place.not_in(foreign)
    return free


def _open(who: Who, owners: frozenset[str] | None) -> Any:
    return select(tasks_table.c.id).where(open_tasks(who, owners)).subquery()


def next_tasks(tx: Tx, who: Who, *, limit: int) -> list[int]:
    """The most urgent counts that this person may take: shelves that pickers wait for come first,
    and what somebody else should look at comes last."""
    short = case((count_book.FOUND_SHORT, 0), else_=1)
    mine = case((counts.c.person_id == who.person.id, 1), else_=0)
    query = (
        select(tasks_table.c.id)
        .outerjoin(counts, _its_count())
        .where(open_tasks(who, who.person.limited.get("count")))
        .order_by(tasks_table.c.priority.desc(), mine, short, tasks_table.c.id)
        .limit(limit)
        .with_for_update(of=tasks_table, skip_locked=True)
    )
    return list(tx.scalars(query))


def _goods(
    tx: Tx, wanted: set[int], place: str, pending: Pending | None
) -> tuple[Goods, ...]:  # fmt: skip
    if not wanted:
        return ()
    known = _lots(tx, wanted)
    here = _lots(tx, wanted, place)
    number = _lot_of_serial(tx, pending)
    return tuple(
        Goods(
            row.id, row.sku, row.name, row.picture,
            by_lot=bool(row.lot_tracked or row.expiry_tracked), by_serial=bool(row.serial_tracked),
            by_expiry=bool(row.expiry_tracked and not row.lot_tracked),
            lots_here=here.get(row.id, ()), lots=known.get(row.id, ()),
            lot_of_serial=number if pending is not None and pending.item == row.id else None,
        )
        for row in tx.execute(select(items).where(items.c.id.in_(wanted)).order_by(items.c.id))
    )  # fmt: skip


def _lots(tx: Tx, wanted: set[int], place: str = "") -> dict[int, tuple[str, ...]]:
    """The lots of these items; with *place*, those that lie there."""
    of = stock if place else lots
    query = select(of.c.item_id, of.c.lot).where(of.c.item_id.in_(wanted), of.c.lot != "")
    if place:
        query = query.where(stock.c.place == place, stock.c.qty > 0)
    found: dict[int, list[str]] = {}
    for row in tx.execute(query.distinct().order_by(of.c.item_id, of.c.lot)):
        found.setdefault(row.item_id, []).append(row.lot)
    return {item: tuple(codes) for item, codes in found.items()}


def _lot_of_serial(tx: Tx, pending: Pending | None) -> str | None:
    if pending is None or not pending.serial:
        return None
    unit = (stock.c.item_id == pending.item) & (stock.c.serial == pending.serial)
    query = select(stock.c.lot).where(unit).order_by(stock.c.qty.desc())
    return tx.execute(query.limit(1)).scalar()


def _difference(tx: Tx, work: Work) -> tuple[str, ...]:
    """What a second person says yes or no to: `TEA -3`, a line of goods each."""
    found = count_book.found_in(tx, work.count, work.round)
    sku = {row.id: row.sku for row in tx.execute(
        select(items.c.id, items.c.sku).where(items.c.id.in_({goods.item for goods in found}))
    )}  # fmt: skip
    return tuple(
        " ".join(part for part in (sku[goods.item], goods.lot, goods.serial, f"{qty:+d}") if part)
        for goods, qty in sorted(found.items())
    )
