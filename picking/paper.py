"""Pick lists on paper, for the day the server is down, and what people wrote on them afterwards.

A line of a list is a stop of a tour. Entering it does what its scans would have done, under a key
of its own: the same sheet entered twice is entered once.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from random import Random
from typing import Annotated, Any

from msgspec import Meta, Struct
from sqlalchemy import Row, func, select, update

from picking import tours as walks
from picking.hands import alone, cart_of, live
from wms.db import Tx
from wms.errors import Code, Rejected
from wms.people import staff as rights
from wms.schema import (
    allocations,
    items,
    lots,
    moves,
    orders,
    people,
    stops,
    tour_totes,
    tours,
    waves,
)

LINES_MAX = 10_000
KEY = "paper:"

Line = Annotated[int, Meta(ge=1, le=2**53)]


class PaperStop(Struct, frozen=True, kw_only=True):
    """One line: take `qty` eaches from `place` into the tote at position `slot`."""

    line: int
    place: str
    item: str
    sku: str
    lot: str
    expiry: str
    qty: int
    slot: int


class PaperSlot(Struct, frozen=True, kw_only=True):
    """A position on the cart: for which order ("" = for several), and its tote if it has one."""

    slot: int
    order: str
    tote: str


class PaperTour(Struct, frozen=True, kw_only=True):
    """One walk that is not over. `person` is who has claimed it, "" = nobody."""

    tour: int
    wave: int
    carrier: str
    pickup_ms: int
    person: str
    slots: tuple[PaperSlot, ...]
    stops: tuple[PaperStop, ...]


class Taken(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What somebody wrote: `taken` eaches of a line went into `tote`, which stands at `drop`."""

    line: Line
    taken: Annotated[int, Meta(ge=0, le=1_000_000)]
    tote: Annotated[str, Meta(max_length=40)] = ""
    drop: Annotated[str, Meta(max_length=40)] = ""


class LineFault(Struct, frozen=True, kw_only=True):
    """Why a walk could not be entered: the line, the code of the refusal, and its params."""

    line: int
    code: str
    params: dict[str, str | int]


class Entered(Struct, frozen=True, kw_only=True):
    """What entering did. `same` lines were entered before; `unfinished` tours have stops left."""

    lines: int = 0
    same: int = 0
    short: int = 0
    finished: int = 0
    unfinished: int = 0
    faults: tuple[LineFault, ...] = ()


class NotEntered(Exception):
    """Carries a report out of its transaction, which it thereby rolls back."""

    def __init__(self, report: Entered) -> None:
        super().__init__("not entered")
        self.report = report


def lists(tx: Tx, *, wave: int | None = None) -> tuple[PaperTour, ...]:
    """Every walk with something left to take (of one *wave*), the next pickup first."""
    heads = (
        select(tours.c.id, tours.c.wave_id, waves.c.carrier, waves.c.pickup_ms, people.c.name)
        .join(waves, waves.c.id == tours.c.wave_id)
        .outerjoin(people, people.c.id == tours.c.person_id)
        .where(tours.c.state.in_(("open", "claimed")))
        .order_by(waves.c.pickup_ms, tours.c.priority.desc(), tours.c.id)
    )
    if wave is not None:
        heads = heads.where(tours.c.wave_id == wave)
    found = tx.execute(heads).all()
    open_stops = _stops(tx, [row.id for row in found])
    slots = _slots(tx, [row.id for row in found])
    return tuple(
        PaperTour(
            tour=row.id, wave=row.wave_id, carrier=row.carrier, pickup_ms=row.pickup_ms,
            person=row.name or "", slots=tuple(slots[row.id]), stops=tuple(open_stops[row.id]),
        )
        for row in found
        if open_stops[row.id]
    )  # fmt: skip


def _stops(tx: Tx, chosen: Sequence[int]) -> dict[int, list[PaperStop]]:
    query = (
        select(
            stops.c.tour_id, stops.c.id, stops.c.slot, allocations.c.place, allocations.c.qty,
            allocations.c.lot, items.c.sku, items.c.name, lots.c.expiry,
        )
        .join(allocations, allocations.c.id == stops.c.allocation_id)
        .join(items, items.c.id == allocations.c.item_id)
        .join(lots, (lots.c.item_id == allocations.c.item_id) & (lots.c.lot == allocations.c.lot))
        .where(stops.c.tour_id.in_(chosen), stops.c.state == "open", allocations.c.state == "open")
        .order_by(stops.c.seq, stops.c.id)
    )  # fmt: skip
    found: dict[int, list[PaperStop]] = defaultdict(list)
    for row in tx.execute(query):
        found[row.tour_id].append(PaperStop(
            line=row.id, place=row.place, item=row.name, sku=row.sku, lot=row.lot,
            expiry=row.expiry, qty=row.qty, slot=row.slot,
        ))  # fmt: skip
    return found


def _slots(tx: Tx, chosen: Sequence[int]) -> dict[int, list[PaperSlot]]:
    query = (
        select(tour_totes.c.tour_id, tour_totes.c.slot, tour_totes.c.tote, orders.c.code)
        .outerjoin(orders, orders.c.id == tour_totes.c.order_id)
        .where(tour_totes.c.tour_id.in_(chosen), tour_totes.c.full == 0)
        .order_by(tour_totes.c.slot)
    )
    found: dict[int, list[PaperSlot]] = defaultdict(list)
    for row in tx.execute(query):
        slot = PaperSlot(slot=row.slot, order=row.code or "", tote=row.tote or "")
        found[row.tour_id].append(slot)
    return found


# --- afterwards ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Sheet:
    """Whose hand it was, and when it is entered: what every line of a sheet has in common."""

    person: int
    now: int
    today: str
    rng: Random

    @property
    def actor(self) -> str:
        return f"person:{self.person}"


def enter(
    tx: Tx, rows: Iterable[Taken], *, person: int, now: int, today: str, rng: Random,
    dry_run: bool = False,
) -> Entered:  # fmt: skip
    """Book what *person* took by paper, all of it or nothing.

    A walk whose last line is entered is set down at its `drop`. Raises `NotEntered` with the
    report when a line is refused (each walk names its first), and at the end of a dry run.
    Refuses `PERMISSION_MISSING` for who may not pick.
    """
    if "pick" not in rights.by_id(tx, person).permissions:
        raise Rejected(Code.PERMISSION_MISSING, permission="pick")
    sheet = Sheet(person, now, today, rng)
    by_line = {row.line: row for row in rows}
    found = {row.id: row for row in _known(tx, list(by_line))}
    before = _entered_before(tx)
    total = Entered()
    faults = [
        LineFault(line=line, code=Code.PAPER_LINE, params={"line": line})
        for line in by_line.keys() - found.keys()
    ]
    groups: dict[int, list[Taken]] = defaultdict(list)
    for line, stop in found.items():
        groups[stop.tour_id].append(by_line[line])
    for tour, taken in groups.items():
        try:
            with tx.begin_nested():
                total = _sum(total, _enter_tour(tx, tour, taken, found, before, sheet))
        except _Line as refused:
            faults.append(refused.fault)
    if faults or dry_run:
        told = tuple(sorted(faults, key=lambda fault: fault.line))
        raise NotEntered(_sum(total, Entered(faults=told)))
    return total


class _Line(Exception):
    def __init__(self, line: int, refusal: Rejected) -> None:
        super().__init__(str(refusal))
        self.fault = LineFault(line=line, code=refusal.code, params=dict(refusal.params))


def _known(tx: Tx, lines: Sequence[int]) -> list[Row[Any]]:
    query = (
        select(stops.c.id, stops.c.tour_id, stops.c.slot, stops.c.state, allocations.c.qty)
        .join(allocations, allocations.c.id == stops.c.allocation_id)
        .where(stops.c.id.in_(lines))
        .order_by(stops.c.tour_id, stops.c.seq, stops.c.id)
    )
    return list(tx.execute(query))


def _entered_before(tx: Tx) -> dict[int, int]:
    """Eaches by line that were booked from paper."""
    booked = select(moves.c.key, moves.c.qty).where(
        moves.c.key >= KEY, moves.c.key < KEY[:-1] + chr(ord(KEY[-1]) + 1), moves.c.reason == "pick"
    )
    found: dict[int, int] = defaultdict(int)
    for row in tx.execute(booked):
        found[int(row.key.split(":")[1])] += row.qty
    return found


def _enter_tour(
    tx: Tx, tour: int, rows: Sequence[Taken], found: dict[int, Row[Any]], before: dict[int, int],
    sheet: Sheet,
) -> Entered:  # fmt: skip
    """What was taken comes first: a shortage closes its shelf for the other lines as well."""
    fresh = [row for row in rows if found[row.line].state == "open"]
    for row in rows:
        with _naming(row.line):
            if found[row.line].state != "open":
                _refuse_other(row, found[row.line], before)
            else:
                _take_up(tx, tour, sheet)
                _pick(tx, tour, row, found[row.line], sheet)
    short = 0
    for row in fresh:
        with _naming(row.line):
            short += _short(tx, row, found[row.line], sheet)
    done = Entered(lines=len(fresh), same=len(rows) - len(fresh), short=short)
    if not fresh:
        return done
    left = (stops.c.tour_id == tour) & (stops.c.state == "open")
    if tx.scalar(select(func.count()).select_from(stops).where(left)):
        return _sum(done, Entered(unfinished=1))
    with _naming(rows[-1].line):
        _set_down(tx, tour, rows, sheet)
    return _sum(done, Entered(finished=1))


@contextmanager
def _naming(line: int) -> Iterator[None]:
    """A refusal in here is *line*'s."""
    try:
        yield
    except Rejected as refusal:
        raise _Line(line, refusal) from refusal


def _refuse_other(row: Taken, stop: Row[Any], before: dict[int, int]) -> None:
    """A line that is over must have been entered as it is written here."""
    if stop.state == "short" and before.get(row.line, 0) == row.taken:
        return
    if stop.state == "done" and before.get(row.line) == row.taken:
        return
    raise Rejected(Code.STOP_CLOSED, stop=row.line)


def _take_up(tx: Tx, tour: int, sheet: Sheet) -> None:
    """The walk is this person's: it was, or nobody's. Refuses `TOUR_NOT_YOURS`, `TOUR_IN_HAND`."""
    alone(tx, sheet.person)
    mine = live(tx, person=sheet.person)
    if mine == tour:
        return
    if mine is not None:
        raise Rejected(Code.TOUR_IN_HAND, tour=str(mine))
    free = (tours.c.id == tour) & tours.c.person_id.is_(None) & (tours.c.state == "open")
    taken = {
        "person_id": sheet.person, "state": "claimed", "claimed_ms": sheet.now,
        "cart": cart_of(tx, sheet.person),
    }  # fmt: skip
    if tx.execute(update(tours).where(free).values(taken)).rowcount != 1:
        raise Rejected(Code.TOUR_NOT_YOURS, tour=tour)


def _pick(tx: Tx, tour: int, row: Taken, stop: Row[Any], sheet: Sheet) -> None:
    if row.taken > stop.qty:
        raise Rejected(Code.STOP_TOO_MANY, expected=stop.qty, qty=row.taken)
    if row.taken:
        _bind(tx, tour, stop.slot, row, sheet)
        walks.pick_stop(
            tx, stop=row.line, qty=row.taken, tote=row.tote, key=f"{KEY}{row.line}",
            actor=sheet.actor, now=sheet.now, today=sheet.today,
        )  # fmt: skip


def _short(tx: Tx, row: Taken, stop: Row[Any], sheet: Sheet) -> int:
    """How many eaches were not there; another line may have closed the shelf already."""
    missing = int(stop.qty - row.taken)
    still_open = (stops.c.id == row.line) & (stops.c.state == "open")
    if missing and tx.scalar(select(stops.c.id).where(still_open)) is not None:
        walks.short(
            tx, stop=row.line, person=sheet.person, key=f"{KEY}{row.line}:short",
            actor=sheet.actor, now=sheet.now, today=sheet.today,
        )  # fmt: skip
    return missing


def _bind(tx: Tx, tour: int, slot: int, row: Taken, sheet: Sheet) -> None:
    """The tote that was written stands at its position now, unless one does already."""
    if not row.tote:
        raise Rejected(Code.TEXT_EMPTY, field="tote")
    here = (tour_totes.c.tour_id == tour) & (tour_totes.c.slot == slot) & (tour_totes.c.full == 0)
    if tx.scalar(select(tour_totes.c.tote).where(here)) is None:
        walks.bind_tote(tx, tour=tour, slot=slot, tote=row.tote, person=sheet.person, now=sheet.now)


def _set_down(tx: Tx, tour: int, rows: Sequence[Taken], sheet: Sheet) -> None:
    place = next((row.drop for row in reversed(rows) if row.drop), "")
    if not place:
        raise Rejected(Code.TEXT_EMPTY, field="drop")
    walks.drop(
        tx, tour=tour, place=place, key=f"{KEY}tour:{tour}", actor=sheet.actor, now=sheet.now,
        rng=sheet.rng,
    )  # fmt: skip


def _sum(one: Entered, other: Entered) -> Entered:
    return Entered(
        lines=one.lines + other.lines, same=one.same + other.same, short=one.short + other.short,
        finished=one.finished + other.finished, unfinished=one.unfinished + other.unfinished,
        faults=one.faults + other.faults,
    )  # fmt: skip
