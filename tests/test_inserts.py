"""Inserts by rule: the nth order, an item, an amount, a date, a shop; once, and never a reason to
wait."""

from collections.abc import Iterator
from typing import Any

import pytest
from msgspec.structs import replace
from sqlalchemy import insert, select, update

from picking import tours
from tests.floor_site import CAROL, JAN, ON_BOTH, FloorSite, floor_at
from tests.picking_site import ANNA, SOMEONE
from wms.errors import Code, Rejected
from wms.orders import lifecycle as order_book
from wms.orders.new import Gift, NewLine, NewOrder, customer_of
from wms.schema import insert_rules, order_lines, orders
from wms.shipping import inserts
from wms.shipping.inserts import Basket, Insert, NewInsert, Rule, chosen

TEA, CARD, SAMPLE = 1, 8, 9
BASKET = Basket(
    5, "acme", "shop", 3_000, 2, frozenset({TEA}), frozenset(), frozenset({("noshi", "御祝")})
)
PLENTY = {CARD: 99, SAMPLE: 99}


@pytest.mark.parametrize(
    ("rule", "given"),
    [
        (Rule(1, "acme", "", CARD, 1), True),
        (Rule(1, "bolt", "", CARD, 1), False),
        (Rule(1, "acme", "shop", CARD, 1), True),
        (Rule(1, "acme", "other", CARD, 1), False),
        (Rule(1, "acme", "", CARD, 1, nth_order=2), True),
        (Rule(1, "acme", "", CARD, 1, nth_order=1), False),
        (Rule(1, "acme", "", CARD, 1, with_item=TEA), True),
        (Rule(1, "acme", "", CARD, 1, with_item=SAMPLE), False),
        (Rule(1, "acme", "", CARD, 1, amount_min=3_000), True),
        (Rule(1, "acme", "", CARD, 1, amount_min=3_001), False),
        (Rule(1, "acme", "", CARD, 1, from_date="2026-11-22", until_date="2026-11-22"), True),
        (Rule(1, "acme", "", CARD, 1, from_date="2026-11-23"), False),
        (Rule(1, "acme", "", CARD, 1, until_date="2026-11-21"), False),
        (Rule(1, "acme", "", CARD, 1, wish="noshi"), True),
        (Rule(1, "acme", "", CARD, 1, wish="noshi", wish_words="御祝"), True),
        (Rule(1, "acme", "", CARD, 1, wish="noshi", wish_words="内祝"), False),
        (Rule(1, "acme", "", CARD, 1, wish="wrapping"), False),
        (Rule(1, "acme", "", TEA, 1, wish="noshi"), False),
    ],
)
def test_all_that_a_rule_asks_for_must_be_so(rule: Rule, given: bool) -> None:
    found = chosen([rule], [BASKET], today="2026-11-22", free=PLENTY)
    kind = "gift" if rule.wish else "insert"
    assert found == ([Insert(5, CARD, 1, kind)] if given else [])


def test_leaflets_that_ran_out_keep_nobody_waiting() -> None:
    rule = Rule(1, "acme", "", CARD, 2)
    baskets = [Basket(n, "acme", "", 0, 0, frozenset(), frozenset()) for n in (1, 2, 3)]
    found = chosen([rule], baskets, today="2026-11-22", free={CARD: 5})
    assert [one.order for one in found] == [1, 2]


def test_the_first_rule_for_an_item_counts_and_none_twice() -> None:
    rules = [Rule(1, "acme", "", CARD, 1), Rule(2, "acme", "", CARD, 7)]
    assert chosen(rules, [BASKET], today="2026-11-22", free=PLENTY) == [Insert(5, CARD, 1)]
    has = Basket(5, "acme", "shop", 0, 0, frozenset(), frozenset({CARD}))
    assert chosen(rules, [has], today="2026-11-22", free=PLENTY) == []


def test_customers_are_known_by_number_mail_or_phone() -> None:
    base = NewOrder(
        owner="acme", shop="s", external_id="1", service="y", recipient=SOMEONE,
        lines=(NewLine(sku="A", qty=1),), customer="C-77",
    )  # fmt: skip

    def of(**changes: Any) -> str:
        values = {name: getattr(base, name) for name in base.__struct_fields__}
        return customer_of(NewOrder(**{**values, **changes}))

    assert of() == "C-77"
    assert of(customer="") == of(customer="", external_id="2") != ""
    assert "1234" not in of(customer=""), "a hash, no personal data"
    assert of(customer="", owner="bolt") != of(customer="")
    assert of(customer="", gift=Gift()) == "", "the recipient of a gift is no customer"
    assert of(customer="", gift=Gift(sender_phone="03-1234-5678")) == of(customer="")


@pytest.fixture
def engine() -> str:
    return "sqlite"


@pytest.fixture
def site(engine: str, request: pytest.FixtureRequest) -> Iterator[FloorSite]:
    with floor_at(request.getfixturevalue(f"new_{engine}")()) as site:
        site.stock_up()
        site.put("D-04", "CARD", 3)
        site.good("CARD", kind="insert", picture="card.png")
        yield site
        site.check()


def lines(site: FloorSite) -> list[tuple[int, str, int]]:
    query = select(order_lines).order_by(order_lines.c.order_id, order_lines.c.line_no)
    return [(row.order_id, row.kind, row.qty) for row in site.rows(query)]


def rule(site: FloorSite, **values: Any) -> None:
    row = {"owner": "acme", "item_id": site.good("CARD"), "qty": 1, **values}
    site.write(lambda tx: tx.execute(insert(insert_rules).values(row)))


@ON_BOTH
def test_the_second_order_of_a_customer_gets_a_card_to_scan(site: FloorSite) -> None:
    rule(site, nth_order=2)
    first, second, third = (site.order(("TEA", 1)) for _ in range(3))
    site.release([first, second, third])
    assert lines(site) == [(1, "goods", 1), (2, "goods", 1), (2, "insert", 1), (3, "goods", 1)]
    flags = site.rows(select(orders.c.one_piece, orders.c.pieces).order_by(orders.c.id))
    assert [tuple(row) for row in flags] == [(1, 1), (0, 2), (1, 1)]
    while (tour := site.write(tours.claim, person=ANNA, now=site.now)) is not None:
        site.claim()
        site.walk(tour)
        totes = {slot.order: slot.tote for slot in site.view(tour).slots}
        site.drop(tour, "BENCH-1")
        if second in totes:
            tote = str(totes[second])
    hand = site.signed_in("BENCH-1", CAROL, work="pack")
    prompt = hand.expect("pack.item", tote)
    assert "[insert] Item CARD" in " ".join(prompt.lines)
    prompt = hand.expect("pack.item", f"]E0{JAN['TEA']}")
    assert (prompt.focus.sku, prompt.focus.picture) == ("CARD", "card.png")
    hand.expect("pack.box", "CARD")


@ON_BOTH
def test_rules_are_applied_once_and_stop_where_the_shelf_is_empty(site: FloorSite) -> None:
    rule(site)
    numbers = [site.order(("TEA", 1), ("CUP", 1)) for _ in range(5)]
    assert site.write(inserts.apply, numbers, today="2026-11-22") == 3, "three cards are there"
    assert site.write(inserts.apply, numbers, today="2026-11-22") == 0
    site.release(numbers)
    assert sum(kind == "insert" for _, kind, _ in lines(site)) == 3
    assert {site.state(number) for number in numbers} == {"released"}, "nobody waits for a card"


def test_gift_wrap_is_a_line_with_its_picture_by_the_owner_s_rule(site: FloorSite) -> None:
    site.put("D-05", "RIBBON", 1)
    site.good("RIBBON", kind="gift", picture="ribbon.png")
    rules = (
        NewInsert(owner="acme", sku="RIBBON", wish="wrapping", wish_words="リボン"),
        NewInsert(owner="acme", sku="CARD", wish="noshi"),
    )
    site.write(inserts.put_rules, rules)
    wanted = NewOrder(
        owner="acme", shop="acme-shop", external_id="g", service="yamato", recipient=SOMEONE,
        gift=Gift(wrapping="リボン"), lines=(NewLine(sku="TEA", qty=1),),
    )  # fmt: skip
    first, second = (
        site.write(order_book.accept, replace(wanted, external_id=name), now=site.now).order_id
        for name in ("g1", "g2")
    )
    site.release([first])
    assert lines(site)[:2] == [(first, "goods", 1), (first, "gift", 1)]
    site.release([second])
    assert site.state(second) == "short", "what was asked for is not left away silently"
    tour = site.write(tours.claim, person=ANNA, now=site.now)
    assert tour is not None
    site.claim()
    site.walk(tour)
    (slot,) = site.view(tour).slots
    site.drop(tour, "BENCH-1")
    hand = site.signed_in("BENCH-1", CAROL, work="pack")
    hand.expect("pack.item", str(slot.tote))
    prompt = hand.expect("pack.item", f"]E0{JAN['TEA']}")
    assert (prompt.focus.sku, prompt.focus.picture) == ("RIBBON", "ribbon.png")
    hand.expect("pack.box", "RIBBON")


def test_an_exchange_gets_no_inserts(site: FloorSite) -> None:
    rule(site)
    number = site.order(("TEA", 1))
    site.write(lambda tx: tx.execute(update(orders).values(kind="exchange")))
    assert site.write(inserts.apply, [number], today="2026-11-22") == 0


def test_putting_rules_replaces_those_of_their_owner(site: FloorSite) -> None:
    site.write(order_book.wake, today="2026-11-22", now=site.now)
    rule(site)
    fresh = NewInsert(owner="acme", sku="CARD", with_sku="TEA", amount_min=500)
    site.write(inserts.put_rules, [fresh, fresh])
    assert len(site.rows(select(insert_rules))) == 2
    site.write(inserts.put_rules, [fresh])
    (row,) = site.rows(select(insert_rules))
    assert (row.amount_min, row.with_item_id) == (500, site.good("TEA"))
    for wrong, code in (
        (NewInsert(owner="acme", sku="GONE"), Code.REFERENCE_UNKNOWN),
        (NewInsert(owner="none", sku="CARD"), Code.REFERENCE_UNKNOWN),
        (NewInsert(owner="acme", sku="CARD", shop="none"), Code.REFERENCE_UNKNOWN),
        (NewInsert(owner="acme", sku="CARD", from_date="2026-02-30"), Code.DATE_WRONG),
        (NewInsert(owner="acme", sku="CARD", wish_words="リボン"), Code.FIELD_MISSING),
    ):
        with pytest.raises(Rejected, match=f"^{code}"):
            site.write(inserts.put_rules, [wrong])
    assert len(site.rows(select(insert_rules))) == 1
