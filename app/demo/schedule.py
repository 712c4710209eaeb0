"""When trouble comes: each kind once, at its share of the day's orders, and until it is over."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from app.demo.trouble import Trouble
from app.demo.twins import Hardware

LOOK_S = 0.1
FLOOR_ALIVE = 2024  # register of profile GRH-1: the floor's heartbeat arrives
COPE_S = 60.0  # how long the floor may take to cope with one trouble


@dataclass(slots=True)
class Day:
    """The trouble of one day. `share` gives how much of the packing is done, 0 to 1."""

    hardware: Hardware
    trouble: Trouble
    share: Callable[[], float]

    async def run(self) -> None:
        """Bring every trouble at its time, side by side."""
        plans: tuple[tuple[float, str, Callable[[], Awaitable[None]]], ...] = (
            (0.10, "printer out of paper", self._paper_out),
            (0.15, "broker restarts", self._broker_restarts),
            (0.20, "reader restarts", self._reader_restarts),
            (0.30, "scanner unplugged", self._scanner_unplugged),
            (0.40, "robot silent", self._robot_silent),
        )
        async with asyncio.TaskGroup() as group:
            for share, kind, what in plans:
                group.create_task(self._at(share, kind, what))

    async def _at(self, share: float, kind: str, what: Callable[[], Awaitable[None]]) -> None:
        while self.share() < share:
            await asyncio.sleep(LOOK_S)
        self.trouble.happened[kind] += 1
        await what()

    async def _paper_out(self) -> None:
        """The roll ends; the packer whose label does not come loads a new one."""
        self.hardware.printers["label-1"].paper_out()

    async def _reader_restarts(self) -> None:
        """Coped: the floor is connected again and has asked for an inventory anew."""
        reader = self.hardware.readers["reader-1"]
        heard = len(reader.heard)
        await self.hardware.restart_reader("reader-1", 0.8)
        if await self._until(lambda: reader.has_client and len(reader.heard) > 0 < heard):
            self.trouble.handled("reader restarts")

    async def _broker_restarts(self) -> None:
        """Coped: the vehicles are there again, and the floor has asked each for its state."""
        broker = self.hardware.broker
        await self.hardware.restart_broker(0.8)
        heard, names = len(broker.said), set(self.hardware.vehicles)

        def asked() -> set[str]:
            topics = [said.topic.split("/") for said in broker.said[heard:]]
            return {topic[-2] for topic in topics if topic[-1] == "instantActions"}

        if await self._until(lambda: asked() == names):
            self.trouble.handled("broker restarts")

    async def _scanner_unplugged(self) -> None:
        """Coped: the packer went on by hand; then the cable is put back."""
        coped = self.trouble.coped["scanner unplugged"]
        self.hardware.unplug("scanner-1")
        await self._until(lambda: self.trouble.coped["scanner unplugged"] > coped)
        await asyncio.sleep(1.0)
        await self.hardware.plug_in("scanner-1")

    async def _robot_silent(self) -> None:
        """Coped: it is talked to again, and nothing waits on its back."""
        robot = next(iter(self.hardware.robots.values()))
        robot.silence()
        await asyncio.sleep(6.0)
        robot.speak()
        if await self._until(lambda: robot.plc.read(FLOOR_ALIVE, 1) == [1]):
            self.trouble.handled("robot silent")

    async def _until(self, holds: Callable[[], bool]) -> bool:
        for _ in range(int(COPE_S / LOOK_S)):
            if holds():
                return True
            await asyncio.sleep(LOOK_S)
        return False
