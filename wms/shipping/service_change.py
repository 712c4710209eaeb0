"""便種変更: another service than was ordered, one that the owner allows, at the bench.

What it costs more is the order's; a label that was issued for the old service is void.
"""

from typing import Any

from sqlalchemy import Row, select, update

from wms.db import Tx
from wms.errors import Code, Rejected
from wms.orders.void import void_paper
from wms.record.event_kinds import ServiceChanged
from wms.record.events import emit
from wms.schema import orders, parcels, service_upgrades, services

PROVEN = ("closed", "loaded", "shipped")  # the number of such a parcel was told already


def change(tx: Tx, *, order: int, service: str, now: int) -> None:
    """Send *order* (its id) by *service*, all its boxes; labels that it had are void.

    Refuses `SERVICE_CHANGE_FORBIDDEN` without the owner's rule, `SERVICE_CHANGE_LATE` once a box is
    proven, and `ORDER_STOPPED`. The boxes wait for new labels.
    """
    row = tx.execute(select(orders).where(orders.c.id == order).with_for_update()).one()
    rule = _rule(tx, row.owner, row.service, service)
    if rule is None or service == row.service:
        raise Rejected(Code.SERVICE_CHANGE_FORBIDDEN, service=service, order=row.code)
    if row.state in ("held", "cancelled"):
        raise Rejected(Code.ORDER_STOPPED, order=row.code)
    boxes = tx.execute(
        select(parcels)
        .where(parcels.c.order_id == order, parcels.c.state != "void")
        .order_by(parcels.c.id)
        .with_for_update()
    ).all()
    if any(box.state in PROVEN for box in boxes):
        raise Rejected(Code.SERVICE_CHANGE_LATE, order=row.code)
    of_service = select(services.c.carrier).where(services.c.code == service)
    to = {"service": service, "carrier": tx.execute(of_service).scalar_one()}
    surcharge = orders.c.surcharge + rule.cost
    mine = orders.c.id == order
    tx.execute(update(orders).where(mine).values(**to, surcharge=surcharge))
    unlabelled = {"state": "open", "tracking": "", "labelled_ms": None, "copies": 0, **to}
    live = (parcels.c.order_id == order) & (parcels.c.state != "void")
    tx.execute(update(parcels).where(live).values(unlabelled))
    for box in boxes:
        void_paper(tx, box.id)
    emit(tx, ServiceChanged(
        owner=row.owner, order_id=order, external_id=row.external_id, service=service,
        was=row.service, cost=rule.cost,
        void=tuple(box.tracking for box in boxes if box.tracking),
    ), now=now)  # fmt: skip


def count_further_box(tx: Tx, *, parcel: int) -> None:
    """A box after the first one (二口目) costs what the owner's rule for its own service says."""
    box = tx.execute(select(parcels).where(parcels.c.id == parcel)).one()
    if box.piece == 1:
        return
    of_order = orders.c.id == box.order_id
    owner = tx.execute(select(orders.c.owner).where(of_order)).scalar_one()
    rule = _rule(tx, owner, box.service, box.service)
    if rule is not None:
        surcharge = orders.c.surcharge + rule.cost
        tx.execute(update(orders).where(of_order).values(surcharge=surcharge))


def _rule(tx: Tx, owner: str, service: str, upgrade: str) -> Row[Any] | None:
    mine = (service_upgrades.c.owner == owner) & (service_upgrades.c.service == service)
    query = select(service_upgrades).where(mine, service_upgrades.c.upgrade == upgrade)
    return tx.execute(query).first()
