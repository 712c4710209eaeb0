"""The driver for VDA 5050 against a vehicle's twin and a broker: one mission from node to node."""

import asyncio
from typing import Any

from devices.codecs.grh1 import Cmd
from devices.conformance import Case, Floor
from devices.drivers.vda5050 import Vda5050Robot
from devices.robot_bench import FENCE, order, see, world
from devices.robots import Transporter
from devices.twins.mqtt_broker import MqttBroker
from devices.twins.vda5050 import Vda5050Twin


class Bench:
    """A broker, a quick vehicle, and one tote that goes to and fro."""

    def __init__(self) -> None:
        self.world = world()
        self.broker = MqttBroker()
        self.twin = Vda5050Twin(
            serial="V1", nodes={str(each): each for each in range(1, 10)}, world=self.world,
            clock=asyncio.get_running_loop().time, state_every_s=0.2,
        )  # fmt: skip
        self.mission = 0

    async def up(self) -> None:
        await self.broker.start()
        await self.twin.start(self.broker.host, self.broker.port)

    async def down(self) -> None:
        await self.twin.power_off()
        await self.broker.stop()

    def options(self) -> dict[str, Any]:
        return {
            "host": "127.0.0.1", "port": self.broker.port, "manufacturer": "genba",
            "serial_number": "V1", "silent_s": 0.8, "reply_timeout_s": 0.5,
        }  # fmt: skip

    def freeze(self) -> None:
        self.twin.silence()

    def thaw(self) -> None:
        self.twin.speak()

    async def cut(self) -> None:
        self.broker.half_a_message()
        await asyncio.sleep(0)
        await self.down()
        await self.up()

    async def act(self, floor: Floor) -> None:
        """A whole mission, as far as the vehicle's word goes."""
        robot = floor.driver(Transporter)
        await robot.take(FENCE)
        self.mission += 1
        seen = await robot.look()
        await robot.command(order(Cmd.ASSIGN, self.world, mission=self.mission, seen=seen))
        await see(robot, lambda seen: seen.finished(self.mission) is not None)

    def effect(self, floor: Floor) -> int:
        return len(self.twin.deliveries)


CASE = Case(
    name="vda5050",
    driver=Vda5050Robot,
    capability=Transporter,
    rig=Bench,
    bad_options={"host": "127.0.0.1", "manufacturer": "a/b", "serial_number": "V1"},
)
