"""The robot driver on a real socket: what it refuses to believe, and when it stops writing."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from devices.capabilities import ConfigFault, Unavailable, Uncertain
from devices.codecs.grh1 import Cmd, Command, State
from devices.drivers.grh1 import E_STOP, FROZEN, WRONG_PROFILE, Grh1Robot
from devices.twins.grh1 import Grh1Twin, Pace
from tests.devices_bench import Heard, until
from tests.grh1_rig import JOURNAL, Rig
from wms.rooms.signals import RobotState

FAST: Mapping[str, Any] = {
    "poll_s": 0.01, "beat_s": 0.02, "frozen_s": 0.2, "reply_timeout_s": 0.1, "patience_s": 0.2,
}  # fmt: skip


@dataclass
class Scene:
    """A robot twin, a driver on its way to it, and what the driver says."""

    twin: Grh1Twin
    robot: Grh1Robot
    heard: Heard
    running: asyncio.Task[None] | None = None

    async def run(self) -> None:
        """Open the driver and let it run beside us."""
        await self.robot.open(self.heard.link("agv"))
        self.running = asyncio.create_task(self.robot.run())

    async def end(self) -> BaseException | None:
        """Why the session ended by itself."""
        assert self.running is not None
        await asyncio.wait({self.running}, timeout=5)
        assert self.running.done(), "it runs on"
        return self.running.exception()


@asynccontextmanager
async def scene(**options: Any) -> AsyncIterator[Scene]:
    twin = Grh1Twin(
        stations=range(1, 5), clock=asyncio.get_running_loop().time, pace=Pace(speed=100),
        scan_s=0.005,
    )  # fmt: skip
    await twin.start()
    made = Scene(
        twin, Grh1Robot({"host": "127.0.0.1", "port": twin.port, **FAST, **options}), Heard()
    )
    try:
        yield made
    finally:
        if made.running is not None:
            made.running.cancel()
            await asyncio.wait({made.running})
        await made.robot.close()
        await twin.stop()


def resume(twin: Grh1Twin) -> Command:
    memory = twin.plc.memory
    return Command(seq=memory.ack_seq + 1, cmd=Cmd.RESUME, mission=1, boot_id=1, fence=9)


async def test_it_beats_with_its_fence_and_tells_how_the_robot_is() -> None:
    async with scene() as s:
        await s.run()
        assert not s.twin.plc.memory.fence  # nobody has taken the robot over yet
        await s.robot.take(9)
        await until(lambda: s.twin.plc.memory.fence == 9, "the fence")
        seen = await s.robot.look()
        assert (seen.status.fence_seen, seen.status.floor_alive) == (9, True)
        lives = s.heard.signs_of_life
        await until(lambda: s.heard.signs_of_life > lives, "a sign of life")
        assert s.heard.signals[0] == RobotState("agv", "auto", "none", 0, 1, 800)
        s.twin.plc.stop_now()
        await until(lambda: s.heard.trouble == E_STOP, "the e-stop to be told")
        s.twin.plc.release()
        await until(lambda: s.heard.trouble == "", "the e-stop to be over")


async def test_a_robot_whose_heart_stands_still_is_never_opened() -> None:
    async with scene() as s:
        s.twin.freeze()
        with pytest.raises(Unavailable, match=FROZEN):
            await s.robot.open(s.heard.link())


async def test_a_robot_that_freezes_ends_the_session() -> None:
    async with scene() as s:
        await s.run()
        s.twin.freeze()
        error = await s.end()
        assert isinstance(error, Unavailable)
        assert str(error) == FROZEN


@pytest.mark.parametrize("fault", ["magic", "protocol", "exception", "map"])
async def test_another_profile_is_a_fault_after_the_patience(fault: str) -> None:
    async with scene() as s:
        s.twin.plc.wrong_magic = fault == "magic"
        s.twin.plc.protocol = 2 if fault == "protocol" else 1
        s.twin.server.exception = 1 if fault == "exception" else 0
        s.twin.server.shift = 100 if fault == "map" else 0
        with pytest.raises(ConfigFault):
            await s.robot.open(s.heard.link())


async def test_writing_stops_at_once_when_the_profile_is_wrong() -> None:
    async with scene(patience_s=3600) as s:
        await s.run()
        await s.robot.take(9)
        s.twin.plc.wrong_magic = True
        with pytest.raises(Unavailable):
            await s.robot.look()
        beats = s.twin.plc.read(1030, 1)
        with pytest.raises(Unavailable, match=WRONG_PROFILE):
            await s.robot.command(resume(s.twin))
        await until(lambda: s.heard.trouble == WRONG_PROFILE, "the lead to be told")
        await asyncio.sleep(0.1)  # five beats long
        assert s.twin.plc.read(1030, 1) == beats
        s.twin.plc.wrong_magic = False
        await until(lambda: s.twin.plc.read(1030, 1) != beats, "the beats to go on")
        await until(lambda: s.heard.trouble == "", "the lead to be told")


async def test_a_refused_write_is_never_tried_again() -> None:
    async with scene(command=1200) as s:
        await s.run()
        await s.robot.take(9)
        with pytest.raises(Unavailable):
            await s.robot.command(resume(s.twin))
        with pytest.raises(Unavailable, match=WRONG_PROFILE):
            await s.robot.command(resume(s.twin))
        assert isinstance(await s.end(), ConfigFault)


async def test_a_busy_device_is_no_fault() -> None:
    async with scene() as s:
        await s.run()
        s.twin.server.exception = 6
        error = await s.end()
        assert isinstance(error, Unavailable)


async def test_a_torn_read_is_read_again() -> None:
    async with scene() as s:
        await s.run()
        s.twin.plc.torn_reads = 3
        seen = await s.robot.look()
        assert seen.status.battery == 800
        s.twin.plc.torn_reads = 10**6
        with pytest.raises(Unavailable):
            await s.robot.look()


async def test_a_write_without_a_reply_is_uncertain_and_ends_the_session() -> None:
    async with scene() as s:
        await s.run()
        s.twin.silence()
        with pytest.raises((Uncertain, Unavailable)):
            await s.robot.command(resume(s.twin))
        s.twin.speak()
        with pytest.raises(Unavailable):
            await s.robot.look()
        assert isinstance(await s.end(), Unavailable)


async def test_one_write_reaches_the_robot_once() -> None:
    async with scene() as s:
        await s.robot.open(s.heard.link())
        served = s.twin.server.served
        s.twin.server.lose_replies = 5
        with pytest.raises(Uncertain):
            await s.robot.command(resume(s.twin))
        await asyncio.sleep(0.3)  # three time-outs: a client with retries would use them
        assert s.twin.server.served == served + 1


async def test_addresses_and_unit_are_configuration() -> None:
    moved = {"command": 6000, "heartbeat": 6030, "status": 7000, "journal": 7100, "unit": 5}
    async with scene(**moved) as s:
        s.twin.server.shift, s.twin.server.unit = 5000, 5
        await s.run()
        await s.robot.take(9)
        await until(lambda: s.twin.plc.memory.fence == 9, "the fence")
        await s.robot.command(resume(s.twin))
        await until(lambda: s.twin.plc.memory.ack_seq == 1, "an answer")


async def test_wrong_options_are_a_fault() -> None:
    for options in ({}, {"host": "a", "prot": 1}, {"host": "a", "unit": 256}):
        with pytest.raises(ConfigFault):
            Grh1Robot(options)


class Meddled:
    """`Registers` of a PLC that confirms a mission just after its journal was read."""

    def __init__(self, rig: Rig) -> None:
        self.rig, self.has_meddled = rig, False

    async def connect(self) -> None:
        """It is there."""

    async def read(self, address: int, count: int) -> list[int]:
        self.rig.scan()
        values = self.rig.plc.read(address, count)
        if address == JOURNAL and not self.has_meddled:
            self.has_meddled = True
            self.rig.send(Cmd.CONFIRM, 77)
        return values

    async def write(self, address: int, values: Sequence[int]) -> None:
        raise AssertionError("nobody writes here")

    def close(self) -> None:
        """Nothing to close."""


async def test_a_journal_that_belongs_to_no_moment_is_read_again() -> None:
    rig = Rig()
    rig.send(Cmd.ASSIGN, 77)
    rig.until(State.DONE)
    meddled = Meddled(rig)
    robot = Grh1Robot({"host": "bench", "poll_s": 0.001}, lambda _options: meddled)
    await robot.open(Heard().link())
    seen = await robot.look()
    assert meddled.has_meddled
    # Never a mission that is neither in hand nor in the journal: that would send people searching.
    assert seen.status.mission == 0
    assert seen.finished(77) is not None
    await robot.close()
