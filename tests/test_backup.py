"""Backups: one moment of the book, whole, and back again on either database."""

import contextlib
import gzip
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest
from sqlalchemy import insert, make_url, select, text, update
from typer.testing import CliRunner

from app.__main__ import cli
from tests.ledger_site import NOON
from tests.ledger_world import World
from tests.lived_book import live
from tests.postgres import Databases
from tests.sources import ROOT
from wms.audit import auditor
from wms.db import Book, Tx
from wms.errors import Code, Rejected
from wms.record import events
from wms.record.event_kinds import WaveReleased
from wms.schema import cursors, meta, metadata, orders, print_jobs, stock, tracking_ranges
from wms.schema import events as events_table
from wms.upkeep import backup, burnt, incarnation, restore, safe_upgrade, table_copies, upgrade

FIRST, SECOND = b"\1" * 8, b"\2" * 8
RENUMBERED = ("xid", "position")


def everything(url: str) -> dict[str, list[Any]]:
    """Every row of every table; but for numbers of commits, and the life."""
    with contextlib.closing(Book(url)) as book:
        return book.read_now(_rows)


DAYS_MS = 3 * 86_400_000  # since the backup


def test_i7_numbers_that_went_out_after_the_backup_are_not_given_again(
    lived: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """A label printed after the backup is on a box: its number, and its order's, are taken."""
    with contextlib.closing(Book(lived)) as book:
        late = {"key": "late", "station": "PACK-1", "template": "item", "data": "{}"}
        book.write_now(lambda tx: tx.execute(insert(print_jobs).values(**late, created_ms=NOON)))
    file, told = backup.make(lived, tmp_path, now=NOON)
    target, now = f"sqlite:///{tmp_path / 'new.db'}", NOON + DAYS_MS
    if told.engine == "sqlite":
        proven, _ = restore.into_sqlite(file, tmp_path / "new.db", now=now, random=SECOND)
    else:
        target = request.getfixturevalue("postgres").create_empty()
        proven = restore.into_postgresql(file, target, now=now, random=SECOND)
    assert proven.faults == 0
    with contextlib.closing(Book(lived)) as book:
        was = book.read_now(burnt.given)
        waiting = book.read_now(_unprinted)
    assert proven.labels == len(waiting) > 0, "I8: no second copy by itself"
    assert {one.counter: one.was for one in proven.skipped}.items() <= was.items()
    ranges = [one for one in proven.skipped if one.counter[0] == "tracking"]
    assert ranges
    assert all(one.now - one.was >= burnt.TRACKING_SKIPPED_MIN for one in ranges)
    with contextlib.closing(Book(target)) as book:
        assert book.read_now(_unprinted) == []
        assert book.write_now(_new_order) == was["id", "orders", ""] + burnt.IDS_SKIPPED


def _unprinted(tx: Tx) -> list[int]:
    waiting = print_jobs.c.state.in_(("requested", "ready", "sending", "blocked"))
    return list(tx.scalars(select(print_jobs.c.id).where(waiting)))


def _new_order(tx: Tx) -> int:
    """The number that the next order gets: one like the newest."""
    newest = select(orders).order_by(orders.c.id.desc()).limit(1)
    row = dict(tx.execute(newest).one()._mapping)
    number = row.pop("id")
    fresh = row | {"code": f"after {number}", "external_id": f"after {number}"}
    made = tx.execute(insert(orders).values(fresh)).inserted_primary_key
    assert made is not None
    return int(made[0])


def test_i7_the_book_from_before_says_how_far_the_numbers_went(
    sqlite_url: str, tmp_path: Path
) -> None:
    world = World(sqlite_url)
    live(world)
    world.close()
    file, _ = backup.make(sqlite_url, tmp_path, now=NOON)
    further = update(tracking_ranges).values(next=tracking_ranges.c.next + 7)
    with contextlib.closing(Book(sqlite_url)) as book:
        book.write_now(lambda tx: tx.execute(further))
        number = book.write_now(_new_order)
    database = Path(str(make_url(sqlite_url).database))
    proven, _ = restore.into_sqlite(file, database, now=NOON + DAYS_MS, random=SECOND)
    moved = {(one.counter[0], one.now - one.was) for one in proven.skipped}
    assert moved == {("tracking", 7), ("id", 1)}
    with contextlib.closing(Book(sqlite_url)) as book:
        assert book.write_now(_new_order) == number + 1


def _rows(tx: Tx) -> dict[str, list[Any]]:
    found = {}
    for table in metadata.sorted_tables:
        columns = [column for column in table.c if column.name not in RENUMBERED]
        rows = tx.execute(select(*columns).order_by(*columns)).all()
        found[table.name] = [tuple(row) for row in rows if row[0] != incarnation.KEY]
    return found


@pytest.fixture
def lived(new_book: Callable[[], str]) -> str:
    """The URL of a book in which everything has happened."""
    url = new_book()
    world = World(url)
    live(world)
    world.book.write_now(incarnation.ensure, FIRST)
    world.close()
    return url


def test_a_restored_book_has_every_row_and_another_life(
    lived: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    file, told = backup.make(lived, tmp_path / "backups", now=NOON)
    assert file.stat().st_mode & 0o077 == 0
    assert list(file.parent.iterdir()) == [file], "nothing half made stays"
    target = f"sqlite:///{tmp_path / 'new.db'}"
    if told.engine == "sqlite":
        proven, aside = restore.into_sqlite(
            file, tmp_path / "new.db", now=NOON, random=SECOND, idle=True
        )
        assert aside is None
    else:
        postgres: Databases = request.getfixturevalue("postgres")
        target = postgres.create_empty()
        proven = restore.into_postgresql(file, target, now=NOON, random=SECOND, idle=True)
        with pytest.raises(Rejected) as used:
            restore.into_postgresql(file, target, now=NOON, random=SECOND)
        assert used.value.code == Code.BOOK_USED
    assert (proven.faults, told.incarnation) == (0, FIRST.hex())
    assert everything(target) == everything(lived)
    with contextlib.closing(Book(target)) as book:
        assert book.read_now(incarnation.current) == SECOND.hex()
        reader = book.read_now(events.cursor_of, "feeds")
        assert book.read_now(events.since, reader, 100) == []  # as before
        book.write_now(events.emit, WaveReleased(wave_id=99, orders=1), now=NOON)
        (fresh,) = book.read_now(events.since, reader, 100)
        assert fresh.aggregate == "wave:99"
        assert book.read_now(auditor.full) == []


def test_what_was_committed_out_of_turn_keeps_its_order_on_another_server(
    postgresql_url: str,
) -> None:
    order = [(700, 1), (700, 4), (701, 2), (705, 3), (705, 6), (9_000, 5)]
    with contextlib.closing(Book(postgresql_url)) as book:

        def fill(tx: Tx) -> None:
            for xid, number in order:
                tx.execute(insert(events_table).values(
                    id=number, xid=xid, kind="wave.released", aggregate=f"w:{number}", seq=1,
                    at_ms=1, body="{}",
                ))  # fmt: skip
            for name, xid, position in (("a", 701, 2), ("b", 8_000, 0), ("c", 0, 0)):
                row = {"name": name, "xid": xid, "position": position}
                tx.execute(insert(cursors).values(row))

        book.write_now(fill)
        assert book.write_now(table_copies.renumber) == 2
        key = (events_table.c.xid, events_table.c.id)
        rows = book.read_now(lambda tx: tx.execute(select(*key).order_by(*key)).all())
        assert [row.id for row in rows] == [number for _, number in order]
        left = {name: book.read_now(_after, name) for name in ("a", "b", "c")}
    assert left == {"a": [3, 6, 5], "b": [5], "c": [1, 4, 2, 3, 6, 5]}


def _after(tx: Tx, reader: str) -> list[int]:
    at = events.cursor_of(tx, reader)
    query = select(events_table.c.id).where(
        text("(xid, id) > (:xid, :id)").bindparams(xid=at.xid, id=at.position)
    )
    return list(tx.scalars(query.order_by(events_table.c.xid, events_table.c.id)))


def test_a_backup_beside_writers_is_of_one_moment(database_url: str, tmp_path: Path) -> None:
    """Each command writes a pair of rows: a backup has both or none."""
    stop, wrote = Event(), Event()

    def pair(tx: Tx, number: int) -> None:
        for side in ("left", "right"):
            tx.execute(insert(meta).values(key=f"{side}.{number}", value="x" * 500))

    def write() -> None:
        with contextlib.closing(Book(database_url)) as book:
            for number in range(100_000):
                book.write_now(pair, number)
                wrote.set()
                if stop.is_set():
                    return

    writer = Thread(target=write)
    writer.start()
    try:
        assert wrote.wait(30)
        files = [backup.make(database_url, tmp_path, now=NOON + n)[0] for n in range(2)]
    finally:
        stop.set()
        writer.join()
    for number, file in enumerate(files):
        into = tmp_path / f"unpacked-{number}"
        into.mkdir()
        told = backup.unpack(file, into)
        if told.engine == "sqlite":
            found = everything(f"sqlite:///{into / backup.SQLITE_BOOK}")["meta"]
            keys = [key for key, _ in found]
        else:
            keys = [line.split("\t")[0] for line in (into / "meta.copy").read_text().splitlines()]
        sides = [{key.partition(".")[2] for key in keys if key.startswith(side)}
                 for side in ("left", "right")]  # fmt: skip
        assert sides[0] == sides[1] != set()


def test_a_damaged_backup_is_never_restored(sqlite_url: str, tmp_path: Path) -> None:
    file, _ = backup.make(sqlite_url, tmp_path, now=NOON)
    whole = file.read_bytes()
    inside = gzip.decompress(whole)
    middle = len(inside) // 2
    changed = inside[:middle] + bytes([inside[middle] ^ 1]) + inside[middle + 1 :]
    for spoiled in (whole[: len(whole) // 2], whole[:40], b"", gzip.compress(changed, 1)):
        file.write_bytes(spoiled)
        with pytest.raises(Rejected) as refused:
            restore.into_sqlite(file, tmp_path / "new.db", now=NOON, random=SECOND)
        assert refused.value.code == Code.BACKUP_BROKEN
    assert not (tmp_path / "new.db").exists()


def test_an_unsound_backup_is_refused_and_said(
    sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LANG", "en_US.UTF-8")
    world = World(sqlite_url)
    world.receive("A-1", 1, "", "", 20)
    world.book.write_now(lambda tx: tx.execute(update(stock).values(qty=21)))
    world.close()
    (tmp_path / "config.toml").write_text('[site]\nname = "x"\n', "utf-8")
    database = tmp_path / "data" / "genba.db"
    file, _ = backup.make(sqlite_url, tmp_path, now=NOON)
    refused = genba(tmp_path, "restore", str(file))
    assert (refused.exit_code, database.exists()) == (1, False)
    checked = genba(tmp_path, "restore", "--check", str(file))
    assert checked.exit_code == 1
    assert "I2" in checked.stderr
    assert genba(tmp_path, "restore", "--anyway", str(file)).exit_code == 0
    assert database.exists()


def genba(folder: Path, *words: str) -> Any:
    return CliRunner().invoke(cli, [*words, "--config", str(folder / "config.toml")])


def test_back_up_and_restore_by_hand_keeps_the_book_from_before(
    sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LANG", "en_US.UTF-8")
    config = '[site]\nname = "x"\n[backups]\nkeep_days = 1\n'
    (tmp_path / "config.toml").write_text(config, "utf-8")
    data = tmp_path / "data"
    data.mkdir()
    database = data / "genba.db"
    database.write_bytes(Path(str(make_url(sqlite_url).database)).read_bytes())
    old, _ = backup.make(sqlite_url, tmp_path / "backups", now=NOON - 400 * 86_400_000)
    made = genba(tmp_path, "backup")
    assert made.exit_code == 0, made.output
    (file,) = (tmp_path / "backups").iterdir()
    assert file != old, "the old one is gone, the new one is there"
    assert "nothing wrong" in genba(tmp_path, "restore", "--check", str(file)).stdout
    with contextlib.closing(Book(f"sqlite:///{database}")) as book:
        book.write_now(events.emit, WaveReleased(wave_id=1, orders=1), now=NOON)
    done = genba(tmp_path, "restore", str(file))
    assert done.exit_code == 0, done.output
    (aside,) = [path for path in data.iterdir() if path.name.startswith("genba.db.2")]
    counts = [len(everything(f"sqlite:///{path}")["events"]) for path in (database, aside)]
    assert counts == [0, 1]
    assert genba(tmp_path, "upgrade").stdout.strip() == "The book is of this version"


# Upgrades: the next revision is planted, and the process is killed at every step.

NEXT = '''
"""One more revision."""

from alembic import op

revision = "9999"
down_revision = "0001"


def upgrade() -> None:
    op.execute("INSERT INTO meta (key, value) VALUES ('next', 'is there')")
'''
STEPS = ("copied", "packed", "named", "kept", "marked", "migrated", "proven")
CHILD = """
import os, signal, sys
from pathlib import Path
from wms.upkeep import safe_upgrade, upgrade
scripts, url, folder, at = sys.argv[1:]
upgrade.SCRIPTS = Path(scripts)
def reached(point):
    if point == at:
        os.kill(os.getpid(), signal.SIGKILL)
safe_upgrade.bring_up(url, Path(folder), now=1, reached=reached)
"""


@pytest.fixture
def scripts(tmp_path: Path) -> Path:
    """The migrations and one more, in a folder of their own."""
    folder = tmp_path / "migrations"
    shutil.copytree(upgrade.SCRIPTS, folder, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "versions" / "9999_next.py").write_text(NEXT)
    return folder


def _upgrade(scripts: Path, url: str, folder: Path, at: str) -> int:
    done = subprocess.run(
        [sys.executable, "-c", CHILD, str(scripts), url, str(folder), at], cwd=ROOT, check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT)}, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    return done.returncode


@pytest.mark.long
@pytest.mark.parametrize("at", STEPS)
def test_an_upgrade_that_is_killed_goes_on(
    lived: str, tmp_path: Path, scripts: Path, at: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, folder = everything(lived), tmp_path / "backups"
    assert _upgrade(scripts, lived, folder, at) == -signal.SIGKILL
    _went_on(lived, folder, scripts, monkeypatch, before)


def test_an_upgrade_killed_after_its_migrations_is_proven_by_the_next_start(
    sqlite_url: str, tmp_path: Path, scripts: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, folder = everything(sqlite_url), tmp_path / "backups"
    assert _upgrade(scripts, sqlite_url, folder, "migrated") == -signal.SIGKILL
    _went_on(sqlite_url, folder, scripts, monkeypatch, before)


def _went_on(
    url: str, folder: Path, scripts: Path, monkeypatch: pytest.MonkeyPatch, before: dict[str, Any]
) -> None:
    monkeypatch.setattr(upgrade, "SCRIPTS", scripts)
    safe_upgrade.bring_up(url, folder, now=2)
    after = everything(url)
    assert ("next", "is there") in after["meta"]
    after["meta"].remove(("next", "is there"))
    assert after == before
    made = list(folder.iterdir())
    assert made
    assert all(backup.manifest(file).revision == "0001" for file in made), "all are whole"


def test_after_an_unsound_upgrade_nothing_starts_until_somebody_says_so(
    sqlite_url: str, tmp_path: Path, scripts: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = World(sqlite_url)
    world.receive("A-1", 1, "", "", 20)
    world.book.write_now(lambda tx: tx.execute(update(stock).values(qty=21)))
    world.close()
    monkeypatch.setattr(upgrade, "SCRIPTS", scripts)
    for now in (1, 2):
        with pytest.raises(Rejected) as refused:
            safe_upgrade.bring_up(sqlite_url, tmp_path / "backups", now=now)
        assert refused.value.code == Code.UPGRADE_UNSOUND
    (kept,) = (tmp_path / "backups").iterdir()
    assert refused.value.params["file"] == kept.name
    assert safe_upgrade.bring_up(sqlite_url, tmp_path / "backups", now=3, anyway=True) == kept
    assert safe_upgrade.bring_up(sqlite_url, tmp_path / "backups", now=4) is None
