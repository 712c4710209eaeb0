"""The opening workbook as an XLSX file: empty with examples, or filled with its faults beside them.

No cell becomes a formula, and codes stay text: a spreadsheet would eat their leading zeros.
"""

import io
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from sync.columns import Column, columns_among
from sync.sheets import Table, workbook
from sync.template import EXAMPLE, READ_ME, SHEETS, WRONG, Sheet
from sync.template_reader import SheetFault, WorkbookReport, without_marks
from wms.messages import Language, say

ROWS_PREPARED = 2_000  # so many rows have drop-downs
LIST_CHARACTERS_MAX = 255  # of a drop-down's words in an XLSX
PLAIN = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
FONT = {"font_name": "Yu Gothic", "font_size": 11}


def empty(language: Language) -> bytes:
    """The workbook that a new site fills in."""
    out = io.BytesIO()
    with _Writer(out, language) as writer:
        writer.read_me()
        for sheet in SHEETS:
            header = [sheet.header(one, language) for one in sheet.columns]
            examples = enumerate(sheet.example_rows(language), start=2)
            rows = {number: [EXAMPLE[language], *cells] for number, cells in examples}
            writer.add(sheet, [EXAMPLE[language], *header], (None, *sheet.columns), rows, {})
    return out.getvalue()


def with_faults(data: bytes, name: str, report: WorkbookReport, language: Language) -> bytes:
    """The workbook *data* again, each fault of *report* written beside its row."""
    out = io.BytesIO()
    tables = workbook(data, name)
    with _Writer(out, language) as writer:
        writer.read_me()
        for sheet in SHEETS:
            table = tables.get(sheet.ja) or tables.get(sheet.en)
            if table is not None:
                faults = [one for one in report.faults if one.sheet in (sheet.ja, sheet.en)]
                _again(writer, sheet, table, faults, language)
    return out.getvalue()


def _again(
    writer: "_Writer", sheet: Sheet, table: Table, faults: Sequence[SheetFault], language: Language
) -> None:
    kept, _ = without_marks(table, keep_examples=True)
    columns, _ = columns_among(sheet.kind, kept, sheet.columns)
    told: dict[int, list[SheetFault]] = defaultdict(list)
    for one in faults:
        told[one.row].append(one)
    header = [WRONG[language], *kept.columns]
    rows: dict[int, list[Any]] = {line.number: ["", *line.cells] for line in kept.lines}
    for number, wrong in told.items():
        words = " / ".join(one.told for one in wrong)
        if number == 1:
            header[0] = f"{WRONG[language]}: {words}"
        else:
            rows.setdefault(number, [""])[0] = words
    cells = {
        (one.row, kept.columns.index(one.column) + 1)
        for one in faults if one.column in kept.columns
    }  # fmt: skip
    writer.add(sheet, header, (None, *columns.found), rows, dict.fromkeys(cells, True))


class _Writer:
    """An XLSX file under way."""

    def __init__(self, out: io.BytesIO, language: Language) -> None:
        from xlsxwriter import Workbook  # only those who ask for a workbook wait for it

        self.book, self.language = Workbook(out, PLAIN), language
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

    def add(
        self, sheet: Sheet, header: Sequence[str], columns: Sequence[Column | None],
        rows: Mapping[int, Sequence[Any]], wrong: Mapping[tuple[int, int], bool],
    ) -> None:  # fmt: skip
        """A sheet with its header, its drop-downs and *rows* by their number; the header is 1."""
        page = self.book.add_worksheet(sheet.title(self.language))
        page.freeze_panes(1, 1)
        marks = set(EXAMPLE.values())
        for at, (name, one) in enumerate(zip(header, columns, strict=True)):
            needed = one is not None and one.required
            page.write_string(0, at, name, self.needed if needed else self.head)
            page.set_column(at, at, max(9, min(40, 2 * len(name) + 3)), self.text)
            if one is not None:
                self._drop_down(page, sheet, one, at)
        for number, cells in rows.items():
            is_example = any(cell in marks for cell in cells[:2])
            for at, cell in enumerate(cells):
                style = self.example if is_example else self.text
                if (number, at) in wrong:
                    style = self.wrong
                elif at == 0 and columns[0] is None and not is_example:
                    style = self.reason
                if isinstance(cell, int):
                    page.write_number(number - 1, at, cell, style)
                elif cell:
                    page.write_string(number - 1, at, cell, style)

    def _drop_down(self, page: Any, sheet: Sheet, one: Column, at: int) -> None:
        words = sheet.choices(one, self.language)
        if words and len(",".join(words)) <= LIST_CHARACTERS_MAX:
            page.data_validation(1, at, ROWS_PREPARED, at, {
                "validate": "list", "source": list(words), "ignore_blank": True,
                "error_type": "stop" if sheet.must_choose(one) else "warning",
            })  # fmt: skip
        elif one.field == "owner":
            owners = SHEETS[0].title(self.language)
            page.data_validation(1, at, ROWS_PREPARED, at, {
                "validate": "list", "source": f"='{owners}'!$B$2:$B$500", "error_type": "warning",
            })  # fmt: skip
