"""Several do the same to one return at the same moment: it happens once, and all are told."""

from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import func, select

from tests import returns_racers as racers
from tests.racing import race
from tests.returns_site import SHELF, ReturnsSite, returns_at
from wms import returns
from wms.errors import Code
from wms.schema import orders
from wms.schema import returns as returns_table


@pytest.fixture
def site(new_book: Callable[[], str]) -> Iterator[ReturnsSite]:
    with returns_at(new_book()) as site:
        yield site
        site.check()


def test_the_last_unit_is_graded_once_and_the_return_closed_once(site: ReturnsSite) -> None:
    (box,) = site.ship((("CUP", 1), ("TEA", 1)))
    number = site.announce(box.order_id, ("CUP", 1), kind="exchange")
    site.arrive(number=number)
    graded, closed = race(
        site.book.url, (racers.grade_it, number, site.good("CUP"), site.now),
        (racers.close_it, number, site.now),
    )  # fmt: skip
    assert sorted(graded) == ["done", *[Code.RETURN_TOO_MANY] * 3]
    assert sorted(closed) == ["done", *[Code.RETURN_STATE] * 3]
    assert site.returned(box.order_id) == 1
    followers = select(func.count()).where(orders.c.origin == f"return:{number}")
    assert site.scalar(followers) == 1
    assert (site.told("return.graded"), site.told("return.closed")) == (1, 1)


def test_an_undelivered_parcel_is_decided_once(site: ReturnsSite) -> None:
    (box,) = site.ship((("CUP", 1), ("TEA", 1)))
    number = site.arrive(parcel=box.id)
    site.write(returns.undelivered, number, place=SHELF, key="back", actor="person:6", now=site.now)
    (decided,) = race(site.book.url, (racers.decide_it, number, site.now))
    assert sorted(decided) == ["done", "done", *[Code.RETURN_STATE] * 2], "who came second agrees"
    followers = select(func.count()).where(orders.c.origin == f"return:{number}")
    assert site.scalar(followers) == (site.row(number).decision == "reship")
    assert site.told("return.decided") == 1


def test_a_box_is_given_to_one_person(site: ReturnsSite) -> None:
    (box,) = site.ship((("CUP", 1), ("TEA", 1)))
    (arrived,) = race(site.book.url, (racers.arrive_it, box.id, site.now))
    assert sorted(arrived) == ["done", *[Code.RETURN_WITH_OTHER] * 3]
    assert site.scalar(select(func.count()).select_from(returns_table)) == 1
