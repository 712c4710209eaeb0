"""`genba prove`: what is shown by machines and not by care, one file a part.

A part is a module `part_*.py` with its `PART`: how often what has to be done in all
(`wanted={"simulated shifts": 2000}`), and `rounds(seed)`, an endless generator: each step does some
seconds of work and yields a `Counter` of what was done. A seed tells the same story again, and no
other seed tells it. What must never happen raises `Broken`. The first sentence of the module says
what is promised. Parts know nothing of one another.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol


class Broken(Exception):
    """A promise was broken. The text ends with the command that shows it again."""


class Rounds(Protocol):
    """What a part does, from a seed on."""

    def __call__(self, seed: int) -> Iterator[Counter[str]]: ...


@dataclass(frozen=True, slots=True)
class Part:
    """One part: its name, what it has to reach in all, and how it goes on.

    `reads`: files from the root that it runs without importing them.
    """

    name: str
    wanted: dict[str, int]
    rounds: Rounds
    reads: tuple[str, ...] = ()
