"""Counts that cost somebody something: promises, second badges, other owners' goods, races."""

from collections.abc import Iterator

import pytest
from sqlalchemy import func, select

from tests.count_site import (
    TEA,
    count,
    counting,
    counting_floor,
    here,
    last,
    said,
)
from tests.floor_site import CAROL, LEA, ON_BOTH, PIN, FloorSite, Hand, refused
from tests.picking_site import ANNA, BERT
from wms.counts import counting as count_book
from wms.errors import Code
from wms.people import roles
from wms.schema import (
    allocations,
    approvals,
    orders,
    owners,
    people,
    places,
    stock,
    stops,
    tasks,
)


@pytest.fixture
def engine() -> str:
    return "sqlite"


@pytest.fixture
def site(engine: str, request: pytest.FixtureRequest) -> Iterator[FloorSite]:
    with counting_floor(request.getfixturevalue(f"new_{engine}")()) as site:
        yield site


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
