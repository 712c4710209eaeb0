"""The serial scanner and its twin on a pseudo terminal."""

import asyncio
import tempfile
from pathlib import Path
from typing import Any

from devices.capabilities import Driver
from devices.conformance import Case, Floor, until
from devices.drivers.serial_scanner import SerialScanner
from devices.twins.scanner import ScannerTwin
from wms.rooms.signals import Scan

REPLUG_S = 0.05


class Bench:
    """Each act scans a code that was not scanned before."""

    def __init__(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.twin = ScannerTwin(Path(self.folder.name) / "scanner")
        self.codes = 0

    async def up(self) -> None:
        self.twin.plug()

    async def down(self) -> None:
        self.twin.unplug()

    def options(self) -> dict[str, Any]:
        return {"port": str(self.twin.port)}

    def freeze(self) -> None:
        """A scanner that hangs is a scanner that nobody uses."""

    def thaw(self) -> None:
        """It is used again."""

    async def cut(self) -> None:
        await self.twin.send(b"]C1HALF-A-SC")
        self.twin.unplug()
        await asyncio.sleep(REPLUG_S)
        self.twin.plug()

    async def act(self, floor: Floor) -> None:
        floor.driver(Driver)
        self.codes += 1
        scan = Scan("device", f"]C0CODE-{self.codes}")
        await self.twin.scan(scan.text)
        await until(lambda: scan in floor.heard, scan.text)

    def effect(self, floor: Floor) -> int:
        return len(floor.heard)


CASE = Case(
    name="serial-scanner",
    driver=SerialScanner,
    capability=Driver,
    rig=Bench,
    bad_options={"port": "/dev/ttyS0", "baud": 1},
    when_frozen=None,
)
