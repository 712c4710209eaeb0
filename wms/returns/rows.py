"""What the commands about returns share: the locked row, what an event says of it, its places."""

from typing import Any

from sqlalchemy import Row, select, update

from wms.counts import frozen
from wms.db import Tx
from wms.errors import Code, Rejected
from wms.schema import orders, places, returns
from wms.text import shown

OPEN = ("announced", "arrived", "grading", "graded")
HERE = ("arrived", "grading", "graded")  # its box is in the house
# Real places where goods may be put down; a robot drives away with them.
PUT_DOWN = ("bin", "reserve", "dock", "buffer", "station", "tote", "carton", "pallet")


def lock(tx: Tx, number: int) -> Row[Any]:
    """The return with this number, locked. Refuses `RETURN_UNKNOWN`."""
    row = tx.execute(select(returns).where(returns.c.id == number).with_for_update()).first()
    if row is None:
        raise Rejected(Code.RETURN_UNKNOWN, value=str(number))
    return row


def lock_here(tx: Tx, number: int) -> Row[Any]:
    """The same; refuses `RETURN_STATE` unless its box is here and it is not closed."""
    row = lock(tx, number)
    if row.state not in HERE:
        raise Rejected(Code.RETURN_STATE, returning=row.code, state=row.state)
    return row


def about(tx: Tx, row: Row[Any]) -> dict[str, Any]:
    """What every event of this return says."""
    query = select(orders.c.external_id).where(orders.c.id == row.order_id)
    order = tx.execute(query).scalar() if row.order_id is not None else ""
    return {
        "owner": row.owner, "return_id": row.id, "external_id": row.external_id, "code": row.code,
        "order": order or "",
    }  # fmt: skip


def change(tx: Tx, number: int, **values: Any) -> None:
    """Change columns of a return that the caller has locked."""
    tx.execute(update(returns).where(returns.c.id == number).values(values))


def refuse_no_place(tx: Tx, place: str) -> str:
    """Refuse `RETURN_PLACE` for what is no place to put goods down, and `PLACE_FROZEN`. Returns its
    kind."""
    query = select(places.c.kind).where(places.c.code == place)
    kind = tx.execute(query).scalar()
    if kind not in PUT_DOWN:
        raise Rejected(Code.RETURN_PLACE, place=shown(place), expected="TOTE, PLACE")
    frozen.refuse(tx, [place])
    return str(kind)


def is_undelivered(row: Row[Any]) -> bool:
    """Whether its goods were booked in unopened: what is found later changes that booking."""
    return bool(row.kind == "undelivered" and row.place)


def is_again(row: Row[Any]) -> bool:
    """Whether its goods were graded once, were to go out, and their order was cancelled."""
    return row.cancelled_id is not None


def is_booked_in(row: Row[Any]) -> bool:
    """Whether the book has its goods in the house before they are graded."""
    return is_undelivered(row) or is_again(row)
