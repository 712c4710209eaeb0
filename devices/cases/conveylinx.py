"""A ConveyLinx module on Modbus TCP, for the conformance kit.

It is told to hold a zone or to let go of it; and boxes that pass between two looks, where no level
would show them, are heard of by its counters.
"""

from typing import Any

from devices.capabilities import Conveyor
from devices.conformance import Case, Floor, until
from devices.drivers.conveylinx import Conveylinx
from devices.twins.conveylinx import ConveylinxTwin
from wms.rooms.signals import ZoneSeen


class Bench:
    """A module that a box is sent through, and its plug."""

    def __init__(self) -> None:
        self.twin = ConveylinxTwin(heartbeat_s=0.2)

    async def up(self) -> None:
        await self.twin.start()

    async def down(self) -> None:
        await self.twin.stop()

    def options(self) -> dict[str, Any]:
        return {
            "host": self.twin.host, "port": self.twin.port, "poll_s": 0.05, "frozen_s": 2.0,
            "reply_timeout_s": 0.3,
        }  # fmt: skip

    def freeze(self) -> None:
        self.twin.silent = True

    def thaw(self) -> None:
        self.twin.silent = False

    async def cut(self) -> None:
        self.twin.half_a_message()
        await self.twin.power_cycle()

    async def act(self, floor: Floor) -> None:
        """Hold what comes in front, let go of it, and see it pass while nobody looks."""
        conveyor = floor.driver(Conveyor)
        await conveyor.hold("up", True)
        self.twin.run(boxes=1)
        assert self.twin.module.boxes[0], "nothing is held"
        await conveyor.hold("up", False)
        wanted = (self.twin.departures("down") + 1) % 65_536
        self.twin.run()
        await until(lambda: _last(floor) == wanted, "a box that left, by the zone's own counter")

    def effect(self, floor: Floor) -> int:
        return self.twin.module.left


def _last(floor: Floor) -> int:
    """The newest count of what left the zone behind, as it was heard; -1 = nothing was."""
    heard = (one for one in reversed(floor.heard) if isinstance(one, ZoneSeen))
    return next((one.departed for one in heard if one.zone == "down"), -1)


CASE = Case(
    name="conveylinx",
    driver=Conveylinx,
    capability=Conveyor,
    rig=Bench,
    bad_options={"host": "192.0.2.1", "zones": ["left"]},
)
