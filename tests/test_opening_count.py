"""A site that begins with a count; pallets counted by themselves; numbers that cannot be."""

from collections.abc import Iterator

import pytest
from sqlalchemy import select

from app.count_doors import NewCounts, open_counts
from tests.count_site import adjusted, count, counting, here, said
from tests.floor_site import JAN, ON_BOTH, FloorSite, floor_at, refused
from tests.picking_site import ANNA, BERT
from wms.counts.chosen import unused
from wms.errors import Code, Rejected
from wms.schema import barcodes, counts, lots, moves, owners, people, places, stock

TEA, CUP = f"]E0{JAN['TEA']}", f"]E0{JAN['CUP']}"


@pytest.fixture
def engine() -> str:
    return "sqlite"


@pytest.fixture
def site(engine: str, request: pytest.FixtureRequest) -> Iterator[FloorSite]:
    with floor_at(request.getfixturevalue(f"new_{engine}")()) as site:
        site.stock_up()
        for person in (ANNA, BERT):
            site.set(people, people.c.id == person, permissions='["count"]')
        yield site
        site.check()


def ask(site: FloorSite, *codes: str, zone: str = "") -> int:
    wanted = NewCounts(key=site.key("open"), places=codes, opening=True, zone=zone)
    return int(site.write(
        open_counts, wanted, actor="cli", device="cli", now=site.now
    ).count)  # fmt: skip


@ON_BOTH
def test_an_empty_site_counts_what_it_begins_with(site: FloorSite) -> None:
    site.set(owners, owners.c.code == "acme", approval_value=1)
    site.good("TEA", value=9_999, expiry_tracked=1)
    empty = site.read(unused)
    assert "A-01" not in empty, "there are goods already"
    assert ask(site, "D-01", "D-02", "A-01") == 2
    assert ask(site, "D-01") == 0, "it waits for its count already"
    bert = counting(site, "D-01")
    for _ in range(2):  # a date that nobody knows is read twice
        bert.scan(TEA) if bert.prompt.step == "item" else None
        bert.key("280131")
    assert bert.prompt.step == "item"
    bert.key("40")
    bert.command("full")
    assert (bert.prompt.step, said(bert)) == ("get", "count.said.opening"), "one look is enough"
    row = site.rows(select(stock).where(stock.c.place == "D-01"))[0]
    assert (row.qty, row.lot, row.condition) == (40, "2028-01-31", "available")
    lot = site.rows(select(lots).where(lots.c.lot == "2028-01-31"))[0]
    assert (lot.expiry, lot.held) == ("2028-01-31", 0)
    move = site.rows(select(moves).order_by(moves.c.id.desc()))[0]
    assert (move.source, move.reason) == ("@supplier", "opening")
    assert adjusted(site) == [], "nothing was wrong with the book: it was empty"
    site.put("D-02", "CUP", 5)  # before anybody has looked there
    bert.expect("count.item", "D-02")
    assert count(bert, CUP, "7") == "again", "now it is a count like any other"
    bert.key("2")
    assert site.rows(select(counts).order_by(counts.c.id))[-1].kind == "cycle"
    with pytest.raises(Rejected, match=Code.STOCKTAKE_EMPTY):
        ask(site, zone="NOWHERE")


def test_a_container_is_counted_like_a_place_and_not_with_the_place_it_stands_in(
    site: FloorSite,
) -> None:
    site.add(places, {"code": "R-01", "kind": "reserve"},
             {"code": "LPN-9", "kind": "pallet", "parent": "R-01"})  # fmt: skip
    site.put("LPN-9", "TEA", 24)
    bert = counting(site, "R-01")
    assert any("LPN-9" in line for line in bert.prompt.lines), "what is counted by itself is named"
    refused(bert.scan("LPN-9"), "count.apart")
    bert.command("ok")
    bert.command("full")
    bert.key("1")
    assert (bert.prompt.step, said(bert)) == ("get", "count.said.agreed")
    bert.expect("count.item", "LPN-9")
    assert count(bert, TEA, "23") == "again"
    bert.key("1")
    bert.expect("count.item", "LPN-9")
    assert count(bert, TEA, "23") == "get"
    assert here(site, "LPN-9") == {"TEA": 23}
    assert here(site, "R-01") == {}


def test_numbers_that_cannot_be_are_refused(site: FloorSite) -> None:
    site.add(barcodes, {"code": "CASE", "item_id": site.good("TEA"), "qty": 999_999})
    bert = counting(site)
    bert.scan(TEA)
    for text in ("-5", "0", "5", "999999999"):
        assert bert.key(text).fate == "refused", text
        bert.command("ok")
    bert.scan("CASE")
    refused(bert.scan("CASE"), "scan.too_many")
