"""Files as tables: CSV in UTF-8 or CP932, and XLSX. Bytes in, rows of text out, or a refusal."""

import csv
import io
import re
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, time
from typing import NamedTuple

from python_calamine import CalamineError, CalamineWorkbook

from sync.workbooks import ROWS_MAX, proven
from wms.errors import Code, Rejected
from wms.text import shown

ENCODINGS = ("utf-8-sig", "cp932")  # cp932 is what Excel in Japan writes; never shift_jis
XLSX_START = b"PK\x03\x04"
NOT_CP932 = re.compile("[\uf8f0-\uf8f3]")  # what Python makes of bytes that cp932 does not have
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")


class Line(NamedTuple):
    """One row of a file: its number as people count (the header is row 1), and its cells."""

    number: int
    cells: tuple[str, ...]


class Table(NamedTuple):
    """A file's first sheet. `lines` have no more cells than there are columns unless at fault."""

    columns: tuple[str, ...]
    lines: tuple[Line, ...]


def table(data: bytes, name: str) -> Table:
    """The table in the file *name*, whose content decides what it is.

    Refuses `IMPORT_ENCODING`, `IMPORT_FORMAT`, `IMPORT_EMPTY` and `IMPORT_TOO_BIG`.
    """
    rows = _xlsx_rows(data, name) if data.startswith(XLSX_START) else _csv_rows(data, name)
    lines = [
        Line(number, cells) for number, cells in enumerate(rows, start=1) if any(cells)
    ]  # a blank line says nothing, but it has a number
    if len(lines) < 2:
        raise Rejected(Code.IMPORT_EMPTY)
    if len(lines) - 1 > ROWS_MAX:
        raise Rejected(Code.IMPORT_TOO_BIG, limit=ROWS_MAX)
    columns = tuple(_without_last_blanks(lines[0].cells))
    return Table(columns, tuple(lines[1:]))


def workbook(data: bytes, name: str) -> dict[str, Table]:
    """Every sheet of an XLSX that has a header, by its name; a sheet may have no rows.

    Refuses `IMPORT_FORMAT` and `IMPORT_TOO_BIG`.
    """
    found: dict[str, Table] = {}
    for title, rows in _xlsx_sheets(data, name):
        lines = [Line(number, cells) for number, cells in enumerate(rows, 1) if any(cells)]
        if lines:
            columns = tuple(_without_last_blanks(lines[0].cells))
            found[title] = Table(columns, tuple(lines[1:]))
    return found


def text_of(data: bytes) -> str:
    """CSV bytes as text. Refuses `IMPORT_ENCODING` and `TEXT_NUL`."""
    for encoding in ENCODINGS:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if encoding == "cp932" and NOT_CP932.search(text):
            break
        if "\x00" in text:
            raise Rejected(Code.TEXT_NUL, field="CSV")
        return text
    raise Rejected(Code.IMPORT_ENCODING)


def csv_text(rows: Iterable[Sequence[str | int]]) -> str:
    """Rows as CSV for a spreadsheet, which runs a cell as a formula if it begins like one.

    >>> csv_text([("name", 3), ("=1+1", 4)])
    "name,3\\r\\n'=1+1,4\\r\\n"
    """
    out = io.StringIO()
    csv.writer(out).writerows([_safe(cell) for cell in row] for row in rows)
    return out.getvalue()


def xlsx(rows: Sequence[Sequence[str | int]]) -> bytes:
    """Rows as a workbook of one sheet, the first row its header; no text becomes a formula."""
    from xlsxwriter import Workbook  # only those who ask for a workbook wait for it

    out = io.BytesIO()
    plain = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with Workbook(out, plain) as book:
        sheet = book.add_worksheet()
        for number, row in enumerate(rows):
            sheet.write_row(number, 0, row, book.add_format({"bold": not number}))
        sheet.freeze_panes(1, 0)
        sheet.autofit()
    return out.getvalue()


def _safe(cell: str | int) -> str | int:
    if isinstance(cell, str) and cell.startswith(FORMULA_STARTS) and cell != "-":
        return f"'{cell}"
    return cell


def _csv_rows(data: bytes, name: str) -> list[tuple[str, ...]]:
    text = text_of(data)
    first = text.partition("\n")[0]
    delimiter = "\t" if first.count("\t") > first.count(",") else ","
    try:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
        return [tuple(cell.strip() for cell in row) for row in reader]
    except csv.Error as error:
        raise Rejected(Code.IMPORT_FORMAT, file=shown(name), reason=str(error)) from None


def _xlsx_rows(data: bytes, name: str) -> list[tuple[str, ...]]:
    return next(_xlsx_sheets(data, name))[1]


def _xlsx_sheets(data: bytes, name: str) -> Iterator[tuple[str, list[tuple[str, ...]]]]:
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(proven(data)))
        for title in book.sheet_names:
            rows = book.get_sheet_by_name(title).to_python(skip_empty_area=False)
            yield title, [tuple(_cell_text(cell) for cell in row) for row in rows]
    except (zipfile.BadZipFile, zlib.error, CalamineError) as error:
        reason = shown(type(error).__name__)
        raise Rejected(Code.IMPORT_FORMAT, file=shown(name), reason=reason) from None


def _cell_text(cell: object) -> str:
    """A spreadsheet's value as the text a person sees: JAN codes come as floats."""
    if isinstance(cell, bool):
        return "1" if cell else "0"
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, datetime) and not (cell.hour or cell.minute or cell.second):
        return cell.date().isoformat()
    if isinstance(cell, date):
        return cell.isoformat()
    if isinstance(cell, time) and not cell.second:
        return cell.strftime("%H:%M")
    return str(cell).strip()


def _without_last_blanks(cells: Sequence[str]) -> Sequence[str]:
    end = len(cells)
    while end and not cells[end - 1]:
        end -= 1
    return cells[:end]
