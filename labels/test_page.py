"""A page to try a label printer with, 100 x 150 mm: each bar code in its sizes, and rulers.

For whoever sets a printer up, and for a carrier's approval beside a shipping label: what scans here
scans on every label, and what measures right is printed at its real size.
"""

from labels.pieces import Data, Name, Text, note_simplified
from labels.symbols import Symbol, code128, gs1_128, gs1_data_matrix, nw7, qr
from labels.zpl import Label

TRACKING = "262492160324"
SSCC = "049012345600000017"
GTIN = "04901234567894"
CODES = ("GENBA-0.25", "GENBA-0.375", "GENBA-0.5")
MODULES_MM = (0.25, 0.375, 0.5)
RULER_MM = 90


class TestPage(Data, frozen=True):
    """`title` says which printer this is, `note` anything else."""

    __test__ = False  # no test, whatever its name

    title: Name
    note: Text = ""


def render(data: TestPage, dots_per_mm: int, copy: int) -> bytes:
    """A ZPL format. The captions give each narrow bar as this printer's dots allow it."""
    label = Label(100, 150, dots_per_mm)
    label.text(data.title, "title", 3, 2, 94, 7, (6, 2.5), heavy=True)
    _rulers(label)
    y = 18.0
    for code, module_mm in zip(CODES, MODULES_MM, strict=True):
        y = _linear(label, code128(code, "code"), "Code 128", y, 8, module_mm)
    for module_mm in MODULES_MM[:2]:
        y = _linear(label, nw7(TRACKING, "tracking"), "NW-7", y, 8, module_mm)
    y = _linear(label, gs1_128((("00", SSCC),), "sscc"), "GS1-128", y, 14, 0.5)
    label.text("QR 0.5 mm", "", 4, y, 30, 3, (2.5, 2))
    label.matrix(qr("GENBA-QR", "qr"), 4, y + 3.5, 22, 0.5)
    label.text("GS1 Data Matrix 0.5 mm", "", 44, y, 50, 3, (2.5, 2))
    elements = [("01", GTIN), ("10", "LOT-A1"), ("21", "S1")]
    label.matrix(gs1_data_matrix(elements, "gtin"), 44, y + 3.5, 22, 0.5)
    label.text(data.note, "note", 4, 143, 84, 4, (3, 1.75))
    note_simplified(label, 4, 147.5, 84)
    return label.to_zpl()


def _rulers(label: Label) -> None:
    """Ten millimetres from tick to tick, across and down."""
    label.frame(4, 14, RULER_MM, 0.25, 0.25)
    for at in range(0, RULER_MM + 1, 10):
        label.frame(4 + at, 11, 0.25, 3, 0.25)
    label.frame(98, 14, 0.25, 120, 0.25)
    for at in range(0, 121, 10):
        label.frame(96, 14 + at, 2, 0.25, 0.25)


def _linear(
    label: Label, symbol: Symbol, name: str, y: float, height: float, module_mm: float
) -> float:
    """A caption and its bar code; returns where the next may begin."""
    real_mm = round(module_mm * label.dots_per_mm) / label.dots_per_mm
    label.text(f"{name} {real_mm:.3g} mm  {symbol.text}", "", 4, y, 90, 3, (2.5, 2))
    label.linear(symbol, 1, y + 3.5, 94, height, module_mm)
    return y + height + 5
