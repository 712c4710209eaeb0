"""SIGKILLs of whoever writes a book on SQLite: nothing lost, nothing twice, nothing by halves."""

import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random

from tests.postgres import make_book, memory_folder
from tests.prove import Part
from tests.prove.calls import Lived
from tests.prove.killing import Trial, die_at
from tests.prove.recorded import furnish, live
from tests.prove.victim import Victim
from wms.db import Book

INPUTS = 200  # of a day
EVERY = 4
WANTED = "SIGKILLs on SQLite"
SAID = "python -m tests.prove.work kills_sqlite {} 600"


def rounds(seed: int, *, inputs: int = INPUTS, every: int = EVERY) -> Iterator[Counter[str]]:
    """Days with kills; a round is some 25 of them."""
    with tempfile.TemporaryDirectory(prefix="genba-kills-", dir=memory_folder()) as name:
        folder = Path(name)
        make_book(f"sqlite:///{folder / 'empty.db'}")
        day = seed * 1_000
        while True:
            day += 1
            yield from _day(folder, seed, day, inputs, every)


def _day(folder: Path, seed: int, day: int, inputs: int, every: int) -> Iterator[Counter[str]]:
    lived = prepare(folder, day, inputs)
    shutil.copy(folder / "morning.db", folder / "trial.db")
    yield from troubled(f"sqlite:///{folder / 'trial.db'}", lived, seed, day, every)
    for file in folder.glob("trial.db*"):
        file.unlink()


def prepare(folder: Path, day: int, inputs: int) -> Lived:
    """The day as it goes untroubled; `morning.db` in *folder* is the book in the morning."""
    shutil.copy(folder / "empty.db", folder / "morning.db")
    furnish(f"sqlite:///{folder / 'morning.db'}", day)
    shutil.copy(folder / "morning.db", folder / "quiet.db")
    lived = live(f"sqlite:///{folder / 'quiet.db'}", day, inputs)
    for file in folder.glob("quiet.db*"):
        file.unlink()
    return lived


def troubled(url: str, lived: Lived, seed: int, day: int, every: int) -> Iterator[Counter[str]]:
    """The same day in the book at *url*, with kills."""
    book, victim = Book(url), Victim(url, lived.modules)
    trial = Trial(
        url, lived, Random(f"kills {day}"), book, victim, SAID.format(seed), Counter()
    )  # fmt: skip
    try:
        for done in trial.run(die_at, every):
            done[WANTED] = done.pop("SIGKILLs", 0)
            yield done
    finally:
        victim.close()
        book.close()


PART = Part("kills_sqlite", {WANTED: 2_000}, rounds)
