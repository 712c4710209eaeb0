"""Kills in short: some commands, cut off at every point; and commands that must not get away."""

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from random import Random
from typing import Any

import pytest

from app import dying
from tests.ledger_site import ACTOR, NOON, furnish
from tests.prove import Broken
from tests.prove.by_halves import by_halves, line, without_key
from tests.prove.calls import Call, Lived
from tests.prove.killing import Trial, die_at
from tests.prove.recorded import Recorder, picture, sequences
from tests.prove.victim import Died, Victim
from tests.sources import ROOT
from wms import stock
from wms.db import Book

New = Callable[[], str]


def recorded(url: str, *given: tuple[Any, ...]) -> Lived:
    """The commands *given* (function, arguments, names) in the empty book at *url*."""
    book = Recorder(url)
    book.write_now(furnish)
    book.calls.clear()
    morning = sequences(book)
    for command, args, named in given:
        book.write_now(command, *args, **named)
    calls = tuple(replace(one, ours=False) for one in book.calls)
    lived = Lived(calls, book.read_now(picture), morning)
    book.close()
    return lived


def moves(many: int) -> list[tuple[Any, ...]]:
    return [(stock.move, (line(f"m-{n}", n + 1),), {"actor": ACTOR, "now": NOON + n})
            for n in range(many)]  # fmt: skip


def tried(url: str, lived: Lived, seed: int, cut: Any = die_at) -> Counter[str]:
    """Each of the commands is cut off in the book at *url*. Returns what was done."""
    book, victim = Book(url), Victim(url, lived.modules)
    book.write_now(furnish)
    trial = Trial(url, lived, Random(seed), book, victim, "again", Counter())
    done: Counter[str] = Counter()
    try:
        for told in trial.run(cut, every=1):
            done += told
    finally:
        victim.close()
        book.close()
    return done


def test_what_was_cut_off_happened_wholly_or_not_at_all(new_sqlite: New) -> None:
    done = tried(new_sqlite(), recorded(new_sqlite(), *moves(7)), seed=2)
    assert done["SIGKILLs"] >= 6
    assert done["days that ended the same"] == 1
    assert done["keys that were known"] >= 1


def written(trial: Trial, call: Call) -> Any:
    return _dies(trial, call, ":written")


def committed(trial: Trial, call: Call) -> Any:
    return _dies(trial, call, ":committed")


def _dies(trial: Trial, call: Call, where: str) -> Any:
    trial.victim.tell(call, where)
    with pytest.raises(Died):
        trial.victim.hear()
    return where, None


def test_on_postgresql_too(new_postgresql: New) -> None:
    """The client is killed before its commit, and after the next one."""

    def cut(trial: Trial, call: Call) -> Any:
        return (committed if trial.done["cut :written"] else written)(trial, call)

    done = tried(new_postgresql(), recorded(new_postgresql(), *moves(2)), 1, cut)
    assert done["cut :written"] == done["cut :committed"] == done["keys that were known"] == 1
    assert done["days that ended the same"] == 1


def test_control_a_command_by_halves_is_caught(new_sqlite: New) -> None:
    lived = recorded(new_sqlite(), (by_halves, (line("a"), line("b")), {}))
    with pytest.raises(Broken, match="half of it is there"):
        tried(new_sqlite(), lived, 1, written)


def test_control_a_command_without_its_key_is_caught(new_sqlite: New) -> None:
    lived = recorded(new_sqlite(), (without_key, (3,), {}))
    lived = replace(lived, calls=tuple(replace(one, keyed=True) for one in lived.calls))
    with pytest.raises(Broken, match="done twice"):
        tried(new_sqlite(), lived, 1, committed)


def test_control_a_book_that_forgets_is_caught(new_sqlite: New) -> None:
    """An answer was given, and its row is gone in the evening."""
    lived = recorded(new_sqlite(), *moves(2))
    lived = replace(lived, calls=lived.calls[:1])
    with pytest.raises(Broken, match=r"other rows in .*moves"):
        tried(new_sqlite(), lived, 1)


def test_where_a_server_is_to_die_is_said_by_point_and_number(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    killed: list[tuple[int, int]] = []
    monkeypatch.setattr(os, "kill", lambda pid, number: killed.append((pid, number)))
    reached = dying.wish({dying.DIE_AT: "floor.scan:written#2"})
    for point in ("picking.floor.scan:begun", "picking.floor.scan:written", "x:committed"):
        reached(point)
    assert not killed
    reached("picking.floor.scan:written")
    assert len(killed) == 1
    dying.wish({})("picking.floor.scan:written")
    assert len(killed) == 1


def some_rounds(part: str) -> Counter[str]:
    """What a slice of *part* does, in a process of its own as always."""
    told = subprocess.run(
        [sys.executable, "-m", "tests.prove.work", part, "1", "10"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    done: Counter[str] = Counter()
    for each in map(json.loads, told.stdout.splitlines()):
        assert "broken" not in each, each
        done.update(each["done"])
    return done


@pytest.mark.long
def test_a_day_with_kills() -> None:
    assert some_rounds("kills_sqlite")["SIGKILLs on SQLite"] >= 10


@pytest.mark.long
def test_a_day_with_kills_of_backends_and_postmasters() -> None:
    assert some_rounds("kills_postgresql")["SIGKILLs on PostgreSQL"] >= 10
