"""The end of a walk: complete orders are picked, and every tote goes to a bench."""

from collections.abc import Iterator

import pytest
from sqlalchemy import func, select, update

from picking import tours
from picking.dispatch import dispatch, waits
from tests.picking_site import ANNA, Site, add_bench, refused, site_at, two_lines
from wms.errors import Code
from wms.schema import (
    missions,
    orders,
    places,
    stations,
    tasks,
    tour_totes,
)
from wms.schema import tours as tours_table
from wms.stock import relocate


@pytest.fixture
def site(database_url: str) -> Iterator[Site]:
    with site_at(database_url) as site:
        yield site


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
