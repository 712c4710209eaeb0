"""The SATO printer on TCP, for the conformance kit."""

from typing import Any

from devices.capabilities import Health, LabelPrinter
from devices.conformance import Case, Floor, until
from devices.drivers.sbpl_tcp import SbplTcpPrinter
from devices.twins.sbpl_printer import SbplPrinterTwin

LABEL = b"\x1bA\x1bA100800080\x1bV0001\x1bH0001\x1bGH001001FF818181818181FF\x1bQ1\x1bZ"


class Bench:
    """A printer twin and the hands that use it."""

    def __init__(self) -> None:
        self.twin = SbplPrinterTwin()

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
        await floor.driver(LabelPrinter).print_label("17", LABEL, 1)

    def effect(self, floor: Floor) -> int:
        return len(self.twin.labels)


CASE = Case(
    name="sbpl-tcp",
    driver=SbplTcpPrinter,
    capability=LabelPrinter,
    rig=Bench,
    bad_options={"host": "printer", "port": "nine"},
    when_frozen=Health.DEGRADED,
)
