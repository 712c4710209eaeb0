"""The robot driver against the robot's twin: one mission is carried from station to station."""

import asyncio
from typing import Any

from devices.capabilities import Unavailable
from devices.codecs.grh1 import FINAL, Cmd, Command, Sighting
from devices.conformance import Case, Floor
from devices.drivers.grh1 import Grh1Robot
from devices.robot_bench import FENCE, order, see, world
from devices.robots import Transporter
from devices.twins.grh1 import Grh1Twin, Pace


class Bench:
    """A quick robot and one tote that goes to and fro."""

    def __init__(self) -> None:
        self.world = world()
        self.twin = Grh1Twin(
            stations=range(1, 10), clock=asyncio.get_running_loop().time, world=self.world,
            pace=Pace(speed=200), scan_s=0.005,
        )  # fmt: skip
        self.mission = 0

    async def up(self) -> None:
        await self.twin.power_on()

    async def down(self) -> None:
        await self.twin.power_off()

    def options(self) -> dict[str, Any]:
        return {
            "host": "127.0.0.1", "port": self.twin.port, "poll_s": 0.02, "beat_s": 0.05,
            "frozen_s": 0.5, "reply_timeout_s": 0.2,
        }  # fmt: skip

    def freeze(self) -> None:
        self.twin.silence()

    def thaw(self) -> None:
        self.twin.speak()

    async def cut(self) -> None:
        self.twin.server.half_a_message()
        await asyncio.sleep(0)
        await self.twin.power_off()
        await self.twin.power_on()

    async def act(self, floor: Floor) -> None:
        """A whole mission, and its confirmation."""
        robot = floor.driver(Transporter)
        await robot.take(FENCE)
        self.mission += 1
        seen = await see(robot, lambda seen: seen.status.fence_seen == FENCE)
        await robot.command(self.order(Cmd.ASSIGN, seen))
        seen = await see(robot, lambda seen: seen.status.state in FINAL)
        await robot.command(self.order(Cmd.CONFIRM, seen))
        seen = await see(robot, lambda seen: seen.status.mission == 0)
        if seen.finished(self.mission) is None:
            raise Unavailable("the mission was lost")

    def order(self, cmd: Cmd, seen: Sighting) -> Command:
        return order(cmd, self.world, mission=self.mission, seen=seen)

    def effect(self, floor: Floor) -> int:
        return len(self.twin.deliveries)


CASE = Case(
    name="grh1",
    driver=Grh1Robot,
    capability=Transporter,
    rig=Bench,
    bad_options={"host": 7},
)
