"""Zones, batches and put walls on the real floor: what was picked together becomes orders again."""

from collections.abc import Iterator
from random import Random

import pytest
from sqlalchemy import func, select, update

from picking import tours, walls
from picking.dispatch import dispatch
from tests.floor_site import CAROL, JAN, ON_BOTH, FloorSite, Hand, floor_at
from tests.picking_site import ANNA, BERT, refused
from wms.config import Picking, PickZone
from wms.db import Tx
from wms.errors import Code
from wms.orders import lifecycle as order_book
from wms.promises import allocation
from wms.schema import (
    allocations,
    order_lines,
    people,
    places,
    stations,
    tasks,
    terminals,
    tour_totes,
    wall_slots,
)
from wms.schema import tours as tours_table
from wms.site import picking_rules

TEA, CUP, HAT = (f"]E0{JAN[sku]}" for sku in ("TEA", "CUP", "HAT"))


@pytest.fixture
def engine() -> str:
    return "sqlite"


@pytest.fixture
def site(engine: str, request: pytest.FixtureRequest) -> Iterator[FloorSite]:
    with floor_at(request.getfixturevalue(f"new_{engine}")()) as site:
        site.stock_up()
        site.add(places, {"code": "PASS", "kind": "buffer", "robot_station": None})
        yield site
        site.check()


def rules(site: FloorSite, **section: object) -> None:
    site.write(picking_rules.put, Picking(**section))  # type: ignore[arg-type]


def by_zone(site: FloorSite) -> None:
    rules(site, method="pass", zones={"Z1": PickZone(pass_place="PASS")})


def scans(hand: Hand, *texts: str) -> None:
    for text in texts:
        answer = hand.scan(text)
        assert answer.fate == "applied", answer.prompt


def wall(site: FloorSite, slots: int = 2) -> None:
    """A put wall with *slots* slots, and a terminal there."""
    site.add(places, {"code": "WALL", "kind": "station"})
    site.add(stations, {"code": "WALL-1", "kind": "wall", "place": "WALL"})
    made = {f"W-{number}": f"lights-1:{number}" for number in range(1, slots + 1)}
    site.write(walls.set_up, wall="WALL-1", slots=made)
    site.set(terminals, terminals.c.id == "LEAD-1", station="WALL-1")
    allow(site, CAROL, "pick", "sort", "pack")
    rules(site, method="batch", wall="WALL-1")


def allow(site: FloorSite, person: int, *permissions: str) -> None:
    words = "[" + ",".join(f'"{one}"' for one in permissions) + "]"
    site.set(people, people.c.id == person, permissions=words)


# Zone after zone


@ON_BOTH
def test_the_totes_pass_from_zone_to_zone(site: FloorSite) -> None:
    by_zone(site)
    site.release(site.orders([(("TEA", 1), ("HAT", 1)), (("CUP", 1), ("HAT", 1))]))
    anna = site.signed_in("HT-01", ANNA, work="pick")
    anna.expect("pick.bind", "1", "key")
    allow(site, BERT, "pick")
    bert = site.signed_in("HT-02", BERT, work="pick")
    waits = bert.key("1").prompt.message
    assert waits is not None
    assert waits.code == "pick.no_work", "the next zone's walk waits for the totes"
    scans(anna, "T-01", "T-02", "A-01", TEA, "T-01", "B-02", CUP, "T-02")
    assert anna.prompt.focus.place == "PASS"
    assert anna.scan("DROP").prompt.message.code == "pick.wrong_drop"  # type: ignore[union-attr]
    anna.command("ok")
    scans(anna, "PASS")
    assert {site.state(order) for order in (1, 2)} == {"released"}
    assert site.scalar(select(func.count()).where(tasks.c.kind == "carry")) == 0
    fetch = bert.expect("pick.fetch", "1", "key")
    assert (fetch.focus.place, fetch.focus.tote) == ("PASS", "T-01")
    assert bert.scan("T-09").prompt.message.code == "pick.wrong_tote"  # type: ignore[union-attr]
    bert.command("ok")
    bert.expect("pick.fetch", "T-02")
    bert.expect("pick.place", "T-01")
    scans(bert, "C-03", HAT, "T-01", HAT, "T-02", "BENCH-1")
    sent = select(func.count()).where(tour_totes.c.station != "")
    assert site.scalar(sent) == 2, "each tote once, by the last of its walks"
    assert {site.state(order) for order in (1, 2)} == {"picked"}
    assert (site.in_tote("T-01"), site.in_tote("T-02")) == (
        {"TEA": 1, "HAT": 1}, {"CUP": 1, "HAT": 1},
    )  # fmt: skip


def test_a_leg_ends_where_its_totes_are_awaited(site: FloorSite) -> None:
    by_zone(site)
    site.release([site.order(("TEA", 1), ("HAT", 1))])
    tour = site.claim()
    site.walk(tour.id)
    with refused(Code.PLACE_NOT_DROP):
        site.drop(tour.id, "DROP")
    site.drop(tour.id, "PASS")


def test_a_full_tote_passes_on_beside_its_successor(site: FloorSite) -> None:
    by_zone(site)
    site.release([site.order(("TEA", 2), ("CUP", 1), ("HAT", 1))])
    tour = site.claim()
    site.pick(tour.id)
    site.write(tours.tote_full, tour=tour.id, slot=1, now=site.now)
    site.claim()
    site.walk(tour.id)
    site.drop(tour.id, "PASS")
    allow(site, CAROL, "pick")
    hand = site.signed_in("HT-02", CAROL, work="pick")
    hand.key("1")
    assert hand.prompt.step == "fetch"
    leg = site.view(tour.id + 1)
    scans(hand, *(str(slot.tote) for slot in leg.slots))
    scans(hand, "C-03", HAT, str(leg.tote_of(1)), "BENCH-1")
    assert site.state(1) == "picked"


def test_what_is_found_in_a_later_zone_is_that_zones_to_fetch(site: FloorSite) -> None:
    by_zone(site)
    site.put("D-09", "TEA", 5)
    site.release([site.order(("TEA", 2), ("HAT", 1))])
    tour = site.claim()
    assert site.short(tour.id).places == ("D-09",)
    assert site.view(tour.id).current is None, "nobody of the first zone walks there"
    leg = site.view(tour.id + 1)
    assert [stop.place for stop in leg.stops] == ["C-03", "D-09"]


def test_people_pick_in_the_zones_that_name_them(site: FloorSite) -> None:
    rules(site, method="pass", zones={"Z1": PickZone(people=("P1",)),
                                      "Z2": PickZone(people=("P2",))})  # fmt: skip
    site.release([site.order(("HAT", 2))])
    assert site.write(tours.claim, person=ANNA, now=site.now) is None
    assert site.write(tours.claim, person=BERT, now=site.now) is not None


def test_each_order_is_a_walk_of_its_own_where_the_site_says_so(site: FloorSite) -> None:
    rules(site, method="single")
    released = site.release(site.orders([(("TEA", 2),), (("CUP", 2),), (("HAT", 2),)]))
    kinds = site.rows(select(tours_table.c.kind))
    assert released.tours == 3
    assert {row.kind for row in kinds} == {"single"}


# Batches


def batched(site: FloorSite, slots: int = 2) -> Hand:
    """Two orders, picked together and set down at the wall; Carol stands there."""
    wall(site, slots)
    site.release(site.orders([(("TEA", 2), ("CUP", 1)), (("TEA", 1), ("HAT", 1))]))
    anna = site.signed_in("HT-01", ANNA, work="pick")
    anna.expect("pick.bind", "1", "key")
    anna.expect("pick.place", "T-01")
    assert anna.prompt.focus.qty == 3, "both orders' tea at once"
    scans(anna, "A-01", TEA, TEA, TEA, "T-01", "B-02", CUP, "T-01", "C-03", HAT, "T-01")
    assert anna.prompt.focus.place == "WALL"
    scans(anna, "WALL")
    return site.signed_in("LEAD-1", CAROL, work="sort")


@ON_BOTH
def test_a_batch_is_sorted_and_packed_as_orders(site: FloorSite) -> None:
    hand = batched(site)
    shown = hand.expect("sort.slot", TEA)
    assert (shown.focus.place, shown.focus.slot) == ("W-1", "1")
    assert lights(site) == {"W-1": "blue"}
    wrong = hand.scan("W-2").prompt.message
    assert wrong is not None
    assert (wrong.code, wrong.expected, wrong.scanned) == ("sort.wrong_slot", "W-1", "W-2")
    hand.command("ok")
    scans(hand, "W-1", TEA, "W-1")
    assert hand.expect("sort.slot", TEA).focus.place == "W-2", "the first has its two"
    scans(hand, "W-2")
    hand.expect("sort.slot", CUP)
    done = hand.expect("sort.item", "W-1").message
    assert done is not None
    assert (done.code, lights(site)) == ("sort.complete", {"W-1": "green"})
    hand.expect("sort.tote", "W-1")
    hand.expect("sort.item", "T-05")
    assert (site.state(1), site.state(2)) == ("picked", "released")
    assert site.in_tote("T-05") == {"TEA": 2, "CUP": 1}
    scans(hand, HAT, "W-2", "W-2", "T-06")
    assert site.state(2) == "picked"
    assert lights(site) == {}
    state = select(tour_totes.c.state).where(tour_totes.c.tote == "T-01")
    assert site.scalar(state) == "empty"


def lights(site: FloorSite) -> dict[str, str]:
    rows = site.rows(select(wall_slots).where(wall_slots.c.colour != ""))
    return {row.place: row.colour for row in rows}


def test_sorted_goods_reach_the_bench_and_are_packed(site: FloorSite) -> None:
    hand = batched(site)
    scans(hand, TEA, "W-1", TEA, "W-1", CUP, "W-1", "W-1", "T-05")
    site.write(tours.deliver, tote="T-05", place="BENCH-1", key="carry", actor="person:2",
               now=site.now)  # fmt: skip
    bench = site.signed_in("BENCH-1", CAROL, work="pack")
    assert bench.scan("T-05").fate == "applied"


def test_undo_at_the_wall_puts_the_last_unit_back(site: FloorSite) -> None:
    hand = batched(site)
    scans(hand, TEA, "W-1")
    hand.expect("sort.item", "undo", "command")
    assert (site.in_tote("W-1"), site.in_tote("T-01")["TEA"]) == ({}, 3)
    assert hand.command("undo").prompt.message.code == "undo.nothing"  # type: ignore[union-attr]


def test_a_unit_is_never_booked_into_another_order_s_slot(site: FloorSite) -> None:
    hand = batched(site)
    scans(hand, TEA, "W-1")
    hat = next(one for one in site.read(walls.goods_at, "WALL") if one.sku == "HAT")
    with refused(Code.SLOT_WRONG):
        site.write(walls.put, allocation=hat.allocation, qty=1, slot="W-1", key="wrong",
                   actor="person:3", now=site.now)  # fmt: skip


def test_a_wall_without_a_free_slot_says_so(site: FloorSite) -> None:
    hand = batched(site)
    scans(hand, TEA, "W-1")
    site.set(wall_slots, wall_slots.c.place == "W-2", wall="WALL-1", order_id=other_order(site))
    full = hand.scan(HAT).prompt.message
    assert full is not None
    assert full.code == Code.WALL_FULL
    site.set(wall_slots, wall_slots.c.place == "W-2", order_id=None)


def other_order(site: FloorSite) -> int:
    return site.order(("CUP", 1))


def test_a_slot_that_waits_for_more_is_emptied_on_purpose_only(site: FloorSite) -> None:
    hand = batched(site)
    scans(hand, TEA, "W-1")
    first = hand.expect("sort.item", "W-1").message
    assert first is not None
    assert first.code == "sort.incomplete"
    hand.expect("sort.tote", "W-1")
    taken = hand.scan("T-01").prompt.message
    assert taken is not None
    assert taken.code == Code.TOTE_NOT_EMPTY, "an unlocked destination"
    hand.command("ok")
    scans(hand, "T-07")
    assert site.state(1) == "released", "the rest of it waits in the batch's tote"


def test_a_cancelled_orders_slot_is_emptied_and_put_back(site: FloorSite) -> None:
    hand = batched(site)
    scans(hand, TEA, "W-1")
    gone = site.rows(select(allocations.c.id).where(allocations.c.state == "picked"))
    mine = {row.id for row in site.rows(
        select(allocations.c.id).join(order_lines, order_lines.c.id == allocations.c.line_id)
        .where(order_lines.c.order_id == 1)
    )}  # fmt: skip
    site.write(allocation.release, [row.id for row in gone if row.id in mine])
    site.write(cancelled, 1, site.now)
    hand.expect("sort.tote", "W-1")
    scans(hand, "T-08")
    site.write(dispatch, now=site.now, rng=Random(1))
    back = site.rows(select(tasks.c.ref).where(tasks.c.kind == "put_back"))
    assert [row.ref for row in back] == ["tote:T-08"]
    scans(hand, TEA, "W-1")
    assert site.in_tote("T-01") == {"TEA": 1, "CUP": 1, "HAT": 1}, "the other order's, and free"


def cancelled(tx: Tx, order: int, now: int) -> None:
    order_book.set_state(tx, [order], "cancelled", now=now)
    lines = update(order_lines).where(order_lines.c.order_id == order)
    tx.execute(lines.values(cancelled=order_lines.c.qty))


@ON_BOTH
def test_a_batch_is_short_for_one_order_only(site: FloorSite) -> None:
    wall(site)
    site.release(site.orders([(("TEA", 2), ("CUP", 1)), (("TEA", 1), ("HAT", 1))]))
    anna = site.signed_in("HT-01", ANNA, work="pick")
    scans_keys(anna)
    scans(anna, "A-01", TEA, TEA)
    anna.expect("pick.tote", "short", "command")
    anna.expect("pick.place", "T-01")
    assert (site.state(1), site.state(2)) == ("released", "short")


def scans_keys(anna: Hand) -> None:
    anna.expect("pick.bind", "1", "key")
    anna.expect("pick.place", "T-01")
