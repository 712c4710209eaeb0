"""The opening workbook as an XLSX file: empty with examples, or filled with its faults beside them.

No cell becomes a formula, and codes stay text: a spreadsheet would eat their leading zeros.
"""

import io
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sync.columns import Column, columns_among
from sync.sheets import Table, workbook
from sync.template import EXAMPLE, KEYS, READ_ME, REFERENCES, SHEETS, WRONG, Sheet, sheet_named
from sync.template_book import SheetFault, WorkbookReport
from sync.template_reader import without_reasons
from wms.messages import Language, say
from wms.text import shown

ROWS_PREPARED = 2_000  # so many rows have drop-downs
REFERRED_ROWS = 5_000  # so many codes of another sheet are offered
LIST_CHARACTERS_MAX = 255  # of a drop-down's words in an XLSX
PLAIN = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
FONT = {"font_name": "Yu Gothic", "font_size": 11}


def empty(language: Language) -> bytes:
    """The workbook that a new site fills in."""
    out = io.BytesIO()
    _write(out, [_blank(sheet, language) for sheet in SHEETS], language)
    return out.getvalue()


def _blank(sheet: Sheet, language: Language) -> "_Page":
    header = [sheet.header(one, language) for one in sheet.columns]
    examples = enumerate(sheet.example_rows(language), start=2)
    rows = {number: [EXAMPLE[language], *cells] for number, cells in examples}
    return _Page(
        sheet.title(language), sheet, (EXAMPLE[language], *header), (None, *sheet.columns), rows
    )


def with_faults(data: bytes, name: str, report: WorkbookReport, language: Language) -> bytes:
    """The workbook *data* again, each fault of *report* written beside its row, its cell marked.

    Every sheet keeps its name and what was written there, also one that nobody knows.
    """
    out = io.BytesIO()
    tables = workbook(data, name)
    told: dict[str, list[SheetFault]] = defaultdict(list)
    for one in report.faults:
        told[one.sheet].append(one)
    pages = [
        _again(title, table, told[shown(title)], language)
        for title, table in tables.items() if title not in READ_ME.values()
    ]  # fmt: skip
    _write(out, pages, language)
    return out.getvalue()


@dataclass(frozen=True, slots=True)
class _Page:
    """A sheet to be written; `rows` by their number (the header is row 1), `wrong` cells by row
    and column. `sheet` None: nobody knows it."""

    title: str
    sheet: Sheet | None
    header: Sequence[str]
    columns: Sequence[Column | None]
    rows: Mapping[int, Sequence[Any]]
    wrong: frozenset[tuple[int, int]] = frozenset()


def _again(title: str, table: Table, faults: Sequence[SheetFault], language: Language) -> _Page:
    """A sheet as it came, with the reasons in front of its rows."""
    kept = without_reasons(table)
    sheet = sheet_named(title)
    known = () if sheet is None else sheet.columns
    columns, _ = columns_among(sheet.kind if sheet is not None else title, kept, known)
    told: dict[int, list[str]] = defaultdict(list)
    for one in faults:
        told[one.row].append(one.told)
    header = [WRONG[language], *kept.columns]
    rows: dict[int, list[Any]] = {line.number: ["", *line.cells] for line in kept.lines}
    for number, words in told.items():
        if number == 1:
            header[0] = f"{WRONG[language]}: {' / '.join(words)}"
        else:
            rows.setdefault(number, [""])[0] = " / ".join(words)
    cells = {
        (one.row, columns.header.index(one.column) + 1)
        for one in faults if one.column in columns.header
    }  # fmt: skip
    return _Page(title, sheet, header, (None, *columns.found), rows, frozenset(cells))


def _write(out: io.BytesIO, pages: Sequence[_Page], language: Language) -> None:
    lists = {
        page.sheet.kind: _source(page.title, at)
        for page in pages if page.sheet is not None
        for at, one in enumerate(page.columns)
        if one is not None and one.field == KEYS.get(page.sheet.kind)
    }  # fmt: skip
    with _Writer(out, language, lists) as writer:
        writer.read_me()
        for page in pages:
            writer.add(page)


def _source(title: str, at: int) -> str:
    """Where a drop-down finds the names of another sheet's rows: its column number *at*."""
    from xlsxwriter.utility import xl_col_to_name

    letter = xl_col_to_name(at, col_abs=True)
    return f"='{title}'!{letter}$2:{letter}${REFERRED_ROWS}"


class _Writer:
    """An XLSX file under way."""

    def __init__(self, out: io.BytesIO, language: Language, lists: Mapping[str, str]) -> None:
        """*lists* say where the names of each kind of sheet's rows stand, for drop-downs."""
        from xlsxwriter import Workbook  # only those who ask for a workbook wait for it

        self.book, self.language, self.lists = Workbook(out, PLAIN), language, lists
        style = self.book.add_format
        green = {"bg_color": "#0F5F4B", "font_color": "#FFFFFF", "bold": True, "border": 1}
        self.head = style({**FONT, **green})
        self.needed = style({**FONT, **green, "bg_color": "#B45309"})
        self.text = style({**FONT, "num_format": "@"})
        self.example = style({**FONT, "num_format": "@", "italic": True, "font_color": "#7A8884",
                              "bg_color": "#EEF3F1"})  # fmt: skip
        self.wrong = style({**FONT, "num_format": "@", "bg_color": "#F8C9C9"})
        self.reason = style({**FONT, "font_color": "#B3151C", "bold": True})
        self.wrap = style({**FONT, "text_wrap": True, "valign": "top"})

    def __enter__(self) -> "_Writer":
        return self

    def __exit__(self, *_: object) -> None:
        self.book.close()

    def read_me(self) -> None:
        """What to do with it."""
        page = self.book.add_worksheet(READ_ME[self.language])
        page.set_column(0, 0, 90, self.wrap)
        for row, words in enumerate(say("template.read_me", self.language).split("\n")):
            page.write_string(row, 0, words, self.wrap)

    def add(self, of: _Page) -> None:
        """A sheet with its header, its drop-downs and its rows."""
        page = self._named(of.title)
        page.freeze_panes(1, 1)
        for at, (name, one) in enumerate(zip(of.header, of.columns, strict=False)):
            needed = one is not None and one.required
            style = self.needed if needed else self.head
            page.write_string(0, at, name, self.wrong if (1, at) in of.wrong else style)
            page.set_column(at, at, max(9, min(40, 2 * len(name) + 3)), self.text)
            if one is not None and of.sheet is not None:
                self._drop_down(page, of.sheet, one, at)
        marks = set(EXAMPLE.values())
        for number, cells in of.rows.items():
            is_example = any(cell in marks for cell in cells[:2])
            width = max([len(cells), *(at + 1 for row, at in of.wrong if row == number)])
            for at, cell in enumerate([*cells, *[""] * (width - len(cells))]):
                style = self.example if is_example else self.text
                if (number, at) in of.wrong:
                    style = self.wrong
                elif at == 0 and of.header[0].startswith(WRONG[self.language]):
                    style = self.reason
                if isinstance(cell, int):
                    page.write_number(number - 1, at, cell, style)
                elif cell:
                    page.write_string(number - 1, at, cell, style)
                elif (number, at) in of.wrong:
                    page.write_blank(number - 1, at, None, style)  # what is missing is marked, too

    def _named(self, title: str) -> Any:
        from xlsxwriter.exceptions import XlsxWriterException

        try:
            return self.book.add_worksheet(title)
        except XlsxWriterException:  # a name that other programs take and this one does not
            return self.book.add_worksheet()

    def _drop_down(self, page: Any, sheet: Sheet, one: Column, at: int) -> None:
        words = sheet.choices(one, self.language)
        codes = self.lists.get(REFERENCES.get(one.field, ""))
        if words and len(",".join(words)) <= LIST_CHARACTERS_MAX:
            page.data_validation(1, at, ROWS_PREPARED, at, {
                "validate": "list", "source": list(words), "ignore_blank": True,
                "show_error": one.type != "date",  # there a list only helps
                "error_type": "stop" if sheet.must_choose(one) else "warning",
            })  # fmt: skip
        elif codes is not None:
            page.data_validation(1, at, ROWS_PREPARED, at, {
                "validate": "list", "source": codes, "error_type": "warning",
                "show_error": one.field == "owner",  # of the others there may be more than it shows
            })  # fmt: skip
