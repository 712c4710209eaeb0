"""Items and places in bulk: every fault of every row is named, and nothing half-written stays."""

from typing import Any

import pytest
from msgspec.structs import replace
from sqlalchemy import event, func, select

from tests.intake_site import JAN, NOW, seeded
from wms import stock
from wms.db import Book
from wms.errors import Code, Rejected
from wms.schema import items as item_table
from wms.schema import lots
from wms.schema import places as place_table
from wms.site import items
from wms.site.items import Barcode, NewItem, Put
from wms.storage import places
from wms.storage.places import NewPlace

TEA = NewItem(owner="A", sku="TEA", name="お茶", barcodes=(Barcode(code=JAN),))


@pytest.fixture
def book(database_url: str) -> Book:
    return seeded(database_url)


def many_items(count: int) -> list[NewItem]:
    return [NewItem(owner="A", sku=f"S-{number}", name="品") for number in range(count)]


def statements(book: Book, command: Any, rows: Any) -> int:
    """How many statements *command* sends for *rows*."""
    sent: list[str] = []

    def note(_connection: Any, _cursor: Any, text: str, *_rest: Any) -> None:
        sent.append(text)

    event.listen(book.writing, "before_cursor_execute", note)
    book.write_now(command, rows)
    event.remove(book.writing, "before_cursor_execute", note)
    return len(sent)


def test_putting_again_changes_nothing(book: Book) -> None:
    assert book.write_now(items.put, [TEA]) == Put(0, 0, 1, {})
    assert book.write_now(items.put, [replace(TEA, name="緑茶")]) == Put(0, 1, 0, {"name": 1})
    case = (Barcode(code="14901234567891", qty=12),)
    added = book.write_now(items.put, [replace(TEA, name="緑茶", barcodes=case)])
    assert added == Put(0, 1, 0, {"barcodes": 1})
    assert {found.qty for found in book.read_now(items.find, "14901234567891")} == {12}
    assert book.read_now(items.find, JAN), "a put takes no barcode away"


def test_every_item_has_the_blank_lot(book: Book) -> None:
    book.write_now(items.put, many_items(3))
    missing = select(item_table.c.id).where(
        ~select(lots).where(lots.c.item_id == item_table.c.id, lots.c.lot == "").exists()
    )
    assert book.read_now(lambda tx: tx.execute(missing).all()) == []


def test_a_thousand_items_take_as_many_statements_as_a_hundred(sqlite_url: str) -> None:
    book = seeded(sqlite_url)
    few = statements(book, items.put, many_items(100))
    many = statements(book, items.put, many_items(1_000))
    assert many <= few + 3 * (1_000 // items.CHUNK)
    bins = [NewPlace(code=f"X-{number}", kind="bin") for number in range(1_000)]
    assert statements(book, places.put, bins) < 20


def test_the_same_jan_under_several_owners_finds_them_all(book: Book) -> None:
    for scanned in (JAN, f"0{JAN}"):
        assert [found.owner for found in book.read_now(items.find, scanned)] == ["A", "B"]
    assert [found.sku for found in book.read_now(items.find, "CUP")] == ["CUP"]
    assert book.read_now(items.find, "nothing") == []


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("4901234567894", "4901234567894"),
        ("04901234567894", "4901234567894"),
        ("036000291452", "0036000291452"),
        ("00036000291452", "0036000291452"),
        ("14901234567891", "14901234567891"),
        ("49123456", "49123456"),
        ("0000049123456", "49123456"),
        ("4901234567890", "4901234567890"),
        ("K-01", "K-01"),
    ],
)
def test_a_gtin_is_kept_without_padding(code: str, expected: str) -> None:
    assert items.normal_barcode(code) == expected


WRONG_ITEMS = {
    "check digit": (replace(TEA, barcodes=(Barcode(code="4901234567895"),)),
                    Code.BARCODE_CHECK_DIGIT, "barcodes[0].code"),
    "another's barcode": (replace(TEA, sku="CUP"), Code.BARCODE_TAKEN, "barcodes[0].code"),
    "owner": (replace(TEA, owner="nobody"), Code.REFERENCE_UNKNOWN, "owner"),
    "hidden character": (replace(TEA, sku="TE\u200bA"), Code.TEXT_UNSEEN, "sku"),
    "no name": (replace(TEA, name="\u3000"), Code.TEXT_EMPTY, "name"),
    "NUL": (replace(TEA, name="a\x00"), Code.TEXT_NUL, "name"),
    "too heavy": (replace(TEA, weight_g=10**9), Code.FIELD_TOO_BIG, "weight_g"),
    "negative": (replace(TEA, weight_g=-1), Code.FIELD_TOO_SMALL, "weight_g"),
    "line feed": (replace(TEA, barcodes=(Barcode(code="A\n"),)),
                  Code.TEXT_UNSEEN, "barcodes[0].code"),
}  # fmt: skip


@pytest.mark.parametrize(("row", "code", "field"), WRONG_ITEMS.values(), ids=WRONG_ITEMS.keys())
def test_a_wrong_item_is_refused_with_its_field(
    book: Book, row: NewItem, code: Code, field: str
) -> None:
    found = book.read_now(items.faults, [row])
    assert [(one.code, one.field) for one in found] == [(code, field)]
    with pytest.raises(Rejected):
        book.write_now(items.put, [NewItem(owner="A", sku="FINE", name="x"), row])
    assert book.read_now(items.find, "FINE") == []


def test_all_faults_of_all_rows_are_told_at_once(book: Book) -> None:
    rows = [row for row, _, _ in WRONG_ITEMS.values()]
    told = {one.row for one in book.read_now(items.faults, rows)}
    assert told == set(range(len(rows)))
    twice = book.read_now(items.faults, [TEA, TEA])
    assert [(one.row, one.code) for one in twice] == [(1, Code.ROW_TWICE)]


def test_a_cart_and_its_totes_may_come_together(book: Book) -> None:
    rows = [
        NewPlace(code="T-1", kind="tote", parent="CART-1"),
        NewPlace(code="CART-1", kind="cart", parent="A-01"),
    ]
    assert book.write_now(places.put, rows).new == 2
    assert book.write_now(places.put, rows) == Put(0, 0, 2, {})


def test_putting_a_place_again_leaves_the_facts_of_the_floor(book: Book) -> None:
    book.write_now(places.put, [NewPlace(code="T-1", kind="tote", parent="A-01")])
    book.write_now(
        stock.relocate, key="k", container="T-1", source="A-01", target="A-02", actor="t", now=NOW
    )
    book.write_now(places.block, ["T-1"], "棚になし")
    moved = NewPlace(code="T-1", kind="tote", parent="A-01", zone="Z")
    assert book.write_now(places.put, [moved]) == Put(0, 1, 0, {"zone": 1})
    row = book.read_now(
        lambda tx: tx.execute(select(place_table).where(place_table.c.code == "T-1")).one()
    )
    assert (row.parent, row.blocked, row.zone) == ("A-02", "棚になし", "Z")
    assert book.write_now(places.unblock, ["T-1", "A-01"]) == 1


@pytest.mark.parametrize(
    ("row", "code", "field"),
    [
        (NewPlace(code="A-01", kind="dock"), Code.PLACE_KIND, "kind"),
        (NewPlace(code="@lost", kind="bin"), Code.PLACE_OUTSIDE, "code"),
        (NewPlace(code="N-1", kind="tote", parent="nowhere"), Code.REFERENCE_UNKNOWN, "parent"),
        (NewPlace(code="N-1", kind="tote", parent="N-1"), Code.REFERENCE_UNKNOWN, "parent"),
        (NewPlace(code="棚1", kind="bin"), Code.FIELD_PATTERN, "code"),
        (NewPlace(code="N-1\n", kind="bin"), Code.TEXT_UNSEEN, "code"),
    ],
)
def test_a_wrong_place_is_refused_with_its_field(
    book: Book, row: NewPlace, code: Code, field: str
) -> None:
    found = book.read_now(places.faults, [row])
    assert [(one.code, one.field) for one in found] == [(code, field)]
    with pytest.raises(Rejected):
        book.write_now(places.put, [row])


def test_one_station_number_is_one_place(book: Book) -> None:
    rows = [NewPlace(code=f"N-{n}", kind="station", robot_station=7) for n in (1, 2)]
    assert [one.row for one in book.read_now(places.faults, rows)] == [1]


def test_the_places_outside_are_always_there(book: Book) -> None:
    book.write_now(places.ensure_outside)
    count = select(func.count()).where(place_table.c.kind == "outside")
    assert book.read_now(lambda tx: tx.execute(count).scalar()) == len(stock.OUTSIDE)
