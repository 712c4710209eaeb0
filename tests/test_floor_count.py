"""Counting on the real floor, on both databases: what eyes see, and what the book makes of it."""

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import func, select

from tests.floor_site import CAROL, JAN, LEA, ON_BOTH, PIN, FloorSite, Hand, floor_at, refused
from tests.picking_site import ANNA, BERT
from wms import counts as count_book
from wms import roles
from wms.errors import Code
from wms.schema import (
    allocations,
    approvals,
    barcodes,
    count_lines,
    counts,
    items,
    lots,
    moves,
    orders,
    owners,
    people,
    places,
    stock,
    stops,
    tasks,
)

TEA, CUP = f"]E0{JAN['TEA']}", f"]E0{JAN['CUP']}"


@pytest.fixture
def engine() -> str:
    return "sqlite"


@pytest.fixture
def site(engine: str, request: pytest.FixtureRequest) -> Iterator[FloorSite]:
    with floor_at(request.getfixturevalue(f"new_{engine}")()) as site:
        site.stock_up()
        for person, rights in (
            (ANNA, '["pick", "count"]'), (BERT, '["count"]'),
            (LEA, '["lead", "count", "approve_count"]'),
        ):  # fmt: skip
            site.set(people, people.c.id == person, permissions=rights)
        yield site
        site.check()


def counting(site: FloorSite, place: str = "A-01", person: int = BERT) -> Hand:
    terminal = {ANNA: "HT-01", BERT: "HT-02", LEA: "LEAD-1"}[person]
    hand = site.at(terminal)
    hand.sign_in(person)
    if hand.prompt.step == "pin":
        hand.key(PIN)
    hand.command("count")
    if place:
        hand.expect("count.item", place)
    return hand


def count(hand: Hand, *texts: str) -> str:
    """Scan *texts* (digits are keyed), say that was all; the step after it."""
    for text in texts:
        answer = hand.key(text) if text.isdigit() and len(text) < 5 else hand.scan(text)
        assert answer.fate == "applied", answer.prompt.message
    return hand.command("full").prompt.step


def said(hand: Hand) -> str:
    message = hand.prompt.message
    return message.code if message is not None else ""


def here(site: FloorSite, place: str = "A-01") -> dict[str, int]:
    query = (
        select(items.c.sku, func.sum(stock.c.qty).label("qty"))
        .join(items, items.c.id == stock.c.item_id)
        .where(stock.c.place == place, stock.c.qty > 0)
        .group_by(items.c.sku)
    )
    return {row.sku: int(row.qty) for row in site.rows(query)}


def place(site: FloorSite, code: str = "A-01") -> Any:
    return site.rows(select(places).where(places.c.code == code))[0]


def last(site: FloorSite) -> Any:
    return site.rows(select(counts).order_by(counts.c.id.desc()))[0]


def adjusted(site: FloorSite) -> list[Any]:
    return site.rows(select(moves).where(moves.c.reason == "count").order_by(moves.c.id))


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


def wave(site: FloorSite, *wanted: int) -> list[int]:
    """Orders for so many teas, promised from A-01; all of them on one walk."""
    numbers = [site.order(("TEA", qty), ("CUP", 1)) for qty in wanted]
    site.release(numbers)
    return numbers


def lose(site: FloorSite, left: str, person: int = BERT, at: str = "A-01") -> Hand:
    """Count *left* teas at *at*, twice."""
    hand = counting(site, at, person)
    for step in ("again", "get"):
        if left == "0":
            assert count(hand) == "empty"
            assert hand.key("1").prompt.step == step, hand.prompt
        else:
            texts = (TEA, left) if int(left) > 5 else (TEA,) * int(left)
            assert count(hand, *texts) == step, hand.prompt
        if step == "again":
            hand.key("1")
            hand.scan(at)
    return hand


@ON_BOTH
def test_a_count_that_loses_an_allocation_finds_it_elsewhere(site: FloorSite) -> None:
    wave(site, 9)
    site.put("D-01", "TEA", 20)
    lose(site, "3")
    live = site.rows(
        select(allocations.c.place, allocations.c.qty)
        .where(allocations.c.state == "open", allocations.c.item_id == site.good("TEA"))
        .order_by(allocations.c.place)
    )
    assert [(row.place, row.qty) for row in live] == [("A-01", 3), ("D-01", 6)]
    open_stops = site.scalar(select(func.count()).select_from(stops).where(stops.c.state == "open"))
    assert open_stops == 3, "and the walk goes there"
    assert (here(site), site.state(1)) == ({"TEA": 3}, "released")


@ON_BOTH
def test_a_count_that_loses_an_allocation_for_good_makes_the_order_short(site: FloorSite) -> None:
    urgent, other = (site.order(("TEA", 4), ("CUP", 1), priority=rank) for rank in (5, 0))
    site.release([urgent, other])
    hand = lose(site, "5")
    assert said(hand) == "count.settled_orders"
    states = {row.id: row.state for row in site.rows(select(orders.c.id, orders.c.state))}
    assert (states[urgent], states[other]) == ("released", "short"), "the least urgent one waits"
    assert site.told("order.short") == 1
    code = site.scalar(select(orders.c.code).where(orders.c.id == other))
    assert hand.prompt.message is not None
    assert code in hand.prompt.message.text


@ON_BOTH
def test_a_count_that_loses_a_total_of_one_piece_orders(site: FloorSite) -> None:
    numbers = site.orders([[("TEA", 1)]] * 6)
    site.release(numbers)
    lose(site, "4")
    states = [site.state(number) for number in numbers]
    assert (states.count("released"), states.count("short")) == (4, 2)
    assert here(site) == {"TEA": 4}


@ON_BOTH
def test_goods_that_were_picked_while_it_was_counted_are_no_loss(site: FloorSite) -> None:
    """Bert counts 4 of 10, and the picker takes 8 before he counts again."""
    wave(site, 8)
    bert = counting(site)
    count(bert, *(TEA,) * 4)
    tour = site.claim()
    site.walk(tour.id)
    bert.key("1")
    bert.scan("A-01")
    assert count(bert, *(TEA,) * 2) == "get"
    assert said(bert) == "count.said.agreed"
    assert here(site) == {"TEA": 2}


@ON_BOTH
def test_a_difference_above_a_value_needs_a_second_badge(site: FloorSite) -> None:
    site.good("TEA", value=1_000)
    site.set(owners, owners.c.code == "acme", approval_value=2_500)
    hand = counting(site)
    count(hand, TEA, "7")
    hand.key("1")
    hand.scan("A-01")
    assert count(hand, TEA, "7") == "decide"
    assert (last(site).state, here(site)) == ("approval", {"TEA": 10})
    hand.expect("count.approval_badge", "1", "key")
    refused(hand.scan("BADGE:bert"), Code.APPROVAL_OWN)
    hand.command("ok")
    refused(hand.scan("BADGE:anna"), Code.PERMISSION_MISSING)
    hand.command("ok")
    shown = hand.expect("count.approval_pin", "BADGE:lea")
    assert shown.lines == ("Approve the count", "TEA -3")
    refused(hand.key("999999"), "sign_in.wrong_pin")
    assert (last(site).state, here(site)) == ("approval", {"TEA": 10}), "a wrong PIN books nothing"
    failures = site.scalar(select(people.c.failures).where(people.c.id == LEA))
    assert failures == 1, "but it is counted"
    hand.command("ok")
    done = hand.expect("count.get", PIN, "key")
    assert done.message is not None and done.message.code == "count.said.settled"
    assert (here(site), last(site).state) == ({"TEA": 7}, "done")
    (row,) = site.rows(select(approvals))
    assert (row.ref, row.asked_by, row.given_by) == (f"count:{last(site).id}:2:acme", BERT, LEA)


def test_a_small_difference_needs_nobody(site: FloorSite) -> None:
    site.good("TEA", value=1_000)
    site.set(owners, owners.c.code == "acme", approval_value=3_000)
    lose(site, "7")
    assert here(site) == {"TEA": 7}


@ON_BOTH
def test_a_yes_is_for_one_difference_only(site: FloorSite) -> None:
    site.good("TEA", value=1_000)
    site.set(owners, owners.c.code == "acme", approval_value=1)
    hand = counting(site)
    for _ in range(2):
        count(hand, TEA, "7")
        if hand.prompt.step == "again":
            hand.key("1")
            hand.scan("A-01")
    hand.expect("count.place", "2", "key")
    assert (last(site).state, last(site).round) == ("recount", 3)
    hand.expect("count.item", "A-01")
    assert count(hand, TEA, "6") == "decide"
    hand.expect("count.get", "back", "command")
    lea = counting(site, "", LEA)
    assert lea.key("1").prompt.step == "decide", "whoever comes finds the question"
    refused(lea.key("1") and lea.scan("BADGE:lea"), Code.APPROVAL_OWN)
    lea.command("ok")
    assert here(site) == {"TEA": 10}


@ON_BOTH
def test_goods_that_went_while_the_yes_was_awaited_are_counted_again(site: FloorSite) -> None:
    site.good("TEA", value=1_000)
    site.set(owners, owners.c.code == "acme", approval_value=1)
    hand = counting(site)
    for _ in range(2):
        count(hand, *(TEA,) * 2)
        if hand.prompt.step == "again":
            hand.key("1")
            hand.scan("A-01")
    wave(site, 9)
    site.walk(site.claim().id)
    hand.key("1")
    hand.scan("BADGE:lea")
    assert hand.key(PIN).prompt.step == "again", "nine were there after all"
    hand.key("1")
    hand.scan("A-01")
    count(hand, TEA)
    assert said(hand) == "count.said.agreed"


@ON_BOTH
def test_two_people_do_not_count_the_same_place(site: FloorSite) -> None:
    counting(site)
    anna = counting(site, "", ANNA)
    refused(anna.scan("A-01"), Code.COUNT_TAKEN)
    assert anna.prompt.message is not None and "Bert" in anna.prompt.message.text
    anna.command("ok")
    assert anna.key("1").prompt.message.code == "count.none"  # type: ignore[union-attr]


def test_what_is_no_place_to_count_is_refused(site: FloorSite) -> None:
    hand = counting(site, "")
    refused(hand.scan("NOWHERE"), "count.no_place")
    hand.command("ok")
    site.release([site.order(("TEA", 2), ("CUP", 1))])
    tour = site.claim()
    site.walk(tour.id)
    refused(hand.scan("T-01"), Code.COUNT_IN_WORK)
    hand.command("ok")
    site.add(places, {"code": "R-1", "kind": "robot"})
    refused(hand.scan("R-1"), Code.COUNT_NOT_HERE)


@ON_BOTH
def test_rights_for_one_owner_end_at_the_goods_of_another(site: FloorSite) -> None:
    site.add(owners, {"code": "beta"})
    site.write(roles.put, code="counter", permissions=("count",))
    site.write(roles.grant, person=f"P{CAROL}", what="counter", owner="beta")
    site.set(people, people.c.id == CAROL, permissions="[]")
    site.write(count_book.open_all, ["A-01", "D-07"], kind="cycle", key="t", now=site.now)
    hand = site.at("HT-01")
    hand.sign_in(CAROL)
    hand.command("count")
    refused(hand.scan("A-01"), Code.PERMISSION_MISSING)
    assert hand.prompt.message is not None and "count acme" in hand.prompt.message.text
    hand.command("ok")
    assert hand.prompt.lines == ("1 waiting",), "of the two counts one is for her"
    hand.expect("count.place", "1", "key")
    assert hand.prompt.focus.place == "D-07"
    hand.expect("count.item", "D-07")
    refused(hand.scan(TEA), Code.PERMISSION_MISSING)


def test_a_count_goes_on_at_another_terminal(site: FloorSite) -> None:
    hand = counting(site)
    hand.scan(TEA)
    hand.scan(TEA)
    other = site.at("HT-01")
    other.sign_in(BERT)
    assert (other.prompt.step, other.prompt.focus.qty) == ("item", 2)
    other.expect("count.leave", "back", "command")
    other.expect("count.get", "1", "key")
    assert site.scalar(select(tasks.c.state).where(tasks.c.kind == "count")) == "open"


@ON_BOTH
def test_damaged_goods_are_believed_before_what_can_be_sold(site: FloorSite) -> None:
    from wms import stock as ledger
    from wms.stock import Move

    line = Move(
        key="d", item=site.good("TEA"), qty=3, source="A-01", target="@regrade", reason="damaged"
    )
    site.write(ledger.regrade, line, condition="damaged", actor="t", now=site.now)
    lose(site, "8")
    left = site.rows(select(stock.c.condition, stock.c.qty).where(stock.c.place == "A-01"))
    assert {row.condition: row.qty for row in left} == {"available": 5, "damaged": 3}
