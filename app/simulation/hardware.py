"""The devices of a simulated site: the same twins, on wires in memory."""

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

from app.demo.physical import STATIONS, RobotFloor, World
from app.demo.site import DROPS, Bin
from app.demo.special import WALL_SLOTS
from app.demo.twins import LIGHTS, label_of, slots_lit, tags_of, wired
from app.simulation import readers, vehicles
from app.simulation.benches import CabledScanner, Reader, Scanners
from app.simulation.gear import Gear
from app.simulation.printers import Labels, Printer, mend, printer_of, read_tray
from app.simulation.readers import BenchReader
from app.simulation.robots import SCAN_S, Wire, Wires
from app.simulation.vehicles import Fleet
from devices.twins import grh1_memory as m
from devices.twins.grh1_body import Body, DeliveryLog
from devices.twins.grh1_plc import Pace, Plc
from devices.twins.lights import LightsTwin
from devices.twins.scale import ScaleTwin

READER_DRIVER = "field-reader"  # of `app.simulation.benches`; no site can name it
ROBOT_PORT = 10_000
PERSON_S = 240.0  # until somebody comes to a robot that stands
PACE = Pace(travel_s=60.0, hand_off_s=12.0)


@dataclass(slots=True)
class Hardware:
    """Printers, scales, scanners, readers, lights and robots by the names of `config.toml`."""

    world: World
    random: Random
    benches: int
    robots: int
    has_wall: bool = False
    gear: Gear = field(default_factory=Gear)
    wires: Wires = field(default_factory=Wires)
    ports: Scanners = field(default_factory=Scanners)
    printers: dict[str, Printer] = field(default_factory=dict)
    scales: dict[str, ScaleTwin] = field(default_factory=dict)
    readers: dict[str, Reader | BenchReader] = field(default_factory=dict)
    plcs: dict[str, Plc] = field(default_factory=dict)
    lights: LightsTwin | None = None
    fleet: Fleet = field(init=False)
    read: dict[str, Labels] = field(default_factory=dict)  # labels that somebody has scanned

    def __post_init__(self) -> None:
        self.fleet = Fleet(self.world, self.gear.vehicles)

    @property
    def scanners(self) -> dict[str, CabledScanner]:
        """The scanners of benches, by name."""
        return self.ports.twins

    async def start(self) -> None:
        """Switch everything on."""
        loop = asyncio.get_running_loop()
        for n in range(1, self.benches + 1):
            printer = printer_of(self.gear.printer, lambda: int(loop.time() * 1000))
            scale, scanner = ScaleTwin(), CabledScanner(f"scanner-{n}")
            await printer.start()
            await scale.start()
            scanner.plug()
            self.printers[f"label-{n}"], self.scales[f"scale-{n}"] = printer, scale
            self.scanners[scanner.name] = scanner
            self.readers[f"reader-{n}"] = await self._reader()
        if self.has_wall:
            self.lights = LightsTwin()
            await self.lights.start()
        for n in range(1, self.robots + 1):
            self._add_robot(n)
        await self.fleet.start(loop.time)

    async def _reader(self) -> Reader | BenchReader:
        """An RFID reader of a bench."""
        if self.gear.reader == "field":
            return Reader()
        reader = BenchReader(self.dice())
        await reader.twin.start()
        return reader

    async def stop(self) -> None:
        """Switch everything off."""
        for reader in self.readers.values():
            if isinstance(reader, BenchReader):
                await reader.twin.stop()
        for printer in self.printers.values():
            await printer.stop()
        for scale in self.scales.values():
            await scale.stop()
        if self.lights is not None:
            await self.lights.stop()
        await self.fleet.stop()

    def _add_robot(self, number: int) -> None:
        stations = sorted(STATIONS)
        body = Body(RobotFloor(self.world), station=stations[0])
        plc = Plc(body, stations=stations, log=DeliveryLog(None), pace=PACE, chance=self.random)
        self.plcs[f"agv-{number}"] = plc
        self.wires.wires[ROBOT_PORT + number] = Wire(plc, self.dice())

    def dice(self) -> Random:
        """Chance of its own for a part of it."""
        return Random(self.random.getrandbits(64))  # noqa: S311 - no secret

    async def keep_working(self) -> None:
        """Robots go on with their work, whether anybody asks them or not; and when one has stood
        for a while, a person helps it up."""
        clock = asyncio.get_running_loop().time
        well_s = dict.fromkeys((*self.plcs, *self.fleet.twins), clock())
        while True:
            for name, plc in self.plcs.items():
                plc.scan(clock())
                if not _stands(plc):
                    well_s[name] = clock()
                elif clock() - well_s[name] > PERSON_S:
                    self._help_up(plc)
            for name, twin in self.fleet.twins.items():
                if not vehicles.stands(twin):
                    well_s[name] = clock()
                elif clock() - well_s[name] > PERSON_S:
                    vehicles.help_up(twin, self.world)
            await asyncio.sleep(SCAN_S)

    def _help_up(self, plc: Plc) -> None:
        """Take the load off, say at the panel that the fork is empty, and switch to automatic."""
        code = plc.take_off()
        if code is not None:
            self.world.where[code] = DROPS[0]
        plc.clear_load()
        plc.release()
        plc.set_mode(m.AUTO)

    def config(self) -> dict[str, dict[str, Any]]:
        """What `[devices]` has to say of them."""
        devices: dict[str, dict[str, Any]] = {}
        for name, printer in self.printers.items():
            devices[name] = wired(f"{self.gear.printer}-tcp", printer, poll_s=60.0)
        for name, scale in self.scales.items():
            devices[name] = wired("mt-sics", scale, poll_s=5.0)
        for name in self.scanners:
            devices[name] = {"driver": "serial-scanner", "port": name, "poll_s": 30.0}
        for name, reader in self.readers.items():
            devices[name] = {"driver": READER_DRIVER, "reader": name}
            if isinstance(reader, BenchReader):
                devices[name] = wired("llrp", reader.twin, **readers.OPTIONS)
        if self.lights is not None:
            devices[LIGHTS] = wired(
                "modbus-lights", self.lights, channels=len(WALL_SLOTS), poll_s=10.0
            )
        for number, name in enumerate(self.plcs, start=1):
            devices[name] = {"driver": "grh1", "host": "agv", "port": ROBOT_PORT + number,
                             "poll_s": 5.0, "beat_s": 1.0, "frozen_s": 15.0,
                             "patience_s": 60.0}  # fmt: skip
        return devices | self.fleet.config()

    def stations(self) -> dict[str, dict[str, Any]]:
        """What `[stations]` has to say of the benches."""
        return {
            f"PACK-{n}": {
                "kind": "pack", "place": f"PACK-{n}", "printer": f"label-{n}",
                "scale": f"scale-{n}", "scanner": f"scanner-{n}", "reader": f"reader-{n}",
            }
            for n in range(1, self.benches + 1)
        }  # fmt: skip

    def labels(self) -> dict[str, Labels]:
        """What can be read on every label that came out, by printer."""
        return {name: self._tray(name) for name in self.printers}

    def _tray(self, printer: str) -> Labels:
        return read_tray(self.printers[printer], self.read.setdefault(printer, []))

    def deliveries(self) -> dict[str, list[list[Any]]]:
        """What robots and vehicles really carried."""
        logs = {name: plc.log for name, plc in self.plcs.items()}
        logs |= {name: twin.log for name, twin in self.fleet.twins.items()}
        return {
            name: [[one.mission, one.load, one.source, one.target] for one in log.deliveries]
            for name, log in logs.items()
        }

    def shines(self, colour: str) -> list[str]:
        """The slots of the wall whose light has that colour."""
        return slots_lit(self.lights, colour)

    def label_of(self, printer: str, parcel: str) -> str | None:
        """Read the newest label of *parcel* in the printer's tray: its tracking number."""
        return label_of(self._tray(printer), parcel)

    def field_reader(self, name: str) -> Reader:
        """One that stands at the seam of its driver."""
        reader = self.readers[name]
        assert isinstance(reader, Reader)
        return reader

    def show_tags(self, reader: str) -> Callable[[Counter[Bin]], None]:
        """A way to put the tagged ones of some units before *reader*."""
        return lambda units: self.readers[reader].show(tags_of(units, self.world, self.random))

    def mend(self, printer: str) -> bool:
        """Look at the printer: mend what stops it."""
        return mend(self.printers[printer])


def _stands(plc: Plc) -> bool:
    """Whether a robot waits for a person."""
    memory = plc.memory
    with_load = memory.state in (m.NONE, m.FAILED) and plc.body.fork is not None
    return memory.mode != m.AUTO or memory.load == m.UNKNOWN or with_load
