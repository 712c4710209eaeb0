"""Look up, kind by kind: what a scanner reads of things that are not here yet, or no longer."""

from collections.abc import Iterator

import pytest
from sqlalchemy import delete, insert, select

from picking import look_doors
from tests.floor_site import Hand, refused
from tests.receive_site import PREFIX, ReceiveSite, dock_at, gs1, line
from wms.counts import stocktakes
from wms.db import Tx
from wms.errors import Code, Rejected
from wms.inbound.lpn import sscc
from wms.look.found import Found
from wms.people import roles
from wms.schema import (
    documents,
    items,
    orders,
    parcels,
    people,
    slips,
    tag_reads,
    work_orders,
)
from wms.site.epc import sgtin96


@pytest.fixture
def site(sqlite_url: str) -> Iterator[ReceiveSite]:
    with dock_at(sqlite_url) as site:
        yield site


def ask(site: ReceiveSite, code: str) -> tuple[Found, dict[str, str]]:
    found: Found = site.read(look_doors.look_up, code, now=site.now)
    return found, {fact.name: fact.value for fact in found.facts}


def test_what_is_announced_is_known_before_it_comes(site: ReceiveSite) -> None:
    """A serial number, a pallet's label, a tag and a lot name the delivery that brings them."""
    pallet, tag = sscc(PREFIX, 4), sgtin96("4908901234561", 7, prefix_digits=7)
    stranger = sgtin96("4900000000009", 7, prefix_digits=7)  # of goods that nobody knows
    coming = site.announce(
        line("RADIO", 2, serials=("SN-1", "SN-2")), line("SHIRT", 2, epcs=(tag, stranger)),
        line("PILL", 5, lot="L9", expiry="2028-01-31"), ssccs=(pallet,),
    ).code  # fmt: skip
    found, told = ask(site, "SN-2")
    assert (found.kind, found.name, told["delivery"], told["incoming"]) == (
        "serial", "Radio", coming, "2",
    )  # fmt: skip
    for code in (gs1(("00", pallet)), pallet, stranger):
        assert ask(site, code)[0].code == coming, code
    found, told = ask(site, tag)
    assert (found.kind, told["delivery"], told["serial"]) == ("serial", coming, "7")
    assert ask(site, gs1(("01", "04906789012349"), ("10", "L9")))[1]["delivery"] == coming
    site.receive(1, "RADIO", 1, serials=("SN-2",))
    found, told = ask(site, "SN-2")
    assert (told["delivery"], found.stock[0].place) == (coming, "DOCK")
    assert found.passages[0].source == "@supplier"


def test_a_tag_says_which_antenna_read_it_and_when(site: ReceiveSite) -> None:
    tag = sgtin96("4908901234561", 9, prefix_digits=7)
    site.add(tag_reads, {"device": "gate-1", "epc": tag, "first_ms": 1, "last_ms": site.now,
                         "count": 3, "rssi": -51, "antenna": 3})  # fmt: skip
    told = ask(site, tag)[1]
    assert (told["read_by"], told["antenna"]) == ("gate-1", "3 (-51 dBm)")
    hand = site.receiving()
    hand.command("back")
    hand.scan(tag)
    pages = [hand.command("list").prompt.lines for _ in range(hand.prompt.total)]
    lines = [each for page in pages for each in page]
    assert "Antenna 3 (-51 dBm)" in lines
    assert any(line.startswith("Read at ") for line in lines)


def test_numbers_of_papers_lead_to_their_order(site: ReceiveSite) -> None:
    """A tracking number (shared, voided, pre-issued), a document's barcode and a work order."""
    first, second = site.order(("SOAP", 1)), site.order(("MILK", 1))
    site.write(_papers, first, second)
    assert ask(site, "P1")[0].kind == "parcel"
    with pytest.raises(Rejected, match=Code.LOOK_AMBIGUOUS) as shared:
        ask(site, "123456789011")
    assert shared.value.params["expected"] == "P1, P2"
    voided, told = ask(site, "999999999999")
    assert (voided.code, told["parcel_state"]) == ("P3", "void")
    of_first = site.scalar(select(orders.c.code).where(orders.c.id == first))
    for code in ("a555555555555a", "INVOICE-7"):
        assert ask(site, code)[0].code == of_first, code
    found, told = ask(site, "W0000001")
    assert (found.kind, told["work_state"], told["progress"]) == ("work", "working", "1/4")
    hand = site.receiving()
    hand.command("back")
    answer = hand.scan("123456789011")
    refused(answer, Code.LOOK_AMBIGUOUS)
    hand.command("ok")
    assert "State being done" in hand.scan("W0000001").prompt.lines
    code = site.write(stocktakes.start, now=site.now).code
    shown = hand.scan(code).prompt.lines
    assert shown[0] == "State goes on"
    assert shown[1].startswith("Done 0/")
    site.write(stocktakes.end, code, now=site.now)
    site.write(_forget)


def test_who_works_for_one_owner_sees_only_their_goods(site: ReceiveSite) -> None:
    site.put("A-01", "SOAP", 3)
    site.write(roles.put, code="picker", permissions=("pick",))
    sora = people.c.id == 22
    site.set(people, sora, permissions="[]")
    site.write(roles.grant, person="P22", what="picker", owner="other")
    site.write(_their_hat)
    hand = site.at("HT-05")
    hand.scan("BADGE:sora")
    assert _lines(hand, "A-01") == {"HAT-O 2"}, "and not the soap"
    order = site.scalar(select(orders.c.code).where(orders.c.id == site.order(("SOAP", 1))))
    for code in ("SHIRT", str(order)):
        refused(hand.scan(code), Code.PERMISSION_MISSING)
        hand.command("ok")
    assert hand.scan("HAT-O").prompt.focus.item == "Their hat"
    assert hand.scan("4904567890127").prompt.focus.item == "Their soap", (
        "of two items one is theirs"
    )
    refused(hand.scan("NOBODY-KNOWS"), Code.LOOK_UNKNOWN)
    hand.command("ok")
    site.write(roles.grant, person="P22", what="pick")
    assert "SOAP 3" in _lines(hand, "A-01"), "and whoever works for all sees all"


def _lines(hand: Hand, code: str) -> set[str]:
    """What lies there, as the screen says it."""
    prompt = hand.scan(code).prompt
    found = set(prompt.lines)
    for _ in range(1, prompt.total):
        found |= set(hand.command("list").prompt.lines)
    return {each for each in found if each.startswith(("SOAP", "HAT-O"))}


def _their_hat(tx: Tx) -> None:
    from wms.stock import SUPPLIER, Move, post

    item = tx.scalar(select(items.c.id).where(items.c.sku == "HAT-O"))
    assert item is not None
    line = Move(key="hat", item=item, qty=2, source=SUPPLIER, target="A-01")
    post(tx, [line], actor="cli", now=1)


def _papers(tx: Tx, first: int, second: int) -> None:
    common = {"service": "yamato", "carrier": "yamato", "created_ms": 0}
    tx.execute(insert(parcels), [
        {**common, "code": "P1", "order_id": first, "piece": 1, "tracking": "123456789011",
         "ship_date": "2026-11-22", "state": "labelled"},
        {**common, "code": "P2", "order_id": second, "piece": 2, "tracking": "123456789011",
         "ship_date": "2026-11-22", "state": "labelled"},
        {**common, "code": "P3", "order_id": second, "piece": 3, "tracking": "999999999999",
         "ship_date": "2026-11-22", "state": "void"},
    ])  # fmt: skip
    tx.execute(insert(slips).values(
        order_id=first, carrier="yamato", tracking="555555555555", at_ms=0
    ))  # fmt: skip
    tx.execute(insert(documents).values(order_id=first, kind="invoice", code="INVOICE-7", at_ms=0))
    item = tx.scalar(select(items.c.id).where(items.c.sku == "SOAP"))
    tx.execute(insert(work_orders).values(
        code="W0000001", owner="acme", kind="relabel", item_id=item, qty=4, done=1,
        state="working", created_ms=0,
    ))  # fmt: skip


def _forget(tx: Tx) -> None:
    for table in (work_orders, documents, slips, parcels):
        tx.execute(delete(table))
