"""Packing on the real floor: proof before the label, the label scanned back, on both databases."""

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import select

from labels.templates import render
from picking import tours
from tests.floor_site import (
    CAROL,
    FIRST_NUMBER,
    JAN,
    ON_BOTH,
    FloorSite,
    data,
    floor_at,
    refused,
)
from wms.errors import Code
from wms.orders import lifecycle as order_book
from wms.promises import allocation
from wms.schema import (
    allocations,
    device_facts,
    devices,
    items,
    order_lines,
    orders,
    owners,
    parcel_lines,
    slips,
    stations,
)
from wms.shipping.parcels import number_of

TEA, CUP, HAT = (f"]E0{JAN[sku]}" for sku in ("TEA", "CUP", "HAT"))
NUMBERS = [number_of(FIRST_NUMBER + n) for n in range(4)]
PACK_1 = stations.c.code == "PACK-1"


@pytest.fixture
def engine() -> str:
    return "sqlite"


@pytest.fixture
def site(engine: str, request: pytest.FixtureRequest) -> Iterator[FloorSite]:
    with floor_at(request.getfixturevalue(f"new_{engine}")()) as site:
        site.stock_up()
        yield site
        site.check()


@ON_BOTH
def test_an_order_is_proven_boxed_labelled_and_closed(site: FloorSite) -> None:
    hand, (tote,) = site.packing((("TEA", 2), ("CUP", 1)))
    hand.expect("pack.item", tote)
    refused(hand.scan(HAT), "pack.wrong_item")
    hand.command("ok")
    hand.expect("pack.item", TEA)
    hand.expect("pack.item", CUP)
    refused(hand.scan(CUP), "pack.too_many")
    hand.command("ok")
    hand.expect("pack.box", TEA)
    assert site.in_tote(tote) == {"TEA": 2, "CUP": 1}, "until the box is closed it can be undone"
    prompt = hand.expect("pack.verify", "BX-S")
    assert prompt.focus.parcel == "P0000001-1"
    parcel = site.parcel("P0000001-1")
    assert (parcel.state, parcel.tracking, parcel.box) == ("labelled", NUMBERS[0], "BX-S")
    assert (site.in_tote(tote), site.in_tote("P0000001-1")) == ({}, {"TEA": 2, "CUP": 1})
    assert site.told("parcel.inspected") == 0, "nobody hears the number before its proof"
    wrong = hand.scan(f"]F0a{NUMBERS[1]}a")
    refused(wrong, "pack.wrong_label")
    assert wrong.prompt.message is not None
    assert wrong.prompt.message.expected == NUMBERS[0]
    assert wrong.prompt.message.scanned == NUMBERS[1]
    hand.command("ok")
    closed = hand.expect("pack.tote", f"]F0a{NUMBERS[0]}a")
    assert closed.message is not None
    assert closed.message.code == "pack.closed"
    assert (site.parcel("P0000001-1").state, site.state(1)) == ("closed", "packed")
    assert (site.told("parcel.inspected"), site.told("order.packed")) == (1, 1)
    refused(hand.scan(f"]F0a{NUMBERS[0]}a"), Code.PARCEL_PROVEN)


@ON_BOTH
def test_the_label_says_how_to_treat_what_is_inside(site: FloorSite) -> None:
    site.good("TEA", fragile=1, no_air=1)
    site.good("CUP", storage="chilled")
    hand, (tote,) = site.packing((("TEA", 2), ("CUP", 1)))
    site.set(orders, orders.c.id == 1, cod=12_800, depot="新宿営業所", leave_at="")
    for text in (tote, TEA, TEA, CUP, "BX-S"):
        hand.scan(text)
    (job,) = site.jobs()
    label = data(job)
    assert (label["temperature"], label["handling"]) == ("chilled", ["fragile", "no_air"])
    assert (label["piece"], label["pieces"]) == (1, 1)
    assert label["contents"].endswith("商品 3点")
    assert label["service"].endswith("代引 12,800円 営業所止め 新宿営業所")
    assert render("shipping", label).startswith(b"^XA")


def weighed(site: FloorSite, grams: int, at_ms: int = 0) -> None:
    """The scale of PACK-1 says something."""
    row = {"device": "scale-1", "kind": "weight", "text": str(grams), "at_ms": at_ms or site.now}
    site.add(device_facts, row)


@ON_BOTH
def test_a_weight_that_fits_closes_the_box_and_one_that_does_not_names_the_culprit(
    site: FloorSite,
) -> None:
    site.set(stations, PACK_1, scale="scale-1")
    hand, (tote,) = site.packing((("TEA", 2), ("CUP", 1)))
    for text in (tote, TEA, TEA, CUP):
        hand.scan(text)
    prompt = hand.expect("pack.weigh", "BX-S")
    assert prompt.focus.weight_g == 560
    heavy = hand.send("642", "weight")
    refused(heavy, "pack.too_heavy")
    assert heavy.prompt.message is not None
    assert heavy.prompt.message.text == "+82 g too heavy. One Item TEA (80 g) too many?"
    hand.command("ok")
    again = hand.expect("pack.item", "back", "command")
    assert again.done == 0, "all of it is counted again"
    for text in (TEA, TEA, CUP, "BX-S"):
        hand.scan(text)
    weighed(site, 571)
    assert hand.prompt.options[0].label == "Take 571 g"
    hand.expect("pack.verify", "1", "key")
    parcel = site.parcel("P0000001-1")
    assert (parcel.predicted_g, parcel.weight_g) == (560, 571)


def test_a_scale_that_is_down_stops_nobody(site: FloorSite) -> None:
    site.set(stations, PACK_1, scale="scale-1")
    site.add(devices, {"name": "scale-1", "driver": "mt-sics", "health": "online", "since_ms": 1})
    hand, (tote,) = site.packing((("TEA", 2), ("CUP", 1)))
    for text in (tote, TEA, TEA, CUP):
        hand.scan(text)
    hand.expect("pack.weigh", "BX-S")
    site.set(devices, devices.c.name == "scale-1", health="offline", reason="device.unreachable")
    assert hand.prompt.options[0].label == "Go on without the scale"
    hand.expect("pack.verify", "1", "key")
    assert site.parcel("P0000001-1").weight_g == 0


@ON_BOTH
def test_slips_that_were_issued_before_are_matched_at_the_box(site: FloorSite) -> None:
    site.set(owners, owners.c.code == "acme", label_mode="pre_issued")
    hand, totes = site.packing((("TEA", 2), ("CUP", 1)), (("TEA", 1), ("HAT", 1)))
    own, others = number_of(11_111_111_111), number_of(22_222_222_222)
    for order, number in ((1, own), (2, others)):
        site.add(slips, {"order_id": order, "carrier": "yamato", "tracking": number, "at_ms": 1})
    for text in (totes[0], TEA, TEA, CUP):
        hand.scan(text)
    slip = hand.expect("pack.slip", "BX-S")
    assert slip.lines == (own,)
    assert site.jobs() == [], "the slip is there, no label is printed"
    refused(hand.scan(f"]F0a{others}a"), "pack.wrong_slip")
    hand.command("ok")
    hand.expect("pack.verify", f"]F0a{own}a")
    assert (site.parcel("P0000001-1").state, site.parcel("P0000001-1").tracking) == (
        "labelled",
        own,
    )
    assert site.told("order.packed") == 0, "a slip in the hand is no slip on the box"
    refused(hand.scan(f"]F0a{others}a"), "pack.wrong_label")
    hand.command("ok")
    hand.expect("pack.tote", f"]F0a{own}a")
    assert site.state(1) == "packed"
    for text in (totes[1], TEA, HAT, "BX-S"):
        hand.scan(text)
    refused(hand.scan(f"]F0a{own}a"), "pack.wrong_slip")


@ON_BOTH
def test_an_order_in_several_totes_needs_all_of_them_here(site: FloorSite) -> None:
    order = site.order(("TEA", 4), ("CUP", 1))
    site.release([order])
    picker = site.signed_in("HT-01", 1, work="pick")
    picker.key("1")
    for text in ("T-01", "A-01", TEA, TEA, TEA, TEA, "T-01"):
        picker.scan(text)
    picker.command("full")
    for text in ("T-02", "B-02", CUP, "T-02", "BENCH-1"):
        assert picker.scan(text).fate == "applied", picker.prompt
    site.write(_carry, "T-02", "BENCH-2", site.now)
    hand = site.signed_in("BENCH-1", CAROL, work="pack")
    away = hand.scan("T-01")
    refused(away, Code.TOTES_ELSEWHERE)
    assert away.prompt.message is not None
    assert "T-02" in away.prompt.message.text
    assert away.prompt.step == "tote", "the tote is put aside, the bench is free"
    hand.command("ok")
    site.write(_carry, "T-02", "BENCH-1", site.now)
    first = hand.expect("pack.item", "T-01")
    assert first.total == 5
    for _ in range(4):
        hand.expect("pack.item", TEA)
    assert hand.prompt.focus.tote == "T-02", "the next piece lies in the other one"
    hand.expect("pack.item", "T-02")
    hand.expect("pack.box", CUP)


def _carry(tx: Any, tote: str, place: str, now: int) -> None:
    tours.deliver(tx, tote=tote, place=place, key=f"{tote}:{place}:{now}", actor="test", now=now)


@ON_BOTH
def test_a_total_tote_is_given_out_piece_by_piece_to_the_most_urgent(site: FloorSite) -> None:
    numbers = [site.order(("TEA", 1)), site.order(("TEA", 1), priority=5), site.order(("CUP", 1))]
    site.release(numbers)
    picker = site.signed_in("HT-01", 1, work="pick")
    picker.key("1")
    for text in ("T-01", "A-01", TEA, TEA, "T-01", "B-02", CUP, "T-01", "BENCH-1"):
        assert picker.scan(text).fate == "applied", picker.prompt
    hand = site.signed_in("BENCH-1", CAROL, work="pack")
    hand.expect("pack.one", "T-01")
    refused(hand.scan(HAT), "pack.wrong_item")
    hand.command("ok")
    hand.expect("pack.box", TEA)
    bound = site.rows(
        select(order_lines.c.order_id)
        .join(allocations, allocations.c.line_id == order_lines.c.id)
        .where(allocations.c.state == "picked")
    )
    assert [row.order_id for row in bound] == [numbers[1]], "the most urgent one"
    before = hand.prompt
    other = site.at("BENCH-2")
    site.set(stations, stations.c.code == "PACK-2", place="BENCH-1")
    assert other.sign_in(CAROL).focus == before.focus, "resumed at another terminal"
    hand.sign_in(CAROL)
    hand.expect("pack.verify", "BX-S")
    hand.expect("pack.one", NUMBERS[0])
    hand.expect("pack.box", CUP)
    hand.expect("pack.item", "back", "command")
    hand.expect("pack.tote", "back", "command")
    hand.expect("pack.item", "T-01")  # the cup belongs to its order already
    hand.expect("pack.box", CUP)
    hand.expect("pack.verify", "BX-S")
    hand.expect("pack.one", NUMBERS[1])
    hand.expect("pack.box", TEA)
    hand.expect("pack.verify", "BX-S")
    hand.expect("pack.tote", NUMBERS[2])
    assert {site.state(order) for order in numbers} == {"packed"}
    refused(hand.scan("T-01"), Code.TOTE_EMPTY)


def test_a_piece_that_nobody_waits_for_is_said(site: FloorSite) -> None:
    numbers = [site.order(("TEA", 1)), site.order(("TEA", 1))]
    site.release(numbers)
    tour = site.claim()
    site.walk(tour.id)
    site.drop(tour.id, "BENCH-1")
    site.write(
        order_book.set_state, [numbers[0]], "held", now=site.now, reason="test"
    )  # fmt: skip
    hand = site.signed_in("BENCH-1", CAROL, work="pack")
    hand.expect("pack.one", "T-01")
    for text in (TEA, "BX-S", NUMBERS[0]):
        hand.scan(text)
    refused(hand.scan(TEA), Code.TOTAL_NOBODY_WAITS)


@ON_BOTH
def test_what_does_not_fit_goes_into_a_second_box_and_labels_say_how_many(site: FloorSite) -> None:
    hand, (tote,) = site.packing((("TEA", 3), ("CUP", 1)))
    for text in (tote, TEA, TEA):
        hand.scan(text)
    hand.expect("pack.box", "full", "command")
    rest = hand.expect("pack.item", "BX-S")
    assert (rest.total, site.jobs()) == (2, []), "how many boxes there will be is not known yet"
    assert site.parcel("P0000001-1").state == "open"
    hand.expect("pack.item", TEA)
    hand.expect("pack.box", CUP)
    hand.expect("pack.verify", "BX-L")
    labels = [data(job) for job in site.jobs()]
    assert [(one["piece"], one["pieces"], one["parcel"]) for one in labels] == [
        (1, 2, "P0000001-1"), (2, 2, "P0000001-2"),
    ]  # fmt: skip
    refused(hand.scan(NUMBERS[1]), "pack.wrong_label")
    hand.command("ok")
    second = hand.expect("pack.verify", NUMBERS[0])
    assert (second.focus.parcel, site.state(1)) == ("P0000001-2", "picked")
    hand.expect("pack.tote", NUMBERS[1])
    assert site.state(1) == "packed"
    boxed = site.rows(
        select(parcel_lines.c.parcel_id, items.c.sku, parcel_lines.c.qty)
        .join(order_lines, order_lines.c.id == parcel_lines.c.line_id)
        .join(items, items.c.id == order_lines.c.item_id)
        .order_by(parcel_lines.c.parcel_id, items.c.sku)
    )
    assert [tuple(row) for row in boxed] == [(1, "TEA", 2), (2, "CUP", 1), (2, "TEA", 1)]


@ON_BOTH
def test_when_the_rest_is_cancelled_the_closed_box_still_gets_its_label(site: FloorSite) -> None:
    hand, (tote,) = site.packing((("TEA", 2), ("CUP", 1)))
    for text in (tote, TEA, TEA):
        hand.scan(text)
    hand.command("full")
    hand.expect("pack.item", "BX-S")
    site.write(_cancel_line, 2)
    assert hand.prompt.step == "label"
    hand.expect("pack.verify", "1", "key")
    hand.expect("pack.tote", NUMBERS[0])
    assert site.state(1) == "packed"
    assert site.parcel("P0000001-1").copies == 1


def _cancel_line(tx: Any, line: int) -> None:
    mine = (allocations.c.line_id == line) & (allocations.c.state == "picked")
    allocation.release(tx, list(tx.scalars(select(allocations.c.id).where(mine))))
    of_line = order_lines.c.id == line
    tx.execute(order_lines.update().where(of_line).values(cancelled=order_lines.c.qty))
