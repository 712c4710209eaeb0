"""A robot of profile GRH-1 on a Modbus TCP socket: a second reading of the profile, to be broken.

Put it together from a world (what stands where), a PLC that keeps the robot's rules, and a server
that can fall silent, answer late, or lose answers. The faults:

    silence() / speak()            requests vanish, connections stay
    freeze() / thaw()              the PLC stands still, its registers can be read
    power_off() / power_on()       what is retained survives; `wiped=True`: nothing does
    drop_links()                   every connection is reset
    server.delay_s, .lose_replies, .late_writes_s, .exception
    plc.torn_reads, .wrong_magic, .protocol, .deaf_to_floor
    plc.fail_next(error, leg)      source empty, target occupied, path blocked, wrong load...
    plc.stop_now() / .release()    the e-stop;  plc.take_off(), .clear_load(): a person's hands
"""

import asyncio
import random
from collections.abc import Callable, Sequence
from pathlib import Path

from devices.twins.grh1_body import Body, Delivery, DeliveryLog, Stations, World
from devices.twins.grh1_memory import AUTO
from devices.twins.grh1_plc import Pace, Plc
from devices.twins.modbus_wire import ModbusServer

__all__ = ["Body", "Delivery", "Grh1Twin", "Pace", "Stations", "World"]


class Grh1Twin:
    """One robot. `clock` gives seconds for motion; `log` is a file for its deliveries.

    `stations` are the numbers it knows; `world` says what stands there (by default nothing, and
    `twin.world.loads` can be filled). It starts at the first station, switched on.
    """

    def __init__(
        self,
        *,
        stations: Sequence[int],
        clock: Callable[[], float],
        world: World | None = None,
        pace: Pace | None = None,
        log: Path | None = None,
        unit: int = 1,
        scan_s: float = 0.02,
        remembers: bool = True,
    ) -> None:
        self.world: World = world if world is not None else Stations()
        self.body = Body(self.world, station=stations[0])
        self.log = DeliveryLog(log)
        self.plc = Plc(
            self.body, stations=stations, log=self.log, pace=pace, remembers=remembers,
            chance=random.Random(unit),  # noqa: S311 - garbage for torn reads
        )  # fmt: skip
        self.server = ModbusServer(self.plc, unit)
        self._clock, self._scan_s = clock, scan_s
        self._scanning: asyncio.Task[None] | None = None

    @property
    def port(self) -> int:
        """Where it listens, once it was started."""
        return self.server.port

    @property
    def deliveries(self) -> list[Delivery]:
        """Every container that it has physically moved, in order."""
        return self.log.deliveries

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> None:
        """Switch on and listen; port 0 takes a free one and stays on it."""
        await self.server.listen(host, port)
        if self._scanning is None:
            self._scanning = asyncio.create_task(self._scan(), name="robot twin")

    async def stop(self) -> None:
        """Switch off for good. What it remembers and carries stays as it is."""
        self.server.shut()
        if self._scanning is not None:
            self._scanning.cancel()
            await asyncio.wait({self._scanning})
            self._scanning = None

    async def power_off(self) -> None:
        """The battery is pulled: no goodbye to anyone."""
        await self.stop()

    async def power_on(self, *, wiped: bool = False) -> None:
        """It boots; *wiped* has forgotten all but BOOT_ID."""
        self.plc.boot(wiped=wiped)
        await self.start(self.server.host)

    def silence(self) -> None:
        """It answers nothing more, and goes on with what it is doing."""
        self.server.silent = True

    def speak(self) -> None:
        """It answers again."""
        self.server.silent = False

    def freeze(self) -> None:
        """The PLC is in STOP: its communication still answers with what was there."""
        self.plc.frozen = True

    def thaw(self) -> None:
        """The PLC runs again."""
        self.plc.frozen = False

    def drop_links(self) -> None:
        """Every connection is reset."""
        self.server.hang_up()

    def put_in_order(self) -> str | None:
        """A person empties the fork, clears LOAD and switches to auto. Returns what lay there."""
        code = self.plc.take_off()
        self.plc.clear_load()
        self.plc.set_mode(AUTO)
        return code

    async def _scan(self) -> None:
        while True:
            self.plc.scan(self._clock())
            await asyncio.sleep(self._scan_s)
