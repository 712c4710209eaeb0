"""Receiving on the real floor, with real scans; the audit is clean after each of these."""

from collections.abc import Iterator

import pytest
from sqlalchemy import select

from labels.press import render_requested
from picking.floor import Answer
from tests.floor_site import ON_BOTH, Hand, data, refused
from tests.receive_site import CASE, JAN, PREFIX, ROSA, SORA, ReceiveSite, dock_at, gs1, line
from wms.errors import Code
from wms.inbound.lpn import is_sscc, sscc
from wms.schema import barcodes, inbounds, people, person_roles, places, print_jobs, roles

SOAP, MILK, RADIO = (f"]E0{JAN[sku]}" for sku in ("SOAP", "MILK", "RADIO"))


@pytest.fixture
def engine() -> str:
    return "sqlite"


@pytest.fixture
def site(engine: str, request: pytest.FixtureRequest) -> Iterator[ReceiveSite]:
    with dock_at(request.getfixturevalue(f"new_{engine}")()) as site:
        yield site


def said(answer: Answer) -> str:
    assert answer.prompt.message is not None
    return answer.prompt.message.code


def at_delivery(site: ReceiveSite, code: str = "IN0000001", person: int = ROSA) -> Hand:
    hand = site.receiving(person, "RX-1" if person == ROSA else "HT-05")
    hand.expect("receive.item", code)
    return hand


@ON_BOTH
def test_a_delivery_from_its_paper_to_its_close(site: ReceiveSite) -> None:
    delivery = site.asn(("SOAP", 30), ("MILK", 2), ("RADIO", 2))
    hand = at_delivery(site, "ASN-1")
    hand.expect("receive.put", SOAP)
    hand.expect("receive.put", CASE)
    assert hand.prompt.focus.qty == 13
    booked = hand.expect("receive.item", "PL-1")
    assert (booked.done, booked.total) == (13, 34)
    assert booked.message is not None
    assert booked.message.text == "13 onto PL-1"
    hand.expect("receive.put", SOAP)
    hand.expect("receive.put", "17", "key")
    hand.expect("receive.item", "PL-2")
    hand.expect("receive.expiry", MILK)
    hand.expect("receive.put", "270131", "key")
    hand.expect("receive.put", MILK)
    hand.expect("receive.item", "DOCK")
    hand.expect("receive.serial", RADIO)
    hand.expect("receive.put", "SN-1")
    hand.expect("receive.put", gs1(("01", f"0{JAN['RADIO']}"), ("21", "SN-2")))
    hand.expect("receive.item", "DOCK")
    assert site.lines(delivery) == [("SOAP", 30, 30, 0), ("MILK", 2, 2, 0), ("RADIO", 2, 2, 0)]
    assert site.at_place("PL-2") == [("SOAP", "", "available", "", 17)]
    assert site.scalar(select(places.c.parent).where(places.c.code == "PL-2")) == "DOCK"
    assert site.at_place("DOCK") == [
        ("MILK", "2027-01-31", "available", "", 2), ("RADIO", "", "available", "SN-1", 1),
        ("RADIO", "", "available", "SN-2", 1),
    ]  # fmt: skip
    hand.expect("receive.close", "full", "command")
    hand.expect("receive.choose", "1", "key")
    row = site.delivery(delivery)
    assert (row.state, row.dock, site.told("inbound.received")) == ("received", "DOCK", 1)


@ON_BOTH
def test_gs1_fills_lot_expiry_and_quantity(site: ReceiveSite) -> None:
    delivery = site.asn(("PILL", 200))
    hand = at_delivery(site)
    code = gs1(("02", f"0{JAN['PILL']}"), ("17", "270500"), ("37", "24"), ("10", "L-7"))
    shown = hand.expect("receive.put", code).focus
    assert (shown.lot, shown.expiry, shown.qty) == ("L-7", "2027-05-31", 24)
    hand.expect("receive.item", "PL-1")
    hand.expect("receive.put", gs1(("01", f"0{JAN['PILL']}"), ("17", "270531"), ("10", "L-7")))
    hand.expect("receive.item", "PL-1")
    hand.expect("receive.lot", f"]E0{JAN['PILL']}")
    assert hand.expect("receive.put", "l-7", "key").focus.lot == "L-7", "one lot has one name"
    hand.expect("receive.item", "PL-1")
    assert site.at_place("PL-1") == [("PILL", "L-7", "available", "", 26)]
    assert site.lines(delivery) == [("PILL", 200, 26, 0)]


def test_unknown_barcode_is_not_a_dead_end(site: ReceiveSite) -> None:
    site.asn(("SOAP", 30), ("LOOSE", 100))
    hand = at_delivery(site)
    hand.expect("receive.bind", "4999999999996")
    hand.expect("receive.inside", SOAP)
    hand.expect("receive.put", "6", "key")
    hand.expect("receive.item", "DOCK")
    hand.expect("receive.put", "4999999999996")
    assert hand.prompt.focus.qty == 6, "it is known from now on"
    hand.expect("receive.item", "DOCK")
    codes = site.rows(select(barcodes).where(barcodes.c.code == "4999999999996"))
    assert [(row.item_id, row.qty) for row in codes] == [(site.item("SOAP"), 6)]
    other = at_delivery(site, person=SORA)
    answer = other.scan("4999999999997")
    refused(answer, "receive.unknown")
    assert answer.prompt.message is not None
    assert "F5" in answer.prompt.message.text
    other.command("ok")
    other.expect("receive.list", "list", "command")
    other.expect("receive.put", "2", "key")
    other.expect("receive.put", "60", "key")
    other.expect("receive.item", "DOCK")
    assert site.at_place("DOCK") == [
        ("LOOSE", "", "available", "", 60), ("SOAP", "", "available", "", 12),
    ]  # fmt: skip


def test_a_barcode_of_another_item_is_not_taken_away(site: ReceiveSite) -> None:
    site.asn(("MILK", 3))
    hand = at_delivery(site)
    hand.expect("receive.bind", "4999999999996")
    hand.expect("receive.inside", MILK)
    item = site.item("SOAP")
    site.add(barcodes, {"code": "4999999999996", "item_id": item, "qty": 1})
    refused(hand.key("1"), Code.BARCODE_TAKEN)


def test_a_wrong_product_silently_adding_a_line_does_not_happen(site: ReceiveSite) -> None:
    delivery = site.asn(("SOAP", 3))
    hand = at_delivery(site)
    assert hand.expect("receive.sure", MILK).lines == ("Nobody announced it",)
    soon = hand.scan(MILK, after_ms=500)
    assert (soon.fate, said(soon), soon.prompt.step) == ("applied", "scan.too_soon", "sure")
    hand.expect("receive.item", "back", "command")
    assert site.lines(delivery) == [("SOAP", 3, 0, 0)]
    hand.expect("receive.sure", MILK)
    hand.expect("receive.expiry", MILK)
    hand.expect("receive.put", "2712", "key")
    hand.expect("receive.over", "DOCK")
    hand.expect("receive.item", "3", "key")
    assert site.lines(delivery) == [("SOAP", 3, 0, 0), ("MILK", 0, 1, 0)]


def test_double_scan_counted_twice_after_a_retry_does_not_happen(site: ReceiveSite) -> None:
    delivery = site.asn(("SOAP", 9))
    hand = at_delivery(site)
    hand.scan(SOAP, scan_id="s1")
    for _ in range(3):
        again = hand.scan(SOAP, scan_id="s1")
    assert again.prompt.focus.qty == 1
    assert hand.scan("DOCK", scan_id="s2").prompt.step == "item"
    assert hand.scan("DOCK", after_ms=100).fate == "repeat", "a bouncing trigger"
    for _ in range(3):
        done = hand.scan("DOCK", scan_id="s2")
    assert done.prompt.step == "item"
    assert site.lines(delivery) == [("SOAP", 9, 1, 0)]


def test_expired_and_short_lived_goods_are_never_for_sale_by_accident(site: ReceiveSite) -> None:
    site.good("MILK", shelf_days_in=30)
    delivery = site.asn(("MILK", 9))
    hand = at_delivery(site)
    for digits, lines in (
        ("261121", "Expired 2026-11-21"), ("261221", "Short: 2026-12-21"), ("261222", ""),
    ):  # fmt: skip
        hand.expect("receive.expiry", MILK)
        if not lines:
            hand.expect("receive.put", digits, "key")
        else:
            assert hand.expect("receive.sure", digits, "key").lines == (lines,)
            hand.expect("receive.put", MILK)
        hand.expect("receive.item", "DOCK")
    assert [row[2] for row in site.at_place("DOCK")] == ["expired", "quarantine", "available"]
    assert site.lines(delivery) == [("MILK", 9, 1, 2)]


def test_expired_today_rules_are_the_same_as_for_allocation(site: ReceiveSite) -> None:
    site.asn(("MILK", 9))
    hand = at_delivery(site)
    hand.expect("receive.expiry", MILK)
    hand.expect("receive.put", "261122", "key")
    hand.expect("receive.item", "DOCK")
    assert [row[2] for row in site.at_place("DOCK")] == ["available"]


def test_older_than_what_is_here_is_asked_once(site: ReceiveSite) -> None:
    site.asn(("MILK", 9))
    site.put("A-01", "MILK", 5, lot="2027-06-30", expiry="2027-06-30")
    hand = at_delivery(site)
    hand.expect("receive.expiry", MILK)
    asked = hand.expect("receive.sure", "270531", "key")
    assert asked.lines == ("Stock has 2027-06-30",)
    hand.expect("receive.put", MILK)
    hand.expect("receive.item", "DOCK")
    hand.expect("receive.expiry", MILK)
    hand.expect("receive.put", "270531", "key")
    hand.expect("receive.item", "DOCK")


def test_over_short_and_damaged_each_with_its_reason(site: ReceiveSite) -> None:
    delivery = site.asn(("SOAP", 2), ("MILK", 2))
    hand = at_delivery(site)
    for _ in range(3):
        hand.expect("receive.put", SOAP)
    assert hand.expect("receive.over", "PL-1").lines == ("2 to come, 1 over",)
    hand.expect("receive.put", "back", "command")
    hand.expect("receive.over", "PL-1")
    hand.expect("receive.item", "1", "key")
    hand.expect("receive.expiry", MILK)
    hand.expect("receive.put", "2705", "key")
    hand.expect("receive.why", "short", "command")
    hand.expect("receive.put", "2", "key")
    set_aside = hand.expect("receive.item", "DOCK")
    assert set_aside.message is not None
    assert (set_aside.message.severity, set_aside.message.code) == (
        "attention", "receive.set_aside",
    )  # fmt: skip
    closing = hand.expect("receive.close", "full", "command")
    assert closing.lines == ("SOAP 3/2", "MILK 1/2")
    hand.expect("receive.choose", "3", "key")
    assert site.lines(delivery) == [("SOAP", 2, 3, 0), ("MILK", 2, 0, 1)]
    assert site.at_place("DOCK")[0][2] == "damaged"


def test_the_last_line_is_repeated_and_undone(site: ReceiveSite) -> None:
    delivery = site.asn(("SOAP", 30))
    hand = at_delivery(site)
    hand.expect("receive.put", CASE)
    hand.expect("receive.item", "PL-1")
    assert hand.prompt.options[0].label == "Again: 12 SOAP"
    hand.expect("receive.put", "1", "key")
    hand.expect("receive.item", "PL-2")
    assert site.lines(delivery) == [("SOAP", 30, 24, 0)]
    undone = hand.expect("receive.item", "undo", "command")
    assert undone.message is not None
    assert undone.message.code == "receive.undone"
    assert site.lines(delivery) == [("SOAP", 30, 12, 0)]
    refused(hand.command("undo"), "undo.nothing")


def test_work_is_resumed_on_another_terminal(site: ReceiveSite) -> None:
    site.asn(("PILL", 3))
    at_delivery(site).expect("receive.lot", f"]E0{JAN['PILL']}")
    other = site.at("HT-05")
    other.scan("BADGE:rosa")
    assert (other.prompt.dialogue, other.prompt.step) == ("receive", "lot")
    other.expect("receive.expiry", "L1")
    other.expect("receive.put", "2705", "key")
    other.expect("receive.item", "DOCK")


def test_two_people_on_one_delivery_see_each_other_s_progress(site: ReceiveSite) -> None:
    delivery = site.asn(("SOAP", 30))
    rosa, sora = at_delivery(site), at_delivery(site, person=SORA)
    for hand, pallet in ((rosa, "PL-1"), (sora, "PL-2"), (rosa, "PL-1")):
        hand.expect("receive.put", SOAP)
        hand.expect("receive.put", "7", "key")
        hand.expect("receive.item", pallet)
    assert site.lines(delivery) == [("SOAP", 30, 21, 0)]
    assert rosa.prompt.done == sora.prompt.done == 21
    assert "SOAP 21/30" in sora.prompt.lines
    sora.expect("receive.put", SOAP)
    rosa.expect("receive.close", "full", "command")
    rosa.expect("receive.choose", "1", "key")
    assert sora.prompt.step == "choose", "it was closed by somebody else"
    assert site.delivery(delivery).state == "received"


def test_goods_without_papers(site: ReceiveSite) -> None:
    may_not = site.receiving(SORA, "HT-05")
    refused(may_not.command("full"), "key.not_now")
    hand = site.receiving()
    hand.expect("receive.owner", "full", "command")
    hand.expect("receive.item", "1", "key")
    hand.expect("receive.put", SOAP)
    hand.expect("receive.item", "DOCK")
    hand.expect("receive.close", "full", "command")
    hand.expect("receive.choose", "1", "key")
    (row,) = site.rows(select(inbounds))
    assert (row.kind, row.state, row.owner) == ("blind", "received", "acme")
    assert site.lines(row.id) == [("SOAP", 0, 1, 0)]


@ON_BOTH
def test_a_new_pallet_is_labelled_and_filled(site: ReceiveSite) -> None:
    site.asn(("SOAP", 30))
    hand = at_delivery(site)
    hand.expect("receive.put", CASE)
    hand.expect("receive.put", "full", "command")
    (job,) = site.jobs("logistic")
    code = data(job)["sscc"]
    assert is_sscc(code) and code[1:8] == PREFIX
    site.write(render_requested, now=site.now, dots_per_mm={})
    assert site.jobs("logistic")[0].state == "ready"
    hand.expect("receive.item", gs1(("00", code)))
    assert site.at_place(code) == [("SOAP", "", "available", "", 12)]
    hand.expect("receive.item", "reprint", "command")
    assert data(site.jobs("logistic")[1])["qty"] == 12
    elsewhere = at_delivery(site, person=SORA)
    elsewhere.expect("receive.put", SOAP)
    refused(elsewhere.command("full"), Code.STATION_NO_PRINTER)


def test_a_supplier_s_own_pallet_label_is_taken_as_it_is(site: ReceiveSite) -> None:
    theirs = sscc("0614141", 77, "1")
    delivery = site.announce(line("SOAP", 30), ssccs=(theirs,)).inbound_id
    hand = site.receiving()
    hand.expect("receive.item", gs1(("00", theirs)))
    refused(hand.scan(gs1(("00", theirs))), "receive.item_first")
    hand.command("ok")
    hand.expect("receive.put", CASE)
    hand.expect("receive.item", gs1(("00", theirs)))
    assert site.at_place(theirs) == [("SOAP", "", "available", "", 12)]
    assert site.delivery(delivery).dock == "DOCK"
    assert site.scalar(select(places.c.parent).where(places.c.code == theirs)) == "DOCK"


def test_goods_to_be_relabelled_get_their_labels(site: ReceiveSite) -> None:
    site.good("LOOSE", relabel=1)
    site.asn(("LOOSE", 20))
    hand = at_delivery(site)
    hand.expect("receive.list", "list", "command")
    hand.expect("receive.put", "1", "key")
    hand.expect("receive.put", "3", "key")
    done = hand.expect("receive.item", "DOCK")
    assert done.message is not None
    assert done.message.code == "receive.relabel_comes"
    (job,) = site.rows(select(print_jobs).where(print_jobs.c.template == "item"))
    assert (job.copies, data(job)["code"]) == (3, "LOOSE")
    site.write(render_requested, now=site.now, dots_per_mm={})
    assert site.jobs("item")[0].state == "ready"


def test_the_same_jan_under_two_owners_is_the_delivery_s_owner_s(site: ReceiveSite) -> None:
    site.asn(("SOAP", 3))
    hand = at_delivery(site)
    hand.expect("receive.put", SOAP)
    assert hand.prompt.focus.sku == "SOAP"
    hand.expect("receive.item", "back", "command")
    refused(hand.scan("HAT-O"), "receive.other_owner")


def test_a_delivery_that_was_cancelled_is_not_found(site: ReceiveSite) -> None:
    site.asn(("SOAP", 3))
    site.set(inbounds, inbounds.c.id == 1, state="cancelled")
    refused(site.receiving().scan("ASN-1"), "receive.wrong_delivery")


def test_who_may_receive_one_owner_s_goods_sees_no_other_delivery(site: ReceiveSite) -> None:
    site.asn(("SOAP", 3))
    site.add(roles, {"code": "dock", "permissions": '["receive"]'})
    site.add(person_roles, {"person_id": SORA, "role": "dock", "owner": "other"})
    site.set(people, people.c.id == SORA, permissions="[]")
    hand = site.receiving(SORA, "HT-05")
    assert [option.key for option in hand.prompt.options] == ["F9", "F3"], (
        "nothing is announced to her"
    )
    refused(hand.scan("ASN-1"), "receive.wrong_delivery")
    site.set(person_roles, person_roles.c.person_id == SORA, owner="acme")
    hand.command("ok")
    hand.expect("receive.item", "ASN-1")
    hand.expect("receive.put", SOAP)
    site.set(person_roles, person_roles.c.person_id == SORA, owner="other")
    assert hand.scan("DOCK").prompt.step == "choose", "what was taken away is gone at once"
    assert site.lines(1) == [("SOAP", 3, 0, 0)]
