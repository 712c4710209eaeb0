"""Conveyors as the book knows them: how each zone is, what went through it today, what is held."""

from dataclasses import dataclass

from sqlalchemy import select, update

from wms.db import Tx
from wms.errors import Code, Rejected
from wms.schema import conveyor_zones, devices
from wms.site import calendar
from wms.text import shown

AT_WORK = ("online", "degraded")
OLD_MS = 60_000  # nobody looked for so long: how it is now is not known
BLOCKED = ("blocked", "stopped")


@dataclass(frozen=True, slots=True)
class Zone:
    """A zone of a conveyor. `state` is "" when nobody knows how it is now.

    `arrived` and `departed` are boxes today; `unknown` says how many times today the conveyor was
    away so that what passed meanwhile is in neither.
    """

    device: str
    zone: str
    state: str
    trouble: str
    since_ms: int
    arrived: int
    departed: int
    unknown: int
    held: bool

    @property
    def name(self) -> str:
        """As `config.toml` and people write it."""
        return f"{self.device}:{self.zone}"

    @property
    def is_blocked(self) -> bool:
        """Whether what is put there stays there, as far as anybody knows."""
        return bool(self.trouble) or self.state in BLOCKED or self.held


def zones(tx: Tx, *, now: int) -> tuple[Zone, ...]:
    """Every zone of the conveyors of this site, by device and zone."""
    today = f"{calendar.business_day(now, calendar.site_zone(tx))}"
    query = (
        select(conveyor_zones, devices.c.health)
        .join(devices, devices.c.name == conveyor_zones.c.device)
        .order_by(conveyor_zones.c.device, conveyor_zones.c.zone)
    )
    found = []
    for row in tx.execute(query):
        is_known = row.health in AT_WORK and now - row.looked_ms <= OLD_MS
        is_today = row.day == today
        found.append(Zone(
            device=row.device, zone=row.zone,
            state=row.state if is_known else "", trouble=row.trouble if is_known else "",
            since_ms=row.since_ms if is_known else row.looked_ms,
            arrived=row.arrived_today if is_today else 0,
            departed=row.departed_today if is_today else 0,
            unknown=row.unknown_today if is_today else 0, held=bool(row.held),
        ))  # fmt: skip
    return tuple(found)


def hold(tx: Tx, *, device: str, zone: str, held: bool) -> bool:
    """Boxes are to stop at this zone (*held*), or to go on. It is a state: the same again changes
    nothing. Refuses `REFERENCE_UNKNOWN` for a zone that was never seen. Returns whether it was
    new."""
    mine = (conveyor_zones.c.device == device) & (conveyor_zones.c.zone == zone)
    was = tx.scalar(select(conveyor_zones.c.held).where(mine).with_for_update())
    if was is None:
        raise Rejected(Code.REFERENCE_UNKNOWN, field="zone", value=shown(f"{device}:{zone}"))
    tx.execute(update(conveyor_zones).where(mine).values(held=int(held)))
    return bool(was) != held


def wanted(tx: Tx, device: str) -> tuple[tuple[str, bool], ...]:
    """Every zone of *device*, and whether boxes are to stop there."""
    query = select(conveyor_zones).where(conveyor_zones.c.device == device)
    return tuple(
        (row.zone, bool(row.held)) for row in tx.execute(query.order_by(conveyor_zones.c.zone))
    )
