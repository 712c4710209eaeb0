"""Changing hands, and what becomes of orders that are short: on the real floor."""

from collections.abc import Iterator
from random import Random

import pytest
from sqlalchemy import select

from picking import hands, tours
from picking.dispatch import dispatch
from tests.floor_site import (
    CAROL,
    JAN,
    LEA,
    ON_BOTH,
    PIN,
    FloorSite,
    Hand,
    floor_at,
)
from tests.picking_site import ANNA, BERT, refused
from tests.test_floor_pick_shelf import said, walking
from tests.test_floor_zones import allow, scans
from wms.config import Picking
from wms.errors import Code
from wms.schema import (
    allocations,
    approvals,
    items,
    order_lines,
    owners,
    person_roles,
    places,
    roles,
    sessions,
    tasks,
)
from wms.site import picking_rules

TEA, CUP = (f"]E0{JAN[sku]}" for sku in ("TEA", "CUP"))


@pytest.fixture
def engine() -> str:
    return "sqlite"


@pytest.fixture
def site(engine: str, request: pytest.FixtureRequest) -> Iterator[FloorSite]:
    with floor_at(request.getfixturevalue(f"new_{engine}")()) as site:
        site.stock_up()
        yield site
        site.check()


# Changing hands


def test_a_badge_in_somebody_elses_work_is_told_whose_it_is_and_the_way_out(
    site: FloorSite,
) -> None:
    hand = site.signed_in("BENCH-1", CAROL, work="pack")
    answer = hand.scan("BADGE:bert")
    message = answer.prompt.message
    assert message is not None
    assert (answer.fate, message.code, message.scanned) == ("refused", "badge.in_use", "Bert")
    assert "Carol's work" in message.text
    assert hand.command("ok").prompt.dialogue == "pack", "the work goes on where it was"
    hand.scan("BADGE:carol")
    assert (said(hand), hand.prompt.locked) == ("badge.is_yours", False)
    hand.scan("BADGE:nobody")
    assert said(hand) == Code.BADGE_UNKNOWN
    hand.command("ok")
    hand.command("sign_off")
    assert hand.sign_in(BERT).person == "Bert", "as the screen said"
    assert "bert" not in str([row.text for row in site.journal()])


@ON_BOTH
def test_a_walk_is_handed_over_with_its_totes(site: FloorSite) -> None:
    hand = walking(site, (("TEA", 2), ("CUP", 1)))
    scans(hand, "A-01", TEA, TEA, "T-01")
    carol = site.signed_in("HT-02", CAROL, work="pick")
    assert hand.scan("BADGE:carol").prompt.step == "get"
    assert said(hand) == "pick.handed_over"
    assert (carol.prompt.step, carol.prompt.focus.place) == ("place", "B-02")
    stands = select(places.c.parent).where(places.c.code == "T-01")
    assert site.scalar(stands) == f"CART-{CAROL}"
    scans(carol, "B-02", CUP, "T-01", "DROP")
    assert site.state(1) == "picked"


def test_a_walk_is_taken_over_from_somebody_at_work_only_by_their_badge(site: FloorSite) -> None:
    hand = walking(site, (("TEA", 2), ("CUP", 1)))
    carol = site.signed_in("HT-02", CAROL, work="pick")
    busy = carol.scan(f"CART-{ANNA}").prompt.message
    assert busy is not None
    assert busy.code == Code.TOUR_BUSY
    carol.command("ok")
    carol.expect("pick.place", "BADGE:anna")
    assert hand.prompt.step == "get"
    own = carol.scan("BADGE:carol").prompt.message
    assert own is not None
    assert own.code == Code.TOUR_IN_HAND


def test_an_idle_walk_is_taken_over_by_its_cart(site: FloorSite) -> None:
    hand = walking(site, (("TEA", 2), ("CUP", 1)))
    scans(hand, "A-01", TEA)
    site.write(picking_rules.put, Picking(take_over_minutes=90))
    site.set(sessions, sessions.c.person_id == ANNA, updated_ms=site.now - 3_600_000)
    carol = site.signed_in("HT-02", CAROL, work="pick")
    answer = carol.scan(f"CART-{ANNA}").prompt.message
    assert answer is not None and answer.code == Code.TOUR_BUSY, "an hour is not long here"
    carol.command("ok")
    site.write(picking_rules.put, Picking(take_over_minutes=50))
    assert carol.expect("pick.place", f"CART-{ANNA}").focus.place == "A-01"
    assert hand.prompt.step == "gone", "one is still in her hand"
    hand.expect("pick.get", "1", "key")


def test_a_lead_takes_a_walk_over_at_once(site: FloorSite) -> None:
    walking(site, (("TEA", 2), ("CUP", 1)))
    lea = site.at("LEAD-1")
    lea.scan("BADGE:lea")
    lea.key(PIN)
    lea.command("pick")
    lea.expect("pick.place", f"CART-{ANNA}")


def test_nobody_picks_who_may_not(site: FloorSite) -> None:
    hand = walking(site, (("TEA", 2), ("CUP", 1)))
    answer = hand.scan("BADGE:bert").prompt.message
    assert answer is not None
    assert answer.code == Code.PERMISSION_MISSING
    assert site.read(tours.live, person=BERT) is None


def test_two_people_are_never_given_the_same_work(site: FloorSite) -> None:
    walking(site, (("TEA", 2), ("CUP", 1)))
    tour = site.view(1)
    assert tour.current is not None
    allow(site, CAROL, "pick")
    site.write(hands.take_over, person=CAROL, key="take", now=site.now, of=ANNA)
    with refused(Code.TOUR_NOT_YOURS):
        site.write(tours.pick_stop, stop=tour.current.id, qty=1, tote="T-01", key="late",
                   actor=f"person:{ANNA}", now=site.now, today="2026-11-22")  # fmt: skip


def test_whoever_picks_for_one_owner_gets_no_work_of_another(site: FloorSite) -> None:
    site.add(roles, {"code": "bolt-picker", "permissions": '["pick"]'})
    site.add(owners, {"code": "bolt"})
    allow(site, CAROL)
    site.add(person_roles, {"person_id": CAROL, "role": "bolt-picker", "owner": "bolt"})
    site.release([site.order(("TEA", 2), ("CUP", 1))])
    assert site.write(tours.claim, person=CAROL, now=site.now) is None
    assert site.write(tours.claim, person=ANNA, now=site.now) is not None
    with refused(Code.PERMISSION_MISSING):
        site.write(hands.take_over, person=CAROL, key="take", now=site.now, of=ANNA)


# What an owner's rule makes of a short order


def short_of_tea(site: FloorSite, policy: str) -> Hand:
    """Anna finds one tea of the two that an order wants, and a cup; no other shelf has tea."""
    site.set(owners, owners.c.code == "acme", short_policy=policy)
    hand = walking(site, (("CUP", 1), ("TEA", 2)))
    while hand.prompt.step == "place":
        stop = site.view(1).current
        assert stop is not None
        scans(hand, stop.place, CUP if stop.sku == "CUP" else TEA)
        if stop.sku == "CUP":
            scans(hand, "T-01")
        else:
            hand.command("short")
            hand.scan("T-01")
    return hand


@ON_BOTH
def test_a_short_order_waits_with_its_goods_set_aside(site: FloorSite) -> None:
    hand = short_of_tea(site, "wait")
    scans(hand, "DROP")
    assert (site.state(1), site.in_tote("T-01")) == ("short", {"CUP": 1, "TEA": 1})


@ON_BOTH
def test_a_short_order_goes_on_without_the_rest_and_the_oms_hears_of_it(site: FloorSite) -> None:
    hand = short_of_tea(site, "ship_short")
    assert site.told("order.shortened") == 1
    scans(hand, "BENCH-1")
    assert site.state(1) == "picked"
    cancelled = select(order_lines.c.cancelled).join(items, items.c.id == order_lines.c.item_id)
    assert site.scalar(cancelled.where(items.c.sku == "TEA")) == 1


def test_an_order_of_which_nothing_is_left_waits_instead(site: FloorSite) -> None:
    site.set(owners, owners.c.code == "acme", short_policy="ship_short")
    hand = walking(site, (("TEA", 2),))
    hand.command("short")
    hand.key("1")
    assert (site.state(1), site.told("order.shortened")) == ("short", 0)


@ON_BOTH
def test_an_order_that_is_never_split_gives_everything_back(site: FloorSite) -> None:
    hand = short_of_tea(site, "never_split")
    scans(hand, "DROP")
    assert site.state(1) == "short"
    live = select(allocations.c.id).where(allocations.c.state.in_(("open", "picked")))
    assert site.rows(live) == []
    site.write(dispatch, now=site.now, rng=Random(1))
    back = site.rows(select(tasks).where(tasks.c.kind == "put_back"))
    assert [row.ref for row in back] == ["tote:T-01"]


@ON_BOTH
def test_a_lead_decides_by_badge_at_the_shelf(site: FloorSite) -> None:
    allow(site, LEA, "pick", "lead", "approve_short")
    hand = short_of_tea(site, "ask")
    assert (hand.prompt.step, site.state(1)) == ("ask", "short")
    hand.expect("pick.approval_badge", "2", "key")
    carol = hand.scan("BADGE:carol").prompt.message
    assert carol is not None
    assert carol.code == Code.PERMISSION_MISSING
    hand.command("ok")
    hand.expect("pick.approval_pin", "BADGE:lea")
    wrong = hand.key("000000").prompt.message
    assert wrong is not None
    hand.command("ok")
    assert site.state(1) == "short"
    hand.key(PIN)
    assert (said(hand), site.state(1)) == ("short_decided.ship_short", "released")
    assert len(site.rows(select(approvals.c.id))) == 1
    assert all(PIN not in str(row) for row in site.journal())
    while hand.prompt.step != "drop":
        stop = site.view(1).current
        assert stop is not None
        scans(hand, stop.place, CUP, "T-01")
    scans(hand, "BENCH-1")
    assert site.state(1) == "picked"
