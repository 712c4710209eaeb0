"""A label being laid out: millimetres in, a ZPL format out.

Nothing from outside reaches the printer as a command: text is a picture (`^GFA`, hexadecimal) and
barcode data goes through `^FH_`, where everything but safe ASCII is written as `_hh`.
"""

from typing import Literal

from PIL import Image

from labels.glyphs import printable
from labels.lines import LEADING, Fitted, fit
from labels.raster import draw_line, graphic_field
from labels.symbols import Symbol
from wms.errors import Code, Rejected

MODULE_MM_MIN = 0.25  # below, cheap scanners and worn print heads begin to fail
SIZE_STEP_MM = 0.25
DOTS_PER_MM = (8, 12)  # 203 and 300 dpi
EPC_BYTES = 12
INLAYS_MAX = 3

Align = Literal["left", "centre", "right"]


def field_data(text: str) -> str:
    """`^FH_^FD...^FS` with every byte that could be a command, or is not ASCII, written as `_hh`.

    >>> field_data("^XZ~JR_A")
    '^FH_^FD_5EXZ_7EJR_5FA^FS'
    """
    safe = "".join(
        chr(byte) if 0x20 <= byte <= 0x7E and byte not in b"^~\\_" else f"_{byte:02X}"
        for byte in text.encode("utf-8")
    )
    return f"^FH_^FD{safe}^FS"


class Label:
    """One label. Measures are millimetres from its top left corner, at 8 or 12 dots a millimetre.

    Text that does not fit its box at its smallest size is refused with `label.too_long`, a barcode
    too wide for its box with `label.barcode_wide`; a box outside the label is our own mistake.
    `simplified` turns true when a variation selector was removed from any text.
    """

    def __init__(self, width_mm: float, height_mm: float, dots_per_mm: int) -> None:
        assert dots_per_mm in DOTS_PER_MM
        self.dots_per_mm = dots_per_mm
        self.width, self.height = self._dots(width_mm), self._dots(height_mm)
        self.simplified = False
        self._fields: list[str] = []

    def _dots(self, millimetres: float) -> int:
        return round(millimetres * self.dots_per_mm)

    def _place(self, x: int, y: int, width: int, height: int, command: str) -> None:
        inside = x >= 0 and y >= 0 and x + width <= self.width and y + height <= self.height
        assert inside, f"{(x, y, width, height)} runs off the label: {command[:20]}"
        self._fields.append(f"^FO{x},{y}{command}")

    def text(
        self,
        text: str,
        field: str,
        x: float,
        y: float,
        width: float,
        height: float,
        sizes: tuple[float, float],
        *,
        align: Align = "left",
        middle: bool = False,
        heavy: bool = False,
        inverse: bool = False,
    ) -> None:
        """Print *text* in a box, at the largest of *sizes* (largest, smallest) at which it fits.

        `middle` centres it from top to bottom; `inverse` prints white on a black box.
        """
        shown = printable(text, field)
        self.simplified |= shown.simplified
        across, down = self._dots(width), self._dots(height)
        padding = self._dots(1) if inverse else 0
        fitted = self._fitted(shown.text, field, across - 2 * padding, down - padding, sizes)
        overhang = int(fitted.size)  # tails of letters and thick strokes may leave the box a little
        canvas = Image.new("1", (across + 2 * overhang, down + 2 * overhang))
        if inverse:
            canvas.paste(1, (overhang, overhang, overhang + across, overhang + down))
        top = (down - round(fitted.height)) // 2 if middle or inverse else 0
        for number, line in enumerate(fitted.lines):
            drawn = draw_line(line.rstrip(), int(fitted.size), heavy)
            if drawn is None:
                continue
            free = across - 2 * padding - drawn.image.width
            left = {"left": min(drawn.left, free), "centre": free // 2, "right": free}[align]
            down_to = top + round(number * LEADING * fitted.size) + drawn.top
            place = (overhang + padding + left, overhang + down_to)
            canvas.paste(0 if inverse else 1, place, drawn.image)
        self._picture(canvas, self._dots(x) - overhang, self._dots(y) - overhang)

    def _fitted(
        self, text: str, field: str, width: int, height: int, sizes: tuple[float, float]
    ) -> Fitted:
        steps = round((sizes[0] - sizes[1]) / SIZE_STEP_MM)
        wanted = [sizes[0] - SIZE_STEP_MM * step for step in range(steps + 1)]
        # Even sizes keep half-width characters on whole dots.
        fitted = fit(text, width, height, [round(self._dots(size) / 2) * 2 for size in wanted])
        if fitted is None:
            raise Rejected(Code.LABEL_TOO_LONG, field=field)
        return fitted

    def _picture(self, image: Image.Image, x: int, y: int) -> None:
        box = image.getbbox()
        if box is None:
            return
        ink = image.crop(box)
        self._place(x + box[0], y + box[1], ink.width, ink.height, graphic_field(ink) + "^FS")

    def frame(self, x: float, y: float, width: float, height: float, line: float = 0.375) -> None:
        """A box; with a height or width of its line it is a rule."""
        across, down, thick = self._dots(width), self._dots(height), self._dots(line)
        command = f"^GB{across},{down},{thick}^FS"
        self._place(self._dots(x), self._dots(y), max(across, thick), max(down, thick), command)

    def linear(
        self, symbol: Symbol, x: float, y: float, width: float, height: float, module_mm: float
    ) -> None:
        """A bar code centred in its box, quiet zones inside it, with modules up to *module_mm*."""
        box = self._dots(width)
        module = self._module(symbol, box, module_mm)
        bars = symbol.modules * module
        left = self._dots(x) + (box - bars) // 2
        command = symbol.command.format(height=self._dots(height)) + field_data(symbol.data)
        self._place(left, self._dots(y), bars, self._dots(height), f"^BY{module},3{command}")

    def matrix(self, symbol: Symbol, x: float, y: float, side: float, module_mm: float) -> None:
        """A square symbol in the top left of a square box, quiet zone inside the box.

        Printers lower a QR code by the height of the last `^BY`, so that is pinned to one dot.
        """
        module = self._module(symbol, self._dots(side), module_mm)
        quiet, extent = symbol.quiet * module, symbol.modules * module
        command = "^BY2,2,1" + symbol.command.format(module=module) + field_data(symbol.data)
        self._place(self._dots(x) + quiet, self._dots(y) + quiet, extent, extent + 1, command)

    def _module(self, symbol: Symbol, box: int, module_mm: float) -> int:
        module = min(self._dots(module_mm), box // (symbol.modules + 2 * symbol.quiet))
        if module < self._dots(MODULE_MM_MIN):
            raise Rejected(Code.LABEL_BARCODE_WIDE, field=symbol.field, text=symbol.text[:60])
        return module

    def tag(self, epc: str) -> None:
        """Write *epc* (24 hex digits) into the label's RFID tag, in Zebra's own form: of three
        inlays that will not take it each comes out marked VOID, and then the label is given up."""
        assert len(bytes.fromhex(epc)) == EPC_BYTES, epc
        self._fields.append(f"^RS8,,,{INLAYS_MAX},N^RFW,H^FD{epc.upper()}^FS")

    def to_zpl(self) -> bytes:
        """The format: UTF-8, upright, with all settings that a printer may keep from before."""
        setup = f"^CI28^PON^PMN^LRN^FWN^LH0,0^PW{self.width}^LL{self.height}"
        return "\n".join(["^XA" + setup, *self._fields, "^XZ\n"]).encode("ascii")
