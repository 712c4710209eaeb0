"""The floor's server in a simulation: the real workers and supervisor, and it can be killed."""

import asyncio
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from litestar import Litestar
from sqlalchemy.exc import DBAPIError

from app import mirror, wiring
from app.machine.clock import SiteClock
from app.simulation.benches import FieldReader
from app.simulation.hardware import READER_DRIVER, Hardware
from app.simulation.machine import Machine
from app.simulation.network import PROCESS, Network
from app.simulation.readers import PACE as READER_PACE
from app.simulation.readers import client_on
from app.simulation.vehicles import line
from devices import intake, registry
from devices.capabilities import Driver, Health
from devices.drivers.grh1 import Grh1Robot
from devices.drivers.llrp import LlrpReader
from devices.drivers.serial_scanner import SerialScanner
from devices.drivers.vda5050 import Vda5050Robot
from devices.patience import Policy
from devices.supervisor import Supervisor
from wms.config import Config
from wms.db import Book
from wms.rooms import alive

BELL_PATIENCE_S = 300.0
BOOT_S = 3.0  # from being started to the first answer
RESTART_S = 5.0
POLICY = Policy(liveness_s=200.0, backoff_max_s=60.0)


class Killed(BaseException):
    """The process is gone at this very instruction. Nothing of it runs on."""


@dataclass(slots=True)
class Server:
    """`genba run` without its HTTP door. `points` counts how often each point was reached."""

    config: Config
    root: Path
    random: Random
    hardware: Hardware
    network: Network
    machine: Machine
    points: Counter[str] = field(default_factory=Counter)
    strike: Callable[[str], bool] | None = None  # whether the process dies at that point
    kills: int = 0
    failed: asyncio.Event = field(default_factory=asyncio.Event)
    died: asyncio.Event = field(default_factory=asyncio.Event)
    bug: BaseException | None = None
    life: "Life | None" = None

    async def start(self) -> None:
        """Boot: after a kill this is what the service manager does. Nothing if it runs."""
        await asyncio.sleep(BOOT_S)
        if self.life is None:
            self.life, self.died = Life(self), asyncio.Event()
            self.life.task = asyncio.create_task(self.life.live(), name="server")
            self.life.task.add_done_callback(self._note)

    async def stop(self) -> None:
        """SIGTERM."""
        life, self.life = self.life, None
        if life is not None and life.task is not None:
            life.task.cancel()
            await asyncio.gather(life.task, return_exceptions=True)

    def _note(self, life: asyncio.Task[None]) -> None:
        """A server that ends by itself is a bug, whatever it says."""
        if not life.cancelled() and (error := life.exception()) is not None:
            self.bug = error
            self.failed.set()

    async def restart_device(self, name: str) -> None:
        """Somebody has seen that it does not work, and lets it begin anew."""
        life = self.life
        if life is not None and life.supervisor is not None and name in life.supervisor.names():
            await life.supervisor.restart(name)

    def kill(self) -> None:
        """SIGKILL, from outside."""
        if self.life is not None:
            self.life.end()


class Life:
    """One life of the process: once it is over, nothing of it reaches the book or a wire."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.app: Litestar | None = None
        self.supervisor: Supervisor | None = None
        self.is_over = False
        self.task: asyncio.Task[None] | None = None

    def end(self) -> None:
        """The process is gone, and with it every connection."""
        server = self.server
        self.is_over, self.app, server.life = True, None, None
        server.kills += 1
        server.died.set()
        server.network.reset_all(self)
        for wire in server.hardware.wires.wires.values():
            wire.life += 1
        assert self.task is not None
        self.task.cancel()

    def _leave(self, _code: int) -> None:
        """The process ends itself."""
        self.end()
        raise Killed("left")

    def reached(self, point: str) -> None:
        """A named moment in the code; whoever is dead does not get there."""
        if self.is_over:
            raise Killed(point)
        server = self.server
        server.points[point] += 1
        if server.strike is not None and server.strike(point):
            self.end()
            raise Killed(point)

    async def live(self) -> None:
        """From boot to the end."""
        server = self.server
        PROCESS.set(self)
        loop = asyncio.get_running_loop()
        machine, clock = server.machine, SiteClock(server.machine.wall_ms, server.machine.steady_ms)
        book = machine.open_book(server.config.database.url, self.reached, self._leave)
        book.bell.patience_s = BELL_PATIENCE_S

        async def on_health(device: str, health: Health, reason: str) -> None:
            with suppress(Killed):
                await book.write(
                    intake.record_health, device=device, health=health, reason=reason,
                    now=clock.now_ms(),
                )  # fmt: skip

        supervisor = self.supervisor = Supervisor(
            load=self._driver, on_health=on_health, clock=loop.time, random=server.random,
            policy=POLICY,
        )  # fmt: skip
        site = wiring.Site(
            server.config, server.root, book, supervisor, server.random, "", None, clock.now_ms,
            loop.time, wiring.dots_of(server.config), wiring.languages_of(server.config),
        )  # fmt: skip
        try:
            await self._set_up(book, clock)
            for name, device in sorted(server.config.devices.items()):
                await supervisor.start(name, device.driver, device.options)
            crew = alive.Crew(server.random)
            reloader = wiring.reloader_of(site, server.root / "config.toml", crew)
            self.app = wiring.application(site, reloader)
            await crew.keep(wiring.workers(site) | machine.jobs(book, clock))
        except Killed:
            pass
        except BaseExceptionGroup:
            if not self.is_over:
                raise
        finally:
            self.app = None
            with suppress(Killed):
                await supervisor.stop_all()
            book.close()

    async def _set_up(self, book: Book, clock: SiteClock) -> None:
        """A server that cannot write at boot ends, and is started again a little later."""
        while True:
            try:
                now = clock.now_ms()
                await book.write(mirror.set_up, self.server.config, holder="1", now=now)
                return
            except DBAPIError:
                await asyncio.sleep(RESTART_S)
                book.full = False  # the next process has not met it yet

    def _driver(self, name: str) -> Callable[[Any], Driver]:
        hardware, network = self.server.hardware, self.server.network
        if name == "grh1":
            return lambda options: Grh1Robot(options, hardware.wires.connect)
        if name == "vda5050":
            return lambda options: Vda5050Robot(options, line)
        if name == "serial-scanner":
            return lambda options: SerialScanner(options, hardware.ports.open_line)
        if name == READER_DRIVER:
            return lambda options: FieldReader(hardware.field_reader(options["reader"]))
        if name == "llrp":
            return lambda options: LlrpReader(options, client_on(network), READER_PACE)
        return registry.load(name)
