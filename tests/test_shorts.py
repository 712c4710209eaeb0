"""棚になし: what is missing is found elsewhere, or its order waits, and nobody is sent in vain."""

from collections.abc import Iterator

import pytest
from sqlalchemy import select

from picking import tours
from tests.picking_site import BERT, Site, one_order, site_at, two_lines
from wms.schema import (
    orders,
    places,
    tasks,
)


@pytest.fixture
def site(database_url: str) -> Iterator[Site]:
    with site_at(database_url) as site:
        yield site


# 棚になし


def test_what_is_not_there_is_picked_elsewhere(site: Site) -> None:
    order, tour = two_lines(site)
    site.put("B-01", "PEN", 5)
    short = site.short(tour.id)
    assert (short.missing, short.places, short.short_orders) == (3, ("B-01",), ())
    walk = [stop.place for stop in site.view(tour.id).stops if stop.state == "open"]
    assert walk == ["B-01", "C-02"], "on the way, not at the end"
    site.walk(tour.id)
    assert site.in_tote(str(tour.slots[0].tote)) == {"PEN": 3, "CUP": 2}
    assert site.drop(tour.id).orders_picked == (order,)


def test_an_empty_shelf_is_closed_until_it_was_counted(site: Site) -> None:
    _order, tour = two_lines(site)
    site.short(tour.id)
    assert site.scalar(select(places.c.blocked).where(places.c.code == "A-01")) == "count"
    task = site.rows(select(tasks).where(tasks.c.kind == "count"))
    assert [row.place for row in task] == ["A-01"]
    assert site.told("pick.short") == 1
    later = site.order(("PEN", 2))
    assert site.release([later]).short == (later,), "seven are free in the book, nobody is sent"


def test_what_was_found_is_kept_and_only_the_rest_is_missing(site: Site) -> None:
    _order, tour = two_lines(site)
    site.put("B-01", "PEN", 5)
    site.pick(tour.id, 2)
    assert site.short(tour.id).missing == 1
    site.walk(tour.id)
    assert site.in_tote(str(tour.slots[0].tote)) == {"PEN": 3, "CUP": 2}


def test_the_other_orders_of_the_tour_are_not_sent_to_the_empty_shelf(site: Site) -> None:
    site.put("A-01", "PEN", 10)
    site.release([site.order(("PEN", 2)), site.order(("PEN", 3))])
    tour = site.claim()
    site.put("B-01", "PEN", 10)
    assert site.short(tour.id).missing == 5
    site.walk(tour.id)
    assert sorted(site.in_tote(str(slot.tote))["PEN"] for slot in tour.slots) == [2, 3]


def test_an_order_that_nothing_is_left_for_is_short(site: Site) -> None:
    order, tour = two_lines(site)
    short = site.short(tour.id)
    code = site.scalar(select(orders.c.code).where(orders.c.id == order))
    assert (short.places, short.short_orders) == ((), (code,))
    assert site.state(order) == "short"
    assert site.told("order.short") == 1
    site.walk(tour.id)
    dropped = site.drop(tour.id)
    assert dropped.waiting == (tour.slots[0].tote,), "its cups wait for its pens"
    assert (dropped.sent, dropped.orders_picked) == ((), ())


def test_a_short_order_is_completed_by_a_later_wave(site: Site) -> None:
    order, tour = two_lines(site)
    site.short(tour.id)
    site.walk(tour.id)
    site.drop(tour.id)
    site.put("B-01", "PEN", 5)
    site.release([order])
    second = site.claim()
    assert [(stop.place, stop.qty) for stop in second.stops] == [("B-01", 3)]
    site.walk(second.id)
    dropped = site.drop(second.id)
    assert dropped.orders_picked == (order,)
    both = {tour.slots[0].tote, second.slots[0].tote}
    assert {one.tote for one in dropped.sent} == both, "the tote that waited goes along"


def test_an_order_is_not_picked_while_a_part_is_still_on_a_cart(site: Site) -> None:
    order, tour = two_lines(site)
    site.short(tour.id)
    site.put("B-01", "PEN", 5)
    site.release([order])
    other = site.claim(BERT)
    site.walk(tour.id)
    site.walk(other.id)
    assert site.drop(other.id).orders_picked == (), "its other tote is still on a cart"
    assert site.drop(tour.id).orders_picked == (order,)


def test_a_line_that_lacks_something_already_still_gets_the_rest(site: Site) -> None:
    site.put("A-01", "PEN", 3)
    site.put("B-01", "PEN", 2)
    order, tour = one_order(site, ("PEN", 5))
    assert site.short(tour.id).short_orders
    site.put("C-01", "PEN", 2)
    assert site.short(tour.id).places == ("C-01",), "two were lost here, and two are found"
    assert site.state(order) == "short"


def test_a_serial_that_is_not_there_is_replaced_by_another(site: Site) -> None:
    site.put("A-01", "CAM", 1, serial="S1")
    site.put("B-01", "CAM", 1, serial="S2")
    _order, tour = one_order(site, ("CAM", 1), ("CAM", 1))
    assert sorted(stop.serial for stop in tour.stops) == ["S1", "S2"]
    site.put("C-01", "CAM", 1, serial="S3")
    site.short(tour.id)
    walk = [stop.serial for stop in site.view(tour.id).stops if stop.state == "open"]
    assert sorted(walk) == ["S2", "S3"]


# Totals of one-piece orders


def total(site: Site, count: int) -> tuple[list[int], tours.TourView]:
    """One-piece orders for a pen, most urgent first, as a total that Anna walks."""
    numbers = site.orders([[("PEN", 1)]] * count)
    site.release(numbers)
    return numbers, site.claim()


def test_one_piece_orders_are_picked_as_one_total(site: Site) -> None:
    site.put("A-01", "PEN", 10)
    numbers, tour = total(site, 6)
    assert tour.kind == "total"
    assert [(slot.order, slot.slot) for slot in tour.slots] == [(None, 1)]
    assert [(stop.place, stop.qty) for stop in tour.stops] == [("A-01", 6)]
    site.walk(tour.id)
    dropped = site.drop(tour.id)
    assert dropped.orders_picked == tuple(numbers)
    assert [one.tote for one in dropped.sent] == [tour.slots[0].tote]


def test_as_many_orders_are_picked_as_units_were_set_down(site: Site) -> None:
    site.put("A-01", "PEN", 4)
    site.put("B-01", "PEN", 4)
    numbers, tour = total(site, 6)
    site.pick(tour.id)
    assert site.short(tour.id).left_orders, "nothing else is free"
    site.walk(tour.id)
    dropped = site.drop(tour.id)
    assert 0 < len(dropped.orders_picked) < 6
    assert dropped.orders_picked == tuple(numbers[: len(dropped.orders_picked)])
    assert sum(site.in_tote(str(tour.slots[0].tote)).values()) == len(dropped.orders_picked)


def test_a_short_total_takes_the_least_urgent_orders_out_of_the_wave(site: Site) -> None:
    site.put("A-01", "PEN", 6)
    numbers, tour = total(site, 6)
    site.put("B-01", "PEN", 2)
    site.pick(tour.id, 1)
    short = site.short(tour.id)
    assert (short.missing, short.places, len(short.left_orders)) == (5, ("B-01",), 3)
    assert [site.state(number) for number in numbers] == ["released"] * 3 + ["short"] * 3
    left = select(orders.c.id).where(orders.c.wave_id.is_(None))
    assert sorted(row.id for row in site.rows(left)) == numbers[3:]
    assert site.told("order.short") == 3
    site.walk(tour.id)
    assert site.drop(tour.id).orders_picked == tuple(numbers[:3])
    site.put("C-01", "PEN", 3)
    assert site.release(numbers[3:]).orders == tuple(numbers[3:])
