"""A label for Toshiba TEC printers (TPCL): the picture of it, in bands.

Source: Toshiba TEC's external equipment interface specification for the B-EV4 (`[ESC] D`, `C`,
`SG`). Nibbles, not bytes: no part of a picture can look like the end of its command. Not verified
on a printer: the gap between labels is taken to be 2 mm.
"""

from labels.bands import Band, sheet

GAP_TENTHS = 20
_NIBBLE = bytes.maketrans(b"0123456789abcdef", bytes(range(0x30, 0x40)))


def from_zpl(zpl: bytes, dots_per_mm: int) -> bytes:
    """The one label in *zpl* as one drawing, without its issue."""
    label = sheet(zpl)
    width, height = (round(dots * 10 / dots_per_mm) for dots in (label.width, label.height))
    head = f"{{D{height + GAP_TENTHS:04d},{width:04d},{height:04d}|}}{{C|}}".encode("ascii")
    return head + b"".join(_graphic(band) for band in label.bands)


def _graphic(band: Band) -> bytes:
    place = f"{{SG;{band.x:04d}D,{band.y:04d}D,{8 * band.bytes_across:04d},{band.rows:04d},0,"
    return place.encode("ascii") + band.dots.hex().encode("ascii").translate(_NIBBLE) + b"|}"
