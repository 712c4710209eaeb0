"""Which day an order ships: the promised date, transit days, holidays and the order cut-off.

Pure functions of a `Calendar`, and one loader. Days are the site's own, by its time zone; a site
or a carrier without holidays in the book works every day.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import jpholiday
from sqlalchemy import Select, select

from wms.db import Tx, upsert
from wms.errors import Code, Rejected
from wms.schema import holidays, meta, owners, transit
from wms.site.owners import NATIONAL, REMOTE, SITE, WEEKDAYS

TIMEZONE = "Asia/Tokyo"
TIMEZONE_KEY = "timezone"  # in `meta`, where a site is elsewhere
SURFACE_DAYS = 7  # by ship to Okinawa and the islands, where the site told nothing
SEARCH_DAYS = 60  # no site is closed for longer


@dataclass(frozen=True, slots=True)
class Closed:
    """When nobody works: single dates, weekdays (0 = Monday), national holidays."""

    dates: frozenset[str] = frozenset()
    weekdays: frozenset[int] = frozenset()
    national: bool = False

    def on(self, day: date) -> bool:
        """Whether *day* is not a working day."""
        if day.weekday() in self.weekdays or day.isoformat() in self.dates:
            return True
        return self.national and _is_national(day)


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """All that ship dates follow from. `closed` by scope: the site and each carrier."""

    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo(TIMEZONE))
    closed: Mapping[str, Closed] = field(default_factory=dict)
    transit: Mapping[tuple[str, str], int] = field(default_factory=dict)
    surface: Mapping[tuple[str, str], int] = field(default_factory=dict)  # for what may not fly
    cutoffs: Mapping[str, str] = field(default_factory=dict)


class Planned(NamedTuple):
    """When an order ships. `late`: the promised date can no longer be met."""

    ship_date: date
    late: bool


def business_day(now: int, zone: ZoneInfo) -> date:
    """The site's date at *now* (UTC milliseconds).

    >>> business_day(1_795_273_200_000, ZoneInfo("Asia/Tokyo"))
    datetime.date(2026, 11, 22)
    """
    return local_time(now, zone).date()


def local_time(now: int, zone: ZoneInfo) -> datetime:
    """The site's clock at *now* (UTC milliseconds)."""
    return datetime.fromtimestamp(now / 1000, tz=UTC).astimezone(zone)


def ship_date(
    calendar: Calendar,
    *,
    owner: str,
    carrier: str,
    prefecture: str,
    delivery_date: date | None,
    now: int,
    island: bool = False,
    by_ship: bool = False,
) -> Planned:
    """The day on which an order that arrives *now* ships (出荷予定日).

    The last working day from which the carrier still reaches *prefecture* on *delivery_date*;
    without one, or when that day is past, the first day possible. Refuses `CALENDAR_CLOSED`.
    """
    first = first_day(calendar, owner=owner, carrier=carrier, now=now)
    if delivery_date is None:
        return Planned(first, late=False)
    days = transit_days(
        calendar, carrier=carrier, prefecture=prefecture, island=island, by_ship=by_ship
    )
    last = _last_day(calendar, carrier, delivery_date, days)
    return Planned(max(first, last), late=last < first)


def first_day(calendar: Calendar, *, owner: str, carrier: str, now: int) -> date:
    """The first day on which an order that arrives *now* may ship: after the cut-off not today."""
    local = local_time(now, calendar.zone)
    cutoff = calendar.cutoffs.get(owner, "")
    missed = bool(cutoff) and local.time() > time.fromisoformat(cutoff)
    start = local.date() + timedelta(days=int(missed))
    return next(_open_days(calendar, (SITE, carrier), start, step=1))


def transit_days(
    calendar: Calendar, *, carrier: str, prefecture: str, island: bool = False,
    by_ship: bool = False,
) -> int:  # fmt: skip
    """Days from the pickup to the door; 0 for a carrier without transit days in the book.

    An *island* has the days of 離島 where the site told them. What goes *by_ship* where others fly
    takes a week at least, or what the site says.
    """
    areas = ((REMOTE,) if island else ()) + (prefecture, "")
    days = next((d for a in areas if (d := calendar.transit.get((carrier, a))) is not None), 0)
    if not by_ship:
        return days
    told = next((d for a in areas if (d := calendar.surface.get((carrier, a)))), 0)
    return told or max(days, SURFACE_DAYS)


def arrival(calendar: Calendar, *, carrier: str, shipped: date, days: int) -> date:
    """The first day on which what was *shipped* that day may be brought, *days* on the road."""
    moving = _open_days(calendar, (carrier,), shipped, step=1)
    day = next(moving)
    for _ in range(days):
        day = next(moving)
    return day


def load(tx: Tx) -> Calendar:
    """The site's calendar as the book has it."""
    closed: dict[str, list[str]] = {}
    for row in tx.execute(_written()["holidays"]):
        closed.setdefault(row.scope, []).append(row.date)
    zone = tx.execute(_written()["zone"]).scalar()
    told = tx.execute(_written()["transit"]).all()
    return Calendar(
        zone=ZoneInfo(zone or TIMEZONE),
        closed={scope: closed_on(days) for scope, days in closed.items()},
        transit={(row.carrier, row.prefecture): row.days for row in told},
        surface={(row.carrier, row.prefecture): row.surface_days for row in told},
        cutoffs={
            row.code: row.order_cutoff
            for row in tx.execute(_written()["cutoffs"])
        },
    )  # fmt: skip


def site_zone(tx: Tx) -> ZoneInfo:
    """The time zone that the site's days follow."""
    return ZoneInfo(tx.execute(_written()["zone"]).scalar() or TIMEZONE)


@cache
def _written() -> dict[str, Select[Any]]:
    """What the book has of the calendar. Everybody who plans asks for it: it is built once."""
    return {
        "holidays": select(holidays), "transit": select(transit),
        "zone": select(meta.c.value).where(meta.c.key == TIMEZONE_KEY),
        "cutoffs": select(owners).where(owners.c.order_cutoff != ""),
    }  # fmt: skip


def set_timezone(tx: Tx, name: str) -> None:
    """The site's days follow this time zone (Asia/Tokyo) from now on."""
    row = {"key": TIMEZONE_KEY, "value": ZoneInfo(name).key}
    upsert(tx, meta, [row], key=("key",), update=lambda new: {"value": new.value})


def closed_on(days: list[str]) -> Closed:
    """Holidays as the book writes them (dates, weekdays, "national") as a value."""
    return Closed(
        dates=frozenset(days) - {*WEEKDAYS, NATIONAL},
        weekdays=frozenset(WEEKDAYS.index(day) for day in days if day in WEEKDAYS),
        national=NATIONAL in days,
    )


def _last_day(calendar: Calendar, carrier: str, arrival: date, days: int) -> date:
    """Count *days* back from *arrival*; a day on which the carrier rests moves nothing.

    Nor does it bring anything: a promise for such a day is kept the day before.
    """
    moving = _open_days(calendar, (carrier,), arrival, step=-1)
    day = next(moving)
    for _ in range(days):
        day = next(moving)
    return next(_open_days(calendar, (SITE, carrier), day, step=-1))


def _open_days(
    calendar: Calendar, scopes: tuple[str, ...], start: date, *, step: int
) -> Iterator[date]:
    """Days from *start* on which all of *scopes* work. Refuses `CALENDAR_CLOSED`."""
    closed = [calendar.closed.get(scope, Closed()) for scope in scopes]
    day, idle_days = start, 0
    while idle_days < SEARCH_DAYS:
        if any(scope.on(day) for scope in closed):
            idle_days += 1
        else:
            idle_days = 0
            yield day
        day += timedelta(days=step)
    raise Rejected(Code.CALENDAR_CLOSED, field="delivery_date", carrier=scopes[-1])


@cache
def _is_national(day: date) -> bool:
    return bool(jpholiday.is_holiday(day))
