"""A PDF on A4, laid out in millimetres, with the fonts embedded: it prints alike everywhere."""

import re
from functools import cache
from io import BytesIO
from typing import Literal

from reportlab.graphics.barcode.code128 import Code128Auto
from reportlab.lib.units import mm
from reportlab.lib.utils import ImageReader
from reportlab.pdfbase import pdfmetrics, ttfonts
from reportlab.pdfgen.canvas import Canvas

from labels.glyphs import Face, printable, runs, width_em
from labels.lines import LEADING, fit, wrap
from labels.raster import BASELINE
from labels.symbols import code128
from wms.errors import Code, Rejected

WIDTH_MM, HEIGHT_MM = 210.0, 297.0
MODULE_MM_MIN = 0.25

Align = Literal["left", "centre", "right"]


_to_unicode = ttfonts.makeToUnicodeCMap


def _to_utf16(font: str, subset: list[int]) -> str:
    """The table by which readers copy and search text.

    reportlab writes code points beyond U+FFFF (𠮷) with five digits where PDF wants UTF-16
    (ISO 32000-1, 9.10.3): a name copied out of the slip would be another one.
    """
    return re.sub(
        "<([0-9A-F]{5,6})>",
        lambda found: f"<{chr(int(found[1], 16)).encode('utf-16-be').hex().upper()}>",
        _to_unicode(font, subset),
    )


ttfonts.makeToUnicodeCMap = _to_utf16


@cache
def _register(face: Face) -> str:
    pdfmetrics.registerFont(ttfonts.TTFont(face.name, str(face.path)))
    return face.name


class Paper:
    """Pages of A4. Measures are millimetres from the top left corner, text sizes points.

    The same calls give the same bytes: no time of making is written. `simplified` turns true when a
    variation selector was removed from any text.
    """

    def __init__(self, title: str) -> None:
        self._buffer = BytesIO()
        size = (WIDTH_MM * mm, HEIGHT_MM * mm)
        self._canvas = Canvas(self._buffer, pagesize=size, invariant=1)
        self._canvas.setTitle(title)
        self.simplified = False

    def line(
        self, text: str, field: str, x: float, y: float, size: float, align: Align = "left"
    ) -> None:
        """One line at (`x`, `y`), its top; `x` is the left end, the middle or the right end."""
        shown = printable(text, field)
        self.simplified |= shown.simplified
        width = width_em(shown.text) * size
        left = x * mm - {"left": 0.0, "centre": width / 2, "right": width}[align]
        across, down = left + width <= WIDTH_MM * mm, y * mm + size <= HEIGHT_MM * mm
        assert left >= 0 and across and down, f"runs off the page: {field}"
        for run in runs(shown.text):
            self._canvas.setFont(_register(run.face), size)
            self._canvas.drawString(left, (HEIGHT_MM - y) * mm - BASELINE * size, run.text)
            left += width_em(run.text) * size

    def text(
        self,
        text: str,
        field: str,
        x: float,
        y: float,
        width: float,
        size: float,
        align: Align = "left",
    ) -> float:
        """*text* wrapped to *width*, line feeds kept; gives the height that it took."""
        lines = wrapped(text, field, width, size)
        at = {"left": x, "centre": x + width / 2, "right": x + width}[align]
        for number, line in enumerate(lines):
            self.line(line.rstrip(), field, at, y + number * leading(size), size, align)
        self.simplified |= printable(text.replace("\n", ""), field).simplified
        return len(lines) * leading(size)

    def fitted(
        self, text: str, field: str, x: float, y: float, width: float, height: float, size: float
    ) -> float:
        """*text* at *size* or the largest smaller size, down to 5 points, that fits the box.

        Gives the height that it took, none for empty text.
        """
        shown = printable(text, field)
        self.simplified |= shown.simplified
        sizes = [size - step / 2 for step in range(round(size * 2) - 9)]
        found = fit(shown.text, width * mm, height * mm, sizes)
        if found is None:
            raise Rejected(Code.LABEL_TOO_LONG, field=field)
        return self.text(shown.text, field, x, y, width, found.size) if text else 0.0

    def box(self, x: float, y: float, width: float, height: float, shade: float = 0.0) -> None:
        """A thin frame; with *shade* (0 white to 1 black) a filled one."""
        self._canvas.setLineWidth(0.3 * mm)
        self._canvas.setFillGray(1 - shade)
        bottom = (HEIGHT_MM - y - height) * mm
        self._canvas.rect(x * mm, bottom, width * mm, height * mm, fill=shade > 0)
        self._canvas.setFillGray(0)

    def rule(self, x: float, y: float, width: float) -> None:
        """A thin horizontal line."""
        self._canvas.setLineWidth(0.2 * mm)
        self._canvas.line(x * mm, (HEIGHT_MM - y) * mm, (x + width) * mm, (HEIGHT_MM - y) * mm)

    def code128(
        self, text: str, field: str, x: float, y: float, width: float, height: float
    ) -> None:
        """Code 128 centred in its box, quiet zones inside. Refused when too wide for the box."""
        symbol = code128(text, field)
        module = min(0.5, width / (symbol.modules + 2 * symbol.quiet))
        if module < MODULE_MM_MIN:
            raise Rejected(Code.LABEL_BARCODE_WIDE, field=field, text=text[:60])
        bars = Code128Auto(text, barWidth=module * mm, barHeight=height * mm, quiet=0)
        left = x * mm + (width * mm - bars.width) / 2
        bars.drawOn(self._canvas, left, (HEIGHT_MM - y - height) * mm)

    def picture(self, image: ImageReader, x: float, y: float, width: float, height: float) -> None:
        """An image filling a box."""
        bottom = (HEIGHT_MM - y - height) * mm
        self._canvas.drawImage(image, x * mm, bottom, width * mm, height * mm)

    def next_page(self) -> None:
        self._canvas.showPage()

    def to_pdf(self) -> bytes:
        """The whole document; the last page is ended here."""
        self._canvas.save()
        return self._buffer.getvalue()


def leading(size: float) -> float:
    """Distance of lines in millimetres for a size in points."""
    return LEADING * size / float(mm)


def wrapped(text: str, field: str, width: float, size: float) -> tuple[str, ...]:
    """Lines of at most *width* millimetres at *size* points; line feeds start new ones."""
    em = width * mm / size
    return tuple(
        line
        for paragraph in text.replace("\r\n", "\n").split("\n")
        for line in wrap(printable(paragraph, field).text, em)
    )
