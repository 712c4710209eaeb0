"""Shared pieces of the tables: metadata, column helpers, and the commit-order column."""

from typing import Any

from sqlalchemy import BigInteger, Column, Integer, MetaData, String, Text
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.types import TypeEngine

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

ID: TypeEngine[int] = BigInteger().with_variant(Integer, "sqlite")
MS = BigInteger  # UTC milliseconds


class CommitOrder(ColumnElement[int]):
    """The transaction's number on PostgreSQL; 0 on SQLite, whose one writer makes ids the order."""

    inherit_cache = True
    type = BigInteger()


@compiles(CommitOrder)
def _plain(_element: CommitOrder, _compiler: Any, **_options: Any) -> str:
    return "0"


@compiles(CommitOrder, "postgresql")
def _postgresql(_element: CommitOrder, _compiler: Any, **_options: Any) -> str:
    return "(pg_current_xact_id()::text::bigint)"


def commit_order() -> Column[int]:
    """A column that orders rows as they were committed (with `id` inside one transaction)."""
    return Column("xid", BigInteger, nullable=False, server_default=CommitOrder(), index=True)


def text_(name: str, *args: Any, **options: Any) -> Column[str]:
    """A text column that is never NULL; empty means none."""
    return Column(name, String, *args, nullable=False, server_default="", **options)


def flag(name: str) -> Column[int]:
    """0 or 1 (a plain integer: both engines sum, compare and index it the same way)."""
    return Column(name, Integer, nullable=False, server_default="0")


def whole(name: str, *args: Any, default: int = 0) -> Column[int]:
    """A whole number that is never NULL."""
    return Column(name, Integer, *args, nullable=False, server_default=str(default))


def at(name: str = "at_ms") -> Column[int]:
    """UTC milliseconds, given by the caller."""
    return Column(name, MS, nullable=False)


def document(name: str) -> Column[str]:
    """JSON as text: read whole, never queried inside."""
    return Column(name, Text, nullable=False, server_default="{}")


def one_of(column: str, *values: str) -> str:
    """The SQL of a CHECK that *column* is one of *values* (all our own constants)."""
    listed = ", ".join(f"'{value}'" for value in values)
    return f"{column} IN ({listed})"
