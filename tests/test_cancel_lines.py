"""Lines become smaller: until they lie in a box, and the rest of the order goes on."""

from collections.abc import Callable, Iterator

import pytest

from tests.floor_site import ON_BOTH, FloorSite, floor_at
from tests.picking_site import refused
from tests.test_cancel import boxed, cancelled_of, dropped, less, picked, promised, waiting
from wms.errors import Code


@pytest.fixture
def engine() -> str:
    return "sqlite"


@pytest.fixture
def site(engine: str, request: pytest.FixtureRequest) -> Iterator[FloorSite]:
    with floor_at(request.getfixturevalue(f"new_{engine}")()) as site:
        site.stock_up()
        yield site
        site.check()


@ON_BOTH
@pytest.mark.parametrize("moment", [waiting, promised, picked, dropped])
def test_a_line_becomes_smaller_until_it_is_in_a_box(
    site: FloorSite, moment: Callable[[FloorSite], int]
) -> None:
    order = moment(site)
    answer = less(site, order, n1=1)
    assert (answer.outcome, answer.new) == ("changed", True)
    assert bool(answer.put_back) == (moment in (picked, dropped))
    assert cancelled_of(site, order) == [(2, 0, 1), (1, 0, 0)]
    assert less(site, order, n1=1).new is False, "it says how many are wanted, not how many less"
    assert site.told("order.changed") == 1
    if moment is dropped:
        assert site.state(order) == "picked"


@ON_BOTH
def test_what_is_in_a_box_is_too_late_for_a_smaller_line(site: FloorSite) -> None:
    order = boxed(site)
    counts = site.counts()
    assert less(site, order, n1=1).outcome == "refused"
    assert less(site, order, n1=1).new is False
    assert site.counts()["allocations"] == counts["allocations"]
    assert site.told("order.change_refused") == 1
    assert cancelled_of(site, order) == [(2, 2, 0), (1, 1, 0)]


def test_nothing_wanted_at_all_is_a_cancel(site: FloorSite) -> None:
    order = promised(site)
    assert less(site, order, n1=0, n2=0).outcome == "cancelled"
    assert site.state(order) == "cancelled"


def test_lines_that_are_unknown_or_grow_are_refused(site: FloorSite) -> None:
    order = waiting(site)
    with refused(Code.LINE_UNKNOWN):
        less(site, order, n7=1)
    with refused(Code.LINE_GROWS):
        less(site, order, n1=3)


def test_an_order_whose_short_line_is_cancelled_goes_on(site: FloorSite) -> None:
    """The hats are not there: without them the order is complete."""
    order = site.order(("TEA", 1), ("HAT", 1))
    site.release([order])
    tour = site.claim()
    while (stop := site.view(tour.id).current) is not None:
        site.short(tour.id) if stop.sku == "HAT" else site.pick(tour.id)
    site.drop(tour.id)
    assert site.state(order) == "short"
    less(site, order, n2=0)
    site.release([order])
    assert site.state(order) == "picked"
