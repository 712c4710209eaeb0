"""Loading: parcels onto a carrier's pickup, one by one, a cage (カゴ車) at a time, or by count.

Whatever the way, every parcel is looked at; one that must not leave stops the whole scan.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, Select, func, select, update

from wms import stock as ledger
from wms.db import Tx
from wms.errors import Code, Rejected
from wms.people.staff import Person
from wms.record.event_kinds import ParcelLoaded
from wms.record.events import emit
from wms.schema import (
    lots,
    manifests,
    order_lines,
    orders,
    parcel_lines,
    parcels,
    places,
    services,
)
from wms.site import calendar

STOPPED = ("held", "cancelled")  # states of an order whose boxes must not leave
NO_SALE = ("repair", "transfer")  # kinds of orders whose goods may be as old as they are
CAGES = ("cart", "pallet")  # kinds of places that parcels ride in
HERE = ("labelled", "closed")
GONE = ("shipped", "void")  # not in a cage any more, wherever they were last seen


def load(tx: Tx, *, parcel: int, manifest: int, now: int) -> None:
    """Put a closed parcel on the truck.

    Refuses `MANIFEST_CLOSED`, `LOAD_OTHER_CARRIER`, `LOAD_OTHER_PICKUP` (its day has not come, or
    it is on another truck), `LOAD_TWICE`, `LOAD_CANCELLED`, `LOAD_STOPPED`, `PARCEL_VOID`,
    `LOAD_UNPROVEN`, `LOAD_EXPIRED` (it was left behind, and its goods are too old by the pickup's
    day) and `LOAD_TOO_HEAVY`.
    """
    to = _open_manifest(tx, manifest)
    _load(tx, to, _rows(tx, chosen().where(parcels.c.id == parcel)), now)


def load_cage(tx: Tx, *, cage: str, manifest: int, now: int) -> int:
    """Put all parcels that ride in *cage* on the truck, or none of them. Returns how many.

    Refuses `CAGE_EMPTY` and `CAGE_WRONG`, `LOAD_TWICE` where all of them are on it already, a cage
    that is on another truck (`LOAD_OTHER_PICKUP`), and for the first that must not leave what
    `load` refuses.
    """
    to = _open_manifest(tx, manifest)
    kind = _locked_kind(tx, cage)
    _refuse_other_truck(tx, cage, to)
    inside = chosen().join(places, places.c.code == parcels.c.code)
    rows = _rows(tx, inside.where(places.c.parent == cage, parcels.c.state.in_(HERE)))
    if not rows and in_cage(tx, cage):
        raise Rejected(Code.LOAD_TWICE, parcel=cage)
    if not rows:
        raise Rejected(Code.CAGE_EMPTY if kind in CAGES else Code.CAGE_WRONG, cage=cage)
    _load(tx, to, rows, now)
    return len(rows)


def load_counted(tx: Tx, *, count: int, manifest: int, now: int) -> int:
    """All proven parcels of the pickup's carrier go, as the driver counted them.

    Those that are stopped or whose day has not come are not counted; they stay. Refuses
    `COUNT_DIFFERS` unless exactly *count* may go: then each one is scanned.
    """
    to = _open_manifest(tx, manifest)
    waiting = chosen().where(parcels.c.carrier == to.carrier, parcels.c.state == "closed")
    day = day_of(tx, to)
    rows = [row for row in _rows(tx, waiting) if refusal(row, to, day) is None]
    if len(rows) != count:
        raise Rejected(Code.COUNT_DIFFERS, expected=len(rows), scanned=count)
    _load(tx, to, rows, now)
    return len(rows)


def put_in_cage(
    tx: Tx, *, parcel: int, cage: str, manifest: int, key: str, actor: str, now: int
) -> bool:  # fmt: skip
    """A parcel rides in *cage* from now on. False when it did already.

    Refuses what `load` refuses, `CAGE_OTHER_CARRIER` when others of another carrier are in it, and
    `LOAD_OTHER_PICKUP` when the cage is on another truck.
    """
    to = _open_manifest(tx, manifest)
    refuse_other_places(tx, cage)
    _refuse_other_truck(tx, cage, to)
    (row,) = _rows(tx, chosen().where(parcels.c.id == parcel))
    why = refusal(row, to, day_of(tx, to))
    if why is not None:
        raise why
    others = chosen().join(places, places.c.code == parcels.c.code)
    inside = _rows(tx, others.where(places.c.parent == cage, parcels.c.state.not_in(GONE)))
    stranger = next((one for one in inside if one.carrier != row.carrier), None)
    if stranger is not None:
        raise Rejected(
            Code.CAGE_OTHER_CARRIER, cage=cage, expected=row.carrier, scanned=stranger.carrier
        )
    here = tx.execute(select(places.c.parent).where(places.c.code == row.code)).scalar_one()
    if here == cage:
        return False
    return ledger.relocate(
        tx, key=key, container=row.code, source=here, target=cage, actor=actor, now=now,
        reason="cage",
    )  # fmt: skip


def refuse_others(
    tx: Tx, person: Person, *, parcel: int = 0, cage: str = "", manifest: int = 0
) -> None:
    """Refuse `PERMISSION_MISSING` where *person* does not load for an owner of one parcel, of those
    in a cage, or of all that wait for a manifest's carrier."""
    if "ship" not in person.limited:
        return
    query = select(orders.c.owner).join(parcels, parcels.c.order_id == orders.c.id)
    if parcel:
        query = query.where(parcels.c.id == parcel)
    if cage:
        inside = select(places.c.code).where(places.c.parent == cage)
        query = query.where(parcels.c.code.in_(inside), parcels.c.state.in_(HERE))
    if manifest:
        carrier = select(manifests.c.carrier).where(manifests.c.id == manifest).scalar_subquery()
        query = query.where(parcels.c.carrier == carrier, parcels.c.state == "closed")
    for owner in tx.scalars(query.distinct().order_by(orders.c.owner)):
        if not person.may("ship", owner):
            raise Rejected(Code.PERMISSION_MISSING, permission=f"ship {owner}")


def refuse_other_places(tx: Tx, cage: str) -> None:
    """Refuses `CAGE_WRONG` for what is no cage: a tote or a box does not go onto a truck."""
    if _locked_kind(tx, cage) not in CAGES:
        raise Rejected(Code.CAGE_WRONG, cage=cage)


def _locked_kind(tx: Tx, cage: str) -> str | None:
    """What *cage* is; locked, so that two who fill or load it at once do so one after the other."""
    kind = select(places.c.kind).where(places.c.code == cage)
    return tx.execute(kind.with_for_update(key_share=True)).scalar()


def _refuse_other_truck(tx: Tx, cage: str, to: Row[Any]) -> None:
    """One cage rides on one truck: what is in it was not loaded for another pickup."""
    there = (
        select(parcels.c.code, manifests.c.code.label("manifest"))
        .join(places, places.c.code == parcels.c.code)
        .join(manifests, manifests.c.id == parcels.c.manifest_id)
        .where(places.c.parent == cage, parcels.c.state == "loaded", manifests.c.id != to.id)
        .order_by(parcels.c.id)
        .limit(1)
    )
    if (row := tx.execute(there).first()) is not None:
        raise Rejected(
            Code.LOAD_OTHER_PICKUP, parcel=row.code, expected=to.code, scanned=row.manifest
        )


def in_cage(tx: Tx, cage: str) -> int:
    """How many parcels ride in *cage* and are still here."""
    inside = parcels.c.code.in_(select(places.c.code).where(places.c.parent == cage))
    query = select(func.count()).where(inside, parcels.c.state.in_((*HERE, "loaded")))
    return int(tx.execute(query).scalar_one())


def _open_manifest(tx: Tx, manifest: int) -> Row[Any]:
    to = tx.execute(select(manifests).where(manifests.c.id == manifest).with_for_update()).one()
    if to.state != "open":
        raise Rejected(Code.MANIFEST_CLOSED, manifest=to.code)
    return to


def chosen() -> Select[Any]:
    """Parcels with their order, their service's limit, and the date at which the first of their
    goods expire (None: nothing does)."""
    inside = (parcel_lines.c.parcel_id == parcels.c.id) & (
        order_lines.c.id == parcel_lines.c.line_id
    )
    lot = (lots.c.item_id == order_lines.c.item_id) & (lots.c.lot == parcel_lines.c.lot)
    expiry = select(func.min(lots.c.expiry)).where(inside, lot, lots.c.expiry != "")
    return (
        select(
            parcels, orders.c.owner, orders.c.external_id, orders.c.state.label("order_state"),
            orders.c.kind, expiry.scalar_subquery().label("expiry"),
            services.c.weight_g_max, manifests.c.code.label("manifest"),
        )
        .join(orders, orders.c.id == parcels.c.order_id)
        .join(services, services.c.code == parcels.c.service)
        .outerjoin(manifests, manifests.c.id == parcels.c.manifest_id)
    )  # fmt: skip


def _rows(tx: Tx, chosen: Select[Any]) -> Sequence[Row[Any]]:
    """Locked in the order of their numbers, boxes and orders: nobody stops one from here on."""
    return tx.execute(chosen.order_by(parcels.c.id).with_for_update(of=(parcels, orders))).all()


def day_of(tx: Tx, to: Row[Any]) -> str:
    """The site's day of a pickup."""
    zone = calendar.load(tx).zone
    return calendar.local_time(to.pickup_ms, zone).date().isoformat()


def _load(tx: Tx, to: Row[Any], rows: Sequence[Row[Any]], now: int) -> None:
    day = day_of(tx, to)
    for row in rows:
        why = refusal(row, to, day)
        if why is not None:
            raise why
    changed = {"state": "loaded", "loaded_ms": now, "manifest_id": to.id}
    numbers = [row.id for row in rows]
    tx.execute(update(parcels).where(parcels.c.id.in_(numbers)).values(changed))
    told = [
        ParcelLoaded(
            owner=row.owner, order_id=row.order_id, external_id=row.external_id, parcel=row.code,
            manifest=to.code,
        )
        for row in rows
    ]  # fmt: skip
    emit(tx, *told, now=now)


def refusal(row: Row[Any], to: Row[Any], day: str) -> Rejected | None:
    """Why a parcel must not go with this pickup of *day*. Pure."""
    code, parcel = None, row.code
    if row.carrier != to.carrier:
        return Rejected(
            Code.LOAD_OTHER_CARRIER, parcel=parcel, expected=to.carrier, scanned=row.carrier
        )
    if row.state == "loaded" and row.manifest_id != to.id:
        return Rejected(
            Code.LOAD_OTHER_PICKUP, parcel=parcel, expected=to.code, scanned=row.manifest
        )
    if row.state in ("loaded", "shipped"):
        code = Code.LOAD_TWICE
    elif row.order_state in STOPPED:
        code = Code.LOAD_CANCELLED if row.order_state == "cancelled" else Code.LOAD_STOPPED
    elif row.state == "void":
        code = Code.PARCEL_VOID
    elif row.state != "closed":
        code = Code.LOAD_UNPROVEN
    if code is not None:
        return Rejected(code, parcel=parcel)
    if row.ship_date > day:
        return Rejected(Code.LOAD_OTHER_PICKUP, parcel=parcel, expected=day, scanned=row.ship_date)
    if (row.expiry or day) < day and row.kind not in NO_SALE:
        return Rejected(Code.LOAD_EXPIRED, parcel=parcel, expected=day, scanned=row.expiry)
    if 0 < row.weight_g_max < row.weight_g:
        return Rejected(
            Code.LOAD_TOO_HEAVY, parcel=parcel, expected=f"{row.weight_g_max} g",
            scanned=f"{row.weight_g} g",
        )  # fmt: skip
    return None


def take_off(tx: Tx, *, parcel: int, manifest: int, undone: bool = False) -> bool:
    """Take a stopped parcel off the truck again; with *undone* any, which was loaded by mistake.
    False when it may stay, or is not on it (any more)."""
    (row,) = _rows(tx, chosen().where(parcels.c.id == parcel))
    if row.manifest_id != manifest or row.state != "loaded":
        return False
    if not undone and row.order_state not in STOPPED:
        return False
    off = {"state": "closed", "loaded_ms": None, "manifest_id": None}
    tx.execute(update(parcels).where(parcels.c.id == parcel).values(off))
    return True
