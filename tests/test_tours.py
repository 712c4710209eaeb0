"""A picker's walk: what is claimed, bound, picked, undone, short and set down adds up."""

from collections.abc import Iterator

import pytest
from sqlalchemy import func, select, update

from picking import tours
from picking.dispatch import dispatch, waits
from tests.picking_site import ANNA, BERT, Site, site_at
from wms import allocation
from wms.errors import Code, Rejected
from wms.schema import (
    allocations,
    missions,
    orders,
    places,
    stations,
    stock,
    tasks,
    tour_totes,
)
from wms.schema import tours as tours_table
from wms.stock import relocate


@pytest.fixture
def site(database_url: str) -> Iterator[Site]:
    with site_at(database_url) as site:
        yield site


def refused(code: Code) -> "pytest.RaisesExc[Rejected]":
    return pytest.raises(Rejected, match=f"^{code}( |$)")


def one_order(site: Site, *lines: tuple[str, int]) -> tuple[int, tours.TourView]:
    """An order on a tour that Anna has claimed, her totes bound."""
    order = site.order(*lines)
    site.release([order])
    return order, site.claim()


def two_lines(site: Site) -> tuple[int, tours.TourView]:
    """An order for two items: three pens at A-01, two cups at C-02."""
    site.put("A-01", "PEN", 10)
    site.put("C-02", "CUP", 10)
    return one_order(site, ("PEN", 3), ("CUP", 2))


def add_bench(site: Site) -> None:
    row = {"code": "PACK-2", "kind": "pack", "place": "BENCH-2"}
    site.write(lambda tx: tx.execute(stations.insert().values(row)))


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
            now=site.now,
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
            actor="person:1", now=site.now,
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
    assert site.write(tours.later, stop=tour.stops[0].id, now=site.now)
    after = [(stop.place, stop.slot) for stop in site.view(tour.id).stops]
    assert after == before[2:] + before[:2], "both stops at the shelf, in their order"
    site.pick(tour.id)
    site.pick(tour.id)
    last = site.view(tour.id).current
    assert last is not None
    assert not site.write(tours.later, stop=last.id, now=site.now), "nothing else to do first"


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


# Setting down


def test_nothing_is_set_down_before_the_walk_is_over(site: Site) -> None:
    _order, tour = two_lines(site)
    with refused(Code.TOUR_UNFINISHED):
        site.drop(tour.id)
    site.walk(tour.id)
    with refused(Code.PLACE_NOT_DROP):
        site.drop(tour.id, "A-01")
    site.drop(tour.id)
    with refused(Code.STOP_CLOSED):
        site.drop(tour.id)


def test_a_robot_carries_the_tote_to_the_bench(site: Site) -> None:
    order, tour = two_lines(site)
    site.walk(tour.id)
    dropped = site.drop(tour.id)
    tote = str(tour.slots[0].tote)
    assert dropped.sent == (tours.SentTote(tote=tote, station="PACK-1", by="robot"),)
    mission = site.rows(select(missions))[0]
    assert (mission.container, mission.source, mission.target) == (tote, "DROP", "BENCH-1")
    assert site.state(order) == "picked"
    assert site.told("order.picked") == 1
    assert site.scalar(select(tours_table.c.state)) == "done"
    assert site.write(tours.claim, person=ANNA, now=site.now) is None


def test_a_person_carries_it_where_no_robot_goes(site: Site) -> None:
    site.write(lambda tx: tx.execute(update(stations).values(place="BENCH-2")))
    _order, tour = two_lines(site)
    site.walk(tour.id)
    tote = str(tour.slots[0].tote)
    assert site.drop(tour.id).sent[0].by == "person"
    carry = site.rows(select(tasks).where(tasks.c.kind == "carry"))[0]
    assert (carry.place, carry.ref) == ("DROP", f"tote:{tote}")

    def deliver(place: str) -> bool:
        return site.write(tours.deliver, tote=tote, place=place, key=site.key("carry"),
                          actor="person:2", now=site.now)  # fmt: skip

    with refused(Code.PLACE_NOT_DROP):
        deliver("A-01")
    assert deliver("BENCH-2")
    assert not deliver("BENCH-2"), "it stands there already"
    assert site.scalar(select(tour_totes.c.state)) == "at_station"
    assert site.scalar(select(tasks.c.state).where(tasks.c.id == carry.id)) == "done"
    assert site.scalar(select(places.c.parent).where(places.c.code == tote)) == "BENCH-2"


def test_a_tote_that_was_brought_elsewhere_is_sent_again(site: Site) -> None:
    site.write(lambda tx: tx.execute(update(stations).values(place="BENCH-2")))
    _order, tour = two_lines(site)
    site.walk(tour.id)
    site.drop(tour.id)
    tote = str(tour.slots[0].tote)
    site.now += 1
    site.write(tours.deliver, tote=tote, place="BENCH-1", key="k", actor="person:2", now=site.now)
    assert site.read(waits)
    assert [one.by for one in site.write(dispatch, now=site.now, rng=site.rng)] == ["person"]
    assert not site.read(waits)
    live = select(func.count()).where(tasks.c.kind == "carry", tasks.c.state == "open")
    assert site.scalar(live) == 1


def test_totes_set_down_at_a_bench_are_there(site: Site) -> None:
    _order, tour = two_lines(site)
    site.walk(tour.id)
    assert site.drop(tour.id, "BENCH-1").sent[0].by == "here"
    assert site.rows(select(missions)) == []
    assert site.scalar(select(tour_totes.c.state)) == "at_station"


def test_totes_are_shared_out_to_the_benches(site: Site) -> None:
    add_bench(site)
    site.put("A-01", "PEN", 20)
    site.release([site.order(("PEN", 2)) for _ in range(4)])
    tour = site.claim()
    site.walk(tour.id)
    sent = site.drop(tour.id).sent
    assert sorted(one.station for one in sent) == ["PACK-1", "PACK-1", "PACK-2", "PACK-2"]


def test_a_tote_that_somebody_moved_is_set_down_all_the_same(site: Site) -> None:
    _order, tour = two_lines(site)
    site.walk(tour.id)
    tote = str(tour.slots[0].tote)
    site.write(relocate, key="moved", container=tote, source=tour.cart, target="TOTES",
               actor="person:2", now=site.now)  # fmt: skip
    site.drop(tour.id)
    assert site.scalar(select(places.c.parent).where(places.c.code == tote)) == "DROP"


def test_goods_of_a_cancelled_order_are_put_back(site: Site) -> None:
    order, tour = two_lines(site)
    site.walk(tour.id)
    site.write(lambda tx: tx.execute(update(orders).values(state="cancelled")))
    dropped = site.drop(tour.id)
    assert (dropped.sent, dropped.orders_picked) == ((), ())
    assert site.state(order) == "cancelled"
    assert [row.kind for row in site.rows(select(tasks))] == ["put_back"]
