"""Two benches, and a truck that leaves while somebody stops an order: the book stays one book."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from sqlalchemy import select

from picking import bench
from tests.picking_site import Site, site_at
from wms.db import Book
from wms.errors import Code, Rejected
from wms.schema import allocations, tours

ROUNDS = 60


def _bind_in_rounds(book: Book, totals: list[int], meet: Barrier) -> list[int]:
    bound = []
    for allocation in totals:
        meet.wait(30)
        try:
            bound.append(book.write_now(bench.bind_one, allocation=allocation))
        except Rejected as refusal:
            assert refusal.code == Code.TOTAL_NOBODY_WAITS
    return bound


def test_two_benches_that_bind_at_once_never_serve_one_order_twice(postgresql_url: str) -> None:
    with site_at(postgresql_url) as site:
        halves = _picked_totals(site)
        meet = Barrier(2)
        books = [Book(postgresql_url) for _ in halves]
        with ThreadPoolExecutor(2) as threads:
            running = [
                threads.submit(_bind_in_rounds, book, half, meet)
                for book, half in zip(books, halves, strict=True)
            ]
            served = [order for future in running for order in future.result()]
        for book in books:
            book.close()
        assert Counter(served).most_common(1)[0][1] == 1


def _picked_totals(site: Site) -> list[list[int]]:
    """One wave of one-piece orders whose total lies in many bins; every bin's unit is picked."""
    for n in range(ROUNDS):
        site.put(f"{'ABCD'[n % 4]}-{n % 10 + 1:02d}", "PEN", 1, lot=f"L{n}")
    site.release(site.orders([[("PEN", 1)]] * ROUNDS))
    while site.scalar(select(tours.c.id).where(tours.c.state == "open")) is not None:
        tour = site.claim()
        site.walk(tour.id)
        site.drop(tour.id)
    total = allocations.c.line_id.is_(None) & (allocations.c.state == "picked")
    found = [row.id for row in site.rows(select(allocations.c.id).where(total))]
    assert len(found) == ROUNDS
    return [found[0::2], found[1::2]]
