"""Events are read in the order of their commits: a slow writer's are late, never lost."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from random import Random

import pytest
from sqlalchemy import Connection, Engine, event

from wms.db import Book, Tx, open_engine
from wms.record import events
from wms.record.event_kinds import PickShort, WaveReleased
from wms.record.events import Cursor, Told
from wms.schema import moves


@pytest.fixture
def book(database_url: str) -> Iterator[Book]:
    book = Book(database_url)
    yield book
    book.close()


@pytest.fixture
def writers(postgresql_url: str) -> Iterator[Engine]:
    engine = open_engine(postgresql_url)
    yield engine
    engine.dispose()


@pytest.fixture
def pg(postgresql_url: str) -> Iterator[Book]:
    book = Book(postgresql_url)
    yield book
    book.close()


def wave(number: int) -> WaveReleased:
    return WaveReleased(wave_id=number, orders=1)


def told(number: int, book: Book) -> None:
    book.write_now(events.emit, wave(number), now=number)


def waves(found: list[Told]) -> list[int]:
    return [one.event.wave_id for one in found if isinstance(one.event, WaveReleased)]


def read_all(book: Book, cursor: Cursor, limit: int = 100) -> list[Told]:
    return book.read_now(events.since, cursor, limit)


def test_numbers_are_dense_in_each_aggregate(book: Book) -> None:
    book.write_now(events.emit, wave(1), wave(2), wave(1), now=1)
    book.write_now(events.emit, wave(1), now=2)
    found = [(one.aggregate, one.seq) for one in read_all(book, Cursor())]
    assert found == [("wave:1", 1), ("wave:2", 1), ("wave:1", 2), ("wave:1", 3)]


def test_a_reader_goes_on_where_it_stopped(book: Book) -> None:
    for number in range(1, 8):
        told(number, book)
    seen: list[int] = []
    for _ in range(4):
        cursor = book.read_now(events.cursor_of, "reader")
        found = read_all(book, cursor, limit=3)
        seen += waves(found)
        if found:
            book.write_now(events.advance, "reader", found[-1].cursor)
    assert seen == [1, 2, 3, 4, 5, 6, 7]
    assert read_all(book, book.read_now(events.cursor_of, "reader")) == []


def test_a_reader_hears_of_its_kinds_and_owner_only(book: Book) -> None:
    short = PickShort(owner="acme", place="A-1", item_id=1, missing=2, person="person:1")
    book.write_now(events.emit, wave(1), short, now=1)
    kinds = book.read_now(events.since, Cursor(), 10, kinds=("pick.short",))
    owned = book.read_now(events.since, Cursor(), 10, owner="acme")
    assert [one.event for one in kinds] == [one.event for one in owned] == [short]


def test_what_was_rolled_back_was_never_told(book: Book) -> None:
    with pytest.raises(RuntimeError), book.writing.begin() as tx:
        events.emit(tx, wave(1), now=1)
        raise RuntimeError
    told(1, book)
    assert [(one.aggregate, one.seq) for one in read_all(book, Cursor())] == [("wave:1", 1)]


def test_a_slow_writer_is_not_passed_by(writers: Engine, pg: Book) -> None:
    """It wrote first and commits last: nobody may read past it before."""
    with writers.connect() as slow, slow.begin():
        events.emit(slow, wave(1), now=1)
        told(2, pg)
        assert read_all(pg, Cursor()) == [], "the second waits for the first"
    assert waves(read_all(pg, Cursor())) == [1, 2]


def test_a_slow_writer_with_the_later_row_is_not_passed_by(writers: Engine, pg: Book) -> None:
    """Its number as a transaction is older than that of a row which has the smaller id."""
    with writers.connect() as slow, slow.begin():
        events.emit(slow, wave(7), now=1)  # takes its transaction's number
        told(2, pg)
        told(3, pg)
        events.emit(slow, wave(8), now=1)
        assert read_all(pg, Cursor()) == []
    assert waves(read_all(pg, Cursor())) == [7, 8, 2, 3]


def test_a_writer_that_gave_up_holds_nobody_back(writers: Engine, pg: Book) -> None:
    with writers.connect() as slow:
        transaction = slow.begin()
        events.emit(slow, wave(1), now=1)
        told(2, pg)
        transaction.rollback()
    assert waves(read_all(pg, Cursor())) == [2]


def test_one_reader_among_many_writers_misses_none(postgresql_url: str) -> None:
    """Transactions that begin, write and end in any order, read after every step."""
    rng, number = Random(3), 0
    book, engine = Book(postgresql_url), open_engine(postgresql_url)
    seen: list[int] = []
    cursor = Cursor()
    with ExitStack() as stack:
        stack.callback(engine.dispose)
        stack.callback(book.close)
        open_ones: list[Connection] = []
        committed: set[int] = set()
        wrote: dict[Connection, list[int]] = {}
        for _ in range(150):
            if len(open_ones) < 4 and rng.random() < 0.5:
                connection = stack.enter_context(engine.connect())
                open_ones.append(connection)
                wrote[connection] = []
            elif open_ones and rng.random() < 0.6:
                number += 1
                connection = rng.choice(open_ones)
                events.emit(connection, wave(number), now=number)
                wrote[connection].append(number)
            elif open_ones:
                connection = open_ones.pop(rng.randrange(len(open_ones)))
                if rng.random() < 0.8:
                    connection.commit()
                    committed.update(wrote[connection])
                connection.close()
            found = read_all(book, cursor, limit=5)
            cursor = found[-1].cursor if found else cursor
            seen += waves(found)
        for connection in open_ones:
            connection.commit()
            committed.update(wrote[connection])
        while found := read_all(book, cursor, limit=5):
            cursor = found[-1].cursor
            seen += waves(found)
    assert sorted(seen) == sorted(committed), "each once, none missed"
    assert len(seen) > 20


def test_writers_of_one_aggregate_get_numbers_in_turn(book: Book) -> None:
    def tell(number: int) -> None:
        book.write_now(events.emit, wave(1), wave(number % 3 + 2), now=number)

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(tell, range(40)))
    found = read_all(book, Cursor(), limit=1_000)
    numbers: dict[str, list[int]] = {}
    for one in found:
        numbers.setdefault(one.aggregate, []).append(one.seq)
    assert all(seqs == list(range(1, len(seqs) + 1)) for seqs in numbers.values()), numbers
    assert len(numbers["wave:1"]) == 40


def test_a_reader_finds_its_place_without_passing_what_it_read(sqlite_url: str) -> None:
    book, asked = Book(sqlite_url), []
    event.listen(book.reading, "before_cursor_execute", lambda *told: asked.append(told[2:4]))

    def plan(tx: Tx) -> list[str]:
        events.rows_after(tx, moves, Cursor(0, 7), 1)
        statement, values = asked[-1]
        return [row[3] for row in tx.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)]

    assert book.read_now(plan) == ["SEARCH moves USING INDEX ix_moves_xid (xid=? AND rowid>?)"]
    book.close()


def test_many_aggregates_at_once_are_numbered_in_their_order(book: Book) -> None:
    happened = [wave(number % 700) for number in range(1_400)]
    book.write_now(events.emit, *happened, now=1)
    found = read_all(book, Cursor(), limit=2_000)
    assert [(one.aggregate, one.seq) for one in found] == [
        (f"wave:{number % 700}", 1 + number // 700) for number in range(1_400)
    ]
