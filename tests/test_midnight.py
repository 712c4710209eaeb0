"""Midnight in the middle of work: the site's date changes under people's hands, at 15:00 UTC."""

from collections.abc import Iterator

import pytest
from sqlalchemy import func, select

from app.board.evening import evening
from picking import pickups
from tests.count_site import adjusted, count, counting, here, last
from tests.floor_site import BADGES, DAVE, FIRST_NUMBER, JAN, FloorSite, floor_at
from tests.picking_site import ANNA, BERT, HOUR_MS, NOON, TODAY, refused
from tests.receive_site import ReceiveSite, dock_at
from tests.test_floor_pick_shelf import FOOD, food, said
from tests.test_floor_receive import MILK
from wms.errors import Code
from wms.orders import cancel
from wms.schema import allocations, manifests, moves, parcels, people, tasks
from wms.shipping import loading
from wms.shipping.parcels import number_of

TEA, CUP = f"]E0{JAN['TEA']}", f"]E0{JAN['CUP']}"
MIDNIGHT = NOON + 12 * HOUR_MS
TOMORROW = "2026-11-23"
TRUCK = "M-YAMATO-261122-1700"


@pytest.fixture
def site(sqlite_url: str) -> Iterator[FloorSite]:
    with floor_at(sqlite_url) as site:
        site.stock_up()
        site.settings = site.settings.__class__(
            rng=site.settings.rng, pepper=site.settings.pepper, idle_ms=24 * HOUR_MS
        )
        yield site
        site.check()


def lots_in_totes(site: FloorSite) -> set[str]:
    mine = (allocations.c.state == "picked") & (allocations.c.lot != "")
    return {row.lot for row in site.rows(select(allocations.c.lot).where(mine))}


def test_what_expires_at_midnight_is_not_picked_after_it(site: FloorSite) -> None:
    """The picker stands at the shelf with one piece in the hand when its last day ends."""
    food(site, ("L1", TODAY), ("L2", "2027-02-28"))
    site.release([site.order(("FOOD", 2), ("TEA", 1))])
    hand = site.signed_in("HT-01", ANNA, work="pick")
    hand.expect("pick.bind", "1", "key")
    shown = hand.expect("pick.place", "T-01")
    if shown.focus.place == "A-01":
        for text in ("A-01", TEA, "T-01"):
            assert hand.scan(text).fate == "applied", hand.prompt
    hand.expect("pick.item", "D-01")
    site.now = MIDNIGHT - 3_000
    hand.scan(FOOD)
    for text in ("L1", FOOD, "L1", "T-01"):  # the last seconds of the day, and the first
        hand.scan(text)
        hand.command("ok")
    assert lots_in_totes(site) <= {"L2"}
    for _ in range(20):
        prompt = hand.prompt
        if prompt.step == "drop":
            break
        focus = prompt.focus
        fitting = {"gone": focus.place, "place": focus.place, "lot": focus.lot, "tote": focus.tote,
                   "item": FOOD if focus.sku == "FOOD" else TEA}  # fmt: skip
        hand.scan(fitting.get(prompt.step, "T-02"))
        hand.command("ok")
    assert (hand.prompt.step, lots_in_totes(site)) == ("drop", {"L2"})


def test_what_expires_while_it_is_packed_is_taken_out_before_the_box(site: FloorSite) -> None:
    food(site, ("L1", TODAY), ("L2", "2027-02-28"))
    hand, (tote,) = site.packing((("FOOD", 2), ("TEA", 1)))
    for text in (tote, FOOD, FOOD):
        assert hand.scan(text).fate == "applied", hand.prompt
    site.now = MIDNIGHT - 3_000
    assert hand.scan(TEA).fate == "applied"
    site.now = MIDNIGHT
    answer = hand.scan("BX-S")
    assert (answer.fate, said(hand)) == ("refused", "pack.taken_out")
    hand.command("ok")
    assert site.scalar(select(func.count()).select_from(parcels)) == 0
    assert site.state(1) == "short"
    hand.expect("pack.tote", "back", "command")
    site.release([1])
    site.walk(site.claim().id)
    back = site.rows(select(tasks.c.ref).where(tasks.c.kind == "put_back"))
    assert [row.ref for row in back] == [f"tote:{tote}"]


def test_a_truck_that_is_late_is_closed_after_midnight_and_counts_for_its_day(
    site: FloorSite,
) -> None:
    """Two boxes go onto the truck of the old day on either side of midnight; a third rolls over."""
    hand, totes = site.packing(*[(("TEA", 1), ("CUP", 1))] * 3)
    for number, tote in enumerate(totes):
        for text in (tote, TEA, CUP, "BX-S", number_of(FIRST_NUMBER + number)):
            assert hand.scan(text).fate == "applied", hand.prompt
    codes = [row.code for row in site.rows(select(parcels.c.code).order_by(parcels.c.id))]
    dock = site.at("DOCK-1")
    site.now = MIDNIGHT - 10_000
    dock.scan(f"BADGE:{BADGES[DAVE]}")
    dock.command("ship")
    dock.expect("ship.load", TRUCK)
    dock.expect("ship.load", codes[0])
    site.now = MIDNIGHT - 1_000
    site.set(parcels, parcels.c.code == codes[2], ship_date=TOMORROW)
    dock.expect("ship.load", codes[1])
    assert dock.scan(codes[2]).fate == "refused", "its day is that of the next truck"
    dock.command("ok")
    dock.expect("ship.close", "full", "command")
    dock.expect("ship.manifest", "1", "key")
    coming = select(manifests.c.code).where(manifests.c.state == "open")
    assert "M-YAMATO-261123-1700" in {row.code for row in site.rows(coming)}
    assert site.write(pickups.ensure, now=site.now, zone=site.settings.zone) == 0
    found = site.read(evening, now=site.now)
    assert (found.date, found.labelled, found.handed_over) == (TOMORROW, 3, 2)
    assert [one.parcel for one in found.behind] == [codes[2]]
    dock.expect("ship.load", "M-YAMATO-261123-1700")
    dock.expect("ship.load", codes[2])


def test_a_box_that_was_left_behind_does_not_leave_when_its_goods_expired(site: FloorSite) -> None:
    food(site, ("L1", TODAY))
    hand, (tote,) = site.packing((("FOOD", 1), ("TEA", 1)))
    for text in (tote, FOOD, TEA, "BX-S", number_of(FIRST_NUMBER)):
        assert hand.scan(text).fate == "applied", hand.prompt
    site.now = MIDNIGHT + HOUR_MS
    site.write(pickups.ensure, now=site.now, zone=site.settings.zone)
    dock = site.at("DOCK-1")
    for text in (f"BADGE:{BADGES[DAVE]}", "M-YAMATO-261123-1700"):
        dock.command("ship")
        dock.scan(text)
    box = site.parcel("P0000001-1")
    assert dock.scan(box.code).fate == "refused"
    assert said(dock) == "load.expired"
    truck = site.scalar(select(manifests.c.id).where(manifests.c.code.like("%261123-1700")))
    with refused(Code.COUNT_DIFFERS):
        site.write(loading.load_counted, count=1, manifest=truck, now=site.now)
    assert site.write(cancel.cancel, 1, now=site.now).outcome == "cancelled", "it is put back"


def test_a_count_that_begins_before_midnight_ends_after_it_once(site: FloorSite) -> None:
    site.set(people, people.c.id == BERT, permissions='["count"]')
    order = site.order(("TEA", 10), ("CUP", 1))
    site.release([order])
    hand = counting(site, "A-01", BERT)
    assert hand.scan(TEA).fate == "applied"
    site.now = MIDNIGHT - 1_000
    assert hand.key("9").fate == "applied"
    site.now = MIDNIGHT + 1
    assert hand.command("full").prompt.step == "again", "ten are in the book"
    hand.expect("count.place", "1", "key")
    hand.expect("count.item", "A-01")
    assert count(hand, TEA, "9") == "get"
    assert (here(site), last(site).state, len(adjusted(site))) == ({"TEA": 9}, "done", 1)
    assert site.state(order) == "short", "and what was promised is looked for by the new day's rule"


def test_goods_that_expire_today_are_no_longer_for_sale_when_received_after_midnight(
    sqlite_url: str,
) -> None:
    with dock_at(sqlite_url) as site:
        _receive_at_midnight(site)
        site.check()


def _receive_at_midnight(site: ReceiveSite) -> None:
    site.asn(("MILK", 9))
    site.now = MIDNIGHT - 20_000
    hand = site.receiving()
    hand.key("1")
    before = site.counts()["moves"]
    hand.scan(MILK)
    hand.key("261122")
    site.now = max(site.now, MIDNIGHT)
    for _ in range(6):
        prompt = hand.prompt
        if site.counts()["moves"] > before:
            break
        hand.scan(MILK if prompt.step == "sure" else "DOCK")
        hand.command("ok")
    booked = select(moves.c.condition).where(moves.c.target == "DOCK").order_by(moves.c.id.desc())
    assert site.scalar(booked.limit(1)) == "expired"
