"""A label's picture cut into bands of ink, for printers that are sent pictures and nothing else."""

from collections.abc import Iterator
from dataclasses import dataclass

from PIL import Image

from labels.preview import read

STEP = 8  # rows and dots that go together


@dataclass(frozen=True, slots=True)
class Band:
    """A piece of the picture: its place in dots from the top left, its bytes row by row."""

    x: int
    y: int
    bytes_across: int
    rows: int
    dots: bytes


@dataclass(frozen=True, slots=True)
class Sheet:
    """A label as a picture: its size in dots, and where there is ink. Bands never overlap."""

    width: int
    height: int
    bands: tuple[Band, ...]


def sheet(zpl: bytes) -> Sheet:
    """The one label in *zpl*, drawn once: what other printers get is dot for dot the same."""
    (label,) = read(zpl)
    ink = label.image().point(lambda level: 255 - level).convert("1")
    return Sheet(label.width, label.height, tuple(_bands(ink)))


def _bands(ink: Image.Image) -> Iterator[Band]:
    """Runs of rows with ink, cropped to whole bytes."""
    top: int | None = None
    for y in range(0, ink.height + STEP, STEP):
        inked = y < ink.height and ink.crop((0, y, ink.width, y + STEP)).getbbox() is not None
        if inked and top is None:
            top = y
        elif not inked and top is not None:
            yield _band(ink, top, y)
            top = None


def _band(ink: Image.Image, top: int, bottom: int) -> Band:
    box = ink.crop((0, top, ink.width, bottom)).getbbox()
    assert box is not None
    left, right = box[0] // STEP * STEP, -(-box[2] // STEP) * STEP
    # Beyond the picture's edge a crop is white.
    piece = ink.crop((left, top, right, bottom))
    return Band(left, top, (right - left) // 8, bottom - top, piece.tobytes())
