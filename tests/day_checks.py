"""Looks at the book after every step: each check of the audit whose answer can have changed.

A check is a query over some columns of some tables; while none of them changes, its answer cannot.
So what a step wrote (seen as its statements go by) says which checks have to run, and running
those is as good as running all of them. A few that look at each row of a journal by itself look at
the rows that are new. Now and then, and at the end, the whole of both auditors runs all the same.
"""

import re
from collections import defaultdict
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import event, text

from wms import audit
from wms.audit import Check, Finding, auditor
from wms.db import Book, Tx
from wms.schema import metadata

WRITE = re.compile(r'\s*(INSERT INTO|UPDATE|DELETE FROM)\s+"?(\w+)', re.IGNORECASE)
WRITTEN_WITH = re.compile(r"\s*WITH\b.*\b(INSERT|UPDATE|DELETE)\s", re.DOTALL)
SET = re.compile(r"(\w+)=")  # in a statement of SQLAlchemy only a SET has no blank before its =
LITERAL = re.compile(r"'[^']*'")
EVERY_COLUMN = re.compile(r"(?:SELECT\s+|\.)\*", re.IGNORECASE)
NAMES = {table.name for table in metadata.sorted_tables}

# Of these checks each row of a journal is judged by itself, so that new ones alone are looked at.
JOURNALS = ("commands", "moves", "scans")
OF_EACH_ROW = {"audit.known_actor", "audit.input", "audit.sealed"}
# New rows of these tables cannot offend: they are not sealed yet, or tell of an import at most.
INDIFFERENT = {
    "audit.sealed_there": {"commands", "moves"}, "audit.sealed_order": {"commands", "moves"},
    "audit.limits": {"commands"}, "audit.mixing": {"commands"},
}  # fmt: skip
Look = Literal["", "new", "all"]
# Named like the tables that they stand before; `{}` is the schema with the whole ones.
NEW = """
WITH commands AS (SELECT * FROM {}.commands WHERE id > :commands),
     moves AS (SELECT * FROM {}.moves WHERE id > :moves),
     scans AS (SELECT * FROM {}.scans WHERE id > :scans)
"""
NEWEST = """
SELECT (SELECT COALESCE(MAX(id), 0) FROM commands), (SELECT COALESCE(MAX(id), 0) FROM moves),
       (SELECT COALESCE(MAX(id), 0) FROM scans)
"""


@dataclass(frozen=True, slots=True)
class Looking:
    """A check and the words of its query: tables, and columns (None = all of them)."""

    check: Check
    tables: frozenset[str]
    columns: frozenset[str] | None


def looking(check: Check) -> Looking:
    query = LITERAL.sub("''", check.query)
    words = frozenset(re.findall(r"\w+", query))
    return Looking(check, words & NAMES, None if EVERY_COLUMN.search(query) else words)


LOOKED_AT = tuple(looking(check) for check in audit.CHECKS)


class Watch:
    """Knows what was written to *book* since it last looked."""

    def __init__(self, book: Book) -> None:
        self.book = book
        self.new: set[str] = set()  # tables that got rows
        self.changed = defaultdict(set, {name: {"*"} for name in NAMES})  # columns; "*" = all
        self.last: dict[str, int] = dict.fromkeys(JOURNALS, 0)
        event.listen(book.writing, "after_cursor_execute", self._seen)

    def _seen(self, _conn: Any, cursor: Any, statement: str, *_more: Any) -> None:
        write = WRITE.match(statement)
        if write is None or (cursor.rowcount == 0 and "RETURNING" not in statement):
            assert not WRITTEN_WITH.match(statement), statement
            return
        verb, table = write.group(1).upper(), write.group(2).lower()
        if verb == "INSERT INTO" and "DO UPDATE" not in statement:
            self.new.add(table)
        elif verb == "UPDATE":
            self.changed[table].update(SET.findall(statement) or "*")
        else:
            self.changed[table].add("*")

    def _due(self, one: Looking) -> Look:
        for table in one.tables & self.changed.keys():
            columns = self.changed[table]
            if "*" in columns or one.columns is None or columns & one.columns:
                return "all"
        fresh = (one.tables & self.new) - INDIFFERENT.get(one.check.code, set())
        if not fresh:
            return ""
        return "new" if one.check.code in OF_EACH_ROW and fresh <= {*JOURNALS} else "all"

    def look(self) -> list[Finding]:
        """What offends, of all that can have changed since."""
        due = [(one.check, look) for one in LOOKED_AT if (look := self._due(one))]
        self._forget()
        if not due:
            return []
        with self.book.reading.begin() as tx:
            found = [
                finding for check, look in due if look == "all" or self._new_offend(tx, check)
                for finding in audit.offending(tx, check)
            ]  # fmt: skip
            self._remember(tx)
        return found

    def look_at_all(self) -> list[Finding]:
        """Both auditors, and the chain of seals."""
        self._forget()
        return self.book.read_now(auditor.full)

    def _forget(self) -> None:
        self.new.clear()
        self.changed.clear()

    def _new_offend(self, tx: Tx, check: Check) -> bool:
        """Whether *check* finds anything in the rows of journals that came since the last look."""
        fresh = NEW.replace("{}", "main" if self.book.is_sqlite else "public")
        return tx.execute(text(fresh + check.query), self.last).first() is not None

    def _remember(self, tx: Tx) -> None:
        self.last = dict(zip(JOURNALS, tx.execute(text(NEWEST)).one(), strict=True))
