"""Counting on the real floor, on both databases: what eyes see, and what the book makes of it."""

from collections.abc import Iterator

import pytest
from sqlalchemy import select

from tests.count_site import (
    CUP,
    TEA,
    adjusted,
    count,
    counting,
    counting_floor,
    here,
    last,
    place,
    said,
)
from tests.floor_site import JAN, ON_BOTH, FloorSite, refused
from tests.picking_site import ANNA, BERT
from wms.schema import (
    allocations,
    barcodes,
    count_lines,
    lots,
    stock,
    tasks,
)


@pytest.fixture
def engine() -> str:
    return "sqlite"


@pytest.fixture
def site(engine: str, request: pytest.FixtureRequest) -> Iterator[FloorSite]:
    with counting_floor(request.getfixturevalue(f"new_{engine}")()) as site:
        yield site


@ON_BOTH
def test_a_place_that_agrees_is_counted_once(site: FloorSite) -> None:
    hand = counting(site)
    assert count(hand, TEA, "10") == "get"
    assert said(hand) == "count.said.agreed"
    row = last(site)
    assert (row.state, row.round, row.kind, row.person_id) == ("done", 1, "cycle", BERT)
    assert (row.place, row.expected) == ("A-01", '[[1, "", "available", "", 10]]')
    assert place(site).counted_ms == site.now
    assert adjusted(site) == []
    assert site.told("count.settled") == 1
    assert site.scalar(select(tasks.c.state).where(tasks.c.kind == "count")) == "done"


@ON_BOTH
def test_whoever_counts_is_blind(site: FloorSite) -> None:
    hand = counting(site)
    assert hand.prompt.focus.qty is None
    hand.scan(TEA)
    assert hand.prompt.focus.qty == 1, "only what was scanned"
    assert "10" not in " ".join(hand.prompt.lines)
    assert count(hand) == "again", "one of ten"
    assert "10" not in str(hand.prompt.message)


@ON_BOTH
def test_a_difference_is_booked_once_it_was_found_twice(site: FloorSite) -> None:
    hand = counting(site)
    assert count(hand, TEA, "8") == "again"
    assert said(hand) == "count.said.recount"
    assert (here(site), adjusted(site)) == ({"TEA": 10}, []), "once is not enough"
    hand.expect("count.place", "1", "key")
    hand.expect("count.item", "A-01")
    assert count(hand, TEA, "8") == "get"
    assert said(hand) == "count.said.settled"
    assert here(site) == {"TEA": 8}
    (move,) = adjusted(site)
    row = last(site)
    assert (move.source, move.target, move.qty, move.ref) == ("A-01", "@lost", 2, f"count:{row.id}")
    assert (move.actor, row.state, row.round) == (f"person:{BERT}", "done", 2)
    lines = site.rows(select(count_lines).order_by(count_lines.c.round))
    assert [(one.round, one.book, one.counted) for one in lines] == [(1, 10, 8), (2, 10, 8)]


@ON_BOTH
def test_what_was_found_is_booked_as_well(site: FloorSite) -> None:
    hand = counting(site)
    for _ in range(2):
        assert count(hand, TEA, "12", CUP) in ("again", "get")
        if hand.prompt.step == "again":
            hand.key("1")
            hand.scan("A-01")
    assert here(site) == {"TEA": 12, "CUP": 1}
    assert [(one.source, one.target, one.qty) for one in adjusted(site)] == [
        ("@lost", "A-01", 2), ("@lost", "A-01", 1),
    ]  # fmt: skip


@ON_BOTH
def test_counts_that_disagree_are_followed_by_a_third(site: FloorSite) -> None:
    hand = counting(site)
    for qty, step in (("8", "again"), ("7", "again"), ("9", "get")):
        assert count(hand, TEA, qty) == step
        if step == "again":
            hand.key("1")
            hand.scan("A-01")
    assert here(site) == {"TEA": 9}, "the third has the last word"
    assert last(site).round == 3


@ON_BOTH
def test_a_recount_is_better_somebody_else_s(site: FloorSite) -> None:
    bert = counting(site)
    count(bert, TEA, "8")
    bert.expect("count.get", "2", "key")
    anna = counting(site, "", ANNA)
    shown = anna.expect("count.place", "1", "key")
    assert shown.focus.place == "A-01"
    anna.expect("count.item", "A-01")
    assert count(anna, TEA, "10") == "get", "it was Bert's mistake"
    row = last(site)
    assert (row.first_person_id, row.person_id, row.state) == (BERT, ANNA, "done")
    assert here(site) == {"TEA": 10}


@ON_BOTH
def test_cases_lots_serials_and_undo(site: FloorSite) -> None:
    cup = site.good("CUP", lot_tracked=1)
    hat = site.good("HAT", serial_tracked=1)
    site.add(barcodes, {"code": "14902345678902", "item_id": cup, "qty": 6})
    site.put("D-01", "CUP", 12, lot="L1")
    site.put("D-01", "CUP", 6, lot="L2")
    for serial in ("S1", "S2"):
        site.put("D-01", "HAT", 1, serial=serial)
    hand = counting(site, "D-01")
    hand.expect("count.lot", CUP)
    hand.expect("count.item", "L1")
    for text in ("]C10114902345678902" + "10L1",) * 2:
        hand.expect("count.item", text)
    assert hand.prompt.focus.qty == 13
    hand.expect("count.item", "undo", "command")
    hand.expect("count.item", "12", "key")
    hand.expect("count.lot", "14902345678902")
    hand.expect("count.item", "L2")
    hand.expect("count.serial", f"]E0{JAN['HAT']}")
    hand.expect("count.item", "S1")
    hand.expect("count.serial", f"]E0{JAN['HAT']}")
    refused(hand.scan("S1"), "count.serial_twice")
    hand.command("ok")
    hand.expect("count.item", "S2")
    assert hand.command("list").prompt.lines == ("HAT S2 1", "HAT S1 1", "CUP L2 6", "CUP L1 12")
    hand.command("back")
    assert count(hand) == "get"
    assert said(hand) == "count.said.agreed"
    assert hat


@ON_BOTH
def test_a_numbered_unit_that_is_elsewhere_by_the_book_is_here_now(site: FloorSite) -> None:
    site.good("HAT", serial_tracked=1)
    site.put("D-01", "HAT", 1, serial="S1")
    site.set(stock, (stock.c.place == "C-03"), qty=stock.c.qty)
    hand = counting(site, "D-02")
    for step in ("again", "get"):
        hand.expect("count.serial", f"]E0{JAN['HAT']}")
        hand.expect("count.item", "S1")
        assert count(hand) == step
        if step == "again":
            hand.key("1")
            hand.scan("D-02")
    assert (here(site, "D-01"), here(site, "D-02")) == ({}, {"HAT": 1})


@ON_BOTH
def test_a_lot_that_nobody_knows_is_held(site: FloorSite) -> None:
    site.good("CUP", lot_tracked=1)
    hand = counting(site, "D-01")
    hand.expect("count.lot", CUP)
    hand.expect("count.lot", "NEW-1")
    assert said(hand) == "count.lot_unknown"
    hand.expect("count.item", "NEW-1")
    assert count(hand) == "again"
    hand.key("1")
    hand.scan("D-01")
    hand.expect("count.lot", CUP)
    hand.expect("count.item", "NEW-1")
    assert count(hand) == "get"
    assert here(site, "D-01") == {"CUP": 1}
    assert site.scalar(select(lots.c.held).where(lots.c.lot == "NEW-1")) == 1
    site.release([site.order(("CUP", 11))])
    taken = site.rows(select(allocations.c.lot).where(allocations.c.place == "D-01"))
    assert taken == [], "its expiry is not known: nobody is promised it"


@ON_BOTH
def test_an_empty_place_is_said_to_be_empty(site: FloorSite) -> None:
    hand = counting(site, "D-05")
    assert count(hand) == "empty"
    hand.expect("count.item", "2", "key")
    count(hand)
    hand.expect("count.get", "1", "key")
    assert place(site, "D-05").counted_ms == site.now


@ON_BOTH
def test_a_shelf_found_short_opens_with_its_count(site: FloorSite) -> None:
    site.release([site.order(("TEA", 4), ("CUP", 1))])
    tour = site.claim()
    anna = site.signed_in("HT-01", ANNA, work="pick")
    while anna.prompt.step == "bind":
        anna.scan(site.free_tote())
    while anna.prompt.focus.place != "A-01":
        anna.command("later")
    anna.scan("A-01")
    anna.command("short")
    anna.key("1")
    assert place(site).blocked == "count"
    bert = counting(site, "")
    shown = bert.expect("count.place", "1", "key")
    assert shown.focus.place == "A-01"
    bert.expect("count.item", "64", "key")
    assert last(site).kind == "short"
    assert count(bert) == "empty"
    bert.expect("count.again", "1", "key")
    bert.key("1")
    bert.scan("A-01")
    count(bert)
    bert.expect("count.get", "1", "key")
    assert (here(site), place(site).blocked) == ({}, "")
    assert tour
