"""Everything goes wrong at once, on real sockets, and every mission still moves its tote once.

Three counts that know nothing of one another must agree: what robots have physically moved, what
the book has as done, and the moves of the ledger. Robots without memory are found out by them.
"""

from devices.conformance import until
from tests.robot_site import Site
from tests.robot_trouble import (
    KINDS,
    POINT_KINDS,
    ROBOTS,
    TOTES,
    People,
    Trouble,
    chaos,
    end_with_people,
    never,
)

MISSIONS = 104
PEOPLE_MISSIONS = 40


async def test_under_chaos_every_mission_is_carried_settled_and_moved_once(
    sqlite_url: str,
) -> None:
    async with Site(sqlite_url, names=ROBOTS, totes=TOTES, seed=7) as s:
        trouble = Trouble(s)
        await chaos(s, trouble, MISSIONS, within_s=50, stop=never)
        await s.until_idle()
        await until(lambda: not s.tasks(), lambda: str(s.tasks()))
        assert s.faults() == []
        assert len(s.deliveries) == s.jobs == MISSIONS
        assert s.lives > 5
        assert set(trouble.count) == {*KINDS, *POINT_KINDS}, trouble.count


async def test_the_same_chaos_finds_out_robots_without_memory(sqlite_url: str) -> None:
    async with Site(sqlite_url, names=ROBOTS, totes=TOTES, seed=7, remembers=False) as s:
        await chaos(s, Trouble(s), 60, within_s=25, stop=lambda: bool(s.tasks("carry")))
        await until(lambda: all(twin.plc.memory.mission == 0 for twin in s.twins.values()), "rest")
        assert s.faults() != []


async def test_with_people_in_it_every_job_still_ends_once(sqlite_url: str) -> None:
    """Wiped memories, e-stops, robots that give up, and scans against what robots say."""
    async with Site(sqlite_url, names=ROBOTS, totes=TOTES, seed=11) as s:
        trouble = People(s)
        await chaos(s, trouble, PEOPLE_MISSIONS, within_s=50, stop=never)
        assert await end_with_people(s, trouble, within_s=60) == []
        assert s.jobs == PEOPLE_MISSIONS
        assert trouble.was_all, trouble.count
        assert s.all_tasks()
