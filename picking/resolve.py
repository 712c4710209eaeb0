"""The one scan resolver: the same code means the same thing on every screen.

Strip the AIM identifier, read GS1 elements, then decide by type: command, badge, place or
container, box, parcel, tracking number, manifest, item. What could be two different things is
`ambiguous` and names both; only the meaning of an *item* barcode under several owners is left to
the dialogue, which knows the task's items.
"""

import re
from dataclasses import dataclass

import biip
from sqlalchemy import literal, select, union_all

from picking.dialogues.base import ItemSeen, Kind, Seen
from wms.db import Tx
from wms.items import normal_barcode
from wms.people import by_badge
from wms.schema import barcodes, boxes, items, manifests, parcels, places
from wms.schema.goods import MOVING

COMMAND = "CMD:"
BADGE = "BADGE:"
TEXT_MAX = 512
NUMBER_DIGITS_MAX = 5
_AIM = re.compile(r"\A\][A-Za-z][0-9A-Za-z]")
_CODABAR = re.compile(r"\A[A-Da-d]([0-9\-]+)[A-Da-d]\Z")
_GS1_AIM = ("]C1", "]d2", "]Q3", "]e0", "]e1", "]e2", "]J1")


@dataclass(frozen=True, slots=True)
class Elements:
    """What a barcode carries: the code to look up, and GS1's lot, expiry and serial.

    Twelve digits may be a UPC or a tracking number: only the look-up of items pads them to a GTIN.
    """

    code: str
    lot: str = ""
    expiry: str = ""
    serial: str = ""
    sscc: str = ""


def elements(text: str) -> Elements:
    """Read an input without a database: AIM identifier off, GS1 elements apart.

    >>> elements("]E04901234567894").code
    '4901234567894'
    >>> elements("]C1010490123456789417270131" + "10L1").lot
    'L1'
    >>> elements("]F0a123456789011a").code
    '123456789011'
    """
    aim = _AIM.match(text)
    symbology = aim.group(0) if aim else ""
    body = text[len(symbology) :]
    if symbology in _GS1_AIM or (not symbology and "\x1d" in body):
        read = _gs1(body)
        if read is not None:
            return read
    codabar = _CODABAR.match(body)
    return Elements(codabar.group(1) if codabar else body.strip())


def _gs1(body: str) -> Elements | None:
    result = biip.parse("]C1" + body.lstrip("\x1d"))
    message = result.gs1_message
    if message is None or result.gs1_message_error:
        return None
    found = {element.ai.ai: element for element in message.element_strings}
    gtin = found.get("01") or found.get("02")
    expiry = found.get("17") or found.get("15")
    sscc = found["00"].value if "00" in found else ""
    if gtin is None and not sscc:
        return None
    return Elements(
        code=normal_barcode(gtin.value) if gtin else sscc,
        lot=found["10"].value if "10" in found else "",
        expiry=expiry.date.isoformat() if expiry is not None and expiry.date else "",
        serial=found["21"].value if "21" in found else "",
        sscc=sscc,
    )


def resolve(tx: Tx, text: str, via: str) -> Seen:
    """Say what *text* is. Never raises for what people scan: the worst is `unknown`."""
    text = text[:TEXT_MAX]
    if via == "command" or text.startswith(COMMAND):
        return Seen("command", text, code=text.removeprefix(COMMAND).strip().lower())
    if via == "weight":
        return Seen("weight", f"{text} g", number=int(text))
    if BADGE in text:
        token = text[text.index(BADGE) + len(BADGE) :].strip()
        person = by_badge(tx, token)
        kind: Kind = "badge" if person else "unknown"
        return Seen(kind, BADGE + "...", id=person.id if person else 0)
    read = elements(text)
    shown = "".join(c for c in read.code if c.isprintable())[:40]
    if not read.code:
        return Seen("unknown", shown)
    found = _lookup(tx, read, shown)
    if found is not None:
        return found
    if via == "key" and shown.isascii() and shown.isdigit() and len(shown) <= NUMBER_DIGITS_MAX:
        return Seen("number", shown, code=shown, number=int(shown))
    return Seen("unknown", shown, code=read.code)


def _lookup(tx: Tx, read: Elements, shown: str) -> Seen | None:
    code = read.code
    upper = code.upper()
    named = union_all(
        select(places.c.kind, places.c.code, literal(0).label("id")).where(
            places.c.code.in_((code, upper))
        ),
        select(literal("box"), boxes.c.code, literal(0)).where(boxes.c.code.in_((code, upper))),
        select(literal("manifest"), manifests.c.code, manifests.c.id).where(
            manifests.c.code.in_((code, upper))
        ),
        select(literal("parcel"), parcels.c.code, parcels.c.id).where(
            parcels.c.code.in_((code, upper))
        ),
        select(literal("tracking"), parcels.c.tracking, parcels.c.id).where(
            parcels.c.tracking == code, parcels.c.state != "void"
        ),
    )
    goods = (
        select(items.c.id, items.c.owner, items.c.sku, items.c.name, barcodes.c.qty)
        .join(barcodes, barcodes.c.item_id == items.c.id)
        .where(barcodes.c.code == normal_barcode(code))
        .order_by(items.c.id)
    )
    rows = [row for row in tx.execute(named) if row.kind != "outside"]
    meant = [ItemSeen(row.id, row.owner, row.sku, row.name, row.qty) for row in tx.execute(goods)]
    kinds = {_kind(row.kind) for row in rows} | ({"item"} if meant else set())
    if "parcel" in kinds:  # a box is a place too: its own barcode means the parcel
        kinds -= {"tote", "place"}
        rows = [row for row in rows if row.kind == "parcel"]
    if len(kinds) > 1:
        return Seen("ambiguous", shown, code=", ".join(sorted(kinds)))
    if meant:
        return Seen(
            "item", shown, code=code, items=tuple(meant), lot=read.lot, expiry=read.expiry,
            serial=read.serial,
        )  # fmt: skip
    if rows:
        row = rows[-1]  # a recycled tracking number: the newest parcel
        return Seen(_kind(row.kind), shown, code=row.code, id=row.id)
    return None


def _kind(kind: str) -> Kind:
    if kind in MOVING:
        return "tote"
    return kind if kind in ("box", "manifest", "parcel", "tracking") else "place"  # type: ignore[return-value]
