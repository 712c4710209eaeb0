"""Papers of the OMS that go into a box: bills, receipts, letters, as PDF; each is scanned there.

A paper that was announced and has not come holds its box. What comes is hostile until proven: it
must be a PDF of a few pages that does nothing but show them.
"""

import re
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

from msgspec import Meta, Struct
from sqlalchemy import select, update

from wms.db import Tx, insert_once
from wms.errors import Code, Rejected
from wms.orders.gift_papers import OWN
from wms.papers import bills
from wms.papers.bills import Bill
from wms.schema import documents
from wms.text import code as safe_code
from wms.text import shown

BYTES_MAX = 2_000_000
INFLATED_MAX = 30_000_000  # a small file that becomes larger than this is an attack
PAGES_MAX = 20
STREAMS_MAX = 2_000
END_WITHIN = 1_024  # of the end: where readers look for the mark (ISO 32000-1, annex H.3)
# What a paper has no use for: programs, attached files, forms that call home, secrets.
ACTIVE = (
    b"JavaScript", b"Launch", b"EmbeddedFile", b"EmbeddedFiles", b"RichMedia", b"XFA",
    b"OpenAction", b"SubmitForm", b"ImportData", b"GoToR", b"GoToE", b"Movie", b"Sound",
    b"Rendition", b"Encrypt",
)  # fmt: skip
_BEGIN = re.compile(rb"\A%PDF-[12]\.[0-9]")
_NAME = re.compile(rb"/([^\x00\t\n\f\r ()<>\[\]{}/%]+)")
_HEX = re.compile(rb"#([0-9A-Fa-f]{2})")
_STREAM = re.compile(rb"stream\r?\n")
_NUMBERS = re.compile(rb"\s*\d+\s+\d+")  # what a stream of objects begins with
_PAGE = re.compile(rb"/Type\s*/Page(?![A-Za-z])")

Kind = Literal["invoice", "receipt", "letter"]
# What the bench can print: a PDF that came, papers of our own, bills of which the amounts came.
HERE = documents.c.pdf.is_not(None) | documents.c.kind.in_(OWN) | (documents.c.bill != bills.NONE)


class NewDocument(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A paper of an order. `code` is the barcode on it; `pdf` is base64, "" = it comes later.

    With a `bill` there is no PDF: it is printed here, by the shop's template, of these amounts.
    """

    kind: Kind
    code: Annotated[str, Meta(min_length=4, max_length=48, pattern="^[!-~]+$")]
    pdf: Annotated[str, Meta(max_length=BYTES_MAX * 4 // 3 + 4)] = ""
    bill: Bill | None = None


@dataclass(frozen=True, slots=True)
class Document:
    """A paper of an order. `here`: it can be printed. `parcel`: the box that it is in, 0 = none."""

    id: int
    kind: str
    code: str
    here: bool
    parcel: int


def of_order(tx: Tx, order: int) -> list[Document]:
    """The papers of *order* (its id), the oldest first."""
    columns = ("id", "kind", "code", "parcel_id")
    query = select(*(documents.c[name] for name in columns), HERE)
    rows = tx.execute(query.where(documents.c.order_id == order).order_by(documents.c.id))
    return [Document(row[0], row[1], row[2], bool(row[4]), row[3] or 0) for row in rows]


def announce(tx: Tx, *, order: int, kind: str, code: str, now: int) -> bool:
    """Remember that a paper belongs to *order*. False when that is known; `KEY_REUSED` otherwise.

    The same code may be on papers of other orders, never on two of one.
    """
    code = safe_code(code, field="code", max=48)
    row = {"order_id": order, "kind": kind, "code": code, "at_ms": now}
    if insert_once(tx, documents, row):
        return True
    known = _known(tx, order, code)
    if known.kind != kind:
        raise Rejected(Code.KEY_REUSED, key=shown(code))
    return False


def put(tx: Tx, *, order: int, kind: str, code: str, pdf: bytes, now: int) -> bool:
    """Keep a paper of *order* (proven by `refuse_unsafe`). False when the very same is here.

    Refuses `KEY_REUSED` for another paper under that code.
    """
    refuse_unsafe(pdf)
    announce(tx, order=order, kind=kind, code=code, now=now)
    mine = (documents.c.order_id == order) & (documents.c.code == code)
    waiting = update(documents).where(mine, ~HERE).values(pdf=pdf, at_ms=now)
    if tx.execute(waiting).rowcount == 1:
        return True
    there = tx.execute(select(documents.c.pdf).where(mine)).scalar_one()
    if bytes(there or b"") != pdf:
        raise Rejected(Code.KEY_REUSED, key=shown(code))
    return False


def put_bill(tx: Tx, *, order: int, kind: str, code: str, bill: Bill, now: int) -> bool:
    """Keep what a bill or receipt of *order* says. False when the very same is here.

    Refuses `KEY_REUSED` for another paper under that code, and what `bills.stored` refuses.
    """
    stored = bills.stored(bill)
    announce(tx, order=order, kind=kind, code=code, now=now)
    mine = (documents.c.order_id == order) & (documents.c.code == code)
    waiting = update(documents).where(mine, ~HERE).values(bill=stored, at_ms=now)
    if tx.execute(waiting).rowcount == 1:
        return True
    if tx.execute(select(documents.c.bill).where(mine)).scalar_one() != stored:
        raise Rejected(Code.KEY_REUSED, key=shown(code))
    return False


def put_in(tx: Tx, *, order: int, codes: Sequence[str], parcel: int) -> None:
    """The scanned papers lie in the box *parcel*. Refuses `DOCUMENT_MISSING`."""
    mine = (documents.c.order_id == order) & documents.c.code.in_(codes)
    free = mine & documents.c.parcel_id.is_(None) & HERE
    if tx.execute(update(documents).where(free).values(parcel_id=parcel)).rowcount != len(codes):
        raise Rejected(Code.DOCUMENT_MISSING, document=", ".join(codes)[:40])


def _known(tx: Tx, order: int, code: str) -> Document:
    return next(one for one in of_order(tx, order) if one.code == code)


def refuse_unsafe(pdf: bytes) -> None:
    """Refuses `DOCUMENT_UNSAFE` for all but a plain PDF of 1 to 20 pages; says what it is."""
    if len(pdf) > BYTES_MAX:
        raise _unsafe("size")
    if not _BEGIN.match(pdf) or b"%%EOF" not in pdf[-END_WITHIN:]:
        raise _unsafe("not a PDF")
    pages = 0
    for part in (pdf, *_inflated(pdf)):
        found = _names(part)
        for name in ACTIVE:
            if name in found:
                raise _unsafe(name.decode())
        pages += len(_PAGE.findall(part))
    if not 1 <= pages <= PAGES_MAX:
        raise _unsafe(f"{pages} pages")


def _names(part: bytes) -> set[bytes]:
    return {_HEX.sub(_unescaped, name) for name in _NAME.findall(part)}


def _unescaped(found: re.Match[bytes]) -> bytes:
    return bytes([int(found[1], 16)])


def _inflated(pdf: bytes) -> Iterator[bytes]:
    """What the streams hold: objects, and with them names, may be compressed there."""
    left, body, before = INFLATED_MAX, memoryview(pdf), 0
    for number, found in enumerate(_STREAM.finditer(pdf)):
        unpack = zlib.decompressobj()
        said = _names(pdf[before : found.start()])
        objects, before = b"ObjStm" in said, found.end()
        if number >= STREAMS_MAX or left <= 0:
            raise _unsafe("size")
        try:
            part = unpack.decompress(body[found.end() :], left)
        except zlib.error:
            if objects and b"Filter" in said:
                raise _unsafe("ObjStm") from None  # objects in a form that cannot be looked at
            continue  # a picture or a font in another form: not a place where objects hide
        if objects and (b"Predictor" in said or not _NUMBERS.match(part)):
            raise _unsafe("ObjStm")
        if unpack.unconsumed_tail and not unpack.eof:
            raise _unsafe("size")
        left -= len(part)
        yield part


def _unsafe(what: str) -> Rejected:
    return Rejected(Code.DOCUMENT_UNSAFE, field="pdf", reason=what)
