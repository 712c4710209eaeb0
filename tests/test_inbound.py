"""Deliveries in the book: announced once, counted on the right line, closed with their reasons."""

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import select

from tests.floor_site import ON_BOTH
from tests.picking_site import TODAY, refused
from tests.receive_site import PREFIX, ROSA, SORA, ReceiveSite, dock_at, line
from wms import stock as ledger
from wms.errors import Code
from wms.inbound import deliveries, lpn, receiving
from wms.inbound import view as inbound_view
from wms.inbound.deliveries import NewInbound
from wms.inbound.rules import Line, Share, freshness, is_plausible, keyed_date, shares
from wms.record import events
from wms.record.event_kinds import InboundReceived
from wms.schema import inbound_units, inbounds, items, places, print_jobs
from wms.stock import Move

ACTOR = f"person:{ROSA}"


@pytest.fixture
def engine() -> str:
    return "sqlite"


@pytest.fixture
def site(engine: str, request: pytest.FixtureRequest) -> Iterator[ReceiveSite]:
    with dock_at(request.getfixturevalue(f"new_{engine}")()) as site:
        yield site


def new(*lines: tuple[str, int], external_id: str = "ASN-1", owner: str = "acme") -> NewInbound:
    return NewInbound(
        owner=owner, external_id=external_id, lines=tuple(line(sku, qty) for sku, qty in lines)
    )


# --- announced ---------------------------------------------------------------------------------


@ON_BOTH
def test_a_delivery_is_announced_once(site: ReceiveSite) -> None:
    first = site.write(deliveries.announce, new(("SOAP", 10)), now=site.now)
    again = site.write(deliveries.announce, new(("SOAP", 10)), now=site.now + 1)
    assert (first.new, again.new, again.code) == (True, False, first.code)
    assert site.told("inbound.announced") == 1
    with refused(Code.KEY_REUSED):
        site.write(deliveries.announce, new(("SOAP", 11)), now=site.now)
    assert site.lines(first.inbound_id) == [("SOAP", 10, 0, 0)]


def test_what_is_wrong_is_said_row_by_row(site: ReceiveSite) -> None:
    rows = [
        new(("SOAP", 1)), new(("NOPE", 1), external_id="ASN-2"), new(("SOAP", 1)),
        NewInbound(owner="acme", external_id="ASN-3", dock="NOWHERE", lines=(
            line("SOAP", 1, epcs=("a" * 24, "b" * 24)), line("MILK", 5, serials=("S1",)),
        )),
        NewInbound(owner="acme", external_id="ASN-4", expected_date="2026-13-01",
                   lines=(line("SOAP", 1),)),
    ]  # fmt: skip
    told = [(one.row, one.field, one.code) for one in site.read(deliveries.faults, rows)]
    assert sorted(told) == sorted([
        (1, "lines[0].sku", Code.REFERENCE_UNKNOWN), (2, "external_id", Code.ROW_TWICE),
        (3, "dock", Code.REFERENCE_UNKNOWN), (3, "lines[0].epcs", Code.FIELD_TOO_LONG),
        (3, "lines[1].serials", Code.SERIALS_NOT_TRACKED),
        (4, "expected_date", Code.DATE_WRONG),
    ])  # fmt: skip
    assert site.rows(select(inbounds)) == []


def test_a_delivery_is_cancelled_until_something_came(site: ReceiveSite) -> None:
    first, second = site.asn(("SOAP", 1)), site.asn(("SOAP", 1), external_id="ASN-2")
    assert site.write(deliveries.cancel, first, now=site.now)
    assert not site.write(deliveries.cancel, first, now=site.now)
    assert site.told("inbound.cancelled") == 1
    with refused(Code.INBOUND_STATE):
        site.receive(first, "SOAP", 1)
    site.receive(second, "SOAP", 1)
    with refused(Code.INBOUND_STATE):
        site.write(deliveries.cancel, second, now=site.now)


def test_only_who_may_receives_without_papers(site: ReceiveSite) -> None:
    with refused(Code.PERMISSION_MISSING):
        site.write(deliveries.blind, owner="acme", person=SORA, key="b", now=site.now)
    first = site.write(deliveries.blind, owner="acme", person=ROSA, key="b", now=site.now)
    assert site.write(deliveries.blind, owner="acme", person=ROSA, key="b", now=site.now) == first
    site.receive(first, "SOAP", 3)
    assert site.lines(first) == [("SOAP", 0, 3, 0)]
    site.write(deliveries.close, first, now=site.now)
    assert site.delivery(first).state == "received"


# --- received ----------------------------------------------------------------------------------


@ON_BOTH
def test_what_arrives_is_one_move_and_is_counted(site: ReceiveSite) -> None:
    delivery = site.asn(("SOAP", 10))
    assert site.receive(delivery, "SOAP", 4, place="PL-1", key="k") == 4
    assert site.receive(delivery, "SOAP", 4, place="PL-1", key="k") == 0, "the same again"
    with refused(Code.KEY_REUSED):
        site.receive(delivery, "SOAP", 5, place="PL-1", key="k")
    site.receive(delivery, "SOAP", 2, condition="damaged", why="wet")
    assert site.lines(delivery) == [("SOAP", 10, 4, 2)]
    assert site.at_place("PL-1") == [("SOAP", "", "available", "", 4)]
    assert site.at_place("DOCK") == [("SOAP", "", "damaged", "", 2)]
    row = site.delivery(delivery)
    assert (row.state, row.dock) == ("receiving", "DOCK")


@ON_BOTH
def test_lots_and_dates_are_kept_with_the_goods(site: ReceiveSite) -> None:
    delivery = site.asn(("MILK", 10), ("PILL", 10))
    site.receive(delivery, "MILK", 2, lot="2026-12-31", expiry="2026-12-31")
    site.receive(delivery, "PILL", 2, lot="L1", expiry="2027-05-31")
    assert site.expiry("PILL", "L1") == "2027-05-31"
    with refused(Code.LOT_EXPIRY):
        site.receive(delivery, "PILL", 2, lot="L1", expiry="2027-06-30")
    with refused(Code.RECEIVE_NEEDS):
        site.receive(delivery, "PILL", 1, lot="L2")
    with refused(Code.RECEIVE_NEEDS):
        site.receive(delivery, "PILL", 1, expiry="2027-05-31")
    assert site.lines(delivery) == [("MILK", 10, 2, 0), ("PILL", 10, 2, 0)]


@ON_BOTH
def test_serial_numbers_are_received_one_by_one(site: ReceiveSite) -> None:
    delivery = site.announce(line("RADIO", 3, serials=("S1", "S2"))).inbound_id
    site.receive(delivery, "RADIO", 2, serials=("S1", "S9"))
    with refused(Code.RECEIVE_NEEDS):
        site.receive(delivery, "RADIO", 2, serials=("S3", "S3"))
    with refused(Code.SERIAL_HERE):
        site.receive(delivery, "RADIO", 1, serials=("S1",))
    assert [row[3:] for row in site.at_place("DOCK")] == [("S1", 1), ("S9", 1)]
    units = site.rows(select(inbound_units).order_by(inbound_units.c.code))
    item = site.item("RADIO")
    assert [(row.code, row.seen_ms is not None) for row in units] == [
        (f"{item}/S1", True), (f"{item}/S2", False), (f"{item}/S9", True),
    ]  # fmt: skip


def test_more_than_announced_needs_a_reason(site: ReceiveSite) -> None:
    delivery = site.asn(("SOAP", 3))
    with refused(Code.INBOUND_OVER):
        site.receive(delivery, "SOAP", 4)
    site.receive(delivery, "SOAP", 4, over="supplier_over")
    assert site.lines(delivery) == [("SOAP", 3, 4, 0)]
    (told,) = site.write(deliveries.close, delivery, now=site.now)
    assert (told.missing, told.reason) == (-1, "supplier_over")


def test_a_wrong_product_silently_adding_a_line(site: ReceiveSite) -> None:
    delivery = site.asn(("SOAP", 3))
    with refused(Code.INBOUND_EXTRA):
        site.receive(delivery, "MILK", 1, lot="2027-01-31", expiry="2027-01-31")
    with refused(Code.INBOUND_OWNER):
        what = receiving.Receipt(
            inbound=delivery, qty=1, place="DOCK", extra=True, over="free_goods",
            item=other_item(site),
        )  # fmt: skip
        site.write(receiving.receive, what, key="x", actor=ACTOR, today=TODAY, now=site.now)
    assert site.lines(delivery) == [("SOAP", 3, 0, 0)]
    asked: dict[str, Any] = {"lot": "2027-01-31", "expiry": "2027-01-31", "extra": True}
    with refused(Code.INBOUND_OVER):
        site.receive(delivery, "MILK", 1, **asked)
    site.receive(delivery, "MILK", 1, over="free_goods", **asked)
    assert site.lines(delivery) == [("SOAP", 3, 0, 0), ("MILK", 0, 1, 0)]


def other_item(site: ReceiveSite) -> int:
    """An item of another owner."""
    return int(site.scalar(select(items.c.id).where(items.c.sku == "HAT-O")))


def test_expired_today_is_what_it_is_for_allocation(site: ReceiveSite) -> None:
    """On its last day an order may still be sent, so goods may still come in as sound."""
    delivery = site.asn(("MILK", 10))
    site.receive(delivery, "MILK", 1, lot=TODAY, expiry=TODAY)
    gone: dict[str, Any] = {"lot": "2026-11-21", "expiry": "2026-11-21"}
    with refused(Code.RECEIVE_EXPIRED):
        site.receive(delivery, "MILK", 1, **gone)
    site.receive(delivery, "MILK", 1, condition="expired", **gone)
    assert site.lines(delivery) == [("MILK", 10, 1, 1)]


def test_goods_are_set_down_where_goods_may_stand(site: ReceiveSite) -> None:
    delivery = site.asn(("SOAP", 9))
    for nowhere in ("A-01", "NOWHERE", "@supplier"):
        with refused(Code.RECEIVE_INTO):
            site.receive(delivery, "SOAP", 1, place=nowhere)
    site.set(places, places.c.code == "PL-2", parent="DOCK-2")
    site.receive(delivery, "SOAP", 1, place="DOCK")
    site.receive(delivery, "SOAP", 1, place="PL-2")
    parent = site.scalar(select(places.c.parent).where(places.c.code == "PL-2"))
    assert parent == "DOCK", "an empty pallet came to the delivery"


def test_a_pallet_with_goods_of_another_owner_is_refused(site: ReceiveSite) -> None:
    row = NewInbound(owner="other", external_id="O-1", lines=(line("HAT-O", 5),))
    theirs = site.write(deliveries.announce, row, now=site.now).inbound_id
    what = receiving.Receipt(inbound=theirs, item=other_item(site), qty=2, place="PL-1")
    site.write(receiving.receive, what, key="t", actor=ACTOR, today=TODAY, now=site.now)
    ours = site.asn(("SOAP", 9))
    with refused(Code.RECEIVE_CONTAINER):
        site.receive(ours, "SOAP", 1, place="PL-1")


def test_goods_count_for_the_line_of_their_lot(site: ReceiveSite) -> None:
    delivery = site.announce(
        line("PILL", 5, lot="B"), line("PILL", 5, lot="A"), line("PILL", 5)
    ).inbound_id
    site.receive(delivery, "PILL", 7, lot="A", expiry="2027-05-31")
    assert [row[2] for row in site.lines(delivery)] == [0, 5, 2]
    site.receive(delivery, "PILL", 9, lot="C", expiry="2027-06-30", over="wrong_paper")
    assert [row[2] for row in site.lines(delivery)] == [5, 5, 6]


# --- undone, closed ------------------------------------------------------------------------------


@ON_BOTH
def test_the_last_receipt_is_taken_back(site: ReceiveSite) -> None:
    delivery = site.announce(line("SOAP", 5), line("RADIO", 2)).inbound_id
    site.receive(delivery, "SOAP", 2)
    site.receive(delivery, "RADIO", 2, serials=("S1", "S2"))
    last = site.read(receiving.last_receipt, ACTOR, delivery)
    assert last is not None
    assert (last.item, last.qty, last.place) == (site.item("RADIO"), 2, "DOCK")
    for _ in range(2):
        site.write(receiving.undo, last, key="u", actor=ACTOR, now=site.now)
    assert site.lines(delivery) == [("SOAP", 5, 2, 0), ("RADIO", 2, 0, 0)]
    assert site.read(receiving.last_receipt, ACTOR, delivery) is None
    with refused(Code.UNDO_TOO_LATE):
        site.write(receiving.undo, last, key="u2", actor=ACTOR, now=site.now)
    site.receive(delivery, "RADIO", 1, serials=("S1",))
    assert site.lines(delivery)[1] == ("RADIO", 2, 1, 0)


def test_goods_that_went_on_are_not_taken_back(site: ReceiveSite) -> None:
    delivery = site.asn(("SOAP", 5))
    site.receive(delivery, "SOAP", 2)
    last = site.read(receiving.last_receipt, ACTOR, delivery)
    assert last is not None
    on = Move(key="on", item=site.item("SOAP"), qty=1, source="DOCK", target="A-01")
    site.write(ledger.move, on, actor=ACTOR, now=site.now)
    with refused(Code.UNDO_TOO_LATE):
        site.write(receiving.undo, last, key="u", actor=ACTOR, now=site.now)
    assert site.lines(delivery) == [("SOAP", 5, 2, 0)]
    site.write(deliveries.close, delivery, now=site.now, reason="comes_later")
    with refused(Code.UNDO_TOO_LATE):
        site.write(receiving.undo, last, key="u", actor=ACTOR, now=site.now)


@ON_BOTH
def test_closing_tells_the_owner_every_difference(site: ReceiveSite) -> None:
    delivery = site.asn(("SOAP", 5), ("MILK", 2), ("LOOSE", 1))
    site.receive(delivery, "SOAP", 4)
    site.receive(delivery, "MILK", 2, lot="2027-01-31", expiry="2027-01-31",
                 condition="damaged", why="crushed")  # fmt: skip
    site.receive(delivery, "LOOSE", 1)
    with refused(Code.INBOUND_SHORT):
        site.write(deliveries.close, delivery, now=site.now)
    for _ in range(2):
        site.write(deliveries.close, delivery, now=site.now, reason="supplier_short")
    told = [one.event for one in site.read(events.since, events.Cursor(), 500)]
    (closed,) = [one for one in told if isinstance(one, InboundReceived)]
    assert (closed.owner, closed.received, closed.damaged) == ("acme", 5, 2)
    assert [(one.sku, one.reason) for one in closed.differences] == [
        ("SOAP", "supplier_short"), ("MILK", "crushed"),
    ]  # fmt: skip
    with refused(Code.INBOUND_STATE):
        site.receive(delivery, "SOAP", 1)


def test_what_was_begun_and_not_closed_waits(site: ReceiveSite) -> None:
    assert site.read(deliveries.waiting).count == 0
    first = site.asn(("SOAP", 5))
    site.asn(("SOAP", 5), external_id="ASN-2")
    site.receive(first, "SOAP", 1)
    waits = site.read(deliveries.waiting)
    assert (waits.count, waits.oldest, waits.since_ms) == (1, "IN0000001", site.now)
    site.write(deliveries.close, first, now=site.now, reason="comes_later")
    assert site.read(deliveries.waiting).count == 0


def test_a_delivery_is_found_by_any_of_its_names(site: ReceiveSite) -> None:
    delivery = site.asn(("SOAP", 5))
    for name in ("IN0000001", "in0000001", "ASN-1", "1"):
        assert site.read(deliveries.find, name).id == delivery
    with refused(Code.INBOUND_UNKNOWN):
        site.read(deliveries.find, "ASN-9")
    row = NewInbound(owner="other", external_id="ASN-1", lines=(line("HAT-O", 1),))
    site.write(deliveries.announce, row, now=site.now)
    with refused(Code.INBOUND_AMBIGUOUS):
        site.read(deliveries.find, "ASN-1")
    assert site.read(deliveries.find, "ASN-1", owner="acme").id == delivery
    view = site.read(inbound_view.get, "ASN-1", owner="acme")
    assert (view.code, [one.sku for one in view.lines]) == ("IN0000001", ["SOAP"])


# --- labels of pallets -------------------------------------------------------------------------


@ON_BOTH
def test_a_new_pallet_gets_its_own_number_and_label(site: ReceiveSite) -> None:
    delivery = site.asn(("SOAP", 50), dock="DOCK")
    asked: dict[str, Any] = {
        "delivery": delivery,
        "station": "RECV-1",
        "kind": "pallet",
        "now": site.now,
    }
    codes = [site.write(lpn.new_pallet, key=key, **asked) for key in ("a", "b", "a")]
    assert codes[0] == codes[2] != codes[1], "once for each key"
    assert all(lpn.is_sscc(code) and code[1:8] == PREFIX for code in codes)
    site.receive(delivery, "SOAP", 12, place=codes[0])
    assert len(site.rows(select(print_jobs).where(print_jobs.c.template == "logistic"))) == 2
    site.set(inbounds, inbounds.c.id == delivery, owner="other")
    with refused(Code.SSCC_NO_PREFIX):
        site.write(lpn.new_pallet, key="c", **asked)
    site.write(lpn.set_site_prefix, "4599999")
    code = site.write(lpn.new_pallet, key="c", **asked)
    assert lpn.is_sscc(code) and code[1:8] == "4599999", "the site's own"
    site.set(inbounds, inbounds.c.id == delivery, owner="acme")


# --- pure rules --------------------------------------------------------------------------------


@pytest.mark.parametrize(("digits", "date"), [
    ("271231", "2027-12-31"), ("2702", "2027-02-28"), ("2802", "2028-02-29"),
    ("270200", "2027-02-28"), ("270230", None), ("271301", None), ("27", None), ("２７０２", None),
    ("27-2", None),
])  # fmt: skip
def test_dates_are_keyed_as_the_goods_bear_them(digits: str, date: str | None) -> None:
    assert keyed_date(digits) == date


def test_dates_that_no_goods_bear_are_slips_of_the_finger() -> None:
    assert is_plausible("2026-10-01", TODAY)
    assert not is_plausible("2006-12-31", TODAY)
    assert not is_plausible("2062-12-31", TODAY)
    assert freshness("2026-12-22", TODAY, 30) == ""
    assert freshness("2026-12-21", TODAY, 30) == "short_life"


def test_shares_never_lose_a_piece() -> None:
    lines = [Line(1, 1, 7, 5, received=5), Line(2, 2, 7, 5, damaged=1), Line(3, 3, 8, 5)]
    for qty in range(1, 20):
        parts = shares(lines, item=7, lot="", expiry="", qty=qty)
        assert sum(part.qty for part in parts) == qty
        assert sum(part.over for part in parts) == max(0, qty - 4)
        assert {part.line for part in parts} <= {1, 2}
    assert shares(lines, item=9, lot="", expiry="", qty=1) == []
    assert shares(lines, item=7, lot="", expiry="", qty=5) == [Share(1, 1, over=1), Share(2, 4)]
