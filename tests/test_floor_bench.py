"""The bench itself on the real floor: what it lacks, papers, other services, learned weights."""

import json
from collections.abc import Iterator

import pytest
from sqlalchemy import select

from devices import printing
from labels.press import render_requested
from labels.templates import render
from tests.floor_site import (
    FIRST_NUMBER,
    JAN,
    ON_BOTH,
    FloorSite,
    data,
    floor_at,
    refused,
)
from tests.test_documents import PAPER
from wms.errors import Code
from wms.papers import documents
from wms.rooms import gaps
from wms.schema import (
    boxes,
    devices,
    events,
    item_weights,
    orders,
    owners,
    parcels,
    print_jobs,
    service_upgrades,
    services,
    shops,
    slips,
    stations,
    tag_reads,
)
from wms.schema import documents as documents_table
from wms.shipping.parcels import number_of
from wms.site.epc import sgtin96

TEA, CUP, HAT = (f"]E0{JAN[sku]}" for sku in ("TEA", "CUP", "HAT"))
NUMBERS = [number_of(FIRST_NUMBER + n) for n in range(4)]
PACK_1, PACK_2 = stations.c.code == "PACK-1", stations.c.code == "PACK-2"
BASKET = (("TEA", 2), ("CUP", 1))


@pytest.fixture
def engine() -> str:
    return "sqlite"


@pytest.fixture
def site(engine: str, request: pytest.FixtureRequest) -> Iterator[FloorSite]:
    with floor_at(request.getfixturevalue(f"new_{engine}")()) as site:
        site.stock_up()
        site.set(stations, PACK_1, neighbour="PACK-2")
        site.set(stations, PACK_2, printer="label-2", slip_printer="a4-2")
        yield site
        site.check()


def device(site: FloorSite, name: str, health: str = "online", reason: str = "") -> None:
    row = {"name": name, "driver": "zpl-tcp", "health": health, "reason": reason, "since_ms": 1}
    site.add(devices, row)


# Hard case: a printer that is missing is found out only at the end


@ON_BOTH
def test_a_printer_that_is_missing_is_found_out_before_the_first_scan(site: FloorSite) -> None:
    device(site, "label-1", "offline", "device.unreachable")
    hand, (tote,) = site.packing(BASKET)
    assert hand.prompt.lines == ("Printer: Cannot be reached: check power and cable",)
    told = hand.scan(tote)
    refused(told, Code.NO_LABEL_PRINTER)
    assert told.prompt.message is not None
    assert told.prompt.message.text.endswith("1 prints at PACK-2")
    assert (told.prompt.step, site.in_tote(tote)) == ("tote", {"TEA": 2, "CUP": 1})
    hand.command("ok")
    there = hand.expect("pack.tote", "1", "key")
    assert there.message is not None
    assert there.message.text == "Prints at PACK-2"
    for text in (tote, TEA, TEA, CUP):
        assert hand.scan(text).fate == "applied", hand.prompt
    hand.expect("pack.verify", "BX-S")
    site.write(render_requested, now=site.now, dots_per_mm={})
    (job,) = site.read(printing.waiting)
    assert (job.lane, job.printer) == ("label-2", "label-2"), "nothing had been sent before"
    hand.expect("pack.tote", NUMBERS[0])
    site.set(devices, devices.c.name == "label-1", health="online")
    home = hand.expect("pack.tote", "1", "key")
    assert home.message is not None
    assert home.message.code == "pack.prints_here"
    assert site.scalar(select(stations.c.redirect).where(PACK_1)) == ""


def test_without_any_printer_another_bench_is_the_way_out(site: FloorSite) -> None:
    site.set(stations, PACK_1, printer="", neighbour="")
    hand, (tote,) = site.packing(BASKET)
    told = hand.scan(tote)
    refused(told, Code.NO_LABEL_PRINTER)
    assert told.prompt.message is not None
    assert told.prompt.message.text.endswith("Use another bench")
    site.set(owners, owners.c.code == "acme", label_mode="pre_issued")
    hand.command("ok")
    hand.expect("pack.item", tote)  # slips that were issued before need none


def test_only_paper_of_which_nothing_was_sent_goes_to_the_neighbour(site: FloorSite) -> None:
    site.set(stations, PACK_2, neighbour="PACK-1")
    hand, (tote,) = site.packing(BASKET)
    for text in (tote, TEA, TEA, CUP, "BX-S"):
        hand.scan(text)
    site.write(render_requested, now=site.now, dots_per_mm={})
    (job,) = site.read(printing.waiting)
    assert job.printer == "label-1"
    site.write(printing.claim, job=job.id, printer="label-1", now=site.now)
    device(site, "label-1", "fault", "printer.head_open")
    hand.expect("pack.verify", "1", "key")
    assert site.read(printing.waiting) == [], "a label that may have come out stays where it is"
    assert site.jobs()[0].printer == "label-1"


def test_an_owner_who_wants_weights_is_not_packed_without_a_scale(site: FloorSite) -> None:
    site.set(owners, owners.c.code == "acme", must_weigh=1)
    hand, (tote,) = site.packing(BASKET)
    refused(hand.scan(tote), Code.NO_SCALE)


# Papers


@ON_BOTH
def test_a_bill_is_printed_scanned_and_known_to_be_in_its_box(site: FloorSite) -> None:
    site.set(stations, PACK_1, slip_printer="a4-1")
    hand, (tote,) = site.packing(BASKET)
    site.write(documents.announce, order=1, kind="invoice", code="INV-7", now=1)
    late = hand.scan(tote)
    refused(late, Code.DOCUMENT_MISSING)
    hand.command("ok")
    site.write(documents.put, order=1, kind="invoice", code="INV-7", pdf=PAPER, now=2)
    hand.expect("pack.item", tote)
    (job,) = site.jobs("document")
    assert (job.state, job.format, job.payload) == ("ready", "pdf", PAPER)
    assert {one.template for one in site.rows(select(print_jobs))} == {"packing_slip", "document"}
    hand.command("back")
    hand.expect("pack.item", tote)
    assert len(site.jobs("document")) == 1, "once"
    for text in (TEA, TEA):
        hand.scan(text)
    hand.expect("pack.paper", CUP)
    refused(hand.scan("INV-8"), "pack.wrong_paper")
    hand.command("ok")
    hand.expect("pack.box", "INV-7")
    hand.expect("pack.verify", "BX-S")
    paper = site.rows(select(documents_table))[0]
    assert paper.parcel_id == site.parcel("P0000001-1").id
    hand.expect("pack.tote", NUMBERS[0])


def test_a_one_piece_order_whose_bill_is_missing_waits_for_it(site: FloorSite) -> None:
    site.set(stations, PACK_1, slip_printer="a4-1")
    hand, (tote,) = site.packing((("TEA", 1),), (("TEA", 1),))
    site.write(documents.announce, order=1, kind="invoice", code="INV-7", now=1)
    hand.expect("pack.one", tote)
    hand.expect("pack.box", TEA)
    hand.expect("pack.verify", "BX-S")
    assert site.parcel("P0000002-1").order_id == 2, "the other order was served first"


def test_a_shop_s_own_slip_is_printed(site: FloorSite) -> None:
    site.set(stations, PACK_1, slip_printer="a4-1")
    site.set(shops, shops.c.code == "acme-shop", slip_template="with-return")
    site.set(orders, orders.c.code != "", amount=5_000)
    hand, (tote,) = site.packing(BASKET)
    site.set(orders, orders.c.id == 1, amount=5_000)
    hand.expect("pack.item", tote)
    (slip,) = site.jobs("return_slip")
    assert data(slip)["totals"] == [{"label": "お支払い合計", "amount": 5_000}]
    assert render("return_slip", data(slip)).startswith(b"%PDF")
    matched = hand.expect("pack.item", "O0000001")
    assert matched.message is not None
    assert matched.message.code == "pack.slip_matches"


# Other services


def allow(site: FloorSite, *, cost: int = 300) -> None:
    """Yamato's parcels may go by Sagawa."""
    rows = {"owner": "acme", "service": "yamato", "upgrade": "sagawa", "cost": cost}
    site.add(service_upgrades, rows)


SAGAWA = number_of(FIRST_NUMBER + 1_000)


@ON_BOTH
def test_what_does_not_fit_goes_by_another_service_before_it_has_a_label(site: FloorSite) -> None:
    allow(site)
    site.set(services, services.c.code == "yamato", sides_mm_max=400, thickness_mm_max=30)
    hand, (tote,) = site.packing(BASKET)
    for text in (tote, TEA, TEA, CUP):
        hand.scan(text)
    refused(hand.scan("BX-S"), "pack.box_too_big")
    hand.command("ok")
    asked = hand.expect("pack.service", "2", "key")
    assert asked.options[0].label == "sagawa +300"
    hand.expect("pack.box", "1", "key")
    hand.expect("pack.verify", "BX-S")
    parcel, order = site.parcel("P0000001-1"), site.rows(select(orders))[0]
    assert (parcel.carrier, parcel.service, parcel.tracking) == ("sagawa", "sagawa", SAGAWA)
    assert (order.service, order.surcharge) == ("sagawa", 300)
    hand.expect("pack.tote", SAGAWA)


# Hard case: a label is bought twice


@ON_BOTH
def test_a_label_is_never_bought_twice_and_the_old_one_is_void(site: FloorSite) -> None:
    allow(site)
    hand, (tote,) = site.packing(BASKET)
    for text in (tote, TEA, TEA, CUP, "BX-S"):
        hand.scan(text)
    assert site.parcel("P0000001-1").tracking == NUMBERS[0]
    hand.expect("pack.verify", "reprint", "command")
    assert {data(job)["tracking"] for job in site.jobs()} == {NUMBERS[0]}, "a copy, no new number"
    hand.expect("pack.service", "2", "key")
    hand.expect("pack.verify", "1", "key")
    assert site.parcel("P0000001-1").tracking == SAGAWA
    assert [(job.state, data(job)["tracking"], job.copy_no) for job in site.jobs()] == [
        ("void", NUMBERS[0], 1), ("requested", SAGAWA, 1),
    ]  # fmt: skip
    (told,) = site.rows(select(events).where(events.c.kind == "order.service_changed"))
    body = json.loads(told.body)
    assert (body["service"], body["was"], body["cost"], body["void"]) == (
        "sagawa", "yamato", 300, [NUMBERS[0]],
    )  # fmt: skip
    refused(hand.scan(f"]F0a{NUMBERS[0]}a"), "pack.wrong_label")
    hand.command("ok")
    hand.expect("pack.tote", SAGAWA)
    inspected = site.rows(select(events).where(events.c.kind == "parcel.inspected"))
    assert [json.loads(one.body)["tracking"] for one in inspected] == [SAGAWA]


def test_a_slip_that_was_used_for_the_old_service_is_void(site: FloorSite) -> None:
    allow(site)
    site.set(owners, owners.c.code == "acme", label_mode="pre_issued")
    hand, (tote,) = site.packing(BASKET)
    own = number_of(11_111_111_111)
    site.add(slips, {"order_id": 1, "carrier": "yamato", "tracking": own, "at_ms": 1})
    for text in (tote, TEA, TEA, CUP, "BX-S", own):
        hand.scan(text)
    hand.expect("pack.service", "2", "key")
    hand.expect("pack.slip", "1", "key")
    assert site.scalar(select(slips.c.state)) == "void"
    hand.expect("pack.tote", "later", "command")


def test_a_further_box_costs_what_its_rule_says(site: FloorSite) -> None:
    same = {"owner": "acme", "service": "yamato", "upgrade": "yamato", "cost": 940}
    site.add(service_upgrades, same)
    hand, (tote,) = site.packing((("TEA", 3), ("CUP", 1)))
    for text in (tote, TEA, TEA):
        hand.scan(text)
    hand.expect("pack.box", "full", "command")
    hand.expect("pack.item", "BX-S")
    for text in (TEA, CUP, "BX-S"):
        hand.scan(text)
    assert site.scalar(select(orders.c.surcharge)) == 940
    assert "2" not in [option.key for option in hand.prompt.options], "no other service"


# Weights and tags


@ON_BOTH
def test_weights_are_learned_from_closed_boxes_and_used(site: FloorSite) -> None:
    site.set(stations, PACK_1, scale="scale-1")
    hand, totes = site.packing(*[(("TEA", 2), ("CUP", 1))] * 4)
    for number, tote in enumerate(totes):
        for text in (tote, TEA, TEA, CUP, "BX-S"):
            assert hand.scan(text).fate == "applied", hand.prompt
        assert hand.send("580", "weight").prompt.step == "verify"
        hand.expect("pack.tote", NUMBERS[number])
    known = {row.item_id: row for row in site.rows(select(item_weights))}
    assert known[site.good("TEA")].boxes == 4
    assert 80_000 < known[site.good("TEA")].mean_mg < 85_000
    assert [row.predicted_g for row in site.rows(select(parcels).order_by(parcels.c.id))][-1] > 570


def test_plus_182_g_names_the_culprit(site: FloorSite) -> None:
    site.set(stations, PACK_1, scale="scale-1")
    site.good("CUP", weight_g=180, name="CUP")
    hand, (tote,) = site.packing((("TEA", 2), ("CUP", 1)))
    for text in (tote, TEA, TEA, CUP, "BX-S"):
        hand.scan(text)
    heavy = hand.send(str(100 + 160 + 180 + 182), "weight")
    refused(heavy, "pack.too_heavy")
    assert heavy.prompt.message is not None
    assert heavy.prompt.message.text == "+182 g too heavy. One CUP (180 g) too many?"


@ON_BOTH
def test_an_extra_tag_names_the_order_that_it_belongs_to(site: FloorSite) -> None:
    site.set(stations, PACK_1, reader="reader-1", scale="scale-1")
    site.good("HAT", rfid_tagged=1)
    hand, totes = site.packing(BASKET, (("HAT", 1), ("TEA", 1)))
    for text in (totes[0], TEA, TEA, CUP):
        hand.scan(text)
    epc = sgtin96(JAN["HAT"], 5, prefix_digits=7)
    row = {"device": "reader-1", "epc": epc, "first_ms": site.now, "last_ms": site.now + 5_000}
    site.add(tag_reads, row)
    doubted = hand.expect("pack.box", "BX-S")
    assert doubted.message is not None
    assert doubted.message.text.startswith("Tags differ: +1 HAT (O0000002).")
    hand.expect("pack.weigh", "BX-S")
    heavy = hand.send(str(100 + 160 + 300 + 121), "weight")
    refused(heavy, "pack.too_heavy_of")
    assert heavy.prompt.message is not None
    assert "O0000002" in heavy.prompt.message.text


def test_tags_that_a_blind_reader_did_not_see_are_not_missing(site: FloorSite) -> None:
    site.set(stations, PACK_1, reader="reader-1")
    site.good("TEA", rfid_tagged=1)
    hand, (tote,) = site.packing(BASKET)
    assert any("RFID differs" in line for line in hand.scan(tote).prompt.lines), "it sees no tea"
    away = gaps.Gap(site.now - 1_000, site.now + 1_000, "reader.quiet")
    site.write(lambda tx: gaps.note(tx, [("reader-1", away)]))
    lines = hand.scan(TEA).prompt.lines
    assert any("RFID blind" in line for line in lines), lines
    assert not any("differs" in line for line in lines)


def test_an_item_travels_in_its_own_box(site: FloorSite) -> None:
    site.good("CUP", own_box=1)
    hand, (tote,) = site.packing(BASKET)
    hand.scan(tote)
    alone = hand.expect("pack.box", CUP)
    assert (alone.focus.sku, alone.focus.box) == ("CUP", "")
    hand.expect("pack.item", CUP)
    for text in (TEA, TEA):
        hand.scan(text)
    hand.expect("pack.verify", "BX-S")
    assert [row.box for row in site.rows(select(parcels).order_by(parcels.c.id))] == [
        "@own", "BX-S",
    ]  # fmt: skip
    assert [data(job)["pieces"] for job in site.jobs()] == [2, 2]


# Hard case: multi-box orders keep only the last number


@ON_BOTH
def test_an_order_of_several_boxes_keeps_every_number(site: FloorSite) -> None:
    hand, (tote,) = site.packing((("TEA", 3), ("CUP", 1)))
    for text in (tote, TEA):
        hand.scan(text)
    hand.expect("pack.box", "full", "command")
    hand.expect("pack.item", "BX-S")
    for text in (TEA, TEA):
        hand.scan(text)
    hand.expect("pack.box", "full", "command")
    hand.expect("pack.item", "BX-S")
    hand.expect("pack.box", CUP)
    hand.expect("pack.verify", "BX-S")
    for number in NUMBERS[:3]:
        hand.scan(number)
    assert [row.tracking for row in site.rows(select(parcels).order_by(parcels.c.piece))] == (
        NUMBERS[:3]
    )
    told = site.rows(
        select(events).where(events.c.kind == "parcel.inspected").order_by(events.c.id)
    )
    assert [json.loads(one.body)["tracking"] for one in told] == NUMBERS[:3]
    assert site.state(1) == "packed"


def test_the_proposal_is_a_box_that_holds_the_goods(site: FloorSite) -> None:
    site.set(boxes, boxes.c.code == "BX-S", height_mm=40)
    hand, (tote,) = site.packing(BASKET)
    for text in (tote, TEA, TEA):
        hand.scan(text)
    assert hand.expect("pack.box", CUP).focus.box == "BX-S"
    site.good("CUP", height_mm=250)
    assert hand.prompt.focus.box == "BX-L"
    site.good("CUP", height_mm=1_500)
    assert hand.prompt.focus.box == "", "none is shown to hold it"
