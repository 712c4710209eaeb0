"""Everything that can go wrong with robots, seeded; and people who see to it."""

import asyncio
import json
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from random import Random
from typing import Any

from sqlalchemy import Row, select

from devices.twins import grh1_memory as m
from devices.twins.grh1 import Grh1Twin
from tests.robot_site import PERSON, Killed, Site
from wms import tasks
from wms.db import Tx
from wms.errors import Rejected
from wms.robots import missions
from wms.robots.rows import OPEN
from wms.schema import missions as missions_table

ROBOTS = ("agv-1", "agv-2", "agv-3")
TOTES = 8
KINDS = ("power", "freeze", "silence", "delay", "torn", "deaf", "kill")
LOOK_EVERY_S = 0.02
UNDER_WAY = (
    select(missions_table.c.id).where(missions_table.c.state.in_(("queued", *OPEN))).limit(1)
)  # fmt: skip
POINT_KINDS = ("lost reply", "drop", "late write")


STOPS = (
    (m.SOURCE_EMPTY, "source"), (m.TARGET_OCCUPIED, "target"), (m.PATH_BLOCKED, "source"),
    (m.PATH_BLOCKED, "target"), (m.LOAD_LOST, "target"), (m.LOW_BATTERY, "source"),
    (m.OTHER, "target"),
)  # fmt: skip


class Trouble:
    """Seeded trouble at random points, counted by kind; *scale* stretches its moments."""

    kinds: Sequence[str] = KINDS

    def __init__(self, s: Site, scale: float = 1.0) -> None:
        self.site, self.rng, self.scale = s, Random(s.seed), scale
        self.count: Counter[str] = Counter()
        self._stalled: set[str] = set()
        self._deck: list[str] = []  # every kind comes once before any comes again

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
            loop.call_later(self.rng.uniform(0, 0.03) * self.scale, twin.drop_links)
        elif point == "assign:committed" and (chance < 0.25 or robot in self._stalled):
            self._stall(robot)

    def _stall(self, robot: str) -> None:
        """The PLC stops; the repetition of its ASSIGN hangs in a gateway, and arrives when the
        robot has done the mission and the floor cannot see it."""
        twin, loop = self.site.twins[robot], asyncio.get_running_loop()
        if robot not in self._stalled:
            self._stalled.add(robot)
            twin.freeze()
            loop.call_later(0.5 * self.scale, self._recover, robot)
            return
        self.count["late write"] += 1
        twin.thaw()
        twin.server.late_writes_s = 0.25 * self.scale
        loop.call_later(0.02 * self.scale, twin.silence)

    def _recover(self, robot: str) -> None:
        twin = self.site.twins[robot]
        twin.thaw()
        twin.server.late_writes_s = None
        twin.speak()
        self._stalled.discard(robot)

    @property
    def was_all(self) -> bool:
        """Whether every kind has struck."""
        return self.count.keys() >= set(self.kinds)

    def tend(self) -> None:
        """Nobody is there to see to anything."""

    async def strike(self) -> None:
        """One fault of the robot or its network, for a moment."""
        if not self._deck:
            self._deck = self.rng.sample(self.kinds, len(self.kinds))
        kind = self._deck.pop()
        self.count[kind] += 1
        await self.inflict(kind, self.site.twins[self.rng.choice(ROBOTS)])

    async def inflict(self, kind: str, twin: Grh1Twin) -> None:
        """This fault, on this robot."""
        moment_s = self.rng.uniform(0.02, 0.4) * self.scale
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


class People(Trouble):
    """Trouble that only a person can end, and a person who does, by what he really sees."""

    kinds = (*KINDS, "wiped", "e-stop", "gave up")

    async def inflict(self, kind: str, twin: Grh1Twin) -> None:
        if kind == "wiped":
            await twin.power_off()
            await twin.power_on(wiped=True)
        elif kind == "e-stop":
            twin.plc.stop_now()
            await asyncio.sleep(self.rng.uniform(0.05, 0.3) * self.scale)
            twin.plc.release()
        elif kind == "gave up":
            error, leg = self.rng.choice(STOPS)
            twin.plc.fail_next(error, leg)
        else:
            await super().inflict(kind, twin)

    def tend(self) -> None:
        """Walk the floor: put robots in order that stand still, and answer the tasks."""
        for twin in self.site.twins.values():
            memory = twin.plc.memory
            if self.rng.random() < 0.02 and memory.mode != m.AUTO and memory.load != m.UNKNOWN:
                twin.plc.set_mode(m.AUTO)
        for task in self.site.tasks():
            if self.rng.random() < 0.05:
                self._answer(task)

    def _answer(self, task: Row[Any]) -> None:
        body = json.loads(task.body)
        if task.ref.startswith("robot:"):
            self._empty(self.site.twins[body["robot"]])
            self.site.book.write_now(
                tasks.finish, task=task.id, outcome="seen to", now=self.site.now_ms()
            )
            return
        tote = int(body["container"][1:])
        if self.site.where_world(tote) is None:
            if task.kind == "look":
                return  # it is on its way
            for twin in self.site.twins.values():
                if twin.body.fork in (body["container"], None) and twin.plc.memory.load != m.EMPTY:
                    self._empty(twin)
            if self.site.where_world(tote) is None:
                self._put(tote, self.rng.choice("AB"))
        elif task.kind == "carry" and self.rng.random() < 0.5:
            code = body["container"]
            self.site.world.picked_up(self.site.world.where(code) or 0, code)
            self._put(tote, body["target"][0])
        place = self.site.where_world(tote)
        assert place is not None
        with suppress(Rejected):  # somebody was quicker
            self.site.book.write_now(
                missions.verdict, mission=int(body["mission"]), place=place, person=PERSON,
                now=self.site.now_ms(), rng=self.rng,
            )  # fmt: skip

    def _put(self, tote: int, side: str) -> None:
        self.site.world.placed(2 * tote + 1 + (side == "B"), f"T{tote}")

    def _empty(self, twin: Grh1Twin) -> None:
        """At the robot: end what it is at, take off what lies on it, and let it go on."""
        twin.plc.give_up()
        code = twin.put_in_order()
        if code is not None:
            self._put(int(code[1:]), self.rng.choice("AB"))


async def chaos(
    s: Site, trouble: Trouble, wanted: int, within_s: float, *, stop: Callable[[], bool]
) -> None:  # fmt: skip
    """Missions to and fro under trouble until *wanted* have ended, or until *stop*."""
    s.reached = trouble.reached
    await s.boot()
    clock = asyncio.get_running_loop().time
    end_s, next_strike_s = clock() + within_s, clock() + 0.3 * trouble.scale
    while clock() < end_s and not stop():
        await s.reboot_if_dead()
        trouble.tend()
        busy = s.busy()
        if s.jobs == wanted and not busy and trouble.was_all:
            break
        for tote in range(s.totes):
            if f"T{tote}" not in busy and s.jobs < wanted:
                s.request(tote)
        if clock() >= next_strike_s:
            await trouble.strike()
            next_strike_s = clock() + trouble.rng.uniform(0.05, 0.4) * trouble.scale
        await asyncio.sleep(LOOK_EVERY_S * trouble.scale)
    s.reached = lambda _robot, _point: None
    await s.reboot_if_dead()


async def end_with_people(s: Site, trouble: People, within_s: float) -> list[str]:
    """Let the people finish; then whatever is not as it must be: nothing was moved twice, and the
    book knows where every tote really is."""

    def is_over() -> bool:
        trouble.tend()
        in_hand = any(t.plc.memory.mission for t in s.twins.values())
        return not in_hand and not s.tasks() and not s.book.read_now(_under_way)

    clock = asyncio.get_running_loop().time
    end_s = clock() + within_s
    while not is_over():
        assert clock() < end_s, s.described()
        await asyncio.sleep(LOOK_EVERY_S * trouble.scale)
    carried = Counter(delivery.mission for delivery in s.deliveries)
    moved = Counter(move.key for move in s.moves())
    unmoved = {f"job:job-{number}" for number in range(1, s.jobs + 1)} - moved.keys()
    return [
        *(
            f"{mission} was carried {times} times"
            for mission, times in carried.items()
            if times > 1
        ),
        *(f"{key} was booked {times} times" for key, times in moved.items() if times > 1),
        *(f"{job} never arrived" for job in sorted(unmoved)),
        *(
            f"T{tote}: {s.where_book(tote)} but {s.where_world(tote)}"
            for tote in range(s.totes)
            if s.where_book(tote) != s.where_world(tote)
        ),
    ]


def _under_way(tx: Tx) -> bool:
    """Whether a mission waits for a robot or is with one, even while no robot shows it."""
    return tx.execute(UNDER_WAY).first() is not None


def never() -> bool:
    """Go on."""
    return False
