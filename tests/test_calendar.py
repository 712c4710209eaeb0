"""Ship dates: the promised date less transit days, over holidays, after the cut-off."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.intake_site import DAY_MS, HOUR_MS, NOW, seeded
from wms.db import Tx
from wms.errors import Code, Rejected
from wms.site import calendar, owners
from wms.site.calendar import Calendar, Closed, ship_date
from wms.site.owners import Holiday, NewOwner, Transit

TOKYO = ZoneInfo("Asia/Tokyo")
SUNDAYS_AND_HOLIDAYS = Closed(weekdays=frozenset({6}), national=True)


def ships(days: Calendar, promised: str = "", *, now: int = NOW, prefecture: str = "東京都") -> str:
    wanted = date.fromisoformat(promised) if promised else None
    return ship_date(
        days, owner="A", carrier="yamato", prefecture=prefecture, delivery_date=wanted, now=now
    ).ship_date.isoformat()


def test_without_a_promise_an_order_ships_on_the_first_working_day() -> None:
    assert ships(Calendar()) == "2026-11-22"
    assert ships(Calendar(closed={"site": SUNDAYS_AND_HOLIDAYS})) == "2026-11-24"


def test_the_carrier_rests_too() -> None:
    assert ships(Calendar(closed={"yamato": Closed(dates=frozenset({"2026-11-22"}))})) == (
        "2026-11-23"
    )
    assert ships(Calendar(closed={"sagawa": Closed(dates=frozenset({"2026-11-22"}))})) == (
        "2026-11-22"
    )


@pytest.mark.parametrize(
    ("promised", "prefecture", "expected"),
    [
        ("2026-12-04", "東京都", "2026-12-03"),
        ("2026-12-04", "沖縄県", "2026-12-01"),
        ("2026-12-01", "東京都", "2026-11-30"),
        ("2026-11-30", "東京都", "2026-11-28"),  # the 29th is a Sunday, and the site rests
        ("2026-11-24", "東京都", "2026-11-24"),  # too late: as soon as possible
    ],
)
def test_the_promised_date_less_transit_days(promised: str, prefecture: str, expected: str) -> None:
    days = Calendar(
        closed={"site": SUNDAYS_AND_HOLIDAYS}, transit={("yamato", ""): 1, ("yamato", "沖縄県"): 3}
    )
    assert ships(days, promised, prefecture=prefecture) == expected


def test_a_day_on_which_the_carrier_rests_moves_nothing() -> None:
    rests = Closed(dates=frozenset({"2026-12-02", "2026-12-03"}))
    days = Calendar(closed={"yamato": rests}, transit={("yamato", ""): 2})
    assert ships(days, "2026-12-04") == "2026-11-30"


def test_a_promise_that_cannot_be_kept_is_told() -> None:
    days = Calendar(transit={("yamato", ""): 2})
    planned = ship_date(
        days, owner="A", carrier="yamato", prefecture="", delivery_date=date(2026, 11, 23), now=NOW
    )
    assert planned == (date(2026, 11, 22), True)


def test_after_the_cutoff_an_order_ships_on_the_next_working_day() -> None:
    days = Calendar(cutoffs={"A": "15:00"})
    assert ships(days, now=NOW + 6 * HOUR_MS) == "2026-11-22"  # 15:00 sharp is in time
    assert ships(days, now=NOW + 6 * HOUR_MS + 1) == "2026-11-23"
    assert ships(Calendar(cutoffs={"B": "15:00"}), now=NOW + 7 * HOUR_MS) == "2026-11-22"


def test_the_day_is_the_site_s_own() -> None:
    one_in_the_morning = NOW - 8 * HOUR_MS  # in Tokyo; in London it is the day before
    assert calendar.business_day(one_in_the_morning, TOKYO) == date(2026, 11, 22)
    assert calendar.business_day(one_in_the_morning, ZoneInfo("Europe/London")) == (
        date(2026, 11, 21)
    )


@pytest.mark.parametrize(
    ("clock", "expected"),
    [
        ("2026-03-08T09:59", "2026-03-08"),  # 01:59, and a minute later it is 03:00
        ("2026-03-08T10:01", "2026-03-09"),  # 03:01: the cut-off at 02:30 was never, but is past
        ("2026-11-01T08:30", "2026-11-01"),  # 01:30 for the first time
        ("2026-11-01T09:30", "2026-11-01"),  # and for the second
        ("2026-11-01T10:31", "2026-11-02"),
    ],
)
def test_summer_time_neither_doubles_nor_drops_a_cutoff(clock: str, expected: str) -> None:
    now = int(datetime.fromisoformat(clock).replace(tzinfo=UTC).timestamp() * 1000)
    days = Calendar(zone=ZoneInfo("America/Los_Angeles"), cutoffs={"A": "02:30"})
    assert ships(days, now=now) == expected


def test_a_site_that_never_works_is_refused_and_not_waited_for() -> None:
    never = Closed(weekdays=frozenset(range(7)))
    for days in (Calendar(closed={"site": never}), Calendar(closed={"yamato": never})):
        with pytest.raises(Rejected) as refused:
            ships(days, "2026-12-24")
        assert refused.value.code == Code.CALENDAR_CLOSED


@given(
    promised=st.integers(0, 60), transit=st.integers(0, 5),
    rests=st.frozensets(st.integers(0, 6), max_size=3),
    idle=st.frozensets(st.integers(0, 6), max_size=3),
)  # fmt: skip
def test_goods_never_leave_on_a_day_of_rest_nor_too_late_without_saying_so(
    promised: int, transit: int, rests: frozenset[int], idle: frozenset[int]
) -> None:
    today = calendar.business_day(NOW, TOKYO)
    days = Calendar(
        closed={"site": Closed(weekdays=idle), "yamato": Closed(weekdays=rests)},
        transit={("yamato", ""): transit},
    )
    wanted = calendar.business_day(NOW + promised * DAY_MS, TOKYO)
    planned = ship_date(
        days, owner="A", carrier="yamato", prefecture="", delivery_date=wanted, now=NOW
    )
    assert planned.ship_date >= today
    assert planned.ship_date.weekday() not in rests | idle
    start = planned.ship_date.toordinal()
    later = [date.fromordinal(start + number) for number in range(1, 90)]
    moving = [day for day in later if day.weekday() not in rests]
    arrives = moving[transit - 1] if transit else planned.ship_date
    assert planned.late == (arrives > wanted)


def test_the_book_s_calendar_is_what_was_put(database_url: str) -> None:
    book = seeded(database_url)

    def put(tx: Tx) -> None:
        owners.put_owners(tx, [NewOwner(code="A", order_cutoff="15:00")])
        owners.put_holidays(tx, [
            Holiday(scope="site", date="sun"), Holiday(scope="site", date="national"),
            Holiday(scope="site", date="2026-12-30"), Holiday(scope="yamato", date="2027-01-01"),
        ])  # fmt: skip
        owners.put_transit(tx, [Transit(carrier="yamato", prefecture="沖縄県", days=3)])
        calendar.set_timezone(tx, "Asia/Seoul")

    book.write_now(put)
    book.write_now(put)  # twice is once
    found = book.read_now(calendar.load)
    assert found.zone.key == "Asia/Seoul"
    assert found.cutoffs == {"A": "15:00"}
    assert found.transit == {("yamato", ""): 1, ("yamato", "沖縄県"): 3}
    assert found.closed["site"] == Closed(frozenset({"2026-12-30"}), frozenset({6}), national=True)
    assert found.closed["yamato"].on(date(2027, 1, 1))


@pytest.mark.parametrize(
    ("put", "expected"),
    [
        (lambda tx: owners.put_holidays(tx, [Holiday(scope="site", date="20261230")]),
         Code.DATE_WRONG),
        (lambda tx: owners.put_transit(tx, [Transit(carrier="x", prefecture="東京", days=1)]),
         Code.PREFECTURE_WRONG),
        (lambda tx: owners.put_owners(tx, [NewOwner(code="A", order_cutoff="25:00")]),
         Code.FIELD_PATTERN),
        (lambda tx: owners.put_shops(tx, [owners.NewShop(code="X", owner="nobody")]),
         Code.REFERENCE_UNKNOWN),
        (lambda tx: owners.put_shops(tx, [owners.NewShop(code="SA", owner="B")]),
         Code.SHOP_OF_ANOTHER_OWNER),
    ],
)  # fmt: skip
def test_settings_that_cannot_be_are_refused(
    sqlite_url: str, put: Callable[[Tx], None], expected: Code
) -> None:
    book = seeded(sqlite_url)
    with pytest.raises(Rejected) as refused:
        book.write_now(put)
    assert refused.value.code == expected
