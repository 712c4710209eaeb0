"""Labels that do not come out, boxes that wait, slips and tags at the bench, on both databases."""

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import func, select

from labels.templates import render
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
    items,
    orders,
    owners,
    print_jobs,
    stations,
    stock,
    tag_reads,
    tasks,
    tracking_ranges,
)
from wms.shipping.parcels import number_of
from wms.site.epc import sgtin96

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


# Labels that do not come out


@ON_BOTH
def test_a_copy_is_printed_only_when_the_first_surely_will_not_come(site: FloorSite) -> None:
    hand, (tote,) = site.packing((("TEA", 2), ("CUP", 1)))
    for text in (tote, TEA, TEA, CUP, "BX-S"):
        hand.scan(text)

    def reprint(state: str) -> str:
        newest = print_jobs.c.id == max(job.id for job in site.jobs())
        site.set(print_jobs, newest, state=state)
        message = hand.expect("pack.verify", "reprint", "command").message
        assert message is not None
        return message.code

    for state in ("requested", "ready", "sending", "blocked"):
        assert reprint(state) == "print.still_coming"
    assert len(site.jobs()) == 1
    assert reprint("uncertain") == "print.copy_requested"
    assert reprint("confirmed") == "print.copy_requested"
    assert [job.copy_no for job in site.jobs()] == [1, 2, 3]
    assert {data(job)["tracking"] for job in site.jobs()} == {NUMBERS[0]}, "never another number"
    assert reprint("failed") == "print.copy_requested"
    assert [job.copy_no for job in site.jobs()] == [1, 2, 3, 3], "what failed never came out"
    assert site.parcel("P0000001-1").copies == 3


@ON_BOTH
def test_a_box_can_be_set_aside_and_taken_up_at_another_bench(site: FloorSite) -> None:
    hand, totes = site.packing((("TEA", 2), ("CUP", 1)), (("TEA", 1), ("HAT", 1)))
    for text in (totes[0], TEA, TEA, CUP, "BX-S"):
        hand.scan(text)
    aside = hand.expect("pack.tote", "later", "command")
    assert aside.message is not None
    assert "Scan it to go on later" in aside.message.text
    assert site.scalar(select(tasks.c.ref).where(tasks.c.kind == "assist")) == "parcel:P0000001-1"
    hand.expect("pack.item", totes[1])  # the bench goes on
    hand.command("back")
    site.set(stations, stations.c.code == "PACK-2", printer="label-2")
    other = site.signed_in("BENCH-2", CAROL, work="pack")
    other.expect("pack.verify", NUMBERS[0])
    other.expect("pack.tote", NUMBERS[0])
    assert site.state(1) == "packed"


def test_an_owner_without_numbers_loses_no_proof(site: FloorSite) -> None:
    hand, (tote,) = site.packing((("TEA", 2), ("CUP", 1)))
    site.set(tracking_ranges, tracking_ranges.c.carrier == "yamato", next=FIRST_NUMBER + 100)
    refused(hand.scan(tote), Code.TRACKING_EXHAUSTED)  # before anybody has begun
    site.set(tracking_ranges, tracking_ranges.c.carrier == "yamato", next=FIRST_NUMBER)
    hand.command("ok")
    for text in (tote, TEA, TEA, CUP):
        hand.scan(text)
    site.set(tracking_ranges, tracking_ranges.c.carrier == "yamato", next=FIRST_NUMBER + 100)
    refused(hand.scan("BX-S"), Code.TRACKING_EXHAUSTED)
    assert hand.command("ok").prompt.step == "box"
    assert (site.in_tote(tote), site.counts()["parcels"]) == ({"TEA": 2, "CUP": 1}, 0)
    site.set(tracking_ranges, tracking_ranges.c.carrier == "yamato", last=FIRST_NUMBER + 199)
    hand.expect("pack.verify", "BX-S")


@ON_BOTH
def test_a_stopped_order_is_neither_packed_nor_closed(site: FloorSite) -> None:
    hand, totes = site.packing((("TEA", 2), ("CUP", 1)), (("TEA", 1), ("HAT", 1)))
    site.write(order_book.set_state, [1], "held", now=site.now, reason="test")
    refused(hand.scan(totes[0]), Code.ORDER_STOPPED)
    hand.command("ok")
    for text in (totes[1], TEA, HAT, "BX-S"):
        hand.scan(text)
    site.write(order_book.set_state, [2], "held", now=site.now, reason="test")
    refused(hand.scan(NUMBERS[0]), Code.ORDER_STOPPED)
    hand.command("ok")
    assert (site.state(2), site.told("parcel.inspected")) == ("held", 0)
    hand.expect("pack.tote", "later", "command")


def test_a_short_order_is_refused_when_its_tote_comes(site: FloorSite) -> None:
    hand, totes = site.packing((("TEA", 2), ("CUP", 1)))
    site.write(_lose, "CUP")
    short = hand.scan(totes[0])
    refused(short, Code.ORDER_INCOMPLETE)
    assert short.prompt.message is not None
    assert "1" in short.prompt.message.text


def _lose(tx: Any, sku: str) -> None:
    mine = select(allocations.c.id).join(items, items.c.id == allocations.c.item_id)
    allocation.release(tx, list(tx.scalars(mine.where(items.c.sku == sku))))


# Paper and tags


@ON_BOTH
def test_scanning_the_tote_prints_the_slip_once_and_again_when_asked(site: FloorSite) -> None:
    site.set(stations, PACK_1, slip_printer="a4-1")
    hand, (tote,) = site.packing((("TEA", 2), ("CUP", 1)))
    hand.expect("pack.item", tote)
    hand.command("back")
    hand.expect("pack.item", tote)
    (slip,) = site.jobs("packing_slip")
    assert (slip.format, slip.station, slip.copies) == ("pdf", "PACK-1", 1)
    assert [(line["sku"], line["qty"]) for line in data(slip)["lines"]] == [("TEA", 2), ("CUP", 1)]
    assert render("packing_slip", data(slip)).startswith(b"%PDF")
    said = hand.expect("pack.item", "reprint", "command")
    assert said.message is not None
    assert said.message.code == "print.slip_requested"
    assert len(site.jobs("packing_slip")) == 2


def test_a_one_piece_order_gets_its_slip_when_it_gets_its_piece(site: FloorSite) -> None:
    site.set(stations, PACK_1, slip_printer="a4-1")
    hand, (tote,) = site.packing((("TEA", 1),), (("TEA", 1),))
    hand.expect("pack.one", tote)
    assert site.jobs("packing_slip") == []
    hand.expect("pack.box", TEA)
    (slip,) = site.jobs("packing_slip")
    assert data(slip)["order"] == "O0000001"


def test_a_gift_without_a_slip_prints_none(site: FloorSite) -> None:
    site.set(stations, PACK_1, slip_printer="a4-1")
    hand, (tote,) = site.packing((("TEA", 2), ("CUP", 1)))
    site.set(orders, orders.c.id == 1, gift='{"without_slip":true}')
    hand.expect("pack.item", tote)
    assert site.jobs("packing_slip") == []


@ON_BOTH
def test_tags_are_shown_against_the_tote_and_change_nothing(site: FloorSite) -> None:
    site.set(stations, PACK_1, reader="reader-1")
    site.good("TEA", rfid_tagged=1)
    hand, (tote,) = site.packing((("TEA", 2), ("CUP", 1)))
    hand.expect("pack.item", tote)
    assert hand.prompt.lines[0] == "RFID differs -2 TEA"
    for serial, sku, age_ms in (
        (1, "TEA", 0),
        (2, "TEA", 9_000),
        (3, "TEA", 11_000),
        (4, "HAT", 0),
    ):
        epc = sgtin96(JAN[sku], serial, prefix_digits=7)
        seen = site.now - age_ms
        site.add(tag_reads, {"device": "reader-1", "epc": epc, "first_ms": seen, "last_ms": seen})
    site.add(tag_reads, {"device": "reader-9", "epc": "ff", "first_ms": 1, "last_ms": site.now})
    assert hand.prompt.lines[0] == "RFID differs +1 HAT"
    assert hand.prompt.done == 0, "tags are evidence, not proof"
    site.set(tag_reads, tag_reads.c.last_ms > site.now - 10_000, last_ms=site.now)
    site.set(tag_reads, tag_reads.c.epc == sgtin96(JAN["HAT"], 4, prefix_digits=7), last_ms=1)
    site.set(owners, owners.c.code == "acme", trust_tags=1)
    assert hand.prompt.done == 2, "unless their owner takes their word"
    hand.expect("pack.box", f"]E0{JAN['CUP']}")


def test_packing_is_only_for_a_bench(site: FloorSite) -> None:
    hand = site.signed_in("HT-01", CAROL)
    assert [option.command for option in hand.prompt.options if option.key.isdigit()] == [
        "1", "sign_off",
    ]  # fmt: skip
    assert hand.command("pack").fate == "refused"


def test_what_is_packed_left_its_tote_exactly_once(site: FloorSite) -> None:
    hand, (tote,) = site.packing((("TEA", 2), ("CUP", 1)))
    for text in (tote, TEA, TEA, CUP):
        hand.scan(text)
    first = hand.scan("BX-S", scan_id="close")
    assert hand.scan("BX-S", scan_id="close") == first
    inside = select(func.sum(stock.c.qty)).where(stock.c.place == "P0000001-1")
    assert (site.scalar(inside), len(site.jobs())) == (3, 1)
