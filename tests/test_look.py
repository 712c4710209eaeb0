"""Look up: any code answers what it is, where it has been and what is promised of it."""

from collections.abc import Iterator

import httpx2
import msgspec
import pytest
from sqlalchemy import delete, select

from app.http import HttpSettings, make_app
from picking import look_doors
from tests.floor_site import CAROL, JAN, ON_BOTH, FloorSite, Hand, floor_at, refused
from tests.picking_site import ANNA, NOON
from tests.serving import served
from wms.counts.chosen import doubts
from wms.db import Book, Tx
from wms.look.found import Found
from wms.look.places import confidence_at
from wms.people import tokens
from wms.schema import inbound_lines, inbounds, orders, parcels, people, places, returns
from wms.upkeep import incarnation

TEA = f"]E0{JAN['TEA']}"


@pytest.fixture
def engine() -> str:
    return "sqlite"


@pytest.fixture
def site(engine: str, request: pytest.FixtureRequest) -> Iterator[FloorSite]:
    with floor_at(request.getfixturevalue(f"new_{engine}")()) as site:
        site.stock_up()
        yield site
        site.check()


@pytest.fixture
def hand(site: FloorSite) -> Hand:
    """Bert's handheld, in the menu: he has no permission to look up, and needs none."""
    return site.signed_in("HT-02", 2)


def every_line(hand: Hand) -> list[str]:
    """All pages of what is shown."""
    lines = list(hand.prompt.lines)
    for _ in range(1, hand.prompt.total):
        lines += hand.command("list").prompt.lines
    hand.command("list")
    return lines


def seen(hand: Hand, code: str) -> list[str]:
    answer = hand.scan(code)
    assert answer.fate == "applied", answer.prompt.message
    assert answer.prompt.step == "shown"
    return every_line(hand)


@ON_BOTH
def test_an_item_says_where_it_lies_what_is_promised_and_who_moved_it(
    site: FloorSite, hand: Hand
) -> None:
    code = _packed_order(site)
    lines = seen(hand, TEA)
    assert hand.prompt.focus.item == "Item TEA"
    assert "Owner acme" in lines
    assert "A-01 8" in lines
    assert any(line.endswith("Anna") for line in lines)
    assert any("A-01 > T-01" in line for line in lines)
    assert f"{code} 2 picked T-01" in lines


@ON_BOTH
def test_a_place_says_what_is_in_it_and_how_sure_the_book_is(site: FloorSite, hand: Hand) -> None:
    site.set(places, places.c.code == "A-01", blocked="count")
    lines = seen(hand, "A-01")
    assert hand.prompt.focus.place == "A-01"
    assert "TEA 10" in lines
    assert "Blocked to be counted" in lines
    assert "How sure 60 %" in lines
    assert "  never counted" in lines


@ON_BOTH
def test_a_place_is_as_sure_here_as_where_counts_are_chosen(site: FloorSite) -> None:
    hand = site.signed_in("HT-01", ANNA, work="pick")
    site.release([site.order(("TEA", 3))])
    hand.expect("pick.bind", "1", "key")
    hand.expect("pick.place", "T-01")
    hand.expect("pick.item", "A-01")
    hand.expect("pick.short", "short", "command")
    hand.key("1")
    chosen = {one.place: one.sure for one in site.read(doubts, now=site.now)}
    rows = site.rows(select(places).where(places.c.kind == "bin"))
    looked = {row.code: site.read(confidence_at, row, now=site.now) for row in rows}
    assert chosen, "there is something to compare"
    assert {code: looked[code] for code in chosen} == chosen
    assert "confidence.shorts" in str(looked["A-01"])


def test_a_tote_says_whose_it_is_and_what_it_holds(site: FloorSite, hand: Hand) -> None:
    code = _packed_order(site)
    lines = seen(hand, "T-01")
    assert f"Order {code}" in lines
    assert "Stands at BENCH-1" in lines
    assert "TEA 2 (2)" in lines


def test_papers_are_found_by_their_codes_and_by_their_owners_numbers(
    site: FloorSite, hand: Hand
) -> None:
    order = site.order(("TEA", 2))
    row = site.rows(select(orders).where(orders.c.id == order))[0]
    for code in (row.code, row.external_id):
        assert "TEA 0/2" in seen(hand, code)
        assert hand.prompt.title == "Order"
    site.add(inbounds, {"id": 7, "code": "IN0000007", "owner": "acme", "external_id": "ASN-1",
                        "kind": "asn", "accepted_ms": 0, "state_ms": 0})  # fmt: skip
    item = site.good("TEA")
    site.add(inbound_lines, {"inbound_id": 7, "line_no": 1, "item_id": item, "qty": 24})
    assert "TEA 0/24" in seen(hand, "ASN-1")
    assert "On the way 24" in seen(hand, TEA)
    site.add(returns, {"code": "R0000001", "owner": "acme", "external_id": "RMA-1",
                       "kind": "return", "accepted_ms": 0, "state_ms": 0})  # fmt: skip
    assert "State announced" in seen(hand, "R0000001")


def test_a_parcel_says_its_state_contents_and_copies(site: FloorSite, hand: Hand) -> None:
    order = site.order(("TEA", 2))
    site.add(parcels, {"code": "P0000009", "order_id": order, "service": "yamato",
                       "carrier": "yamato", "created_ms": 0, "copies": 2,
                       "weight_g": 500, "predicted_g": 480})  # fmt: skip
    lines = seen(hand, "P0000009")
    assert "State being packed" in lines
    assert "Labels printed 2" in lines
    assert "Weight (expected) 500 g (480 g)" in lines
    site.write(_forget_parcel)


def _packed_order(site: FloorSite) -> str:
    """An order of two teas that was picked into T-01 and stands at a bench."""
    totes = site.at_bench([(("TEA", 2),)])
    (order,) = totes
    return str(site.scalar(select(orders.c.code).where(orders.c.id == order)))


def _forget_parcel(tx: Tx) -> None:
    tx.execute(delete(parcels))


def test_a_badge_is_a_name_and_nothing_else(site: FloorSite, hand: Hand) -> None:
    seen(hand, "A-01")
    hand.scan("BADGE:carol")
    assert hand.prompt.focus.item == "Carol"
    assert hand.prompt.lines == ()


def test_what_nobody_knows_is_refused_and_the_menu_stays(site: FloorSite, hand: Hand) -> None:
    answer = hand.scan("NOBODY-KNOWS")
    refused(answer, "look.unknown")
    assert answer.prompt.dialogue == "menu"
    hand.command("ok")
    seen(hand, "A-01")
    refused(hand.scan("NOBODY-KNOWS"), "look.unknown")
    assert hand.prompt.focus.place == "A-01"
    hand.command("ok")
    hand.expect("look.ask", "back", "command")
    hand.expect("menu.menu", "back", "command")


def test_the_menu_has_a_digit_for_whoever_may_look(site: FloorSite) -> None:
    site.set(people, people.c.id == ANNA, permissions='["look"]')
    hand = site.signed_in("HT-01", ANNA)
    hand.expect("look.ask", "1", "key")


def test_a_menu_that_stands_in_for_work_elsewhere_looks_nothing_up(site: FloorSite) -> None:
    hand, totes = site.packing((("TEA", 2),))
    hand.expect("pack.item", totes[0])
    away = site.at("HT-01")
    assert away.sign_in(CAROL).dialogue == "menu"
    assert away.scan("A-01").fate == "refused"
    away.command("ok")
    assert site.at("BENCH-1").sign_in(CAROL).step == "item"


def test_a_lead_looks_up_over_the_api(sqlite_url: str) -> None:
    with floor_at(sqlite_url) as site:
        site.stock_up()
    book = Book(sqlite_url, threads=True)
    book.write_now(incarnation.ensure, bytes(8))
    secret = book.write_now(
        tokens.create, name="lead", scopes=("board:read",), owner="", days=1, now=NOON,
        random=bytes(32),
    )  # fmt: skip
    lead = {"Authorization": f"Bearer {secret}", "Accept-Language": "en"}
    app = make_app(
        book, clock_ms=lambda: NOON, settings=HttpSettings(), routers=[look_doors.routes()]
    )
    with served(app) as port:
        url = f"http://127.0.0.1:{port}/v1/look"

        def ask(code: str, headers: dict[str, str]) -> httpx2.Response:
            return httpx2.get(url, params={"code": code}, headers=headers, trust_env=False)

        found = msgspec.json.decode(ask(JAN["TEA"], lead).content, type=Found)
        assert (found.kind, found.stock[0].place, found.stock[0].qty) == ("item", "A-01", 10)
        assert ask("nobody", lead).json()["error"]["code"] == "look.unknown"
        assert ask("A-01", {}).status_code == 401
    book.close()
