"""Two benches, and a truck that leaves while somebody stops an order: the book stays one book."""

import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from sqlalchemy import select, text

from picking import bench
from tests.picking_site import Site, one_order, refused, site_at
from wms.db import Book, Tx
from wms.errors import Code, Rejected
from wms.orders import lifecycle
from wms.schema import allocations, manifests, tours, tracking_ranges
from wms.schema import parcels as parcels_table
from wms.shipping import parcels

ROUNDS = 60
PIECES = 2
WAIT_S = 20.0
NUMBERS = {"owner": "acme", "carrier": "yamato", "next": 20_000_000_001, "last": 20_000_000_999}


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


@pytest.mark.parametrize("take_off", [True, False])
def test_what_is_stopped_while_the_truck_is_closed_stays_here(
    postgresql_url: str, take_off: bool
) -> None:
    """One of the two boxes is on the truck when the order is stopped and the driver leaves."""
    with site_at(postgresql_url) as site, ThreadPoolExecutor(1) as threads:
        order, loaded, manifest = site.write(_loaded, *_picked_pair(site), site.now)
        with site.book.writing.begin() as stopping:
            lifecycle.set_state(stopping, [order], "held", now=site.now)
            if take_off:
                assert parcels.take_off(stopping, parcel=loaded, manifest=manifest)
            leaving = threads.submit(
                site.write, parcels.close_out, manifest=manifest, key="close", actor="person:1",
                now=site.now,
            )  # fmt: skip
            wait_for_a_lock(stopping)
        if take_off:
            assert leaving.result(WAIT_S).handed_over == 0
        else:
            with refused(Code.LOAD_STOPPED):
                leaving.result(WAIT_S)
        state = select(parcels_table.c.state).where(parcels_table.c.id == loaded)
        assert site.scalar(state) == ("closed" if take_off else "loaded")


def wait_for_a_lock(tx: Tx) -> None:
    """Until another connection waits for what *tx* has locked."""
    waiting = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
    until = time.monotonic() + WAIT_S
    while not tx.execute(waiting).scalar_one():
        assert time.monotonic() < until, "nobody waits"
        time.sleep(0.01)


def _picked_pair(site: Site) -> tuple[int, list[int]]:
    """An order of two pieces in its tote, each an allocation of its own."""
    for n in range(PIECES):
        site.put(f"A-{n + 1:02d}", "PEN", 1)
    order, tour = one_order(site, ("PEN", PIECES))
    site.walk(tour.id)
    site.drop(tour.id)
    picked = select(allocations.c.id).where(allocations.c.state == "picked")
    return order, [row.id for row in site.rows(picked)]


def _loaded(tx: Tx, order: int, units: list[int], now: int) -> tuple[int, int, int]:
    """Each unit in a box of its own, both proven, the first one on the truck."""
    tx.execute(tracking_ranges.insert().values(NUMBERS))
    boxes = []
    for unit in units:
        boxes.append(parcels.pack(
            tx, order=order, contents=[parcels.Packed(unit, 1)], station="PACK-1",
            place="BENCH-1", box="", weight_g=500, predicted_g=500, key=f"pack:{unit}",
            actor="person:1", now=now,
        ))  # fmt: skip
        number = parcels.label(tx, parcel=boxes[-1], now=now)
        parcels.verify(tx, parcel=boxes[-1], tracking=number, now=now)
    truck = {"code": "M-1", "carrier": "yamato", "pickup_ms": now + 1}
    added = manifests.insert().values(truck).returning(manifests.c.id)
    manifest = int(tx.execute(added).scalar_one())
    parcels.load(tx, parcel=boxes[0], manifest=manifest, now=now)
    return order, boxes[0], manifest
