"""A tote's label (オリコン), 100 x 50 mm: its code in large type and as Code 128."""

from labels.pieces import Barcode, Data, Text, note_simplified
from labels.symbols import code128
from labels.zpl import Label


class Tote(Data, frozen=True):
    """`code` is what is scanned and read; `note` a line of words, such as its cart."""

    code: Barcode
    note: Text = ""


def render(data: Tote, dots_per_mm: int, copy: int) -> bytes:
    """A ZPL format. Every print of a tote's label is alike: copies carry no mark."""
    label = Label(100, 50, dots_per_mm)
    label.text(data.code, "code", 4, 2.5, 92, 14, (12, 4), align="centre", middle=True, heavy=True)
    label.linear(code128(data.code, "code"), 1, 18, 98, 24, 0.5)
    label.text(data.note, "note", 4, 43.5, 92, 4.5, (3.5, 1.75), align="centre")
    note_simplified(label, 4, 47.75, 92)
    return label.to_zpl()
