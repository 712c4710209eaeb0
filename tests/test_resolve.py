"""One code means one thing: GS1's own vectors, and what the book knows, on both databases."""

import csv
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import update

from picking.dialogues.base import Seen
from picking.resolve import TEXT_MAX, elements, resolve
from tests.floor_site import JAN, ON_BOTH, FloorSite, floor_at
from wms.db import Tx
from wms.schema import (
    barcodes,
    boxes,
    items,
    lots,
    manifests,
    orders,
    owners,
    parcels,
    people,
    places,
)
from wms.site.epc import sgtin96
from wms.site.items import check_digit, normal_barcode
from wms.text import shown

# The GS1 Syntax Engine's own tests (Apache-2.0), and values computed with it.
VECTORS = list(
    csv.DictReader((Path(__file__).parent / "fixtures" / "gs1_scans.csv").open(encoding="utf-8"))
)
_ELEMENT = re.compile(r"\((\d+)\)([^(]*)")


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["id"])
def test_scans_are_read_as_gs1_says(vector: dict[str, str]) -> None:
    wanted = dict(_ELEMENT.findall(vector["elements"]))
    text = vector["scan"].replace("<GS>", "\x1d")
    found = elements(text)
    goods = wanted.get("01") if vector["expect"] == "ok" else None
    if goods is None:
        assert found.code in text, "what is no code of goods stays what it was"
        assert found.lot == wanted.get("10", "")
        return
    assert found.code == normal_barcode(goods)
    assert (found.lot, found.serial) == (wanted.get("10", ""), wanted.get("21", ""))
    assert found.expiry.replace("-", "")[2:] == wanted.get("17", "")


@pytest.mark.parametrize(
    ("text", "code", "lot", "serial", "expiry"),
    [
        ("]C1010490123456789417270200" + "10L1", "4901234567894", "L1", "", "2027-02-28"),
        ("]d2010490123456789415261231\x1d", "4901234567894", "", "", "2026-12-31"),
        ("0104901234567894" + "10L1\x1d21S7", "4901234567894", "L1", "S7", ""),
        ("0104901234567894", "0104901234567894", "", "", ""),  # no FNC1, no AIM: no GS1
        ("]C110L1\x1d21S1", "", "L1", "S1", ""),
        ("]C100349012340987654328", "349012340987654328", "", "", ""),
        ("]C100349012340987654320", "00349012340987654320", "", "", ""),  # wrong check digit
        ("]E02112345678900|]e099COMPOSITE\x1d98XYZ", "2112345678900", "", "", ""),
        ("]I114901234567891", "14901234567891", "", "", ""),
        ("]Q1https://id.gs1.org/01/04901234567894/10/L1?17=270131", "4901234567894", "L1", "",
         "2027-01-31"),
        ("https://example.com/", "https://example.com/", "", "", ""),
        ("]F0a123456789011d", "123456789011", "", "", ""),
        ("A123456789011B", "123456789011", "", "", ""),
        ("A123-456B", "123-456", "", "", ""),
        ("  A-01 \r", "A-01", "", "", ""),
    ],
)  # fmt: skip
def test_a_scan_is_taken_apart(text: str, code: str, lot: str, serial: str, expiry: str) -> None:
    found = elements(text)
    assert (found.code, found.lot, found.serial, found.expiry) == (code, lot, serial, expiry)


GARBAGE = st.lists(
    st.sampled_from(["]C1", "]d2", "]E0", "01", "04901234567894", "10", "17", "21", "00", "99",
                     "\x1d", "http://", "/01/", "|]e", "A", "a1a", "\u202e", "²", " ", "%", "["])
    | st.text(max_size=4),
    max_size=12,
).map("".join)  # fmt: skip


@given(GARBAGE)
def test_no_garbage_breaks_the_reader(text: str) -> None:
    found = elements(text)
    assert len(found.code) <= len(text) + 14


# What the book knows


@pytest.fixture
def engine() -> str:
    return "sqlite"


@pytest.fixture
def site(engine: str, request: pytest.FixtureRequest) -> Iterator[FloorSite]:
    with floor_at(request.getfixturevalue(f"new_{engine}")()) as site:
        site.stock_up()
        yield site


def seen(site: FloorSite, text: str, via: str = "scan") -> Seen:
    return site.read(resolve, text, via)


def parcel(site: FloorSite, code: str, **values: Any) -> int:
    """A parcel of some order."""
    if not site.rows(orders.select()):
        site.order(("TEA", 1))
    piece = len(site.rows(parcels.select())) + 1
    row = {"code": code, "order_id": 1, "piece": piece, "service": "yamato", "carrier": "yamato",
           "state": "labelled", "created_ms": 1}  # fmt: skip
    site.add(places, {"code": code, "kind": "carton", "parent": "BENCH-1"})
    site.add(parcels, {**row, **values})
    return piece


@ON_BOTH
def test_each_code_is_of_its_kind(site: FloorSite) -> None:
    number = parcel(site, "P0000001-1", tracking="262492160324")
    site.set(places, places.c.code == "T-01", epc="3034aa")
    for text, kind, code in (
        ("A-01", "place", "A-01"), ("a-01", "place", "A-01"), ("T-01", "tote", "T-01"),
        ("]C0T-01", "tote", "T-01"), ("3034AA", "tote", "T-01"), ("bx-s", "box", "BX-S"),
        ("P0000001-1", "parcel", "P0000001-1"), ("]F0a262492160324a", "tracking", "262492160324"),
        ("M-YAMATO-261122-1700", "manifest", "M-YAMATO-261122-1700"),
        ("CMD:Short", "command", "short"), ("]C0CMD:short", "command", "short"),
        (f"]E0{JAN['TEA']}", "item", JAN["TEA"]), ("]C110L9", "lot", ""),
        ("nobody knows", "unknown", "nobody knows"), ("@supplier", "unknown", "@supplier"),
        ("", "unknown", ""), ("x" * (TEXT_MAX + 1), "broken", ""), ("A-0\ufffd", "broken", ""),
    ):  # fmt: skip
        found = seen(site, text)
        assert (found.kind, found.code) == (kind, code), text
    assert seen(site, "P0000001-1").id == seen(site, "262492160324").id == number


@ON_BOTH
def test_badges_are_known_by_their_token_and_never_repeated(site: FloorSite) -> None:
    assert (seen(site, "BADGE:anna").kind, seen(site, "BADGE:anna").id) == ("badge", 1)
    assert seen(site, "]Q1BADGE:anna ").id == 1
    unknown = seen(site, "BADGE:mallory")
    assert (unknown.kind, unknown.id) == ("badge", 0)
    assert "mallory" not in str(unknown)
    site.write(lambda tx: tx.execute(update(people).values(active=0)))
    assert seen(site, "BADGE:anna").id == 0


def test_keyed_digits_are_a_number_and_scanned_ones_a_code(site: FloorSite) -> None:
    site.add(places, {"code": "12", "kind": "bin"})
    assert (seen(site, "12", "key").kind, seen(site, "12", "key").number) == ("number", 12)
    assert seen(site, "12", "scan").kind == "place"
    assert seen(site, "7", "scan").kind == "unknown", "a bad read of a barcode is no quantity"
    assert seen(site, "123456", "key").kind == "unknown"
    for text in ("²", "١٢", "1.5", "-1", "+1"):
        assert seen(site, text, "key").kind == "unknown"


def test_a_command_is_named_whatever_it_holds(site: FloorSite) -> None:
    assert seen(site, "OK", "command").code == "ok"
    assert seen(site, "A-01", "command").kind == "command"
    hostile = seen(site, "CMD:\x1b[2J")
    assert hostile.kind == "command"
    assert "\x1b" not in hostile.text


def other_owner(site: FloorSite, sku: str, code: str, qty: int = 1) -> int:
    if not [row for row in site.rows(owners.select()) if row.code == "bolt"]:
        site.add(owners, {"code": "bolt", "name": "Bolt"})
    site.add(items, {"owner": "bolt", "sku": sku, "name": f"Their {sku}"})
    item = site.good(sku)
    site.add(lots, {"item_id": item, "lot": ""})
    site.add(barcodes, {"code": code, "item_id": item, "qty": qty})
    return item


@ON_BOTH
def test_the_same_code_under_two_owners_means_both_and_the_task_decides(site: FloorSite) -> None:
    theirs = other_owner(site, "THEIRS", JAN["TEA"], qty=6)
    found = seen(site, f"]E0{JAN['TEA']}")
    assert found.kind == "item", "two items are no riddle for whoever knows the order"
    assert [(item.owner, item.sku, item.qty) for item in found.items] == [
        ("acme", "TEA", 1), ("bolt", "THEIRS", 6),
    ]  # fmt: skip
    meant = found.item(theirs)
    assert meant is not None
    assert meant.qty == 6
    assert found.item(999) is None


@ON_BOTH
def test_twelve_digits_may_be_a_upc_or_a_tracking_number(site: FloorSite) -> None:
    body = "03600029145"
    upc = body + check_digit("0" + body)
    assert len(upc) == 12
    other_owner(site, "SOAP", normal_barcode(upc))
    assert seen(site, upc).kind == "item"
    parcel(site, "P0000001-1", tracking=upc)
    both = seen(site, upc)
    assert (both.kind, both.code) == ("ambiguous", "P0000001-1, SOAP"), "it names the candidates"
    assert seen(site, f"]E0{upc}").kind == "item", "the symbology knows: carriers print no EAN"
    assert seen(site, f"]E0{upc.zfill(13)}").kind == "item"
    assert seen(site, f"]F0a{upc}a").kind == "tracking", "and goods are not in Codabar"


@ON_BOTH
def test_what_could_be_two_things_is_said_to_be_so(site: FloorSite) -> None:
    site.add(boxes, {"code": "A-02"})
    both = seen(site, "A-02")
    assert (both.kind, both.code) == ("ambiguous", "A-02")
    other_owner(site, "B-01", "4907777777776")
    assert seen(site, "B-01").kind == "ambiguous", "an SKU like a place"
    site.add(places, {"code": "b-02", "kind": "tote"})
    assert seen(site, "b-02").code == "B-02, b-02"


def test_a_code_written_exactly_so_comes_first(site: FloorSite) -> None:
    site.add(places, {"code": "x-1", "kind": "bin"})
    site.add(places, {"code": "X-1", "kind": "bin"})
    assert (seen(site, "x-1").code, seen(site, "X-1").code) == ("x-1", "X-1")


@ON_BOTH
def test_a_recycled_number_is_the_parcel_that_is_still_here(site: FloorSite) -> None:
    number = "262492160324"
    stopped = parcel(site, "P0000001-0", tracking=number, state="void", ship_date="2024-11-22")
    assert seen(site, number).id == stopped, "a void label is in somebody's hand"
    gone = {"state": "shipped", "ship_date": "2025-11-22", "tracking": number}
    parcel(site, "P0000001-1", **gone)
    second = parcel(site, "P0000001-2", **{**gone, "ship_date": "2025-12-22"})
    assert seen(site, number).id == second, "the newest of those that left"
    live = parcel(site, "P0000001-3", tracking=number)
    parcel(site, "P0000001-4", tracking=number, state="void")
    assert seen(site, number).id == live
    parcel(site, "P0000001-5", tracking=number, carrier="sagawa")
    several = seen(site, number)
    assert (several.kind, several.id) == ("tracking", 0), "two boxes here: which, nobody knows"


def test_cases_carry_their_quantity_and_skus_are_good_enough(site: FloorSite) -> None:
    item = site.good("TEA")
    case = "14901234567891"
    site.add(barcodes, {"code": normal_barcode(case), "item_id": item, "qty": 12})
    assert seen(site, f"]I1{case}").items[0].qty == 12
    assert seen(site, f"]C101{case}10L1").items[0].qty == 12
    assert (seen(site, "TEA").kind, seen(site, "TEA").items[0].qty) == ("item", 1)
    assert seen(site, "tea").kind == "unknown", "an SKU is written as it is"


def test_a_tag_of_one_unit_is_its_item(site: FloorSite) -> None:
    epc = sgtin96(JAN["TEA"], 77, prefix_digits=7)
    for text in (epc, epc.upper()):
        assert [item.sku for item in seen(site, text).items] == ["TEA"]
    assert seen(site, "ff" * 12).kind == "unknown"


def test_damaged_goods_codes_mean_nothing(site: FloorSite) -> None:
    for text in ("]E04901234567895", "]C10104901234567895", "4901234567895"):
        assert seen(site, text).kind == "unknown", "a wrong check digit is a bad read"


@given(GARBAGE)
def test_whatever_is_scanned_is_something(text: str) -> None:
    site = _known_site()
    for via in ("scan", "key", "command", "device"):
        found = site.read(resolve, text.replace("\x00", ""), via)
        assert len(found.text) <= 40
        assert shown(found.text) == found.text


_SITE: list[FloorSite] = []


def _known_site() -> FloorSite:
    return _SITE[0]


@pytest.fixture(scope="module", autouse=True)
def known_site(sqlite_folder: Path) -> Iterator[None]:
    """One book for all the examples of a property."""
    file = sqlite_folder / "resolve.db"
    shutil.copy(sqlite_folder / "template.db", file)
    with floor_at(f"sqlite:///{file}") as site:
        site.stock_up()
        _SITE.append(site)
        yield
    _SITE.clear()


def test_reading_writes_nothing(site: FloorSite) -> None:
    def all_of(tx: Tx) -> list[str]:
        return [resolve(tx, text, "scan").kind for text in ("A-01", "BADGE:anna", "TEA")]

    before = site.counts()
    assert site.read(all_of) == ["place", "badge", "item"]
    assert site.counts() == before
    assert manifests.name in before
