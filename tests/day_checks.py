"""Looks at the book after every step: each check of the audit whose tables were written to.

A check is a query over some tables; while none of them changes, its answer cannot. So what a step
wrote (seen as its statements go by) says which checks have to run, and running those is as good as
running all of them. Now and then, and at the end, the whole of both auditors runs all the same.
"""

import re
from typing import Any

from sqlalchemy import event

from wms import audit, auditor
from wms.audit import Check, Finding
from wms.db import Book
from wms.schema import metadata

WRITES = re.compile(r'\b(?:INSERT INTO|UPDATE|DELETE FROM)\s+"?(\w+)', re.IGNORECASE)
NAMES = {table.name for table in metadata.sorted_tables}


def tables_of(check: Check) -> frozenset[str]:
    """The tables that *check* may look at: every word of its query that is the name of one."""
    return frozenset(NAMES.intersection(re.findall(r"\w+", check.query)))


LOOKED_AT = tuple((check, tables_of(check)) for check in audit.CHECKS)


class Watch:
    """Knows what was written to *book* since it last looked."""

    def __init__(self, book: Book) -> None:
        self.book = book
        self.written: set[str] = set(NAMES)
        event.listen(book.writing, "before_cursor_execute", self._seen)

    def _seen(self, _conn: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        self.written.update(name.lower() for name in WRITES.findall(statement))

    def look(self) -> list[Finding]:
        """What offends, of all that can have changed since."""
        due = [check for check, tables in LOOKED_AT if tables & self.written]
        self.written.clear()
        if not due:
            return []
        with self.book.reading.begin() as tx:
            return [finding for check in due for finding in audit.offending(tx, check)]

    def look_at_all(self) -> list[Finding]:
        """Both auditors, and the chain of seals."""
        self.written.clear()
        return self.book.read_now(auditor.full)
