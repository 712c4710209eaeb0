"""The SATO printer on TCP, for the conformance kit."""

from devices.capabilities import Health, LabelPrinter
from devices.conformance import Case
from devices.drivers.sbpl_tcp import SbplTcpPrinter
from devices.printer_bench import PrinterBench
from devices.twins.sbpl_printer import SbplPrinterTwin

LABEL = b"\x1bA\x1bA100800080\x1bV0001\x1bH0001\x1bGH001001FF818181818181FF\x1bQ1\x1bZ"

CASE = Case(
    name="sbpl-tcp",
    driver=SbplTcpPrinter,
    capability=LabelPrinter,
    rig=lambda: PrinterBench(SbplPrinterTwin(), "17", LABEL),
    bad_options={"host": "printer", "port": "nine"},
    when_frozen=Health.DEGRADED,
)
