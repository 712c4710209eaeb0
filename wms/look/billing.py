"""What a site did for each owner in a month, as a 3PL bills it: counted from what was booked.

Nothing here is priced: prices are in the contract. Storage is counted in thirds of the month
(三期制): days 1-10, 11-20, 21-end; a third's storage (積数) is what it began with plus what came
in. It is counted by shelf, too (places that held goods overnight), and by floor: the square metres
of those places whose size is stated. Of a month that goes on, until now.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from msgspec import Struct
from sqlalchemy import Select, and_, func, select

from wms.db import Tx
from wms.errors import Code, Rejected
from wms.schema import (
    allocations,
    items,
    missions,
    moves,
    orders,
    parcels,
    places,
    return_units,
    returns,
    stock,
    stops,
    tour_totes,
    work_orders,
    work_spans,
)
from wms.schema.goods import STORED

THIRDS = (1, 11, 21)  # the days on which a third of a month begins
DAY = timedelta(days=1)
MM3_OF_ML, MM2_OF_M2 = 1_000, 1_000_000
BATCH = 5_000  # moves in memory at a time
SUPPLIER, CUSTOMER, KIT = "@supplier", "@customer", "@kit"


class Entry(Struct, frozen=True, kw_only=True):
    """One line of the bill. `detail` says what of the activity: a service, a grade, a third."""

    owner: str
    activity: str  # receipts, storage, picks, parcels...
    detail: str
    unit: str  # lines, pieces, materials, piece_thirds, place_days, m2_days, parcels, minutes...
    qty: int


class Span(NamedTuple):
    """Days from `first` up to and without `end`, by the site's clock."""

    first: date
    end: date
    zone: ZoneInfo

    def ms(self, day: date) -> int:
        """When *day* begins, in UTC milliseconds."""
        return int(datetime.combine(day, time(), self.zone).timestamp() * 1000)

    @property
    def between(self) -> tuple[int, int]:
        return self.ms(self.first), self.ms(self.end)

    @property
    def days(self) -> list[date]:
        return [self.first + DAY * number for number in range((self.end - self.first).days)]

    @property
    def thirds(self) -> list[date]:
        """The days on which a third begins, the first day of the span among them."""
        return [day for day in self.days if day == self.first or day.day in THIRDS]


def month(text: str, zone: ZoneInfo) -> Span:
    """The month *text* (YYYY-MM) by the site's clock. Refuses `MONTH_WRONG`.

    >>> month("2026-12", ZoneInfo("Asia/Tokyo")).end
    datetime.date(2027, 1, 1)
    """
    try:
        first = date.fromisoformat(f"{text}-01")
    except ValueError:
        raise Rejected(Code.MONTH_WRONG, value=text[:20]) from None
    return Span(first, (first + DAY * 31).replace(day=1), zone)


def bill(tx: Tx, span: Span, *, now: int, owner: str = "") -> list[Entry]:
    """Everything done in *span* until *now*, by owner, activity and detail; of one *owner* if
    named."""
    found = [
        *_moved(tx, span), *_storage(tx, span, now), *_parcels(tx, span), *_returned(tx, span),
        *_worked(tx, span), *_made(tx, span), *_robots(tx, span),
    ]  # fmt: skip
    mine = [one for one in found if one.qty and owner in ("", one.owner)]
    return sorted(mine, key=lambda one: (one.owner, one.activity, one.detail, one.unit))


def _within(column: Any, span: Span) -> Any:
    begin, end = span.between
    return and_(column >= begin, column < end)


def _moved(tx: Tx, span: Span) -> Iterator[Entry]:
    """Receipts and picks: lines of the ledger and their pieces; what was undone is taken off."""
    ways = (
        ("receipts", moves.c.source == SUPPLIER, moves.c.target == SUPPLIER),
        ("picks", moves.c.reason == "pick", moves.c.reason == "undo"),
    )
    for activity, done, undone in ways:
        sums: Counter[tuple[str, str]] = Counter()
        for sign, which in ((1, done), (-1, undone)):
            for row in tx.execute(_by_owner(span).where(which, moves.c.reason != "opening")):
                sums[row.owner, "lines"] += sign * row.rows
                sums[row.owner, "pieces"] += sign * row.qty
        for (owner, unit), qty in sums.items():
            yield Entry(owner=owner, activity=activity, detail="", unit=unit, qty=qty)


def _by_owner(span: Span) -> Select[Any]:
    return (
        select(items.c.owner, func.count().label("rows"), func.sum(moves.c.qty).label("qty"))
        .join(items, items.c.id == moves.c.item_id)
        .where(_within(moves.c.at_ms, span))
        .group_by(items.c.owner)
    )


def _parcels(tx: Tx, span: Span) -> Iterator[Entry]:
    query = (
        select(orders.c.owner, parcels.c.service, func.count().label("rows"))
        .join(orders, orders.c.id == parcels.c.order_id)
        .where(parcels.c.state == "shipped", _within(parcels.c.shipped_ms, span))
        .group_by(orders.c.owner, parcels.c.service)
    )
    for row in tx.execute(query):
        yield Entry(
            owner=row.owner, activity="parcels", detail=row.service, unit="parcels", qty=row.rows
        )


def _returned(tx: Tx, span: Span) -> Iterator[Entry]:
    query = (
        select(returns.c.owner, return_units.c.grade, func.sum(return_units.c.qty).label("qty"))
        .join(returns, returns.c.id == return_units.c.return_id)
        .where(_within(return_units.c.at_ms, span), return_units.c.undone == 0)
        .group_by(returns.c.owner, return_units.c.grade)
    )
    for row in tx.execute(query):
        yield Entry(
            owner=row.owner, activity="returns", detail=row.grade, unit="units", qty=row.qty
        )


def _worked(tx: Tx, span: Span) -> Iterator[Entry]:
    """Value-added work: started minutes of each kind; a span belongs to the day it ended."""
    query = (
        select(
            work_orders.c.owner, work_orders.c.kind,
            func.sum(work_spans.c.ended_ms - work_spans.c.began_ms).label("spent_ms"),
        )
        .join(work_orders, work_orders.c.id == work_spans.c.work_id)
        .where(_within(work_spans.c.ended_ms, span))
        .group_by(work_orders.c.owner, work_orders.c.kind)
    )  # fmt: skip
    for row in tx.execute(query):
        minutes = -(-int(row.spent_ms) // 60_000)
        yield Entry(owner=row.owner, activity="work", detail=row.kind, unit="minutes", qty=minutes)


def _made(tx: Tx, span: Span) -> Iterator[Entry]:
    """Value-added work, by the ledger: pieces that came out of it, and materials that went in."""
    for unit, which in (("pieces", moves.c.source == KIT), ("materials", moves.c.target == KIT)):
        query = _by_owner(span).add_columns(moves.c.reason).group_by(moves.c.reason).where(which)
        for row in tx.execute(query):
            yield Entry(
                owner=row.owner, activity="work", detail=row.reason, unit=unit, qty=int(row.qty)
            )


# --- storage -----------------------------------------------------------------------------------


@dataclass(slots=True)
class _Film:
    """The book, run backwards: what lies where, and what each third and each evening showed."""

    held: Counter[tuple[str, str, int]] = field(default_factory=Counter)  # owner, place, item
    total: Counter[str] = field(default_factory=Counter)  # pieces of each owner in the site
    spots: Counter[tuple[str, str]] = field(default_factory=Counter)  # items in a storage place
    place_days: Counter[str] = field(default_factory=Counter)
    mm2_days: Counter[str] = field(default_factory=Counter)
    floor_mm2: dict[str, int] = field(default_factory=dict)  # of places with a stated size
    came: Counter[tuple[str, date]] = field(default_factory=Counter)
    opened: Counter[tuple[str, date]] = field(default_factory=Counter)

    def change(self, owner: str, place: str, item: int, qty: int, *, stored: bool) -> None:
        """*qty* more (or less) lies there; whether the place counts as storage."""
        key = (owner, place, item)
        before, self.held[key] = self.held[key], self.held[key] + qty
        self.total[owner] += qty
        if stored and (before > 0) != (self.held[key] > 0):
            self.spots[owner, place] += 1 if before <= 0 else -1

    def evening(self) -> None:
        """Count the storage places that each owner's goods are in now."""
        for (owner, place), count in self.spots.items():
            self.place_days[owner] += count > 0
            self.mm2_days[owner] += self.floor_mm2.get(place, 0) if count > 0 else 0


def _storage(tx: Tx, span: Span, now: int) -> Iterator[Entry]:
    """Piece-thirds (積数), place-days and square metres by days (begun ones of the whole span).

    Goods are in the site from @supplier or @customer until they leave; it reads only the moves
    since the span began, and runs them backwards from what lies there now.
    """
    film = _now(tx)
    stored = set(tx.scalars(select(places.c.code).where(places.c.kind.in_(STORED))))
    midnights = {*(span.ms(day + DAY) for day in span.days), span.between[0]}
    marks = sorted(at for at in midnights if at <= now)  # nobody knows the evenings to come
    thirds = span.thirds
    starts = [span.ms(day) for day in thirds]
    ahead = len(marks)
    for row in _backwards(tx, span.between[0]):
        while ahead and row.at_ms < marks[ahead - 1]:
            ahead -= 1
            _mark(film, span, marks[ahead])
        third = bisect_right(starts, row.at_ms) - 1
        for place, sign in ((row.target, -1), (row.source, 1)):
            if not place.startswith("@"):
                film.change(row.owner, place, row.item_id, sign * row.qty, stored=place in stored)
        if row.at_ms < span.between[1] and row.source in (SUPPLIER, CUSTOMER):
            film.came[row.owner, thirds[third]] += row.qty
        if row.at_ms < span.between[1] and row.target == SUPPLIER:  # a receipt that was undone
            film.came[row.owner, thirds[third]] -= row.qty
    while ahead:
        ahead -= 1
        _mark(film, span, marks[ahead])
    for (owner, begin), qty in (film.opened + film.came).items():
        yield Entry(
            owner=owner, activity="storage", detail=begin.isoformat(), unit="piece_thirds", qty=qty
        )
    for owner, days in film.place_days.items():
        yield Entry(owner=owner, activity="storage", detail="", unit="place_days", qty=days)
    for owner, mm2_days in film.mm2_days.items():
        m2_days = -(-mm2_days // MM2_OF_M2)
        yield Entry(owner=owner, activity="storage", detail="", unit="m2_days", qty=m2_days)


def _mark(film: _Film, span: Span, at_ms: int) -> None:
    """What the film shows as a day ends, and as a third begins (the same midnight)."""
    if at_ms > span.between[0]:
        film.evening()
    for third in span.thirds:
        if span.ms(third) == at_ms:
            for owner, qty in film.total.items():
                film.opened[owner, third] = qty


def _now(tx: Tx) -> _Film:
    sized = (places.c.volume_ml_max > 0) & (places.c.height_mm_max > 0)
    sizes = select(places.c.code, places.c.volume_ml_max, places.c.height_mm_max).where(sized)
    film = _Film(floor_mm2={
        row.code: row.volume_ml_max * MM3_OF_ML // row.height_mm_max for row in tx.execute(sizes)
    })  # fmt: skip
    query = (
        select(
            items.c.owner, stock.c.place, stock.c.item_id, places.c.kind,
            func.sum(stock.c.qty).label("qty"),
        )
        .join(items, items.c.id == stock.c.item_id)
        .join(places, places.c.code == stock.c.place)
        .where(stock.c.qty > 0)
        .group_by(items.c.owner, stock.c.place, stock.c.item_id, places.c.kind)
    )  # fmt: skip
    for row in tx.execute(query):
        film.change(row.owner, row.place, row.item_id, row.qty, stored=row.kind in STORED)
    return film


def _backwards(tx: Tx, since_ms: int) -> Iterable[Any]:
    """Moves of goods since then, the latest first."""
    query = (
        select(
            moves.c.at_ms, moves.c.item_id, moves.c.qty, moves.c.source, moves.c.target,
            items.c.owner,
        )
        .join(items, items.c.id == moves.c.item_id)
        .where(moves.c.at_ms >= since_ms)
        .order_by(moves.c.at_ms.desc(), moves.c.id.desc())
    )  # fmt: skip
    return tx.execute(query, execution_options={"yield_per": BATCH})


# --- robots ------------------------------------------------------------------------------------


def _robots(tx: Tx, span: Span) -> Iterator[Entry]:
    """Seconds from assignment to the end of each mission, for the owners whose goods it carried."""
    spent = {
        row.job: (row.settled_ms - row.assigned_ms) // 1000
        for row in tx.execute(
            select(missions.c.job, missions.c.assigned_ms, missions.c.settled_ms).where(
                missions.c.assigned_ms.is_not(None), _within(missions.c.settled_ms, span),
                missions.c.job.like("tote:%"),
            )
        )
    }  # fmt: skip
    loads = _loads(tx, {int(job.split(":")[1]) for job in spent})
    sums: Counter[str] = Counter()
    for job, seconds in spent.items():
        sums.update(shared(seconds, loads.get(int(job.split(":")[1]), {})))
    for owner, seconds in sums.items():
        yield Entry(owner=owner, activity="robots", detail="", unit="seconds", qty=seconds)


def _loads(tx: Tx, slots: set[int]) -> dict[int, Counter[str]]:
    """Pieces of each owner that were picked for a tote's position on its cart."""
    found: dict[int, Counter[str]] = {}
    if not slots:
        return found
    query = (
        select(tour_totes.c.id, items.c.owner, func.sum(allocations.c.qty).label("qty"))
        .join(stops, and_(
            stops.c.tour_id == tour_totes.c.tour_id, stops.c.slot == tour_totes.c.slot
        ))
        .join(allocations, allocations.c.id == stops.c.allocation_id)
        .join(items, items.c.id == allocations.c.item_id)
        .where(tour_totes.c.id.between(min(slots), max(slots)))
        .group_by(tour_totes.c.id, items.c.owner)
    )  # fmt: skip
    for row in tx.execute(query):
        found.setdefault(row.id, Counter())[row.owner] += row.qty
    return found


def shared(seconds: int, pieces: Mapping[str, int]) -> dict[str, int]:
    """*seconds* split by *pieces* of each owner, in whole seconds that add up again.

    >>> shared(10, {"A": 2, "B": 1}), shared(7, {})
    ({'A': 7, 'B': 3}, {'': 7})
    """
    total = sum(pieces.values())
    if not total:
        return {"": seconds}
    whole = {owner: seconds * count // total for owner, count in pieces.items()}
    rest = seconds - sum(whole.values())  # to those who were rounded down most
    first = sorted(pieces, key=lambda owner: (-(seconds * pieces[owner] % total), owner))[:rest]
    return {owner: whole[owner] + (owner in first) for owner in sorted(pieces)}
