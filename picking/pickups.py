"""Carrier pickups of the day, each with the manifest that its parcels are loaded onto."""

from dataclasses import dataclass, replace
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Select, case, func, select

from picking.waves import next_pickup
from wms.db import Tx, insert_once
from wms.errors import Code, Rejected
from wms.messages import Language
from wms.schema import manifests, orders, parcels, pickups
from wms.site import calendar
from wms.site.calendar import local_time
from wms.site.carriers import called

LISTED_MAX = 9  # one digit each


@dataclass(frozen=True, slots=True)
class Pickup:
    """An open manifest: `loaded` parcels are on it, `waiting` are labelled but not loaded."""

    id: int
    code: str
    carrier: str
    time: str  # HH:MM of the site
    loaded: int
    waiting: int


def ensure(tx: Tx, *, now: int, zone: ZoneInfo) -> int:
    """Make the manifest of every carrier's next pickup. Returns how many were new."""
    return sum(insert_once(tx, manifests, fresh) for fresh in _next(tx, now=now, zone=zone))


def is_due(tx: Tx, *, now: int, zone: ZoneInfo) -> bool:
    """Whether a manifest is to be made."""
    wanted = {fresh["code"] for fresh in _next(tx, now=now, zone=zone)}
    query = select(func.count()).where(manifests.c.code.in_(wanted))
    return tx.execute(query).scalar_one() < len(wanted)


def _next(tx: Tx, *, now: int, zone: ZoneInfo) -> list[dict[str, Any]]:
    """The manifest of every carrier's next pickup.

    A pickup that was closed before its time is over: the one after it is next. Nobody comes on a
    day on which the site or the carrier rests.
    """
    site = replace(calendar.load(tx), zone=zone)
    times: dict[str, list[str]] = {}
    for row in tx.execute(select(pickups).order_by(pickups.c.carrier, pickups.c.at)):
        times.setdefault(row.carrier, []).append(row.at)
    closed = manifests.c.state == "closed"
    latest = func.max(manifests.c.pickup_ms).label("at")
    query = select(manifests.c.carrier, latest).where(closed).group_by(manifests.c.carrier)
    over = {row.carrier: row.at for row in tx.execute(query)}
    found = []
    for carrier, each in times.items():
        at = next_pickup(site, carrier, each, now=max(now, over.get(carrier, 0)) + 1)
        found.append({"code": code_of(carrier, at, zone), "carrier": carrier, "pickup_ms": at})
    return found


def code_of(carrier: str, pickup_ms: int, zone: ZoneInfo) -> str:
    """What the manifest's barcode says: carrier, day and time of the pickup.

    >>> code_of("yamato", 1_795_334_400_000, ZoneInfo("Asia/Tokyo"))
    'M-YAMATO-261122-1700'
    """
    return f"M-{carrier.upper()}-{local_time(pickup_ms, zone):%y%m%d-%H%M}"


def behind(tx: Tx, carrier: str) -> tuple[str, ...]:
    """Codes of the parcels of *carrier* that have a label and are on no truck."""
    query = (
        select(parcels.c.code)
        .join(orders, orders.c.id == parcels.c.order_id)
        .where(parcels.c.carrier == carrier, parcels.c.state.in_(("labelled", "closed")))
        .where(orders.c.state != "cancelled")  # those go back to their shelves
    )
    return tuple(tx.scalars(query.order_by(parcels.c.id)))


def listed(tx: Tx, *, zone: ZoneInfo) -> tuple[Pickup, ...]:
    """Open manifests, the next pickup first, with what is loaded and what waits for the truck."""
    return tuple(
        Pickup(
            row.id, row.code, row.carrier, f"{local_time(row.pickup_ms, zone):%H:%M}",
            int(row.loaded), int(row.waiting),
        )
        for row in tx.execute(_listed())
    )  # fmt: skip


@cache
def _listed() -> Select[Any]:
    mine = parcels.c.manifest_id == manifests.c.id
    loaded = func.sum(case((mine & (parcels.c.state == "loaded"), 1), else_=0))
    unwanted = parcels.c.order_id.in_(select(orders.c.id).where(orders.c.state == "cancelled"))
    waiting = func.sum(case(((parcels.c.state == "closed") & ~unwanted, 1), else_=0))
    return (
        select(
            manifests, func.coalesce(loaded, 0).label("loaded"),
            func.coalesce(waiting, 0).label("waiting"),
        )
        .outerjoin(
            parcels,
            (parcels.c.carrier == manifests.c.carrier)
            & parcels.c.state.in_(("closed", "loaded")),
        )
        .where(manifests.c.state == "open")
        .group_by(*manifests.columns)
        .order_by(manifests.c.pickup_ms, manifests.c.id)
        .limit(LISTED_MAX)
    )  # fmt: skip


def spoken(refusal: Rejected, language: Language) -> Rejected:
    """The same refusal, with carriers by the names that people know."""
    if refusal.code not in (Code.LOAD_OTHER_CARRIER, Code.CAGE_OTHER_CARRIER):
        return refusal
    names = {name: called(str(refusal.params[name]), language) for name in ("expected", "scanned")}
    return Rejected(refusal.code, **{**refusal.params, **names})
