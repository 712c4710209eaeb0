"""The demo's hardware: every device of the site as a twin on a real socket or pty."""

import asyncio
import re
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any, Protocol

from app.demo.physical import NODES, STATIONS, RobotFloor, World
from app.demo.site import Bin, robots, vehicles
from app.demo.special import WALL_SLOTS
from app.local import clock_ms
from devices.twins.grh1 import Grh1Twin
from devices.twins.grh1_plc import Pace
from devices.twins.lights import LightsTwin
from devices.twins.llrp import LlrpReaderTwin
from devices.twins.mqtt_broker import MqttBroker
from devices.twins.office_queue import OfficeQueueTwin
from devices.twins.printer import PrinterTwin
from devices.twins.scale import ScaleTwin
from devices.twins.scanner import ScannerTwin
from devices.twins.vda5050 import Vda5050Twin
from wms.site.epc import sgtin96

OFFICE, LIGHTS = "a4-1", "lights-1"
STATE_S, SILENT_S = 1.0, 5.0  # a vehicle's state comes so often; lost after so long without one
# What the vehicles' maker calls the reasons why a mission stops.
ERRORS = {
    "loadNotFound": 1, "stationOccupied": 2, "blockedPath": 3, "unexpectedLoad": 4, "loadLost": 5,
}  # fmt: skip
_SUBSETS = re.compile(r">[:;56]")  # how ZPL's Code 128 switches between its subsets


@dataclass(slots=True)
class Hardware:
    """All twins, by the names that `config.toml` gives their devices."""

    world: World
    folder: Path
    random: Random
    benches: tuple[str, ...]
    printers: dict[str, PrinterTwin] = field(default_factory=dict)
    scales: dict[str, ScaleTwin] = field(default_factory=dict)
    scanners: dict[str, ScannerTwin] = field(default_factory=dict)
    readers: dict[str, LlrpReaderTwin] = field(default_factory=dict)
    robots: dict[str, Grh1Twin] = field(default_factory=dict)
    vehicles: dict[str, Vda5050Twin] = field(default_factory=dict)
    broker: MqttBroker = field(default_factory=MqttBroker)
    unplugged: set[str] = field(default_factory=set)
    office: OfficeQueueTwin | None = None
    lights: LightsTwin | None = None

    async def start(self, *, whole: bool = False) -> None:
        """Switch everything on; for a *whole* shift an A4 printer for slips and the lights of a
        put wall, too."""
        if whole:
            self.office = OfficeQueueTwin(self.folder / "printers")
            self.office.start()
            self.lights = LightsTwin()
            await self.lights.start()
        for n, _ in enumerate(self.benches, start=1):
            tray = self.folder / f"tray-label-{n}.jsonl"
            printer = self.printers[f"label-{n}"] = PrinterTwin(now_ms=clock_ms, tray=tray)
            scale = self.scales[f"scale-{n}"] = ScaleTwin()
            scanner = self.scanners[f"scanner-{n}"] = ScannerTwin(self.folder / f"scanner-{n}")
            await printer.start()
            await scale.start()
            scanner.plug()
        reader = self.readers["reader-1"] = LlrpReaderTwin(random=self.random)
        await reader.start()
        await self._start_robots()

    async def _start_robots(self) -> None:
        """Those of both kinds, and the broker of the vehicles."""
        floor = RobotFloor(self.world)
        for name in robots():
            twin = self.robots[name] = Grh1Twin(
                stations=sorted(STATIONS), clock=time.monotonic, world=floor,
                pace=Pace(travel_s=2.0, hand_off_s=0.6, speed=4.0),
                log=self.folder / f"deliveries-{name}.jsonl",
            )  # fmt: skip
            await twin.start()
        await self.broker.start()
        for name in vehicles():
            vehicle = self.vehicles[name] = Vda5050Twin(
                serial=name, nodes=NODES, clock=time.monotonic, world=floor, travel_s=0.5,
                hand_off_s=0.15, scan_s=0.02, state_every_s=STATE_S,
                log=self.folder / f"deliveries-{name}.jsonl",
            )  # fmt: skip
            await vehicle.start(self.broker.host, self.broker.port)

    def config(self) -> dict[str, dict[str, Any]]:
        """What `[devices]` has to say of them."""
        devices: dict[str, dict[str, Any]] = {}
        for name, printer in self.printers.items():
            devices[name] = wired("zpl-tcp", printer, poll_s=0.3)
        for name, scale in self.scales.items():
            devices[name] = wired("mt-sics", scale, poll_s=0.2)
        for name, scanner in self.scanners.items():
            devices[name] = {"driver": "serial-scanner", "port": str(scanner.port)}
        for name, reader in self.readers.items():
            devices[name] = wired("llrp", reader)
        for name, robot in self.robots.items():
            devices[name] = {"driver": "grh1", "host": "127.0.0.1", "port": robot.port}
        for name in self.vehicles:
            devices[name] = wired(
                "vda5050", self.broker, manufacturer="genba", serial_number=name, errors=ERRORS,
                nodes={str(station): node for node, station in NODES.items()}, silent_s=SILENT_S,
            )  # fmt: skip
        if self.office is not None:
            devices[OFFICE] = {"driver": "office-queue", "queue": self.office.queue,
                               "programs": str(self.office.folder), "poll_s": 2.0}  # fmt: skip
        if self.lights is not None:
            devices[LIGHTS] = wired("modbus-lights", self.lights, channels=len(WALL_SLOTS))
        return devices

    def carriers(self) -> dict[str, Grh1Twin | Vda5050Twin]:
        """All that carry totes, of either kind, by name."""
        return {**self.robots, **self.vehicles}

    def shines(self, colour: str) -> list[str]:
        """The slots of the wall whose light has that colour."""
        return slots_lit(self.lights, colour)

    def has_paper(self, code: str) -> bool:
        """Whether a sheet with *code* on it lies in the tray of the A4 printer."""
        office = self.office
        return office is not None and any(code.encode() in pdf for pdf, _ in office.sheets())

    def label_of(self, printer: str, parcel: str) -> str | None:
        """Read the newest label of *parcel* in the printer's tray: its tracking number."""
        return label_of([label.fields for label in self.printers[printer].labels], parcel)

    def mend(self, printer: str) -> bool:
        """Look at the printer: load paper if it needs some."""
        twin = self.printers[printer]
        if not twin.is_blocked:
            return False
        twin.reload()
        return True

    def show_tags(self, reader: str, units: Counter[Bin]) -> None:
        """Put the tagged ones of *units* before the reader, and take away what was there."""
        field_ = self.readers[reader].field
        for epc in list(field_.epcs()):
            field_.remove(epc)
        for epc in tags_of(units, self.world, self.random):
            field_.place(epc, 1)

    def unplug(self, name: str) -> None:
        """Pull a cable."""
        self.unplugged.add(name)
        if name in self.scanners:
            self.scanners[name].unplug()
        elif name in self.printers:
            self.printers[name].unplug()
        elif name in self.scales:
            self.scales[name].unplug()

    async def plug_in(self, name: str) -> None:
        """Put it back."""
        self.unplugged.discard(name)
        if name in self.scanners:
            self.scanners[name].plug()
        elif name in self.printers:
            await self.printers[name].plug_in()
        elif name in self.scales:
            await self.scales[name].plug_in()

    async def restart_reader(self, name: str, off_s: float) -> None:
        """The reader loses power for a moment."""
        await self.readers[name].stop()
        await asyncio.sleep(off_s)
        await self.readers[name].start()

    async def restart_broker(self, off_s: float) -> None:
        """The vehicles' broker is started again: every connection to it is lost."""
        await self.broker.stop()
        await asyncio.sleep(off_s)
        await self.broker.start()


class Wired(Protocol):
    """A twin with an address."""

    host: str
    port: int


def wired(driver: str, twin: Wired, **options: Any) -> dict[str, Any]:
    """The section of a device at the address of its *twin*."""
    return {"driver": driver, "host": twin.host, "port": twin.port, **options}


def slots_lit(lights: LightsTwin | None, colour: str) -> list[str]:
    """The slots of the wall whose light has that colour."""
    lit = lights.lit() if lights is not None else {}
    return [WALL_SLOTS[channel] for channel, colours in lit.items() if colour in colours]


def tags_of(units: Counter[Bin], world: World, random: Random) -> list[str]:
    """What the tagged ones of *units* answer with."""
    serial = random.randrange(1 << 30)
    return [
        sgtin96(world.goods[sku].jan, serial + n, prefix_digits=7)
        for (sku, _), qty in units.items() for n in range(qty if world.goods[sku].tagged else 0)
    ]  # fmt: skip


def label_of(tray: Sequence[Sequence[str]], parcel: str) -> str | None:
    """Read the newest label of *parcel* in the tray: its tracking number. A label is what can be
    read on it."""
    for label in reversed(tray):
        texts = [_SUBSETS.sub("", text) for text in label]
        if parcel in texts:
            return next((text for text in texts if text.isdigit() and len(text) == 12), None)
    return None
