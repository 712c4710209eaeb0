"""Brings a database to the newest schema (Alembic), and says how old one is."""

from pathlib import Path
from typing import Any

from sqlalchemy import Engine, inspect

from wms.db import open_engine
from wms.errors import Code, Rejected

SCRIPTS = Path(__file__).parent.parent / "migrations"
VERSIONS = "alembic_version"


def to_newest(url: str) -> None:
    """Run the migrations that *url* has not had yet, in one transaction each.

    Refuses `BOOK_NEWER` (a newer program has been there: this one would misread it) and
    `BOOK_FOREIGN` (tables are there, but no book's); either is left as it is.
    """
    from alembic import command

    engine = open_engine(url)
    try:
        if revision(engine) != newest(engine):
            command.upgrade(_alembic(engine), "head")
    finally:
        engine.dispose()


def to(url: str, wanted: str) -> None:
    """Make the tables of revision *wanted* in the empty database at *url*. Refuses `BOOK_NEWER`."""
    from alembic import command

    engine = open_engine(url)
    try:
        if wanted not in _known(engine):
            raise Rejected(Code.BOOK_NEWER, database=_name(engine), revision=wanted)
        command.upgrade(_alembic(engine), wanted)
    finally:
        engine.dispose()


def pending(url: str) -> bool:
    """Whether the database is older than this program (or empty). Refuses as `to_newest` does.

    It only looks, and waits for no writer.
    """
    engine = open_engine(url, readonly=True)
    try:
        return revision(engine) != newest(engine)
    finally:
        engine.dispose()


def newest(engine: Engine) -> str:
    """The revision that this program knows and works with."""
    return str(_scripts(engine).get_current_head())


def revision(engine: Engine) -> str:
    """The revision of the database; "" when it is empty. Refuses `BOOK_NEWER`, `BOOK_FOREIGN`."""
    from alembic.runtime.migration import MigrationContext

    with engine.connect() as connection:
        tables = inspect(connection).get_table_names()
        found = MigrationContext.configure(connection).get_current_revision() or ""
    if not found and set(tables) - {VERSIONS}:
        raise Rejected(Code.BOOK_FOREIGN, database=_name(engine))
    if found and found not in _known(engine):
        raise Rejected(Code.BOOK_NEWER, database=_name(engine), revision=found)
    return found


def _known(engine: Engine) -> set[str]:
    return {script.revision for script in _scripts(engine).walk_revisions()}


def _name(engine: Engine) -> str:
    return engine.url.database or ""


def _scripts(engine: Engine) -> Any:
    from alembic.script import ScriptDirectory

    return ScriptDirectory.from_config(_alembic(engine))


def _alembic(engine: Engine) -> Any:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    config.attributes["engine"] = engine
    return config
