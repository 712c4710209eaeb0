"""The ledger under millions of moves: in crowds, step by step, and through a whole day's flows."""

import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from random import Random

from sqlalchemy import func, select
from sqlalchemy.exc import DBAPIError

from tests import whole_day
from tests.ledger_steps import STEPS, Dice
from tests.ledger_world import world_at
from tests.postgres import databases, make_book, memory_folder
from tests.prove import Broken, Part
from tests.prove.crowd import Crowd
from wms import stock
from wms.db import Book
from wms.errors import Rejected
from wms.schema import moves

WANTED = "ledger operations"
BATCHES = 40  # of one crowd
STEPS_OF_ONE = 60
DAY = 120  # inputs of a whole day, now and then
POSTGRESQL_EVERY, STEPS_EVERY, DAY_EVERY = 6, 10, 25
SAID = "python -m tests.prove.work ledger {} 60"
Fresh = Callable[[], tuple[str, Callable[[], None]]]


def rounds(seed: int, *, post: Callable[..., int] = stock.post) -> Iterator[Counter[str]]:
    """A crowd a round; now and then on PostgreSQL, step by step, or a part of a day."""
    with tempfile.TemporaryDirectory(prefix="genba-ledger-", dir=memory_folder()) as name:
        folder, number = Path(name), 0
        make_book(f"sqlite:///{folder / 'empty.db'}")
        while True:
            number += 1
            of = f"{seed}/{number}"
            with _said(f"{of}; {SAID.format(seed)}"):
                if number % POSTGRESQL_EVERY == 0:
                    yield _on_postgresql(of)
                if number % STEPS_EVERY == 0:
                    yield _in(folder, partial(steps, of=of))
                if number % DAY_EVERY == 0:
                    yield _in(folder, partial(day, seed=seed, number=number))
                yield _in(folder, partial(crowd, of=of, post=post))


def _in(folder: Path, done: Callable[[str], Counter[str]]) -> Counter[str]:
    """What *done* does in a fresh book of *folder*."""
    file = folder / "book.db"
    shutil.copy(folder / "empty.db", file)
    try:
        return done(f"sqlite:///{file}")
    finally:
        for each in folder.glob("book.db*"):
            each.unlink()


def _on_postgresql(of: str) -> Counter[str]:
    with databases() as server:
        done = crowd(server.create(), of, batches=BATCHES // 2)
        done["of them on PostgreSQL"] = done[WANTED]
        return done


def crowd(
    url: str, of: str, *, batches: int = BATCHES, post: Callable[..., int] = stock.post
) -> Counter[str]:  # fmt: skip
    """So many batches in the empty book at *url*."""
    one = Crowd(url, Random(f"crowd {of}"), post)
    try:
        for _ in range(batches):
            one.batch()
        one.audit()
        lines = one.book.read_now(lambda tx: tx.scalar(select(func.count()).select_from(moves)))
        assert lines == one.booked, (lines, one.booked)
        return one.tally
    finally:
        one.close()


def steps(url: str, of: str, many: int = STEPS_OF_ONE) -> Counter[str]:
    """Promises, picks, boxes and containers too, looked at after every step."""
    dice = Dice(Random(f"steps {of}"))
    with world_at(url) as world:
        for _ in range(many):
            (step,) = dice.random.choices(list(STEPS), list(STEPS.values()))
            step(world, dice)
            world.check()
    return Counter({WANTED: many, "of them step by step": many})


def day(url: str, seed: int, number: int) -> Counter[str]:
    """A part of the whole day: every flow; its moves are counted."""
    whole_day.world(url, seed=seed, number=number, operations=DAY)
    book = Book(url)
    many = book.read_now(lambda tx: tx.scalar(select(func.count()).select_from(moves))) or 0
    book.close()
    return Counter({WANTED: many, "of them in a whole day": many, "inputs of a whole day": DAY})


@contextmanager
def _said(what: str) -> Iterator[None]:
    try:
        yield
    except (AssertionError, DBAPIError, Rejected) as error:
        raise Broken(f"{error!r:.2000}; {what}") from error


PART = Part("ledger", {WANTED: 10_000_000}, rounds)
