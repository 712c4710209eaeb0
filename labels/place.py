"""A shelf's label (ロケ), 100 x 50 mm: code, barcode, and two check digits beside it.

The check digits are printed and never in the barcode: keying or speaking them shows that the
worker stands in front of the place.
"""

from typing import Annotated

from msgspec import Meta

from labels.pieces import Barcode, Data, Text, note_simplified
from labels.symbols import code128
from labels.zpl import Label
from wms.messages import say


class Place(Data, frozen=True):
    """`check_digits` are two digits; `note` a line of words, such as the zone."""

    code: Barcode
    check_digits: Annotated[str, Meta(pattern=r"^[0-9]{2}\Z")]
    note: Text = ""


def render(data: Place, dots_per_mm: int, copy: int) -> bytes:
    """A ZPL format. Every print of a place's label is alike: copies carry no mark."""
    label = Label(100, 50, dots_per_mm)
    label.text(data.code, "code", 3, 2.5, 72, 16, (13, 4), middle=True, heavy=True)
    digits = (78, 2.5, 19, 13)
    label.text(data.check_digits, "check_digits", *digits, (11, 11), inverse=True, align="centre")
    label.text(say("label.check_digits", "ja"), "", 78, 16, 19, 3, (2.5, 2.5), align="centre")
    label.linear(code128(data.code, "code"), 1, 20, 98, 22, 0.5)
    label.text(data.note, "note", 4, 43.5, 92, 4.5, (3.5, 1.75), align="centre")
    note_simplified(label, 4, 47.75, 92)
    return label.to_zpl()
