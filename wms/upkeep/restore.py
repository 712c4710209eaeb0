"""Back from a backup: the book is made anew beside the old one, proven, and then put in its place.

A restored book is another life of it (`incarnation`): whoever keeps a place in its stream learns
that, and begins again.
"""

import contextlib
import tempfile
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import make_url, text

from wms.audit import Finding, auditor
from wms.audit.auditor import Step
from wms.db import Book, Tx, sqlite_module
from wms.errors import Code, Rejected
from wms.upkeep import burnt, incarnation, table_copies, upgrade
from wms.upkeep.backup import SQLITE_BOOK, Manifest, as_one_file, sync_folder, unpack
from wms.upkeep.burnt import Counter, Skipped

FOLDER = "genba-restore-"
BESIDE = ("-wal", "-shm")


class Proven(NamedTuple):
    """A restored book: what its backup says of itself, and what the whole audit found in it."""

    manifest: Manifest
    findings: list[tuple[Step, list[Finding]]]
    skipped: tuple[Skipped, ...] = ()  # counters that went on behind what may have been given
    labels: int = 0  # that may have come out since

    @property
    def faults(self) -> int:
        return sum(len(found) for _, found in self.findings)


def prove(url: str) -> list[tuple[Step, list[Finding]]]:
    """Every step of the audit over the book at *url*; the ledger is replayed by one of them."""
    with contextlib.closing(Book(url)) as book:
        return book.read_now(lambda tx: [(step, step.run(tx)) for step in auditor.steps()])


def try_out(file: Path, folder: Path, empty_url: str, *, random: bytes) -> Proven:
    """Restore *file* where nobody works with it, and look at all of it.

    A SQLite book comes to be in *folder*, one of PostgreSQL in the empty database at *empty_url*.
    Refuses `BACKUP_BROKEN`, and `BOOK_NEWER` for the backup of a newer program.
    """
    told = unpack(file, folder)
    url = empty_url
    if told.engine == "sqlite":
        url = f"sqlite:///{folder / SQLITE_BOOK}"
        _finish_sqlite(url, file, random)
    else:
        _fill(url, folder, told, random)
    return Proven(told, prove(url))


def into_sqlite(
    file: Path, database: Path, *, now: int, random: bytes, anyway: bool = False,
    idle: bool = False,
) -> tuple[Proven, Path | None]:  # fmt: skip
    """Put the book of *file* in the place of *database*; the old one stays as the path returned.

    Numbers that were given since are left out (`burnt`), unless nobody has worked: *idle*.

    Whoever calls holds the lock. Until the last step, which happens whole or not at all, the old
    book is in its place. Refuses what `try_out` refuses, `BACKUP_ENGINE`, and `BACKUP_UNSOUND`
    unless *anyway*.
    """
    database.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=FOLDER, dir=database.parent) as name:
        folder = Path(name)
        before = burnt.given_before(f"sqlite:///{database}") if database.exists() else None
        proven = _proven_sqlite(file, folder, random, None if idle else (before, now))
        if proven.faults and not anyway:
            raise Rejected(Code.BACKUP_UNSOUND, file=file.name, count=proven.faults)
        aside = _put_aside(database, now) if database.exists() else None
        (folder / SQLITE_BOOK).replace(database)
        sync_folder(database.parent)
    return proven, aside


def into_postgresql(
    file: Path, url: str, *, now: int, random: bytes, idle: bool = False
) -> Proven:  # fmt: skip
    """Put the book of *file* into the database at *url*, in which no server was yet.

    Numbers that may have been given since are left out, unless nobody has worked: *idle*.

    Refuses what `try_out` refuses, `BACKUP_ENGINE` and `BOOK_USED`.
    """
    with tempfile.TemporaryDirectory(prefix=FOLDER) as name:
        told = unpack(file, Path(name))
        if told.engine != "postgresql":
            raise Rejected(Code.BACKUP_ENGINE, file=file.name, engine=told.engine)
        _fill(url, Path(name), told, random)
    skipped, labels = ((), 0) if idle else _skip(url, None, told.made_ms, now)
    return Proven(told, prove(url), skipped, labels)


def _skip(
    url: str, before: Mapping[Counter, int] | None, made_ms: int, now: int
) -> tuple[tuple[Skipped, ...], int]:
    with contextlib.closing(Book(url)) as book:
        skipped = book.write_now(burnt.skip, before, away_ms=now - made_ms)
        return tuple(skipped), book.write_now(burnt.doubt_labels, now=now)


def _proven_sqlite(
    file: Path, folder: Path, random: bytes, since: tuple[Mapping[Counter, int] | None, int] | None
) -> Proven:
    told = unpack(file, folder)
    if told.engine != "sqlite":
        raise Rejected(Code.BACKUP_ENGINE, file=file.name, engine=told.engine)
    url = f"sqlite:///{folder / SQLITE_BOOK}"
    _finish_sqlite(url, file, random)
    skipped, labels = _skip(url, since[0], told.made_ms, since[1]) if since else ((), 0)
    proven = Proven(told, prove(url), skipped, labels)
    as_one_file(folder / SQLITE_BOOK)
    return proven


def _finish_sqlite(url: str, file: Path, random: bytes) -> None:
    """Whole, of this program's revision, and in a new life."""
    with contextlib.closing(Book(url)) as book:
        check = text("PRAGMA integrity_check")
        if book.read_now(lambda tx: tx.execute(check).scalar_one()) != "ok":
            raise Rejected(Code.BACKUP_BROKEN, file=file.name, part=SQLITE_BOOK)
        upgrade.to_newest(url)
        book.write_now(incarnation.renew, random)


def _put_aside(database: Path, now: int) -> Path:
    """A second name for the old book, which then may lose its first one at any moment.

    A log that belongs to the old book must not be read into the new one.
    """
    aside = database.with_name(
        f"{database.name}.{datetime.fromtimestamp(now / 1000, UTC):%Y%m%d-%H%M%S}-{now % 1000:03}"
    )
    with contextlib.suppress(sqlite_module().DatabaseError):  # what cannot be read is kept as it is
        as_one_file(database)
    aside.hardlink_to(database)
    for end in BESIDE:
        left = database.with_name(database.name + end)
        if left.exists():
            left.rename(aside.with_name(aside.name + end))
    sync_folder(database.parent)
    return aside


def _fill(url: str, folder: Path, told: Manifest, random: bytes) -> None:
    """All rows in one transaction: the database has them all, or is as unused as before."""
    with contextlib.closing(Book(url)) as book:
        if upgrade.revision(book.reading):
            if book.read_now(incarnation.current):
                raise Rejected(Code.BOOK_USED, database=make_url(url).database or "")
        else:
            upgrade.to(url, told.revision)
        book.write_now(_load, book, folder, random)
    upgrade.to_newest(url)


def _load(tx: Tx, book: Book, folder: Path, random: bytes) -> None:
    table_copies.read(tx, folder)
    _outgrow(book, table_copies.renumber(tx))
    incarnation.renew(tx, random)


def _outgrow(book: Book, number: int) -> None:
    """Let the server count on until its own numbers are above those of the rows brought in."""
    used = text("SELECT pg_current_xact_id()::text::bigint")
    with book.writing.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        while connection.execute(used).scalar_one() <= number:
            pass
