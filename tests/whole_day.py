"""The seeded driver of the whole shift: every flow, in any order, the book audited at every step.

`python -m tests.whole_day --engine sqlite --operations 200000 --seed 11` shows how far it is, and
at the end how often each flow was really done. The same engine, seed and number of a world make
the same day again; where something breaks, that is what is said, with what was done last.
"""

import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any

import typer
from sqlalchemy import Pool, event

from tests import day_hands, day_inbound, day_outbound, day_returns
from tests.day_deeds import begin, deed
from tests.day_flows import FLOWS, done_in, with_hands
from tests.day_hands import Day
from tests.day_site import DaySite
from tests.postgres import databases, make_book, memory_folder
from wms import audit

WORLD = 4_000  # operations in one world
WHOLE_AUDIT_EVERY = 250
DEEDS_PERCENT = 14
ANSWERS = {
    **day_hands.ANSWERS, **day_outbound.ANSWERS, **day_inbound.ANSWERS, **day_returns.ANSWERS,
}  # fmt: skip


class Remembering:
    """Whatever goes wrong inside says in which world it was, when, and what was done last."""

    def __init__(self, day: Day, name: str) -> None:
        self.day, self.name, self.done = day, name, 0

    def __enter__(self) -> "Remembering":
        return self

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if error is not None:
            last = "\n  ".join(self.day.said)
            error.add_note(f"{self.name}, operation {self.done}; last:\n  {last}")
        self.day.site.book.close()


def _clean(found: list[audit.Finding]) -> None:
    if found:
        raise AssertionError(found)


def world(url: str, *, seed: int, number: int, operations: int) -> Counter[str]:
    """One world of *operations* in the empty book at *url*. Returns what was done in it."""
    chance = Random(f"{seed}/{number}")
    day = Day(DaySite(url, chance), chance, ANSWERS)
    with Remembering(day, f"seed {seed}, world {number}") as memory:
        begin(day)
        for memory.done in range(1, operations + 1):
            if chance.random() * 100 < DEEDS_PERCENT:
                deed(day)
            else:
                day.input()
            _clean(day.watch.look())
            if memory.done % WHOLE_AUDIT_EVERY == 0:
                _clean(day.watch.look_at_all())
        _clean(day.watch.look_at_all())
        return day.tally + done_in(day.site)


def _be_patient(connection: Any, record: Any, _proxy: object) -> None:
    """A server ends what idles in a transaction; a driver that runs behind all else idles long."""
    if "patient" not in record.info:
        connection.execute("SET idle_in_transaction_session_timeout = 0")
        connection.commit()
        record.info["patient"] = True


@contextmanager
def books(engine: str) -> Iterator[Callable[[], tuple[str, Callable[[], None]]]]:
    """Makes empty books: the URL of one, and what removes it again."""
    if engine == "sqlite":
        with tempfile.TemporaryDirectory(prefix="genba-day-", dir=memory_folder()) as name:
            template = Path(name) / "template.db"
            make_book(f"sqlite:///{template}")

            def fresh() -> tuple[str, Callable[[], None]]:
                folder = Path(tempfile.mkdtemp(dir=name))
                shutil.copy(template, folder / "book.db")
                return f"sqlite:///{folder / 'book.db'}", lambda: shutil.rmtree(folder)

            yield fresh
        return
    with databases() as server:
        event.listen(Pool, "checkout", _be_patient)

        def create() -> tuple[str, Callable[[], None]]:
            url = server.create()
            return url, lambda: server.drop(url)

        yield create
        event.remove(Pool, "checkout", _be_patient)


def drive(
    make: Callable[[], tuple[str, Callable[[], None]]], *, seed: int, operations: int,
    first: int = 0, told: Callable[[int, Counter[str]], None] = lambda _done, _tally: None,
) -> Counter[str]:  # fmt: skip
    """Worlds one after another until *operations* were done. Returns what was done in all."""
    tally: Counter[str] = Counter()
    done, number = 0, first
    while done < operations:
        url, remove = make()
        size = min(WORLD, operations - done)
        tally += world(url, seed=seed, number=number, operations=size)
        remove()
        done += size
        number += 1
        told(done, tally)
    return tally


def never_done(tally: Counter[str]) -> list[str]:
    """Flows that never succeeded."""
    seen = with_hands(tally)
    return [flow for flow in FLOWS if not seen[flow]]


def table(tally: Counter[str]) -> str:
    """How often each flow was done, then everything else that was counted."""
    seen = with_hands(tally)
    rows = [f"{seen[flow]:>9,}  {flow}" for flow in FLOWS]
    others = sorted(name for name in tally if name not in FLOWS)
    rows += ["", *(f"{tally[name]:>9,}  {name}" for name in others)]
    return "\n".join(rows)


def main(
    engine: str = "sqlite", operations: int = 10_000, seed: int = 11, first: int = 0,
    more: bool = False,
) -> None:  # fmt: skip
    """Drive *operations* through worlds of *seed*, beginning with world number *first*."""
    begun = time.monotonic()

    def told(done: int, tally: Counter[str]) -> None:
        rate = done / (time.monotonic() - begun)
        applied, refused = tally["applied"], tally["refused"]
        typer.echo(
            f"{done:>9,} operations, {rate:.0f}/s, {applied:,} inputs applied, {refused:,} refused,"
            f" {len(FLOWS) - len(never_done(tally))} of {len(FLOWS)} flows"
        )
        if more:
            typer.echo(f"          never yet: {', '.join(never_done(tally))}")
        sys.stdout.flush()

    with books(engine) as make:
        tally = drive(make, seed=seed, operations=operations, first=first, told=told)
    text = table(tally)
    typer.echo(text if more else text.split("\n\n")[0])
    missing = never_done(tally)
    typer.echo(
        f"{engine}, seed {seed}: {operations:,} operations in {time.monotonic() - begun:.0f} s,"
        f" {len(audit.CHECKS)} checks after every one, nothing broken"
    )
    if missing:
        typer.echo(f"never done: {', '.join(missing)}")
        raise typer.Exit(1)


if __name__ == "__main__":
    command = typer.Typer(pretty_exceptions_enable=False)
    command.command()(main)
    command()
