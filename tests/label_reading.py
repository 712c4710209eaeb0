"""Reading labels as a scanner and an eye would: barcodes, ink that collides, text that is there.

Text is drawn again here, with Pillow alone, to compare it with what the label printed.
"""

from collections.abc import Iterable, Sequence
from functools import cache

import zxingcpp
from PIL import Image, ImageChops, ImageDraw, ImageFont

from labels.glyphs import FONT_FOLDER
from labels.preview import Field, Preview, read

SQUARES = ("BQ", "BX")
QUIET = {"BC": 10, "BK": 10, "BQ": 4, "BX": 1}  # modules that must stay free
INK = 110  # of 255, as the labels choose it

Box = tuple[int, int, int, int]


def one(zpl: bytes) -> Preview:
    """The only label of a format."""
    (label,) = read(zpl)
    return label


def barcodes(image: Image.Image) -> set[str]:
    """What zxing-cpp reads; NW-7 without its start and stop characters."""
    return {
        result.bytes.decode()[1:-1]
        if result.format == zxingcpp.BarcodeFormat.Codabar
        else result.bytes.decode()
        for result in zxingcpp.read_barcodes(image)
    }


def collisions(label: Preview) -> list[str]:
    """Fields whose ink touches another's, or stands in a barcode's quiet zone, or off the label.

    Frames may share their lines with frames.
    """
    paper = (0, 0, label.width, label.height)
    faults = [
        f"off the label: {_name(f)}" for f in label.fields if _joint(_box(f), paper) != _box(f)
    ]
    for field in label.fields:
        kept_free = _kept_free(field)
        if kept_free[0] < 0 or kept_free[2] > label.width:
            faults.append(f"quiet zone off the label: {_name(field)}")
        for other in label.fields:
            frames = field.kind == other.kind == "GB"
            shared = _joint(kept_free, _box(other))
            if other is field or frames or shared[0] >= shared[2] or shared[1] >= shared[3]:
                continue
            touched = _ink_in(other, shared)
            if field.kind not in QUIET:
                touched = ImageChops.logical_and(touched, _ink_in(field, shared))
            if touched.getbbox():
                faults.append(f"{_name(field)} touches {_name(other)}")
    return faults


def _name(field: Field) -> str:
    return f"{field.kind} {field.text or ''} at {field.x},{field.y}"


def _box(field: Field) -> Box:
    return field.x, field.y, field.x + field.ink.width, field.y + field.ink.height


def _joint(one: Box, other: Box) -> Box:
    left, top = max(one[0], other[0]), max(one[1], other[1])
    return left, top, min(one[2], other[2]), min(one[3], other[3])


def _ink_in(field: Field, box: Box) -> Image.Image:
    x, y = field.x, field.y
    return field.ink.crop((box[0] - x, box[1] - y, box[2] - x, box[3] - y))


def _kept_free(field: Field) -> Box:
    """Where no other ink may be: for barcodes the quiet zone too."""
    left, top, right, bottom = _box(field)
    if field.kind not in QUIET:
        return left, top, right, bottom
    quiet = QUIET[field.kind] * _module(field)
    below = quiet if field.kind in SQUARES else 0
    return left - quiet, top - below, right + quiet, bottom + below


def _module(field: Field) -> int:
    """Width of the narrowest bar in dots, measured on the ink."""
    row = [bool(dot) for dot in field.ink.crop((0, 0, field.ink.width, 1)).tobytes("raw", "L")]
    widths, at = [], 0
    for here in range(1, len(row) + 1):
        if here == len(row) or row[here] != row[at]:
            widths.append(here - at)
            at = here
    return min(widths)


def drawn(text: str, size: int, stroke: int = 0) -> Image.Image:
    """*text* in one line, cropped to its ink; 𠮷 and the like from the second font."""
    canvas = Image.new("L", (size * (len(text) + 2), size * 2))
    pen, x = ImageDraw.Draw(canvas), float(size)
    for part, font_name in _by_font(text):
        font = _font(font_name, size)
        pen.text((x, size * 1.5), part, fill=255, font=font, anchor="ls", stroke_width=stroke)
        x += size * _em(part)
    ink = canvas.point(lambda level: 255 if level >= INK else 0).convert("1")
    return ink.crop(ink.getbbox())


@cache
def _font(name: str, size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(FONT_FOLDER / name), size)


def _by_font(text: str) -> Iterable[tuple[str, str]]:
    part = ""
    for character in text:
        if ord(character) > 0xFFFF:
            yield from [(part, "BIZUDGothic-Regular.ttf")] if part else []
            yield character, "NotoSansJP-Subset.ttf"
            part = ""
        else:
            part += character
    yield from [(part, "BIZUDGothic-Regular.ttf")] if part else []


def prints(label: Preview, lines: Sequence[str]) -> bool:
    """Whether a picture field of *label* is exactly *lines*, in some size, plain or heavy."""
    pictures = [field.ink for field in label.fields if field.kind == "GF"]
    return any(
        _same(ink, _block(lines, size, stroke))
        for size in range(14, 140, 2)
        for stroke in {0, size // 36}
        for ink in pictures
        if abs(ink.width - size * max(map(_em, lines))) <= size
    )


def _em(text: str) -> float:
    half = sum(character.isascii() or "｡" <= character <= "ﾟ" for character in text)
    return len(text) - half / 2


def _block(lines: Sequence[str], size: int, stroke: int) -> list[Image.Image]:
    return [drawn(line, size, stroke) for line in lines]


def _same(ink: Image.Image, lines: list[Image.Image]) -> bool:
    """*ink* holds each of *lines*, one below the other, and nothing else."""
    top = 0
    for line in lines:
        found = _first_at(ink, line, top)
        if found is None:
            return False
        top = found + line.height
    total = sum(line.histogram()[-1] for line in lines)
    return total == ink.histogram()[-1]


def _first_at(ink: Image.Image, line: Image.Image, top: int) -> int | None:
    """The row from *top* where the ink begins, if *line* stands there at the left."""
    rest = ink.crop((0, top, ink.width, ink.height))
    box = rest.getbbox()
    if box is None:
        return None
    for left in range(min(8, ink.width)):
        size = (left, top + box[1], left + line.width, top + box[1] + line.height)
        part = ink.crop(size)
        if not ImageChops.logical_xor(part, line).getbbox():
            return top + box[1]
    return None
