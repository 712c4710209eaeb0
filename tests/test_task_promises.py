"""Stock promised to a task: it moves with its promise, is no order's, and ends with the task."""

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import select

from picking import bench
from tests.floor_site import FloorSite, floor_at
from tests.picking_site import refused
from wms import audit, tasks
from wms.errors import Code
from wms.promises import allocation
from wms.schema import allocations, moves, stock
from wms.stock import Key


@pytest.fixture
def site(sqlite_url: str) -> Iterator[FloorSite]:
    with floor_at(sqlite_url) as site:
        yield site
        site.check()


def open_task(site: FloorSite, key: str = "t-1") -> int:
    task = site.write(tasks.open_task, key=key, kind="replenish", now=site.now)
    assert task is not None
    return task


def balance(site: FloorSite, sku: str, place: str) -> Key:
    query = select(stock).where(stock.c.item_id == site.good(sku), stock.c.place == place)
    return allocation.key_of(site.rows(query)[0])


def free(site: FloorSite, key: Key) -> int:
    here = (stock.c.place == key.place) & (stock.c.item_id == key.item)
    return int(site.scalar(select(stock.c.qty - stock.c.allocated).where(here)) or 0)


def reserve(site: FloorSite, task: int, key: Key, qty: int) -> int:
    (promised,) = site.write(allocation.reserve, task=task, takes={key: qty}, now=site.now)
    return promised


def test_what_is_reserved_is_promised_to_nobody_else(database_url: str) -> None:
    with floor_at(database_url) as site:
        site.put("A-01", "PEN", 5)
        key = balance(site, "PEN", "A-01")
        task = open_task(site)
        promised = reserve(site, task, key, 3)
        assert free(site, key) == 2
        assert [row.id for row in site.write(allocation.reserved, task)] == [promised]
        with refused(Code.STOCK_SHORT):
            reserve(site, task, key, 3)
        order = site.order(("PEN", 3))
        assert site.release([order]).orders == ()
        site.check()


def test_it_is_fetched_with_its_promise_and_free_where_it_is_put_down(site: FloorSite) -> None:
    site.put("C-01", "PEN", 5)
    task = open_task(site)
    promised = reserve(site, task, balance(site, "PEN", "C-01"), 3)
    taken = site.write(
        allocation.pick, promised, qty=2, to="T-01", key="k-1", actor="person:1", now=site.now
    )
    assert taken == site.write(
        allocation.pick, promised, qty=2, to="T-01", key="k-1", actor="person:1", now=site.now
    )
    assert site.read(allocation.last_pick, "person:1") is None, "no order's pick to take back"
    site.check()
    for _ in range(2):
        site.write(
            allocation.put_down, taken, qty=2, to="A-01", key="k-2", actor="person:1",
            now=site.now, reason="replenish",
        )  # fmt: skip
    assert free(site, balance(site, "PEN", "A-01")) == 2
    assert site.rows(select(moves.c.reason, moves.c.promise).order_by(moves.c.id))[1:] == [
        ("fetch", "kept"), ("replenish", "ended"),
    ]  # fmt: skip
    left = [row.id for row in site.write(allocation.reserved, task)]
    assert left == [promised]
    site.write(allocation.release, left)
    site.write(tasks.finish, task=task, outcome="done", now=site.now)


def test_a_fetch_that_is_undone_is_part_of_its_promise_again(site: FloorSite) -> None:
    site.put("C-01", "PEN", 5)
    promised = reserve(site, open_task(site), balance(site, "PEN", "C-01"), 3)
    doing: dict[str, Any] = {"actor": "person:1", "now": site.now}
    taken = site.write(allocation.pick, promised, qty=1, to="T-01", key="k-1", **doing)
    site.write(allocation.unpick, taken, to="C-01", key="k-2", rest=promised, **doing)
    whole = select(allocations.c.qty).where(allocations.c.id == promised)
    assert site.scalar(whole) == 3


def test_no_order_and_no_box_gets_what_a_task_was_promised(site: FloorSite) -> None:
    site.put("C-01", "PEN", 5)
    order = site.order(("PEN", 1))
    site.release([order])
    line = site.scalar(select(allocations.c.line_id).where(allocations.c.wave_id.is_not(None)))
    promised = reserve(site, open_task(site), balance(site, "PEN", "C-01"), 2)
    doing: dict[str, Any] = {"actor": "person:1", "now": site.now}
    taken = site.write(allocation.pick, promised, qty=2, to="T-01", key="k-1", **doing)
    with refused(Code.ALLOCATION_CLOSED):
        site.write(allocation.pack, taken, qty=1, to="BENCH-1", key="k-2", **doing)
    with refused(Code.ALLOCATION_CLOSED):
        site.write(allocation.bind, taken, line=line or 1)
    with refused(Code.TOTE_UNWANTED):
        site.write(bench.take, tote="T-01", place="TOTES")


def test_an_order_s_pick_is_not_put_down_as_a_task_s(site: FloorSite) -> None:
    site.put("C-01", "PEN", 5)
    site.release([site.order(("PEN", 2))])
    tour = site.claim()
    picked = site.pick(tour.id)
    with refused(Code.ALLOCATION_CLOSED):
        site.write(
            allocation.put_down, picked.allocation, qty=2, to="A-01", key="k-2", actor="person:1",
            now=site.now, reason="replenish",
        )  # fmt: skip


def test_a_task_that_ends_without_its_promises_is_seen_by_both_auditors(sqlite_url: str) -> None:
    with floor_at(sqlite_url) as site:
        site.put("C-01", "PEN", 5)
        task = open_task(site)
        reserve(site, task, balance(site, "PEN", "C-01"), 2)
        site.check()
        site.write(tasks.finish, task=task, outcome="done", now=site.now)
        assert [one.invariant for one in site.read(audit.audit)] == ["I4"]
