"""Returns on the real floor: scanned, graded, put away and closed at a terminal."""

from collections.abc import Iterator

import msgspec
import pytest
from sqlalchemy import select

from tests.floor_site import JAN, ON_BOTH, PIN, Hand, refused
from tests.picking_site import ANNA
from tests.returns_site import BOX, OTTO, RET, RITA, SHELF, ReturnsSite, returns_at, set_serials
from wms.errors import Code
from wms.papers import photos
from wms.returns import closing as returns_close
from wms.returns.new import NewReturnLine
from wms.schema import approvals, events, orders, scans, sessions, terminals
from wms.schema import returns as returns_table

TEA, CUP, HAT = (f"]E0{JAN[sku]}" for sku in ("TEA", "CUP", "HAT"))
BASKET = (("TEA", 2), ("CUP", 1))
BADGE_OF_OTTO = "BADGE:otto"


@pytest.fixture
def engine() -> str:
    return "sqlite"


@pytest.fixture
def site(engine: str, request: pytest.FixtureRequest) -> Iterator[ReturnsSite]:
    with returns_at(request.getfixturevalue(f"new_{engine}")()) as site:
        yield site
        site.check()


def rita(site: ReturnsSite, terminal: str = RET) -> Hand:
    hand = site.at(terminal)
    hand.scan("BADGE:rita")
    hand.command("returns")
    assert hand.prompt.dialogue == "returns", hand.prompt
    return hand


def opened(site: ReturnsSite, hand: Hand, text: str) -> Hand:
    hand.expect("returns.evidence", text)
    hand.expect("returns.unit", "1", "key")
    return hand


@ON_BOTH
def test_a_box_is_graded_piece_by_piece_and_closed(site: ReturnsSite) -> None:
    (box,) = site.ship(BASKET)
    number = site.announce(box.order_id, ("TEA", 2), ("CUP", 1), external_id="RMA-1")
    hand = rita(site)
    shown = hand.expect("returns.evidence", f"]F0a{box.tracking}a")
    assert shown.lines == ("TEA x2", "CUP x1", "Return", f"{box.code} 480 g", "Packed by Carol")
    assert shown.photo == f"return:{number}"
    hand.expect("returns.unit", "1", "key")
    hand.expect("returns.grade", TEA)
    hand.expect("returns.disposition", "1", "key")
    where = hand.expect("returns.place", "1", "key")
    assert where.focus.place == "A-01", "where it lies already"
    done = hand.expect("returns.unit", "A-01")
    assert (done.done, done.total) == (1, 3)
    assert done.message is not None and done.message.text == "A as new, Restock: A-01"
    hand.expect("returns.grade", CUP)
    hand.expect("returns.disposition", "4", "key")
    hand.expect("returns.place", "1", "key")
    refused(hand.scan("A-01"), Code.RETURN_PLACE)
    hand.command("ok")
    hand.expect("returns.unit", BOX)
    closing = hand.expect("returns.close", "full", "command")
    assert closing.lines == ("TEA: 1 missing",)
    over = hand.expect("returns.arrive", "1", "key")
    assert over.message is not None
    assert (over.message.text, over.message.severity) == ("Closed, 1 missing", "attention")
    assert site.at_place(BOX) == {("CUP", "damaged", ""): 1}
    (told,) = site.rows(select(events.c.body).where(events.c.kind == "return.closed"))
    totals = msgspec.json.decode(told.body)["totals"]
    assert [(one["sku"], one["grade"], one["qty"], one["refund"]) for one in totals] == [
        ("CUP", "damaged", 1, False), ("TEA", "A", 1, True), ("TEA", "missing", 1, False),
    ]  # fmt: skip


@ON_BOTH
def test_double_scan_after_a_retry_grades_once(site: ReturnsSite) -> None:
    (box,) = site.ship(BASKET)
    hand = opened(site, rita(site), box.code)
    for text, via in ((TEA, "scan"), ("1", "key"), ("1", "key")):
        hand.send(text, via)  # type: ignore[arg-type]
    first = hand.scan(BOX, scan_id="put")
    again = hand.scan(BOX, scan_id="put")
    assert (first.fate, first) == ("applied", again)
    assert site.told("return.graded") == 1
    assert site.returned(box.order_id) == 1


@ON_BOTH
def test_a_swapped_serial_is_caught_by_itself(site: ReturnsSite) -> None:
    set_serials(site, "RADIO", "S1")
    (box,) = site.ship((("RADIO", 1), ("TEA", 1)))
    hand = opened(site, rita(site), box.code)
    hand.expect("returns.serial", "RADIO")
    swapped = hand.expect("returns.swapped", "S9")
    assert swapped.lines == ("Sent S1", "Read S9")
    hand.expect("returns.disposition", "S9")
    hand.expect("returns.place", "1", "key")
    hand.expect("returns.unit", BOX)
    assert site.at_place(BOX) == {("RADIO", "quarantine", "S9"): 1}
    assert site.returned(box.order_id) == 0


@ON_BOTH
def test_disposal_takes_a_second_badge_and_its_pin(site: ReturnsSite) -> None:
    (box,) = site.ship(BASKET)
    hand = opened(site, rita(site), box.code)
    hand.expect("returns.grade", TEA)
    hand.expect("returns.disposition", "4", "key")
    shown = hand.prompt
    digit = next(one.key for one in shown.options if one.label == "Dispose")
    hand.expect("returns.place", digit, "key")
    asked = hand.expect("returns.approval_badge", BOX)
    assert asked.focus.sku == "TEA"
    refused(hand.scan("BADGE:rita"), Code.APPROVAL_OWN)
    hand.command("ok")
    refused(hand.scan("BADGE:anna"), Code.PERMISSION_MISSING)
    hand.command("ok")
    hand.expect("returns.approval_pin", BADGE_OF_OTTO)
    refused(hand.key("000000"), "sign_in.wrong_pin")
    hand.command("ok")
    assert site.told("return.graded") == 0
    hand.expect("returns.unit", PIN, "key")
    moved = [(source, target) for source, target, _, _ in site.moved(1)]
    assert moved == [("@customer", BOX), (BOX, "@lost")]
    (yes,) = site.rows(select(approvals))
    assert (yes.verb, yes.asked_by, yes.given_by) == ("approve_disposal", RITA, OTTO)
    journal = [row.text for row in site.journal()]
    assert not {PIN, "000000"}.intersection(journal)


@ON_BOTH
def test_an_undelivered_parcel_takes_one_scan_and_a_photo(site: ReturnsSite) -> None:
    (box,) = site.ship(BASKET)
    hand = rita(site)
    shown = hand.expect("returns.evidence", box.code)
    site.write(
        photos.keep, key="p", ref=shown.photo, type="", person=RITA, now=site.now,
        image=b"\xff\xd8\xff" + b"x" * 9 + b"\xff\xd9",
    )  # fmt: skip
    hand.expect("returns.aside", "2", "key")
    down = hand.expect("returns.arrive", SHELF)
    assert down.message is not None and down.message.code == "returns.aside"
    waits = hand.expect("returns.evidence", box.code)
    assert "Waits for its owner" in waits.lines
    refused(hand.key("1"), "scan.unexpected")
    hand.command("ok")
    hand.command("back")
    site.write(returns_close.decide, 1, "cancel", now=site.now)
    assert hand.expect("returns.list", "list", "command").lines == (
        "0 announced",
        "R0000001 RETURNS",
    )
    hand.expect("returns.evidence", box.code)
    hand.expect("returns.place", "3", "key")
    over = hand.expect("returns.arrive", BOX)
    assert over.message is not None and over.message.text == "Closed, 0 missing"
    assert site.at_place(BOX) == {("TEA", "available", ""): 2, ("CUP", "available", ""): 1}
    assert site.at_place(SHELF) == {}


@ON_BOTH
def test_returned_without_papers_by_the_customer_s_name(site: ReturnsSite) -> None:
    """What was keyed is in no journal and no event, and no screen repeats it."""
    (box,) = site.ship(BASKET)
    hand = rita(site)
    lost = hand.scan("9999-no-such")
    assert lost.prompt.message is not None
    assert (lost.prompt.step, lost.prompt.message.code) == ("arrive", "returns.nothing_known")
    hand.expect("returns.search", "1", "key")
    assert hand.key("佐藤").prompt.message.code == "returns.nobody"  # type: ignore[union-attr]
    found = hand.expect("returns.choose", "山田花子", "key")
    assert [one.label for one in found.options][:1] == [f"O0000001 {box.ship_date}"]
    hand.expect("returns.evidence", "1", "key")
    rows = site.rows(select(scans))
    kept = "".join(row.text + row.answer for row in rows)
    assert not [name for name in ("山田", "佐藤", "花子") if name in kept]
    (session,) = site.rows(select(sessions).where(sessions.c.person_id == RITA))
    assert "山田" not in session.state


def test_a_customer_s_name_is_keyed_at_a_station_only(site: ReturnsSite) -> None:
    hand = rita(site, "HT-01")
    refused(hand.key("1"), "scan.unexpected")
    hand.command("ok")
    assert [one.key for one in hand.prompt.options][:1] == ["2"]


@ON_BOTH
def test_a_box_that_nobody_knows_has_an_owner_all_the_same(site: ReturnsSite) -> None:
    hand = rita(site)
    hand.expect("returns.unknown", "2", "key")
    hand.expect("returns.evidence", TEA)
    hand.expect("returns.unit", "1", "key")
    hand.expect("returns.grade", TEA)
    hand.expect("returns.disposition", "1", "key")
    hand.expect("returns.place", "2", "key")
    hand.expect("returns.unit", BOX)
    hand.expect("returns.close", "full", "command")
    hand.expect("returns.arrive", "1", "key")
    (row,) = site.rows(select(returns_table))
    assert (row.kind, row.owner, row.state) == ("unknown", "acme", "closed")
    assert site.at_place(BOX) == {("TEA", "quarantine", ""): 1}


@ON_BOTH
def test_a_dead_handheld_goes_on_where_it_was(site: ReturnsSite) -> None:
    (box,) = site.ship(BASKET)
    hand = opened(site, rita(site), box.code)
    hand.expect("returns.grade", TEA)
    hand.expect("returns.disposition", "2", "key")
    elsewhere = site.at("HT-02")
    elsewhere.scan("BADGE:rita")
    assert elsewhere.prompt.step == "disposition"
    elsewhere.expect("returns.place", "1", "key")
    elsewhere.expect("returns.unit", BOX)
    assert site.told("return.graded") == 1


@ON_BOTH
def test_two_graders_do_not_grade_one_box(site: ReturnsSite) -> None:
    (box,) = site.ship(BASKET)
    opened(site, rita(site), box.code)
    otto = site.at("HT-02")
    otto.scan(BADGE_OF_OTTO)
    otto.key(PIN)
    otto.command("returns")
    asked = otto.expect("returns.choose", box.code)
    assert asked.message is not None and "Rita" in asked.message.text
    assert [one.label for one in asked.options][:1] == [f"{box.code} Rita"]
    otto.expect("returns.evidence", "1", "key")
    assert site.at(RET).prompt.step == "arrive", "it was taken over"


@ON_BOTH
def test_recycled_tracking_numbers_are_asked_about(site: ReturnsSite) -> None:
    first, second = site.ship(BASKET, BASKET)
    from wms.schema import parcels

    shared = {"tracking": first.tracking, "piece": 1, "ship_date": "2026-10-01"}
    before = {name: second._mapping[name] for name in shared}
    site.set(parcels, parcels.c.id == second.id, **shared)
    hand = rita(site)
    asked = hand.expect("returns.choose", first.tracking)
    assert [one.label for one in asked.options][:2] == [
        f"{second.code} 2026-10-01", f"{first.code} {first.ship_date}",
    ]  # fmt: skip
    shown = hand.expect("returns.evidence", "2", "key")
    assert f"{first.code} 480 g" in shown.lines
    site.set(parcels, parcels.c.id == second.id, **before)


@ON_BOTH
def test_an_exchange_is_released_when_the_original_is_accepted(site: ReturnsSite) -> None:
    (box,) = site.ship(BASKET)
    line = NewReturnLine(sku="CUP", qty=1, exchange_sku="HAT")
    number = site.announce(box.order_id, line, kind="exchange", external_id="RMA-5")
    hand = opened(site, rita(site), "RMA-5")
    hand.expect("returns.grade", CUP)
    hand.expect("returns.disposition", "1", "key")
    hand.expect("returns.place", "1", "key")
    hand.expect("returns.unit", BOX)
    states = select(orders.c.state).where(orders.c.origin == f"return:{number}")
    assert site.scalar(states) == "held"
    hand.expect("returns.close", "full", "command")
    over = hand.expect("returns.arrive", "1", "key")
    assert over.message is not None
    assert over.message.code == "returns.closed_following"
    assert site.scalar(states) == "accepted"


@ON_BOTH
def test_undo_and_a_thing_without_a_barcode(site: ReturnsSite) -> None:
    (box,) = site.ship(BASKET)
    site.announce(box.order_id, ("TEA", 2))
    hand = opened(site, rita(site), box.code)
    nothing = hand.command("undo").prompt.message
    assert nothing is not None and nothing.code == "returns.nothing_to_undo"
    hand.expect("returns.instead", "9", "key")
    hand.expect("returns.unit", "1", "key")
    hand.expect("returns.strange", HAT)
    hand.expect("returns.disposition", "1", "key")
    hand.expect("returns.place", "1", "key")
    hand.expect("returns.unit", BOX)
    assert site.at_place(BOX) == {("HAT", "quarantine", ""): 1}
    undone = hand.expect("returns.unit", "undo", "command")
    assert undone.message is not None and undone.message.text == "Taken back: HAT"
    assert site.at_place(BOX) == {}


def test_whoever_may_not_grade_is_not_asked_to(site: ReturnsSite) -> None:
    hand = site.signed_in("HT-01", ANNA)
    assert hand.command("returns").fate == "refused"
    site.set(terminals, terminals.c.id == "HT-01", person_id=None)
