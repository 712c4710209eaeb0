"""Backups: the whole book in one file, taken while the server works.

A backup is a `.tar.gz`. `manifest.json` comes first and says what the rest is: `book.db`, the
online copy of a SQLite book, or one text file of each table (`tables/NAME.copy`) of a PostgreSQL
book, all read in one snapshot. It is written beside its name and gets it when it is whole and on
the disk, so that what has the name of a backup is one. No secret is in it but those of the book.
"""

import contextlib
import gzip
import hashlib
import os
import shutil
import tarfile
import tempfile
import zlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct
from sqlalchemy import Engine, func, select
from sqlalchemy.exc import DBAPIError

from wms.db import Book, Tx, nowhere, sqlite_module
from wms.errors import Code, Rejected
from wms.record import seals
from wms.schema import commands
from wms.trouble import trouble_of
from wms.upkeep import incarnation, table_copies, upgrade

MANIFEST = "manifest.json"
SQLITE_BOOK = "book.db"
SUFFIX = ".tar.gz"
HALF = "genba-half-"
BLOCK_BYTES = 1 << 20
PACKED = 1  # gzip's quickest: a book shrinks to a third, and the disk stays the slower one


class Manifest(Struct, frozen=True, kw_only=True):
    """What a backup says of itself. `files` are SHA-256 sums by name; `seal` is the number and hash
    of the newest link of the audit chain; `last_ms` is when the newest command was written."""

    engine: str
    revision: str
    incarnation: str
    made_ms: int
    last_ms: int
    commands: int
    seal: tuple[int, str]
    files: dict[str, str]
    format: int = 1


def make(
    url: str, folder: Path, *, now: int, reached: Callable[[str], None] = nowhere
) -> tuple[Path, Manifest]:
    """A backup of the book at *url* in *folder*: `genba-DAY-TIME.tar.gz` (UTC).

    Nobody waits for it: it reads one snapshot. Refuses what `upgrade.revision` refuses, and
    `BACKUP_NOT_MADE` where *folder* has no room for it; then nothing of it stays.
    """
    try:
        return _made(url, folder, now, reached)
    except (OSError, sqlite_module().Error) as error:
        raise Rejected(Code.BACKUP_NOT_MADE, folder=str(folder), why=str(error)) from error
    except DBAPIError as error:
        if trouble_of(error) not in ("full", "broken"):
            raise
        why = str(error.orig)
        raise Rejected(Code.BACKUP_NOT_MADE, folder=str(folder), why=why) from error


def _made(
    url: str, folder: Path, now: int, reached: Callable[[str], None]
) -> tuple[Path, Manifest]:  # fmt: skip
    folder.mkdir(parents=True, exist_ok=True)
    at = datetime.fromtimestamp(now / 1000, UTC)
    target = folder / f"genba-{at:%Y%m%d-%H%M%S}-{now % 1000:03}{SUFFIX}"
    with _half(folder) as half, contextlib.closing(Book(url)) as book:
        told = _told(book, half, now)
        reached("copied")
        packed = half / "packed"
        _pack(half, told, packed)
        reached("packed")
        packed.chmod(0o600)  # names and addresses are in it
        packed.replace(target)
        sync_folder(folder)
    reached("named")
    return target, told


def forget_older(folder: Path, *, than_ms: int) -> list[Path]:
    """Remove the backups in *folder* that were made before *than_ms*. Returns them."""
    gone = []
    for file in sorted(folder.glob(f"genba-*{SUFFIX}")):
        if manifest(file).made_ms < than_ms:
            file.unlink()
            gone.append(file)
    return gone


def manifest(file: Path) -> Manifest:
    """What the backup in *file* says of itself. Refuses `BACKUP_BROKEN`."""
    with _opened(file) as archive:
        return _manifest(archive, file)


def unpack(file: Path, into: Path) -> Manifest:
    """The parts of a backup in the folder *into*, each proven by its sum. Refuses
    `BACKUP_BROKEN`."""
    with _opened(file) as archive:
        told = _manifest(archive, file)
        for name, wanted in told.files.items():
            found = _unpack_one(archive, name, into / Path(name).name, file)
            if found != wanted:
                raise Rejected(Code.BACKUP_BROKEN, file=file.name, part=name)
    return told


def sync_folder(folder: Path) -> None:
    """What was named or renamed in *folder* is so after a power cut, too."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def as_one_file(database: Path) -> None:
    """Leave nothing of a SQLite book, which nobody has open, beside its file."""
    module = sqlite_module()
    with contextlib.closing(module.connect(database)) as last:
        last.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # and closing it removes the log


@contextlib.contextmanager
def _half(folder: Path) -> Iterator[Path]:
    """A folder for what is not whole yet; what others left behind is cleared away."""
    for stale in folder.glob(f"{HALF}*"):
        shutil.rmtree(stale, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix=HALF, dir=folder, ignore_cleanup_errors=True) as name:
        yield Path(name)


def _told(book: Book, half: Path, now: int) -> Manifest:
    """Copy the book's parts into *half*."""
    engine = book.reading
    if book.is_sqlite:
        _copy_sqlite(engine, half / SQLITE_BOOK)
        with contextlib.closing(Book(f"sqlite:///{half / SQLITE_BOOK}")) as copy:
            facts = copy.read_now(_facts)
            revision = upgrade.revision(copy.reading)
        as_one_file(half / SQLITE_BOOK)
        names = [SQLITE_BOOK]
    else:
        revision = upgrade.revision(engine)
        with engine.begin() as tx:
            facts = _facts(tx)
            names = table_copies.write(tx, half)
    files = {name: _sum_of(half / Path(name).name) for name in names}
    return Manifest(
        engine=engine.dialect.name, revision=revision, made_ms=now, files=files, **facts
    )


def _copy_sqlite(engine: Engine, target: Path) -> None:
    """SQLite's own online copy, in one step: one snapshot, and writers go on."""
    module = sqlite_module()
    with engine.connect() as connection:
        source = connection.connection.driver_connection
        with contextlib.closing(module.connect(target)) as copy:
            assert source is not None
            source.backup(copy)


def _facts(tx: Tx) -> dict[str, Any]:
    newest, count = tx.execute(select(func.max(commands.c.at_ms), func.count(commands.c.id))).one()
    return {
        "incarnation": incarnation.current(tx), "seal": seals.head(tx), "last_ms": newest or 0,
        "commands": count,
    }  # fmt: skip


def _sum_of(file: Path) -> str:
    with file.open("rb") as source:
        return hashlib.file_digest(source, "sha256").hexdigest()


def _pack(half: Path, told: Manifest, target: Path) -> None:
    head = msgspec.json.format(msgspec.json.encode(told), indent=1)
    with target.open("wb") as raw:
        with (
            gzip.GzipFile("", "wb", PACKED, raw) as pressed,
            tarfile.open(fileobj=pressed, mode="w") as archive,
        ):
            first = tarfile.TarInfo(MANIFEST)
            first.size, first.mtime = len(head), told.made_ms // 1000
            archive.addfile(first, BytesIO(head))
            for name in told.files:
                archive.add(half / Path(name).name, name)
        raw.flush()
        os.fsync(raw.fileno())


@contextlib.contextmanager
def _opened(file: Path) -> Iterator[tarfile.TarFile]:
    """The archive in *file*. Whatever is wrong with its bytes is `BACKUP_BROKEN`."""
    try:
        with tarfile.open(file, "r:gz") as archive:
            yield archive
    except (tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise Rejected(Code.BACKUP_BROKEN, file=file.name, part=type(error).__name__) from error


def _manifest(archive: tarfile.TarFile, file: Path) -> Manifest:
    try:
        member = archive.extractfile(MANIFEST)
        assert member is not None
        return msgspec.json.decode(member.read(BLOCK_BYTES), type=Manifest)
    except (KeyError, msgspec.MsgspecError) as error:
        raise Rejected(Code.BACKUP_BROKEN, file=file.name, part=MANIFEST) from error


def _unpack_one(archive: tarfile.TarFile, name: str, target: Path, file: Path) -> str:
    """One part into *target*; its sum."""
    try:
        member = archive.extractfile(name)
    except KeyError as error:
        raise Rejected(Code.BACKUP_BROKEN, file=file.name, part=name) from error
    if member is None:
        raise Rejected(Code.BACKUP_BROKEN, file=file.name, part=name)
    found = hashlib.sha256()
    with target.open("wb") as sink:
        while block := member.read(BLOCK_BYTES):
            found.update(block)
            sink.write(block)
        sink.flush()
        os.fsync(sink.fileno())
    return found.hexdigest()
