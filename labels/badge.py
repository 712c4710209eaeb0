"""A worker's badge, 86 x 54 mm: a QR code of the badge's token, and the name.

The token is random and can be revoked; the employee number is never on it.
"""

from typing import Annotated

from msgspec import Meta

from labels.pieces import Data, Name, Text, note_simplified
from labels.symbols import qr
from labels.zpl import Label

PREFIX = "BADGE:"


class Badge(Data, frozen=True):
    """`token` as the book knows it, without the prefix that tells scanners that it is a badge."""

    token: Annotated[str, Meta(min_length=16, max_length=64)]
    name: Name
    site: Text = ""


def render(data: Badge, dots_per_mm: int, copy: int) -> bytes:
    """A ZPL format. A badge printed again is the same badge."""
    label = Label(86, 54, dots_per_mm)
    label.frame(1, 1, 84, 52, 0.375)
    label.text(data.site, "site", 4, 4, 78, 5.5, (4, 1.5), middle=True)
    label.frame(4, 10.5, 78, 0.375, 0.375)
    label.matrix(qr(PREFIX + data.token, "token"), 2, 12, 39, 1.25)
    box = (42, 14, 40, 34)
    label.text(data.name, "name", *box, (8, 2.5), middle=True, heavy=True)
    note_simplified(label, 4, 49.5, 78)
    return label.to_zpl()
