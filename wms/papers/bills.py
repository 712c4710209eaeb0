"""Bills (請求書) and receipts (領収書) that the bench prints, of amounts that the OMS has said.

Nothing is computed: what is asked for, the lines below it and the tax are as they were given. The
shop says who issues it, under which number (登録番号) and with what words.
"""

from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct
from sqlalchemy import select

from wms.db import Tx
from wms.errors import Code, Rejected
from wms.orders.gift_papers import UNPRINTABLE
from wms.papers.parties import PARTS, recipient
from wms.schema import documents, items, order_lines, orders, shops
from wms.text import clean

NONE = "{}"  # of a paper that is no bill of ours
TEMPLATE = "invoice"  # what the press calls both
Amount = Annotated[int, Meta(ge=-(10**12), le=10**12)]
Day = Annotated[str, Meta(pattern="^([0-9]{4}-[0-9]{2}-[0-9]{2})?$")]


class BillTotal(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A line below the goods (小計, 送料, 10%対象, 消費税), as it is given."""

    label: Annotated[str, Meta(min_length=1, max_length=40)]
    amount: Amount


class Bill(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a bill says, in minor units. `to` "": the recipient; `purpose`: a receipt's 但し書き."""

    amount: Amount
    totals: Annotated[tuple[BillTotal, ...], Meta(max_length=12)] = ()
    to: Annotated[str, Meta(max_length=64)] = ""
    issued_on: Day = ""
    due_on: Day = ""
    purpose: Annotated[str, Meta(max_length=100)] = ""
    message: Annotated[str, Meta(max_length=300)] = ""


def stored(bill: Bill) -> str:
    """*bill* as the book keeps it. Refuses `LABEL_GLYPH` for what no printer of ours can set."""
    texts = {name: _printable(getattr(bill, name), name) for name in ("to", "purpose", "message")}
    totals = tuple(
        msgspec.structs.replace(one, label=_printable(one.label, f"totals[{n}].label"))
        for n, one in enumerate(bill.totals)
    )
    safe = msgspec.structs.replace(bill, totals=totals, **texts)
    return msgspec.json.encode(safe).decode()


def _printable(text: str, name: str) -> str:
    field = f"bill.{name}"
    safe = clean(text, field=field, max=900) if text else ""
    found = UNPRINTABLE.search(safe)
    if found is not None:
        raise Rejected(
            Code.LABEL_GLYPH, field=field, character=found[0],
            code_point=f"U+{ord(found[0]):04X}",
        )  # fmt: skip
    return safe


def data(tx: Tx, document: int) -> dict[str, Any]:
    """What the bill *document* (its id) says, as JSON values for the press."""
    row = tx.execute(
        select(
            documents.c.kind.label("paper_kind"), documents.c.code.label("paper"),
            documents.c.bill, orders,
            shops.c.name.label("shop_name"), shops.c.registration, shops.c.slip_message,
            *(shops.c[f"sender_{part}"] for part in PARTS),
        )
        .join(orders, orders.c.id == documents.c.order_id)
        .join(shops, shops.c.code == orders.c.shop)
        .where(documents.c.id == document)
    ).one()  # fmt: skip
    bill = msgspec.json.decode(row.bill, type=Bill)
    issuer = {part: str(row._mapping[f"sender_{part}"]) for part in PARTS}
    issuer["name"] = issuer["name"] or row.shop_name or row.shop
    to = {"name": bill.to} if bill.to else recipient(row)
    return {
        "kind": row.paper_kind, "code": row.paper, "order": row.code,
        "issuer": {**issuer, "honorific": ""}, "to": to, "amount": bill.amount,
        "totals": msgspec.to_builtins(bill.totals), "lines": _lines(tx, row.id),
        "issued_on": bill.issued_on or row.ship_date, "due_on": bill.due_on,
        "purpose": bill.purpose, "registration": row.registration,
        "message": bill.message or row.slip_message,
    }  # fmt: skip


def _lines(tx: Tx, order: int) -> list[dict[str, Any]]:
    """What was bought, with the prices that the shop charged."""
    wanted = order_lines.c.qty - order_lines.c.cancelled
    query = (
        select(items.c.name, order_lines.c.price, wanted.label("wanted"))
        .join(items, items.c.id == order_lines.c.item_id)
        .where(order_lines.c.order_id == order, wanted > 0, order_lines.c.kind != "insert")
        .order_by(order_lines.c.line_no)
    )
    return [
        {"name": row.name, "qty": row.wanted, "unit_price": row.price or None}
        for row in tx.execute(query)
    ]
