"""Slips that carrier software issued before the picking (先出し): their numbers come in by file.

Each number is for one order and waits until it is scanned at that order's box. A slip never means
that anything was shipped.
"""

from collections.abc import Sequence
from typing import Annotated, Any

from msgspec import Meta, Struct
from sqlalchemy import Row, select

from wms.db import Tx, insert_for
from wms.errors import Code
from wms.orders.new import EXTERNAL_ID_CHARACTERS
from wms.schema import orders, parcels, slips
from wms.shape import Fault, fault, refuse_first, shape_faults, sound
from wms.site.carriers import TRACKING_DIGITS, is_tracking
from wms.site.items import CHUNK, Put
from wms.text import shown

OVER = ("shipped", "cancelled")


class NewSlip(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The number of one slip for an order. `owner` "" where the order's number is nobody else's.

    As a scanner reads it: the letters around a slip's barcode (NW-7) and hyphens are left out.
    """

    owner: Annotated[str, Meta(max_length=32)] = ""
    external_id: Annotated[str, Meta(min_length=1, max_length=EXTERNAL_ID_CHARACTERS)]
    tracking: Annotated[
        str, Meta(min_length=4, max_length=24, pattern="^[A-Da-d]?[0-9-]+[A-Da-d]?$")
    ]


def number_of(text: str) -> str:
    """The digits of a slip's number.

    >>> number_of("a4567-8901-2345a")
    '456789012345'
    """
    return text.strip("ABCDabcd").replace("-", "")


def is_sound(number: str, *, carrier: str) -> bool:
    """Whether the last digit is the others modulo 7, for carriers whose numbers end so."""
    lengths = TRACKING_DIGITS.get(carrier)
    return lengths is None or is_tracking(number, lengths)


def faults(tx: Tx, rows: Sequence[NewSlip]) -> list[Fault]:
    """Everything that keeps *rows* out of the book, row by row; nothing is written."""
    found = shape_faults(rows)
    safe = sound(rows, found)
    known = _orders(tx, [row for _, row in safe])
    taken = _taken(tx, [number_of(row.tracking) for _, row in safe])
    here: dict[tuple[str, str], int] = {}
    for number, row in safe:
        of = known.get((row.owner, row.external_id), [])
        reference = shown(row.external_id)
        if len(of) != 1:
            code = Code.ORDER_AMBIGUOUS if of else Code.REFERENCE_UNKNOWN
            told = {"order": reference} if of else {"value": reference}
            found.append(fault(number, code, field="external_id", **told))
            continue
        (order,) = of
        slip = number_of(row.tracking)
        if order.state in OVER:
            found.append(fault(
                number, Code.ORDER_STATE, field="external_id", order=order.code,
                state=order.state, wanted="packed",
            ))  # fmt: skip
        elif not is_sound(slip, carrier=order.carrier):
            value = shown(row.tracking)
            found.append(fault(
                number, Code.TRACKING_WRONG, field="tracking", value=value, carrier=order.carrier
            ))  # fmt: skip
        elif (other := here.setdefault((order.carrier, slip), order.id)) != order.id or (
            other := taken.get((order.carrier, slip), order.id)
        ) != order.id:
            found.append(fault(
                number, Code.TRACKING_TAKEN, field="tracking", tracking=slip, parcel=f"#{other}"
            ))  # fmt: skip
    return sorted(found, key=lambda one: one.row)


def put(tx: Tx, rows: Sequence[NewSlip], *, now: int) -> Put:
    """Keep slips for their orders, each once. Refuses the first of `faults`."""
    refuse_first(faults(tx, rows))
    known = _orders(tx, rows)
    new = 0
    for start in range(0, len(rows), CHUNK):
        values = [
            {"order_id": order.id, "carrier": order.carrier, "tracking": number_of(row.tracking),
             "at_ms": now}
            for row in rows[start : start + CHUNK]
            for order in known[row.owner, row.external_id]
        ]  # fmt: skip
        statement = insert_for(tx)(slips).values(values).on_conflict_do_nothing()
        new += len(tx.execute(statement.returning(slips.c.id)).all())
    return Put(new, 0, len(rows) - new)


def _orders(tx: Tx, rows: Sequence[NewSlip]) -> dict[tuple[str, str], list[Row[Any]]]:
    """The orders that rows name, by owner ("" = any) and external id."""
    wanted = sorted({row.external_id for row in rows})
    found: dict[tuple[str, str], list[Row[Any]]] = {}
    for start in range(0, len(wanted), CHUNK):
        mine = orders.c.external_id.in_(wanted[start : start + CHUNK])
        for order in tx.execute(select(orders).where(mine).order_by(orders.c.id)):
            for owner in (order.owner, ""):
                found.setdefault((owner, order.external_id), []).append(order)
    return found


def _taken(tx: Tx, numbers: Sequence[str]) -> dict[tuple[str, str], int]:
    """Which order has a number that is still to be used or on a box that is still here; numbers
    are recycled once their parcel is gone."""
    chosen = sorted(set(numbers))
    found: dict[tuple[str, str], int] = {}
    for start in range(0, len(chosen), CHUNK):
        query = (
            select(slips.c.carrier, slips.c.tracking, slips.c.order_id)
            .outerjoin(parcels, parcels.c.id == slips.c.parcel_id)
            .join(orders, orders.c.id == slips.c.order_id)
            .where(slips.c.tracking.in_(chosen[start : start + CHUNK]), slips.c.state != "void")
            .where(orders.c.state.not_in(OVER))
        )
        found |= {(row.carrier, row.tracking): row.order_id for row in tx.execute(query)}
    return found
