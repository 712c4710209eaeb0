"""Power cuts: at any moment, and with any part of what was not synced lost or torn.

Real commands (orders, promises, picks, boxes, hand-overs) are recorded as the statements that they
run, and run again on a SQLite whose disk is `power_disk`, with the pragmas that the book ships
with. A cut leaves files; opened again they must be, byte for byte of every page, the book as it was
after some commit, and after no earlier one than the last that had returned. Each of those states
is looked at once: SQLite's own check, and the whole audit.

The disk has to be below SQLite, and the wheel of `wms.db` takes none; so the statements run in the
SQLite of `apsw`, of the same line. After the cut the book's own driver opens the files.
"""

import contextlib
import hashlib
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from pathlib import Path
from random import Random
from typing import Any

import apsw
from sqlalchemy import event

from tests.ledger_steps import STEPS, Dice
from tests.ledger_world import World
from tests.postgres import memory_folder
from tests.prove import Broken, Part
from tests.prove.books import empty_book
from tests.prove.power_disk import LOG, Disk, Note, Recorder
from wms import db
from wms.audit import auditor

STORIES = 1_000  # of a seed
STEPS_A_STORY = 120
CUTS_A_ROUND = 500
CUTS_A_NOTE = 3
AUDITED = 12  # every so many commits the whole audit; SQLite's own check at each

Statement = tuple[str, Any, bool]  # SQL, parameters, whether there are many of them
COMMIT: Statement = ("COMMIT", (), False)
ROLLBACK: Statement = ("ROLLBACK", (), False)


@dataclass(slots=True)
class Story:
    """A book, what was done to it, and what the disk was told. `states` are the sums of all pages
    after each commit, 0 for the book before the first."""

    book: bytes
    notes: list[Note]
    states: list[str]
    checked: Counter[str] = field(default_factory=Counter)


def rounds(seed: int) -> Iterator[Counter[str]]:
    """Stories that no other seed tells, and cuts at all of their moments."""
    for number in count(seed * STORIES):
        yield from story(number)


def story(number: int) -> Iterator[Counter[str]]:
    """One story, told and cut off at every moment. Raises `Broken`."""
    with tempfile.TemporaryDirectory(prefix="genba-power-", dir=memory_folder()) as name:
        folder = Path(name)
        template = folder / "template.db"
        template.write_bytes(empty_book())
        found = told(number, template, folder)
        yield found.checked
        yield from cuts(found, number, folder)


def told(
    seed: int, template: Path, folder: Path, *, steps: int = STEPS_A_STORY,
    synchronous: str = "",
) -> Story:  # fmt: skip
    """Record a story from *seed* and run it on a disk that takes notes.

    *synchronous*: instead of what the book ships with, for a control that must be caught.
    """
    with tempfile.TemporaryDirectory(dir=folder) as name:
        book, statements = _recorded(seed, template, Path(name), steps)
    with tempfile.TemporaryDirectory(dir=folder) as name:
        return _on_a_disk(book, statements, Path(name) / "book.db", synchronous)


def cuts(
    story: Story, seed: int, folder: Path, *, each: int = CUTS_A_NOTE
) -> Iterator[Counter[str]]:
    """Cut the power at every moment of *story*, *each* times; what was done in each round."""
    random = Random(seed)
    disk = Disk({"": bytearray(story.book)})
    done: Counter[str] = Counter()
    with tempfile.TemporaryDirectory(dir=folder) as name:
        where = Path(name) / "book.db"
        for number, note in enumerate(story.notes):
            disk.take(note)
            for _ in range(each):
                files = disk.without_power(random)
                fault = _fault(story, files, note.acknowledged, where)
                if fault:
                    raise Broken(
                        f"power cut after note {number} of {len(story.notes)}: {fault}\n"
                        f'python -c "from tests.prove.part_power import story;'
                        f' list(story({seed}))"'
                    )
                done["power cuts"] += 1
                done["power cuts that lost or tore something"] += any(disk.waiting.values())
            if done["power cuts"] >= CUTS_A_ROUND:
                yield done
                done = Counter()
    yield done


def _recorded(
    seed: int, template: Path, folder: Path, steps: int
) -> tuple[bytes, list[Statement]]:  # fmt: skip
    """A furnished book, and the statements of what is then done to it."""
    file = folder / "recorded.db"
    shutil.copy(template, file)
    world = World(f"sqlite:///{file}")
    statements: list[Statement] = []
    engine = world.book.writing

    def run(*given: Any) -> None:
        _, _, sql, parameters, _, many = given
        # Rows that SQLAlchemy put into one INSERT come as many, and are one.
        statements.append((sql, parameters, many and isinstance(parameters, list)))

    def end(how: Statement, _connection: Any) -> None:
        statements.append(how)

    with contextlib.closing(world):
        engine.dispose()
        with contextlib.closing(db.sqlite_module().connect(file)) as last:
            last.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        book = file.read_bytes()
        event.listen(engine, "before_cursor_execute", run)
        event.listen(engine, "commit", partial(end, COMMIT))
        event.listen(engine, "rollback", partial(end, ROLLBACK))
        dice = Dice(Random(seed))
        for step in dice.random.choices(list(STEPS), list(STEPS.values()), k=steps):
            step(world, dice)
    return book, statements


class _Shipped:
    """An apsw connection that the hook of `wms.db` takes for the driver's."""

    isolation_level: str | None = ""

    def __init__(self, connection: apsw.Connection) -> None:
        self.connection = connection

    def execute(self, sql: str) -> Any:
        return self.connection.execute(sql).fetchall()


def _on_a_disk(book: bytes, statements: list[Statement], file: Path, synchronous: str) -> Story:
    """Run *statements* with the shipped pragmas; every committed state is checked once."""
    file.write_bytes(book)
    disk = Recorder(f"recorder-{file.parent.name}", file)
    connection = apsw.Connection(str(file), vfs=disk.name)
    db._sqlite_connect(False, _Shipped(connection), None)
    if synchronous:
        connection.execute(f"PRAGMA synchronous = {synchronous}")
    story = Story(book, disk.notes, [_sum(connection.serialize("main"))])
    for statement in statements:
        _run(connection, statement)
        if statement is COMMIT:
            disk.acknowledged += 1
            pages = connection.serialize("main")
            story.states.append(_sum(pages))
            _check(story, pages, file.parent / "state.db")
    connection.close()
    disk.unregister()
    return story


def _run(connection: apsw.Connection, statement: Statement) -> None:
    """What failed when it was recorded fails again, in the same way."""
    sql, parameters, many = statement
    if statement is ROLLBACK and not connection.in_transaction:
        return
    with contextlib.suppress(apsw.ConstraintError):
        if many:
            connection.executemany(sql, parameters).fetchall()
        else:
            connection.execute(sql, parameters).fetchall()


def _check(story: Story, pages: bytes, file: Path) -> None:
    """A committed state is whole in SQLite's eyes and, every so often, in the audit's."""
    story.checked["committed states"] += 1
    file.write_bytes(pages)
    with contextlib.closing(db.Book(f"sqlite:///{file}")) as book, book.reading.begin() as tx:
        whole = tx.exec_driver_sql("PRAGMA quick_check").scalar_one()
        if whole != "ok":
            raise Broken(f"a committed state is damaged: {whole}")
        if story.checked["committed states"] % AUDITED == 0:
            story.checked["committed states audited"] += 1
            if findings := auditor.full(tx):
                raise Broken(f"a committed state is unsound: {findings[:3]}")


def _fault(story: Story, files: dict[str, bytearray], acknowledged: int, where: Path) -> str:
    """What is wrong with the book in *files*; "" when it is one that may be."""
    for end in ("", LOG, "-shm"):
        where.with_name(where.name + end).unlink(missing_ok=True)
    for end, content in files.items():
        where.with_name(where.name + end).write_bytes(content)
    module = db.sqlite_module()
    try:
        with contextlib.closing(module.connect(where)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    except module.DatabaseError as error:
        return f"the book does not open: {error}"
    found = _sum(where.read_bytes())
    if found in story.states[acknowledged:]:
        return ""
    if found in story.states:
        lost = acknowledged - story.states.index(found)
        return f"{lost} of {acknowledged} acknowledged commands are lost"
    return "the book is none that ever was"


def _sum(pages: bytes) -> str:
    return hashlib.blake2b(pages, digest_size=16).hexdigest()


PART = Part(name="power", wanted={"power cuts": 100_000}, rounds=rounds)
