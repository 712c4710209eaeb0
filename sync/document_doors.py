"""Papers of the OMS for the box: bills, receipts, letters, as PDF in base64, or a bill's amounts.

What is sent is hostile until proven (`wms.papers.documents`). Sent without a PDF, a paper is
announced: its box waits until the PDF comes.
"""

import base64
import binascii

from litestar import Response, Router, get, post
from litestar.openapi import ResponseSpec
from litestar.params import FromPath, FromQuery, JSONBody
from msgspec import Struct

from sync.http import Now, TheBook, TheToken, told_once
from wms.db import Tx
from wms.errors import Code, Rejected
from wms.orders import view
from wms.papers import documents
from wms.papers.documents import NewDocument
from wms.people import tokens
from wms.people.tokens import Token
from wms.record import commands

BODY_BYTES_MAX = documents.BYTES_MAX * 4 // 3 + 10_000


class DocumentView(Struct, frozen=True, kw_only=True):
    """A paper of an order. `here`: its PDF came; `packed`: it lies in a box. `new` is of this call:
    False for what was known already."""

    order: str
    kind: str
    code: str
    here: bool
    packed: bool
    new: bool = False


class DocumentList(Struct, frozen=True, kw_only=True):
    """The papers of an order, the oldest first."""

    documents: tuple[DocumentView, ...]


@post(
    "/orders/{reference:str}/documents",
    opt={"scope": "orders:write"},
    summary="Give the floor a paper for an order's box",
    request_max_body_size=BODY_BYTES_MAX,
    responses={200: ResponseSpec(DocumentView, description="It was here already")},
)
async def post_document(
    reference: FromPath[str], data: JSONBody[NewDocument], book: TheBook, token: TheToken, now: Now,
    owner: FromQuery[str] = "",
) -> Response[DocumentView]:  # fmt: skip
    """201 for a new one; 200 for the same again; 409 for another under its code."""
    whose = tokens.owner_for(token, owner)
    answer = await book.write(take, reference, data, owner=whose, token=token, now=now)
    return told_once(answer)


@get(
    "/orders/{reference:str}/documents", opt={"scope": "orders:read"},
    summary="The papers of an order",
)  # fmt: skip
async def get_documents(
    reference: FromPath[str], book: TheBook, token: TheToken, owner: FromQuery[str] = ""
) -> DocumentList:
    """What was announced, what came, what lies in a box."""
    whose = tokens.owner_for(token, owner)
    return await book.read(listed, reference, owner=whose)


def take(
    tx: Tx, reference: str, wanted: NewDocument, *, owner: str, token: Token, now: int
) -> DocumentView:
    """Keep a paper, or remember that it will come. Refuses what `wms.papers.documents` refuses.

    Refuses `ORDER_UNKNOWN`, `ORDER_STATE` once everything is packed, and `FIELD_WRONG` for what is
    no base64, or a bill that is none.
    """
    order = view.get(tx, reference, owner=owner)
    if order.state in ("packed", "shipped", "cancelled"):
        raise Rejected(Code.ORDER_STATE, order=order.code, state=order.state, wanted="picked")
    number, kind, code = order.order_id, wanted.kind, wanted.code
    if wanted.bill is not None:
        if wanted.pdf or kind == "letter":
            raise Rejected(Code.FIELD_WRONG, field="bill", reason="invoice or receipt, no pdf")
        bill = wanted.bill
        new = documents.put_bill(tx, order=number, kind=kind, code=code, bill=bill, now=now)
    elif wanted.pdf:
        pdf = _decoded(wanted.pdf)
        new = documents.put(tx, order=number, kind=kind, code=code, pdf=pdf, now=now)
    else:
        new = documents.announce(tx, order=number, kind=kind, code=code, now=now)
    if new:
        commands.record(
            tx, actor=token.actor, device="api", permission="orders:write", name="documents.put",
            body={"order": order.code, "kind": wanted.kind, "bytes": len(wanted.pdf)}, now=now,
        )  # fmt: skip
    found = documents.of_order(tx, order.order_id)
    one = next(each for each in found if each.code == wanted.code)
    return DocumentView(
        order=order.code, kind=one.kind, code=one.code, here=one.here, packed=one.parcel != 0,
        new=new,
    )  # fmt: skip


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise Rejected(Code.FIELD_WRONG, field="pdf", reason="base64") from None


def listed(tx: Tx, reference: str, *, owner: str) -> DocumentList:
    """The papers of the order that *reference* names. Refuses `ORDER_UNKNOWN`."""
    order = view.get(tx, reference, owner=owner)
    return DocumentList(documents=tuple(
        DocumentView(
            order=order.code, kind=one.kind, code=one.code, here=one.here, packed=one.parcel != 0
        )
        for one in documents.of_order(tx, order.order_id)
    ))  # fmt: skip


def routes() -> Router:
    """The handlers of papers."""
    return Router("/v1", route_handlers=[post_document, get_documents])
