"""Two at once at one walk, one shelf, one slot: exactly one of them has it, and both are told."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import select, text

from picking import hands, swaps, tours, walls
from picking.release import release_wave
from picking.waves import Wave
from tests.floor_site import CAROL, ON_BOTH, FloorSite, floor_at
from tests.picking_site import ANNA, HOUR_MS, NOON, SETTINGS, TODAY
from tests.test_floor_zones import allow, wall
from wms.db import Tx
from wms.errors import Code, Rejected
from wms.schema import allocations, wall_slots
from wms.schema import tours as tours_table

WAIT_S = 20.0


@pytest.fixture
def engine() -> str:
    return "postgresql"


@pytest.fixture
def site(engine: str, request: pytest.FixtureRequest) -> Iterator[FloorSite]:
    with floor_at(request.getfixturevalue(f"new_{engine}")()) as site:
        site.stock_up()
        yield site
        site.check()


def outcome(future: "Future[Any]") -> str:
    """How it ended: "done", or the code of the refusal."""
    try:
        future.result(timeout=WAIT_S)
    except Rejected as refusal:
        return str(refusal.code)
    return "done"


def behind(site: FloorSite, first: Callable[[Tx], object], second: Callable[[], object]) -> str:
    """*second* runs into *first*, which has done its work and not committed yet."""
    with ThreadPoolExecutor(1) as threads:
        with site.book.writing.begin() as tx:
            first(tx)
            running = threads.submit(second)
            waits(tx, running)
        return outcome(running)


def waits(tx: Tx, running: "Future[Any]") -> None:
    """Until somebody waits for a lock, or has ended without one."""
    end = time.monotonic() + WAIT_S
    query = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
    while time.monotonic() < end and not running.done():
        if tx.execute(query).scalar_one():
            return
        time.sleep(0.01)


def walk(site: FloorSite) -> tours.TourView:
    site.release([site.order(("TEA", 2), ("CUP", 1))])
    return site.claim()


def test_a_take_over_against_a_scan(site: FloorSite) -> None:
    tour = walk(site)
    stop = tour.current
    assert stop is not None

    def pick() -> None:
        site.write(tours.pick_stop, stop=stop.id, qty=1, tote=str(tour.slots[0].tote), key="late",
                   actor=f"person:{ANNA}", now=site.now, today=TODAY)  # fmt: skip

    ended = behind(
        site, lambda tx: hands.take_over(tx, person=CAROL, key="t", now=site.now, of=ANNA), pick
    )
    assert ended == Code.TOUR_NOT_YOURS
    assert site.in_tote(str(tour.slots[0].tote)) == {}


def test_a_scan_against_a_take_over(site: FloorSite) -> None:
    tour = walk(site)
    stop = tour.current
    assert stop is not None

    def pick(tx: Tx) -> None:
        tours.pick_stop(tx, stop=stop.id, qty=1, tote=str(tour.slots[0].tote), key="first",
                        actor=f"person:{ANNA}", now=site.now, today=TODAY)  # fmt: skip

    ended = behind(
        site, pick,
        lambda: site.write(hands.take_over, person=CAROL, key="t", now=site.now, of=ANNA),
    )  # fmt: skip
    assert ended == "done"
    assert site.in_tote(str(tour.slots[0].tote)) == {"TEA": 1}, "it goes along with the cart"
    assert site.read(tours.live, person=CAROL) == tour.id


def test_a_swap_against_an_allocation(site: FloorSite) -> None:
    for lot, month in (("L1", "03"), ("L2", "06")):
        site.put("D-01", "FOOD", 2, lot=lot, expiry=f"2027-{month}-01")
    site.release([site.order(("FOOD", 2))])
    tour = site.claim()
    stop = tour.current
    assert stop is not None
    assert stop.lot == "L1"
    number = site.order(("FOOD", 2))
    wave = Wave("yamato", NOON + 5 * HOUR_MS, (number,))

    def release() -> None:
        site.write(release_wave, wave, settings=SETTINGS, today=TODAY, now=site.now)

    behind(
        site, lambda tx: swaps.swap(tx, stop=stop.id, person=ANNA, today=TODAY, code="L2"), release
    )
    promised = site.rows(select(allocations.c.lot, allocations.c.qty).order_by(allocations.c.id))
    assert (promised[0].lot, promised[0].qty) == ("L2", 2)
    assert sum(row.qty for row in promised if row.lot == "L2") == 2, "never sold twice"


def test_an_allocation_against_a_swap(site: FloorSite) -> None:
    for lot, month in (("L1", "03"), ("L2", "06")):
        site.put("D-01", "FOOD", 2, lot=lot, expiry=f"2027-{month}-01")
    site.release([site.order(("FOOD", 2))])
    stop = site.claim().current
    assert stop is not None
    wave = Wave("yamato", NOON + 5 * HOUR_MS, (site.order(("FOOD", 2)),))
    ended = behind(
        site, lambda tx: release_wave(tx, wave, settings=SETTINGS, today=TODAY, now=site.now),
        lambda: site.write(swaps.swap, stop=stop.id, person=ANNA, today=TODAY, code="L2"),
    )  # fmt: skip
    assert ended in (Code.SWAP_PROMISED, Code.STOCK_SHORT)


def together(site: FloorSite, *calls: Callable[[], Any]) -> list[str]:
    """Run them at the same moment; how each ended."""
    meet = Barrier(len(calls))

    def run(call: Callable[[], Any]) -> Any:
        meet.wait(WAIT_S)
        return call()

    with ThreadPoolExecutor(len(calls)) as threads:
        return [outcome(one) for one in [threads.submit(run, call) for call in calls]]


@ON_BOTH
def test_two_people_at_once_are_never_given_the_same_work(site: FloorSite) -> None:
    site.release([site.order(("TEA", 2))])
    together(site, *(
        lambda person=person: site.write(tours.claim, person=person, now=site.now)
        for person in (ANNA, CAROL)
    ))  # fmt: skip
    owners = site.rows(select(tours_table.c.person_id))
    assert len([row for row in owners if row.person_id is not None]) == 1
    assert {site.read(tours.live, person=person) for person in (ANNA, CAROL)} == {None, 1}


@ON_BOTH
def test_two_who_take_over_one_walk_do_not_both_have_it(site: FloorSite) -> None:
    tour = walk(site)
    dave, lea = 4, 5
    for person in (dave, lea):
        allow(site, person, "pick")
    ends = together(site, *(
        lambda person=person: site.write(
            hands.take_over, person=person, key=f"t{person}", now=site.now, of=ANNA
        )
        for person in (dave, lea)
    ))  # fmt: skip
    assert sorted(ends) == ["done", Code.TOUR_NOTHING]
    mine = [person for person in (ANNA, dave, lea)
            if site.read(tours.live, person=person) == tour.id]  # fmt: skip
    assert len(mine) == 1


@ON_BOTH
def test_two_sorters_never_share_the_last_slot(site: FloorSite) -> None:
    wall(site, slots=1)
    first, second = site.orders([(("TEA", 1), ("CUP", 1)), (("TEA", 1), ("HAT", 1))])
    ends = together(site, *(
        lambda order=order: site.write(walls.point, wall="WALL-1", order=order, qty=1)
        for order in (first, second)
    ))  # fmt: skip
    assert sorted(ends) == ["done", Code.WALL_FULL]
    assert site.scalar(select(wall_slots.c.order_id)) in (first, second)
