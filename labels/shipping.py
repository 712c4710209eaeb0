"""The shipping label, 100 x 150 mm: what the carrier needs to deliver and the floor to recognise.

From top to bottom: carrier service and piece, recipient, delivery wishes, sender, contents, the
carrier's barcode (NW-7), and our own parcel barcode, which is scanned back on the box.
"""

from typing import Annotated, Literal

from msgspec import Meta

from labels.pieces import (
    Barcode,
    Carrier,
    Data,
    Day,
    Name,
    Party,
    Piece,
    Temperature,
    Text,
    carrier_word,
    day_shown,
    note_simplified,
    postal_shown,
    tracking_shown,
)
from labels.symbols import code128, nw7
from labels.zpl import Label
from wms.errors import Code, Rejected
from wms.messages import say
from wms.site.carriers import TRACKING_DIGITS, is_tracking, slot_words

WIDTH_MM, HEIGHT_MM = 100, 150
_LEFT, _WIDTH = 3.0, 94.0


class Shipping(Data, frozen=True):
    """One parcel's label. `service` and `contents` are the words to print.

    `tracking` is 12 digits whose last is the first eleven modulo 7 (Japan Post also 11 digits, ten
    modulo 7); `parcel` is our own barcode as the floor's resolver knows it; `delivery_date` is
    YYYY-MM-DD, "" = none; `time_slot` the carrier's code or words, "" = none.
    """

    carrier: Carrier
    service: Name
    tracking: Annotated[str, Meta(max_length=12)]
    parcel: Barcode
    recipient: Party
    sender: Party
    delivery_date: Day = ""
    time_slot: Annotated[str, Meta(max_length=20)] = ""
    piece: Piece = 1
    pieces: Piece = 1
    temperature: Temperature = "ambient"
    contents: Text = ""
    handling: Annotated[
        tuple[Literal["fragile", "upright", "no_air"], ...], Meta(max_length=3)
    ] = ()
    order: Annotated[str, Meta(max_length=30)] = ""
    station: Annotated[str, Meta(max_length=20)] = ""


def render(data: Shipping, dots_per_mm: int, copy: int) -> bytes:
    """A ZPL format. A copy number above 1 is printed large: a second label is never a secret."""
    _check(data)
    label = Label(WIDTH_MM, HEIGHT_MM, dots_per_mm)
    _header(label, data, copy)
    _recipient(label, data.recipient)
    _wishes(label, data)
    _sender(label, data.sender)
    _contents(label, data)
    _tracking(label, data)
    _parcel(label, data)
    note_simplified(label, 36, 18, 60)
    return label.to_zpl()


def _check(data: Shipping) -> None:
    if not is_tracking(data.tracking, TRACKING_DIGITS[data.carrier]):
        reason = "not this carrier's digits with a modulo-7 check digit"
        raise Rejected(Code.LABEL_DATA, field="tracking", reason=reason)
    if data.piece > data.pieces:
        raise Rejected(Code.LABEL_DATA, field="piece", reason=f"{data.piece}/{data.pieces}")
    if not data.recipient.postal or not data.recipient.address:
        missing = "address" if data.recipient.postal else "postal"
        raise Rejected(Code.LABEL_DATA, field=f"recipient.{missing}", reason="missing")


def _caption(label: Label, word: str, x: float, y: float) -> None:
    label.text(say(word, "ja"), "", x, y, 26, 3, (2.5, 2.5))


def _header(label: Label, data: Shipping, copy: int) -> None:
    label.text(carrier_word(data.carrier), "carrier", _LEFT, 2.5, 40, 3.5, (3, 3))
    label.text(data.service, "service", _LEFT, 6, 62, 10.5, (7.5, 3), inverse=True, heavy=True)
    if copy > 1:
        words = say("label.copy", "ja", number=copy)
        label.text(words, "", 41, 1.75, 24, 4, (3, 2.5), inverse=True, align="centre")
    if data.pieces > 1:
        _caption(label, "label.piece", 69, 3)
        piece = f"{data.piece}/{data.pieces}"
        label.text(piece, "piece", 68, 5.5, 29, 11, (11, 7), align="right", heavy=True)


def _recipient(label: Label, party: Party) -> None:
    label.frame(_LEFT - 1, 17, _WIDTH + 2, 50, 0.5)
    _caption(label, "label.ship_to", _LEFT + 1, 18)
    postal = postal_shown(party.postal)
    label.text(postal, "recipient.postal", _LEFT + 1, 21.5, 52, 8.5, (8, 8), heavy=True)
    if party.phone:
        phone = f"TEL {party.phone}"
        label.text(phone, "recipient.phone", 58, 25, 38, 4.5, (4, 3), align="right")
    label.text(party.address, "recipient.address", _LEFT + 1, 31.5, 92, 16, (5.5, 1.75))
    label.text(party.company, "recipient.company", _LEFT + 1, 48, 92, 5.5, (4.5, 2.25))
    high = 12.0 if party.company else 17.0
    box = (_LEFT + 1, 65.75 - high, 92, high)
    label.text(party.addressed, "recipient.name", *box, (9, 2.75), middle=True, heavy=True)


def _wishes(label: Label, data: Shipping) -> None:
    chilled = data.temperature != "ambient"
    columns = (40.5, 32.5, 24.0) if chilled else (52.5, 44.0)
    none = say("label.any", "ja")
    slot = slot_words(data.time_slot, carrier=data.carrier) or data.time_slot or none
    day = day_shown(data.delivery_date, "delivery_date") or none
    x = _LEFT - 1
    for width, field, shown in zip(
        columns, ("delivery_date", "time_slot"), (day, slot), strict=False
    ):
        label.frame(x, 66.5, width, 13.5, 0.5)
        _caption(label, f"label.{field}", x + 2, 67.75)
        asked = shown != none
        sizes = (7.0, 3.0) if asked else (4.5, 3.0)
        label.text(shown, field, x + 2, 71, width - 4, 8, sizes, middle=True, heavy=asked)
        x += width - 0.5
    if chilled:
        words = say(f"label.temperature.{data.temperature}", "ja")
        box = (x + 0.5, 67, 23, 12.5)
        label.text(words, "", *box, (8, 6), inverse=True, heavy=True, align="centre")


def _sender(label: Label, party: Party) -> None:
    label.frame(_LEFT - 1, 79.5, _WIDTH + 2, 17, 0.5)
    _caption(label, "label.ship_from", _LEFT + 1, 80.75)
    where = f"{postal_shown(party.postal)} {party.address}".strip()
    label.text(where, "sender.address", 22, 80.75, 74, 9, (3, 1.75))
    who = " ".join(part for part in (party.company, party.name) if part)
    label.text(who, "sender.name", 22, 90.25, 74, 6, (3.5, 1.75))
    if party.phone:
        label.text(f"TEL {party.phone}", "sender.phone", _LEFT + 1, 93, 17.5, 3, (2.5, 1.25))


def _contents(label: Label, data: Shipping) -> None:
    label.frame(_LEFT - 1, 96, _WIDTH + 2, 14.5, 0.5)
    _caption(label, "label.contents", _LEFT + 1, 97.25)
    width = 64.0 if data.handling else 92.0
    label.text(data.contents, "contents", _LEFT + 1, 100.5, width, 9, (4, 2), middle=True)
    for row, word in enumerate(data.handling):
        words = say(f"label.handling.{word}", "ja")
        box = (69, 96.75 + row * 4.5, 28, 4)
        label.text(words, "", *box, (3, 2.5), inverse=True, align="centre")


def _tracking(label: Label, data: Shipping) -> None:
    _caption(label, "label.tracking", _LEFT + 1, 112.5)
    number = tracking_shown(data.tracking)
    label.text(number, "tracking", 30, 111.5, 66, 5.5, (5, 5), heavy=True)
    label.linear(nw7(data.tracking, "tracking"), 2, 117.5, 96, 13, 0.375)


def _parcel(label: Label, data: Shipping) -> None:
    label.frame(_LEFT - 1, 132, _WIDTH + 2, 0.25, 0.25)
    label.linear(code128(data.parcel, "parcel"), 2, 133.5, 66, 10, 0.375)
    label.text(data.parcel, "parcel", 4, 144.5, 62, 3.5, (3, 1.75), align="centre")
    if data.order:
        _caption(label, "label.order", 70, 133.5)
        label.text(data.order, "order", 70, 136.25, 27, 4.5, (3.75, 1.5))
    if data.station:
        _caption(label, "label.station", 70, 141.5)
        label.text(data.station, "station", 70, 144.25, 27, 4.5, (3.75, 1.5))
