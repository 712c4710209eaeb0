"""Text as black and white dots: drawn with the embedded fonts, so that any ZPL printer prints it.

A printer without a Japanese font leaves blanks or boxes; a picture of the text prints everywhere.
"""

from dataclasses import dataclass
from functools import cache
from itertools import groupby

from PIL import Image, ImageDraw, ImageFont

from labels.glyphs import Face, face_of, width_em

BASELINE = 0.88  # of the size, from the top: where both fonts' ideographs sit
_INK = 110  # of 255: a little under half keeps thin strokes of dense kanji


@dataclass(frozen=True, slots=True)
class Drawn:
    """Ink cropped to its bounding box, at (`left`, `top`) of the line's box. White = ink."""

    image: Image.Image
    left: int
    top: int


@cache
def _font(face: Face, size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(face.path), size, layout_engine=ImageFont.Layout.BASIC)


def draw_line(text: str, size: int, heavy: bool = False) -> Drawn | None:
    """Draw one line of printable *text*, *size* dots high; None when there is no ink (spaces).

    Characters stand at their exact advances. `heavy` thickens the strokes of
    large text; small kanji would clog.
    """
    stroke = size // 36 if heavy else 0
    margin = size // 2
    width = round(width_em(text) * size) + 2 * margin
    canvas = Image.new("L", (width, 2 * size + margin))
    pen = ImageDraw.Draw(canvas)
    at = 0.0
    for character in text:
        face = face_of(character)
        assert face is not None, f"not made printable: U+{ord(character):04X}"
        place = (margin + round(at * size), margin + round(BASELINE * size))
        font = _font(face, size)
        pen.text(place, character, fill=255, font=font, anchor="ls", stroke_width=stroke)
        at += width_em(character)
    ink = canvas.point(lambda level: 255 if level >= _INK else 0).convert("1")
    box = ink.getbbox()
    if box is None:
        return None
    return Drawn(ink.crop(box), box[0] - margin, box[1] - margin)


def graphic_field(image: Image.Image) -> str:
    """A `^GFA` command that prints *image* (mode "1", white = ink), in ZPL's ASCII compression.

    `G`-`Y` repeat the next digit 1-19 times, `g`-`z` 20-400 times; `,` fills the row with white,
    `!` with black; `:` repeats the row above (ZPL II Programming Guide, alternative compression).
    """
    row_bytes = (image.width + 7) // 8
    raw = image.tobytes()
    rows = [raw[at : at + row_bytes].hex().upper() for at in range(0, len(raw), row_bytes)]
    packed = "".join(
        ":" if at and row == rows[at - 1] else _packed(row) for at, row in enumerate(rows)
    )
    return f"^GFA,{len(raw)},{len(raw)},{row_bytes},{packed}"


def _packed(row: str) -> str:
    for digit, filler in (("0", ","), ("F", "!")):
        rest = row.rstrip(digit)
        if len(row) - len(rest) >= 2:
            return _repeats(rest) + filler
    return _repeats(row)


def _repeats(digits: str) -> str:
    return "".join(_repeat(digit, len(list(same))) for digit, same in groupby(digits))


def _repeat(digit: str, times: int) -> str:
    """
    >>> _repeat("0", 3), _repeat("F", 47), _repeat("A", 1)
    ('I0', 'hMF', 'A')
    """
    if times == 1:
        return digit
    packed = "z" * (times // 400)
    scores, units = times % 400 // 20, times % 20
    packed += chr(ord("g") + scores - 1) if scores else ""
    packed += chr(ord("G") + units - 1) if units else ""
    return packed + digit
