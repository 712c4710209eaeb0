"""One memory of compiled statements for all books of a test run.

SQLAlchemy keeps what it compiled with each engine, and a test has its own: compiling the same
statements for every test was a sixth of the whole run.
"""

from typing import Any

import pytest
from sqlalchemy import Engine, create_engine

from wms import db

_first: dict[str, Engine] = {}


def _sharing(url: str, **options: Any) -> Engine:
    """An engine like `create_engine` makes, with the dialect and the memory of the first one."""
    engine = create_engine(url, **options)
    first = _first.setdefault(engine.dialect.name, engine)
    engine.dialect = first.dialect
    engine._compiled_cache = first._compiled_cache
    return engine


def share_statements() -> None:
    """From now on; processes that a test starts have their own."""
    pytest.MonkeyPatch().setattr(db, create_engine.__name__, _sharing)
