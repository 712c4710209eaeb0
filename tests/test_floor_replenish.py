"""Replenishing at a terminal: the real book, real tasks, and the audit after every test."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import insert, select

from picking import replenisher
from tests.floor_site import FloorSite, Hand, floor_at, refused
from tests.picking_site import ANNA, BERT
from tests.test_replenish import face, furnish
from wms import stock as ledger
from wms.errors import Code
from wms.promises import allocation
from wms.schema import allocations, barcodes, moves, people, places, stock
from wms.schema import tasks as tasks_table


@pytest.fixture
def site(sqlite_url: str) -> Iterator[FloorSite]:
    with floor_at(sqlite_url) as site:
        site.write(furnish)
        site.set(people, people.c.id.in_((ANNA, BERT)), permissions='["replenish", "move"]')
        yield site
        site.check()


def look(site: FloorSite) -> list[int]:
    return asyncio.run(replenisher.replenish_once(site.book, now=site.now))


def anna(site: FloorSite) -> Hand:
    """Anna with a task of twelve TEA for A-01."""
    face(site, "A-01", "TEA", 5, 12)
    assert len(look(site)) == 1
    hand = site.signed_in("HT-01", ANNA, work="replenish")
    hand.expect("replenish.place", "1", "key")
    return hand


def lies(site: FloorSite, place: str) -> int:
    rows = site.rows(select(stock.c.qty).where(stock.c.place == place))
    return sum(row.qty for row in rows)


def task(site: FloorSite) -> Any:
    return site.rows(select(tasks_table).where(tasks_table.c.kind == "replenish"))[-1]


def test_a_case_is_brought_from_a_pallet_to_the_face(site: FloorSite) -> None:
    site.put("P-01", "TEA", 48)
    site.add(barcodes, {"code": "CASE-6", "item_id": site.good("TEA"), "qty": 6})
    hand = anna(site)
    hand.expect("replenish.container", "R-03")
    hand.expect("replenish.item", "P-01")
    hand.expect("replenish.item", "CASE-6")
    prompt = hand.expect("replenish.face", "CASE-6")
    assert (prompt.focus.place, prompt.focus.qty) == ("A-01", 12)
    assert lies(site, f"CART-{ANNA}") == 12
    hand.expect("replenish.get", "A-01")
    assert (lies(site, "A-01"), lies(site, "P-01")) == (12, 36)
    assert (task(site).state, task(site).outcome) == ("done", "replenish A-01")
    assert look(site) == []


def test_whoever_looks_up_the_face_or_the_goods_sees_that_more_is_coming(site: FloorSite) -> None:
    site.put("R-01", "TEA", 40)
    hand = anna(site)
    bert = site.signed_in("HT-02", BERT)
    for code in ("A-01", "TEA"):
        assert "Being refilled 12" in bert.scan(code).prompt.lines, code
    hand.expect("replenish.item", "R-01")
    hand.expect("replenish.item", "TEA")
    hand.expect("replenish.face", "12", "key")
    assert "Being refilled 12" in bert.scan("A-01").prompt.lines, "it is on the cart"
    hand.expect("replenish.get", "A-01")
    refused(hand.command("undo"), "replenish.undo_by_move")
    hand.command("ok")
    assert "Being refilled 12" not in bert.scan("A-01").prompt.lines


def test_a_task_into_a_closed_face_waits_and_is_not_offered(site: FloorSite) -> None:
    site.put("R-01", "TEA", 40)
    face(site, "A-01", "TEA", 5, 12)
    assert len(look(site)) == 1
    site.set(places, places.c.code == "A-01", blocked="count")
    hand = site.signed_in("HT-01", ANNA, work="replenish")
    assert hand.prompt.lines == ("0 waiting, 0 urgent",)
    hand.expect("replenish.get", "1", "key")
    site.set(places, places.c.code == "A-01", blocked="")
    hand.expect("replenish.place", "1", "key")


def test_what_is_on_its_way_is_promised_to_nobody_else(site: FloorSite) -> None:
    """Somebody else's orders cannot have it before it lies in the face."""
    site.put("R-01", "TEA", 12)
    hand = anna(site)
    order = site.order(("TEA", 10))
    assert site.release([order]).orders == ()
    hand.expect("replenish.item", "R-01")
    hand.expect("replenish.item", "TEA")
    hand.expect("replenish.face", "12", "key")
    assert site.release([order]).orders == ()
    hand.expect("replenish.get", "A-01")
    assert site.release([order]).orders != ()


def test_where_the_reserve_is_empty_the_next_place_is_shown_and_the_first_is_counted(
    site: FloorSite,
) -> None:
    site.put("R-01", "TEA", 12)
    site.put("R-02", "TEA", 50)
    hand = anna(site)
    hand.expect("replenish.item", "R-01")
    hand.expect("replenish.item", "TEA")
    hand.expect("replenish.item", "TEA")
    hand.expect("replenish.short", "short", "command")
    prompt = hand.expect("replenish.place", "1", "key")
    assert (prompt.focus.place, prompt.focus.qty) == ("R-02", 10)
    assert site.scalar(select(places.c.blocked).where(places.c.code == "R-01")) == "count"
    hand.expect("replenish.item", "R-02")
    hand.expect("replenish.item", "TEA")
    hand.expect("replenish.face", "10", "key")
    hand.expect("replenish.get", "A-01")
    assert lies(site, "A-01") == 12


def test_with_nothing_in_any_reserve_place_the_task_is_over(site: FloorSite) -> None:
    site.put("R-01", "TEA", 12)
    hand = anna(site)
    hand.expect("replenish.short", "short", "command")
    done = hand.expect("replenish.get", "1", "key")
    assert done.message is not None
    assert done.message.code == "replenish.short_nowhere"
    assert (task(site).state, task(site).outcome) == ("done", "short")


def test_what_does_not_fit_goes_back_and_nothing_stays_on_the_cart(site: FloorSite) -> None:
    site.put("R-01", "TEA", 12)
    hand = anna(site)
    hand.expect("replenish.item", "R-01")
    hand.expect("replenish.item", "TEA")
    hand.expect("replenish.face", "12", "key")
    hand.expect("replenish.fit", "full", "command")
    prompt = hand.expect("replenish.rest", "9", "key")
    assert (prompt.focus.place, prompt.focus.qty) == ("R-01", 3)
    hand.expect("replenish.get", "R-01")
    assert (lies(site, "A-01"), lies(site, "R-01"), lies(site, f"CART-{ANNA}")) == (9, 3, 0)
    live = allocations.c.state.in_(("open", "picked"))
    assert site.rows(select(allocations).where(live)) == []


def test_a_face_that_bears_no_more_refuses_and_the_rest_goes_back(site: FloorSite) -> None:
    site.put("R-01", "TEA", 12)
    site.good("TEA", weight_g=100)
    site.set(places, places.c.code == "A-01", weight_g_max=900)
    hand = anna(site)
    hand.expect("replenish.item", "R-01")
    hand.expect("replenish.item", "TEA")
    hand.expect("replenish.face", "12", "key")
    refused(hand.scan("A-01"), Code.PUTAWAY_TOO_HEAVY)
    hand.command("ok")
    hand.expect("replenish.fit", "full", "command")
    hand.expect("replenish.rest", "9", "key")
    hand.expect("replenish.get", "R-01")
    assert lies(site, "A-01") == 9


def test_a_tote_that_was_fetched_before_is_no_goods_to_take_back(site: FloorSite) -> None:
    """Who fetched a tote of the zone before, and then replenishes, is shown the screen."""
    site.put("R-01", "TEA", 12)
    site.add(places, {"code": "T-77", "kind": "tote", "parent": "R-01"})
    site.write(
        ledger.relocate, key="fetch:1", container="T-77", source="R-01", target="A-01",
        actor=f"person:{ANNA}", now=site.now, reason=allocation.FETCH, ref="tour:6",
    )  # fmt: skip
    hand = anna(site)
    hand.expect("replenish.item", "R-01")
    refused(hand.command("undo"), "undo.nothing")


def test_the_last_fetch_is_taken_back(site: FloorSite) -> None:
    site.put("R-01", "TEA", 12)
    hand = anna(site)
    hand.expect("replenish.item", "R-01")
    hand.expect("replenish.item", "TEA")
    hand.expect("replenish.face", "12", "key")
    hand.expect("replenish.place", "undo", "command")
    assert lies(site, "R-01") == 12
    assert site.rows(select(moves.c.reason).order_by(moves.c.id))[-1] == ("undo",)
    hand.expect("replenish.get", "back", "command")
    assert task(site).state == "open"


def test_the_wrong_lot_is_never_confirmed_by_its_place(site: FloorSite) -> None:
    """A location scan that silently confirms the wrong lot: here the lot itself is read."""
    site.put("R-01", "FOOD", 4, lot="OLD", expiry="2026-12-01")
    site.put("R-01", "FOOD", 4, lot="NEW", expiry="2027-06-01")
    face(site, "A-01", "FOOD", 1, 1)
    look(site)
    hand = site.signed_in("HT-01", ANNA, work="replenish")
    hand.expect("replenish.place", "1", "key")
    hand.expect("replenish.item", "R-01")
    hand.expect("replenish.lot", "FOOD")
    refused(hand.scan("NEW"), "replenish.wrong_lot")
    hand.command("ok")
    hand.expect("replenish.face", "OLD")


def test_it_goes_on_at_another_terminal_and_waits_for_its_owner(site: FloorSite) -> None:
    site.put("R-01", "TEA", 12)
    hand = anna(site)
    hand.expect("replenish.item", "R-01")
    hand.expect("replenish.item", "TEA")
    bert = site.signed_in("HT-02", BERT, work="replenish")
    said = bert.expect("replenish.get", "1", "key").message
    assert said is not None
    assert said.code == "replenish.none", "two users are not given the same work"
    other = site.at("DOCK-1").sign_in(ANNA)
    assert (other.step, other.focus.qty) == ("item", 11)


def test_a_task_that_is_put_off_comes_after_all_others(site: FloorSite) -> None:
    site.put("R-01", "TEA", 12)
    site.put("R-02", "CUP", 12)
    hand = anna(site)
    face(site, "A-02", "CUP", 5, 12)
    look(site)
    hand.expect("replenish.get", "later", "command")
    prompt = hand.expect("replenish.place", "1", "key")
    assert prompt.focus.place == "R-02"


def test_urgent_tasks_are_claimed_first(site: FloorSite) -> None:
    site.put("R-01", "TEA", 12)
    site.put("R-02", "CUP", 50)
    face(site, "A-01", "TEA", 5, 12)
    face(site, "A-02", "CUP", 0, 12)
    look(site)
    site.order(("CUP", 30))
    look(site)
    hand = site.signed_in("HT-01", ANNA, work="replenish")
    prompt = hand.expect("replenish.place", "1", "key")
    assert (prompt.focus.place, prompt.focus.qty) == ("R-02", 30)


def test_only_the_owner_s_people_are_given_its_goods(site: FloorSite) -> None:
    from wms.schema import person_roles, roles

    site.put("R-01", "TEA", 12)
    face(site, "A-01", "TEA", 5, 12)
    look(site)
    site.set(people, people.c.id == ANNA, permissions="[]")
    site.write(lambda tx: tx.execute(insert(roles).values(
        code="filler", name="?", permissions='["replenish"]'
    )))  # fmt: skip
    site.add(person_roles, {"person_id": ANNA, "role": "filler", "owner": "beta"})
    hand = site.signed_in("HT-01", ANNA, work="replenish")
    hand.expect("replenish.get", "1", "key")
