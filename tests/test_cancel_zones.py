"""Cancels while goods pass from zone to zone, lie in a batch, or stand in a put wall."""

from collections.abc import Iterator

import pytest
from sqlalchemy import select

from tests.floor_site import FloorSite, Hand, floor_at
from tests.picking_site import ANNA, BERT, one_order
from tests.test_cancel import do_cancel, less
from tests.test_floor_zones import CUP, HAT, TEA, batched, by_zone, rules, scans, wall
from wms.orders import cancel
from wms.schema import places, tasks, tours, wall_slots


@pytest.fixture
def site(sqlite_url: str) -> Iterator[FloorSite]:
    with floor_at(sqlite_url) as site:
        site.stock_up()
        site.add(places, {"code": "PASS", "kind": "buffer", "robot_station": None})
        yield site
        site.check()


def test_a_zone_that_is_not_needed_any_more_keeps_nobody_waiting(site: FloorSite) -> None:
    by_zone(site)
    order = site.order(("TEA", 1), ("HAT", 1))
    site.release([order])
    assert less(site, order, n1=0).outcome == "changed"
    rows = site.rows(select(tours.c.state, tours.c.after).order_by(tours.c.id))
    assert [tuple(row) for row in rows] == [("void", None), ("open", None)]
    tour = site.claim(BERT)
    site.walk(tour.id)
    site.drop(tour.id)
    assert site.state(order) == "picked"


def test_two_zones_that_are_not_needed_any_more_keep_nobody_waiting(site: FloorSite) -> None:
    rules(site, method="pass")
    site.set(places, places.c.code == "B-02", zone="Z15")  # between those of the tea and the hat
    order = site.order(("TEA", 1), ("CUP", 1), ("HAT", 1))
    site.release([order])
    site.now += 1
    site.write(cancel.reduce, order, wanted={1: 0, 2: 0}, now=site.now)
    rows = site.rows(select(tours.c.state, tours.c.after).order_by(tours.c.id))
    assert [row.state for row in rows] == ["void", "void", "open"]
    assert rows[-1].after is None
    site.walk(site.claim(BERT).id)


def back(site: FloorSite, hand: Hand) -> None:
    """Bert puts back whatever somebody asks for, until nobody does."""
    for _ in range(30):
        prompt = hand.prompt
        match prompt.step:
            case "get":
                if hand.key("1").prompt.step == "get":
                    return
            case "tote":
                assert hand.scan(prompt.focus.tote).fate == "applied", hand.prompt
            case "item":
                jan = {"TEA": TEA, "CUP": CUP, "HAT": HAT}[prompt.focus.sku]
                assert hand.scan(jan).fate == "applied", hand.prompt
            case _:
                assert hand.scan(prompt.focus.place).fate == "applied", hand.prompt


def test_the_goods_of_a_cancelled_order_leave_the_wall(site: FloorSite) -> None:
    """One tea is in its slot, a tea and the cup are still in the batch's tote."""
    hand = batched(site)
    scans(hand, TEA, "W-1")
    answer = do_cancel(site, 1)
    assert answer.put_back == ("T-01", "W-1")
    bert = site.signed_in("HT-02", BERT, work="task")
    back(site, bert)
    assert (site.in_tote("W-1"), site.in_tote("T-01")) == ({}, {"TEA": 1, "HAT": 1})
    assert [row.order_id for row in site.rows(select(wall_slots))] == [None, None]
    scans(hand, TEA, "W-1", HAT, "W-1", "W-1", "T-06")
    assert site.state(2) == "picked", "the other order goes on, in a slot that is free again"
    live = tasks.c.state.in_(("open", "claimed")) & (tasks.c.kind == "put_back")
    assert site.rows(select(tasks).where(live)) == []


def test_an_order_that_waits_for_its_walk_leaves_no_walk_behind(site: FloorSite) -> None:
    site.put("D-01", "PEN", 3)
    order, tour = one_order(site, ("PEN", 3))
    do_cancel(site, order)
    assert site.view(tour.id).current is None
    site.drop(tour.id)
    assert site.rows(select(tours.c.state))[0].state == "done"


def test_a_cancel_between_orders_of_a_batch_changes_what_is_taken_at_the_shelf(
    site: FloorSite,
) -> None:
    """Three orders' tea is taken at once; the middle one does not want its tea any more."""
    wall(site, slots=3)
    tea, one = ("TEA", 2), ("CUP", 1)
    numbers = site.orders([(tea, one), (("TEA", 1), one), (tea, one)])
    site.release(numbers)
    anna = site.signed_in("HT-01", ANNA, work="pick")
    anna.key("1")
    scans(anna, "T-01", "A-01", TEA, TEA, TEA, TEA)
    assert (anna.prompt.step, anna.prompt.focus.qty) == ("item", 1), "five at once"
    do_cancel(site, numbers[1])
    assert (anna.prompt.step, anna.prompt.focus.qty) == ("tote", 4), "those in the hand are all"
    scans(anna, "T-01")
    assert site.in_tote("T-01") == {"TEA": 4}
    assert anna.prompt.focus.sku == "CUP"
    scans(anna, "B-02", CUP)
    do_cancel(site, numbers[0])
    assert (anna.prompt.step, anna.prompt.focus.qty) == ("tote", 1)
    scans(anna, "T-01")


def test_more_in_the_hand_than_is_wanted_by_now_goes_back(site: FloorSite) -> None:
    wall(site)
    numbers = site.orders([(("TEA", 2), ("CUP", 1)), (("TEA", 1), ("CUP", 1))])
    site.release(numbers)
    anna = site.signed_in("HT-01", ANNA, work="pick")
    anna.key("1")
    scans(anna, "T-01", "A-01", TEA, TEA)
    do_cancel(site, numbers[0])
    assert (anna.prompt.step, anna.prompt.focus.qty) == ("gone", 2)
    anna.key("1")
    scans(anna, "A-01", TEA)
    assert (anna.prompt.step, anna.prompt.focus.qty) == ("tote", 1)
    scans(anna, "T-01")
