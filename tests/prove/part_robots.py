"""Robots under storm: every hand-off happens once, whatever fails, and whoever is killed.

A round is a site of three robots and eight totes on a virtual clock, with the conductor and the
driver as they ship and the twins of the PLCs; every other round has people in it who scan against
what robots say. A hand-off is a container that was really moved, as the twins have seen it.
"""

import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from devices.conformance import until
from tests.postgres import memory_folder
from tests.prove import Broken, Part
from tests.prove.books import empty_book
from tests.robot_sim import SimulatedSite
from tests.robot_trouble import ROBOTS, TOTES, People, Trouble, chaos, end_with_people
from tests.virtual_time import run

SCALE = 8.0  # moments are so much longer than on real sockets
MISSIONS = 120
HOURS_S = 4 * 3600
STORIES = 1_000  # of a seed
HAND_OFFS = "robot hand-offs"


def rounds(seed: int) -> Iterator[Counter[str]]:
    """Stories that no other seed tells, forever; even ones without people, odd ones with them."""
    number = seed * STORIES
    while True:
        yield story(number)
        number += 1


def story(
    number: int, *, missions: int = MISSIONS, remembers: bool = True, until_person: bool = False
) -> Counter[str]:
    """One story told to its end: what was done and what was inflicted. Raises `Broken`.

    `remembers=False`: robots that take a number that they have carried out for a new one.
    `until_person` ends it as soon as somebody is asked to carry: good robots never need that.
    """
    with tempfile.TemporaryDirectory(prefix="genba-robots-", dir=memory_folder()) as folder:
        book = Path(folder) / "book.db"
        book.write_bytes(empty_book())
        try:
            return run(_told(f"sqlite:///{book}", number, missions, remembers, until_person))
        except AssertionError as wrong:
            raise Broken(f"{wrong!s:.2000}\n{replay(number)}") from wrong


def replay(number: int) -> str:
    """The command that tells this story again."""
    return f'python -c "from tests.prove.part_robots import story; story({number})"'


async def _told(
    url: str, number: int, missions: int, remembers: bool, until_person: bool
) -> Counter[str]:
    site = SimulatedSite(url, names=ROBOTS, totes=TOTES, seed=number, remembers=remembers)
    async with site as s:
        trouble = People(s, SCALE) if number % 2 else Trouble(s, SCALE)

        def is_called() -> bool:
            return until_person and bool(s.tasks("carry"))

        await chaos(s, trouble, missions, within_s=HOURS_S, stop=is_called)
        if isinstance(trouble, People):
            wrong = await end_with_people(s, trouble, within_s=3600)
        else:
            await s.until_idle(within_s=600)
            await until(lambda: bool(s.faults()) or not s.tasks(), s.described, within_s=600)
            wrong = s.faults()
        if wrong or s.jobs < missions:
            raise Broken("\n".join([*wrong, f"{s.jobs} of {missions} jobs", replay(number)]))
        done = Counter({kind: times for kind, times in trouble.count.items()})
        done["lives of the floor process"] = s.lives
        done[HAND_OFFS] = len(s.deliveries)
        return done


PART = Part(name="robots", wanted={HAND_OFFS: 100_000}, rounds=rounds)
