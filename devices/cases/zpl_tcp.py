"""The ZPL printer on TCP, for the conformance kit."""

from typing import Any

from devices.capabilities import Health, LabelPrinter
from devices.conformance import Case, Floor, until
from devices.drivers.zpl_tcp import ZplTcpPrinter
from devices.twins.printer import PrinterTwin


class Bench:
    """A printer twin and the hands that use it."""

    def __init__(self) -> None:
        self.twin = PrinterTwin(now_ms=lambda: 0)

    async def up(self) -> None:
        await self.twin.start()

    async def down(self) -> None:
        await self.twin.stop()

    def options(self) -> dict[str, Any]:
        return {
            "host": self.twin.host,
            "port": self.twin.port,
            "poll_s": 0.05,
            "connect_timeout_s": 0.5,
            "answer_timeout_s": 0.2,
            "label_timeout_s": 2.0,
        }

    def freeze(self) -> None:
        self.twin.mute = True

    def thaw(self) -> None:
        self.twin.mute = False

    async def cut(self) -> None:
        self.twin.cut_next_answer = True
        await until(lambda: not self.twin.cut_next_answer, "half an answer")
        self.twin.power_cycle()

    async def act(self, floor: Floor) -> None:
        await floor.driver(LabelPrinter).print_label("J-1", b"^XA^FDlabel^FS^XZ", 1)

    def effect(self, floor: Floor) -> int:
        return len(self.twin.labels)


CASE = Case(
    name="zpl-tcp",
    driver=ZplTcpPrinter,
    capability=LabelPrinter,
    rig=Bench,
    bad_options={"host": "printer", "port": "nine"},
    when_frozen=Health.DEGRADED,
)
