"""Alembic's entry: runs migrations on the engine that `wms.upgrade` hands over."""

from alembic import context
from sqlalchemy import Engine

from wms.schema import metadata


def run() -> None:
    """Migrate inside one transaction a step; SQLite's tables are rebuilt where they must be."""
    engine: Engine = context.config.attributes["engine"]
    with engine.connect() as connection:
        context.configure(
            connection=connection, target_metadata=metadata, compare_server_default=True,
            render_as_batch=engine.dialect.name == "sqlite", transaction_per_migration=True,
        )  # fmt: skip
        with context.begin_transaction():
            context.run_migrations()
        connection.commit()


run()
