"""The ZPL printer on TCP, for the conformance kit."""

from devices.capabilities import Health, LabelPrinter
from devices.conformance import Case
from devices.drivers.zpl_tcp import ZplTcpPrinter
from devices.printer_bench import PrinterBench
from devices.twins.printer import PrinterTwin

LABEL = b"^XA^FDlabel^FS^XZ"

CASE = Case(
    name="zpl-tcp",
    driver=ZplTcpPrinter,
    capability=LabelPrinter,
    rig=lambda: PrinterBench(PrinterTwin(now_ms=lambda: 0), "J-1", LABEL),
    bad_options={"host": "printer", "port": "nine"},
    when_frozen=Health.DEGRADED,
)
