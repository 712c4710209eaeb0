"""The one scan resolver: the same code means the same thing on every screen.

Strip the AIM identifier, read GS1 elements, then decide by type: command, badge, place or
container, box, parcel, tracking number, manifest, item, lot. What could be two different things is
`ambiguous` and names both; only the meaning of an *item* barcode under several owners is left to
the dialogue, which knows the task's items.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from biip import ParseError
from biip.gs1_digital_link_uris import GS1DigitalLinkURI
from biip.gs1_element_strings import GS1ElementStrings
from biip.gs1_messages import GS1Message
from sqlalchemy import (
    CompoundSelect,
    Row,
    Select,
    String,
    bindparam,
    case,
    literal,
    or_,
    select,
    union_all,
)

from picking.dialogues.base import ItemSeen, Kind, Seen
from wms.db import Tx
from wms.people.staff import by_badge
from wms.schema import barcodes, boxes, items, manifests, parcels, places
from wms.schema.goods import MOVING
from wms.site.epc import gtin_of
from wms.site.items import normal_barcode
from wms.text import REPLACEMENT, shown

COMMAND = "CMD:"
BADGE = "BADGE:"
TEXT_MAX = 512
NUMBER_DIGITS_MAX = 5
EPC_DIGITS = 24
SEPARATOR = "\x1d"  # GS, which stands for FNC1
NOT_A_PLACE: dict[str, Kind] = {
    "box": "box", "manifest": "manifest", "parcel": "parcel", "tracking": "tracking",
}  # fmt: skip
_AIM = re.compile(r"\A\][A-Za-z][0-9A-Za-z]")
_CODABAR = re.compile(r"\A[A-Da-d]([0-9\-]+)[A-Da-d]\Z")
_LINK = re.compile(r"\Ahttps?://", re.IGNORECASE)  # GS1 Digital Link, as in QR codes on goods
_EPC = re.compile(rf"\A[0-9A-Fa-f]{{{EPC_DIGITS}}}\Z")
# GS1-128, Data Matrix, QR, DataBar and its composites, DotCode.
_GS1_AIM = ("]C1", "]d2", "]Q3", "]e0", "]e1", "]e2", "]J1")
_EAN_AIM, _CODABAR_AIM = "]E", "]F"
COMPOSITE = "|]e"  # what follows belongs to the small symbol above the bars


@dataclass(frozen=True, slots=True)
class Elements:
    """What a barcode carries: the code to look up, and GS1's lot, expiry and serial.

    Twelve digits may be a UPC or a tracking number: only the look-up of items pads them to a GTIN,
    and the symbology, where the scanner tells it, says which of the two they are. `code` is ""
    where a GS1 code names no goods (a lot's own label).
    """

    code: str
    symbology: str = ""  # AIM identifier, "" when the scanner sends none
    lot: str = ""
    expiry: str = ""  # YYYY-MM-DD
    serial: str = ""
    count: int = 0

    @property
    def may_be_goods(self) -> bool:
        """Carriers print their slips in Codabar, nobody prints item codes in it."""
        return not self.symbology.startswith(_CODABAR_AIM)

    @property
    def may_be_ours(self) -> bool:
        """EAN and UPC symbols hold item codes and nothing else."""
        return not self.symbology.startswith(_EAN_AIM)


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
    body = text[len(symbology) :].strip()
    if symbology.startswith(_EAN_AIM):
        body = body.partition(COMPOSITE)[0]
    is_message = symbology in _GS1_AIM or (not symbology and SEPARATOR in body)
    read = _gs1(body, symbology) if is_message or _LINK.match(body) else None
    if read is not None:
        return read
    codabar = _CODABAR.match(body)
    return Elements(codabar.group(1) if codabar else body, symbology)


def _parsed(body: str) -> GS1ElementStrings:
    if _LINK.match(body):
        return GS1DigitalLinkURI.parse(body).element_strings
    return GS1Message.parse(body.lstrip(SEPARATOR)).element_strings


def _gs1(body: str, symbology: str) -> Elements | None:
    """None when it is no GS1 code, or a number in it has a wrong check digit."""
    try:
        found = {element.ai.ai: element for element in reversed(_parsed(body))}
    except (ParseError, ValueError):
        return None
    if any(element.gtin_error or element.sscc_error for element in found.values()):
        return None
    goods = found.get("01") or found.get("02")
    expiry = found.get("17") or found.get("15")
    if goods is not None:
        code = normal_barcode(goods.value)
    else:
        code = found["00"].value if "00" in found else ""
    if not code and not {"10", "21"} & found.keys():
        return None
    return Elements(
        code=code, symbology=symbology,
        lot=found["10"].value if "10" in found else "",
        expiry=expiry.date.isoformat() if expiry is not None and expiry.date else "",
        serial=found["21"].value if "21" in found else "",
        count=next((int(found[ai].value) for ai in ("37", "30") if ai in found), 0),
    )  # fmt: skip


def resolve(tx: Tx, text: str, via: str) -> Seen:
    """Say what *text* is. Never raises for what people scan: the worst is `unknown`."""
    if BADGE in text:
        token = text[text.index(BADGE) + len(BADGE) :].strip()
        person = by_badge(tx, token)
        return Seen("badge", BADGE + "...", id=person.id if person else 0)
    if len(text) > TEXT_MAX or REPLACEMENT in text:
        return Seen("broken", shown(text))
    if via == "weight":
        return Seen("weight", f"{text} g", number=int(text))
    body = _AIM.sub("", text, count=1)
    if via == "command" or body.startswith(COMMAND):
        name = body.removeprefix(COMMAND).strip()
        return Seen("command", shown(name), code=name.lower())
    if via == "key" and body.isascii() and body.isdigit() and len(body) <= NUMBER_DIGITS_MAX:
        return Seen("number", body, code=body, number=int(body))
    read = elements(text)
    if not read.code and (read.lot or read.serial):
        return Seen("lot", shown(read.lot or read.serial), lot=read.lot, serial=read.serial)
    return _lookup(tx, read) or Seen("unknown", shown(read.code), code=read.code)


def _lookup(tx: Tx, read: Elements) -> Seen | None:
    """What the book knows under this code, if it is one thing."""
    if not read.code:
        return None
    named = _named(tx, read.code) if read.may_be_ours else []
    meant = _goods(tx, read.code) if read.may_be_goods else []
    kinds = {_kind(row.kind) for row in named} | ({"item"} if meant else set())
    if "parcel" in kinds:  # a box is a place too: its own barcode means the parcel
        kinds.discard("tote")
        named = [row for row in named if _kind(row.kind) != "tote"]
    text = shown(read.code)
    if len(kinds) > 1:
        names = [row.name for row in named] + [item.sku for item in meant]
        return Seen("ambiguous", text, code=", ".join(sorted(set(names))))
    if meant:
        return Seen(
            "item", text, code=read.code, items=tuple(meant), lot=read.lot, expiry=read.expiry,
            serial=read.serial, count=read.count,
        )  # fmt: skip
    return _one_of(named, read.code, text) if named else None


def _one_of(named: Sequence[Row[Any]], code: str, text: str) -> Seen:
    """Of rows of one kind: the one written exactly so, or the newest parcel of that number.

    Numbers are recycled; where several parcels with this number are still here, `id` is 0.
    """
    best = min(named, key=lambda row: (row.code != code, row.gone, -row.id))
    kind = _kind(best.kind)
    still_here = [row for row in named if not row.gone]
    several = kind == "tracking" and len(still_here) > 1
    return Seen(kind, text, code=best.code, id=0 if several else best.id)


def _named(tx: Tx, code: str) -> list[Row[Any]]:
    """Everything but goods that has this code. `gone`: the parcel was handed over, or is void; a
    void label is still what somebody may hold, and its number may be another parcel's by now."""
    return list(tx.execute(_known(), {"code": code, "upper": code.upper(), "lower": code.lower()}))


@cache
def _known() -> CompoundSelect[Any]:
    """The statement of `_named`. Every scan asks it, so it is built once."""
    code, lower = bindparam("code", type_=String), bindparam("lower", type_=String)
    either = (code, bindparam("upper", type_=String))
    zero = literal(0)
    gone = case((parcels.c.state == "shipped", 1), (parcels.c.state == "void", 2), else_=0)
    return union_all(
        select(
            places.c.kind, places.c.code, places.c.code.label("name"), zero.label("id"),
            zero.label("gone"),
        ).where(
            or_(places.c.code.in_(either), (places.c.epc == lower) & (places.c.epc != "")),
            places.c.kind != "outside",
        ),
        select(literal("box"), boxes.c.code, boxes.c.code, zero, zero).where(
            boxes.c.code.in_(either)
        ),
        select(literal("manifest"), manifests.c.code, manifests.c.code, manifests.c.id, zero).where(
            manifests.c.code.in_(either)
        ),
        select(literal("parcel"), parcels.c.code, parcels.c.code, parcels.c.id, zero).where(
            parcels.c.code.in_(either)
        ),
        select(
            literal("tracking"), parcels.c.tracking, parcels.c.code, parcels.c.id, gone
        ).where(parcels.c.tracking == code),
    )  # fmt: skip


def _goods(tx: Tx, code: str) -> list[ItemSeen]:
    """The items whose barcode this is, or the EPC of whose tag; else those with this SKU."""
    gtin = gtin_of(code.lower()) if _EPC.match(code) else None
    coded, by_sku = _goods_queries()
    rows = tx.execute(coded, {"code": gtin or normal_barcode(code)}).all()
    rows = rows or tx.execute(by_sku, {"code": code}).all()
    return [ItemSeen(row.id, row.owner, row.sku, row.name, row.qty) for row in rows]


@cache
def _goods_queries() -> tuple[Select[Any], Select[Any]]:
    """The statements of `_goods`: by barcode, and by SKU."""
    columns, code = (
        (items.c.id, items.c.owner, items.c.sku, items.c.name),
        bindparam("code", type_=String),
    )
    coded = (
        select(*columns, barcodes.c.qty)
        .join(barcodes, barcodes.c.item_id == items.c.id)
        .where(barcodes.c.code == code)
        .order_by(items.c.id)
    )
    one = literal(1).label("qty")
    return coded, select(*columns, one).where(items.c.sku == code).order_by(items.c.id)


def _kind(kind: str) -> Kind:
    """The kind of a row: containers are `tote`, all that stands still is `place`.

    >>> _kind("carton"), _kind("bin"), _kind("box")
    ('tote', 'place', 'box')
    """
    if kind in MOVING:
        return "tote"
    return NOT_A_PLACE.get(kind, "place")
