"""同梱: orders of one customer leave as one, only by their owner's rule, and each is told."""

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import select

from tests.floor_site import ON_BOTH, FloorSite, floor_at
from wms.orders import cancel
from wms.orders.cancel import Cancelled
from wms.schema import documents, events, order_lines, orders, owners, shops

MERGED = "order.merged order=O0000001"


@pytest.fixture
def engine() -> str:
    return "sqlite"


@pytest.fixture
def site(engine: str, request: pytest.FixtureRequest) -> Iterator[FloorSite]:
    with floor_at(request.getfixturevalue(f"new_{engine}")()) as site:
        site.stock_up()
        site.set(owners, owners.c.code == "acme", merge=1)
        yield site
        site.check()


def of_one_customer(site: FloorSite) -> list[int]:
    numbers = site.orders([(("TEA", 1),), (("CUP", 2), ("TEA", 1))])
    site.set(orders, orders.c.id.in_(numbers), customer="C-7")
    return numbers


def reasons(site: FloorSite) -> list[str]:
    return [row.state_reason for row in site.rows(select(orders).order_by(orders.c.id))]


def do_cancel(site: FloorSite, order: int) -> Cancelled:
    site.now += 1
    return site.write(cancel.cancel, order, now=site.now)


def wanted(site: FloorSite, order: int = 1) -> dict[int, int]:
    lines = site.rows(select(order_lines).where(order_lines.c.order_id == order))
    return {row.line_no: row.qty - row.cancelled for row in lines}


@ON_BOTH
def test_orders_of_one_customer_leave_as_one_and_the_oms_hears_which(site: FloorSite) -> None:
    first, second = of_one_customer(site)
    assert site.release([first, second]).orders == (first,)
    assert (site.state(first), site.state(second)) == ("released", "cancelled")
    assert reasons(site) == ["", MERGED]
    assert wanted(site) == {1: 1, 2: 2, 3: 1}
    assert wanted(site, second) == {1: 0, 2: 0}, "nothing is wanted twice"
    row = site.rows(select(orders).where(orders.c.id == first))[0]
    assert (row.pieces, row.one_piece) == (4, 0)
    told = site.rows(select(events.c.kind).where(events.c.kind == "order.merged"))
    assert len(told) == 1
    tour = site.claim()
    site.walk(tour.id)
    assert sum(site.in_tote("T-01").values()) == 4


@ON_BOTH
def test_a_cancel_takes_its_own_part_out_of_what_is_left(site: FloorSite) -> None:
    first, second = of_one_customer(site)
    site.release([first, second])
    one = do_cancel(site, second)
    assert (one.outcome, one.external_id, one.new) == ("cancelled", one.external_id, True)
    assert wanted(site) == {1: 1, 2: 0, 3: 0} and site.state(first) == "released"
    assert do_cancel(site, second).new is False
    assert do_cancel(site, first).outcome == "cancelled" and site.state(first) == "cancelled"


def test_the_part_of_another_order_goes_on_when_the_first_is_cancelled(site: FloorSite) -> None:
    first, second = of_one_customer(site)
    site.release([first, second])
    assert do_cancel(site, first).outcome == "changed"
    assert wanted(site) == {1: 0, 2: 2, 3: 1} and site.state(first) == "released"
    assert do_cancel(site, first).new is False, "the same again leaves the other's alone"
    assert wanted(site) == {1: 0, 2: 2, 3: 1}
    assert do_cancel(site, second).outcome == "cancelled" and site.state(first) == "cancelled"


def no_rule(site: FloorSite) -> None:
    site.set(owners, owners.c.code == "acme", merge=0)


def a_marketplace(site: FloorSite) -> None:
    site.set(shops, shops.c.code == "acme-shop", never_merge=1)


def money(site: FloorSite) -> None:
    site.set(orders, orders.c.id == 2, cod=500)


def a_bill(site: FloorSite) -> None:
    bill = {"order_id": 2, "kind": "invoice", "code": "INV-1", "pdf": b"%PDF", "at_ms": 1}
    site.add(documents, bill)


def another_door(site: FloorSite) -> None:
    site.set(orders, orders.c.id == 2, depot="新宿")


@pytest.mark.parametrize("why", [no_rule, a_marketplace, money, a_bill, another_door])
def test_orders_are_never_merged_silently(site: FloorSite, why: Any) -> None:
    both = of_one_customer(site)
    why(site)
    assert site.release(both).orders == tuple(both)
    assert reasons(site) == ["", ""]
