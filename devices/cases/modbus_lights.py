"""Lights on a Modbus TCP output module, for the conformance kit."""

from typing import Any

from devices.capabilities import Light
from devices.conformance import Case, Floor
from devices.drivers.modbus_lights import ModbusLights
from devices.twins.lights import LightsTwin


class Bench:
    """An output module with lamps, and its plug."""

    def __init__(self) -> None:
        self.twin = LightsTwin()

    async def up(self) -> None:
        await self.twin.start()

    async def down(self) -> None:
        await self.twin.stop()

    def options(self) -> dict[str, Any]:
        return {
            "host": self.twin.host,
            "port": self.twin.port,
            "poll_s": 0.05,
            "connect_timeout_s": 0.5,
            "answer_timeout_s": 0.3,
        }

    def freeze(self) -> None:
        self.twin.silent = True

    def thaw(self) -> None:
        self.twin.silent = False

    async def cut(self) -> None:
        self.twin.half_a_message()
        await self.twin.stop()
        await self.twin.start()

    async def act(self, floor: Floor) -> None:
        await floor.driver(Light).show(3, "blue", "2")

    def effect(self, floor: Floor) -> int:
        return self.twin.written


CASE = Case(
    name="modbus-lights",
    driver=ModbusLights,
    capability=Light,
    rig=Bench,
    bad_options={"host": "192.0.2.1", "channels": 0},
)
