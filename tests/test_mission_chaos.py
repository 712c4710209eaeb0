"""Everything goes wrong at once, and every mission still moves its tote exactly once.

Three counts that know nothing of one another must agree: what robots have physically moved, what
the book has as done, and the moves of the ledger. Robots without memory are found out by them.
"""

import asyncio
from collections import Counter
from random import Random

from devices.conformance import until
from tests.robot_site import Killed, Site

MISSIONS = 110
KINDS = {
    "kill", "lost reply", "drop", "late write", "power", "freeze", "silence", "delay", "torn",
    "deaf",
}  # fmt: skip


class Trouble:
    """Seeded trouble at random points, counted by kind."""

    def __init__(self, s: Site) -> None:
        self.site, self.rng = s, Random(s.seed)
        self.count: Counter[str] = Counter()
        self._stalled: set[str] = set()

    def reached(self, robot: str, point: str) -> None:
        """Sometimes the floor dies here, or the wire fails just now."""
        twin, chance = self.site.twins[robot], self.rng.random()
        loop = asyncio.get_running_loop()
        if chance < 0.03:
            self.count["kill"] += 1
            raise Killed(point)
        if chance < 0.06:
            self.count["lost reply"] += 1
            twin.server.lose_replies = self.rng.randint(1, 3)
        elif chance < 0.09:
            self.count["drop"] += 1
            loop.call_later(self.rng.uniform(0, 0.03), twin.drop_links)
        elif point == "assign:committed" and (chance < 0.25 or robot in self._stalled):
            self._stall(robot)

    def _stall(self, robot: str) -> None:
        """The PLC stops; the repetition of its ASSIGN hangs in a gateway, and arrives when the
        robot has done the mission and the floor cannot see it."""
        twin, loop = self.site.twins[robot], asyncio.get_running_loop()
        if robot not in self._stalled:
            self._stalled.add(robot)
            twin.freeze()
            loop.call_later(0.5, self._recover, robot)
            return
        self.count["late write"] += 1
        twin.thaw()
        twin.server.late_writes_s = 0.25
        loop.call_later(0.02, twin.silence)

    def _recover(self, robot: str) -> None:
        twin = self.site.twins[robot]
        twin.thaw()
        twin.server.late_writes_s = None
        twin.speak()
        self._stalled.discard(robot)

    async def strike(self) -> None:
        """One fault of the robot or its network, for a moment."""
        twin = self.site.twins[self.rng.choice(list(self.site.twins))]
        kind = self.rng.choice(["power", "freeze", "silence", "delay", "torn", "deaf", "kill"])
        self.count[kind] += 1
        moment_s = self.rng.uniform(0.02, 0.4)
        if kind == "power":
            await twin.power_off()
            await asyncio.sleep(moment_s / 4)
            await twin.power_on()
        elif kind == "kill":
            await self.site.kill()
        elif kind == "torn":
            twin.plc.torn_reads = self.rng.randint(1, 12)
        elif kind == "delay":
            twin.server.delay_s = moment_s / 2
            await asyncio.sleep(moment_s)
            twin.server.delay_s = 0
        elif kind == "deaf":
            twin.plc.deaf_to_floor = True
            await asyncio.sleep(moment_s)
            twin.plc.deaf_to_floor = False
        else:
            getattr(twin, kind)()
            await asyncio.sleep(moment_s)
            getattr(twin, {"freeze": "thaw", "silence": "speak"}[kind])()


async def chaos(s: Site, wanted: int, within_s: float) -> Counter[str]:
    """Missions to and fro under trouble until *wanted* were asked for and all have ended."""
    trouble = Trouble(s)
    s.reached = trouble.reached
    await s.boot()
    jobs: dict[int, str] = {}
    ended = ("done", "person", "settled")
    clock = asyncio.get_running_loop().time
    end_s, next_strike_s = clock() + within_s, clock() + 0.3
    while clock() < end_s:
        await s.reboot_if_dead()
        for tote in range(s.totes):
            if tote in jobs and s.mission(jobs[tote]).state not in ended:
                continue
            if s.jobs < wanted and (tote not in jobs or s.mission(jobs[tote]).state == "done"):
                jobs[tote] = s.request(tote)
        if s.jobs == wanted and all(s.mission(job).state in ended for job in jobs.values()):
            break
        if clock() >= next_strike_s:
            await trouble.strike()
            next_strike_s = clock() + trouble.rng.uniform(0.05, 0.4)
        await asyncio.sleep(0.01)
    s.reached = lambda _robot, _point: None
    await s.reboot_if_dead()
    return trouble.count


async def test_under_chaos_every_mission_is_carried_settled_and_moved_once(
    sqlite_url: str,
) -> None:
    async with Site(sqlite_url, names=("agv-1", "agv-2"), totes=5, seed=7) as s:
        trouble = await chaos(s, MISSIONS, within_s=50)
        await s.until_idle()
        await until(lambda: not s.tasks(), lambda: str(s.tasks()))
        assert s.faults() == []
        assert len(s.deliveries) == s.jobs == MISSIONS
        assert s.lives > 5
        assert set(trouble) == KINDS, trouble
        assert sum(trouble.values()) > MISSIONS / 4


async def test_the_same_chaos_finds_out_robots_without_memory(sqlite_url: str) -> None:
    names = ("agv-1", "agv-2")
    async with Site(sqlite_url, names=names, totes=5, seed=7, remembers=False) as s:
        await chaos(s, 40, within_s=10)
        assert s.faults() != []
