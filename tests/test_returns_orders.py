"""What a return leads to: replacements, repairs, and parcels that are sent once more."""

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from sqlalchemy import func, select

from picking import tours
from tests.floor_site import ON_BOTH
from tests.picking_site import NOON, SOMEONE, TODAY, refused
from tests.returns_site import (
    BOX,
    RITA,
    SHELF,
    ReturnsSite,
    returns_at,
    send,
    set_serials,
)
from wms.errors import Code
from wms.orders import holds
from wms.promises import allocation
from wms.returns import cases, closing, grading, onward
from wms.returns.new import NewReturnLine
from wms.schema import allocations, items, order_lines, orders, parcel_lines, work_orders

BASKET = (("TEA", 2), ("CUP", 1))


@pytest.fixture
def engine() -> str:
    return "sqlite"


@pytest.fixture
def site(engine: str, request: pytest.FixtureRequest) -> Iterator[ReturnsSite]:
    with returns_at(request.getfixturevalue(f"new_{engine}")()) as site:
        yield site
        site.check()


def close(site: ReturnsSite, number: int) -> closing.Closed:
    site.now += 1_000
    return site.write(
        closing.close, number, person=RITA, key=site.key("close"), actor="person:6",
        now=site.now,
    )  # fmt: skip


def own_orders(site: ReturnsSite, number: int) -> list[Any]:
    """The orders that return *number* led to."""
    return site.rows(select(orders).where(orders.c.origin == f"return:{number}"))


def promised(site: ReturnsSite, order: int) -> dict[str, int]:
    """What is promised to an order now: eaches by SKU."""
    query = (
        select(items.c.sku, func.sum(allocations.c.qty).label("qty"))
        .join(order_lines, order_lines.c.id == allocations.c.line_id)
        .join(items, items.c.id == allocations.c.item_id)
        .where(order_lines.c.order_id == order, allocations.c.state.in_(("open", "picked")))
        .group_by(items.c.sku)
    )
    return {row.sku: int(row.qty) for row in site.rows(query)}


def free(site: ReturnsSite, sku: str) -> int:
    """How many eaches could be promised to somebody else."""
    found = site.read(allocation.free_stock, [site.good(sku)], lock=False)
    return sum(one.qty for one in found)


def sent_out(site: ReturnsSite, order: int) -> str:
    """Release, walk, pack and hand over an order: its state then."""
    site.release([order])
    while (tour := site.write(tours.claim, person=1, now=site.now)) is not None:
        site.claim()
        site.walk(tour)
        site.drop(tour, "BENCH-1")
    site.now += 1_000
    site.write(send, [order], site.now)
    return site.state(order)


@ON_BOTH
def test_a_replacement_is_set_aside_at_grading_and_goes_out_when_accepted(
    site: ReturnsSite,
) -> None:
    (box,) = site.ship(BASKET)
    lines = NewReturnLine(sku="TEA", qty=2, exchange_sku="HAT")
    number = site.announce(box.order_id, lines, kind="exchange")
    site.arrive(number=number)
    before = free(site, "HAT")
    site.grade(number, "TEA")
    (order,) = own_orders(site, number)
    assert (order.state, order.state_reason) == ("held", onward.EXCHANGE_WAITS)
    assert (order.kind, order.one_piece, order.before_hold) == ("exchange", 0, "accepted")
    assert promised(site, order.id) == {"HAT": 2}
    assert free(site, "HAT") == before - 2, "nobody else takes it"
    assert site.release([order.id]).wave is None, "it is not on its way yet"
    with refused(Code.ORDER_STATE):  # a hold that ends with the return, and not by hand
        site.write(holds.release, order.id, today=TODAY, now=site.now)
    site.grade(number, "TEA", "B", "quarantine")
    assert close(site, number).following == order.external_id == f"R{number:07d}-X"
    assert site.state(order.id) == "accepted"
    told = ("order.accepted", "order.held", "order.continued", "return.closed")
    assert [site.told(kind) for kind in told] == [2, 1, 1, 1], "each of them once"
    assert site.row(number).exchange_id == order.id
    assert sent_out(site, order.id) == "shipped"
    assert free(site, "HAT") == before - 2


@ON_BOTH
def test_a_refused_original_is_not_replaced(site: ReturnsSite) -> None:
    (box,) = site.ship(BASKET)
    number = site.announce(box.order_id, ("TEA", 2), kind="exchange")
    site.arrive(number=number)
    before = free(site, "TEA")
    site.grade(number, "TEA", "damaged", "quarantine", qty=2)
    assert free(site, "TEA") == before - 2
    assert close(site, number).following == ""
    (order,) = own_orders(site, number)
    assert (order.state, order.state_reason) == ("cancelled", onward.REFUSED)
    assert (promised(site, order.id), free(site, "TEA")) == ({}, before)
    assert site.told("order.cancelled") == 1


@ON_BOTH
def test_only_what_was_accepted_is_replaced(site: ReturnsSite) -> None:
    (box,) = site.ship((("TEA", 3), ("CUP", 1)))
    number = site.announce(box.order_id, ("TEA", 2), ("CUP", 1), kind="exchange")
    site.arrive(number=number)
    site.grade(number, "TEA")
    site.grade(number, "CUP", "damaged", "quarantine")
    close(site, number)  # one TEA is missing
    (order,) = own_orders(site, number)
    assert (order.state, order.pieces, promised(site, order.id)) == ("accepted", 1, {"TEA": 1})
    assert sent_out(site, order.id) == "shipped"


@ON_BOTH
def test_exchange_shipped_twice(site: ReturnsSite) -> None:
    """However often its causes are repeated, there is one replacement, and it leaves once."""
    (box,) = site.ship(BASKET)
    number = site.announce(box.order_id, ("TEA", 1), kind="exchange")
    site.arrive(number=number)
    for _ in range(3):
        site.grade(number, "TEA", key="the same scan")
    first = site.write(lambda tx: onward.reserve_exchange(tx, site.row(number), now=NOON))
    close(site, number)
    for _ in range(2):
        with refused(Code.RETURN_STATE):
            close(site, number)
        settled = site.write(lambda tx: onward.settle_exchange(tx, site.row(number), now=site.now))
        assert settled == ""
    (order,) = own_orders(site, number)
    assert order.id == first
    assert sent_out(site, order.id) == "shipped"
    again = site.write(lambda tx: onward.settle_exchange(tx, site.row(number), now=site.now))
    assert (again, len(own_orders(site, number)), site.state(order.id)) == ("", 1, "shipped")
    other = site.announce(box.order_id, ("TEA", 1), kind="exchange")
    site.arrive(number=other)
    site.grade(other, "TEA")
    close(site, other)
    assert site.returned(box.order_id) == 2
    with refused(Code.RETURN_TOO_MANY):
        third = site.announce(box.order_id, ("TEA", 1), kind="exchange")
        site.arrive(number=third)
        site.grade(third, "TEA")


def test_a_replacement_without_stock_waits_for_it(site: ReturnsSite) -> None:
    (box,) = site.ship(BASKET)
    lines = NewReturnLine(sku="CUP", qty=1, exchange_sku="RARE")
    site.put("A-09", "RARE", 1)
    site.release([site.order(("RARE", 1), ("TEA", 1))])
    number = site.announce(box.order_id, lines, kind="exchange")
    site.arrive(number=number)
    site.grade(number, "CUP")
    (order,) = own_orders(site, number)
    assert promised(site, order.id) == {}
    close(site, number)
    assert site.state(order.id) == "accepted"
    assert site.release([order.id]).short == (order.id,)
    site.put("A-09", "RARE", 1)
    assert sent_out(site, order.id) == "shipped"


@ON_BOTH
def test_a_repair_goes_out_and_back_with_the_same_unit(site: ReturnsSite) -> None:
    set_serials(site, "RADIO", "S1", "S2")
    (box,) = site.ship((("RADIO", 1),))
    number = site.announce(box.order_id, ("RADIO", 1), kind="repair")
    site.arrive(number=number)
    site.grade(number, "RADIO", "C", "repair", serial="S1", place=SHELF)
    assert free(site, "RADIO") == 1, "it is the customer's"
    assert close(site, number).following == f"R{number:07d}-S"
    (order,) = own_orders(site, number)
    assert (order.kind, order.state) == ("repair", "held")
    assert order.state_reason == onward.REPAIR_WAITS
    (work,) = site.rows(select(work_orders))
    assert (work.kind, work.qty, work.state, work.origin) == (
        "repair", 1, "open", f"return:{number}",
    )  # fmt: skip
    assert work.code == f"W{work.id:07d}"
    assert not site.write(cases.repaired, work.id, now=site.now), "it is not done"
    site.set(work_orders, work_orders.c.id == work.id, state="done", done=1)
    assert site.write(cases.repaired, work.id, now=site.now)
    assert not site.write(cases.repaired, work.id, now=site.now), "it was told before"
    assert site.state(order.id) == "accepted"
    assert sent_out(site, order.id) == "shipped"
    query = (
        select(parcel_lines.c.serial)
        .join(order_lines, order_lines.c.id == parcel_lines.c.line_id)
        .where(order_lines.c.order_id == order.id)
    )
    assert [row.serial for row in site.rows(query)] == ["S1"]
    assert free(site, "RADIO") == 1


def back_unopened(site: ReturnsSite, parcel: int) -> int:
    number = site.arrive(parcel=parcel)
    site.write(
        cases.undelivered, number, place=SHELF, key=site.key("back"), actor="person:6",
        now=site.now,
    )  # fmt: skip
    return number


@ON_BOTH
def test_an_undelivered_parcel_is_sent_once_more(site: ReturnsSite) -> None:
    (box,) = site.ship(BASKET)
    number = back_unopened(site, box.id)
    assert site.at_place(SHELF) == {("TEA", "returned", ""): 2, ("CUP", "returned", ""): 1}
    assert site.returned(box.order_id) == 3
    with refused(Code.RETURN_UNDECIDED):
        site.grade(number, "TEA")
    with refused(Code.RETURN_UNDECIDED):
        close(site, number)
    for _ in range(3):
        following = site.write(closing.decide, number, "reship", now=site.now)
        assert following == f"R{number:07d}-P"
    with refused(Code.RETURN_STATE):
        site.write(closing.decide, number, "cancel", now=site.now)
    (order,) = own_orders(site, number)
    assert (order.kind, order.state, site.row(number).state) == ("reship", "accepted", "closed")
    assert promised(site, order.id) == {"TEA": 2, "CUP": 1}
    assert sent_out(site, order.id) == "shipped"
    assert site.at_place(SHELF) == {}
    assert site.told("return.decided") == 1


@ON_BOTH
def test_an_undelivered_parcel_is_put_back_after_a_look(site: ReturnsSite) -> None:
    (box,) = site.ship(BASKET)
    number = back_unopened(site, box.id)
    site.write(closing.decide, number, "cancel", now=site.now)
    site.arrive(number=number)
    site.grade(number, "TEA", qty=2, place="A-01")
    with refused(Code.RETURN_TOO_MANY):
        site.grade(number, "TEA", "C", "to_owner", place=SHELF)
    site.grade(number, "CUP", "damaged", "quarantine", place=SHELF)
    assert close(site, number).missing == 0
    assert site.at_place(SHELF) == {("CUP", "damaged", ""): 1}
    assert site.returned(box.order_id) == 3


@ON_BOTH
def test_what_an_undelivered_parcel_did_not_hold_is_not_here(site: ReturnsSite) -> None:
    (box,) = site.ship(BASKET)
    number = back_unopened(site, box.id)
    site.write(closing.decide, number, "cancel", now=site.now)
    site.arrive(number=number)
    site.grade(number, "TEA", place="A-01")
    site.now += 1_000
    site.write(grading.undo, number, key="oops", actor="person:6", now=site.now)
    assert site.at_place(SHELF)["TEA", "returned", ""] == 2
    site.grade(number, "TEA", place="A-01")
    assert close(site, number).missing == 2
    assert site.at_place(SHELF) == {}
    assert site.returned(box.order_id) == 1


def test_a_parcel_comes_back_unopened_once(site: ReturnsSite) -> None:
    (box,) = site.ship(BASKET)
    number = back_unopened(site, box.id)
    site.write(cases.undelivered, number, place=SHELF, key="again", actor="person:6", now=site.now)
    assert site.returned(box.order_id) == 3
    site.write(closing.decide, number, "reship", now=site.now)
    with refused(Code.RETURN_NOTHING):
        site.arrive(parcel=box.id)
    opened, other = site.ship(BASKET, BASKET)
    begun = site.arrive(parcel=opened.id)
    site.grade(begun, "TEA")
    with refused(Code.RETURN_STATE):
        site.write(
            cases.undelivered, begun, place=SHELF, key="late", actor="person:6", now=site.now
        )
    nobody = site.write(cases.arrive_unknown, owner="acme", person=RITA, station="", now=site.now)
    with refused(Code.RETURN_NOTHING):
        site.write(
            cases.undelivered, nobody, place=SHELF, key="what", actor="person:6", now=site.now
        )
    assert other.state == "shipped"


def test_goods_of_a_sold_out_item_come_back_and_are_sold_again(site: ReturnsSite) -> None:
    site.put("A-09", "RARE", 1)
    (box,) = site.ship((("RARE", 1),))
    waiting = site.order(("RARE", 1))
    assert site.release([waiting]).short == (waiting,)
    number = site.arrive(parcel=box.id)
    site.grade(number, "RARE", place=BOX)
    assert site.release([waiting]).short == (waiting,)
    site.write(grading.undo, number, key="undo", actor="person:6", now=site.now)
    site.grade(number, "RARE", place="A-09")
    assert sent_out(site, waiting) == "shipped"


@ON_BOTH
def test_what_was_set_aside_is_sent_back_to_its_owner_once(site: ReturnsSite) -> None:
    (box,) = site.ship((("TEA", 3), ("CUP", 1)))
    number = site.arrive(parcel=box.id)
    site.grade(number, "TEA", "C", "to_owner", place=SHELF, qty=2)
    site.grade(number, "TEA", "C", "repair", place=SHELF)
    site.grade(number, "CUP", "damaged", "to_owner", place=SHELF)
    asked = onward.ToOwner(
        owner="acme", shop="acme-shop", external_id="BACK-1", service="yamato",
        recipient=SOMEONE,
    )  # fmt: skip
    with refused(Code.RETURN_NOTHING):
        site.write(onward.send_to_owner, asked, now=site.now)
    close(site, number)
    first = site.write(onward.send_to_owner, asked, now=site.now)
    again = site.write(onward.send_to_owner, asked, now=site.now)
    assert (first.new, again.new, again.order_id) == (True, False, first.order_id)
    assert promised(site, first.order_id) == {"TEA": 2, "CUP": 1}
    other = msgspec.structs.replace(asked, external_id="BACK-2")
    with refused(Code.RETURN_NOTHING):
        site.write(onward.send_to_owner, other, now=site.now)
    sold = msgspec.structs.replace(asked, external_id=site.external(box.order_id))
    with refused(Code.KEY_REUSED):
        site.write(onward.send_to_owner, sold, now=site.now)
    assert sent_out(site, first.order_id) == "shipped"
    assert site.at_place(SHELF) == {("TEA", "returned", ""): 1}, "the one that is repaired"
