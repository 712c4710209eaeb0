"""Holds: an order waits before its work, its tote is set aside during it, and it goes on."""

from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import select

from tests.floor_site import CAROL, ON_BOTH, FloorSite, floor_at
from tests.floor_site import refused as refused_scan
from tests.picking_site import TODAY, refused
from tests.test_cancel import (
    BASKET,
    boxed,
    closed,
    do_cancel,
    dropped,
    loaded,
    picked,
    promised,
    shipped,
    waiting,
)
from wms.errors import Code
from wms.orders import holds
from wms.orders.holds import Held
from wms.schema import orders, places


@pytest.fixture
def engine() -> str:
    return "sqlite"


@pytest.fixture
def site(engine: str, request: pytest.FixtureRequest) -> Iterator[FloorSite]:
    with floor_at(request.getfixturevalue(f"new_{engine}")()) as site:
        site.stock_up()
        yield site
        site.check()


def hold(site: FloorSite, order: int, reason: str = "") -> Held:
    site.now += 1
    return site.write(holds.hold, order, reason=reason, now=site.now)


def release(site: FloorSite, order: int) -> Held:
    site.now += 1
    return site.write(holds.release, order, today=TODAY, now=site.now)


def test_an_order_that_is_held_before_its_work_waits(site: FloorSite) -> None:
    order = waiting(site)
    first = hold(site, order, "call the customer")
    assert (first.state, first.state_reason, first.before_hold, first.new) == (
        "held", "call the customer", "accepted", True,
    )  # fmt: skip
    assert hold(site, order).new is False
    assert site.release([order]).wave is None
    again = release(site, order)
    assert (again.state, again.before_hold, again.new) == ("accepted", "", True)
    assert release(site, order).new is False
    assert (site.told("order.held"), site.told("order.continued")) == (1, 1)
    assert site.release([order]).orders == (order,)


def test_an_order_whose_day_is_another_waits_for_it(site: FloorSite) -> None:
    order = waiting(site)
    hold(site, order)
    site.set(orders, orders.c.id == order, ship_date="2026-12-24")
    assert release(site, order).state == "waiting_date"


@ON_BOTH
@pytest.mark.parametrize(
    ("moment", "state"),
    [(promised, "released"), (picked, "released"), (dropped, "picked"), (boxed, "picked"),
     (closed, "packed"), (loaded, "packed")],
)  # fmt: skip
def test_a_hold_during_the_work_goes_back_to_where_it_was(
    site: FloorSite, moment: Callable[[FloorSite], int], state: str
) -> None:
    order = moment(site)
    assert hold(site, order).before_hold == state
    assert release(site, order).state == state


@ON_BOTH
def test_a_tote_that_is_picked_under_a_hold_is_set_aside_until_it_goes_on(
    site: FloorSite,
) -> None:
    order = promised(site)
    hold(site, order)
    tour = site.claim()
    site.walk(tour.id)
    assert site.drop(tour.id).sent == ()
    assert release(site, order).state == "picked"
    assert site.told("order.picked") == 1


def test_the_bench_says_that_an_order_is_held(site: FloorSite) -> None:
    order = dropped(site)
    hand = site.signed_in("BENCH-1", CAROL, work="pack")
    hold(site, order)
    site.set(places, places.c.code == "T-01", parent="BENCH-1")
    refused_scan(hand.scan("T-01"), Code.ORDER_STOPPED)
    hand.command("ok")
    release(site, order)
    hand.expect("pack.item", "T-01")
    site.set(places, places.c.code == "T-01", parent="DROP")


def test_a_short_order_that_was_held_is_short_again(site: FloorSite) -> None:
    order = site.order(("TEA", 1), ("HAT", 1))
    site.release([order])
    tour = site.claim()
    while (stop := site.view(tour.id).current) is not None:
        site.short(tour.id) if stop.sku == "HAT" else site.pick(tour.id)
    hold(site, order)
    assert release(site, order).state == "short"


@ON_BOTH
def test_a_one_piece_order_that_was_held_gets_its_unit_later(site: FloorSite) -> None:
    numbers = site.orders([(("TEA", 1),)] * 2)
    site.release(numbers)
    hold(site, numbers[0])
    tour = site.claim()
    site.walk(tour.id)
    site.drop(tour.id)
    assert site.state(numbers[1]) == "picked"
    assert release(site, numbers[0]).state in ("released", "picked")


@pytest.mark.parametrize("moment", [shipped, waiting])
def test_what_is_over_is_not_held(site: FloorSite, moment: Callable[[FloorSite], int]) -> None:
    order = moment(site)
    if moment is waiting:
        do_cancel(site, order)
    with refused(Code.ORDER_STATE):
        hold(site, order)


@ON_BOTH
def test_a_held_order_can_be_cancelled(site: FloorSite) -> None:
    order = dropped(site)
    hold(site, order)
    assert do_cancel(site, order).stage == "picked"
    row = site.rows(select(orders.c.state, orders.c.before_hold))[0]
    assert tuple(row) == ("cancelled", "")
    assert len(BASKET) == 2
