"""What a box that came back may be: by its labels, by a paper in it, by what is in it, by words.

Nothing here tells whose it is: who searches by a name knows it, and the screen shows codes.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Row, Select, or_, select

from wms.db import Tx
from wms.returns.rows import OPEN
from wms.schema import (
    items,
    order_lines,
    orders,
    parcel_lines,
    parcels,
    return_lines,
    returns,
)

CHOICES_MAX = 5  # as many as the smallest screen shows
WINDOW_MS = 90 * 86_400_000  # goods come back within; older numbers were given to others since
SEARCHED_MAX = 2_000  # orders whose recipients are compared
_DIGITS = re.compile(r"[0-9]{4,}")


@dataclass(frozen=True, slots=True)
class Candidate:
    """A return, a parcel or an order that the box may be (0 = none of that kind).

    `name` is a printed code; `note` tells it from others: its ship date, what was in it.
    """

    number: int = 0
    parcel: int = 0
    order: int = 0
    name: str = ""
    note: str = ""


def by_code(
    tx: Tx, text: str, *, now: int, serial: str = "", item_ids: Sequence[int] = ()
) -> tuple[Candidate, ...]:
    """What *text* (a scan), or a *serial* number or items that a scan named, may be.

    In this order: an RMA or return code, a parcel's own code, a tracking number (recycled: those of
    the last 90 days), an order, a serial number (its newest sending), an announced item.
    """
    for found in (
        _returns(tx, or_(returns.c.code == text.upper(), returns.c.external_id == text)),
        _parcels(tx, parcels.c.code == text.upper()),
        _tracked(tx, text, now),
        _orders(tx, or_(orders.c.code == text.upper(), orders.c.external_id == text)),
        _of_serial(tx, serial, item_ids) if serial else (),
        _announced(tx, item_ids) if item_ids else (),
    ):
        if found:
            return _returns_of(tx, found)[:CHOICES_MAX]
    return ()


def by_words(tx: Tx, words: str, *, now: int) -> tuple[Candidate, ...]:
    """Orders of the last 90 days whose recipient has this name or phone, or that held this SKU.

    A name is compared without spaces and widths, a phone by its digits; the newest first.
    """
    folded = _folded(words)
    if len(folded) < 2:
        return ()
    recent = (parcels.c.shipped_ms >= now - WINDOW_MS) & (parcels.c.state == "shipped")
    query = (
        select(orders.c.id, orders.c.recipient, parcels.c.shipped_ms)
        .join(parcels, parcels.c.order_id == orders.c.id)
        .where(recent)
        .order_by(parcels.c.shipped_ms.desc(), orders.c.id.desc())
    )
    found: dict[int, None] = {}
    for row in tx.execute(query.where(_likely(folded)).limit(SEARCHED_MAX)):
        if _is_recipient(row.recipient, folded):
            found[row.id] = None
    sku = select(order_lines.c.order_id).join(items, items.c.id == order_lines.c.item_id)
    held = query.where(orders.c.id.in_(sku.where(items.c.sku == words.strip())))
    for row in tx.execute(held.limit(CHOICES_MAX)):
        found[row.id] = None
    chosen = orders.c.id.in_(list(found)[:CHOICES_MAX])
    return _returns_of(tx, _orders(tx, chosen)) if found else ()


def _likely(folded: str) -> ColumnElement[bool]:
    """A wide net in the database: the characters in their order. What is in it is looked at."""
    return orders.c.recipient.like(f"%{'%'.join(folded)}%")


def _is_recipient(recipient: str, folded: str) -> bool:
    told = msgspec.json.decode(recipient, type=dict[str, str])
    phone = re.sub(r"[^0-9]", "", told.get("phone", ""))
    return folded in _folded(told.get("name", "")) or (
        _DIGITS.fullmatch(folded) is not None and phone.endswith(folded)
    )


def _folded(text: str) -> str:
    """A name as it is compared. No pattern of the database's own gets through."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    return re.sub(r"[\s%_\\\-.]", "", plain)


def _returns(tx: Tx, which: ColumnElement[bool]) -> tuple[Candidate, ...]:
    """Open ones; else the newest that is over, so that the floor can say so."""
    rows = tx.execute(select(returns).where(which).order_by(returns.c.id.desc())).all()
    chosen = [row for row in rows if row.state in OPEN] or rows[:1]
    return tuple(
        Candidate(row.id, row.parcel_id or 0, row.order_id or 0, row.code, row.external_id)
        for row in chosen
    )


def _parcels(tx: Tx, which: ColumnElement[bool]) -> tuple[Candidate, ...]:
    query = select(parcels).where(which, parcels.c.state != "void")
    rows = tx.execute(query.order_by(parcels.c.shipped_ms.desc(), parcels.c.id.desc())).all()
    return tuple(
        Candidate(parcel=row.id, order=row.order_id, name=row.code, note=row.ship_date)
        for row in rows
    )


def _tracked(tx: Tx, text: str, now: int) -> tuple[Candidate, ...]:
    """Numbers are recycled, and pieces may share one: the recent ones, else whatever there is."""
    sent = (parcels.c.tracking == text) & (parcels.c.state == "shipped")
    recent = _parcels(tx, sent & (parcels.c.shipped_ms >= now - WINDOW_MS)) if text else ()
    return recent or (_parcels(tx, sent) if text else ())


def _orders(tx: Tx, which: ColumnElement[bool]) -> tuple[Candidate, ...]:
    """An order that went out in one parcel is that parcel."""
    query = (
        select(orders.c.id, orders.c.code, orders.c.ship_date, parcels.c.id.label("parcel"))
        .join(parcels, parcels.c.order_id == orders.c.id)
        .where(which, parcels.c.state == "shipped")
        .order_by(orders.c.id.desc(), parcels.c.piece)
    )
    sent: dict[int, list[Any]] = {}
    for row in tx.execute(query):
        sent.setdefault(row.id, []).append(row)
    return tuple(
        Candidate(
            parcel=rows[0].parcel if len(rows) == 1 else 0, order=order, name=rows[0].code,
            note=rows[0].ship_date,
        )
        for order, rows in sent.items()
    )  # fmt: skip


def _of_serial(tx: Tx, serial: str, item_ids: Sequence[int]) -> tuple[Candidate, ...]:
    """The newest parcel that this very piece left in: older orders had it, and gave it back."""
    query: Select[Any] = (
        select(parcels.c.id)
        .join(parcel_lines, parcel_lines.c.parcel_id == parcels.c.id)
        .join(order_lines, order_lines.c.id == parcel_lines.c.line_id)
        .where(parcel_lines.c.serial == serial, parcels.c.state == "shipped")
        .order_by(parcels.c.shipped_ms.desc(), parcels.c.id.desc())
    )
    if item_ids:
        query = query.where(order_lines.c.item_id.in_(item_ids))
    newest = tx.execute(query.limit(1)).scalar()
    return _parcels(tx, parcels.c.id == newest) if newest is not None else ()


def _announced(tx: Tx, item_ids: Sequence[int]) -> tuple[Candidate, ...]:
    awaited = select(return_lines.c.return_id).where(
        return_lines.c.item_id.in_(item_ids), return_lines.c.qty > return_lines.c.graded
    )
    return _returns(tx, returns.c.id.in_(awaited) & returns.c.state.in_(OPEN))


def _returns_of(tx: Tx, found: Sequence[Candidate]) -> tuple[Candidate, ...]:
    """Where several returns are open for one order, it is one of them."""
    of_orders = [one.order for one in found if one.order and not one.number]
    open_ones = select(returns).where(returns.c.order_id.in_(of_orders), returns.c.state.in_(OPEN))
    begun: dict[int, list[Row[Any]]] = {}
    for row in tx.execute(open_ones.order_by(returns.c.id)):
        begun.setdefault(row.order_id, []).append(row)
    several: list[Candidate] = []
    for one in found:
        mine = [
            row for row in begun.get(one.order, []) if row.parcel_id in (None, one.parcel or None)
        ]
        if one.number or len(mine) < 2:
            several.append(one)
        else:
            several += [
                Candidate(row.id, one.parcel, one.order, row.code, row.external_id) for row in mine
            ]
    return tuple(dict.fromkeys(several))
