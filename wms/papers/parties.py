"""Whom a parcel is for and who sent it, as labels and slips say it: read from an order's row."""

from typing import Any

import msgspec
from sqlalchemy import Row

from wms.errors import Code, Rejected
from wms.privacy.forgetting import MASKED

PARTS = ("name", "postal", "address", "phone")


def recipient(row: Row[Any]) -> dict[str, str]:
    """The party in *row*'s `recipient`, its address in one line. Refuses `ORDER_ERASED` where
    nobody knows them any more."""
    to: dict[str, str] = msgspec.json.decode(row.recipient)
    if to["name"] == MASKED:
        raise Rejected(Code.ORDER_ERASED, order=row._mapping.get("order_code") or row.code)
    street = f"{to.get('prefecture', '')}{to.get('address', '')}"
    return {
        "name": to["name"], "company": to.get("company", ""), "postal": to.get("postal", ""),
        "address": f"{street} {to.get('building', '')}".strip(), "phone": to.get("phone", ""),
    }  # fmt: skip


def sender(row: Row[Any]) -> dict[str, str]:
    """The purchaser of a gift who is named, else the shop; a shop without a name has its code.

    *row* has the order's `gift` and `shop`, and the shop's `sender_...` and `shop_name`.
    """
    gift: dict[str, Any] = msgspec.json.decode(row.gift)
    if gift.get("sender_name"):
        found = {part: str(gift.get(f"sender_{part}", "")) for part in PARTS}
    else:
        found = {part: str(row._mapping[f"sender_{part}"]) for part in PARTS}
        found["name"] = found["name"] or row.shop_name or row.shop
    return {**found, "honorific": ""}
