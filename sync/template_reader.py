"""The opening workbook comes in: every sheet of it, or nothing.

What is wrong in cells is told of every sheet; what the book has against it, of the first sheet
that it refuses, because what comes after would only say that the first is missing.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from msgspec import Struct

from sync import files
from sync.columns import Columns, columns_among
from sync.entries import Entry, entries, located
from sync.files import Parsed
from sync.sheets import Table, workbook
from sync.template import EXAMPLE, READ_ME, SHEETS, WRONG, Sheet, sheet_named, value_of
from wms import commands, site_settings
from wms.db import Tx
from wms.errors import Code, Rejected
from wms.messages import Language, say
from wms.shape import Fault, convert, fault, of_refusal, refusals
from wms.site_settings import SiteSettings
from wms.text import shown

LANGUAGES: tuple[Language, ...] = ("ja", "en")
MARKS = {(mark,) for mark in EXAMPLE.values()}


class SheetFault(Struct, frozen=True, kw_only=True):
    """What is wrong with one cell of a sheet. `row` as people count: the header is row 1."""

    sheet: str
    row: int
    column: str
    code: str
    reason: str

    @property
    def told(self) -> str:
        """The reason, with its column unless the reason names it."""
        named = not self.column or self.column in self.reason
        return self.reason if named else f"{self.column}: {self.reason}"


class SheetCount(Struct, frozen=True, kw_only=True):
    """What a sheet brought."""

    sheet: str
    rows: int
    new: int = 0
    changed: int = 0
    same: int = 0


class WorkbookReport(Struct, frozen=True, kw_only=True):
    """What the workbook did, or would do."""

    file: str
    sheets: tuple[SheetCount, ...] = ()
    applied: bool = False
    dry_run: bool = False
    fault_count: int = 0
    faults: tuple[SheetFault, ...] = ()


class Unapplied(Exception):
    """Carries the report of a dry run, or of a refusal, out of the transaction it rolls back."""

    def __init__(self, report: WorkbookReport) -> None:
        super().__init__("nothing was kept")
        self.report = report


@dataclass(slots=True)
class Part:
    """A sheet that was read; `faults` count its rows."""

    sheet: Sheet
    title: str
    columns: Columns
    line_count: int
    rows: list[Any] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
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


def without_marks(table: Table, *, keep_examples: bool = False) -> tuple[Table, bool]:
    """*table* without the columns that only speak to people, and without examples."""
    talk = {
        at for at, name in enumerate(table.columns)
        if name.startswith((*WRONG.values(), *EXAMPLE.values()))
    }  # fmt: skip
    marks = set(EXAMPLE.values())
    if keep_examples:  # their mark must stay with them
        talk = {at for at in talk if not table.columns[at].startswith(tuple(marks))}
    lines = [
        line._replace(cells=tuple(cell for at, cell in enumerate(line.cells) if at not in talk))
        for line in table.lines
        if keep_examples or not marks.intersection(line.cells[at] for at in talk
                                                   if at < len(line.cells))
    ]  # fmt: skip
    columns = tuple(name for at, name in enumerate(table.columns) if at not in talk)
    return Table(columns, tuple(line for line in lines if any(line.cells))), bool(talk)


def _part(sheet: Sheet, title: str, table: Table) -> Part:
    changed = _changed_examples(sheet, table)
    table, _ = without_marks(table)
    columns, faults = columns_among(sheet.kind, table, sheet.columns)
    part = Part(sheet, title, columns, len(table.lines), faults=[*faults, *changed])
    if faults or not table.lines:
        return part
    found, wrong = entries(columns, table.lines)
    part.faults += wrong
    for entry in found:
        value = {name: value_of(name, cell) for name, cell in entry.value.items()}
        refused = [
            one for one in refusals(value, sheet.struct) if one.params["field"] not in entry.faulty
        ]
        part.faults += [located(columns, entry, of_refusal(0, one)) for one in refused]
        if not refused and not entry.faulty:
            part.rows.append(convert(value, sheet.struct))
            part.entries.append(entry)
    part.faults = [_plainer(part, one) for one in part.faults]
    return part


def _changed_examples(sheet: Sheet, table: Table) -> list[Fault]:
    """Rows that are still marked as examples and are none: what somebody wrote there would be lost
    without a word."""
    marks = {at for at, name in enumerate(table.columns) if name in EXAMPLE.values()}
    told = tuple(WRONG.values())
    silent = marks | {at for at, name in enumerate(table.columns) if name.startswith(told)}
    known = {
        tuple(str(cell) for cell in row if cell != "")
        for language in LANGUAGES for row in sheet.example_rows(language)
    }  # fmt: skip
    faults = []
    for line in table.lines:
        said = [table.columns[at] for at in marks if line.cells[at : at + 1] in MARKS]
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


def bring_in(
    tx: Tx, filled: Filled, *, dry_run: bool, language: Language, actor: str, device: str, now: int
) -> WorkbookReport:
    """Write all of it. Raises `Unapplied` when anything is wrong, and after a dry run."""
    faults = [
        _told(title, fault(1, Code.IMPORT_SHEET_UNKNOWN, sheet=title), language)
        for title in filled.strange
    ]
    counts = []
    for part in filled.parts:
        wrong = [_told(part.title, one, language) for one in part.faults]
        if not faults and not wrong:
            done, wrong = _put(tx, filled, part, language, actor, device, now)
            counts.append(done)
        faults += wrong
    report = WorkbookReport(
        file=filled.file, sheets=tuple(counts), applied=not faults and not dry_run,
        dry_run=dry_run, fault_count=len(faults), faults=tuple(faults[: files.FAULTS_TOLD_MAX]),
    )  # fmt: skip
    if not report.applied:
        raise Unapplied(report)
    body = {each.sheet: each.rows for each in counts}
    commands.record(
        tx, actor=actor, device=device, permission="admin", name="import.workbook",
        key=filled.hash, body=body, now=now,
    )  # fmt: skip
    return report


def _told(title: str, one: Fault, language: Language) -> SheetFault:
    return SheetFault(
        sheet=title, row=one.row, column=one.field, code=one.code,
        reason=say(one.code, language, **one.params),
    )  # fmt: skip


def _put(
    tx: Tx, filled: Filled, part: Part, language: Language, actor: str, device: str, now: int
) -> tuple[SheetCount, list[SheetFault]]:
    """Bring one sheet in; what the book has against it."""
    if part.sheet.imported is None:
        return _put_settings(tx, part, language)
    parsed = Parsed(
        part.sheet.imported, filled.file, filled.hash, part.columns, part.line_count, part.rows,
        part.entries,
    )  # fmt: skip
    done = files.bring_in(
        tx, parsed, dry_run=False, language=language, actor=actor, device=device, now=now
    )
    count = SheetCount(
        sheet=part.title, rows=done.rows, new=done.new, changed=done.changed, same=done.same
    )
    return count, [
        SheetFault(sheet=part.title, row=one.row, column=one.column, code=one.code,
                   reason=one.reason)
        for one in done.faults
    ]  # fmt: skip


def _put_settings(tx: Tx, part: Part, language: Language) -> tuple[SheetCount, list[SheetFault]]:
    """Settings go row by row, so that a refusal is told of its row: they are few."""
    faults = []
    for entry, rows in _batches(part):
        try:
            site_settings.put(tx, SiteSettings(**{part.sheet.kind: tuple(rows)}))
        except Rejected as refusal:
            one = located(part.columns, entry, of_refusal(0, refusal))
            faults.append(_told(part.title, one, language))
    return SheetCount(sheet=part.title, rows=part.line_count, new=len(part.rows)), faults


def _batches(part: Part) -> Sequence[tuple[Entry, list[Any]]]:
    """A carrier's pickups are one setting: together they are all its trucks."""
    if part.sheet.kind == "pickups":
        return [(part.entries[0], part.rows)]
    return [(entry, [row]) for entry, row in zip(part.entries, part.rows, strict=True)]
