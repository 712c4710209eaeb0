"""Parcels: what is in the box, its label, and the truck that takes it.

open -> labelled -> closed -> loaded -> shipped. A label comes only after proof, a parcel closes
only when *its own* label was scanned back on it, and only then may the tracking number be told.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Row, func, insert, select, update

from wms import stock as ledger
from wms.db import Tx
from wms.errors import Code, Rejected
from wms.orders import lifecycle
from wms.promises import allocation
from wms.record.event_kinds import (
    ManifestClosed,
    OrderPacked,
    OrderShipped,
    ParcelInspected,
    ParcelLabelled,
)
from wms.record.events import emit
from wms.schema import (
    allocations,
    manifests,
    order_lines,
    parcel_lines,
    parcels,
    places,
    slips,
    stock,
    tracking_ranges,
)
from wms.schema import orders as orders_table
from wms.shipping.loading import load as load
from wms.shipping.loading import take_off as take_off
from wms.shipping.tracking_numbers import to_give
from wms.site import owners
from wms.stock import CUSTOMER, Move

STOPPED = ("held", "cancelled")  # states of an order whose boxes must not leave
UNPROVEN = ("open", "labelled")  # states of a parcel whose label was not scanned on it


@dataclass(frozen=True, slots=True)
class Packed:
    """Units of one picked allocation that go into the box."""

    allocation: int
    qty: int


def pack(
    tx: Tx, *, order: int, contents: Sequence[Packed], station: str, place: str, box: str,
    weight_g: int, predicted_g: int, key: str, actor: str, now: int,
) -> int:  # fmt: skip
    """Make a parcel of proven *contents* standing at *place*. Returns its id.

    The goods move from their totes into the box and their promises end there. Refuses
    `ORDER_STOPPED`, and `ALLOCATION_CLOSED` when they are not in their totes any more.
    """
    assert contents, "a parcel holds something"
    row = _order(tx, order)
    if row.state in STOPPED:
        raise Rejected(Code.ORDER_STOPPED, order=row.code)
    piece = (
        1
        + tx.execute(
            select(func.coalesce(func.max(parcels.c.piece), 0)).where(parcels.c.order_id == order)
        ).scalar_one()
    )
    code = f"P{order:07d}-{piece}"
    tx.execute(insert(places).values(code=code, kind="carton", parent=place))
    values = {
        "code": code, "order_id": order, "piece": piece, "station": station, "box": box,
        "service": row.service, "carrier": row.carrier, "ship_date": row.ship_date,
        "predicted_g": predicted_g, "weight_g": weight_g, "created_ms": now,
    }  # fmt: skip
    parcel = tx.execute(insert(parcels).values(values).returning(parcels.c.id)).scalar_one()
    _fill(tx, int(parcel), code, contents, key, actor, now)
    return int(parcel)


def _fill(
    tx: Tx, parcel: int, code: str, contents: Sequence[Packed], key: str, actor: str, now: int
) -> None:
    """Book the contents into the box and count them on their lines."""
    numbers = [
        allocation.pack(tx, part.allocation, qty=part.qty, to=code, key=f"{key}:pack:{n}",
                        actor=actor, now=now)
        for n, part in enumerate(contents)
    ]  # fmt: skip
    packed = select(
        allocations.c.line_id, allocations.c.lot, allocations.c.serial,
        func.sum(allocations.c.qty).label("qty"),
    ).where(allocations.c.id.in_(numbers)).group_by(
        allocations.c.line_id, allocations.c.lot, allocations.c.serial
    )  # fmt: skip
    rows = [{"parcel_id": parcel, **row._mapping} for row in tx.execute(packed)]
    tx.execute(insert(parcel_lines), rows)
    for row in rows:
        tx.execute(
            update(order_lines)
            .where(order_lines.c.id == row["line_id"])
            .values(packed=order_lines.c.packed + row["qty"])
        )


def number_of(body: int) -> str:
    """A 12-digit tracking number: eleven digits and their remainder by seven.

    Source: the check digit that Yamato, Sagawa and Japan Post share.

    >>> number_of(26249216032)
    '262492160324'
    """
    return f"{body:011d}{body % 7}"


def label(tx: Tx, *, parcel: int, now: int) -> str:
    """Give the parcel a tracking number from its owner's range. Returns the number.

    Refuses `TRACKING_EXHAUSTED`, `PARCEL_VOID`; a labelled parcel keeps its number (none is twice).
    """
    row = _unlabelled(tx, parcel)
    if row.tracking:
        return str(row.tracking)
    owner = tx.execute(
        select(orders_table.c.owner).where(orders_table.c.id == row.order_id)
    ).scalar_one()
    taken = tx.execute(
        update(tracking_ranges)
        .where(to_give(owner, row.carrier))
        .values(next=tracking_ranges.c.next + 1)
        .returning(tracking_ranges.c.next)
    ).scalar()
    if taken is None:
        raise Rejected(Code.TRACKING_EXHAUSTED, carrier=row.carrier, owner=owner)
    number = number_of(taken - 1)
    _labelled(tx, row, number, now)
    return number


def match_slip(tx: Tx, *, parcel: int, tracking: str, now: int) -> None:
    """Take the pre-issued slip that was scanned.

    Refuses `SLIP_OTHER_ORDER`, a used slip, and a number that is on another of today's boxes
    (`TRACKING_TAKEN`).
    """
    row = _unlabelled(tx, parcel)
    mine = (
        (slips.c.order_id == row.order_id)
        & (slips.c.carrier == row.carrier)
        & (slips.c.tracking == tracking)
        & (slips.c.state == "imported")
    )
    used = update(slips).where(mine).values(state="matched", parcel_id=parcel)
    if tx.execute(used).rowcount != 1:
        raise Rejected(Code.SLIP_OTHER_ORDER, tracking=tracking)
    _labelled(tx, row, tracking, now)


def _labelled(tx: Tx, row: Row[Any], tracking: str, now: int) -> None:
    same = (parcels.c.tracking == tracking) & (parcels.c.ship_date == row.ship_date)
    another = (
        (parcels.c.id != row.id) & (parcels.c.piece == row.piece) & (parcels.c.state != "void")
    )
    on_it = select(parcels.c.code).where(parcels.c.carrier == row.carrier, same, another)
    if (other := tx.execute(on_it).scalar()) is not None:  # an index is the last guard
        raise Rejected(Code.TRACKING_TAKEN, tracking=tracking, parcel=other)
    changed = {"tracking": tracking, "state": "labelled", "labelled_ms": now}
    tx.execute(update(parcels).where(parcels.c.id == row.id).values(changed))
    order = _order(tx, row.order_id)
    emit(tx, ParcelLabelled(
        owner=order.owner, order_id=order.id, external_id=order.external_id, parcel=row.code,
        piece=row.piece,
    ), now=now)  # fmt: skip


def verify(tx: Tx, *, parcel: int, tracking: str, now: int) -> None:
    """Close the parcel: its own label was scanned on it. From here the number may be told, unless
    the shop hears of it at the hand-over only.

    Refuses `LABEL_OTHER_PARCEL` for any other number, and `ORDER_STOPPED`.
    """
    row = _live(tx, parcel)
    if row.state != "labelled" or row.tracking != tracking:
        raise Rejected(Code.LABEL_OTHER_PARCEL, expected=row.tracking, scanned=tracking)
    order = _order(tx, row.order_id)
    if order.state in STOPPED:
        raise Rejected(Code.ORDER_STOPPED, order=order.code)
    changed = {"state": "closed", "verified_ms": now}
    tx.execute(update(parcels).where(parcels.c.id == parcel).values(changed))
    about: dict[str, Any] = {
        "owner": order.owner,
        "order_id": order.id,
        "external_id": order.external_id,
    }
    told = "" if owners.told_at_handover(tx, order.shop) else tracking
    happened: list[Any] = [ParcelInspected(
        **about, parcel=row.code, carrier=row.carrier, tracking=told, piece=row.piece
    )]  # fmt: skip
    if _complete(tx, order.id):
        lifecycle.set_state(tx, [order.id], "packed", now=now)
        happened.append(OrderPacked(**about))
    emit(tx, *happened, now=now)


def _complete(tx: Tx, order: int) -> bool:
    """Whether everything the order still wants is in closed parcels."""
    wanted = order_lines.c.qty - order_lines.c.cancelled > order_lines.c.packed
    open_line = select(order_lines.c.id).where(order_lines.c.order_id == order, wanted)
    open_parcel = select(parcels.c.id).where(
        parcels.c.order_id == order, parcels.c.state.in_(UNPROVEN)
    )
    return tx.execute(open_line).first() is None and tx.execute(open_parcel).first() is None


def set_aside(tx: Tx, *, parcel: int) -> str:
    """Take an unproven parcel from its bench, which goes on without it. Returns its code."""
    row = _live(tx, parcel)
    tx.execute(update(parcels).where(parcels.c.id == parcel).values(station=""))
    return str(row.code)


def take_up(tx: Tx, *, parcel: int, station: str) -> None:
    """Go on with an unproven parcel at *station*. Refuses `PARCEL_PROVEN` for any other."""
    row = _live(tx, parcel)
    if row.state == "void":
        raise Rejected(Code.PARCEL_VOID, parcel=row.code)
    if row.state not in UNPROVEN:
        raise Rejected(Code.PARCEL_PROVEN, parcel=row.code)
    tx.execute(update(parcels).where(parcels.c.id == parcel).values(station=station))


@dataclass(frozen=True, slots=True)
class ClosedOut:
    """What a close-out found: labelled = handed over, or what rolls over to the next pickup."""

    handed_over: int
    left_behind: tuple[str, ...]


def close_out(tx: Tx, *, manifest: int, key: str, actor: str, now: int) -> ClosedOut:
    """Hand the loaded parcels over: goods to @customer, orders shipped, manifest closed.

    Parcels of this carrier that were labelled but not loaded stay for the next pickup. Refuses
    `MANIFEST_CLOSED`, and `LOAD_STOPPED` while one that must not leave is on the truck.
    """
    open_one = (manifests.c.id == manifest) & (manifests.c.state == "open")
    closing = {"state": "closed", "closed_ms": now, "closed_by": actor}
    to = tx.execute(update(manifests).where(open_one).values(closing).returning(manifests)).first()
    if to is None:
        raise Rejected(Code.MANIFEST_CLOSED, manifest=manifest)
    on_board = (parcels.c.manifest_id == manifest) & (parcels.c.state == "loaded")
    loaded = select(parcels).where(on_board).order_by(parcels.c.id)
    gone = tx.execute(loaded.with_for_update()).all()  # nobody takes one off from here on
    _lock_orders(tx, {row.order_id for row in gone})  # and nobody stops one
    _refuse_stopped(tx, on_board)
    _hand_over(tx, [row.id for row in gone], actor, now)
    behind = tuple(tx.scalars(
        select(parcels.c.code)
        .join(orders_table, orders_table.c.id == parcels.c.order_id)
        .where(parcels.c.carrier == to.carrier, parcels.c.state.in_(("labelled", "closed")))
        .where(orders_table.c.state != "cancelled")  # those go back to their shelves
        .order_by(parcels.c.code)
    ))  # fmt: skip
    told = [
        ManifestClosed(manifest=to.code, parcels=len(gone), left_behind=len(behind)),
        *_shipped(tx, sorted({row.order_id for row in gone}), now),
    ]
    emit(tx, *told, now=now)
    return ClosedOut(len(gone), behind)


def _refuse_stopped(tx: Tx, on_board: ColumnElement[bool]) -> None:
    query = (
        select(parcels.c.code)
        .join(orders_table, orders_table.c.id == parcels.c.order_id)
        .where(on_board, orders_table.c.state.in_(STOPPED))
        .order_by(parcels.c.id)
    )
    stopped = tx.execute(query.limit(1)).scalar()
    if stopped is not None:
        raise Rejected(Code.LOAD_STOPPED, parcel=stopped)


def _hand_over(tx: Tx, parcel_ids: Sequence[int], actor: str, now: int) -> None:
    """Move the contents to @customer and count them on their lines, in batches."""
    mine = parcels.c.id.in_(parcel_ids)
    contents = (
        select(stock, parcels.c.id.label("parcel_id"))
        .join(parcels, parcels.c.code == stock.c.place)
        .where(mine, stock.c.qty > 0)
    )
    lines = [
        Move(
            key=f"ship:{row.parcel_id}:{row.item_id}:{row.lot}:{row.condition}:{row.serial}",
            item=row.item_id, qty=row.qty, source=row.place, target=CUSTOMER, lot=row.lot,
            condition=row.condition, serial=row.serial, reason="ship",
            ref=f"parcel:{row.parcel_id}",
        )
        for row in tx.execute(contents)
    ]  # fmt: skip
    ledger.post(tx, lines, actor=actor, now=now)
    tx.execute(update(parcels).where(mine).values(state="shipped", shipped_ms=now))
    sent = (
        select(func.sum(parcel_lines.c.qty))
        .where(parcel_lines.c.line_id == order_lines.c.id, parcel_lines.c.parcel_id.in_(parcel_ids))
        .scalar_subquery()
    )
    touched = select(parcel_lines.c.line_id).where(parcel_lines.c.parcel_id.in_(parcel_ids))
    tx.execute(
        update(order_lines)
        .where(order_lines.c.id.in_(touched))
        .values(shipped=order_lines.c.shipped + sent)
    )


def _shipped(tx: Tx, order_ids: Sequence[int], now: int) -> list[OrderShipped]:
    """The locked *order_ids* of which nothing is left here: they are shipped now."""
    unsent = select(order_lines.c.order_id).where(
        order_lines.c.order_id.in_(order_ids),
        order_lines.c.qty - order_lines.c.cancelled > order_lines.c.shipped,
    )
    rows = tx.execute(
        select(orders_table).where(
            orders_table.c.id.in_(order_ids), orders_table.c.id.not_in(unsent)
        ).order_by(orders_table.c.id)
    ).all()  # fmt: skip
    done = [row.id for row in rows]
    lifecycle.set_state(tx, done, "shipped", now=now)
    numbers: dict[int, list[str]] = {order: [] for order in done}
    query = select(parcels.c.order_id, parcels.c.tracking).where(
        parcels.c.order_id.in_(done), parcels.c.state == "shipped"
    )
    for row in tx.execute(query.order_by(parcels.c.order_id, parcels.c.piece)):
        numbers[row.order_id].append(row.tracking)
    return [
        OrderShipped(
            owner=row.owner, order_id=row.id, external_id=row.external_id, carrier=row.carrier,
            tracking=tuple(numbers[row.id]),
        )
        for row in rows
    ]  # fmt: skip


def _live(tx: Tx, parcel: int) -> Row[Any]:
    return tx.execute(select(parcels).where(parcels.c.id == parcel).with_for_update()).one()


def _unlabelled(tx: Tx, parcel: int) -> Row[Any]:
    """The parcel, locked. One that was opened again meanwhile gets no label: `PARCEL_VOID`."""
    row = _live(tx, parcel)
    if row.state == "void":
        raise Rejected(Code.PARCEL_VOID, parcel=row.code)
    return row


def _lock_orders(tx: Tx, order_ids: Collection[int]) -> None:
    mine = select(orders_table.c.id).where(orders_table.c.id.in_(order_ids))
    tx.execute(mine.order_by(orders_table.c.id).with_for_update())


def _order(tx: Tx, order: int) -> Row[Any]:
    """The order, locked: whether it is complete is decided by one at a time."""
    query = select(orders_table).where(orders_table.c.id == order)
    return tx.execute(query.with_for_update()).one()
