"""The Toshiba TEC printer on TCP, for the conformance kit."""

from devices.capabilities import Health, LabelPrinter
from devices.conformance import Case
from devices.drivers.tpcl_tcp import TpclTcpPrinter
from devices.printer_bench import PrinterBench
from devices.twins.tpcl_printer import TpclPrinterTwin

LABEL = b"{D0120,0100,0100|}{C|}{SG;0000D,0000D,0008,0008,0,??818181818181??|}"

CASE = Case(
    name="tpcl-tcp",
    driver=TpclTcpPrinter,
    capability=LabelPrinter,
    rig=lambda: PrinterBench(TpclPrinterTwin(), "17", LABEL),
    bad_options={"host": "printer", "port": "nine"},
    when_frozen=Health.DEGRADED,
)
