"""SIGKILLs around a book on PostgreSQL: of the client, of its backend, and of the postmaster."""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from random import Random

from tests.postgres import make_book
from tests.prove import Part
from tests.prove.calls import Call, Lived
from tests.prove.killing import MOMENT_S, Trial, at_any_moment, die_at
from tests.prove.mortal import VICTIM, Mortal, kill_backend, mortal
from tests.prove.recorded import furnish, live
from tests.prove.victim import Answer, Died, Victim
from wms.db import Book

INPUTS = 100  # of a day
EVERY = 4
WANTED, POSTMASTER = "SIGKILLs on PostgreSQL", "of the postmaster"
SAID = "python -m tests.prove.work kills_postgresql {} 600"
TERMINATE = "SELECT pg_terminate_backend(%s)"
Cut = tuple[str, Answer | None]


def rounds(seed: int, *, inputs: int = INPUTS, every: int = EVERY) -> Iterator[Counter[str]]:
    """Days with kills; a round is some of them."""
    with mortal() as server:
        server.run("CREATE DATABASE empty")
        make_book(server.url("empty"))
        day = seed * 1_000
        while True:
            day += 1
            lived = prepare(server, day, inputs)
            yield from troubled(server, lived, seed, day, every)


def prepare(server: Mortal, day: int, inputs: int) -> Lived:
    """The day as it goes untroubled; the database `morning` is the book in the morning."""
    for name in ("trial", "quiet", "morning"):
        server.run("DROP DATABASE IF EXISTS {} WITH (FORCE)", name)
    server.run("CREATE DATABASE morning TEMPLATE empty STRATEGY FILE_COPY")
    furnish(server.url("morning"), day)
    for name in ("trial", "quiet"):
        server.run("CREATE DATABASE {} TEMPLATE morning STRATEGY FILE_COPY", name)
    return live(server.url("quiet"), day, inputs)


def troubled(
    server: Mortal, lived: Lived, seed: int, day: int, every: int
) -> Iterator[Counter[str]]:
    """The same day in the database `trial`, with kills."""
    book, victim = Book(server.url("trial")), Victim(server.url("trial", VICTIM), lived.modules)
    trial = Trial(
        server.url("trial"), lived, Random(f"kills {day}"), book, victim, SAID.format(seed),
        Counter(),
    )  # fmt: skip

    def cut(trial: Trial, call: Call) -> Cut:
        return _cut(server, trial, call)

    try:
        for done in trial.run(cut, every):
            done[WANTED] = done.pop("SIGKILLs", 0)
            yield done
    finally:
        victim.close()
        book.close()


def _cut(server: Mortal, trial: Trial, call: Call) -> Cut:
    dice = trial.chance.random()
    if dice < 0.45:
        found = die_at(trial, call)
    elif dice < 0.6:
        found = at_any_moment(trial, call)
    elif dice < 0.75:
        found = _meanwhile(trial, call, "the backend terminated", lambda: _terminate(server))
    elif dice < 0.88:
        found = _meanwhile(trial, call, "the backend killed", lambda: _kill(server, trial))
    else:
        found = _meanwhile(trial, call, "the postmaster killed", lambda: _restart(server, trial))
    server.settle("trial")
    return found


def _meanwhile(trial: Trial, call: Call, where: str, happens: Callable[[], None]) -> Cut:
    """Something happens to the server while the command is under way, or just before."""
    trial.victim.tell(call)
    time.sleep(trial.chance.random() * trial.chance.choice(MOMENT_S))
    happens()
    try:
        answer = trial.victim.hear()
    except Died:  # only its database was harmed
        raise trial.broken(call, 0, f"the process died with {where}") from None
    return where, None if answer[0] == "failed" else answer


def _terminate(server: Mortal) -> None:
    for pid in server.backends("trial"):
        with server.connected() as admin:
            admin.execute(TERMINATE, (pid,))


def _kill(server: Mortal, trial: Trial) -> None:
    for pid in server.backends("trial"):
        kill_backend(pid)
        trial.done["SIGKILLs"] += 1
        trial.done["of a backend"] += 1


def _restart(server: Mortal, trial: Trial) -> None:
    server.kill_postmaster()
    trial.done["SIGKILLs"] += 1
    trial.done[POSTMASTER] += 1


PART = Part("kills_postgresql", {WANTED: 500, POSTMASTER: 50}, rounds)
