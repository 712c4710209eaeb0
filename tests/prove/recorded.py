"""A day as a list of calls: every command that was given, its answer, and what the book was then.

The day of `tests.whole_day` is lived once, untroubled, and written down. Whoever gives the same
commands again to a copy of the morning's book, whatever happens to the process in between, has to
hear the same answers and to end with the same book, row by row.
"""

import hashlib
from copy import copy
from dataclasses import replace
from functools import lru_cache
from random import Random
from typing import Any

from sqlalchemy import Column, Dialect, event, select, text

from picking.floor import Settings
from tests.day_deeds import begin, deed
from tests.day_hands import Day
from tests.day_site import DaySite
from tests.prove.calls import Call, Lived, Sequences
from tests.whole_day import ANSWERS, DEEDS_PERCENT
from wms.audit import auditor
from wms.db import Book, Tx
from wms.errors import Rejected
from wms.schema import metadata

OURS = "tests."  # modules whose commands are not the system's: nobody is killed in them
SEQUENCES = text(
    "SELECT schemaname || '.' || sequencename AS name, COALESCE(last_value, 0) AS last"
    " FROM pg_sequences ORDER BY 1"
)
# Commands that may be given again. (What a dialogue does is called inside of the first of them, and
# has no need of it.)
KEYED = ("picking.floor.scan", "wms.stock.move", "wms.stock.post", "wms.stock.relocate")


class Recorder(Book):
    """A book that writes down what it is told."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.calls: list[Call] = []
        self._statements = 0
        event.listen(self.writing, "after_cursor_execute", self._count)

    def _count(self, *_of_statement: Any) -> None:
        self._statements += 1

    def write_now(self, command: Any, *args: Any, **named: Any) -> Any:
        """As `Book.write_now`; chance is drawn from the number of the call."""
        number = len(self.calls)
        ours = command.__module__.startswith(OURS)
        kept = [_kept(value, None if ours else number) for value in args]
        kept_named = {name: _kept(value, None if ours else number) for name, value in named.items()}
        if not ours:  # the command gets a copy, too: what it draws stays unknown to the day
            args = tuple(_kept(value, number) for value in args)
            named = {name: _kept(value, number) for name, value in named.items()}
        self._statements = 0
        answer, refused, error = None, False, None
        try:
            answer = super().write_now(command, *args, **named)
        except Rejected as refusal:
            answer, refused, error = str(refusal), True, refusal
        name = f"{command.__module__}.{command.__qualname__}"
        self.calls.append(Call(
            command, tuple(kept), kept_named, answer, refused, self._statements,
            sequences(self), ours, name in KEYED,
        ))  # fmt: skip
        if error is not None:
            raise error
        return answer


def _kept(value: Any, number: int | None) -> Any:
    """A value as it is now, with chance of its own where there is any in it."""
    if isinstance(value, Random):
        return copy(value) if number is None else Random(number)
    if isinstance(value, Settings):
        return replace(value, rng=_kept(value.rng, number))
    return value


def sequences(book: Book) -> Sequences:
    """Where PostgreSQL's sequences stand: no transaction takes them back."""
    if book.is_sqlite:
        return {}
    return book.read_now(lambda tx: {row.name: row.last for row in tx.execute(SEQUENCES)})


def set_sequences(book: Book, wanted: Sequences) -> None:
    """Take the sequences back, so that the next row gets the number that it had."""
    if book.is_sqlite:
        return
    set_all = text(
        "SELECT setval(CAST(:name AS regclass), GREATEST(CAST(:last AS bigint), 1),"
        " CAST(:last AS bigint) > 0)"
    )
    with book.writing.begin() as tx:
        tx.execute(set_all, [{"name": name, "last": last} for name, last in wanted.items()])


def picture(tx: Tx) -> dict[str, str]:
    """A digest of each table's rows; numbers of PostgreSQL's transactions are left out."""
    return {
        table: hashlib.sha256(repr(tx.exec_driver_sql(query).all()).encode()).hexdigest()[:16]
        for table, query in _queries(tx.dialect).items()
    }


@lru_cache(maxsize=4)
def _queries(dialect: Dialect) -> dict[str, str]:
    """How each table is read: as text, since a picture is taken before and after every kill."""
    found = {}
    for table in metadata.sorted_tables:
        columns: list[Column[Any]] = [one for one in table.c if one.name != "xid"]
        query = select(*columns).order_by(*(table.primary_key.columns or columns))
        found[table.name] = str(query.compile(dialect=dialect))
    return found


def furnish(url: str, seed: int) -> None:
    """The site of the day *seed* in the empty book at *url*: the morning."""
    DaySite(url, Random(f"site {seed}")).book.close()


def live(url: str, seed: int, inputs: int) -> Lived:
    """Live the day *seed* in the furnished book at *url*."""
    chance = Random(f"day {seed}")
    site = DaySite.reopened(url)
    site.book.close()
    site.book = recorder = Recorder(url)
    day = Day(site, chance, ANSWERS)  # type: ignore[arg-type]
    morning = sequences(recorder)
    begin(day)
    for _ in range(inputs):
        if chance.random() * 100 < DEEDS_PERCENT:
            deed(day)
        else:
            day.input()
    assert recorder.read_now(auditor.full) == []
    lived = Lived(tuple(recorder.calls), recorder.read_now(picture), morning)
    recorder.close()
    return lived
