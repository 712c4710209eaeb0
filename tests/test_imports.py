"""Files come in whole or not at all, every fault is told where it is, and the same file is once."""

import csv
import io
import zipfile
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime

import pytest
import xlsxwriter
from sqlalchemy import func, select

from sync import files
from sync.columns import Kind
from sync.files import DryRun, Report
from sync.sheets import csv_text, table, xlsx
from sync.workbooks import ROWS_MAX
from tests.api_site import Api, api
from tests.intake_site import NOW, seeded
from wms.db import Book
from wms.errors import Code, Rejected
from wms.messages import Language
from wms.schema import commands, events, moves, order_lines, orders
from wms.schema import items as item_table
from wms.schema import stock as balances
from wms.site import items

ITEMS = "荷主,品番,商品名,JAN,ケースJAN,入数,重量,ロット管理\n"
STOCK = "owner,sku,place,qty,lot,expiry,condition,serial\n"
ORDERS = "荷主,店舗,受注番号,便種,氏名,郵便番号,住所,電話番号,品番,数量,ラッピング\n"
HEAD = "A,SA,{},yamato-takkyubin,山田,1000001,東京都千代田区1-1,0312345678"


@pytest.fixture
def book(database_url: str) -> Book:
    return seeded(database_url)


def bring(
    book: Book, kind: Kind, data: str | bytes, *, dry_run: bool = False, language: Language = "en"
) -> Report:
    """Import *data* as `genba import` does."""
    parsed = files.read(kind, data.encode() if isinstance(data, str) else data, "file")
    try:
        return book.write_now(
            files.bring_in, parsed, dry_run=dry_run, language=language, actor="cli", device="cli",
            now=NOW,
        )  # fmt: skip
    except DryRun as done:
        return done.report


def told(report: Report) -> list[tuple[int, str, str]]:
    return [(one.row, one.column, one.code) for one in report.faults]


def counts(book: Book) -> list[int]:
    """Rows of every table that an import writes."""
    tables = (item_table, balances, moves, orders, order_lines, events, commands)
    return book.read_now(
        lambda tx: [
            tx.execute(select(func.count()).select_from(one)).scalar_one() for one in tables
        ]
    )


def workbook(rows: Sequence[Sequence[object]]) -> bytes:
    data = io.BytesIO()
    book = xlsxwriter.Workbook(data, {"default_date_format": "yyyy-mm-dd"})
    sheet = book.add_worksheet()
    for number, row in enumerate(rows):
        sheet.write_row(number, 0, row)
    book.close()
    return data.getvalue()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932"])
def test_items_come_in_from_either_encoding(book: Book, encoding: str) -> None:
    text = ITEMS + "A,髙-1,髙島屋①,4512345678906,14512345678903,１２,100,○\n"
    report = bring(book, "items", text.encode(encoding))
    assert (report.new, report.applied, report.faults) == (1, True, ())
    found = book.read_now(items.find, "14512345678903")
    assert [(one.sku, one.qty) for one in found] == [("髙-1", 12)]


def test_a_spreadsheet_says_the_same_as_a_csv_file(book: Book) -> None:
    rows: list[list[object]] = [
        ["荷主*", "商品コード", "ロケ", "数量", "賞味期限"],
        ["A", "TEA", "A-01", 5.0, datetime(2027, 1, 31, tzinfo=UTC).replace(tzinfo=None)],
    ]
    assert bring(book, "stock", workbook(rows)).new == 1
    text = "荷主,商品コード,ロケ,数量,賞味期限\nA,TEA,A-01,5,2027/1/31\n"
    assert bring(book, "stock", text).same == 1


def test_a_dry_run_tells_what_would_change_and_keeps_nothing(book: Book) -> None:
    before = counts(book)
    report = bring(book, "items", ITEMS + "A,TEA,緑茶,,,,150,\nA,NEW,新,,,,,\nA,CUP,カップ,,,,,\n",
                   dry_run=True)  # fmt: skip
    assert (report.new, report.changed, report.same) == (1, 1, 1)
    assert report.changes == {"name": 1, "weight_g": 1}
    assert (report.dry_run, report.applied) == (True, False)
    assert counts(book) == before


WRONG: dict[str, tuple[Kind, str, list[tuple[int, str, str]]]] = {
    "items": ("items", ITEMS + (
        "A,OK,良い,,,,,\nA,,名,,,,,\nA,X1,名,4512345678901,,,,\nZ,X2,名,,,,,\n"
        "A,X3,名,,,,重い,\nA,X4,名,,,,,たぶん\nA,X5,名,,,,1,,余分\nA,OK,また,,,,,\n"
    ), [
        (3, "品番", "text.empty"), (4, "JAN", "barcode.check_digit"),
        (5, "荷主", "reference.unknown"), (6, "重量", "field.not_int"),
        (7, "ロット管理", "field.not_bool"), (8, "", "import.too_many_cells"),
        (9, "品番", "row.twice"),
    ]),
    "stock": ("stock", STOCK + (
        "A,TEA,A-01,5,,,,\nA,NO,A-01,5,,,,\nA,TEA,Z-99,5,,,,\nA,TEA,@lost,5,,,,\n"
        "A,TEA,A-01,0,,,,\nA,TEA,A-01,1,L,2027-13-01,,\nA,TEA,A-01,1,L,2027-01-01,,\n"
        "A,TEA,A-02,1,L,2027-02-01,,\nA,TEA,A-01,1,,,良い感じ,\nA,CUP,A-01,2,,,,S1\n"
        "A,CUP,A-01,1,,,,S1\nA,CUP,A-02,1,,,,S1\n"
    ), [
        (3, "sku", "reference.unknown"), (4, "place", "reference.unknown"),
        (5, "place", "place.outside"), (6, "qty", "field.too_small"),
        (7, "expiry", "date.wrong"), (9, "expiry", "lot.expiry"),
        (10, "condition", "field.choice"), (11, "qty", "serial.is_one"),
        (13, "serial", "serial.here"),
    ]),
    "orders": ("orders", ORDERS + (
        f"{HEAD.format('R1')},TEA,1,赤\nA,,R1,,,,,,NO,2,\n{HEAD.format('R2')},TEA,0,\n"
        f"{HEAD.format('R3').replace('1000001', '1')},TEA,1,\n"
        f"{HEAD.format('R4')},TEA,1,\nA,,R4,,鈴木,,,,CUP,1,\nA,SA,R5,,,,,,TEA,1,\n"
    ), [
        (3, "品番", "reference.unknown"), (4, "数量", "field.too_small"),
        (5, "郵便番号", "field.pattern"), (7, "氏名", "import.differs"),
        (8, "住所", "field.missing"), (8, "便種", "field.missing"), (8, "氏名", "field.missing"),
        (8, "郵便番号", "field.missing"), (8, "電話番号", "field.missing"),
    ]),
    "all of a row": ("items", "owner,sku,name,色,weight_g,storage,rfid\nA,,x,赤,-1,hot,maybe\n", [
        (1, "色", "import.column_unknown"), (2, "rfid", "field.not_bool"),
        (2, "sku", "text.empty"), (2, "storage", "field.choice"),
        (2, "weight_g", "field.too_small"),
    ]),
    "header": ("places", "ロケ,色,code\nA-9,赤,A-9\n", [
        (1, "code", "import.column_twice"), (1, "kind / 種類", "import.column_missing"),
        (1, "色", "import.column_unknown"),
    ]),
}  # fmt: skip


@pytest.mark.parametrize(("kind", "text", "expected"), WRONG.values(), ids=WRONG.keys())
def test_every_fault_is_told_with_row_and_column_and_nothing_is_written(
    book: Book, kind: Kind, text: str, expected: list[tuple[int, str, str]]
) -> None:
    before = counts(book)
    report = bring(book, kind, text, language="ja")
    assert told(report) == expected
    assert report.fault_count == len(expected)
    assert not report.applied
    assert counts(book) == before
    assert all(one.reason for one in report.faults)


def test_orders_of_several_lines_come_in_once(book: Book) -> None:
    text = ORDERS + f"{HEAD.format('R1')},TEA,1,赤\nA,,R1,,,,,,CUP,2,\n{HEAD.format('R2')},TEA,1,\n"
    first = bring(book, "orders", text)
    assert (first.rows, first.new, first.same) == (3, 2, 0)
    before = counts(book)
    again = bring(book, "orders", text)
    assert (again.new, again.same) == (0, 2)
    after = counts(book)
    assert after[:-1] == before[:-1], "only the record of the command is new"
    changed = bring(book, "orders", text.replace("赤", "青"))
    assert told(changed) == [(2, "受注番号", Code.KEY_REUSED)]


def test_i1_opening_stock_comes_from_the_supplier_once(book: Book) -> None:
    text = STOCK + "A,TEA,A-01,5,,,,\nA,TEA,A-01,5,,,,\nA,CUP,A-02,1,,,damaged,\n"
    assert bring(book, "stock", text).new == 3
    assert bring(book, "stock", text).same == 3
    more = bring(book, "stock", text + "A,CUP,A-02,7,,,,\n")
    assert (more.new, more.same) == (1, 3)
    query = select(balances.c.place, balances.c.condition, func.sum(balances.c.qty)).group_by(
        balances.c.place, balances.c.condition
    )
    found = book.read_now(lambda tx: {tuple(row) for row in tx.execute(query)})
    assert found == {("A-01", "available", 10), ("A-02", "damaged", 1), ("A-02", "available", 7)}
    sources = select(moves.c.source).distinct()
    assert book.read_now(lambda tx: tx.execute(sources).scalars().all()) == ["@supplier"]


def test_a_serial_that_is_here_cannot_come_again(book: Book) -> None:
    assert bring(book, "stock", STOCK + "A,CUP,A-01,1,,,,S1\n").new == 1
    report = bring(book, "stock", STOCK + "A,CUP,A-02,1,,,,S1\n")
    assert told(report) == [(2, "serial", "serial.here")]


def test_tracked_goods_need_their_lot_date_and_serial(book: Book) -> None:
    tracked = items.NewItem(
        owner="A", sku="T", name="x", lot_tracked=True, expiry_tracked=True, serial_tracked=True
    )
    book.write_now(items.put, [tracked])
    report = bring(book, "stock", STOCK + "A,T,A-01,1,,,,\n")
    assert {column for _, column, _ in told(report)} == {"lot", "expiry", "serial"}
    assert bring(book, "stock", STOCK + "A,T,A-01,1,L1,2027/1/31,,S1\n").applied


def not_a_workbook(name: str) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr(name, "<x/>")
    return data.getvalue()


def with_a_far_cell() -> bytes:
    data = io.BytesIO()
    book = xlsxwriter.Workbook(data)
    sheet = book.add_worksheet()
    sheet.write(0, 0, "owner")
    sheet.write(1_048_575, 16_383, "x")
    book.close()
    return data.getvalue()


def bomb() -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", "<x/>")
        with archive.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as part:
            for _ in range(210):
                part.write(b" " * 1_000_000)
    return data.getvalue()


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (lambda: b"", Code.IMPORT_EMPTY),
        (lambda: b"owner,sku\n", Code.IMPORT_EMPTY),
        (lambda: b'owner,"sku\n', Code.IMPORT_FORMAT),
        (lambda: b"owner,sku\n\xff\xfe\x00", Code.IMPORT_ENCODING),
        (lambda: "owner,sku\nA,あ\n".encode("utf-16"), Code.IMPORT_ENCODING),
        (lambda: b"owner,sku\nA,a\x00b\n", Code.TEXT_NUL),
        (lambda: b"owner\n" + b"A\n" * (ROWS_MAX + 1), Code.IMPORT_TOO_BIG),
        (lambda: b"owner\n" + b"x" * 200_000, Code.IMPORT_FORMAT),
        (lambda: b"PK\x03\x04 nothing", Code.IMPORT_FORMAT),
        (lambda: not_a_workbook("evil.txt"), Code.IMPORT_FORMAT),
        (lambda: not_a_workbook("xl/workbook.bin"), Code.IMPORT_FORMAT),
        (lambda: not_a_workbook("xl/workbook.xml"), Code.IMPORT_FORMAT),
        (with_a_far_cell, Code.IMPORT_TOO_BIG),
        (bomb, Code.IMPORT_TOO_BIG),
    ],
)
def test_f46_what_is_no_table_is_refused(make: Callable[[], bytes], code: Code) -> None:
    with pytest.raises(Rejected) as refused:
        table(make(), "file")
    assert refused.value.code == code


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠"])
def test_f45_a_report_never_begins_a_formula(start: str) -> None:
    (row,) = csv.reader(io.StringIO(csv_text([(f"{start}HYPERLINK(1)", 3)]), newline=""))
    assert row == [f"'{start}HYPERLINK(1)", "3"]


def test_a_workbook_that_we_write_holds_no_formula_and_no_link() -> None:
    names = (
        "=cmd|' /C calc'!A0",
        "{=1+1}",
        "https://evil.example/",
        "internal:Sheet1!A1",
        "@SUM(1)",
    )
    with zipfile.ZipFile(
        io.BytesIO(xlsx([("name", "qty"), *((name, 3) for name in names)]))
    ) as book:
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
        assert ("<f" in sheet, "hyperlink" in sheet) == (False, False)
        assert not [part for part in book.namelist() if "rels/sheet" in part or "external" in part]


def test_f43_a_column_name_cannot_steer_the_terminal(book: Book) -> None:
    report = bring(book, "items", "\x1b[2J,owner,sku,name\nx,A,S,n\n")
    assert report.faults[0].column == "\ufffd[2J"
    assert "\x1b" not in "".join(one.reason for one in report.faults)


@pytest.fixture
def site(sqlite_url: str) -> Iterator[Api]:
    with api(sqlite_url) as made:
        yield made


def test_the_door_for_files_does_what_the_command_does(site: Api) -> None:
    admin = site.headers("admin", language="ja")
    text = (ITEMS + "A,NEW,新,,,,,\n").encode("cp932")
    url = "/v1/imports/items?name=a.csv"
    dry = site.client.post(f"{url}&dry_run=true", content=text, headers=admin)
    assert (dry.status_code, dry.json()["new"], dry.json()["applied"]) == (200, 1, False)
    done = site.client.post(url, content=text, headers=admin)
    assert (done.status_code, done.json()["new"], done.json()["file"]) == (200, 1, "a.csv")
    wrong = site.client.post(url, content=text + b"A,,,,,,,\n", headers=admin)
    assert (wrong.status_code, wrong.json()["faults"][0]["column"]) == (422, "品番")
    assert site.client.post("/v1/imports/pets", content=text, headers=admin).status_code == 400
    too_big = site.client.post(url, content=b"x" * 20_000_001, headers=admin)
    assert too_big.status_code == 413
