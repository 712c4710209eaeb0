"""What arrives of a delivery: one line of the ledger from @supplier, and the counters of its line.

The same key again has no effect; two people count on the same lines without losing a piece.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from sqlalchemy import Row, insert, select, update

from wms import stock
from wms.counts import frozen
from wms.db import Tx, insert_once
from wms.errors import Code, Rejected
from wms.inbound import deliveries as inbound
from wms.inbound.rules import Line, Share, freshness, shares
from wms.schema import (
    inbound_lines,
    inbound_units,
    inbounds,
    items,
    lots,
    moves,
    places,
    tour_totes,
)
from wms.schema import stock as balances
from wms.schema.goods import MOVING
from wms.stock import SUPPLIER, Move
from wms.text import code

# Reasons of moves. What a portal has read is looked at again, not undone.
RECEIVE, BY_PORTAL, UNDO = "receive", "receive by portal", "undo receipt"
FETCH = "to the dock"  # an empty container came for the goods
STANDING = ("dock", "buffer", "station")  # where goods may be set down before they are put away
REF = "inbound_line:"
Condition = Literal["available", "damaged", "quarantine", "expired"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """Goods of one item that are set down at *place*: an LPN, or a place of the dock.

    `why` says what is wrong with goods that are not available; `over` why more come than were
    announced ("" = nobody has confirmed that); `extra` that the item may come unannounced.
    `reason` is the moves'.
    """

    inbound: int
    item: int
    qty: int
    place: str
    lot: str = ""
    expiry: str = ""
    serials: tuple[str, ...] = ()
    condition: Condition = "available"
    why: str = ""
    over: str = ""
    extra: bool = False
    reason: str = RECEIVE


class Last(NamedTuple):
    """A person's last receipt, as `undo` and *repeat last line* need it."""

    key: str
    inbound: int
    item: int
    qty: int
    place: str
    lot: str
    condition: str


def receive(tx: Tx, what: Receipt, *, key: str, actor: str, today: str, now: int) -> int:
    """Book *what* and count it. Returns the eaches booked: 0 when *key* did just that before.

    Refuses `INBOUND_STATE`, `INBOUND_EXTRA` (no line has that item), `INBOUND_OVER` (more than
    announced, and nobody said why), `RECEIVE_INTO` and `RECEIVE_CONTAINER` (not a place for it),
    `RECEIVE_NEEDS` (its lot, expiry or serial numbers), `RECEIVE_EXPIRED`, `LOT_EXPIRY`,
    `INBOUND_OWNER`, `PLACE_FROZEN`, and what the ledger refuses.
    """
    assert what.qty > 0
    if _booked_before(tx, what, key):
        return 0
    row = inbound.begin(tx, what.inbound, now=now)
    if _booked_before(tx, what, key):  # the same command, while this one waited for its turn
        return 0
    item = _item(tx, what, row)
    _refuse_incomplete(item, what, today)
    _set_down(tx, what, row, key=key, actor=actor, now=now)
    _know_lot(tx, what)
    parts = _shares(tx, what, row, item)
    lines = _moves(what, parts, key)
    if stock.post(tx, lines, actor=actor, now=now) != len(lines):
        raise Rejected(Code.KEY_REUSED, key=key)
    _count(tx, what, parts)
    _mark_serials(tx, what, parts, actor, now)
    return what.qty


def undo(tx: Tx, last: Last, *, key: str, actor: str, now: int) -> None:
    """Take a receipt back: the same goods go back to the supplier, and are not counted any more.

    The same *key* again has no effect. Refuses `UNDO_TOO_LATE` when they were undone or promised
    or moved on since, or the delivery was closed; and `PLACE_FROZEN`.
    """
    mine = select(moves.c.id).where(moves.c.key == f"{key}:1")
    if tx.execute(mine).first() is not None:
        return
    if inbound.get(tx, last.inbound).state != "receiving":
        raise Rejected(Code.UNDO_TOO_LATE)
    inbound.begin(tx, last.inbound, now=now)
    if tx.execute(mine).first() is not None:  # the same command, while this one waited
        return
    booked = _booked(tx, last.key)
    if not booked or _undone(tx, booked[-1].id, booked[0].actor):
        raise Rejected(Code.UNDO_TOO_LATE)
    frozen.refuse(tx, {one.target for one in booked})
    back = [
        Move(
            key=f"{key}:{n}", item=one.item_id, qty=one.qty, source=one.target, target=SUPPLIER,
            lot=one.lot, condition=one.condition, serial=one.serial, reason=UNDO, ref=one.ref,
        )
        for n, one in enumerate(booked, start=1)
    ]  # fmt: skip
    try:
        with tx.begin_nested():
            stock.post(tx, back, actor=actor, now=now)
    except Rejected:
        raise Rejected(Code.UNDO_TOO_LATE) from None
    _uncount(tx, booked)


def last_receipt(tx: Tx, actor: str, delivery: int) -> Last | None:
    """What *actor* received last of *delivery*, if nothing was booked by them since."""
    newest = select(moves).where(moves.c.actor == actor).order_by(moves.c.id.desc()).limit(1)
    row = tx.execute(newest).first()
    if row is None or row.reason != RECEIVE:
        return None
    of = select(inbound_lines.c.inbound_id).where(
        inbound_lines.c.id == int(row.ref.removeprefix(REF).partition(":")[0])
    )
    if tx.execute(of).scalar() != delivery:
        return None
    root = row.key.rpartition(":")[0]
    qty = sum(one.qty for one in _booked(tx, root))
    return Last(root, delivery, row.item_id, qty, row.target, row.lot, row.condition)


def older_than_here(tx: Tx, item: int, expiry: str) -> str:
    """期限逆転: the latest expiry of the stock of *item* that is here, if *expiry* is before it.

    "" when nothing here expires later, or goods of the very same date are here already: that was
    confirmed when the first of them came.
    """
    if not expiry:
        return ""
    query = (
        select(lots.c.expiry)
        .join(balances, (balances.c.item_id == lots.c.item_id) & (balances.c.lot == lots.c.lot))
        .where(
            lots.c.item_id == item, balances.c.qty > 0, balances.c.condition == "available",
            lots.c.expiry >= expiry,
        )
        .distinct()
    )  # fmt: skip
    here = set(tx.execute(query).scalars())
    return "" if expiry in here else max(here, default="")


def _booked_before(tx: Tx, what: Receipt, key: str) -> bool:
    booked = _booked(tx, key)
    if not booked:
        return False
    same = (booked[0].item_id, booked[0].target, sum(one.qty for one in booked)) == (
        what.item, what.place, what.qty,
    )  # fmt: skip
    if not same:
        raise Rejected(Code.KEY_REUSED, key=key)
    return True


def _booked(tx: Tx, root: str) -> list[Row[Any]]:
    """The lines of the ledger of one receipt: its key with 1, 2, 3... behind it.

    They were booked together. Ranges of keys are not asked for: what lies between two texts is
    another thing under each collation.
    """
    first = tx.execute(select(moves).where(moves.c.key == f"{root}:1")).first()
    if first is None or first.reason not in (RECEIVE, BY_PORTAL):
        return []
    together = (moves.c.actor == first.actor) & (moves.c.at_ms == first.at_ms)
    rows = tx.execute(
        select(moves)
        .where(together, moves.c.id >= first.id, moves.c.reason == first.reason)
        .order_by(moves.c.id)
    )
    return [row for row in rows if row.key.rpartition(":")[0] == root]


def _undone(tx: Tx, newest: int, actor: str) -> bool:
    """Whether that person has taken something back since: only the last receipt can be."""
    since = (moves.c.id > newest) & (moves.c.actor == actor) & (moves.c.reason == UNDO)
    return tx.execute(select(moves.c.id).where(since).limit(1)).first() is not None


def _item(tx: Tx, what: Receipt, row: Row[Any]) -> Row[Any]:
    item = tx.execute(select(items).where(items.c.id == what.item)).one()
    if item.owner != row.owner:
        raise Rejected(
            Code.INBOUND_OWNER, item=item.sku, expected=row.owner, scanned=item.owner
        )  # fmt: skip
    return item


def _refuse_incomplete(item: Row[Any], what: Receipt, today: str) -> None:
    """What the item is kept by must be known, and expired goods are never available."""
    if item.lot_tracked and not what.lot:
        raise Rejected(Code.RECEIVE_NEEDS, item=item.sku, what="lot")
    if item.expiry_tracked and not what.expiry:
        raise Rejected(Code.RECEIVE_NEEDS, item=item.sku, what="expiry")
    if item.serial_tracked and len(set(what.serials)) != what.qty:
        raise Rejected(Code.RECEIVE_NEEDS, item=item.sku, what="serial")
    if what.lot:
        code(what.lot, field="lot", max=40)
    if what.condition == "available" and freshness(what.expiry, today, 0):
        raise Rejected(Code.RECEIVE_EXPIRED, item=item.sku, expiry=what.expiry)


def _set_down(
    tx: Tx, what: Receipt, row: Row[Any], *, key: str, actor: str, now: int
) -> None:  # fmt: skip
    """The place takes goods of this owner; a container comes to the delivery's dock with it."""
    place = tx.execute(select(places).where(places.c.code == what.place).with_for_update()).first()
    if place is None or (place.kind not in MOVING and place.kind not in STANDING):
        raise Rejected(Code.RECEIVE_INTO, scanned=what.place)
    frozen.refuse(tx, [what.place])
    if place.kind not in MOVING:
        _stands_at(tx, what.inbound, what.place)
        return
    others = (
        select(items.c.owner)
        .join(balances, balances.c.item_id == items.c.id)
        .where(balances.c.place == what.place, balances.c.qty > 0, items.c.owner != row.owner)
        .limit(1)
    )
    mixed = tx.execute(others).scalar()
    promised = select(balances.c.item_id).where(
        balances.c.place == what.place, balances.c.allocated > 0
    )
    on_tour = select(tour_totes.c.id).where(
        tour_totes.c.tote == what.place, tour_totes.c.state != "empty"
    )
    used = any(tx.execute(query.limit(1)).first() for query in (promised, on_tour))
    if mixed or used:
        raise Rejected(Code.RECEIVE_CONTAINER, container=what.place, owner=mixed or row.owner)
    if row.dock and place.parent != row.dock and _is_empty(tx, what.place):
        if place.parent is None:
            tx.execute(update(places).where(places.c.code == what.place).values(parent=row.dock))
            return
        stock.relocate(
            tx, key=f"{key}:to dock", container=what.place, source=place.parent, target=row.dock,
            actor=actor, now=now, reason=FETCH,
        )  # fmt: skip


def _stands_at(tx: Tx, delivery: int, place: str) -> None:
    """The first place of the dock that goods are set down at is where the delivery stands."""
    nowhere = (inbounds.c.id == delivery) & (inbounds.c.dock == "")
    tx.execute(update(inbounds).where(nowhere).values(dock=place))


def _is_empty(tx: Tx, container: str) -> bool:
    inside = select(balances.c.item_id).where(balances.c.place == container, balances.c.qty > 0)
    return tx.execute(inside.limit(1)).first() is None


def _know_lot(tx: Tx, what: Receipt) -> None:
    """The lot exists, with this expiry. Refuses `LOT_EXPIRY` when it has another one."""
    insert_once(tx, lots, {"item_id": what.item, "lot": what.lot, "expiry": what.expiry})
    here = (lots.c.item_id == what.item) & (lots.c.lot == what.lot)
    known: str = tx.execute(select(lots.c.expiry).where(here)).scalar_one()
    if known != what.expiry:
        raise Rejected(Code.LOT_EXPIRY, field="expiry", lot=what.lot, expiry=known or "-")


def lines_of(tx: Tx, delivery: int, *, lock: bool = False) -> list[Line]:
    """The lines of a delivery as they stand now."""
    query = (
        select(inbound_lines)
        .where(inbound_lines.c.inbound_id == delivery)
        .order_by(inbound_lines.c.line_no)
    )
    return [
        Line(row.id, row.line_no, row.item_id, row.qty, row.lot, row.expiry, row.received,
             row.damaged)
        for row in tx.execute(query.with_for_update() if lock else query)
    ]  # fmt: skip


def _shares(tx: Tx, what: Receipt, row: Row[Any], item: Row[Any]) -> list[Share]:
    """Which lines this counts for. A line is added for an item that none has: never silently."""
    asked: dict[str, Any] = {
        "item": what.item, "lot": what.lot, "expiry": what.expiry, "qty": what.qty
    }  # fmt: skip
    lines = lines_of(tx, what.inbound, lock=True)
    parts = shares(lines, **asked)
    if not parts:
        if not what.extra and row.kind != "blind":
            raise Rejected(Code.INBOUND_EXTRA, item=item.sku, inbound=row.code)
        number = max((line.line_no for line in lines), default=0) + 1
        tx.execute(insert(inbound_lines).values(
            inbound_id=what.inbound, line_no=number, item_id=what.item, qty=0, lot=what.lot,
            expiry=what.expiry,
        ))  # fmt: skip
        parts = shares(lines_of(tx, what.inbound), **asked)
    over = sum(part.over for part in parts)
    if over and not what.over and row.kind != "blind":
        raise Rejected(
            Code.INBOUND_OVER, item=item.sku, expected=what.qty - over, scanned=what.qty
        )  # fmt: skip
    return parts


def _moves(what: Receipt, parts: Sequence[Share], key: str) -> list[Move]:
    """One move a share, or one a serial number; numbered under the key of the receipt."""
    pieces: list[tuple[Share, int, str]] = []
    serials = list(what.serials)
    for part in parts:
        if serials:
            pieces += [(part, 1, serials.pop(0)) for _ in range(part.qty)]
        else:
            pieces.append((part, part.qty, ""))
    return [
        Move(
            key=f"{key}:{n}", item=what.item, qty=qty, source=SUPPLIER, target=what.place,
            lot=what.lot, condition=what.condition, serial=serial, reason=what.reason,
            ref=f"{REF}{part.line}",
        )
        for n, (part, qty, serial) in enumerate(pieces, start=1)
    ]  # fmt: skip


def _counter(condition: str) -> str:
    return "received" if condition == "available" else "damaged"


def _count(tx: Tx, what: Receipt, parts: Sequence[Share]) -> None:
    column = inbound_lines.c[_counter(what.condition)]
    for part in parts:  # as many as there are lines of this one item
        values: dict[Any, Any] = {column: column + part.qty}
        reason = what.over if part.over else what.why
        if reason:
            values[inbound_lines.c.reason] = reason
        mine = inbound_lines.c.id == part.line
        tx.execute(update(inbound_lines).where(mine).values(values))


def _uncount(tx: Tx, booked: Sequence[Row[Any]]) -> None:
    for one in booked:
        column = inbound_lines.c[_counter(one.condition)]
        line = int(one.ref.removeprefix(REF))
        fits = (inbound_lines.c.id == line) & (column >= one.qty)
        changed = update(inbound_lines).where(fits).values({column: column - one.qty})
        assert tx.execute(changed).rowcount == 1, "a line counts what was booked for it"
        if one.serial:
            unit = (inbound_units.c.kind == "serial") & (
                inbound_units.c.code == f"{one.item_id}/{one.serial}"
            )
            tx.execute(update(inbound_units).where(unit, inbound_units.c.line_id == line).values(
                seen_ms=None, seen_by=""
            ))  # fmt: skip


def _mark_serials(
    tx: Tx, what: Receipt, parts: Sequence[Share], actor: str, now: int
) -> None:  # fmt: skip
    """Announced numbers are seen; those that nobody announced are written down with their line."""
    numbers = [part.line for part in parts for _ in range(part.qty)]
    for line, serial in zip(numbers, what.serials, strict=False):
        unit = {
            "inbound_id": what.inbound, "kind": "serial", "code": f"{what.item}/{serial}",
        }  # fmt: skip
        seen = {"line_id": line, "seen_ms": now, "seen_by": actor}
        if not insert_once(tx, inbound_units, {**unit, **seen}):
            same = [inbound_units.c[name] == value for name, value in unit.items()]
            tx.execute(update(inbound_units).where(*same).values(seen))
