"""The opening workbook: filled in it opens a site; faults come back beside their rows."""

import io
import re
import zipfile
from collections.abc import Iterator
from datetime import date, time
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from python_calamine import CalamineWorkbook
from sqlalchemy import func, select, update
from typer.testing import CliRunner

from app.__main__ import cli
from sync import template_book, template_file, template_reader
from sync.template import EXAMPLE, SHEETS, WRONG
from sync.template_book import Unapplied, WorkbookReport
from tests.site_process import write_config
from wms import audit
from wms.db import Book, Tx
from wms.errors import Rejected
from wms.messages import Language
from wms.schema import (
    boxes,
    holidays,
    insert_rules,
    items,
    owners,
    service_upgrades,
    shops,
    stock,
    tracking_ranges,
    transit,
)
from wms.storage import places

NOW = 1_795_316_400_000
LANGUAGES: tuple[Language, ...] = ("ja", "en")


@pytest.fixture
def book(sqlite_url: str) -> Iterator[Book]:
    book = Book(sqlite_url)
    book.write_now(places.ensure_outside)
    yield book
    assert book.read_now(audit.audit) == []
    book.close()


def bring(book: Book, data: bytes, *, dry_run: bool = False) -> WorkbookReport:
    filled = template_reader.read(data, "opening.xlsx")
    try:
        return book.write_now(
            template_book.bring_in, filled, dry_run=dry_run, language="en", actor="cli",
            device="cli", now=NOW,
        )  # fmt: skip
    except Unapplied as done:
        return done.report


def sheets_of(data: bytes) -> dict[str, list[list[Any]]]:
    book = CalamineWorkbook.from_filelike(io.BytesIO(data))
    return {name: book.get_sheet_by_name(name).to_python() for name in book.sheet_names}


def filled_in(language: Language, **changes: Any) -> bytes:
    """The template whose examples were made real by taking the mark away, with changed cells."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        day, hour = (book.add_format({"num_format": form}) for form in ("yyyy/mm/dd", "hh:mm"))
        kinds = {date: day, time: hour}
        for title, rows in sheets_of(template_file.empty(language)).items():
            page = book.add_worksheet(title)
            for number, row in enumerate(rows):
                cells = ["" if cell == EXAMPLE[language] and number else cell for cell in row]
                page.write_row(number, 0, cells)
            for key, value in changes.items():
                sheet, _, name = key.partition("__")
                if sheet == title:
                    page.write(1, rows[0].index(name), value, kinds.get(type(value)))
    return out.getvalue()


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_examples_open_a_site_once(book: Book, language: Language) -> None:
    data = filled_in(language)
    count = select(func.count()).select_from(items)
    tried = bring(book, data, dry_run=True)
    assert (tried.fault_count, tried.applied) == (0, False)
    assert book.read_now(lambda tx: tx.scalar(count)) == 0
    done = bring(book, data)
    assert done.applied
    owner, shop, heap = book.read_now(lambda tx: [
        tx.execute(select(table)).one() for table in (owners, shops, stock)
    ])  # fmt: skip
    assert (owner.code, owner.label_mode, owner.short_policy) == ("SAKURA", "immediate", "wait")
    assert shop.notify == "inspection"
    numbers = book.read_now(lambda tx: tx.execute(select(tracking_ranges)).one())
    assert (numbers.carrier, numbers.next) == ("yamato", 26_249_216_000), "labels have numbers"
    matcha = select(items.c.storage, items.c.expiry_tracked).where(items.c.sku == "S0001")
    assert tuple(book.read_now(lambda tx: tx.execute(matcha).one())) == ("ambient", 1)
    assert (heap.qty, heap.condition, heap.place) == (24, "available", "A-01-1")
    again = bring(book, data)
    assert again.applied
    assert sum(each.changed for each in again.sheets) == 0
    assert book.read_now(lambda tx: tx.scalar(select(stock.c.qty))) == 24


def test_what_a_sheet_does_not_speak_of_stays_as_it_is(book: Book) -> None:
    data = filled_in("en")
    assert bring(book, data).applied

    def change(tx: Tx) -> None:
        tx.execute(update(owners).values(must_weigh=1, short_policy="ask"))
        tx.execute(update(shops).values(never_merge=1))
        tx.execute(update(boxes).values(services='["yamato-takkyubin"]'))

    book.write_now(change)
    assert bring(book, data).applied
    owner, shop, box = book.read_now(lambda tx: [
        tx.execute(select(table)).one() for table in (owners, shops, boxes)
    ])  # fmt: skip
    assert (owner.must_weigh, shop.never_merge) == (1, 1), "the sheets have no such columns"
    assert box.services == '["yamato-takkyubin"]'
    assert owner.short_policy == "wait", "but this one they have"


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_template_as_it_is_brings_nothing(language: Language) -> None:
    data = template_file.empty(language)
    titles = list(sheets_of(data))
    assert titles[1:] == [sheet.title(language) for sheet in SHEETS]
    with pytest.raises(Rejected, match=r"import\.empty"):
        template_reader.read(data, "opening.xlsx")


def test_faults_are_written_beside_their_rows_and_mended_there(book: Book) -> None:
    bad = filled_in("ja", **{
        "商品__重量g": "重い", "商品__温度帯": "ぬるい", "荷主__受注締め": "25:00",
        "在庫__ロケ*": "Z-99",
    })  # fmt: skip
    done = bring(book, bad)
    assert {(one.sheet, one.row, one.column) for one in done.faults} == {
        ("荷主", 2, "受注締め"), ("商品", 2, "重量g"), ("商品", 2, "温度帯"),
        ("在庫", 2, "ロケ*"),
    }  # fmt: skip
    told = template_file.with_faults(bad, "opening.xlsx", done, "ja")
    rows = sheets_of(told)["商品"]
    assert rows[0][0] == WRONG["ja"]
    assert "重量g" in rows[1][0]
    assert "温度帯" in rows[1][0]
    assert rows[1][rows[0].index("重量g")] == "重い", "what was written stays, to be mended"
    again = bring(book, told)
    assert again.fault_count == done.fault_count, "the column of reasons is not read"


def test_what_the_book_refuses_is_told_of_the_row_too(book: Book) -> None:
    bad = filled_in("en", **{"Stock__place*": "Z-99"})
    done = bring(book, bad)
    assert [(one.sheet, one.row, one.column) for one in done.faults] == [("Stock", 2, "place*")]
    shop = filled_in("en", **{"Shops__owner*": "NOBODY"})
    assert [(one.sheet, one.row) for one in bring(book, shop).faults] == [("Shops", 2)]


def test_everything_wrong_is_told_at_once_and_what_follows_from_it_is_not(book: Book) -> None:
    """Header, cells and what the book says, of every sheet; a reference to a row with a fault of
    its own is no fault."""
    bad = filled_in("en", **{
        "Owners__order_cutoff": "25:00", "Shops__notify": "soon", "Services__weight_g_max": "light",
        "Items__weight_g": "heavy", "Items__barcode": "4901234567893",
        "Stock__qty*": "many", "Stock__place*": "Z-99", "Kits__component*": "NOWHERE",
        "Inserts__from_date": "2026-02-30", "Closed days__date*": "someday",
        "Transit days__prefecture": "江戸", "Boxes__length_mm*": " ",
    })  # fmt: skip
    done = bring(book, bad)
    assert {(one.sheet, one.column) for one in done.faults if one.row == 2} == {
        ("Owners", "order_cutoff"), ("Shops", "notify"), ("Services", "weight_g_max"),
        ("Items", "weight_g"), ("Items", "barcode"), ("Stock", "qty*"), ("Stock", "place*"),
        ("Closed days", "date*"), ("Transit days", "prefecture"),
        ("Boxes", "length_mm*"), ("Kits", "component*"), ("Inserts", "from_date"),
    }  # fmt: skip
    assert done.fault_count == len(done.faults)


def test_a_sheet_without_a_column_is_looked_at_as_far_as_it_goes(book: Book) -> None:
    bad = filled_in("en", **{"Stock__qty*": "many", "Stock__place*": "Z-99"})
    done = bring(book, renamed(bad, "Stock", "qty*", "how many"))
    assert [(one.row, one.column) for one in done.faults if one.sheet == "Stock"] == [
        (1, "how many"), (1, "qty / 数量"), (2, "place*"),
    ]  # fmt: skip
    without_key = bring(book, renamed(filled_in("en"), "Places", "code*", ""))
    assert {one.sheet for one in without_key.faults} == {"Places"}, "shelves of others may be there"


def renamed(data: bytes, sheet: str, column: str, name: str) -> bytes:
    """The workbook with another header over one column, or over the sheet if *column* is ""."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        for title, rows in sheets_of(data).items():
            page = book.add_worksheet(name if title == sheet and not column else title)
            for number, row in enumerate(rows):
                head = title == sheet and not number
                page.write_row(number, 0, [
                    name if head and cell == column and column else cell for cell in row
                ])  # fmt: skip
    return out.getvalue()


def test_a_sheet_that_was_renamed_is_not_lost_in_the_copy_with_faults(book: Book) -> None:
    bad = renamed(filled_in("ja"), "商品", "", "商品一覧")
    done = bring(book, bad)
    assert [(one.sheet, one.code) for one in done.faults] == [
        ("商品一覧", "import.sheet_unknown"),
    ], "what the other sheets call goods may stand there"
    rows = sheets_of(template_file.with_faults(bad, "opening.xlsx", done, "en"))["商品一覧"]
    assert rows[0][0].startswith(WRONG["en"])
    assert "S0001" in rows[1]


def test_the_cell_that_is_wrong_is_marked_even_when_it_is_empty(book: Book) -> None:
    bad = filled_in("ja", **{"箱__内寸長さmm*": " ", "商品__重量g": "重い"})
    told = template_file.with_faults(bad, "opening.xlsx", bring(book, bad), "en")
    with zipfile.ZipFile(io.BytesIO(told)) as archive:
        styles = archive.read("xl/styles.xml").decode()
        fills = re.findall(r"<fill>.*?</fill>", styles)
        red = next(at for at, fill in enumerate(fills) if "F8C9C9" in fill)
        formats = re.findall(
            r"<xf [^>]*>", styles.partition("<cellXfs")[2].partition("</cellXfs")[0]
        )
        wrong = {str(at) for at, one in enumerate(formats) if f'fillId="{red}"' in one}
        marked = {
            (at, cell[0])
            for at in range(1, len(SHEETS) + 2)
            for cell in re.findall(
                r'<c r="([A-Z]+[0-9]+)" s="([0-9]+)"',
                archive.read(f"xl/worksheets/sheet{at}.xml").decode(),
            )
            if cell[1] in wrong
        }  # fmt: skip
    titles = list(sheets_of(told))
    assert {titles[at - 1] for at, _ in marked} == {"箱", "商品"}
    assert len(marked) == 2


def test_days_on_the_road_closed_days_upgrades_and_inserts_come_in_with_it(book: Book) -> None:
    """And what a row of them names is whole: the same again, with a row less, takes it away."""
    data = filled_in("ja")
    assert bring(book, data).applied
    tables = (transit, holidays, service_upgrades, insert_rules)
    days, closed, upgrades, inserts = book.read_now(lambda tx: [
        [tuple(row) for row in tx.execute(select(table)).all()] for table in tables
    ])  # fmt: skip
    assert sorted(days) == [("yamato", "", 1, 0), ("yamato", "沖縄県", 3, 8)]
    assert sorted(closed) == [("site", "2027-01-01"), ("site", "sun")]
    assert upgrades == [("SAKURA", "yamato-nekopos", "yamato-takkyubin", 500)]
    assert len(inserts) == 1
    for cell, told in (
        ("祝日", ()),
        ("月曜日", ()),
        ("2027年1月2日", ()),
        ("いつか", ("休業日*",)),
    ):
        tried = bring(book, filled_in("ja", **{"休業日__休業日*": cell}))
        assert tuple(one.column for one in tried.faults) == told, cell
    dates = book.read_now(lambda tx: sorted(tx.execute(select(holidays.c.date)).scalars()))
    assert dates == ["2027-01-01", "2027-01-02"], "Monday of the file before is a working day again"
    for change, column in (
        ({"便種変更__変更先便種コード*": "no-such"}, "変更先便種コード*"),
        ({"同梱物__商品コード*": "NO-SUCH"}, "商品コード*"),
        ({"同梱物__店舗コード": "NO-SUCH"}, "店舗コード"),
    ):  # fmt: skip
        (wrong,) = bring(book, filled_in("ja", **change), dry_run=True).faults
        assert (wrong.row, wrong.column, wrong.code) == (2, column, "reference.unknown")


def test_what_people_write_is_understood(book: Book) -> None:
    """Dates, times and numbers as spreadsheets and hands make them, and words of the floor."""
    for sheet, cell in (
        ("集荷__集荷時刻*", time(9, 0)), ("荷主__受注締め", "9：00"),
        ("在庫__期限", date(2027, 3, 31)), ("在庫__期限", "2027年3月31日"),
        ("在庫__期限", 20270331), ("在庫__数量*", "1,000"), ("在庫__数量*", "２４"),
        ("商品__期限管理", "〇"), ("便種__運送会社*", "ヤマト"),
        ("商品__jan", 4901234567894.0), ("ロケ__種類*", "bin"),
    ):  # fmt: skip
        done = bring(book, filled_in("ja", **{sheet: cell}), dry_run=True)
        assert done.faults == (), (sheet, cell)


def test_a_mistake_says_what_to_write_instead(book: Book) -> None:
    for sheet, cell, told in (
        ("在庫__状態", "新品", "choose one of 良品"), ("商品__期限管理", "たぶん", "○ / ×"),
        ("荷主__受注締め", "昼", "write it like 12:00"), ("荷主__GS1事業者コード", "49", "4512345"),
        ("在庫__数量*", -5, "1 or more"), ("在庫__数量*", 1.5, "whole number"),
        ("在庫__数量*", "1,00", "whole number"), ("在庫__数量*", 10**12, "whole number"),
        ("商品__jan", "4901234567893", "should be 4"), ("在庫__期限", "2027/2/30", "not a date"),
        ("補充__最小数*", 99, "less than the least"), ("ロケ__親ロケ", "ZZ", "not known here"),
    ):  # fmt: skip
        (wrong,) = bring(book, filled_in("ja", **{sheet: cell}), dry_run=True).faults
        assert told in wrong.reason, wrong
        assert (wrong.sheet, wrong.row) == (sheet.partition("__")[0], 2)


def test_what_is_written_over_an_example_is_not_lost_without_a_word(book: Book) -> None:
    changes = {"荷主__例": "例", "荷主__荷主コード*": "MYCO"}
    bad = filled_in("ja", **changes)
    done = bring(book, bad)
    first, *others = ((one.sheet, one.row, one.column, one.code) for one in done.faults)
    assert first == ("荷主", 2, "例", "import.example_changed")
    assert {code for _, _, _, code in others} == {"reference.unknown"}, "nobody is SAKURA now"
    told_shop = bring(book, filled_in("ja", **changes, **{"店舗__荷主*": "MYCO"}))
    assert "店舗" not in {one.sheet for one in told_shop.faults}, "whose row is there, marked"
    told = sheets_of(template_file.with_faults(bad, "opening.xlsx", done, "ja"))["荷主"]
    assert "印を消し" in told[1][0] or "clear the mark" in told[1][0]
    assert bring(book, filled_in("ja", **{"ロケ__例": "例"})).faults[0].sheet == "補充", "as it was"


def test_an_unknown_sheet_is_refused(book: Book) -> None:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out) as strange:
        strange.add_worksheet("Owner list").write_row(0, 0, ["code"])
    assert [one.code for one in bring(book, out.getvalue()).faults] == ["import.sheet_unknown"]


def test_drop_downs_offer_what_is_taken() -> None:
    for sheet in SHEETS:
        for column in sheet.columns:
            for language in LANGUAGES:
                for word in sheet.choices(column, language):
                    assert word, (sheet.kind, column.field)
    item = next(sheet for sheet in SHEETS if sheet.kind == "items")
    storage = next(one for one in item.columns if one.field == "storage")
    assert item.choices(storage, "ja") == ("常温", "冷蔵", "冷凍")
    assert item.choices(storage, "en") == ("ambient", "chilled", "frozen")


def test_the_commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANG", "ja_JP.UTF-8")
    config, file, faults = (tmp_path / name for name in ("config.toml", "open.xlsx", "bad.xlsx"))
    write_config(tmp_path, 8_470)
    made = CliRunner().invoke(cli, ["template", "make", str(file)])
    assert made.exit_code == 0, made.output
    file.write_bytes(filled_in("ja", **{"荷主__受注締め": "25:00"}))
    put = ["template", "put", str(file), "--config", str(config), "--errors", str(faults)]
    refused = CliRunner().invoke(cli, put)
    assert refused.exit_code == 1, refused.output
    assert "荷主 2行: 受注締め は" in refused.output, "a column is named once"
    assert faults.exists()
    file.write_bytes(filled_in("ja"))
    done = CliRunner().invoke(cli, put)
    assert done.exit_code == 0, done.output
    assert "在庫 1" in done.output
