"""Moving at a terminal: free goods only, by the rule of where goods may lie; audited after each."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import select

from tests.floor_site import ON_BOTH, FloorSite, Hand, floor_at, refused
from tests.picking_site import ANNA, BERT
from tests.picking_site import refused as refused_by_the_book
from tests.racing import race
from tests.test_floor_putaway import furnished, last, lies, limit
from wms.db import Book
from wms.errors import Code, Rejected
from wms.schema import places, stock
from wms.stock import Key
from wms.storage import handling
from wms.storage.handling import Why
from wms.storage.putaway import QUARANTINE


@pytest.fixture
def site(sqlite_url: str) -> Iterator[FloorSite]:
    with floor_at(sqlite_url) as site:
        furnished(site)
        yield site
        site.check()


def anna(site: FloorSite) -> Hand:
    return site.signed_in("HT-01", ANNA, work="move")


def test_some_pieces_move_from_a_place_to_another(site: FloorSite) -> None:
    site.put("A-01", "TEA", 10)
    hand = anna(site)
    hand.expect("move.item", "A-01")
    hand.expect("move.count", "TEA")
    hand.expect("move.place", "4", "key")
    hand.expect("move.item", "B-01")
    assert (lies(site, "A-01"), lies(site, "B-01")) == (
        {site.good("TEA"): 6}, {site.good("TEA"): 4},
    )  # fmt: skip
    assert last(site).reason == "move"


def test_what_is_promised_stays_and_the_screen_says_to_whom(site: FloorSite) -> None:
    site.put("A-01", "TEA", 5)
    order = site.order(("TEA", 2), ("TEA", 1))
    site.release([order])
    hand = anna(site)
    hand.expect("move.item", "A-01")
    assert hand.expect("move.count", "TEA").focus.qty == 2
    answer = hand.key("4")
    refused(answer, Code.GOODS_PROMISED)
    assert answer.prompt.message is not None
    assert "O0000001" in answer.prompt.message.text
    hand.command("ok")
    hand.expect("move.item", "B-01")
    refused(hand.scan("TEA"), Code.GOODS_PROMISED)


def test_a_container_moves_as_one_line_and_back(site: FloorSite) -> None:
    site.put("LPN-1", "TEA", 24)
    hand = anna(site)
    hand.expect("move.place", "LPN-1")
    hand.expect("move.source", "R-02")
    assert (last(site).container, last(site).target) == ("LPN-1", "R-02")
    hand.command("undo")
    assert site.scalar(select(places.c.parent).where(places.c.code == "LPN-1")) == "DOCK"


def test_pieces_move_onto_a_container_and_a_container_onto_another(site: FloorSite) -> None:
    site.put("A-01", "TEA", 3)
    hand = anna(site)
    hand.expect("move.item", "A-01")
    hand.expect("move.count", "TEA")
    hand.expect("move.source", "LPN-2")
    hand.expect("move.place", "LPN-2")
    hand.expect("move.source", "LPN-1")
    hand.expect("move.place", "LPN-1")
    refused(hand.scan("LPN-2"), Code.CONTAINER_INSIDE)
    assert lies(site, "LPN-2") == {site.good("TEA"): 3}


def test_what_is_put_into_a_container_weighs_on_the_place_where_it_stands(site: FloorSite) -> None:
    site.put("A-01", "TEA", 9)
    site.good("TEA", weight_g=100)
    limit(site, "R-01", weight_g_max=500)
    hand = anna(site)
    hand.expect("move.place", "LPN-1")
    hand.expect("move.source", "R-01")
    hand.expect("move.item", "A-01")
    hand.expect("move.count", "TEA")
    refused(hand.scan("LPN-1"), Code.PUTAWAY_TOO_HEAVY)
    hand.command("ok")
    hand.expect("move.place", "5", "key")
    hand.expect("move.item", "LPN-1")
    assert lies(site, "LPN-1") == {site.good("TEA"): 5}


def test_expired_stock_that_cannot_even_be_moved_can(site: FloorSite) -> None:
    """It may always be put apart: no limit of that place keeps it among what is sold."""
    site.put("A-01", "FOOD", 5, lot="L1", expiry="2026-11-21")
    site.put("D-10", "TEA", 1)
    site.good("FOOD", weight_g=500, storage="chilled", height_mm=400)
    limit(site, "D-10", blocked=QUARANTINE, mix="item", weight_g_max=10, height_mm_max=10,
          storage="frozen")  # fmt: skip
    hand = anna(site)
    hand.expect("move.item", "A-01")
    hand.expect("move.count", "FOOD")
    refused(hand.scan("B-01"), Code.PUTAWAY_CONDITION)
    hand.command("ok")
    hand.expect("move.source", "D-10")
    assert lies(site, "D-10")[site.good("FOOD")] == 5


def test_sound_goods_are_not_put_among_what_may_not_be_sold(site: FloorSite) -> None:
    site.put("A-01", "TEA", 1)
    limit(site, "D-10", blocked=QUARANTINE)
    hand = anna(site)
    hand.expect("move.item", "A-01")
    hand.expect("move.place", "TEA")
    refused(hand.scan("D-10"), Code.PUTAWAY_BLOCKED)


def test_unlocked_destination_is_judged_again_when_it_is_scanned(site: FloorSite) -> None:
    """What was open when the walk began may be closed at its end."""
    site.put("A-01", "TEA", 1)
    hand = anna(site)
    hand.expect("move.item", "A-01")
    hand.expect("move.place", "TEA")
    limit(site, "B-01", blocked="count")
    refused(hand.scan("B-01"), Code.PUTAWAY_BLOCKED)
    assert lies(site, "A-01") == {site.good("TEA"): 1}


def test_a_serial_number_moves_alone(site: FloorSite) -> None:
    site.put("A-01", "TEA", 1, serial="S1")
    site.put("A-01", "TEA", 1, serial="S2")
    hand = anna(site)
    hand.expect("move.item", "A-01")
    hand.expect("move.serial", "TEA")
    hand.expect("move.place", "S2")
    hand.expect("move.item", "B-01")
    there = select(stock.c.serial).where(stock.c.place == "B-01", stock.c.qty > 0)
    assert site.scalar(there) == "S2"


def test_what_was_moved_by_another_meanwhile_is_not_moved_twice(site: FloorSite) -> None:
    site.put("A-01", "TEA", 4)
    hand = anna(site)
    hand.expect("move.item", "A-01")
    hand.expect("move.count", "TEA")
    hand.expect("move.place", "4", "key")
    site.write(
        handling.carry, takes={Key("A-01", site.good("TEA"), "", "available", ""): 3}, to="C-01",
        why=Why(verb="move"), key="other", actor=f"person:{BERT}", now=site.now,
        today="2026-11-22",
    )  # fmt: skip
    assert hand.prompt.focus.qty == 1, "the screen says what is left"
    hand.expect("move.source", "B-01")
    assert lies(site, "B-01") == {site.good("TEA"): 1}


def carry_own(book: Book, number: int, item: int, now: int) -> int:
    """Put two pieces of this racer's container into A-01. Returns how many went in."""
    source = Key(f"L-{number}", item, "", "available", "")
    try:
        return book.write_now(
            handling.carry, takes={source: 2}, to="A-01", why=Why(verb="move"), key=f"r-{number}",
            actor="person:1", now=now, today="2026-11-22",
        )  # fmt: skip
    except Rejected as refusal:
        assert refusal.code is Code.PUTAWAY_TOO_HEAVY
        return 0


@ON_BOTH
def test_four_who_fill_one_place_at_once_leave_it_within_its_limit(
    engine: str, request: pytest.FixtureRequest
) -> None:
    """Capacity is guarded: whoever comes second waits, and judges what the first one left."""
    make: Callable[[], str] = request.getfixturevalue(f"new_{engine}")
    url = make()
    with floor_at(url) as site:
        furnished(site)
        tea = _racers(site)
        (went,) = race(url, (carry_own, tea, site.now))
        assert sorted(went) == [0, 0, 2, 2]
        assert lies(site, "A-01") == {tea: 4}
        with refused_by_the_book(Code.PUTAWAY_TOO_HEAVY):
            _carry_one_more(site, tea)
        site.check()


def _racers(site: FloorSite) -> int:
    for number in range(4):
        site.add(places, {"code": f"L-{number}", "kind": "carton", "parent": "DOCK"})
        site.put(f"L-{number}", "TEA", 2)
    limit(site, "A-01", weight_g_max=500)
    return site.good("TEA", weight_g=100)


def _carry_one_more(site: FloorSite, tea: int) -> Any:
    rows = site.rows(select(stock.c.place).where(stock.c.qty > 0, stock.c.place.like("L-%")))
    return site.write(
        handling.carry, takes={Key(rows[0].place, tea, "", "available", ""): 2}, to="A-01",
        why=Why(verb="move"), key="more", actor="person:1", now=site.now, today="2026-11-22",
    )  # fmt: skip
