"""The same chaos on a virtual clock: each seed is one story that can be told again."""

import pytest

from devices.conformance import until
from tests.robot_sim import SimulatedSite
from tests.robot_trouble import (
    ROBOTS,
    TOTES,
    People,
    Trouble,
    chaos,
    end_with_people,
    never,
)
from tests.virtual_time import run

SCALE = 8.0  # moments are so much longer than on real sockets
MISSIONS = 30
HOURS_S = 4 * 3600


@pytest.mark.parametrize("seed", range(2))
def test_every_mission_is_carried_settled_and_moved_once(sqlite_url: str, seed: int) -> None:
    async def scene() -> None:
        async with SimulatedSite(sqlite_url, names=ROBOTS, totes=TOTES, seed=seed) as s:
            await chaos(s, Trouble(s, SCALE), MISSIONS, within_s=HOURS_S, stop=never)
            await s.until_idle(within_s=600)
            await until(lambda: not s.tasks(), s.described, within_s=600)
            assert s.faults() == []
            assert len(s.deliveries) == s.jobs == MISSIONS

    run(scene())


@pytest.mark.parametrize("seed", range(2))
def test_robots_without_memory_are_found_out(sqlite_url: str, seed: int) -> None:
    async def scene() -> None:
        site = SimulatedSite(sqlite_url, names=ROBOTS, totes=TOTES, seed=seed, remembers=False)
        async with site as s:

            def is_found_out() -> bool:
                return bool(s.tasks("carry"))

            await chaos(s, Trouble(s, SCALE), 200, within_s=HOURS_S, stop=is_found_out)
            await s.until_idle(within_s=600)
            assert s.faults() != []

    run(scene())


@pytest.mark.parametrize("seed", range(2))
def test_with_people_every_job_still_ends_once(sqlite_url: str, seed: int) -> None:
    async def scene() -> None:
        async with SimulatedSite(sqlite_url, names=ROBOTS, totes=TOTES, seed=seed) as s:
            trouble = People(s, SCALE)
            await chaos(s, trouble, MISSIONS, within_s=HOURS_S, stop=never)
            assert await end_with_people(s, trouble, within_s=3600) == []
            assert s.jobs == MISSIONS

    run(scene())
