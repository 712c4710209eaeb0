"""Identical baskets are picked together into one tote, and packed from it one after the other."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from sqlalchemy import select

from tests.floor_site import CAROL, FIRST_NUMBER, JAN, FloorSite, floor_at
from tests.picking_site import SETTINGS
from wms.orders import cancel
from wms.schema import orders, tasks, tour_totes, tours
from wms.shipping.parcels import number_of

TEA, CUP = (f"]E0{JAN[sku]}" for sku in ("TEA", "CUP"))
TOGETHER = replace(SETTINGS, identical_min=3)
BASKET = (("TEA", 2), ("CUP", 1))


@pytest.fixture
def engine() -> str:
    return "sqlite"


@pytest.fixture
def site(engine: str, request: pytest.FixtureRequest) -> Iterator[FloorSite]:
    with floor_at(request.getfixturevalue(f"new_{engine}")()) as site:
        site.stock_up()
        yield site
        site.check()


def kinds(site: FloorSite) -> list[str]:
    return [row.kind for row in site.rows(select(tours).order_by(tours.c.id))]


def test_identical_baskets_share_a_tote_and_the_most_urgent_is_packed_first(
    site: FloorSite,
) -> None:
    numbers = site.orders([BASKET, BASKET, BASKET, (("HAT", 1), ("CUP", 1))])
    site.set(orders, orders.c.id == numbers[2], priority=9)
    site.release(numbers, TOGETHER)
    assert kinds(site) == ["batch", "cart"]
    tour = site.claim()
    assert [slot.order for slot in tour.slots] == [None]
    site.walk(tour.id)
    assert site.in_tote("T-01") == {"TEA": 6, "CUP": 3}
    site.drop(tour.id, "BENCH-1")
    assert [site.state(number) for number in numbers[:3]] == ["picked"] * 3
    hand = site.signed_in("BENCH-1", CAROL, work="pack")
    hand.expect("pack.item", "T-01")
    for count, number in enumerate((3, 1, 2)):  # the most urgent, then by age
        for text in (TEA, TEA, CUP):
            hand.scan(text)
        hand.expect("pack.verify", "BX-S")
        after = "pack.item" if count < 2 else "pack.tote"
        hand.expect(after, number_of(FIRST_NUMBER + count))
        assert site.state(numbers[number - 1]) == "packed"
    assert site.in_tote("T-01") == {}


def test_one_of_them_that_is_cancelled_leaves_its_goods_to_be_put_back(site: FloorSite) -> None:
    numbers = site.orders([BASKET] * 3)
    site.release(numbers, TOGETHER)
    tour = site.claim()
    site.walk(tour.id)
    site.drop(tour.id, "BENCH-1")
    site.write(cancel.cancel, numbers[0], now=site.now)
    (task,) = site.rows(select(tasks.c.ref).where(tasks.c.kind == "put_back"))
    assert task.ref == "tote:T-01"
    hand = site.signed_in("BENCH-1", CAROL, work="pack")
    hand.expect("pack.item", "T-01")
    assert hand.prompt.total == 3, "the next one is packed all the same"


def test_too_few_of_them_and_a_site_that_does_not_ask_for_it_change_nothing(
    site: FloorSite,
) -> None:
    site.release(site.orders([BASKET] * 2), TOGETHER)
    site.release(site.orders([BASKET] * 3))
    assert kinds(site) == ["cart", "cart"]
    assert len(site.rows(select(tour_totes).where(tour_totes.c.order_id.is_(None)))) == 0
