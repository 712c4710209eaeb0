"""Two to sixteen processes on one book, for whatever there is only one of."""

import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from random import Random
from typing import Any

from sqlalchemy import update

from tests.ledger_racers import into_one_another, pick_all, same_move, same_pick, take_free
from tests.ledger_site import PEN, TOTES
from tests.ledger_world import World, world_at
from tests.postgres import Databases, databases, make_book, memory_folder
from tests.prove import Broken, Part
from tests.prove.racers import box_same, number_own, number_same, tote_same
from tests.racing import race
from wms.audit import auditor
from wms.db import Tx
from wms.errors import Code, Rejected
from wms.schema import tracking_ranges

WANTED = "race rounds"
SAID = "python -m tests.prove.work races {} 60"
RACERS = (2, 2, 3, 4, 4, 6, 8, 16)
MORE = 3  # more is tried than there is


def rounds(seed: int) -> Iterator[Counter[str]]:
    """Every race on one engine and then on the other, with another number of racers each time."""
    with ExitStack() as stack:
        name = tempfile.TemporaryDirectory(prefix="genba-races-", dir=memory_folder())
        folder = Path(stack.enter_context(name))
        make_book(f"sqlite:///{folder / 'empty.db'}")
        server: Databases | None = None
        number = 0
        while True:
            number += 1
            chance = Random(f"{seed}/{number}")
            if number % 2:
                yield _on_sqlite(folder, chance, seed)
                continue
            server = server or stack.enter_context(databases())
            url = server.create()
            done = _held(url, chance, seed)
            server.drop(url)
            done["on PostgreSQL"] = done[WANTED]
            yield done


def _on_sqlite(folder: Path, chance: Random, seed: int) -> Counter[str]:
    shutil.copy(folder / "empty.db", folder / "book.db")
    done = _held(f"sqlite:///{folder / 'book.db'}", chance, seed)
    for file in folder.glob("book.db*"):
        file.unlink()
    done["on SQLite"] = done[WANTED]
    return done


def _held(url: str, chance: Random, seed: int) -> Counter[str]:
    try:
        return all_of_them(url, chance, chance.choice(RACERS))
    except (AssertionError, Rejected) as error:
        raise Broken(f"{error!r:.1500}; {SAID.format(seed)}") from error


def all_of_them(
    url: str, chance: Random, racers: int, take: Callable[..., int] = take_free
) -> Counter[str]:  # fmt: skip
    """Every race in the empty book at *url*; the auditors look at it afterwards."""
    with world_at(url) as world:
        free, kept = chance.randint(1, 12), chance.randint(1, 9)
        promised = _promised(world, "A-2", kept)
        repeated = _promised(world, "A-2", kept)
        order, contents = _picked(world)
        labelled = _box(world)
        many = chance.randint(1, 3)
        of_racer = [[_box(world) for _ in range(many)] for _ in range(racers)]
        numbers = chance.randint(1, racers * many)
        world.book.write_now(_range, 5_000, 5_000 + numbers)
        world.receive("A-1", PEN, "", "", free)
        found = race(
            url,
            (take, "A-1", free + MORE), (pick_all, promised, kept + MORE), (same_move, MORE),
            (same_pick, repeated, kept), (tote_same, TOTES[2], ["BENCH", "C-1", "C-2"]),
            (box_same, order, contents), (number_same, labelled, MORE), (number_own, of_racer),
            (into_one_another, 6), racers=racers,
        )  # fmt: skip
        _judge(found, free=free, kept=kept, numbers=numbers, wanted=racers * many)
        findings = world.book.read_now(auditor.full)
        assert findings == [], findings[:3]
    return Counter({WANTED: len(found), "racing processes": racers})


def _judge(found: list[list[Any]], *, free: int, kept: int, numbers: int, wanted: int) -> None:
    taken, picked, moved, parts, carried, boxes, same, own, inside = found
    assert sum(taken) == free, ("the last units", taken)
    assert sum(picked) == kept, ("the last promised units", picked)
    for each in zip(*moved, strict=True):
        assert sorted(each) == [False] * (len(each) - 1) + [True], ("the same move", moved)
    assert len({repr(one) for one in parts}) == 1, ("everybody hears the same", parts)
    assert sorted(carried) == [False] * (len(carried) - 1) + [True], ("one tote", carried)
    assert sum(isinstance(one, int) for one in boxes) == 1, ("one box", boxes)
    given = {number for one in same for number in one}
    assert len(given) == 1, ("one number", same)
    all_own = [number for one in own for number in one]
    told = [number for number in all_own if number]
    assert len(all_own) == wanted
    assert len(told) == len(set(told)) == min(wanted, numbers), ("one range", own)
    assert not given & set(told), "a number of another box"
    said = {answer for one in inside for answer in one}
    assert said <= {True, Code.CONTAINER_INSIDE, Code.CONTAINER_ELSEWHERE}, said


def _promised(world: World, place: str, qty: int) -> int:
    """Receive so many and promise them to an order. Returns the allocation."""
    world.receive(place, PEN, "", "", qty)
    world.order((PEN, qty))
    before = set(world.held)
    world.allocate()
    (new,) = set(world.held) - before
    return new


def _picked(world: World) -> tuple[int, list[tuple[int, int]]]:
    """An order of one piece in a tote: its number, and what a box of it would hold."""
    world.receive("B-1", PEN, "", "", 2)
    world.order((PEN, 2))
    before = set(world.held)
    world.allocate()
    new = sorted(set(world.held) - before)
    for number in new:
        world.pick(number, world.held[number].qty, TOTES[0])
    mine = [(number, world.held[number].qty) for number in new]
    return world.held[new[0]].order or 0, mine


def _box(world: World) -> int:
    """A box without a number."""
    order, _ = _picked(world)
    world.pack(order)
    return max(world.boxes)


def _range(tx: Tx, first: int, end: int) -> None:
    """Numbers *first* to *end* - 1 are left, after one for the box that all label."""
    tx.execute(update(tracking_ranges).values(next=first, last=end))


PART = Part("races", {WANTED: 500}, rounds)
