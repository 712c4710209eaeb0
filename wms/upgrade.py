"""Brings a database to the newest schema (Alembic), and says how old one is."""

from pathlib import Path
from typing import Any

from sqlalchemy import Engine, inspect

from wms.db import open_engine

SCRIPTS = Path(__file__).parent / "migrations"


def to_newest(url: str) -> None:
    """Run the migrations that *url* has not had yet, in one transaction each."""
    from alembic import command

    engine = open_engine(url)
    try:
        command.upgrade(_alembic(engine), "head")
    finally:
        engine.dispose()


def pending(url: str) -> bool:
    """Whether the database is older than this program (or empty)."""
    from alembic.runtime.migration import MigrationContext
    from alembic.script import ScriptDirectory

    engine = open_engine(url)
    try:
        newest = ScriptDirectory.from_config(_alembic(engine)).get_current_head()
        with engine.connect() as connection:
            if not inspect(connection).get_table_names():
                return True
            return MigrationContext.configure(connection).get_current_revision() != newest
    finally:
        engine.dispose()


def _alembic(engine: Engine) -> Any:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    config.attributes["engine"] = engine
    return config
