"""Returns in the book: what comes back is counted once, graded once, and never sold by accident."""

from collections.abc import Iterator

import msgspec
import pytest
from sqlalchemy import func, select

from tests.floor_site import ON_BOTH
from tests.picking_site import NOON, refused
from tests.returns_site import BOX, OTTO, RITA, SHELF, TABLE, ReturnsSite, returns_at, set_serials
from wms import site_settings
from wms.errors import Code
from wms.promises import allocation
from wms.returns import cases, closing, finding, grading, view
from wms.returns import rules as returns_rules
from wms.returns.new import NewReturn, NewReturnLine
from wms.schema import events, return_units
from wms.site_settings import SiteSettings

DAY_MS = 86_400_000
IN, OUT = "@customer", "@lost"


@pytest.fixture
def engine() -> str:
    return "sqlite"


@pytest.fixture
def site(engine: str, request: pytest.FixtureRequest) -> Iterator[ReturnsSite]:
    with returns_at(request.getfixturevalue(f"new_{engine}")()) as site:
        yield site
        site.check()


def close(site: ReturnsSite, number: int, key: str = "") -> closing.Closed:
    site.now += 1_000
    return site.write(
        closing.close, number, person=RITA, key=key or site.key("close"),
        actor=f"person:{RITA}", now=site.now,
    )  # fmt: skip


def undo(site: ReturnsSite, number: int) -> str:
    site.now += 1_000
    return site.write(
        grading.undo, number, key=site.key("undo"), actor=f"person:{RITA}", now=site.now
    )


def into(place: str, condition: str) -> list[tuple[str, str, str, int]]:
    """The moves of one unit that is graded at a place."""
    return [
        (IN, place, "returned", 1), (place, "@regrade", "returned", 1),
        ("@regrade", place, condition, 1),
    ]  # fmt: skip


BASKET = (("TEA", 2), ("CUP", 1))


@ON_BOTH
def test_an_rma_is_taken_once(site: ReturnsSite) -> None:
    (box,) = site.ship(BASKET)
    number = site.announce(box.order_id, ("TEA", 2), external_id="RMA-1")
    wanted = NewReturn(
        owner="acme", external_id="RMA-1", order=site.external(box.order_id),
        lines=(NewReturnLine(sku="TEA", qty=2),),
    )  # fmt: skip
    again = site.write(cases.announce, wanted, now=NOON)
    assert (again.return_id, again.new, again.code) == (number, False, f"R{number:07d}")
    other = NewReturn(
        owner="acme", external_id="RMA-1", lines=(NewReturnLine(sku="CUP", qty=1),)
    )  # fmt: skip
    with refused(Code.KEY_REUSED):
        site.write(cases.announce, other, now=NOON)
    assert site.told("return.announced") == 1


def test_what_was_never_sent_cannot_be_announced(site: ReturnsSite) -> None:
    (box,) = site.ship(BASKET)
    with refused(Code.RETURN_NOT_SENT):
        site.announce(box.order_id, ("TEA", 3))
    with refused(Code.RETURN_NOT_SENT):
        site.announce(box.order_id, ("TEA", 1), ("TEA", 2))
    with refused(Code.REFERENCE_UNKNOWN):
        site.announce(box.order_id, ("NONE", 1))
    with refused(Code.FIELD_MISSING):
        site.announce(0, ("TEA", 1), kind="exchange")
    wanted = NewReturn(owner="acme", external_id="x", lines=(NewReturnLine(sku="NO", qty=1),))
    two = [wanted, wanted]
    found = site.read(cases.faults, two)
    assert {(one.row, one.code) for one in found} == {
        (0, Code.REFERENCE_UNKNOWN), (1, Code.ROW_TWICE), (1, Code.REFERENCE_UNKNOWN),
    }  # fmt: skip


@ON_BOTH
def test_a_return_walks_from_the_announcement_to_the_refund_notice(site: ReturnsSite) -> None:
    (box,) = site.ship(BASKET)
    number = site.announce(box.order_id, ("TEA", 2), ("CUP", 1))
    assert site.arrive(parcel=box.id) == number, "the RMA that awaits this parcel"
    assert (site.row(number).state, site.row(number).parcel_id) == ("arrived", box.id)
    site.grade(number, "TEA")
    assert site.row(number).state == "grading"
    site.grade(number, "TEA", "damaged", "quarantine")
    site.grade(number, "CUP", "C", "to_owner")
    assert site.row(number).state == "graded"
    assert site.moved(number) == [
        *into(BOX, "available"), *into(BOX, "damaged"), (IN, BOX, "returned", 1),
    ]  # fmt: skip
    assert close(site, number) == closing.Closed(0, "")
    seen = site.read(view.get, f"R{number:07d}", owner="acme")
    assert [(one.sku, one.grade, one.refund) for one in seen.units] == [
        ("TEA", "A", True), ("TEA", "damaged", False), ("CUP", "C", False),
    ]  # fmt: skip
    assert (seen.state, seen.order, seen.parcel) == (
        "closed",
        site.external(box.order_id),
        box.code,
    )
    assert site.told("return.graded") == 3
    assert site.told("return.closed") == 1
    assert site.returned(box.order_id) == 3
    with refused(Code.RETURN_STATE):
        site.grade(number, "TEA")
    with refused(Code.RETURN_STATE):
        close(site, number)


@ON_BOTH
def test_never_sellable_by_accident(site: ReturnsSite) -> None:
    """Whatever the grade, nothing but restocked goods in an open bin may be promised."""
    (box,) = site.ship((("TEA", 6), ("CUP", 1)))
    number = site.arrive(parcel=box.id)
    before = sum(
        one.qty for one in site.read(allocation.free_stock, [site.good("TEA")], lock=False)
    )
    for grade, disposition in (
        ("A", "to_owner"), ("B", "quarantine"), ("damaged", "quarantine"), ("C", "repair"),
    ):  # fmt: skip
        with refused(Code.RETURN_PLACE):
            site.grade(number, "TEA", grade, disposition, place="A-01")
        site.grade(number, "TEA", grade, disposition)
    site.grade(number, "TEA", "A", "restock", place=BOX)
    free = site.read(allocation.free_stock, [site.good("TEA")], lock=False)
    assert sum(one.qty for one in free) == before, "a tote is no shelf"
    site.grade(number, "TEA", "A", "restock", place="A-01")
    free = site.read(allocation.free_stock, [site.good("TEA")], lock=False)
    assert sum(one.qty for one in free) == before + 1
    assert {condition for _, condition, _ in site.at_place(BOX)} == {
        "returned", "quarantine", "damaged", "available",
    }  # fmt: skip


@ON_BOTH
def test_never_more_comes_back_than_was_shipped(site: ReturnsSite) -> None:
    """Per order line, over all returns of it."""
    (box,) = site.ship(BASKET)
    first, second = (site.announce(box.order_id, ("TEA", 2)) for _ in range(2))
    site.arrive(number=first)
    site.arrive(number=second, person=OTTO)
    site.grade(first, "TEA", qty=2)
    with refused(Code.RETURN_TOO_MANY):
        site.grade(second, "TEA")
    site.grade(second, "CUP")
    with refused(Code.RETURN_TOO_MANY):
        site.grade(second, "CUP")
    with refused(Code.RETURN_TOO_MANY):
        site.grade(second, "HAT")
    assert site.returned(box.order_id) == 3


@ON_BOTH
def test_double_grade(site: ReturnsSite) -> None:
    """The same scan twice is one grade; the same unit by another scan is refused."""
    (box,) = site.ship((("CUP", 1), ("TEA", 1)))
    number = site.arrive(parcel=box.id)
    first = site.grade(number, "CUP", key="scan-1")
    assert site.grade(number, "CUP", key="scan-1") == first
    assert site.at_place(BOX) == {("CUP", "available", ""): 1}
    with refused(Code.KEY_REUSED):
        site.grade(number, "CUP", "B", "quarantine", key="scan-1")
    with refused(Code.RETURN_TOO_MANY):
        site.grade(number, "CUP", key="scan-2")
    assert site.told("return.graded") == 1


@ON_BOTH
def test_returned_serials_still_tied_to_the_old_order(site: ReturnsSite) -> None:
    """A piece that came back, was sold again and comes back again belongs to its newest order."""
    set_serials(site, "RADIO", "S1")
    (old,) = site.ship((("RADIO", 1),))
    number = site.arrive(parcel=old.id)
    site.grade(number, "RADIO", serial="S1", place="A-05")
    close(site, number)
    (new,) = site.ship((("RADIO", 1),))
    found = site.read(
        finding.by_code, "4901", now=site.now, serial="S1", item_ids=[site.good("RADIO")]
    )
    assert [one.parcel for one in found] == [new.id]
    second = site.arrive(parcel=new.id)
    site.grade(second, "RADIO", serial="S1")
    assert (site.returned(old.order_id), site.returned(new.order_id)) == (1, 1)
    with refused(Code.RETURN_NOTHING):
        site.arrive(parcel=old.id)
    assert site.at_place(BOX) == {("RADIO", "available", "S1"): 1}


@ON_BOTH
def test_a_swapped_serial_is_caught_and_never_sold(site: ReturnsSite) -> None:
    set_serials(site, "RADIO", "S1", "S2")
    (box,) = site.ship((("RADIO", 1),))
    number = site.arrive(parcel=box.id)
    for serial in ("S9", "S2", ""):
        with refused(Code.RETURN_SERIAL):
            site.grade(number, "RADIO", serial=serial)
    with refused(Code.RETURN_RULE):
        site.grade(number, "RADIO", "swapped", "restock", serial="S9")
    with refused(Code.SERIAL_HERE):
        site.grade(number, "RADIO", "swapped", "quarantine", serial="S2")
    site.grade(number, "RADIO", "swapped", "quarantine", serial="S9")
    assert site.returned(box.order_id) == 0, "what was sent is still out"
    site.grade(number, "RADIO", serial="S1")
    with refused(Code.RETURN_TOO_MANY):
        site.grade(number, "RADIO", "B", "quarantine", serial="S1")
    totals = site.read(view.get, str(number)).units
    assert [(one.serial, one.refund) for one in totals] == [("S9", False), ("S1", True)]


@ON_BOTH
def test_what_is_missing_books_nothing_but_is_told(site: ReturnsSite) -> None:
    (box,) = site.ship(BASKET)
    number = site.announce(box.order_id, ("TEA", 2), ("CUP", 1))
    site.arrive(number=number)
    site.grade(number, "TEA")
    site.grade(number, "CUP", "missing", "none")
    assert close(site, number) == closing.Closed(1, "")
    units = site.read(view.get, str(number)).units
    assert [(one.sku, one.grade, one.qty) for one in units] == [
        ("TEA", "A", 1), ("CUP", "missing", 1), ("TEA", "missing", 1),
    ]  # fmt: skip
    assert site.returned(box.order_id) == 1
    assert sum(qty for *_, qty in site.moved(number)) == 3


@ON_BOTH
def test_the_last_grade_can_be_taken_back_until_it_is_closed(site: ReturnsSite) -> None:
    (box,) = site.ship(BASKET)
    number = site.announce(box.order_id, ("TEA", 2))
    site.arrive(number=number)
    site.grade(number, "TEA", qty=2)
    assert site.row(number).state == "graded"
    assert undo(site, number) == "TEA"
    assert (site.row(number).state, site.at_place(BOX)) == ("grading", {})
    assert site.returned(box.order_id) == 0
    assert undo(site, number) == "", "there is nothing more"
    site.grade(number, "TEA", "C", "quarantine")
    site.grade(number, "TEA", place="A-01")
    assert site.told("return.ungraded") == 1
    close(site, number)
    with refused(Code.RETURN_STATE):
        undo(site, number)


def test_goods_that_went_on_cannot_be_ungraded(site: ReturnsSite) -> None:
    (box,) = site.ship((("TEA", 1), ("CUP", 10)))
    number = site.arrive(parcel=box.id)
    site.grade(number, "CUP", place="B-02")
    site.release([site.order(("CUP", 1), ("TEA", 1))])
    with refused(Code.STOCK_SHORT):
        undo(site, number)


def test_a_wrong_item_is_booked_and_counts_on_no_line(site: ReturnsSite) -> None:
    (box,) = site.ship(BASKET)
    number = site.arrive(parcel=box.id)
    with refused(Code.RETURN_RULE):
        site.grade(number, "HAT", "wrong_item", "restock")
    site.grade(number, "HAT", "wrong_item", "quarantine")
    site.grade(number, "CUP", "wrong_item", "none")  # nobody knows what that thing is
    assert site.at_place(BOX) == {("HAT", "quarantine", ""): 1}
    assert site.returned(box.order_id) == 0


def test_a_lot_that_was_not_sent_is_refused(site: ReturnsSite) -> None:
    site.put("A-06", "FOOD", 5, lot="L1", expiry="2027-01-31")
    site.put("A-07", "FOOD", 5, lot="L2", expiry="2027-02-28")
    (box,) = site.ship((("FOOD", 2),))
    number = site.arrive(parcel=box.id)
    for lot in ("L2", "L9", ""):
        with refused(Code.RETURN_LOT):
            site.grade(number, "FOOD", lot=lot)
    site.grade(number, "FOOD", lot="L1")
    assert site.at_place(BOX) == {("FOOD", "available", ""): 1}


def test_two_users_are_not_given_the_same_return(site: ReturnsSite) -> None:
    (box,) = site.ship(BASKET)
    number = site.arrive(parcel=box.id)
    with refused(Code.RETURN_WITH_OTHER):
        site.arrive(parcel=box.id, person=OTTO)
    assert site.arrive(parcel=box.id, person=OTTO, over=True) == number
    site.write(cases.put_aside, number, person=OTTO)
    assert site.arrive(number=number) == number
    assert site.told("return.arrived") == 1


def test_places_where_nothing_is_put_down(site: ReturnsSite) -> None:
    (box,) = site.ship(BASKET)
    number = site.arrive(parcel=box.id)
    for place in ("@customer", "@lost", "nowhere", ""):
        with refused(Code.RETURN_PLACE):
            site.grade(number, "TEA", place=place)
    site.grade(number, "TEA", "C", "to_owner", place=SHELF)
    site.grade(number, "TEA", "C", "quarantine", place=TABLE)
    assert site.scalar(select(func.count()).select_from(return_units)) == 2


def test_disposal_needs_a_second_person(site: ReturnsSite) -> None:
    (box,) = site.ship(BASKET)
    number = site.arrive(parcel=box.id)
    with refused(Code.RETURN_DISPOSAL):
        site.grade(number, "TEA", "damaged", "dispose")
    site.write(approve, site, number)
    site.grade(number, "TEA", "damaged", "dispose")
    with refused(Code.RETURN_DISPOSAL):
        site.grade(number, "TEA", "damaged", "dispose")
    assert site.moved(number) == [(IN, BOX, "returned", 1), (BOX, OUT, "returned", 1)]
    (notice,) = site.rows(select(events.c.body).where(events.c.kind == "return.graded"))
    assert msgspec.json.decode(notice.body)["approved_by"] == f"person:{OTTO}"
    undo(site, number)
    assert site.at_place(BOX) == {}
    with refused(Code.RETURN_DISPOSAL):
        site.grade(number, "TEA", "damaged", "dispose")


def approve(tx: object, site: ReturnsSite, number: int) -> None:
    from tests.floor_site import PEPPER, PIN
    from wms.people import approvals

    ref = grading.disposal_ref(tx, number)  # type: ignore[arg-type]
    assert approvals.give(
        tx,  # type: ignore[arg-type]
        verb=grading.DISPOSAL, ref=ref, owner="acme", giver=OTTO, asker=RITA,
        pin=PIN, pepper=PEPPER, now=site.now,
    )  # fmt: skip


def test_lots_that_nobody_knows_are_never_restocked(site: ReturnsSite) -> None:
    site.put("A-06", "FOOD", 5, lot="L1", expiry="2027-01-31")
    number = site.write(
        cases.arrive_unknown, owner="acme", person=RITA, station="RET-1", now=site.now
    )
    with refused(Code.RETURN_LOT):
        site.grade(number, "FOOD")
    site.grade(number, "FOOD", "C", "quarantine")
    assert site.at_place(BOX) == {("FOOD", "quarantine", ""): 1}


def test_an_owner_says_what_becomes_of_a_grade(site: ReturnsSite) -> None:
    rules = [
        {"owner": "acme", "grade": "B", "disposition": "to_owner", "accepted": False},
        {"owner": "acme", "grade": "damaged", "disposition": "dispose", "accepted": True},
    ]
    put = msgspec.convert({"return_rules": rules}, SiteSettings)
    for _ in range(2):
        site.write(site_settings.put, put)
    found = site.read(returns_rules.rules_of, "acme")
    assert found["B"] == ("to_owner", False)
    assert found["damaged"] == ("dispose", True)
    assert found["A"] == returns_rules.DEFAULTS["A"]
    assert site.read(returns_rules.rules_of, "bloom") == returns_rules.DEFAULTS
    (box,) = site.ship(BASKET)
    number = site.arrive(parcel=box.id)
    site.grade(number, "TEA", "B", "to_owner")
    site.grade(number, "TEA", "damaged", "quarantine")
    units = site.read(view.get, str(number)).units
    assert [one.refund for one in units] == [False, True]
    wrong = msgspec.convert({"return_rules": [{**rules[0], "grade": "missing"}]}, SiteSettings)
    with refused(Code.RETURN_RULE):
        site.write(site_settings.put, wrong)
