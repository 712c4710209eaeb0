"""A picker's walk: what is claimed, bound, picked and undone adds up."""

from collections.abc import Iterator

import pytest
from sqlalchemy import select, update

from picking import tours
from tests.picking_site import (
    ANNA,
    BERT,
    TODAY,
    Site,
    add_bench,
    one_order,
    refused,
    site_at,
    two_lines,
)
from wms.errors import Code
from wms.promises import allocation
from wms.schema import (
    allocations,
    places,
    stock,
)


@pytest.fixture
def site(database_url: str) -> Iterator[Site]:
    with site_at(database_url) as site:
        yield site


# Claiming


def test_a_tour_is_claimed_by_one_person(site: Site) -> None:
    site.put("A-01", "PEN", 10)
    site.release([site.order(("PEN", 2))])
    first = site.write(tours.claim, person=ANNA, now=site.now)
    assert first is not None
    assert site.write(tours.claim, person=BERT, now=site.now) is None


def test_a_person_who_claims_again_gets_the_tour_in_hand(site: Site) -> None:
    site.put("A-01", "PEN", 10)
    site.release([site.order(("PEN", 2))])
    site.release([site.order(("PEN", 2))])
    first = site.write(tours.claim, person=ANNA, now=site.now)
    assert site.write(tours.claim, person=ANNA, now=site.now) == first
    assert site.read(tours.live, person=ANNA) == first
    assert site.read(tours.live, person=BERT) is None
    assert site.write(tours.claim, person=BERT, now=site.now) != first


def test_the_most_urgent_tour_is_claimed_first(site: Site) -> None:
    site.put("A-01", "PEN", 10)
    site.release([site.order(("PEN", 2))])
    urgent = site.order(("PEN", 2), priority=5)
    site.release([urgent])
    assert site.claim().slots[0].order == urgent


def test_who_works_in_a_zone_gets_only_tours_of_it(site: Site) -> None:
    site.put("A-01", "PEN", 10)
    site.put("C-01", "CUP", 10)
    site.release([site.order(("PEN", 2))])
    site.release([site.order(("CUP", 2))])
    site.release([site.order(("CUP", 2), ("PEN", 2))])
    tour = site.write(tours.claim, person=ANNA, now=site.now, zones=("Z2",))
    assert tour is not None
    assert [stop.place for stop in site.view(tour).stops] == ["C-01"]
    assert site.write(tours.claim, person=BERT, now=site.now, zones=("Z2",)) is None


# Totes


def test_a_bound_tote_stands_on_the_cart(site: Site) -> None:
    _order, tour = two_lines(site)
    tote = tour.slots[0].tote
    parent = select(places.c.parent).where(places.c.code == tote)
    assert site.scalar(parent) == tour.cart == f"CART-{ANNA}"


def test_a_tote_that_stood_nowhere_stands_on_the_cart_too(site: Site) -> None:
    site.put("A-01", "PEN", 10)
    site.release([site.order(("PEN", 2))])
    site.write(lambda tx: tx.execute(update(places).where(places.c.code == "T-01").values(
        parent=None
    )))  # fmt: skip
    tour = site.write(tours.claim, person=ANNA, now=site.now)
    assert tour is not None
    site.write(tours.bind_tote, tour=tour, slot=1, tote="T-01", person=ANNA, now=site.now)
    assert site.scalar(select(places.c.parent).where(places.c.code == "T-01")) == "CART-1"


def test_totes_that_are_unfit_are_refused(site: Site) -> None:
    site.put("A-01", "PEN", 20)
    site.put("T-09", "PEN", 1)
    site.release([site.order(("PEN", 2)), site.order(("PEN", 2))])
    site.release([site.order(("PEN", 2))])
    tour = site.write(tours.claim, person=ANNA, now=site.now)
    other = site.write(tours.claim, person=BERT, now=site.now)
    assert tour is not None
    assert other is not None

    def bind(tote: str, slot: int = 1, of: int = tour, person: int = ANNA) -> None:
        site.write(tours.bind_tote, tour=of, slot=slot, tote=tote, person=person, now=site.now)

    with refused(Code.TOTE_UNKNOWN):
        bind("NOBODY")
    with refused(Code.TOTE_UNKNOWN):
        bind("A-01")
    with refused(Code.TOTE_NOT_EMPTY):
        bind("T-09")
    with refused(Code.TOUR_NOT_YOURS):
        bind("T-01", person=BERT)
    bind("T-01")
    with refused(Code.SLOT_BOUND):
        bind("T-02")
    with refused(Code.TOTE_IN_USE):
        bind("T-01", slot=2)
    with refused(Code.TOTE_IN_USE):
        bind("T-01", of=other, person=BERT)


def test_a_tote_is_free_again_once_it_was_set_down_empty(site: Site) -> None:
    site.put("A-01", "PEN", 2)
    _order, tour = one_order(site, ("PEN", 2))
    tote = str(tour.slots[0].tote)
    site.short(tour.id)
    assert site.drop(tour.id).empty == (tote,)
    site.put("B-01", "PEN", 2)
    site.release([site.order(("PEN", 2))])
    again = site.write(tours.claim, person=BERT, now=site.now)
    assert again is not None
    site.write(tours.bind_tote, tour=again, slot=1, tote=tote, person=BERT, now=site.now)


def test_a_full_tote_is_followed_by_another_in_its_slot(site: Site) -> None:
    add_bench(site)
    order, tour = two_lines(site)
    first = tour.slots[0].tote
    site.pick(tour.id)
    site.write(tours.tote_full, tour=tour.id, slot=1, now=site.now)
    waiting = site.view(tour.id)
    assert waiting.tote_of(1) is None
    assert waiting.unbound is not None
    with refused(Code.TOTE_WRONG):
        site.pick(tour.id)
    with refused(Code.SLOT_UNBOUND):
        site.write(tours.tote_full, tour=tour.id, slot=1, now=site.now)
    second = site.claim().tote_of(1)
    assert second not in (None, first)
    site.walk(tour.id)
    dropped = site.drop(tour.id)
    assert {one.tote for one in dropped.sent} == {first, second}
    assert dropped.orders_picked == (order,)
    assert len({one.station for one in dropped.sent}) == 1, "an order is packed at one bench"


# Picking


def test_stops_come_in_walking_order_with_all_that_a_screen_shows(site: Site) -> None:
    site.put("B-02", "FOOD", 10, lot="L1", expiry="2027-05-01")
    site.put("A-05", "PEN", 10)
    _order, tour = one_order(site, ("FOOD", 2), ("PEN", 2))
    assert [stop.place for stop in tour.stops] == ["A-05", "B-02"]
    food = tour.stops[1]
    assert (food.sku, food.lot, food.expiry, food.qty) == ("FOOD", "L1", "2027-05-01", 2)
    assert tour.current == tour.stops[0]
    assert tour.unbound is None


def test_a_pick_moves_goods_and_promise_into_the_tote(site: Site) -> None:
    _order, tour = two_lines(site)
    picked = site.pick(tour.id)
    assert (picked.place, picked.qty, picked.left) == ("A-01", 3, 0)
    assert site.in_tote(str(tour.slots[0].tote)) == {"PEN": 3}
    row = site.rows(select(stock).where(stock.c.place == "A-01"))[0]
    assert (row.qty, row.allocated) == (7, 0)
    now = site.view(tour.id)
    assert now.done == 1
    assert now.current == now.stops[1]


def test_a_part_leaves_the_stop_open_for_the_rest(site: Site) -> None:
    _order, tour = two_lines(site)
    assert site.pick(tour.id, 2).left == 1
    current = site.view(tour.id).current
    assert current is not None
    assert (current.place, current.qty) == ("A-01", 1)
    with refused(Code.STOP_TOO_MANY):
        site.pick(tour.id, 2)


def test_goods_never_go_into_another_orders_tote(site: Site) -> None:
    site.put("A-01", "PEN", 10)
    site.release([site.order(("PEN", 2)), site.order(("PEN", 3))])
    tour = site.claim()
    stop, wrong = tour.stops[0], tour.tote_of(tour.stops[1].slot)
    with refused(Code.TOTE_WRONG):
        site.write(
            tours.pick_stop, stop=stop.id, qty=stop.qty, tote=str(wrong), key="k", actor="person:1",
            now=site.now, today=TODAY,
        )  # fmt: skip


def test_a_stop_of_a_cancelled_order_asks_for_nothing_more(site: Site) -> None:
    _order, tour = two_lines(site)
    promises = site.rows(select(allocations.c.id))
    site.write(allocation.release, [row.id for row in promises])
    after = site.view(tour.id)
    assert [stop.state for stop in after.stops] == ["gone", "gone"]
    assert after.current is None
    with refused(Code.STOP_CLOSED):
        site.write(
            tours.pick_stop, stop=tour.stops[0].id, qty=1, tote=str(tour.slots[0].tote), key="k",
            actor="person:1", now=site.now, today=TODAY,
        )  # fmt: skip


# Undo


def undo(site: Site, picked: tours.Picked) -> None:
    site.write(
        tours.undo_pick, stop=picked.stop, allocation=picked.allocation, pick_key=picked.key,
        key=site.key("undo"), actor="person:1", now=site.now,
    )  # fmt: skip


def test_undo_puts_the_goods_back_on_their_shelf(site: Site) -> None:
    _order, tour = two_lines(site)
    undo(site, site.pick(tour.id))
    assert site.view(tour.id) == tour
    assert site.in_tote(str(tour.slots[0].tote)) == {}
    row = site.rows(select(stock).where(stock.c.place == "A-01"))[0]
    assert (row.qty, row.allocated) == (10, 3)


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_parts_are_undone_in_any_order(site: Site, order: tuple[int, int]) -> None:
    _order, tour = two_lines(site)
    parts = [site.pick(tour.id, 1), site.pick(tour.id, 2)]
    for n in order:
        undo(site, parts[n])
    current = site.view(tour.id).current
    assert current is not None
    assert (current.place, current.qty) == ("A-01", 3)
    site.walk(tour.id)
    assert site.in_tote(str(tour.slots[0].tote)) == {"PEN": 3, "CUP": 2}


def test_an_undone_pick_is_not_undone_again(site: Site) -> None:
    _order, tour = two_lines(site)
    picked = site.pick(tour.id)
    undo(site, picked)
    with refused(Code.UNDO_TOO_LATE):
        undo(site, picked)


def test_after_the_drop_it_is_too_late_to_undo(site: Site) -> None:
    site.put("A-01", "PEN", 10)
    _order, tour = one_order(site, ("PEN", 2))
    picked = site.pick(tour.id)
    site.drop(tour.id)
    with refused(Code.UNDO_TOO_LATE):
        undo(site, picked)


# Later


def test_later_puts_a_shelf_behind_all_others(site: Site) -> None:
    site.put("A-01", "PEN", 10)
    site.put("C-02", "CUP", 10)
    site.release([site.order(("PEN", 3), ("CUP", 2)), site.order(("PEN", 4), ("CUP", 2))])
    tour = site.claim()
    before = [(stop.place, stop.slot) for stop in tour.stops]
    assert site.write(tours.later, stop=tour.stops[0].id)
    after = [(stop.place, stop.slot) for stop in site.view(tour.id).stops]
    assert after == before[2:] + before[:2], "both stops at the shelf, in their order"
    site.pick(tour.id)
    site.pick(tour.id)
    last = site.view(tour.id).current
    assert last is not None
    assert not site.write(tours.later, stop=last.id), "nothing else to do first"
