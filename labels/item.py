"""An item's label for relabelling, 60 x 40 mm.

A GTIN becomes a GS1 Data Matrix with lot and expiry, an own code Code 128.
"""

from typing import Annotated

from msgspec import Meta

from labels.pieces import Data, Day, Name, Text, day_of, note_simplified
from labels.symbols import code128, gs1_data_matrix
from labels.zpl import Label
from wms.errors import Code, Rejected
from wms.messages import say

Gtin = Annotated[str, Meta(pattern=r"^(?:[0-9]{8}|[0-9]{12,14})?\Z")]
Lot = Annotated[str, Meta(max_length=20)]
Epc = Annotated[str, Meta(pattern=r"^([0-9a-f]{24})?\Z")]  # to be written into the label's tag


class Item(Data, frozen=True):
    """Either `gtin` (with `lot` and `expiry`, if tracked) or `code`, an own barcode."""

    name: Name
    sku: Annotated[str, Meta(max_length=40)] = ""
    gtin: Gtin = ""
    code: Text = ""
    lot: Lot = ""
    expiry: Day = ""
    epc: Epc = ""


def gs1_expiry(day: str) -> list[tuple[str, str]]:
    """YYYY-MM-DD as the element (17); nothing for "".

    >>> gs1_expiry("2027-12-31")
    [('17', '271231')]
    """
    when = day_of(day, "expiry")
    return [("17", f"{when:%y%m%d}")] if when else []


def render(data: Item, dots_per_mm: int, copy: int) -> bytes:
    """A ZPL format. Refuses data with neither or both kinds of code."""
    if bool(data.gtin) == bool(data.code):
        raise Rejected(Code.LABEL_DATA, field="gtin", reason="either gtin or code")
    label = Label(60, 40, dots_per_mm)
    label.text(data.name, "name", 2, 2, 56, 9.5, (4, 1.5))
    if data.gtin:
        _coded(label, data)
    else:
        label.linear(code128(data.code, "code"), 0.5, 13, 59, 14, 0.375)
        label.text(data.code, "code", 2, 28.5, 56, 4, (3.5, 1.5), align="centre")
    label.text(data.sku, "sku", 2, 35.5, 56, 3.5, (3, 1.5))
    note_simplified(label, 24, 32, 34)
    if data.epc:
        label.tag(data.epc)
    return label.to_zpl()


def _coded(label: Label, data: Item) -> None:
    elements = [("01", data.gtin.zfill(14)), *gs1_expiry(data.expiry)]
    elements += [("10", data.lot)] if data.lot else []
    label.matrix(gs1_data_matrix(elements, "gtin"), 1, 12, 22, 0.75)
    label.text(data.gtin, "gtin", 24, 13, 34, 4, (3.5, 3))
    if data.lot:
        label.text(f"{say('label.lot', 'ja')} {data.lot}", "lot", 24, 18.5, 34, 6, (3.5, 2))
    if data.expiry:
        words = f"{say('label.best_before', 'ja')} {data.expiry}"
        label.text(words, "expiry", 24, 26, 34, 4.5, (4, 3), heavy=True)
