"""Migrations end at the schema that the code speaks of, and change all of it or nothing."""

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, inspect, text

import wms.upkeep.upgrade
from tests.postgres import Databases
from tests.sources import ROOT
from wms.db import open_engine
from wms.errors import Code, Rejected
from wms.schema import metadata
from wms.upkeep.upgrade import pending, to_newest

Shape = dict[str, Any]
REVISION = "SELECT version_num FROM alembic_version"

BROKEN = '''
"""A migration that does not come to its end."""

from alembic import op

revision = "9999"
down_revision = "0001"


def upgrade() -> None:
    op.execute("CREATE TABLE half_done (id integer)")
    op.execute("INSERT INTO meta (key, value) VALUES ('half', 'done')")
    op.execute("INSERT INTO no_such_table VALUES (1)")
'''


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], str]]:
    """Makes databases without any table, on SQLite and then on PostgreSQL."""
    made: list[str] = []
    postgres: Databases | None = None
    if request.param == "postgresql":
        postgres = request.getfixturevalue("postgres")

    def make() -> str:
        url = f"sqlite:///{tmp_path / f'{len(made)}.db'}"
        made.append(postgres.create_empty() if postgres else url)
        return made[-1]

    yield make
    for url in made:
        if postgres:
            postgres.drop(url)


def fresh(url: str) -> str:
    """Make the tables as the code has them now, without migrations."""
    engine = open_engine(url)
    metadata.create_all(engine)
    engine.dispose()
    return url


def migrated(url: str) -> str:
    to_newest(url)
    return url


def shape(url: str) -> Shape:
    """Everything that the database itself says about its tables."""
    engine = open_engine(url)
    found = {table: _table(engine, table) for table in inspect(engine).get_table_names()}
    if engine.dialect.name == "sqlite":
        with engine.connect() as connection:
            rows = connection.execute(text("SELECT name, sql FROM sqlite_master ORDER BY name"))
            found["sql"] = {row.name: row.sql for row in rows if "alembic" not in row.name}
    engine.dispose()
    found.pop("alembic_version", None)
    return found


def _table(engine: Engine, table: str) -> Shape:
    look = inspect(engine)
    return {
        "columns": [
            {**column, "type": str(column["type"])} for column in look.get_columns(table)
        ],
        "primary": look.get_pk_constraint(table),
        "foreign": sorted(look.get_foreign_keys(table), key=str),
        "unique": sorted(look.get_unique_constraints(table), key=str),
        "checks": sorted(look.get_check_constraints(table), key=str),
        "indexes": sorted(map(_index, look.get_indexes(table)), key=str),
    }  # fmt: skip


def _index(index: Any) -> Shape:
    """Conditions of partial indexes are objects: only their text can be compared."""
    options = {name: str(value) for name, value in index.get("dialect_options", {}).items()}
    return {**index, "dialect_options": options}


def run(url: str, statement: str) -> list[Any]:
    engine = open_engine(url)
    with engine.begin() as tx:
        result = tx.execute(text(statement))
        rows = list(result) if result.returns_rows else []
    engine.dispose()
    return rows


def test_a_migrated_book_is_what_the_code_speaks_of(empty: Callable[[], str]) -> None:
    """After a change of `wms.schema`: write a migration, or see `wms.migrations.first`."""
    assert shape(migrated(empty())) == shape(fresh(empty()))


@pytest.mark.parametrize(
    ("column", "change"),
    [
        ("meta.value", "ALTER TABLE meta ADD COLUMN more integer"),
        ("uq_stock_serial", "DROP INDEX uq_stock_serial"),
        ("events.xid", "CREATE INDEX another ON events (xid, id) WHERE id > 5"),
    ],
)
def test_a_difference_would_be_seen(column: str, change: str, empty: Callable[[], str]) -> None:
    whole, other = migrated(empty()), migrated(empty())
    run(other, change)
    assert shape(whole) != shape(other), column


def test_rows_are_numbered_as_they_were_committed(empty: Callable[[], str]) -> None:
    """The commit order is a default that only one engine has: migrations must not lose it."""
    url = migrated(empty())
    defaults = {
        row["name"]: str(row["default"])
        for row in shape(url)["moves"]["columns"]
    }  # fmt: skip
    assert ("pg_current_xact_id" in defaults["xid"]) == url.startswith("postgresql")


def test_migrating_again_changes_nothing(empty: Callable[[], str]) -> None:
    url = empty()
    assert pending(url)
    to_newest(url)
    assert not pending(url)
    run(url, "INSERT INTO meta (key, value) VALUES ('kept', 'yes')")
    before = shape(url)
    to_newest(url)
    assert shape(url) == before
    assert run(url, "SELECT value FROM meta WHERE key = 'kept'") == [("yes",)]


def test_servers_that_start_together_migrate_once(empty: Callable[[], str]) -> None:
    url = empty()
    program = "import sys; from wms.upkeep.upgrade import to_newest; to_newest(sys.argv[1])"
    servers = [
        subprocess.Popen([sys.executable, "-c", program, url], cwd=ROOT) for _ in range(2)
    ]  # fmt: skip
    assert [server.wait(60) for server in servers] == [0, 0]
    assert not pending(url)
    assert run(url, REVISION) == [("0001",)]


def test_a_migration_that_fails_half_way_has_not_happened(
    empty: Callable[[], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = migrated(empty())
    before = shape(url)
    scripts = tmp_path / "migrations"
    shutil.copytree(wms.upkeep.upgrade.SCRIPTS, scripts)
    (scripts / "versions/9999_broken.py").write_text(BROKEN)
    monkeypatch.setattr(wms.upkeep.upgrade, "SCRIPTS", scripts)
    assert pending(url)
    with pytest.raises(Exception, match="no_such_table"):
        to_newest(url)
    assert shape(url) == before
    assert run(url, "SELECT * FROM meta") == []
    assert run(url, REVISION) == [("0001",)]


def test_a_newer_book_is_left_alone(empty: Callable[[], str]) -> None:
    url = migrated(empty())
    run(url, "UPDATE alembic_version SET version_num = '7777'")
    for call in (to_newest, pending):
        with pytest.raises(Rejected) as refusal:
            call(url)
        assert refusal.value.code == Code.BOOK_NEWER
        assert refusal.value.params["revision"] == "7777"
    assert run(url, REVISION) == [("7777",)]


def test_a_database_of_something_else_is_left_alone(empty: Callable[[], str]) -> None:
    url = empty()
    run(url, "CREATE TABLE invoices (id integer)")
    for call in (to_newest, pending):
        with pytest.raises(Rejected) as refusal:
            call(url)
        assert refusal.value.code == Code.BOOK_FOREIGN
    engine = open_engine(url)
    assert inspect(engine).get_table_names() == ["invoices"]
    engine.dispose()
