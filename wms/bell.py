"""The bell: workers wait here until something that they looked at was written.

It rings after every commit of this process and says which tables were written. A worker takes a
`Look`, reads, acts, and sleeps until one of the tables that it read has changed: what it found
depended on nothing else but the time, and for that it wakes after the bell's patience.
"""

import asyncio
import contextlib
import re
from collections.abc import Collection
from contextvars import ContextVar
from functools import lru_cache
from typing import Any

from sqlalchemy import Engine, event

from wms.schema import metadata

EVERYTHING = frozenset(metadata.tables)
# What a snapshot shows of the events changes with every commit on PostgreSQL.
BOUNDLESS = "pg_current_snapshot"
STATEMENTS = 4_096  # kept by their text
WORDS = re.compile(r"\w+")
WRITES = re.compile(r'\s*(?:INSERT (?:OR \w+ )?INTO|UPDATE|DELETE FROM) "?(\w+)')
_LOOK: ContextVar["Look | None"] = ContextVar("_LOOK", default=None)


class Bell:
    """Rings after every commit of this process. Waiting is for `patience_s` at most: another
    process may have committed something."""

    patience_s = 1.0

    def __init__(self) -> None:
        self._rung = asyncio.Event()
        self._last: dict[str, int] = {}  # the number of the last ring for each table
        self.count = 0

    def ring(self, tables: Collection[str] = EVERYTHING) -> None:
        """Say that *tables* were written."""
        self.count += 1
        self._last.update(dict.fromkeys(tables, self.count))
        self._rung.set()
        self._rung = asyncio.Event()

    async def wait(self, seen: int, timeout_s: float | None = None) -> int:
        """Return at once if it rang since *seen*, else at the next ring or after the patience."""
        limit_s = self.patience_s if timeout_s is None else timeout_s
        if self.count == seen:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(limit_s):
                    await self._rung.wait()
        return self.count

    def look(self) -> "Look":
        """Begin to look: what this task reads from now on is noted until it looks again."""
        look = Look(self)
        _LOOK.set(look)
        return look

    def rang_since(self, count: int, tables: Collection[str]) -> bool:
        """Whether one of *tables* was written after ring number *count*."""
        return self.count > count and any(self._last.get(name, 0) > count for name in tables)


class Look:
    """What was read since a worker began to look, and whether it is still so."""

    def __init__(self, bell: Bell) -> None:
        self._bell, self._began = bell, bell.count
        self._read: set[str] = set()

    @property
    def is_stale(self) -> bool:
        """Whether something that was read has been written since."""
        return self._bell.rang_since(self._began, self._read)

    def note(self, tables: Collection[str]) -> None:
        """These were read."""
        self._read.update(tables)

    async def changed(self) -> None:
        """Return when it is stale, at the latest after the bell's patience."""
        seen = self._began
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._bell.patience_s):
                while not self.is_stale:
                    seen = await self._bell.wait(seen)


def note_read(tables: Collection[str]) -> None:
    """Tell the look of this task, if it has one, that *tables* were read."""
    look = _LOOK.get()
    if look is not None:
        look.note(tables)


@lru_cache(STATEMENTS)
def named_in(statement: str) -> frozenset[str]:
    """The tables that *statement* may read: every one whose name is a word of it.

    >>> sorted(named_in("SELECT orders.id FROM orders, order_lines"))
    ['order_lines', 'orders']
    """
    words = frozenset(WORDS.findall(statement))
    return EVERYTHING if BOUNDLESS in words else words & EVERYTHING


@lru_cache(STATEMENTS)
def written_by(statement: str) -> frozenset[str]:
    """The tables that *statement* writes; what begins in another way may write all that it names.

    >>> sorted(written_by("UPDATE orders SET state = 'x' WHERE id IN (SELECT id FROM parcels)"))
    ['orders']
    >>> sorted(written_by("SELECT id FROM orders"))
    []
    """
    found = WRITES.match(statement)
    if found is not None:
        return frozenset({found[1]}) & EVERYTHING
    return frozenset() if statement.lstrip().startswith("SELECT") else named_in(statement)


def listen(writing: Engine, reading: Engine) -> None:
    """Note in `tx.info["tables"]` what a transaction writes, or reads."""
    event.listen(writing, "after_cursor_execute", _after_write)
    event.listen(reading, "before_cursor_execute", _before_read)


def _after_write(
    tx: Any, cursor: Any, statement: str, _values: Any, _context: Any, _many: bool
) -> None:
    changed = cursor.rowcount != 0 or " RETURNING " in statement  # those count when they are read
    if changed and (tables := written_by(statement)):
        tx.info.setdefault("tables", set()).update(tables)


def _before_read(tx: Any, _cursor: Any, statement: str, *_: Any) -> None:
    tx.info.setdefault("tables", set()).update(named_in(statement))
