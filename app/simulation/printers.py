"""Label printers of any language in a simulated site: made, mended, and their trays read."""

from collections.abc import Callable

import zxingcpp
from PIL import Image

from devices.twins.printer import PrinterTwin
from devices.twins.raster_printer import RasterPrinterTwin
from devices.twins.sbpl_printer import SbplPrinterTwin
from devices.twins.tpcl_printer import TpclPrinterTwin

Printer = PrinterTwin | RasterPrinterTwin
Labels = list[list[str]]  # of each label what can be read on it


def printer_of(language: str, now_ms: Callable[[], int]) -> Printer:
    """A printer that speaks *language*."""
    if language == "zpl":
        return PrinterTwin(now_ms=now_ms)
    return SbplPrinterTwin() if language == "sbpl" else TpclPrinterTwin()


def read_tray(twin: Printer, read: Labels) -> Labels:
    """What can be read on the labels that came out. *read* are those that were read before: what
    is a picture is scanned once."""
    if isinstance(twin, PrinterTwin):
        return [label.fields for label in twin.labels]
    read += [_codes(label.picture) for label in twin.labels[len(read) :]]
    return read


def _codes(picture: Image.Image) -> list[str]:
    """What a scanner reads; the number of the carrier without its start and stop characters."""
    found = zxingcpp.read_barcodes(picture.convert("L").point(lambda ink: 255 - ink))
    return sorted(
        code.text[1:-1] if code.format == zxingcpp.BarcodeFormat.Codabar else code.text
        for code in found
    )


def mend(twin: Printer) -> bool:
    """Look at it: mend what stops it, if something does."""
    if not twin.is_blocked:
        return False
    if isinstance(twin, RasterPrinterTwin):
        twin.mend()
    else:
        twin.reload()
        twin.close_head()
        twin.resume()
    return True
