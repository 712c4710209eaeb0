"""Alembic's entry: runs migrations on the engine that `wms.upkeep.upgrade` hands over."""

from alembic import context
from sqlalchemy import Connection, Engine, text

from wms.schema import metadata

ONE_AT_A_TIME = 5_407_166  # any number, the same for every server that may migrate this book


def run() -> None:
    """Migrate, each step in one transaction: what fails half way has not happened at all.

    SQLite can do that too, because `wms.db` leaves BEGIN to SQLAlchemy. On PostgreSQL a second
    server that starts meanwhile waits, and then finds nothing left to do.
    """
    engine: Engine = context.config.attributes["engine"]
    with engine.connect() as connection:
        if engine.dialect.name == "postgresql":
            _wait_for_others(connection)
        context.configure(
            connection=connection, target_metadata=metadata, compare_server_default=True,
            render_as_batch=engine.dialect.name == "sqlite", transaction_per_migration=True,
            transactional_ddl=True,
        )  # fmt: skip
        with context.begin_transaction():
            context.run_migrations()


def _wait_for_others(connection: Connection) -> None:
    """The lock belongs to the session, and ends with it."""
    for limit in ("lock_timeout", "statement_timeout", "idle_in_transaction_session_timeout"):
        connection.execute(text(f"SET {limit} = 0"))
    connection.execute(text("SELECT pg_advisory_lock(:number)"), {"number": ONE_AT_A_TIME})
    connection.commit()


run()
