"""Several do the same to one return at the same moment: it happens once, and all are told."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, select

from tests import returns_racers as racers
from tests.racing import race
from tests.returns_site import BOX, RITA, SHELF, ReturnsSite, returns_at, set_serials
from tests.test_bench_races import WAIT_S, wait_for_a_lock
from tests.test_returns import approve
from wms.db import Tx
from wms.errors import Code, Rejected
from wms.returns import cases
from wms.returns import grading as returns_grade
from wms.returns.grading import Unit
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
    site.write(cases.undelivered, number, place=SHELF, key="back", actor="person:6", now=site.now)
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


def test_one_piece_in_two_returns_is_thrown_away_once(new_postgresql: Callable[[], str]) -> None:
    """Two radios were sent. Two graders read the same number, each in a return of their own; what
    was thrown away lies nowhere, so nothing but the order's line can tell that it was here."""
    with returns_at(new_postgresql()) as site, ThreadPoolExecutor(1) as threads:
        set_serials(site, "RADIO", "S1", "S2")
        (box,) = site.ship((("RADIO", 2),))
        first, second = (site.announce(box.order_id, ("RADIO", 1)) for _ in range(2))
        for number in (first, second):
            site.arrive(number=number)
            site.write(approve, site, number)
        radio = Unit(
            item=site.good("RADIO"), grade="damaged", disposition="dispose", serial="S1", place=BOX
        )

        def grade(tx: Tx, number: int, key: str) -> int:
            return returns_grade.grade(
                tx, number, radio, person=RITA, key=key, actor=f"person:{RITA}", now=site.now
            )

        with site.book.writing.begin() as grading:
            grade(grading, first, "one")
            other = threads.submit(site.book.write_now, grade, second, "two")
            wait_for_a_lock(grading)
        with pytest.raises(Rejected, match=Code.RETURN_TOO_MANY):
            other.result(WAIT_S)
        assert site.returned(box.order_id) == 1
        site.check()
