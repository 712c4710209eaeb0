"""Gives a recorded day to a process that is killed again and again, and holds it to its promises.

A command that was answered stays done; one that was cut off happened wholly or not at all; the
same command once more (with its key) has the same answer and no second effect; and in the evening
the book is, row by row, the one of the day on which nobody was killed. Whoever cuts how is the
parts' own; this is what they share.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from random import Random

from tests.prove import Broken
from tests.prove.calls import Call, Lived
from tests.prove.recorded import picture, set_sequences
from tests.prove.victim import STATEMENT, Answer, Died, Victim
from wms.audit import auditor
from wms.db import Book

POINTS = (":begun", ":written", ":committed")
STILL = frozenset({":begun", ":written"})  # whoever dies there leaves no trace
MOMENT_S = (0.002, 0.008, 0.02)
TRIES = 40


@dataclass(slots=True)
class Trial:
    """One book, and the process that works on it."""

    url: str
    lived: Lived
    chance: Random
    book: Book
    victim: Victim
    said: str  # how to see it again
    done: Counter[str]

    def broken(self, call: Call, number: int, what: str) -> Broken:
        return Broken(f"call {number}, {call.name}: {what}; {self.said}")

    def run(
        self, cut: Callable[["Trial", Call], tuple[str, Answer | None]], every: int,
        beat: int = 25,
    ) -> Iterator[Counter[str]]:  # fmt: skip
        """The whole day; about each *every*-th command is cut off by *cut*.

        Yields what was done now and then, after so many cuts. *cut* says where, and the answer if
        there was one all the same.
        """
        cuts = 0
        for number, call in enumerate(self.lived.calls):
            if call.ours:
                self.book.write_now(call.command, *call.args, **call.named)
            elif self.chance.random() * every < 1:
                self._cut_off(number, call, cut)
                cuts += 1
                if cuts % beat == 0:
                    yield self._told()
            else:
                self._expect(number, call, self.victim.ask(call))
        evening = self.book.read_now(picture)
        if evening != self.lived.evening:
            other = [name for name, rows in evening.items() if rows != self.lived.evening[name]]
            raise Broken(f"in the evening other rows in {other}; {self.said}")
        self.done["days that ended the same"] += 1
        yield self._told()

    def _told(self) -> Counter[str]:
        told, self.done = self.done, Counter()
        return told

    def _expect(self, number: int, call: Call, answer: Answer) -> None:
        kind, said = answer
        if (kind, said) != ("refused" if call.refused else "answer", call.answer):
            raise self.broken(call, number, f"{kind} {said!r} instead of {call.answer!r}")
        self.done["commands"] += 1

    def _cut_off(
        self, number: int, call: Call, cut: Callable[["Trial", Call], tuple[str, Answer | None]]
    ) -> None:  # fmt: skip
        before = self.book.read_now(picture)
        where, answer = cut(self, call)
        self.done[f"cut {where}"] += 1
        after = self.book.read_now(picture)
        if found := self.book.read_now(auditor.full):
            raise self.broken(call, number, f"cut {where}, then {found[:3]}")
        if answer is not None:  # it was quicker than we
            self._expect(number, call, answer)
            set_sequences(self.book, call.sequences)
            return
        happened = after != before
        if happened and where in STILL:
            raise self.broken(call, number, f"half of it is there after {where}")
        before_it = self.lived.calls[number - 1].sequences if number else self.lived.morning
        set_sequences(self.book, call.sequences if happened else before_it)
        if not happened:
            self._expect(number, call, self._peacefully(call))
        elif call.keyed:
            again = replace(call, answer=call.answer_again)
            self._expect(number, again, self._peacefully(call))
            if self.book.read_now(picture) != after:
                raise self.broken(call, number, f"done twice after {where}")
            self.done["keys that were known"] += 1
            set_sequences(self.book, call.sequences)
        else:
            self.done["done, and nobody was told"] += 1

    def _peacefully(self, call: Call) -> Answer:
        """The answer, however often the database was away."""
        for _ in range(TRIES):
            try:
                answer = self.victim.ask(call)
            except Died:
                continue
            if answer[0] != "failed":
                return answer
            time.sleep(0.05)
        return answer


def die_at(trial: Trial, call: Call) -> tuple[str, Answer | None]:
    """The process kills itself at a named point, after a statement, or is killed at any moment."""
    dice = trial.chance.random()
    if dice < 0.25:
        return at_any_moment(trial, call)
    where = trial.chance.choice(POINTS)
    number = 1
    if dice < 0.5 and call.statements:
        where, number = STATEMENT, trial.chance.randint(1, call.statements)
    if call.refused and where in POINTS:
        where = ":begun"  # it gets no further
    try:
        trial.victim.tell(call, f"{where}#{number}")
        return where, trial.victim.hear()
    except Died:
        trial.done["SIGKILLs"] += 1
        return where, None


def at_any_moment(trial: Trial, call: Call) -> tuple[str, Answer | None]:
    """SIGKILL from outside."""
    trial.victim.tell(call)
    time.sleep(trial.chance.random() * trial.chance.choice(MOMENT_S))
    trial.victim.kill()
    try:
        answer = trial.victim.hear()
    except Died:
        trial.done["SIGKILLs"] += 1
        return "at any moment", None
    try:
        trial.victim.hear()
    except Died:
        trial.done["SIGKILLs"] += 1
    return "too late", answer
