"""Waves: whole orders or none, told once, never more than there is, whoever races for it."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from random import Random
from typing import Any

import pytest
from sqlalchemy import event, func, select, update

from picking.planner import look, plan_forever, plan_once
from picking.release import Released, Settings
from tests.picking_site import HOUR_MS, NOON, SETTINGS, TODAY, Site, site_at
from tests.racing import RACERS, claim_all, race, release_all, release_own
from wms.db import Book
from wms.schema import (
    allocations,
    orders,
    people,
    places,
    stock,
    stops,
    tour_totes,
    waves,
)
from wms.schema import tours as tours_table

MINUTE_MS = 60_000
AT_ONCE = Settings(wait_minutes=0)


@pytest.fixture
def site(database_url: str) -> Iterator[Site]:
    with site_at(database_url) as site:
        yield site


@contextmanager
def counting(book: Book) -> Iterator[list[str]]:
    """The statements that *book* sends meanwhile; a batch of rows is one."""
    sent: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        sent.append(statement)

    event.listen(book.writing, "before_cursor_execute", note)
    yield sent
    event.remove(book.writing, "before_cursor_execute", note)


def plan(site: Site, settings: Settings = AT_ONCE) -> list[Released]:
    """What the planner does now."""
    site.now += 1
    return asyncio.run(plan_once(site.book, now=site.now, settings=settings, rng=site.rng))


# One wave


def test_orders_of_a_wave_get_stock_totes_and_stops(site: Site) -> None:
    site.put("A-01", "PEN", 10)
    site.put("C-05", "CUP", 10)
    numbers = [site.order(("PEN", 2)), site.order(("CUP", 1), ("PEN", 1))]
    released = site.release(numbers)
    assert released.orders == tuple(numbers)
    assert [site.state(number) for number in numbers] == ["released"] * 2
    slots = site.rows(select(tour_totes).order_by(tour_totes.c.slot))
    assert {(row.slot, row.order_id) for row in slots} == {(1, numbers[0]), (2, numbers[1])}
    promised = site.scalar(select(func.sum(allocations.c.qty)))
    assert promised == site.scalar(select(func.sum(stock.c.allocated))) == 4
    assert site.scalar(select(func.count()).select_from(stops)) == 3
    assert (site.told("order.released"), site.told("wave.released")) == (2, 1)
    assert site.scalar(select(orders.c.wave_id).distinct()) == released.wave


def test_a_wave_of_two_hundred_takes_as_many_statements_as_one_of_ten(site: Site) -> None:
    for n in range(10):
        site.put(f"A-{n + 1:02d}", f"SKU-{n}", 500)
        site.put(f"C-{n + 1:02d}", f"OWN-{n}", 500)
    site.put("D-01", "RARE", 1)
    counts = []
    for size in (10, 200):
        wanted = [
            [(f"SKU-{n % 10}", 1)] if n % 2 else [(f"SKU-{n % 10}", 2), (f"OWN-{n % 7}", 1)]
            for n in range(size - 1)
        ]
        numbers = site.orders([*wanted, [("RARE", 2)]])
        with counting(site.book) as sent:
            released = site.release(numbers)
        assert len(released.orders) == size - 1
        assert len(released.short) == 1
        counts.append(len(sent))
    assert counts[0] == counts[1]


def test_an_order_that_lacks_one_line_gets_nothing(site: Site) -> None:
    site.put("A-01", "PEN", 10)
    site.put("A-02", "CUP", 1)
    lacking = site.order(("PEN", 2), ("CUP", 2))
    other = site.order(("PEN", 2))
    released = site.release([lacking, other])
    assert (released.orders, released.short) == ((other,), (lacking,))
    assert site.state(lacking) == "short"
    assert site.scalar(select(func.sum(stock.c.allocated))) == 2


def test_a_wave_that_nothing_is_left_for_is_no_wave(site: Site) -> None:
    order = site.order(("PEN", 2))
    assert site.release([order]) == Released(short=(order,))
    assert site.rows(select(waves)) == []


def test_orders_that_left_in_the_meantime_are_passed_over(site: Site) -> None:
    site.put("A-01", "PEN", 10)
    gone, stays = site.order(("PEN", 2)), site.order(("PEN", 2))
    site.write(lambda tx: tx.execute(
        update(orders).where(orders.c.id == gone).values(state="cancelled")
    ))  # fmt: skip
    assert site.release([gone, stays]).orders == (stays,)
    assert site.state(gone) == "cancelled"
    assert site.release([gone, stays]) == Released(), "nothing goes twice"


def test_first_expiry_leaves_first_and_never_what_expires_too_soon(site: Site) -> None:
    site.put("A-01", "FOOD", 5, lot="old", expiry="2026-12-01")
    site.put("A-02", "FOOD", 5, lot="new", expiry="2027-06-01")
    site.put("A-03", "FOOD", 5, lot="gone", expiry="2026-11-21")
    site.release([site.order(("FOOD", 2)), site.order(("FOOD", 2), shop="fresh-shop")])
    taken = {row.lot: row.qty for row in site.rows(select(allocations))}
    assert taken == {"old": 2, "new": 2}, "the second shop wants thirty days"


def test_one_piece_orders_with_other_shelf_life_ride_in_a_tote_of_their_own(site: Site) -> None:
    site.put("A-01", "FOOD", 5, lot="old", expiry="2026-12-01")
    site.put("A-02", "FOOD", 5, lot="new", expiry="2027-06-01")
    pooled = site.orders([[("FOOD", 1)]] * 3)
    own = site.order(("FOOD", 1), shop="fresh-shop")
    site.release([*pooled, own])
    rows = site.rows(select(allocations).order_by(allocations.c.lot))
    assert [(row.lot, row.qty, row.line_id is None) for row in rows] == [
        ("new", 1, False), ("old", 3, True),
    ]  # fmt: skip


def test_carts_and_totals_are_cut_to_their_limits(site: Site) -> None:
    site.put("A-01", "PEN", 100)
    site.put("B-01", "CUP", 100)
    settings = replace(SETTINGS, cart_totes=3, total_pieces_max=5)
    carts = [[("PEN", 2)]] * 7
    singles = [[("PEN", 1)], [("CUP", 1)]] * 4
    assert site.release(site.orders([*carts, *singles]), settings).tours == 3 + 2
    kinds = site.rows(select(tours_table.c.kind, func.count()).group_by(tours_table.c.kind))
    assert sorted(tuple(row) for row in kinds) == [("cart", 3), ("total", 2)]


def test_a_tour_inside_one_zone_says_so(site: Site) -> None:
    site.put("A-01", "PEN", 10)
    site.put("C-01", "CUP", 10)
    site.release([site.order(("PEN", 2))])
    site.release([site.order(("PEN", 2), ("CUP", 2))])
    zones = site.rows(select(tours_table.c.zone).order_by(tours_table.c.id))
    assert [row.zone for row in zones] == ["Z1", ""]


def test_a_wave_is_done_with_its_last_tour(site: Site) -> None:
    site.put("A-01", "PEN", 10)
    settings = replace(SETTINGS, cart_totes=1)
    site.release([site.order(("PEN", 2)), site.order(("PEN", 2))], settings)
    for expected in ("released", "done"):
        tour = site.claim()
        site.walk(tour.id)
        site.drop(tour.id)
        assert site.scalar(select(waves.c.state)) == expected


# The planner


def test_orders_wait_for_a_wave_that_is_worth_a_walk(site: Site) -> None:
    site.put("A-01", "PEN", 10)
    site.order(("PEN", 2))
    settings = Settings(orders_min=2)
    assert plan(site, settings) == []
    site.order(("PEN", 2))
    assert len(plan(site, settings)[0].orders) == 2
    assert plan(site, settings) == []
    assert site.scalar(select(waves.c.pickup_ms)) == NOON + 5 * HOUR_MS


def test_orders_do_not_wait_past_their_patience(site: Site) -> None:
    site.put("A-01", "PEN", 10)
    order = site.order(("PEN", 2))
    site.now += 20 * MINUTE_MS
    assert plan(site, SETTINGS)[0].orders == (order,)


def test_a_shortage_is_told_once_however_often_the_planner_looks(site: Site) -> None:
    order = site.order(("PEN", 2))
    for _ in range(3):
        plan(site)
    assert site.told("order.short") == 1
    assert site.state(order) == "short"


def test_a_short_order_goes_as_soon_as_there_is_enough(site: Site) -> None:
    site.put("A-01", "PEN", 1)
    order = site.order(("PEN", 3))
    plan(site)
    site.put("A-02", "PEN", 1)
    assert plan(site) == [], "two are not three"
    site.put("A-03", "PEN", 1)
    assert plan(site)[0].orders == (order,)
    assert site.state(order) == "released"


def test_a_short_order_goes_when_its_shelf_was_counted(site: Site) -> None:
    site.put("A-01", "PEN", 3)
    site.write(lambda tx: tx.execute(
        update(places).where(places.c.code == "A-01").values(blocked="count")
    ))  # fmt: skip
    order = site.order(("PEN", 3))
    plan(site)
    assert site.state(order) == "short"
    site.write(lambda tx: tx.execute(update(places).values(blocked="")))
    assert plan(site)[0].orders == (order,)


def test_orders_wake_on_their_day(site: Site) -> None:
    site.put("A-01", "PEN", 10)
    order = site.order(("PEN", 2))
    site.write(lambda tx: tx.execute(
        update(orders).values(state="waiting_date", ship_date="2026-11-23")
    ))  # fmt: skip
    assert plan(site) == []
    assert site.state(order) == "waiting_date"
    site.now += 12 * HOUR_MS
    assert plan(site)[0].orders == (order,)


def test_an_order_that_lacks_nothing_any_more_is_picked_without_another_walk(site: Site) -> None:
    """All of it lies in its tote already: its hold was released."""
    site.put("A-01", "PEN", 10)
    order = site.order(("PEN", 2))
    site.release([order])
    tour = site.claim()
    site.walk(tour.id)
    site.write(lambda tx: tx.execute(update(orders).values(state="accepted")))
    assert site.drop(tour.id).waiting == (tour.slots[0].tote,)
    assert plan(site)[0].orders == (order,)
    assert site.state(order) == "picked"
    plan(site)
    assert site.scalar(select(tour_totes.c.station)) == "PACK-1"


def test_nothing_is_written_when_nothing_is_to_be_done(site: Site) -> None:
    site.order(("PEN", 2))
    plan(site)
    with counting(site.book) as sent:
        plan(site)
    assert sent == []


def test_a_lead_can_send_everything_now(site: Site) -> None:
    site.put("A-01", "PEN", 10)
    order = site.order(("PEN", 2))
    assert site.read(look, now=site.now, settings=SETTINGS).waves == ()
    todo = site.read(look, now=site.now, settings=SETTINGS, all_due=True)
    assert [wave.orders for wave in todo.waves] == [(order,)]


async def test_the_worker_sends_orders_without_being_asked(sqlite_url: str) -> None:
    with site_at(sqlite_url) as site:
        site.put("A-01", "PEN", 10)
        worker = asyncio.create_task(
            plan_forever(site.book, clock_ms=lambda: site.now, settings=AT_ONCE, rng=Random(1))
        )
        await asyncio.sleep(0)
        order = site.order(("PEN", 2))
        site.book.bell.ring()
        async with asyncio.timeout(10):
            while site.state(order) != "released":
                await site.book.bell.wait(site.book.bell.count, timeout_s=0.05)
        worker.cancel()
        with suppress(asyncio.CancelledError):
            await worker


# Races


def test_four_processes_never_promise_twice_what_there_is_once(site: Site) -> None:
    for place, qty in (("A-01", 7), ("A-02", 5), ("B-01", 3)):
        site.put(place, "PEN", qty)
    site.put("C-01", "CUP", 200)
    scarce = site.orders([[("PEN", 1)], [("PEN", 2)]] * 8)
    plenty = site.orders([[("CUP", 2)]] * 50)
    site.write(lambda tx: tx.execute(people.insert(), [
        {"id": n, "code": f"R{n}", "name": "", "badge_hash": str(n)} for n in range(3, 43)
    ]))  # fmt: skip
    went, released, claimed = race(
        site.book.url,
        (release_own, [scarce[n::RACERS] for n in range(RACERS)], TODAY, NOON),
        (release_all, plenty, TODAY, NOON),
        (claim_all, [list(range(3 + n, 43, RACERS)) for n in range(RACERS)], NOON),
    )
    gone = [order for mine in went for order in mine]
    is_pen = stock.c.place.in_(("A-01", "A-02", "B-01"))
    promised = site.scalar(select(func.sum(stock.c.allocated)).where(is_pen))
    wanted = select(func.sum(orders.c.pieces)).where(orders.c.id.in_(gone))
    assert promised == site.scalar(wanted), "who was told yes has it"
    assert promised in (14, 15), "all there is, but for one that nobody wants alone"
    assert sorted(released) == [0, 0, 0, 50], "an order is released once"
    every = [tour for mine in claimed for tour in mine]
    tours_made = site.scalar(select(func.count()).select_from(tours_table))
    assert len(every) == len(set(every)) == min(tours_made, 40), "a tour has one picker"
