"""Carts are filled with orders that are near one another; waves go when they are worth it."""

from collections import Counter
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from picking.batches import Basket, Pieces, carts, totals
from picking.layout import Bin, Layout
from picking.waves import MINUTE_MS, Rules, Waiting, due_waves, next_pickup, totalled
from wms.promises.allocate import Need
from wms.site.calendar import Calendar, Closed

BINS = [
    Bin(f"{aisle}-{bay:02d}", "Z1", aisle, bay, 0, 3_000 * n, 1_000 * bay)
    for n, aisle in enumerate("ABCDEF")
    for bay in range(1, 11)
]
FLOOR = Layout.of(BINS)
CODES = [place.code for place in BINS]
NOON = 1_795_316_400_000  # 2026-11-22 12:00 in Tokyo, a Sunday
HOUR_MS = 60 * MINUTE_MS
RULES = Rules(orders_min=5, orders_max=20, wait_minutes=10, pickup_near_minutes=60)
FAR = {"yamato": NOON + 5 * HOUR_MS, "sagawa": NOON + 3 * HOUR_MS}

baskets = st.lists(
    st.lists(st.sampled_from(CODES), min_size=1, max_size=5, unique=True), max_size=25
).map(lambda found: [Basket(n, tuple(codes)) for n, codes in enumerate(found, start=1)])


@given(baskets, st.integers(1, 8), st.integers(5, 20))
def test_every_order_rides_once_and_no_cart_is_overfull(
    given_baskets: list[Basket], totes: int, stops_max: int
) -> None:
    filled = carts(given_baskets, FLOOR, totes=totes, stops_max=stops_max)
    stops = {one.order: len(one.places) for one in given_baskets}
    assert Counter(order for cart in filled for order in cart) == Counter(list(stops))
    assert all(0 < len(cart) <= totes for cart in filled)
    assert all(sum(stops[order] for order in cart) <= stops_max for cart in filled)


@given(baskets, st.integers(1, 8))
def test_carts_are_filled_before_another_is_taken(given_baskets: list[Basket], totes: int) -> None:
    filled = carts(given_baskets, FLOOR, totes=totes, stops_max=10_000)
    assert len(filled) == -(-len(given_baskets) // totes)


def test_orders_of_the_same_aisles_share_a_cart() -> None:
    mixed = [Basket(n, (f"{'AF'[n % 2]}-{n:02d}",)) for n in range(1, 9)]
    assert carts(mixed, FLOOR, totes=4, stops_max=99) == [(1, 3, 5, 7), (2, 4, 6, 8)]


def test_the_most_urgent_order_is_on_the_first_cart() -> None:
    urgent_first = [Basket(9, ("F-01",)), *(Basket(n, ("A-01",)) for n in (1, 2, 3))]
    assert carts(urgent_first, FLOOR, totes=2, stops_max=99)[0][0] == 9


def test_an_order_with_too_many_stops_rides_alone() -> None:
    big = Basket(1, tuple(CODES[:30]))
    assert carts([big, Basket(2, ("A-01",))], FLOOR, totes=8, stops_max=20) == [(1,), (2,)]


amounts = st.lists(st.tuples(st.sampled_from(CODES), st.integers(1, 30)), max_size=30)
pieces = amounts.map(
    lambda found: [Pieces(n, code, qty) for n, (code, qty) in enumerate(found, start=1)]
)


@given(pieces, st.integers(10, 40))
def test_a_total_is_cut_into_walks_that_fit(found: list[Pieces], pieces_max: int) -> None:
    walks = totals(found, FLOOR, pieces_max=pieces_max)
    assert sorted(one.allocation for walk in walks for one in walk) == [
        one.allocation for one in found
    ]
    for walk in walks:
        assert len(walk) == 1 or sum(one.qty for one in walk) <= pieces_max


def waiting(count: int, *, carrier: str = "yamato", accepted_ms: int = NOON) -> list[Waiting]:
    return [Waiting(n, carrier, accepted_ms) for n in range(1, count + 1)]


def test_a_wave_waits_until_it_is_worth_a_walk() -> None:
    assert due_waves(waiting(4), FAR, now=NOON, rules=RULES) == []
    assert len(due_waves(waiting(5), FAR, now=NOON, rules=RULES)) == 1


def test_the_oldest_order_does_not_wait_for_long() -> None:
    later = NOON + 10 * MINUTE_MS
    assert due_waves(waiting(1), FAR, now=later - 1, rules=RULES) == []
    assert len(due_waves(waiting(1), FAR, now=later, rules=RULES)) == 1


def test_a_near_pickup_waits_for_nothing() -> None:
    near = {"yamato": NOON + HOUR_MS}
    assert len(due_waves(waiting(1), near, now=NOON, rules=RULES)) == 1
    assert due_waves(waiting(1), {"yamato": NOON + HOUR_MS + 1}, now=NOON, rules=RULES) == []


def test_carriers_go_apart_and_the_next_pickup_goes_first() -> None:
    both = [*waiting(20), *(Waiting(n, "sagawa", NOON) for n in range(21, 41))]
    waves = due_waves(both, FAR, now=NOON, rules=RULES)
    assert [wave.carrier for wave in waves] == ["sagawa", "yamato"]


def test_a_wave_never_grows_over_its_limit_and_leaves_nobody_behind() -> None:
    waves = due_waves(waiting(45), FAR, now=NOON, rules=RULES)
    assert [len(wave.orders) for wave in waves] == [20, 20, 5]


def test_urgent_orders_go_in_the_first_wave() -> None:
    many = [*waiting(20), Waiting(99, "yamato", NOON + 1, priority=5)]
    assert due_waves(many, FAR, now=NOON, rules=RULES)[0].orders[0] == 99


@pytest.mark.parametrize(
    ("closed", "hours"),
    [
        ({}, 5),
        ({"yamato": Closed(weekdays=frozenset({6}))}, 29),  # the carrier rests on Sundays
        ({"site": Closed(dates=frozenset({"2026-11-22", "2026-11-23"}))}, 53),
    ],
)
def test_a_pickup_is_on_a_day_on_which_both_work(closed: dict[str, Closed], hours: int) -> None:
    calendar = Calendar(zone=ZoneInfo("Asia/Tokyo"), closed=closed)
    assert next_pickup(calendar, "yamato", ["17:00"], now=NOON) == NOON + hours * HOUR_MS


def test_a_pickup_that_is_over_is_not_the_next_one() -> None:
    pickup = next_pickup(Calendar(), "yamato", ["11:59", "17:00"], now=NOON)
    assert pickup == NOON + 5 * HOUR_MS
    assert next_pickup(Calendar(), "yamato", ["11:59", "12:00"], now=NOON) == NOON


def test_a_carrier_without_pickups_comes_at_the_end_of_the_day() -> None:
    assert next_pickup(Calendar(), "walker", [], now=NOON) == NOON + 12 * HOUR_MS - MINUTE_MS


def test_a_total_never_mixes_orders_that_want_different_shelf_life() -> None:
    needs = [Need(n, n, 1, 1, "2026-12-22" if n == 3 else "2026-11-22") for n in (1, 2, 3)]
    assert totalled(needs, {1, 2, 3}, dated={1}) == {1, 2}
    assert totalled(needs, {1, 2, 3}, dated=()) == {1, 2, 3}, "its units do not expire"
    assert totalled(needs, {2, 3}, dated=()) == {2, 3}, "1 is not a one-piece order"
