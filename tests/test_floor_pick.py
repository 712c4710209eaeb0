"""Walks through the real floor: what the picker did is what the ledger says, on both databases."""

from collections.abc import Iterator

import pytest
from sqlalchemy import func, select

from tests.floor_site import CAROL, JAN, ON_BOTH, FloorSite, Hand, floor_at
from tests.picking_site import ANNA
from wms.errors import Code
from wms.schema import (
    barcodes,
    items,
    lots,
    missions,
    moves,
    owners,
    places,
    stock,
    tasks,
    tour_totes,
)
from wms.schema import tours as tours_table

TEA, CUP, HAT = (f"]E0{JAN[sku]}" for sku in ("TEA", "CUP", "HAT"))


@pytest.fixture
def engine() -> str:
    return "sqlite"


@pytest.fixture
def site(engine: str, request: pytest.FixtureRequest) -> Iterator[FloorSite]:
    with floor_at(request.getfixturevalue(f"new_{engine}")()) as site:
        site.stock_up()
        yield site
        site.check()


def walking(site: FloorSite, *orders: tuple[tuple[str, int], ...]) -> Hand:
    """Anna has a tour of *orders* and a tote for each."""
    site.release(site.orders(orders))
    hand = site.signed_in("HT-01", ANNA, work="pick")
    prompt = hand.key("1").prompt
    for number in range(1, 9):
        if prompt.step != "bind":
            break
        prompt = hand.scan(f"T-{number:02d}").prompt
    return hand


def left_at(site: FloorSite, place: str) -> int:
    return int(site.scalar(select(func.sum(stock.c.qty)).where(stock.c.place == place)) or 0)


@ON_BOTH
def test_a_walk_from_the_menu_to_the_drop(site: FloorSite) -> None:
    hand = walking(site, (("TEA", 2), ("CUP", 1)), (("TEA", 1), ("HAT", 2)))
    hand.expect("pick.item", "A-01")
    hand.expect("pick.item", TEA)
    hand.expect("pick.tote", TEA)
    wrong = hand.scan("T-02")
    assert wrong.prompt.message is not None
    assert (wrong.prompt.message.expected, wrong.prompt.message.scanned) == ("T-01", "T-02")
    hand.command("ok")
    hand.expect("pick.item", "T-01")  # the next order's tea lies at this very place
    hand.expect("pick.tote", TEA)
    hand.expect("pick.place", "T-02")
    assert hand.prompt.focus.place == "B-02"
    hand.expect("pick.item", "B-02")
    hand.expect("pick.tote", CUP)
    hand.expect("pick.place", "T-01")
    hand.expect("pick.item", "C-03")
    hand.expect("pick.item", HAT)
    hand.expect("pick.tote", HAT)
    prompt = hand.expect("pick.drop", "T-02")
    assert (prompt.focus.place, prompt.done, prompt.total) == ("DROP", 4, 4)
    hand.expect("pick.get", "DROP")
    assert (site.in_tote("T-01"), site.in_tote("T-02")) == (
        {"TEA": 2, "CUP": 1}, {"TEA": 1, "HAT": 2},
    )  # fmt: skip
    assert (left_at(site, "A-01"), left_at(site, "B-02"), left_at(site, "C-03")) == (7, 9, 8)
    assert {site.state(order) for order in (1, 2)} == {"picked"}
    by_robot = site.scalar(select(func.count()).select_from(missions))
    by_hand = site.scalar(select(func.count()).where(tasks.c.kind == "carry"))
    assert (by_robot, by_hand) == (1, 1), "no robot comes to the second bench"


def test_barcode_not_found_for_every_mistake_is_not_what_people_hear(site: FloorSite) -> None:
    """Each wrong scan is called what it is: another item, a place, a tote, a barcode that
    nobody knows; always with what was expected."""
    hand = walking(site, (("TEA", 2), ("CUP", 1)))
    heard = {}
    for step, text in (
        ("place", "B-02"), ("place", TEA), ("place", "9999999999994"), ("item", CUP),
        ("item", "C-03"), ("item", "T-02"), ("item", "9999999999994"),
    ):  # fmt: skip
        if step == "item" and hand.prompt.step == "place":
            hand.expect("pick.item", "A-01")
        answer = hand.scan(text)
        assert answer.fate == "refused" and answer.prompt.message is not None
        message = answer.prompt.message
        heard[step, text] = message.text
        assert message.expected == ("A-01" if step == "place" else "TEA"), message
        assert message.scanned in (text, "CUP", "TEA"), message
        hand.command("ok")
    assert len(set(heard.values())) == len(heard), heard


@ON_BOTH
def test_an_empty_shelf_sends_the_picker_to_another(site: FloorSite) -> None:
    site.put("D-09", "TEA", 5)
    hand = walking(site, (("TEA", 3), ("CUP", 1)))
    hand.expect("pick.item", "A-01")
    hand.expect("pick.item", TEA)
    hand.expect("pick.tote", "short", "command")
    message = hand.expect("pick.place", "T-01").message
    assert message is not None
    assert (message.code, message.severity) == ("pick.short_elsewhere", "attention")
    assert "D-09" in message.text
    assert site.in_tote("T-01") == {"TEA": 1}
    assert site.scalar(select(places.c.blocked).where(places.c.code == "A-01")) == "count"
    assert site.scalar(select(tasks.c.kind).where(tasks.c.place == "A-01")) == "count"
    for text in ("B-02", CUP, "T-01", "D-09", TEA, TEA):
        assert hand.scan(text).fate == "applied", hand.prompt
    hand.expect("pick.drop", "T-01")
    assert site.in_tote("T-01") == {"TEA": 3, "CUP": 1}


@ON_BOTH
def test_what_is_nowhere_is_said_and_the_walk_goes_on(site: FloorSite) -> None:
    hand = walking(site, (("TEA", 3), ("CUP", 1)))
    hand.expect("pick.short", "short", "command")
    message = hand.expect("pick.place", "A-01").message
    assert message is not None
    assert (message.code, hand.prompt.focus.place) == ("pick.short_nowhere", "B-02")
    assert site.state(1) == "short"
    assert hand.scan("A-01").prompt.message.code == "pick.wrong_place"  # type: ignore[union-attr]


def test_a_short_shelf_is_confirmed_by_scanning_it_again_but_not_in_haste(site: FloorSite) -> None:
    hand = walking(site, (("TEA", 3), ("CUP", 1)))
    hand.expect("pick.item", "A-01")
    hand.expect("pick.short", "short", "command")
    hasty = hand.scan("A-01", after_ms=400)
    assert (hasty.fate, hasty.prompt.step) == ("applied", "short")
    assert hasty.prompt.message is not None
    assert hasty.prompt.message.code == "scan.too_soon"
    hand.expect("pick.place", "A-01")
    assert site.told("pick.short") == 1


@ON_BOTH
def test_undo_puts_the_last_pick_back_on_its_shelf_once(site: FloorSite) -> None:
    hand = walking(site, (("TEA", 2), ("CUP", 1)))
    for text in ("A-01", TEA, TEA, "T-01"):
        hand.scan(text)
    assert site.in_tote("T-01") == {"TEA": 2}
    undone = hand.expect("pick.item", "undo", "command")
    assert undone.message is not None
    assert undone.message.code == "pick.undone"
    assert (site.in_tote("T-01"), left_at(site, "A-01")) == ({}, 10)
    again = hand.command("undo")
    assert again.prompt.message is not None
    assert (again.fate, again.prompt.message.code) == ("refused", "undo.nothing")
    reasons = site.rows(select(moves.c.reason).where(moves.c.item_id.is_not(None)))
    assert [row.reason for row in reasons][-2:] == ["pick", "undo"], "compensated, never erased"
    hand.command("ok")
    for text in (TEA, TEA, "T-01", "B-02", CUP, "T-01", "DROP"):
        assert hand.scan(text).fate == "applied", hand.prompt
    assert site.in_tote("T-01") == {"TEA": 2, "CUP": 1}


@ON_BOTH
def test_a_full_tote_is_followed_by_another_and_what_is_in_the_hand_goes_there(
    site: FloorSite,
) -> None:
    hand = walking(site, (("TEA", 4), ("CUP", 2)))
    for text in ("A-01", TEA, TEA, TEA, TEA):
        hand.scan(text)
    hand.expect("pick.bind", "full", "command")
    busy = hand.scan("T-01")
    assert busy.prompt.message is not None
    assert busy.prompt.message.code == Code.TOTE_IN_USE
    hand.command("ok")
    hand.expect("pick.tote", "T-05")
    hand.expect("pick.place", "T-05")
    hand.expect("pick.item", "B-02")
    hand.expect("pick.item", CUP)
    hand.expect("pick.tote", "full", "command")
    hand.expect("pick.bind", "T-05")
    hand.expect("pick.item", "T-06")
    hand.expect("pick.tote", CUP)
    hand.expect("pick.drop", "T-06")
    hand.expect("pick.get", "BENCH-1")
    assert [site.in_tote(tote) for tote in ("T-01", "T-05", "T-06")] == [
        {}, {"TEA": 4, "CUP": 1}, {"CUP": 1},
    ]  # fmt: skip
    stations = site.rows(select(tour_totes.c.tote, tour_totes.c.station).order_by(tour_totes.c.id))
    assert {row.station for row in stations if row.tote != "T-01"} == {"PACK-1"}


def test_undo_after_a_full_tote_takes_it_out_of_that_one(site: FloorSite) -> None:
    hand = walking(site, (("TEA", 2), ("CUP", 1)))
    for text in ("A-01", TEA, TEA, "T-01"):
        hand.scan(text)
    hand.expect("pick.bind", "full", "command")
    hand.expect("pick.bind", "undo", "command")
    assert (site.in_tote("T-01"), left_at(site, "A-01")) == ({}, 10)
    hand.expect("pick.item", "T-07")
    for text in (TEA, TEA):
        hand.scan(text)
    hand.expect("pick.place", "T-07")
    assert site.in_tote("T-07") == {"TEA": 2}


def test_later_turns_the_walk_around_and_says_when_it_cannot(site: FloorSite) -> None:
    hand = walking(site, (("TEA", 1), ("CUP", 1)))
    assert hand.prompt.focus.place == "A-01"
    assert hand.expect("pick.place", "later", "command").focus.place == "B-02"
    for text in ("B-02", CUP, "T-01"):
        hand.scan(text)
    assert hand.prompt.focus.place == "A-01"
    stuck = hand.expect("pick.place", "later", "command")
    assert stuck.message is not None
    assert stuck.message.code == "pick.nothing_else"


@ON_BOTH
def test_more_than_five_are_keyed_after_one_was_scanned(site: FloorSite) -> None:
    hand = walking(site, (("TEA", 8), ("CUP", 1)))
    hand.expect("pick.item", "A-01")
    assert hand.key("8").prompt.message.code == "pick.scan_first"  # type: ignore[union-attr]
    hand.command("ok")
    hand.expect("pick.item", TEA)
    assert hand.key("9").prompt.message.code == "pick.too_many"  # type: ignore[union-attr]
    hand.command("ok")
    hand.expect("pick.tote", "8", "key")
    hand.expect("pick.place", "T-01")
    assert site.in_tote("T-01") == {"TEA": 8}


@ON_BOTH
def test_lots_are_asked_for_where_the_bin_holds_several(site: FloorSite) -> None:
    for lot, expiry in (("L1", "2027-01-31"), ("L2", "2027-06-30")):
        site.put("D-01", "FOOD", 5, lot=lot, expiry=expiry)
    item = site.good("FOOD")
    site.add(barcodes, {"code": "4904567890127", "item_id": item, "qty": 1})
    hand = walking(site, (("FOOD", 2),))
    assert hand.prompt.focus.lot == "L1", "first expired, first out"
    hand.expect("pick.item", "D-01")
    hand.expect("pick.lot", "4904567890127")
    wrong = hand.scan("]C110L2").prompt
    assert wrong.message is not None
    assert (wrong.message.expected, wrong.message.scanned) == ("L1", "L2")
    hand.command("ok")
    hand.expect("pick.item", "L1")
    assert hand.scan("]C1010490456789012710L2").prompt.locked
    hand.command("ok")
    hand.expect("pick.tote", "]C1010490456789012717270131" + "10L1")
    hand.expect("pick.drop", "T-01")
    lots = site.rows(select(stock.c.lot).where(stock.c.place == "T-01", stock.c.qty > 0))
    assert [row.lot for row in lots] == ["L1"]


@ON_BOTH
def test_a_serial_number_that_is_promised_is_the_one_that_is_taken(site: FloorSite) -> None:
    for serial in ("S1", "S2"):
        site.put("D-02", "WATCH", 1, serial=serial)
    site.good("WATCH", serial_tracked=1)
    site.add(barcodes, {"code": "4905678901238", "item_id": site.good("WATCH"), "qty": 1})
    hand = walking(site, (("WATCH", 1), ("TEA", 1)))
    while hand.prompt.focus.place != "D-02":
        hand.command("later")
    promised = hand.prompt.lines[0].rpartition(" ")[2]
    other = {"S1": "S2", "S2": "S1"}[promised]
    hand.expect("pick.item", "D-02")
    hand.expect("pick.serial", "4905678901238")
    assert hand.scan(other).prompt.message.code == "pick.wrong_serial"  # type: ignore[union-attr]
    hand.command("ok")
    hand.expect("pick.tote", f"]C121{promised}")
    hand.scan("T-01")
    taken = site.rows(select(stock.c.serial).where(stock.c.place == "T-01", stock.c.qty > 0))
    assert [row.serial for row in taken] == [promised]


@ON_BOTH
def test_two_pickers_never_walk_the_same_tour_nor_take_the_same_tote(site: FloorSite) -> None:
    site.release(site.orders([(("TEA", 2), ("CUP", 1)), (("TEA", 1), ("HAT", 2))]))
    anna = site.signed_in("HT-01", ANNA, work="pick")
    carol = site.signed_in("HT-02", CAROL, work="pick")
    anna.expect("pick.bind", "1", "key")
    none = carol.key("1").prompt
    assert none.message is not None
    assert (none.step, none.message.code) == ("get", "pick.no_work")
    site.release([site.order(("TEA", 1), ("HAT", 1))])
    carol.expect("pick.bind", "1", "key")
    anna.expect("pick.bind", "T-01")
    taken = carol.scan("T-01").prompt
    assert taken.message is not None
    assert taken.message.code == Code.TOTE_IN_USE
    owners = site.rows(select(tours_table.c.person_id).order_by(tours_table.c.id))
    assert [row.person_id for row in owners] == [ANNA, CAROL]


def test_a_code_of_several_owners_means_this_task_s_item(site: FloorSite) -> None:
    site.add(owners, {"code": "bolt", "name": "Bolt"})
    site.add(items, {"owner": "bolt", "sku": "BOLT-TEA", "name": "Their tea"})
    theirs = site.scalar(select(items.c.id).where(items.c.sku == "BOLT-TEA"))
    site.add(lots, {"item_id": theirs, "lot": ""})
    site.add(barcodes, {"code": JAN["TEA"], "item_id": theirs, "qty": 1})
    hand = walking(site, (("TEA", 2),))
    hand.expect("pick.item", "A-01")
    hand.expect("pick.item", TEA)


def test_a_sku_that_is_keyed_is_as_good_as_a_barcode(site: FloorSite) -> None:
    hand = walking(site, (("TEA", 2),))
    hand.expect("pick.item", "64", "key")
    hand.expect("pick.item", "TEA", "key")
