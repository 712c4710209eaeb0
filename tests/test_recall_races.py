"""A recall at the very moment at which its lot is promised, picked, or given to an order."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select

from picking import bench, recall
from picking.recall import LotNamed, Whereabouts
from tests import recall_racers as racers
from tests.floor_site import CAROL, JAN, LEA, FloorSite, floor_at
from tests.picking_site import NOON, TODAY
from tests.racing import RACERS, race
from tests.test_bench_races import WAIT_S, wait_for_a_lock
from wms.schema import allocations, order_lines, orders, parcel_lines, parcels

BAD, GOOD = "L1", "L2"
LOT = LotNamed(owner="acme", sku="FOOD", lot=BAD)
TEA = f"]E0{JAN['TEA']}"


@pytest.fixture
def site(new_book: Callable[[], str]) -> Iterator[FloorSite]:
    with floor_at(new_book()) as site:
        site.stock_up()
        yield site
        site.check()


def hold(site: FloorSite) -> Whereabouts:
    return site.write(recall.hold, LOT, key=site.key("recall"), today=TODAY, now=site.now)


@pytest.mark.long
def test_of_a_lot_that_is_recalled_while_a_wave_is_released_nothing_is_picked(
    site: FloorSite,
) -> None:
    """One recalls while three release waves and pick. Whoever wins, the lot leaves nowhere."""
    for aisle in "AB":
        site.put(f"{aisle}-03", "FOOD", 6, lot=BAD, expiry="2027-01-31")
    site.put("C-04", "FOOD", 40, lot=GOOD, expiry="2027-02-28")
    mine = [site.orders([(("FOOD", 2), ("CUP", 1))] * 3) for _ in range(RACERS)]
    walkers = (LEA, CAROL, 2, 1)
    (found,) = race(site.book.url, (racers.recall_or_pick, LOT, mine, walkers, TODAY, NOON))
    assert found[0] == "held"
    site.now += 60_000
    for person in walkers:
        racers.walk_on(site.book, person, TODAY, site.now)
    live = (allocations.c.lot == BAD) & (allocations.c.state == "picked")
    assert site.rows(select(allocations.c.place).where(live, allocations.c.task_id.is_(None))) == []
    hold(site)
    live = (allocations.c.lot == BAD) & allocations.c.state.in_(("open", "picked"))
    assert site.rows(select(allocations.c.place).where(live)) == []


def test_what_a_bench_gives_to_an_order_while_its_lot_is_recalled_is_taken_back(
    new_postgresql: Callable[[], str],
) -> None:
    """The unit that was split off a total is no row yet for others; but its promise names the lot,
    whose row the recall locks first. So the recall waits, and then sees it."""
    with floor_at(new_postgresql()) as site, ThreadPoolExecutor(1) as threads:
        site.put("A-03", "FOOD", 5, lot=BAD)
        site.at_bench([(("FOOD", 1),), (("FOOD", 1),), (("FOOD", 1),)])
        total = site.scalar(select(allocations.c.id).where(allocations.c.line_id.is_(None)))
        with site.book.writing.begin() as binding:
            order = bench.bind_one(binding, allocation=total)
            recalling = threads.submit(hold, site)
            wait_for_a_lock(binding)
        recalling.result(WAIT_S)
        states = site.rows(select(allocations.c.state).where(allocations.c.lot == BAD))
        assert {row.state for row in states} == {"released"}
        assert site.state(order) == "short"
        site.check()


def sent(site: FloorSite) -> list[str]:
    """Orders that are not held although some of the lot is in one of their boxes."""
    query = (
        select(orders.c.code)
        .join(order_lines, order_lines.c.order_id == orders.c.id)
        .join(parcel_lines, parcel_lines.c.line_id == order_lines.c.id)
        .join(parcels, parcels.c.id == parcel_lines.c.parcel_id)
        .where(parcel_lines.c.lot == BAD, parcels.c.state != "void", orders.c.state != "held")
    )
    return [row.code for row in site.rows(query)]


def test_a_box_that_is_filled_while_its_lot_is_recalled_is_held(
    new_postgresql: Callable[[], str],
) -> None:
    with floor_at(new_postgresql()) as site, ThreadPoolExecutor(1) as threads:
        site.stock_up()
        site.put("A-03", "FOOD", 5, lot=BAD)
        site.at_bench([(("FOOD", 2), ("TEA", 1))])
        with site.book.writing.begin() as packing:
            racers.box(packing, 1, site.now)
            recalling = threads.submit(hold, site)
            wait_for_a_lock(packing)
        assert [one.stage for one in recalling.result(WAIT_S).orders] == ["open"]
        assert (site.state(1), sent(site)) == ("held", [])
        site.check()
