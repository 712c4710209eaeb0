"""Imports: a file of items, places, stock, orders or deliveries becomes rows of the book.

All of them, or none. What is wrong is said row by row in the file's own words; a dry run does
everything and keeps nothing. The same file again changes nothing.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from msgspec import Struct

from sync.columns import Columns, Kind, columns_of
from sync.entries import Entry, located
from sync.rows import fresh, read_rows
from sync.sheets import csv_text, table
from wms.counts import opening_stock
from wms.counts.opening_stock import NewStock
from wms.db import Tx
from wms.inbound import deliveries
from wms.inbound.deliveries import NewInbound
from wms.messages import Language, say
from wms.orders import lifecycle
from wms.orders.new import NewOrder
from wms.record import commands
from wms.replenish import faces
from wms.replenish.faces import NewFace
from wms.returns import cases
from wms.returns.cases import NewReturn
from wms.shape import Fault
from wms.shipping import slips
from wms.shipping.slips import NewSlip
from wms.site import items
from wms.site.items import NewItem, Put
from wms.storage import places
from wms.storage.places import NewPlace
from wms.text import shown
from wms.work import kits
from wms.work.kits import NewKitLine

FAULTS_TOLD_MAX = 1_000
STRUCTS: Mapping[Kind, type[Struct]] = {
    "items": NewItem, "places": NewPlace, "stock": NewStock, "orders": NewOrder,
    "faces": NewFace, "inbounds": NewInbound, "returns": NewReturn, "kits": NewKitLine,
    "slips": NewSlip,
}  # fmt: skip


class RowFault(Struct, frozen=True, kw_only=True):
    """What is wrong with one cell. `row` as people count: the header is row 1."""

    row: int
    column: str
    code: str
    reason: str


class Report(Struct, frozen=True, kw_only=True):
    """What an import did, or would do. `changes` counts the changed rows by field."""

    kind: Kind
    file: str
    rows: int
    new: int = 0
    changed: int = 0
    same: int = 0
    changes: dict[str, int] = {}
    applied: bool = False
    dry_run: bool = False
    fault_count: int = 0
    faults: tuple[RowFault, ...] = ()


class DryRun(Exception):
    """Carries the report of a dry run out of its transaction, which it thereby rolls back."""

    def __init__(self, report: Report) -> None:
        super().__init__("dry run")
        self.report = report


@dataclass(slots=True)
class Parsed:
    """A file that was read. `rows` and `entries` go together; `faults` count rows of the file.

    Where there are faults, some of the rows are only there to be looked at (`sync.rows`).
    """

    kind: Kind
    file: str
    hash: str
    columns: Columns
    line_count: int
    rows: list[Any] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)


def read(kind: Kind, data: bytes, name: str) -> Parsed:
    """Read a file as far as that goes without the book. Refuses what is no table at all."""
    sheet = table(data, name)
    columns, faults = columns_of(kind, sheet)
    digest = hashlib.sha256(data).hexdigest()
    parsed = Parsed(kind, shown(name), digest, columns, len(sheet.lines), faults=faults)
    if columns.missing and columns.in_groups:
        return parsed  # nobody knows which lines belong together
    rows = read_rows(columns, sheet.lines, STRUCTS[kind])
    parsed.rows, parsed.entries = rows.values, rows.entries
    parsed.faults += rows.faults
    return parsed


def bring_in(
    tx: Tx, parsed: Parsed, *, dry_run: bool, language: Language, actor: str, device: str, now: int
) -> Report:
    """Write what was read, unless anything at all is wrong with it.

    Raises `DryRun` with the report at the end of a dry run, so that nothing of it stays.
    """
    found = [*parsed.faults, *fresh(faults_in_book(tx, parsed, now), parsed.faults)]
    if found:
        return _refused(parsed, found, dry_run, language)
    put = put_in_book(tx, parsed, actor=actor, now=now)
    report = Report(
        kind=parsed.kind, file=parsed.file, rows=parsed.line_count, new=put.new,
        changed=put.changed, same=put.same, changes=dict(put.fields), applied=not dry_run,
        dry_run=dry_run,
    )  # fmt: skip
    if dry_run:
        raise DryRun(report)
    record(tx, parsed, put, actor=actor, device=device, now=now)
    return report


def record(tx: Tx, parsed: Parsed, put: Put, *, actor: str, device: str, now: int) -> None:
    """Write down who brought *parsed* in, and what it did."""
    commands.record(
        tx, actor=actor, device=device, permission="admin", name=f"import.{parsed.kind}",
        key=parsed.hash, body={"new": put.new, "changed": put.changed, "same": put.same}, now=now,
    )  # fmt: skip


def faults_csv(report: Report, language: Language) -> bytes:
    """The faults of *report* as a CSV file that a spreadsheet opens and does not execute."""
    rows = [(one.row, one.column, one.reason, one.code) for one in report.faults]
    header = tuple(say(f"import.{name}", language) for name in ("row", "column", "reason", "code"))
    return csv_text([header, *rows]).encode("utf-8-sig")


def faults_in_book(tx: Tx, parsed: Parsed, now: int) -> list[Fault]:
    """What the book has against the rows of *parsed*, as faults of rows of the file."""
    return [
        located(parsed.columns, parsed.entries[one.row], one)
        for one in faults_of_rows(tx, parsed, now)
    ]


def faults_of_rows(tx: Tx, parsed: Parsed, now: int) -> list[Fault]:
    """What the book has against `parsed.rows`; the faults count these."""
    match parsed.kind:
        case "items":
            return items.faults(tx, parsed.rows)
        case "places":
            return places.faults(tx, parsed.rows)
        case "faces":
            return faces.faults(tx, parsed.rows)
        case "stock":
            return opening_stock.faults(tx, parsed.rows)
        case "kits":
            return kits.faults(tx, parsed.rows)
        case "slips":
            return slips.faults(tx, parsed.rows)
        case "orders":
            return lifecycle.faults(tx, parsed.rows, now=now)
        case "inbounds":
            return deliveries.faults(tx, parsed.rows)
        case "returns":
            return cases.faults(tx, parsed.rows)


def put_in_book(tx: Tx, parsed: Parsed, *, actor: str, now: int) -> Put:
    """Write `parsed.rows`, which are without faults."""
    match parsed.kind:
        case "items":
            return items.put(tx, parsed.rows)
        case "places":
            return places.put(tx, parsed.rows)
        case "faces":
            return faces.put(tx, parsed.rows)
        case "stock":
            return opening_stock.put(tx, parsed.rows, actor=actor, now=now)
        case "kits":
            return kits.put(tx, parsed.rows)
        case "slips":
            return slips.put(tx, parsed.rows, now=now)
        case "orders":
            accepted = lifecycle.accept_all(tx, parsed.rows, now=now)
            new = sum(answer.new for answer in accepted)
            return Put(new, 0, len(accepted) - new)
        case "inbounds":
            announced = deliveries.announce_all(tx, parsed.rows, now=now)
            new = sum(answer.new for answer in announced)
            return Put(new, 0, len(announced) - new)
        case "returns":
            awaited = cases.announce_all(tx, parsed.rows, now=now)
            new = sum(answer.new for answer in awaited)
            return Put(new, 0, len(awaited) - new)


def _refused(parsed: Parsed, found: list[Fault], dry_run: bool, language: Language) -> Report:
    found.sort(key=lambda one: (one.row, one.field))
    told = tuple(
        RowFault(
            row=one.row, column=one.field, code=one.code,
            reason=say(one.code, language, **one.params),
        )
        for one in found[:FAULTS_TOLD_MAX]
    )  # fmt: skip
    return Report(
        kind=parsed.kind, file=parsed.file, rows=parsed.line_count, dry_run=dry_run,
        fault_count=len(found), faults=told,
    )  # fmt: skip
