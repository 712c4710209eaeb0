"""A disk that remembers what it was told, and what would be left of it without power.

`Recorder` is a VFS below SQLite that notes each write, truncation, sync and removal of the book's
file and its log. `Disk` goes through those notes: what was synced is there; of what was not, any
part may be: each write whole, not at all, or some of its sectors.
"""

from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any, Literal, NamedTuple

import apsw

SECTOR_BYTES = 512
LOG = "-wal"
KEPT = (0.0, 0.5, 0.9, 1.0)  # how much of what was not synced is there after a cut


class Note(NamedTuple):
    """One thing that the disk was told. `acknowledged`: so many commits had returned by now."""

    what: Literal["write", "truncate", "sync", "delete"]
    file: str  # "" the book, "-wal" its log
    at: int = 0
    data: bytes = b""
    acknowledged: int = 0


class Recorder(apsw.VFS):
    """Passes everything on to the real disk, and keeps `notes`."""

    def __init__(self, name: str, book: Path) -> None:
        self.name, self.book = name, str(book)
        self.notes: list[Note] = []
        self.acknowledged = 0
        super().__init__(name, "")

    def part_of(self, path: str) -> str | None:
        """Which file of the book this is; None for the shared memory and temporary files."""
        part = path.removeprefix(self.book)
        return part if path.startswith(self.book) and part in ("", LOG) else None

    def note(
        self, what: Literal["write", "truncate", "sync", "delete"], file: str, at: int = 0,
        data: bytes = b"",
    ) -> None:  # fmt: skip
        """Keep a note."""
        self.notes.append(Note(what, file, at, data, self.acknowledged))

    def xOpen(self, name: Any, flags: list[int]) -> apsw.VFSFile:
        path = name.filename() if isinstance(name, apsw.URIFilename) else name
        return _File(self, self.part_of(str(path)) if path else None, name, flags)

    def xDelete(self, filename: str, syncdir: bool) -> None:
        super().xDelete(filename, syncdir)
        if (part := self.part_of(filename)) is not None:
            self.note("delete", part)


class _File(apsw.VFSFile):
    def __init__(self, disk: Recorder, part: str | None, name: Any, flags: list[int]) -> None:
        self.disk, self.part = disk, part
        super().__init__("", name, flags)

    def xWrite(self, data: Any, offset: int) -> None:
        super().xWrite(data, offset)
        if self.part is not None:
            self.disk.note("write", self.part, offset, bytes(data))

    def xTruncate(self, newsize: int) -> None:
        super().xTruncate(newsize)
        if self.part is not None:
            self.disk.note("truncate", self.part, newsize)

    def xSync(self, flags: int) -> None:
        super().xSync(flags)
        if self.part is not None:
            self.disk.note("sync", self.part)


@dataclass(slots=True)
class Disk:
    """What is on the disk for sure (`synced`, by file), and what it was told since."""

    synced: dict[str, bytearray]
    waiting: dict[str, list[Note]] = field(default_factory=lambda: {"": [], LOG: []})

    def take(self, note: Note) -> None:
        """The next thing that it is told."""
        if note.what != "sync":
            self.waiting[note.file].append(note)
            return
        there = self.synced.get(note.file)
        for earlier in self.waiting[note.file]:
            there = _applied(there, earlier)
        self.waiting[note.file].clear()
        if there is None:
            self.synced.pop(note.file, None)
        else:
            self.synced[note.file] = there

    def without_power(self, random: Random) -> dict[str, bytearray]:
        """The files after a cut at this moment; by what is lost a different one each time."""
        left: dict[str, bytearray] = {}
        kept = random.choice(KEPT)
        for name, notes in self.waiting.items():
            was = self.synced.get(name)
            there = None if was is None else bytearray(was)
            for note in notes:
                for part in _surviving(note, random, kept):
                    there = _applied(there, part)
            if there is not None:
                left[name] = there
        return left


def _applied(there: bytearray | None, note: Note) -> bytearray | None:
    if note.what == "delete":
        return None
    there = bytearray() if there is None else there
    if note.what == "truncate":
        del there[note.at :]
        there.extend(bytes(note.at - len(there)))
        return there
    there.extend(bytes(max(0, note.at - len(there))))  # a hole reads as zeros
    there[note.at : note.at + len(note.data)] = note.data
    return there


def _surviving(note: Note, random: Random, kept: float) -> list[Note]:
    """What is left of one unsynced thing: all, nothing, or some sectors of it."""
    if random.random() < kept:
        return [note]
    if note.what != "write" or random.random() < 0.5:
        return []
    parts = []
    begin = note.at
    while begin < note.at + len(note.data):
        end = min((begin // SECTOR_BYTES + 1) * SECTOR_BYTES, note.at + len(note.data))
        if random.random() < 0.5:
            data = note.data[begin - note.at : end - note.at]
            parts.append(note._replace(at=begin, data=data))
        begin = end
    return parts
