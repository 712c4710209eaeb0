"""The Toshiba TEC printer on TCP, for the conformance kit."""

from typing import Any

from devices.capabilities import Health, LabelPrinter
from devices.conformance import Case, Floor, until
from devices.drivers.tpcl_tcp import TpclTcpPrinter
from devices.twins.tpcl_printer import TpclPrinterTwin

LABEL = b"{D0120,0100,0100|}{C|}{SG;0000D,0000D,0008,0008,0,??818181818181??|}"


class Bench:
    """A printer twin and the hands that use it."""

    def __init__(self) -> None:
        self.twin = TpclPrinterTwin()

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
    name="tpcl-tcp",
    driver=TpclTcpPrinter,
    capability=LabelPrinter,
    rig=Bench,
    bad_options={"host": "printer", "port": "nine"},
    when_frozen=Health.DEGRADED,
)
