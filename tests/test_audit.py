"""The audit is sharp: what is wrong is seen by the check that is for it, and by no other."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from typer.testing import CliRunner, Result

from app.__main__ import cli
from tests.corruptions import CORRUPTIONS, Corruption
from tests.ledger_site import PEN
from tests.ledger_world import World
from tests.lived_book import live
from wms import audit
from wms.audit import auditor
from wms.db import Book, Tx
from wms.errors import Code, Rejected
from wms.upkeep import lock


class Undone(Exception):
    """Ends a transaction so that nothing of it stays."""


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def lived(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Book]:
    """A book in which everything has happened once, on SQLite and then on PostgreSQL."""
    if request.param == "sqlite":
        folder: Path = request.getfixturevalue("sqlite_folder")
        file = folder / "lived.db"
        shutil.copy(folder / "template.db", file)
        url = f"sqlite:///{file}"
    else:
        url = request.getfixturevalue("postgres").create()
    world = World(url)
    live(world)
    yield world.book
    world.close()


def spoiled(book: Book, corruption: Corruption) -> tuple[set[str], list[audit.Finding]]:
    """The codes of the checks that saw it, and where the two auditors differ; then undo it."""
    seen: set[str] = set()
    differing: list[audit.Finding] = []
    with pytest.raises(Undone), book.writing.begin() as tx:
        for table in corruption.bare:
            take_constraints(tx, table)
        for statement in corruption.sql:
            tx.execute(text(statement))
        seen = {check.code for check in audit.CHECKS if audit.offending(tx, check)}
        differing = auditor.agree(tx)
        raise Undone
    return seen, differing


def take_constraints(tx: Tx, table: str) -> None:
    tx.execute(text(f"ALTER TABLE {table} RENAME TO {table}_before"))
    tx.execute(text(f"CREATE TABLE {table} AS SELECT * FROM {table}_before"))  # noqa: S608


def test_a_book_that_lived_is_clean(lived: Book) -> None:
    assert lived.read_now(auditor.full) == []


@pytest.mark.parametrize("corruption", CORRUPTIONS, ids=str)
def test_each_corruption_is_seen_by_its_own_check(corruption: Corruption, lived: Book) -> None:
    seen, differing = spoiled(lived, corruption)
    assert seen == {corruption.seen_by}
    assert differing == []


def test_every_check_has_its_corruption() -> None:
    assert {check.code for check in audit.CHECKS} == {one.seen_by for one in CORRUPTIONS}


def test_every_invariant_of_the_audit_is_there() -> None:
    names = {check.invariant for check in audit.CHECKS}
    assert names == {f"I{n}" for n in (*range(1, 19), 19, 20, 22, 24, 25)}


def test_a_sealed_row_that_changed_is_seen_by_the_chain_alone(lived: Book) -> None:
    with pytest.raises(Undone), lived.writing.begin() as tx:
        tx.execute(text("UPDATE commands SET actor = 'nobody' WHERE name = 'import'"))
        assert {(one.invariant, one.where[:8]) for one in auditor.full(tx)} == {("I13", "command ")}
        raise Undone


def test_auditors_that_differ_are_both_suspected(
    lived: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A query that sees too little, and a replay that does."""
    kept = tuple(check for check in audit.CHECKS if check.code != "audit.fold")
    with pytest.raises(Undone), lived.writing.begin() as tx:
        tx.execute(text("UPDATE stock SET qty = qty + 1 WHERE lot = 'new'"))
        with monkeypatch.context() as patch:
            patch.setattr(auditor, "CHECKS", kept)
            (alone,) = auditor.agree(tx)
            assert alone.where == "I2 A-2/2/new/available/"
            assert alone.what == "found=replay qty=7 moves=6"
        with monkeypatch.context() as patch:
            patch.setattr(auditor, "replay", lambda _tx: [])
            (alone,) = auditor.agree(tx)
            assert alone.what.startswith("found=sql ")
        raise Undone


def test_the_audit_sees_one_moment(database_url: str) -> None:
    """What is committed while it reads does not tear the picture."""
    world = World(database_url)

    def look(tx: Tx) -> list[list[audit.Finding]]:
        found = []
        for check in audit.CHECKS:
            found.append(audit.offending(tx, check))
            world.receive("A-1", PEN, "", "", 1)
        return [*found, auditor.agree(tx)]

    try:
        assert world.book.read_now(look) == [[]] * (len(audit.CHECKS) + 1)
        world.check()
    finally:
        world.close()


def test_readers_block_no_writer_and_may_not_write(database_url: str) -> None:
    world = World(database_url)
    try:
        with pytest.raises(DBAPIError, match=r"read.?only"):
            world.book.read_now(lambda tx: tx.execute(text("DELETE FROM meta")))
    finally:
        world.close()


def genba_audit(*args: str) -> Result:
    return CliRunner().invoke(cli, ["audit", *args])


def url_of(book: Book) -> str:
    return book.writing.url.render_as_string(hide_password=False)


@pytest.fixture(params=["sqlite", "postgresql"])
def broken(request: pytest.FixtureRequest) -> str:
    """The URL of a book with one unit too many."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    world = World(url)
    world.receive("A-1", PEN, "", "", 5)
    with world.book.writing.begin() as tx:
        tx.execute(text("UPDATE stock SET qty = 6"))
    world.close()
    return url


def test_genba_audit_says_ok_for_each_check(lived: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "C")
    answer = genba_audit("--database", url_of(lived))
    assert answer.exit_code == 0, answer.output
    lines = answer.output.splitlines()
    assert len(lines) == len(auditor.steps()) + 1
    assert "I2    ok        Every balance is the sum of its moves" in lines
    assert lines[-1] == f"{len(auditor.steps())} checks, no faults"


def test_genba_audit_shows_what_is_wrong(broken: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "ja_JP.UTF-8")
    answer = genba_audit("--database", broken)
    assert answer.exit_code == 1
    assert "I2    異常 1    在庫は移動の合計に等しい" in answer.output
    assert "      A-1/1//available/  qty=6 moves=5 lines=1" in answer.output
    assert "1 件の誤りがあります" in answer.output


def test_genba_audit_in_json(broken: str) -> None:
    answer = genba_audit("--json", "--database", broken)
    assert answer.exit_code == 1
    said = json.loads(answer.output)
    assert said["clean"] is False
    faults = [one for one in said["checks"] if one["findings"]]
    assert faults == [{
        "invariant": "I2", "check": "fold",
        "findings": [{"where": "A-1/1//available/", "what": "qty=6 moves=5 lines=1"}],
    }]  # fmt: skip


def test_genba_audit_finds_the_book_of_the_site(sqlite_url: str, tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text(f'[site]\nname = "Test"\n[database]\nurl = "{sqlite_url}"\n')
    assert genba_audit("--config", str(file)).exit_code == 0


def test_genba_audit_reads_beside_a_running_server(sqlite_url: str) -> None:
    """It asks neither for the lock nor for the door."""
    with lock.hold(lock.path_of(sqlite_url)), Book(sqlite_url).writing.begin() as tx:
        tx.execute(text("INSERT INTO meta (key, value) VALUES ('under', 'way')"))
        assert genba_audit("--database", sqlite_url).exit_code == 0


def test_genba_audit_makes_no_book_where_there_is_none(tmp_path: Path) -> None:
    answer = genba_audit("--database", f"sqlite:///{tmp_path / 'none.db'}")
    assert isinstance(answer.exception, Rejected)
    assert answer.exception.code == Code.BOOK_MISSING
    assert list(tmp_path.iterdir()) == []


def test_genba_audit_cannot_judge_an_older_book(tmp_path: Path) -> None:
    (tmp_path / "old.db").touch()
    answer = genba_audit("--database", f"sqlite:///{tmp_path / 'old.db'}")
    assert isinstance(answer.exception, Rejected)
    assert answer.exception.code == Code.BOOK_OLDER


def test_what_a_spoiled_book_says_does_not_steer_the_terminal(sqlite_url: str) -> None:
    world = World(sqlite_url)
    with world.book.writing.begin() as tx:
        tx.execute(
            text("UPDATE places SET epc = :tag WHERE kind = 'tote'"), {"tag": "\x1b[2J\u202e"}
        )
    world.close()
    answer = genba_audit("--database", sqlite_url)
    assert answer.exit_code == 1
    assert "tag \ufffd[2J\ufffd" in answer.output
