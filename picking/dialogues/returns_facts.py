"""What a grader's next step depends on, read fresh from the book on every input."""

from dataclasses import dataclass, field
from typing import Any, Literal

from msgspec import Struct
from sqlalchemy import Row, func, select

from picking.dialogues import approval
from picking.dialogues.approval import Asked
from picking.dialogues.base import Who
from wms.db import Tx
from wms.returns import closing, finding, restock
from wms.returns.finding import Candidate
from wms.returns.grading import Unit, disposal_ref
from wms.returns.rows import HERE, is_again, is_undelivered
from wms.returns.rules import CHOSEN, NEVER_SOLD, Disposition, Grade, Rule, proposed, rules_of
from wms.returns.view import Evidence, evidence
from wms.schema import (
    items,
    lots,
    owners,
    people,
    return_lines,
    return_units,
    returns,
)

At = Literal[
    "arrive", "choose", "unknown", "search", "evidence", "aside", "unit", "strange", "instead",
    "lot", "serial", "swapped", "grade", "disposition", "place", "close",
]  # fmt: skip
WITHOUT = ("arrive", "choose", "unknown", "search")  # steps at which no box is open
OWNERS_MAX = 5
LOTS_MAX = 5


class State(Struct, frozen=True, kw_only=True):
    """What is being done to the box at hand; which box that is, is the book's to know.

    `sought` is what was scanned to find it, `words` what was typed: these are forgotten with it.
    """

    at: At = "arrive"
    sought: str = ""
    serial_sought: str = ""
    items_sought: tuple[int, ...] = ()
    words: str = ""
    item: int = 0
    lot: str = ""
    serial: str = ""
    qty: int = 1
    grade: Grade | Literal[""] = ""
    disposition: Disposition | Literal[""] = ""
    place: str = ""
    whole: bool = False  # an unopened parcel is put back as it is
    listing: bool = False
    approval: Asked | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """What is awaited of one item, and what was graded of it."""

    item: int
    sku: str
    name: str
    qty: int
    graded: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Current:
    """The box at hand. `waits`: its owner has not said what becomes of it."""

    number: int
    code: str
    kind: str
    owner: str
    state: str
    reason: str = ""
    known: bool = True  # what was sent is known
    undelivered: bool = False
    waits: bool = False
    again: bool = False  # its goods were graded once; the order that was to send them is cancelled
    lines: tuple[Line, ...] = ()
    units: int = 0
    seen: Evidence = field(default_factory=Evidence)

    @property
    def missing(self) -> tuple[Line, ...]:
        return tuple(line for line in self.lines if line.graded < line.qty)

    @property
    def may_be_aside(self) -> bool:
        """Whether the box may have come back unopened: nothing of it was looked at."""
        sealed = self.state == "arrived" and bool(self.seen.parcel) and not self.units
        return sealed and not self.undelivered

    @property
    def may_go_back(self) -> bool:
        """Whether its owner wants an undelivered parcel back on the shelf, and it is whole."""
        return self.undelivered and not self.waits and not self.units


@dataclass(frozen=True, slots=True, kw_only=True)
class Goods:
    """The unit in the hand: its item, and what of it was sent. `lots` are those to choose from."""

    item: int
    sku: str
    name: str
    picture: str
    awaited: bool
    serial_tracked: bool
    lot_tracked: bool
    serials: tuple[str, ...] = ()
    lots: tuple[str, ...] = ()
    proposal: str = ""  # a shelf where it lies already


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """`at_station`: personal words may be keyed here. `decided`: unopened parcels to look at."""

    current: Current | None = None
    candidates: tuple[Candidate, ...] = ()
    holders: tuple[str, ...] = ()  # who is at each candidate, "" = nobody
    owners: tuple[str, ...] = ()
    decided: tuple[str, ...] = ()
    announced: int = 0
    at_station: bool = False
    goods: Goods | None = None
    dispositions: tuple[Disposition, ...] = ()  # the first is proposed
    approved: bool = False
    disposal: str = ""  # what a second badge says yes to


def facts(tx: Tx, state: State, who: Who) -> Facts:
    """Read them."""
    row = _mine(tx, who.person.id)
    if row is None:
        return _without(tx, state, who)
    goods = _goods(tx, row, state, who.today) if state.item else None
    too_old = bool(state.item) and restock.too_old(tx, state.item, state.lot, today=who.today) != ""
    return Facts(
        current=_current(tx, row), at_station=who.station is not None, goods=goods,
        dispositions=_dispositions(rules_of(tx, row.owner), state.grade, row, too_old=too_old)
        if state.grade else (),
        approved=approval.given(tx, state.approval), disposal=disposal_ref(tx, row.id),
    )  # fmt: skip


def find(tx: Tx, state: State, now: int) -> tuple[Candidate, ...]:
    """What was scanned or typed may be these."""
    if state.words:
        return finding.by_words(tx, state.words, now=now)
    return finding.by_code(
        tx, state.sought, now=now, serial=state.serial_sought, item_ids=state.items_sought
    )


def _mine(tx: Tx, person: int) -> Row[Any] | None:
    mine = (returns.c.person_id == person) & returns.c.state.in_(HERE)
    return tx.execute(select(returns).where(mine).order_by(returns.c.id.desc()).limit(1)).first()


def _without(tx: Tx, state: State, who: Who) -> Facts:
    found = find(tx, state, who.now) if state.at == "choose" else ()
    known = owners_of(tx) if state.at == "unknown" else ()
    announced = select(func.count()).where(returns.c.state == "announced")
    waiting = closing.waiting(tx)
    return Facts(
        candidates=found, holders=_holders(tx, found, who.person.id), owners=known,
        decided=tuple(f"{row.code} {row.place}" for row in waiting),
        announced=tx.execute(announced).scalar_one(), at_station=who.station is not None,
    )  # fmt: skip


def owners_of(tx: Tx) -> tuple[str, ...]:
    """Whose a box may be that nobody knows."""
    return tuple(tx.scalars(select(owners.c.code).order_by(owners.c.code).limit(OWNERS_MAX)))


def _holders(tx: Tx, found: tuple[Candidate, ...], me: int) -> tuple[str, ...]:

    numbers = [one.number for one in found]
    parcels = [one.parcel for one in found if one.parcel]
    query = (
        select(returns.c.id, returns.c.parcel_id, people.c.name)
        .join(people, people.c.id == returns.c.person_id)
        .where(returns.c.id.in_(numbers) | returns.c.parcel_id.in_(parcels))
        .where(returns.c.state.in_(HERE), returns.c.person_id != me)
    )
    rows = tx.execute(query).all()
    return tuple(
        next((row.name for row in rows
              if row.id == one.number or (not one.number and row.parcel_id == one.parcel)), "")
        for one in found
    )  # fmt: skip


def _current(tx: Tx, row: Row[Any]) -> Current:
    query = (
        select(return_lines, items.c.sku, items.c.name)
        .join(items, items.c.id == return_lines.c.item_id)
        .where(return_lines.c.return_id == row.id)
        .order_by(return_lines.c.line_no)
    )
    lines = tuple(
        Line(line.item_id, line.sku, line.name, line.qty, line.graded)
        for line in tx.execute(query)
    )  # fmt: skip
    units = select(func.coalesce(func.sum(return_units.c.qty), 0)).where(
        return_units.c.return_id == row.id, return_units.c.undone == 0
    )
    aside = is_undelivered(row)
    return Current(
        number=row.id, code=row.code, kind=row.kind, owner=row.owner, state=row.state,
        reason=row.reason, known=row.order_id is not None, undelivered=aside,
        waits=aside and row.decision != "cancel", again=is_again(row), lines=lines,
        units=int(tx.execute(units).scalar_one()), seen=evidence(tx, row),
    )  # fmt: skip


def _goods(tx: Tx, row: Row[Any], state: State, today: str) -> Goods:
    item = tx.execute(select(items).where(items.c.id == state.item)).one()
    sent = [one for one in evidence(tx, row).sent if one.item == item.id]
    awaited = select(return_lines.c.id).where(
        return_lines.c.return_id == row.id, return_lines.c.item_id == item.id,
        return_lines.c.qty > 0,
    )  # fmt: skip
    batches = tuple(dict.fromkeys(one.lot for one in sent))
    dated = bool(item.lot_tracked or item.expiry_tracked or any(batches))
    if dated and not sent:
        known = select(lots.c.lot).where(lots.c.item_id == item.id)
        newest = known.order_by(lots.c.expiry.desc(), lots.c.lot).limit(LOTS_MAX)
        batches = tuple(tx.scalars(newest))
    return Goods(
        item=item.id, sku=item.sku, name=item.name, picture=item.picture,
        awaited=bool(sent) or row.order_id is None or tx.execute(awaited).first() is not None,
        serial_tracked=bool(item.serial_tracked), lot_tracked=dated,
        serials=tuple(one.serial for one in sent if one.serial), lots=batches,
        proposal=_proposal(tx, state, today) if state.disposition else "",
    )  # fmt: skip


def _proposal(tx: Tx, state: State, today: str) -> str:
    """Where put-away would bring the piece."""
    unit = Unit(item=state.item, grade=state.grade or "A", disposition=state.disposition or "none")
    if not unit.condition or unit.disposition == "dispose":
        return ""
    goods = restock.goods(
        tx, item=state.item, lot=state.lot, qty=state.qty, condition=unit.condition, today=today
    )
    return restock.proposal(tx, goods, today=today)


def _dispositions(
    rules: dict[Grade, Rule], grade: Grade, row: Row[Any], *, too_old: bool
) -> tuple[Disposition, ...]:  # fmt: skip
    """What can be done with a unit of this grade, the proposal first; what is *too_old* to be sold
    is not restocked."""
    first = proposed(rules, grade, kind=row.kind)
    if too_old and first == "restock":
        first = "quarantine"
    possible: list[Disposition] = [
        one for one in CHOSEN
        if not (grade in NEVER_SOLD and one in ("restock", "repair"))
        and not (too_old and one == "restock")
        and not (one == "repair" and row.order_id is None)
    ]  # fmt: skip
    return tuple(dict.fromkeys([first, *possible] if first in possible else possible))
