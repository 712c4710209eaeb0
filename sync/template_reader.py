"""The opening workbook as far as it can be read without the book: its sheets, and their faults."""

import hashlib
from dataclasses import dataclass, field
from typing import Any

from sync.columns import Columns, columns_among
from sync.entries import Entry, entries
from sync.rows import read_rows
from sync.sheets import Table, workbook
from sync.template import EXAMPLE, READ_ME, SHEETS, WRONG, Sheet, sheet_named, value_of
from wms.errors import Code, Rejected
from wms.messages import Language
from wms.shape import Fault, fault
from wms.text import shown

LANGUAGES: tuple[Language, ...] = ("ja", "en")
EXAMPLES, REASONS = tuple(EXAMPLE.values()), tuple(WRONG.values())
MARKS = frozenset(EXAMPLES)


@dataclass(slots=True)
class Part:
    """A sheet that was read; `faults` count its rows. `left_out` could not be read as a whole."""

    sheet: Sheet
    title: str
    columns: Columns
    line_count: int
    rows: list[Any] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    left_out: list[Entry] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Filled:
    """A workbook as far as it can be read without the book. `strange`: sheets nobody knows."""

    file: str
    hash: str
    parts: tuple[Part, ...]
    strange: tuple[str, ...]


def read(data: bytes, name: str) -> Filled:
    """Read a workbook. Refuses `IMPORT_FORMAT`, `IMPORT_TOO_BIG` and `IMPORT_EMPTY`."""
    tables = workbook(data, name)
    strange = [
        title for title in tables if sheet_named(title) is None and title not in READ_ME.values()
    ]
    parts = []
    for sheet in SHEETS:
        for title in (sheet.ja, sheet.en):
            if title in tables:
                part = _part(sheet, title, tables[title])
                parts += [part] if part.line_count or part.faults else []
    if not parts and not strange:
        raise Rejected(Code.IMPORT_EMPTY)
    digest = hashlib.sha256(data).hexdigest()
    return Filled(shown(name), digest, tuple(parts), tuple(map(shown, strange)))


def without_marks(table: Table) -> Table:
    """*table* without the columns that only speak to people, and without examples."""
    marks = {at for at, name in enumerate(table.columns) if name.startswith(EXAMPLES)}
    lines = [
        line for line in table.lines
        if MARKS.isdisjoint(line.cells[at] for at in marks if at < len(line.cells))
    ]  # fmt: skip
    return _without(Table(table.columns, tuple(lines)), (*REASONS, *EXAMPLES))


def without_reasons(table: Table) -> Table:
    """*table* without the columns that told what is wrong; examples stay, with their mark."""
    return _without(table, REASONS)


def _without(table: Table, names: tuple[str, ...]) -> Table:
    """*table* without the columns whose names begin so, and without lines that then say nothing."""
    kept = [at for at, name in enumerate(table.columns) if not name.startswith(names)]
    width = len(table.columns)
    lines = [
        line._replace(cells=(
            *(line.cells[at] for at in kept if at < len(line.cells)), *line.cells[width:]
        ))
        for line in table.lines
    ]  # fmt: skip
    columns = tuple(table.columns[at] for at in kept)
    return Table(columns, tuple(line for line in lines if any(line.cells)))


def _part(sheet: Sheet, title: str, table: Table) -> Part:
    changed = _changed_examples(sheet, table)
    every, table = _without(table, (*REASONS, *EXAMPLES)), without_marks(table)
    columns, faults = columns_among(sheet.kind, table, sheet.columns)
    read = read_rows(columns, table.lines, sheet.struct, meant=value_of)
    unsure = {one.row for one in changed}
    meant, _ = entries(columns, [line for line in every.lines if line.number in unsure])
    part = Part(
        sheet, title, columns, len(table.lines), read.values, read.entries,
        [*read.left_out, *meant], [*faults, *changed, *read.faults],
    )  # fmt: skip
    part.faults = [_plainer(part, one) for one in part.faults]
    return part


def _changed_examples(sheet: Sheet, table: Table) -> list[Fault]:
    """Rows that are still marked as examples and are none: what somebody wrote there would be lost
    without a word."""
    marks = {at for at, name in enumerate(table.columns) if name in EXAMPLES}
    silent = marks | {at for at, name in enumerate(table.columns) if name.startswith(REASONS)}
    known = {
        tuple(str(cell) for cell in row if cell != "")
        for language in LANGUAGES for row in sheet.example_rows(language)
    }  # fmt: skip
    faults = []
    for line in table.lines:
        said = [table.columns[at] for at in marks if MARKS.intersection(line.cells[at : at + 1])]
        cells = tuple(cell for at, cell in enumerate(line.cells) if at not in silent and cell)
        if said and cells not in known:
            faults.append(fault(line.number, Code.IMPORT_EXAMPLE, field=said[0]))
    return faults


def _plainer(part: Part, one: Fault) -> Fault:
    """The same fault in the words of the sheet: what may be chosen, what it may look like."""
    named = zip(part.columns.found, part.columns.header, strict=True)
    column = next((each for each, name in named if each is not None and name == one.field), None)
    if column is None:
        return one
    language: Language = "ja" if part.title == part.sheet.ja else "en"
    choices = part.sheet.choices(column, language)
    example = part.sheet.example(column, language)
    if one.code in (Code.FIELD_CHOICE, Code.FIELD_NOT_BOOL) and choices:
        told = " / ".join(choices)
        return fault(one.row, Code.IMPORT_CHOICE, field=one.field, choices=told)
    if one.code is Code.FIELD_PATTERN and example:
        return fault(one.row, Code.IMPORT_LIKE, field=one.field, example=example)
    return one
