"""The LLRP driver and its reader."""

import random
from typing import Any

from devices.capabilities import TagReader
from devices.conformance import Case, Floor
from devices.drivers.llrp import LlrpReader
from devices.twins.llrp import LlrpReaderTwin


class Bench:
    """A reader with one tag, whose EPC is counted up by each write."""

    def __init__(self) -> None:
        self.twin = LlrpReaderTwin(random=random.Random(3))  # noqa: S311 - a test field
        self.tag = self.twin.field.place("3034257bf7194e4000000000", 1)

    async def up(self) -> None:
        await self.twin.start()

    async def down(self) -> None:
        await self.twin.stop()

    def options(self) -> dict[str, Any]:
        return {"host": self.twin.host, "port": self.twin.port, "keepalive_ms": 200}

    def freeze(self) -> None:
        self.twin.freeze()

    def thaw(self) -> None:
        self.twin.thaw()

    async def cut(self) -> None:
        self.twin.faults.cut_next_report = True

    async def act(self, floor: Floor) -> None:
        old = self.tag.epc
        new = old[:-1] + bytes([old[-1] + 1])
        await floor.driver(TagReader).write_epc(old, new)
        assert self.tag.epc == new

    def effect(self, floor: Floor) -> int:
        return self.tag.written


CASE = Case(
    name="llrp",
    driver=LlrpReader,
    capability=TagReader,
    rig=Bench,
    bad_options={"host": "127.0.0.1", "antennas": [1, 0]},
)
