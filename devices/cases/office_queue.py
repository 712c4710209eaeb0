"""The office printer on a print queue, for the conformance kit."""

import tempfile
from pathlib import Path
from typing import Any

from devices.capabilities import Health, LabelPrinter
from devices.conformance import Case, Floor, until
from devices.drivers.office_queue import OfficeQueuePrinter
from devices.twins.office_queue import OfficeQueueTwin


class Bench:
    """A print system, and the hands that use it."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="genba-queue-")
        self.twin = OfficeQueueTwin(Path(self._folder.name))

    async def up(self) -> None:
        self.twin.start()

    async def down(self) -> None:
        self.twin.remove()

    def options(self) -> dict[str, Any]:
        return {
            "queue": self.twin.queue, "programs": str(self.twin.folder), "poll_s": 0.05,
            "timeout_s": 0.5,
        }  # fmt: skip

    def freeze(self) -> None:
        self.twin.hold()

    def thaw(self) -> None:
        self.twin.release()

    async def cut(self) -> None:
        self.twin.remove()
        self.twin.forget()
        await until(lambda: self.twin.was_asked, "a look at the queues")
        self.twin.start()

    async def act(self, floor: Floor) -> None:
        await floor.driver(LabelPrinter).print_label("J-1", b"%PDF-1.4\n%%EOF\n", 1)

    def effect(self, floor: Floor) -> int:
        return len(self.twin.sheets())


CASE = Case(
    name="office-queue",
    driver=OfficeQueuePrinter,
    capability=LabelPrinter,
    rig=Bench,
    bad_options={"queue": ""},
    when_frozen=Health.OFFLINE,
)
