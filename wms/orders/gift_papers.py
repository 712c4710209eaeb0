"""Papers of our own for a gift: the card with the purchaser's words, and the のし with its wording.

A shop that has a template for them gets them printed at the bench, each with a barcode: lines to
scan, like the papers of the OMS. Where it has none, the packer reads the wishes on the screen.
"""

import re
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import select

from wms.db import Tx
from wms.errors import Code, Rejected
from wms.orders.new import Gift
from wms.schema import documents, orders, shops

CARD, NOSHI = "card", "noshi"
OWN = (CARD, NOSHI)  # kinds of papers that no OMS sends
TEMPLATES = {CARD: "message_card", NOSHI: "noshi"}  # what the press calls them
SUFFIX = {CARD: "C", NOSHI: "N"}
UNPRINTABLE = re.compile("[\ue000-\uf8ff\ufffd\U0001f000-\U0001ffff]")


class Templates(NamedTuple):
    """What a shop chose, "" = it prints none."""

    card: str = ""
    noshi: str = ""


def templates(tx: Tx) -> dict[str, Templates]:
    """Every shop that prints cards or のし, by code."""
    chosen = (shops.c.card != "") | (shops.c.noshi != "")
    return {row.code: Templates(row.card, row.noshi) for row in tx.execute(
        select(shops.c.code, shops.c.card, shops.c.noshi).where(chosen)
    )}  # fmt: skip


def wanted(gift: Gift | None, chosen: Templates) -> tuple[str, ...]:
    """The kinds of papers that a gift of such a shop gets."""
    if gift is None:
        return ()
    return tuple(
        kind for kind, asked in ((CARD, chosen.card and gift.message),
                                 (NOSHI, chosen.noshi and (gift.noshi or gift.noshi_name)))
        if asked
    )  # fmt: skip


def refuse_unprintable(gift: Gift | None, chosen: Templates) -> None:
    """Refuse `LABEL_GLYPH`, with field and character, for what no printer of ours can set: emoji,
    private characters, and what was replaced because nobody can see it."""
    kinds = wanted(gift, chosen)
    fields = {CARD: ("message",), NOSHI: ("noshi", "noshi_name")}
    for kind in kinds:
        for field in fields[kind]:
            found = UNPRINTABLE.search(getattr(gift, field))
            if found is not None:
                raise Rejected(
                    Code.LABEL_GLYPH, field=f"gift.{field}", character=found[0],
                    code_point=f"U+{ord(found[0]):04X}",
                )  # fmt: skip


def code_of(order: str, kind: str) -> str:
    """The barcode on the paper.

    >>> code_of("O0000012", "card")
    'O0000012-C'
    """
    return f"{order}-{SUFFIX[kind]}"


def data(tx: Tx, document: int) -> dict[str, Any]:
    """What the paper *document* (its id) says, as JSON values for the press."""
    row = tx.execute(
        select(documents.c.kind, documents.c.code, orders.c.gift, orders.c.recipient,
               shops.c.card, shops.c.noshi)
        .join(orders, orders.c.id == documents.c.order_id)
        .join(shops, shops.c.code == orders.c.shop)
        .where(documents.c.id == document)
    ).one()  # fmt: skip
    gift = msgspec.json.decode(row.gift, type=Gift)
    if row.kind == NOSHI:
        return {
            "code": row.code, "wording": gift.noshi, "name": gift.noshi_name,
            "drawn": row.noshi == "drawn",
        }  # fmt: skip
    return {
        "code": row.code, "message": gift.message, "sender": gift.sender_name,
        "to": msgspec.json.decode(row.recipient)["name"], "framed": row.card == "framed",
    }  # fmt: skip
