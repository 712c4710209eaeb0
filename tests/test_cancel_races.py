"""A cancel against a pick, a box, a label, a truck or its own order at the same moment.

Exactly one wins, both are told, and the book adds up, whoever it was.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import select

from picking import tours as tour_book
from tests.floor_site import FIRST_NUMBER, ON_BOTH, FloorSite, floor_at
from tests.intake_site import NOW, order, seeded
from tests.picking_site import TODAY
from tests.test_cancel import YAMATO, boxed, closed, dropped, loaded, promised
from wms import audit
from wms.db import Book, Tx
from wms.errors import Rejected
from wms.orders import cancel
from wms.orders import lifecycle as order_book
from wms.schema import allocations, manifests, orders, versions
from wms.schema import parcels as parcels_table
from wms.shipping import loading, parcels
from wms.shipping.parcels import Packed, number_of

ROUNDS = 2


@pytest.fixture
def engine() -> str:
    return "sqlite"


@pytest.fixture
def make(engine: str, request: pytest.FixtureRequest) -> Callable[[], str]:
    made: Callable[[], str] = request.getfixturevalue(f"new_{engine}")
    return made


@contextmanager
def floor(make: Callable[[], str]) -> Iterator[FloorSite]:
    with floor_at(make()) as site:
        site.stock_up()
        yield site
        site.check()


def together(url: str, *calls: Callable[[Book], Any]) -> list[Any]:
    """Run *calls* at the same moment, each with a book of its own; a refusal is a result."""
    meet = Barrier(len(calls))

    def run(call: Callable[[Book], Any]) -> Any:
        book = Book(url)
        meet.wait(30)
        try:
            return call(book)
        except Rejected as refusal:
            return refusal
        finally:
            book.close()

    with ThreadPoolExecutor(len(calls)) as threads:
        return [future.result() for future in [threads.submit(run, call) for call in calls]]


def calling(command: Callable[..., Any], *args: Any, **kwargs: Any) -> Callable[[Book], Any]:
    """One command, in a transaction of its own."""
    return lambda book: book.write_now(command, *args, **kwargs)


def cancelling(site: FloorSite) -> Callable[[Book], Any]:
    return calling(cancel.cancel, 1, now=site.now)


@ON_BOTH
def test_against_a_pick(make: Callable[[], str]) -> None:
    """A part of a stop is picked at that moment: the part goes back, too."""
    for _ in range(ROUNDS):
        with floor(make) as site:
            promised(site)
            tour = site.claim()
            stop = tour.current
            assert stop is not None
            pick = {
                "stop": stop.id,
                "qty": 1,
                "tote": "T-01",
                "key": "race",
                "actor": "person:1",
                "today": TODAY,
            }
            answer, picked = together(
                site.book.url, cancelling(site),
                calling(tour_book.pick_stop, **pick, now=site.now),
            )  # fmt: skip
            assert answer.outcome == "cancelled"
            in_tote = site.in_tote("T-01")
            assert in_tote == ({} if isinstance(picked, Rejected) else {"TEA": 1})
            assert bool(answer.put_back) == bool(in_tote)
            live = allocations.c.state.in_(("open", "picked"))
            assert site.rows(select(allocations).where(live)) == []


@ON_BOTH
def test_against_a_box(make: Callable[[], str]) -> None:
    for _ in range(ROUNDS):
        with floor(make) as site:
            dropped(site)
            picked = site.rows(select(allocations).where(allocations.c.state == "picked"))
            contents = [Packed(row.id, row.qty) for row in picked]
            values = {
                "order": 1, "contents": contents, "station": "PACK-1", "place": "BENCH-1",
                "box": "BX-S", "weight_g": 500, "predicted_g": 500, "key": "race",
                "actor": "person:3", "now": site.now,
            }  # fmt: skip
            answer, box = together(
                site.book.url, cancelling(site),
                calling(parcels.pack, **values),
            )  # fmt: skip
            assert answer.outcome == "cancelled"
            states = [row.state for row in site.rows(select(parcels_table.c.state))]
            assert states == ([] if isinstance(box, Rejected) else ["void"])
            assert answer.stage == ("picked" if isinstance(box, Rejected) else "boxed")


@ON_BOTH
def test_against_a_label_that_is_scanned(make: Callable[[], str]) -> None:
    for _ in range(ROUNDS):
        with floor(make) as site:
            boxed(site)
            box = site.scalar(select(parcels_table.c.id))
            scanned = {"parcel": box, "tracking": number_of(FIRST_NUMBER), "now": site.now}
            answer, refusal = together(
                site.book.url, cancelling(site),
                calling(parcels.verify, **scanned),
            )  # fmt: skip
            state = site.scalar(select(parcels_table.c.state))
            lost = isinstance(refusal, Rejected)
            assert (state, answer.stage) == (("void", "boxed") if lost else ("closed", "closed"))
            assert site.told("parcel.inspected") == int(not lost)
            assert site.state(1) == "cancelled"


@ON_BOTH
def test_against_a_load(make: Callable[[], str]) -> None:
    for _ in range(ROUNDS):
        with floor(make) as site:
            closed(site)
            box = site.scalar(select(parcels_table.c.id))
            truck = site.scalar(select(manifests.c.id).where(manifests.c.code == YAMATO))
            load = {"parcel": box, "manifest": truck, "now": site.now}
            answer, refusal = together(
                site.book.url, cancelling(site),
                calling(loading.load, **load),
            )  # fmt: skip
            lost = isinstance(refusal, Rejected)
            assert answer.stage == ("closed" if lost else "loaded")
            assert (site.state(1), len(answer.search)) == ("cancelled", 1)


@ON_BOTH
def test_against_a_hand_over(make: Callable[[], str]) -> None:
    for _ in range(ROUNDS):
        with floor(make) as site:
            loaded(site)
            truck = site.scalar(select(manifests.c.id).where(manifests.c.code == YAMATO))
            leave = {"manifest": truck, "key": "race", "actor": "person:4", "now": site.now}
            answer, left = together(
                site.book.url, cancelling(site),
                calling(parcels.close_out, **leave),
            )  # fmt: skip
            if isinstance(left, Rejected):
                assert (answer.outcome, answer.stage) == ("cancelled", "loaded")
            else:
                assert (answer.outcome, site.state(1)) == ("refused", "shipped")
            assert site.told("order.shipped") == int(not isinstance(left, Rejected))


@ON_BOTH
def test_against_its_own_order(make: Callable[[], str]) -> None:
    """Whoever is first, the order ends cancelled and the OMS is told."""

    def cancel_first(tx: Tx, name: str) -> str:
        known = cancel.cancel_unknown(tx, owner="A", external_id=name)
        return "before" if known is None else cancel.cancel(tx, known, now=NOW).stage

    url = make()
    site = seeded(url)
    for number in range(3 * ROUNDS):
        name = f"E-{number}"
        together(
            url, calling(cancel_first, name),
            calling(order_book.accept, order(name), now=NOW),
        )  # fmt: skip
    states = site.read_now(lambda tx: set(tx.scalars(select(orders.c.state))))
    kept = site.read_now(lambda tx: len(tx.execute(select(versions)).all()))
    assert (states, kept) == ({"cancelled"}, 3 * ROUNDS)
    assert site.read_now(audit.audit) == []
    site.close()
