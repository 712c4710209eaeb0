"""A label printer's twin on a bench, for the conformance cases of every printer language."""

from typing import Any, Protocol

from devices.capabilities import LabelPrinter
from devices.conformance import Floor, until


class PrinterTwin(Protocol):
    """What the twins of all label printers have in common."""

    host: str
    port: int
    mute: bool
    cut_next_answer: bool
    labels: list[Any]

    async def start(self) -> None: ...

    async def stop(self) -> None: ...

    def power_cycle(self) -> None: ...


class PrinterBench:
    """*twin* and the hands that use it. `act` prints one *label* as *job*."""

    def __init__(self, twin: PrinterTwin, job: str, label: bytes) -> None:
        self.twin, self._job, self._label = twin, job, label

    async def up(self) -> None:
        await self.twin.start()

    async def down(self) -> None:
        await self.twin.stop()

    def options(self) -> dict[str, Any]:
        return {
            "host": self.twin.host, "port": self.twin.port, "poll_s": 0.05,
            "connect_timeout_s": 0.5, "answer_timeout_s": 0.2, "label_timeout_s": 2.0,
        }  # fmt: skip

    def freeze(self) -> None:
        self.twin.mute = True

    def thaw(self) -> None:
        self.twin.mute = False

    async def cut(self) -> None:
        self.twin.cut_next_answer = True
        await until(lambda: not self.twin.cut_next_answer, "half an answer")
        self.twin.power_cycle()

    async def act(self, floor: Floor) -> None:
        await floor.driver(LabelPrinter).print_label(self._job, self._label, 1)

    def effect(self, floor: Floor) -> int:
        return len(self.twin.labels)
