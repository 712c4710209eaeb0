"""What a box that came back may be, how it left, and what its owner may see of it."""

from collections.abc import Iterator

import pytest
from sqlalchemy import select

from tests.floor_site import ON_BOTH
from tests.picking_site import TODAY, refused
from tests.returns_site import RITA, ReturnsSite, returns_at, set_serials
from wms.errors import Code
from wms.returns import cases, closing, finding, view
from wms.schema import barcodes, events, items, parcels, tag_reads
from wms.schema import stations as stations_table

DAY_MS = 86_400_000
BASKET = (("TEA", 2), ("CUP", 1))


@pytest.fixture
def engine() -> str:
    return "sqlite"


@pytest.fixture
def site(engine: str, request: pytest.FixtureRequest) -> Iterator[ReturnsSite]:
    with returns_at(request.getfixturevalue(f"new_{engine}")()) as site:
        yield site
        site.check()


@ON_BOTH
def test_returned_without_papers(site: ReturnsSite) -> None:
    """By the name, the phone or the item; what fits nobody is unknown, and still has an owner."""
    boxes = site.ship(BASKET, (("HAT", 1), ("CUP", 1)))
    for words in ("山田", "山田花子", "山田　花子", "0312345678", "5678"):
        found = site.read(finding.by_words, words, now=site.now)
        assert {one.parcel for one in found} == {box.id for box in boxes}, words
    (hat,) = site.read(finding.by_words, "HAT", now=site.now)
    assert hat.parcel == boxes[1].id
    for words in ("田山", "子花", "1111", "%", "_", "x", "東京都", "100-0005"):
        assert site.read(finding.by_words, words, now=site.now) == (), words
    late = site.now + 91 * DAY_MS
    assert site.read(finding.by_words, "山田", now=late) == ()
    number = site.write(
        cases.arrive_unknown, owner="acme", person=RITA, station="RET-1", now=site.now
    )
    assert (site.row(number).kind, site.row(number).code) == ("unknown", f"R{number:07d}")
    with refused(Code.RETURN_RULE):
        site.grade(number, "TEA", "A", "repair")  # whom would it be sent to?
    site.grade(number, "TEA", "A", "quarantine")
    (unit,) = site.read(view.get, str(number)).units
    assert unit.refund is False, "nobody knows whose money it would be"
    site.write(closing.close, number, person=RITA, key="end", actor="person:6", now=site.now)


def test_recycled_tracking_numbers(site: ReturnsSite) -> None:
    """The newest sending under a number; who cannot be told apart is asked for."""
    boxes = site.ship(BASKET, BASKET)
    number = boxes[0].tracking
    long_ago = site.now - 400 * DAY_MS
    site.set(parcels, parcels.c.id == boxes[0].id, shipped_ms=long_ago)
    site.set(
        parcels, parcels.c.id == boxes[1].id, tracking=number, ship_date="2025-10-01"
    )  # fmt: skip
    found = site.read(finding.by_code, number, now=site.now)
    assert [one.parcel for one in found] == [boxes[1].id]
    site.set(parcels, parcels.c.id == boxes[0].id, shipped_ms=site.now - DAY_MS)
    found = site.read(finding.by_code, number, now=site.now)
    assert [one.parcel for one in found] == [boxes[1].id, boxes[0].id], "ask, the newest first"
    later = site.now + 500 * DAY_MS
    assert len(site.read(finding.by_code, number, now=later)) == 2
    own = boxes[1].tracking
    site.set(parcels, parcels.c.id == boxes[1].id, tracking=own, ship_date=TODAY)


def test_what_a_scan_may_be(site: ReturnsSite) -> None:
    (box,) = site.ship(BASKET)
    number = site.announce(box.order_id, ("TEA", 1), external_id="RMA-7")
    tea = site.good("TEA")

    def of(text: str, *item_ids: int) -> list[tuple[int, int]]:
        found = site.read(finding.by_code, text, now=site.now, item_ids=item_ids)
        return [(one.number, one.parcel) for one in found]

    assert of("RMA-7") == of(f"r{number:07d}") == [(number, 0)]
    assert of(box.code) == of(box.code.lower()) == of(box.tracking) == [(0, box.id)]
    assert of(site.external(box.order_id)) == of("O0000001") == [(0, box.id)]
    assert of("4901234567894", tea) == [(number, 0)], "an item that is announced"
    assert of("nothing") == of("") == []
    other = site.announce(box.order_id, ("CUP", 1))
    assert of(box.code) == [(number, box.id), (other, box.id)], "two RMAs: which one?"
    site.write(cases.cancel, other, now=site.now)
    assert site.write(cases.cancel, other, now=site.now) is False
    assert of(box.code) == [(0, box.id)]


def test_the_outbound_evidence(site: ReturnsSite) -> None:
    set_serials(site, "RADIO", "S1")
    site.set(stations_table, stations_table.c.code == "PACK-1", reader="portal")
    (box,) = site.ship((("RADIO", 1), ("TEA", 2)))
    epc = "30740242201d8840000fe632"  # of 0037000302414
    site.set(items, items.c.sku == "TEA", rfid_tagged=1)
    site.add(barcodes, {"code": "0037000302414", "item_id": site.good("TEA"), "qty": 1})
    for code, first in ((epc, box.created_ms), ("30" * 12, box.created_ms), (epc[:-1] + "3", 1)):
        row = {"device": "portal", "epc": code, "first_ms": first, "last_ms": first}
        site.add(tag_reads, row)
    number = site.arrive(parcel=box.id)
    seen = site.read(view.evidence, site.row(number))
    assert [(one.sku, one.serial, one.qty) for one in seen.sent] == [
        ("RADIO", "S1", 1), ("TEA", "", 2),
    ]  # fmt: skip
    assert (seen.parcel, seen.weight_g, seen.packed_by) == (box.code, 480, "Carol")
    assert (seen.tracking, seen.epcs, seen.photos) == (box.tracking, (epc,), 0)
    assert seen.packed_ms == box.created_ms


def test_nothing_of_it_tells_whom_it_was_for(site: ReturnsSite) -> None:
    (box,) = site.ship(BASKET)
    number = site.announce(box.order_id, ("TEA", 1))
    site.arrive(number=number)
    site.grade(number, "TEA")
    site.write(closing.close, number, person=RITA, key="end", actor="person:6", now=site.now)
    told = [
        row.body for row in site.rows(select(events.c.body).where(events.c.kind.like("return%")))
    ]
    assert told
    assert not [body for body in told if "山田" in body or "1234-5678" in body or "丸の内" in body]


def test_who_lists_returns_gets_pages(site: ReturnsSite) -> None:
    (box,) = site.ship(BASKET)
    for _ in range(3):
        site.announce(box.order_id, ("TEA", 1))
    first = site.read(view.page, owner="acme", state="announced", after=0, limit=2)
    assert (len(first.returns), first.next) == (2, "2")
    rest = site.read(view.page, owner="acme", state="", after=2, limit=2)
    assert ([one.return_id for one in rest.returns], rest.next) == ([3], "")
    assert site.read(view.page, owner="bloom", state="", after=0, limit=2).returns == ()
    with refused(Code.RETURN_UNKNOWN):
        site.read(view.get, "1", owner="bloom")
