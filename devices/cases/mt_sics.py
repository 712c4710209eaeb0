"""The MT-SICS scale on TCP, for the conformance kit."""

from typing import Any

from devices.capabilities import Scale
from devices.conformance import Case, Floor, until
from devices.drivers.mt_sics import MtSicsScale
from devices.twins.scale import ScaleTwin


class Bench:
    """A scale twin and the hands that put goods on it."""

    def __init__(self) -> None:
        self.twin = ScaleTwin()
        self.weighed: list[int] = []

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
            "settle_timeout_s": 1.0,
        }

    def freeze(self) -> None:
        self.twin.frozen = True

    def thaw(self) -> None:
        self.twin.frozen = False

    async def cut(self) -> None:
        self.twin.cut_next_reply = True
        await until(lambda: not self.twin.cut_next_reply, "half a reply")
        await self.twin.stop()
        await self.twin.start()

    async def act(self, floor: Floor) -> None:
        scale = floor.driver(Scale)
        self.twin.put(100)
        self.weighed.append(await scale.weigh())

    def effect(self, floor: Floor) -> int:
        return sum(grams == 100 * (at + 1) for at, grams in enumerate(self.weighed))


CASE = Case(
    name="mt-sics",
    driver=MtSicsScale,
    capability=Scale,
    rig=Bench,
    bad_options={"port": "/dev/ttyUSB0", "baud": "fast"},
)
