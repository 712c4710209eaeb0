"""At the shelf, on the real floor: what is not as the book says has its way on, and adds up."""

from collections.abc import Iterator

import pytest
from sqlalchemy import select

from picking import tours
from tests.floor_site import (
    CAROL,
    JAN,
    ON_BOTH,
    FloorSite,
    Hand,
    floor_at,
)
from tests.picking_site import ANNA, refused
from tests.test_floor_zones import rules, scans
from wms.errors import Code
from wms.schema import (
    allocations,
    barcodes,
    lots,
    places,
    stock,
    tasks,
)

TEA, CUP, HAT = (f"]E0{JAN[sku]}" for sku in ("TEA", "CUP", "HAT"))
FOOD = "4904567890127"


@pytest.fixture
def engine() -> str:
    return "sqlite"


@pytest.fixture
def site(engine: str, request: pytest.FixtureRequest) -> Iterator[FloorSite]:
    with floor_at(request.getfixturevalue(f"new_{engine}")()) as site:
        site.stock_up()
        yield site
        site.check()


def walking(site: FloorSite, *orders: tuple[tuple[str, int], ...], shop: str = "acme-shop") -> Hand:
    """Anna has a tour of *orders* and a tote for each."""
    site.release(site.orders(orders, shop=shop))
    hand = site.signed_in("HT-01", ANNA, work="pick")
    prompt = hand.key("1").prompt
    for number in range(1, 9):
        if prompt.step != "bind":
            break
        prompt = hand.scan(f"T-{number:02d}").prompt
    return hand


def food(site: FloorSite, *lots_of: tuple[str, str], place: str = "D-01") -> None:
    for lot, expiry in lots_of:
        site.put(place, "FOOD", 5, lot=lot, expiry=expiry)
    site.add(barcodes, {"code": FOOD, "item_id": site.good("FOOD"), "qty": 1})


def said(hand: Hand) -> str:
    message = hand.prompt.message
    return message.code if message is not None else ""


def other_lot(hand: Hand, lot: str) -> None:
    """Read another lot, look at the error, and read it once more on purpose."""
    first = hand.scan(lot).prompt
    assert first.locked, "never silently"
    hand.command("ok")
    hand.scan(lot)


# Another lot, number or container


@ON_BOTH
def test_another_lot_is_taken_when_it_was_read_twice_and_that_is_written_down(
    site: FloorSite,
) -> None:
    food(site, ("L1", "2027-01-31"), ("L2", "2027-06-30"))
    hand = walking(site, (("FOOD", 2),))
    hand.expect("pick.item", "D-01")
    hand.expect("pick.lot", FOOD)
    other_lot(hand, "L2")
    assert (said(hand), hand.prompt.focus.lot, hand.prompt.step) == ("pick.swapped", "L2", "item")
    scans(hand, f"]C101{FOOD:0>14}10L2", f"]C101{FOOD:0>14}10L2", "T-01")
    row = site.rows(select(allocations).where(allocations.c.place == "T-01"))[0]
    assert (row.lot, row.override) == ("L2", f"swap L1 > L2 person:{ANNA}")


def test_a_scan_of_the_shelf_never_confirms_the_wrong_lot(site: FloorSite) -> None:
    food(site, ("L1", "2027-01-31"), ("L2", "2027-06-30"))
    hand = walking(site, (("FOOD", 1),))
    hand.expect("pick.item", "D-01")
    hand.expect("pick.lot", FOOD)
    assert hand.scan("D-01").prompt.message.code == "pick.wrong_lot"  # type: ignore[union-attr]
    hand.command("ok")
    assert hand.scan("D-01").fate == "refused", "a shelf is no lot, however often it is scanned"
    hand.command("ok")
    assert site.in_tote("T-01") == {}


@pytest.mark.parametrize(
    ("spoil", "code"),
    [("held", Code.SWAP_HELD), ("expires", Code.SWAP_EXPIRES), ("promised", Code.SWAP_PROMISED),
     ("absent", Code.SWAP_NOT_HERE)],
)  # fmt: skip
def test_another_lot_that_may_not_be_sent_is_refused_with_the_reason(
    site: FloorSite, spoil: str, code: Code
) -> None:
    late = "2026-12-01" if spoil == "expires" else "2027-06-30"
    early = "2027-01-31"
    food(site, ("L1", early), ("L2", late))
    if spoil == "expires":  # L2 is refused by this shop, which wants thirty days
        hand = walking(site, (("FOOD", 2),), shop="fresh-shop")
    else:
        if spoil == "promised":
            site.set(lots, lots.c.lot == "L1", held=1)
            site.release([site.order(("FOOD", 5))])
            site.write(tours.claim, person=CAROL, now=site.now)
            site.set(lots, lots.c.lot == "L1", held=0)
        site.set(lots, lots.c.lot == "L2", held=int(spoil == "held"))
        hand = walking(site, (("FOOD", 2),))
    hand.expect("pick.item", "D-01")
    hand.expect("pick.lot", FOOD)
    other_lot(hand, "L9" if spoil == "absent" else "L2")
    assert said(hand) == code
    assert hand.prompt.locked


@ON_BOTH
def test_what_stands_here_in_a_container_is_taken_instead(site: FloorSite) -> None:
    site.add(places, {"code": "P-01", "kind": "pallet", "parent": "A-01"})
    site.put("P-01", "TEA", 4)
    hand = walking(site, (("TEA", 2),))
    hand.expect("pick.item", "A-01")
    other_lot(hand, "P-01")
    assert said(hand) == "pick.swapped"
    scans(hand, TEA, TEA, "T-01")
    left = select(stock.c.qty).where(stock.c.place == "P-01")
    assert (site.scalar(left), site.in_tote("T-01")) == (2, {"TEA": 2})


def test_a_container_that_stands_elsewhere_is_not(site: FloorSite) -> None:
    site.put("T-30", "TEA", 4)
    hand = walking(site, (("TEA", 2),))
    hand.expect("pick.item", "A-01")
    other_lot(hand, "T-30")
    assert said(hand) == Code.SWAP_NOT_HERE


# Held, expired, closed since it was promised


@ON_BOTH
@pytest.mark.parametrize("trouble", ["held", "expired", "closed"])
def test_what_may_not_be_sent_any_more_is_not_picked_and_found_elsewhere(
    site: FloorSite, trouble: str
) -> None:
    food(site, ("L1", "2027-01-31"))
    site.put("D-05", "FOOD", 5, lot="L2", expiry="2027-06-30")
    hand = walking(site, (("FOOD", 2), ("TEA", 1)))
    while hand.prompt.focus.place != "D-01":
        hand.command("later")
    if trouble == "held":
        site.set(lots, lots.c.lot == "L1", held=1)
    elif trouble == "expired":
        site.set(lots, lots.c.lot == "L1", expiry="2026-11-01")
    else:
        site.set(places, places.c.code == "D-01", blocked="broken shelf")
    stop = site.view(1).current
    assert stop is not None
    with refused(Code.STOP_UNFIT):
        site.write(tours.pick_stop, stop=stop.id, qty=1, tote="T-01", key="k",
                   actor="person:1", now=site.now, today="2026-11-22")  # fmt: skip
    hand.scan("D-01")
    assert said(hand) == "pick.renewed_place"
    places_left = [one.place for one in site.view(1).stops if one.state == "open"]
    assert sorted(places_left) == ["A-01", "D-05"]


def test_units_in_the_hand_go_back_when_their_lot_was_held(site: FloorSite) -> None:
    food(site, ("L1", "2027-01-31"))
    hand = walking(site, (("FOOD", 2),))
    scans(hand, "D-01", FOOD)
    site.set(lots, lots.c.lot == "L1", held=1)
    gone = hand.expect("pick.gone", FOOD)
    assert (gone.focus.place, gone.focus.qty) == ("D-01", 1)
    hand.expect("pick.drop", "1", "key")
    assert site.state(1) == "short"


def test_a_closed_shelf_waits_for_its_count_while_there_is_other_work(site: FloorSite) -> None:
    hand = walking(site, (("TEA", 2), ("CUP", 1)))
    site.set(places, places.c.code == "A-01", blocked="count")
    hand.scan("A-01")
    assert (said(hand), hand.prompt.focus.place) == ("pick.renewed_later", "B-02")
    site.set(places, places.c.code == "A-01", blocked="")
    scans(hand, "B-02", CUP, "T-01", "A-01", TEA, TEA, "T-01")
    assert hand.prompt.step == "drop"


@ON_BOTH
def test_expiring_today_means_the_same_when_promised_and_when_picked(site: FloorSite) -> None:
    food(site, ("L0", "2026-11-22"))
    hand = walking(site, (("FOOD", 1), ("TEA", 1)))
    while hand.prompt.focus.place != "D-01":
        hand.command("later")
    scans(hand, "D-01", FOOD, "T-01")
    assert site.in_tote("T-01")["FOOD"] == 1, "what may be promised today may be picked today"


# Damaged, and the zero check


@ON_BOTH
def test_damaged_goods_go_to_quarantine_and_others_are_picked(site: FloorSite) -> None:
    site.put("D-09", "TEA", 5)
    hand = walking(site, (("TEA", 3), ("CUP", 1)))
    scans(hand, "A-01", TEA)
    hand.expect("pick.tote", "short", "command")
    hand.expect("pick.tote", "3", "key")
    hand.expect("pick.damaged", "T-01")
    hand.expect("pick.aside", "2", "key")
    full = hand.scan("A-01").prompt.message
    assert full is not None
    assert full.code == Code.PLACE_NOT_ASIDE
    hand.command("ok")
    used = hand.scan("T-01").prompt.message
    assert used is not None
    assert used.code == Code.TOTE_IN_USE, "an unlocked destination"
    hand.command("ok")
    assert hand.scan("T-20").fate == "applied"
    row = site.rows(select(stock).where(stock.c.place == "T-20", stock.c.qty > 0))[0]
    assert (row.qty, row.allocated, row.condition) == (2, 0, "damaged")
    while hand.prompt.step in ("place", "item"):
        stop = site.view(1).current
        assert stop is not None
        if hand.prompt.step == "place":
            scans(hand, stop.place)
        scans(hand, *[TEA if stop.sku == "TEA" else CUP] * stop.qty, "T-01")
    assert site.in_tote("T-01") == {"TEA": 3, "CUP": 1}


def test_a_zero_is_looked_at_only_where_the_book_says_zero(site: FloorSite) -> None:
    rules(site, zero_check=True)
    site.put("D-03", "PEN", 2)
    hand = walking(site, (("PEN", 2), ("TEA", 1)))
    for _ in range(2):
        stop = site.view(1).current
        assert stop is not None
        scans(hand, stop.place, *["PEN" if stop.sku == "PEN" else TEA] * stop.qty)
        hand.scan("T-01")
        if stop.sku == "PEN":
            assert (hand.prompt.step, hand.prompt.focus.place) == ("zero", "D-03")
            hand.key("1")
        else:
            assert hand.prompt.step != "zero", "nine are left there"
    counted = select(places.c.counted_ms).where(places.c.code == "D-03")
    assert site.scalar(counted) > 0
    assert site.rows(select(tasks.c.id).where(tasks.c.kind == "count")) == []


def test_a_wrong_zero_asks_for_a_count(site: FloorSite) -> None:
    rules(site, zero_check=True)
    site.put("D-03", "PEN", 2)
    hand = walking(site, (("PEN", 2),))
    scans(hand, "D-03", "PEN", "PEN")
    hand.expect("pick.zero", "T-01")
    hand.expect("pick.left", "2", "key")
    hand.expect("pick.drop", "3", "key")
    assert said(hand) == "pick.count_asked"
    task = site.rows(select(tasks).where(tasks.c.kind == "count"))
    assert [row.place for row in task] == ["D-03"]
