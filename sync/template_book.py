"""The opening workbook goes into the book: every sheet of it, or nothing.

Everything that is wrong is told at once, of every sheet. What a row refers to may stand on a sheet
that has faults of its own: of a reference that they explain nothing is said.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

import msgspec
from msgspec import Struct, structs
from msgspec.structs import fields
from sqlalchemy import select

from sync import files
from sync.entries import Entry, located
from sync.files import Parsed
from sync.rows import fresh
from sync.template import KEYS, REFERENCES, SHEETS
from sync.template_reader import Filled, Part
from wms import site_settings
from wms.db import Tx
from wms.errors import Code, Rejected
from wms.messages import Language, say
from wms.record import commands
from wms.schema import boxes, owners, services, shops
from wms.shape import Fault, fault, of_refusal
from wms.site_settings import SiteSettings
from wms.text import shown

STORED = {"owners": owners, "shops": shops, "services": services, "boxes": boxes}
# Of these all rows of one carrier, scope or owner are one setting: what is not there is no more.
WHOLE = frozenset({"pickups", "holidays", "upgrades", "inserts"})


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
class _Doubts:
    """What may be in the book once the faults told before are mended: rows by the name that others
    call them, and whole sheets."""

    names: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    kinds: set[str] = field(default_factory=set)

    def add(self, part: Part, left_out: Iterable[Entry]) -> None:
        """Rows of *part* that are not in the book."""
        kind = part.sheet.kind
        key = KEYS.get(kind)
        if key is None:
            return
        if key in part.columns.missing:
            self.kinds.add(kind)
        for entry in left_out:
            name = str(entry.value.get(key, ""))
            self.names[kind] |= {shown(name), shown(f"{entry.value.get('owner', '')} {name}")}

    def explain(self, one: Fault) -> bool:
        """Whether *one* (its field as the book calls it) is only about something that is not there
        because of another fault."""
        kind = REFERENCES.get(one.field, "")
        known = kind in self.kinds or one.params.get("value") in self.names[kind]
        return one.code is Code.REFERENCE_UNKNOWN and known


def bring_in(
    tx: Tx, filled: Filled, *, dry_run: bool, language: Language, actor: str, device: str, now: int
) -> WorkbookReport:
    """Write all of it. Raises `Unapplied` when anything is wrong, and after a dry run."""
    faults = [
        _told(title, fault(1, Code.IMPORT_SHEET_UNKNOWN, sheet=title), language)
        for title in filled.strange
    ]
    doubts = _Doubts()
    if filled.strange:  # one of them may be the sheet that is not there
        doubts.kinds |= {each.kind for each in SHEETS} - {one.sheet.kind for one in filled.parts}
    counts = []
    for part in filled.parts:
        count, found = _put(tx, filled, part, doubts, actor, device, now)
        counts.append(count)
        wrong = sorted([*part.faults, *fresh(found, part.faults)], key=lambda one: one.row)
        faults += [_told(part.title, one, language) for one in wrong]
    report = WorkbookReport(
        file=filled.file, sheets=() if faults else tuple(counts), dry_run=dry_run,
        applied=not faults and not dry_run, fault_count=len(faults),
        faults=tuple(faults[: files.FAULTS_TOLD_MAX]),
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
    tx: Tx, filled: Filled, part: Part, doubts: _Doubts, actor: str, device: str, now: int
) -> tuple[SheetCount, list[Fault]]:
    """Bring in what is right of one sheet, so that others can refer to it; what the book has
    against the rest."""
    if part.sheet.imported is None:
        return _put_settings(tx, part, doubts)
    parsed = Parsed(
        part.sheet.imported, filled.file, filled.hash, part.columns, part.line_count, part.rows,
        part.entries,
    )  # fmt: skip
    doubts.add(part, part.left_out)
    told: list[Fault] = []
    while found := files.faults_of_rows(tx, parsed, now):
        told += [
            located(part.columns, parsed.entries[one.row], one)
            for one in found if not doubts.explain(one)
        ]  # fmt: skip
        bad = {one.row for one in found}
        doubts.add(part, (parsed.entries[number] for number in bad))
        parsed = _without(parsed, bad)
    count = SheetCount(sheet=part.title, rows=part.line_count)
    try:
        with tx.begin_nested():
            put = files.put_in_book(tx, parsed, actor=actor, now=now)
    except Rejected as refusal:  # of the sheet as a whole
        return count, [*told, of_refusal(1, refusal)]
    files.record(tx, parsed, put, actor=actor, device=device, now=now)
    count = SheetCount(
        sheet=part.title, rows=part.line_count, new=put.new, changed=put.changed, same=put.same
    )
    return count, told


def _without(parsed: Parsed, bad: set[int]) -> Parsed:
    kept = [number for number in range(len(parsed.rows)) if number not in bad]
    return replace(
        parsed, rows=[parsed.rows[number] for number in kept],
        entries=[parsed.entries[number] for number in kept],
    )  # fmt: skip


def _put_settings(tx: Tx, part: Part, doubts: _Doubts) -> tuple[SheetCount, list[Fault]]:
    """Settings are tried row by row, so that a refusal is told of its row: they are few."""
    kind = part.sheet.kind
    told, right, left_out = [], [], list(part.left_out)
    for entry, row in zip(part.entries, part.rows, strict=True):
        try:
            with tx.begin_nested() as trial:
                site_settings.put(tx, SiteSettings(**{kind: (_as_it_stands(tx, part, row),)}))
                if kind in WHOLE:
                    trial.rollback()
        except Rejected as refusal:
            left_out.append(entry)
            one = of_refusal(0, refusal)
            told += [] if doubts.explain(one) else [located(part.columns, entry, one)]
        else:
            right.append(row)
    if kind in WHOLE:
        site_settings.put(tx, SiteSettings(**{kind: tuple(right)}))
    doubts.add(part, left_out)
    return SheetCount(sheet=part.title, rows=part.line_count, new=len(right)), told


def _as_it_stands(tx: Tx, part: Part, row: Any) -> Any:
    """*row* with the book's own values where the sheet has no column: what a sheet does not speak
    of, it does not change."""
    table = STORED.get(part.sheet.kind)
    if table is None:
        return row
    stored = tx.execute(select(table).where(table.c.code == getattr(row, "code", ""))).first()
    if stored is None:
        return row
    spoken_of = {one.field for one in part.columns.found if one is not None}
    kept = {
        one.name: _read(stored._mapping[one.name], one.type)
        for one in fields(row) if one.name not in spoken_of
    }  # fmt: skip
    return structs.replace(row, **kept)


def _read(value: Any, type_: Any) -> Any:
    """A stored value as a field of *type_*: yes and no are numbers in the book, lists are JSON."""
    is_list = isinstance(value, str) and type_ is not str and value.startswith("[")
    return msgspec.convert(msgspec.json.decode(value) if is_list else value, type_, strict=False)
