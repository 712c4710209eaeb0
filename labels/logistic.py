"""A pallet's or carton's GS1 logistic label, 100 x 150 mm (GS1 General Specifications 6.6).

The SSCC's bar code is the lowest, at least 32 mm high, bars upright, quiet zones of ten modules.
"""

from typing import Annotated

from msgspec import Meta

from labels.item import Epc, Gtin, Lot, gs1_expiry
from labels.pieces import Data, Day, Name, Text, note_simplified
from labels.symbols import gs1_128
from labels.zpl import Label
from wms.errors import Code, Rejected
from wms.messages import say


class Logistic(Data, frozen=True):
    """`sscc` has 18 digits with its check digit. Contents: `gtin` with `qty`, `lot`, `expiry`."""

    sscc: Annotated[str, Meta(pattern=r"^[0-9]{18}\Z")]
    title: Name
    note: Text = ""
    gtin: Gtin = ""
    qty: Annotated[int, Meta(ge=0, le=99_999_999)] = 0
    lot: Lot = ""
    expiry: Day = ""
    epc: Epc = ""


def render(data: Logistic, dots_per_mm: int, copy: int) -> bytes:
    """A ZPL format. Contents without a GTIN and a quantity cannot be said in GS1: refused."""
    label = Label(100, 150, dots_per_mm)
    label.text(data.title, "title", 3, 3, 94, 13, (7, 2.5), heavy=True)
    label.text(data.note, "note", 3, 17, 94, 8, (4, 2))
    label.frame(2, 26, 96, 0.5, 0.5)
    if data.gtin and data.qty:
        _contents(label, data)
    elif data.gtin or data.qty or data.lot or data.expiry:
        raise Rejected(Code.LABEL_DATA, field="gtin", reason="contents need gtin and qty")
    label.frame(2, 104, 96, 0.5, 0.5)
    label.text(f"SSCC {data.sscc}", "sscc", 3, 105.5, 94, 6, (5, 5), heavy=True)
    label.linear(gs1_128((("00", data.sscc),), "sscc"), 0.5, 113, 99, 34, 0.5)
    note_simplified(label, 3, 100.5, 94)
    if data.epc:
        label.tag(data.epc)
    return label.to_zpl()


def _contents(label: Label, data: Logistic) -> None:
    shown = [f"GTIN {data.gtin}", f"{say('label.qty', 'ja')} {data.qty}"]
    elements = [("02", data.gtin.zfill(14)), *gs1_expiry(data.expiry), ("37", str(data.qty))]
    if data.expiry:
        shown.append(f"{say('label.best_before', 'ja')} {data.expiry}")
    label.text("   ".join(shown), "contents", 3, 27.5, 94, 10, (4.5, 3), middle=True)
    label.linear(gs1_128(elements, "contents"), 0.5, 39, 99, 24, 0.5)
    if data.lot:
        words = f"{say('label.lot', 'ja')} {data.lot}"
        label.text(words, "lot", 3, 66, 94, 6, (5, 3), heavy=True)
        label.linear(gs1_128((("10", data.lot),), "lot"), 0.5, 74, 99, 24, 0.5)
