"""Doors for looking after devices: how each one is, starting one again, taking over `config.toml`.

`genba devices` comes in here while a server holds the book.
"""

from collections.abc import Mapping
from dataclasses import asdict

from litestar import Router, get, post
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, JSONBody
from msgspec import Struct
from sqlalchemy import select

from app.reload import Reloaded, Reloader
from devices.patience import Metrics
from devices.supervisor import Supervisor
from sync.http import Now, TheBook, TheToken
from wms.db import Tx
from wms.errors import Code, Rejected
from wms.messages import Language
from wms.record import commands
from wms.robots import conveyors
from wms.schema import devices
from wms.text import shown


class DeviceView(Struct, frozen=True, kw_only=True):
    """A device: its health with the reason (a code of the words, or its driver's own), since when
    (UTC ms), and what the supervisor counted since the server started (empty without a server)."""

    name: str
    driver: str
    health: str
    reason: str
    since_ms: int
    counters: Mapping[str, float] = {}


class ZoneView(Struct, frozen=True, kw_only=True):
    """A zone of a conveyor: clear, moving, blocked, stopped, "" = nobody knows; its trouble (a code
    of the words, "" = none) and since when (UTC ms); how many boxes arrived and departed today.

    `unknown`: so many times today the conveyor was away, and what passed meanwhile is in neither.
    `held`: boxes are to stop there.
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


class DeviceList(Struct, frozen=True, kw_only=True):
    """Every device, by its name; and the zones of those that are conveyors."""

    devices: tuple[DeviceView, ...]
    zones: tuple[ZoneView, ...] = ()


class Hold(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whether boxes are to stop at a zone."""

    held: bool


class ZoneHeld(Struct, frozen=True, kw_only=True):
    """What a zone is to do from now on, whether the conveyor is there or comes back."""

    device: str
    zone: str
    held: bool


class Restarted(Struct, frozen=True, kw_only=True):
    """The device that was started again."""

    device: str


@get("/devices", opt={"scope": "board:read"}, summary="How each device is, and why")
async def get_devices(
    book: TheBook, now: Now, reloader: NamedDependency[Reloader]
) -> DeviceList:  # fmt: skip
    """Health, reason and counters; what went over each zone of a conveyor today."""
    supervisor = reloader.supervisor
    return await book.read(list_devices, counted(supervisor), now=now)


@post("/devices/reload", opt={"scope": "admin"}, status_code=200, summary="Read config.toml again")
async def post_reload(
    book: TheBook, token: TheToken, now: Now, language: NamedDependency[Language],
    reloader: NamedDependency[Reloader],
) -> Reloaded:  # fmt: skip
    """Devices and stations that differ are taken over at once; a faulty file changes nothing."""
    done = await reloader.reload(language)
    body = {"added": done.added, "replaced": done.replaced, "removed": done.removed}
    await book.write(
        commands.record, actor=token.actor, device="api", permission="admin",
        name="devices.reload", body=body, now=now,
    )  # fmt: skip
    return done


@post("/devices/{device:str}/restart", opt={"scope": "admin"}, status_code=200, summary="Again")
async def post_restart(
    device: FromPath[str], book: TheBook, token: TheToken, now: Now,
    reloader: NamedDependency[Reloader],
) -> Restarted:  # fmt: skip
    """Close it and open it again: the way out of a fault and of quarantine."""
    if device not in reloader.supervisor.names():
        raise Rejected(Code.REFERENCE_UNKNOWN, field="device", value=shown(device))
    await book.write(
        commands.record, actor=token.actor, device="api", permission="admin",
        name="devices.restart", body={"device": device}, now=now,
    )  # fmt: skip
    await reloader.supervisor.restart(device)
    return Restarted(device=device)


@post(
    "/devices/{device:str}/zones/{zone:str}", opt={"scope": "admin"}, status_code=200,
    summary="Hold or release",
)  # fmt: skip
async def post_zone(
    device: FromPath[str], zone: FromPath[str], data: JSONBody[Hold], book: TheBook,
    token: TheToken, now: Now,
) -> ZoneHeld:  # fmt: skip
    """Boxes stop at this zone of a conveyor, or go on. The same again changes nothing."""
    await book.write(
        hold_zone, device=device, zone=zone, held=data.held, actor=token.actor, now=now
    )  # fmt: skip
    return ZoneHeld(device=device, zone=zone, held=data.held)


def hold_zone(tx: Tx, *, device: str, zone: str, held: bool, actor: str, now: int) -> None:
    """`conveyors.hold`, and the record of who wanted it."""
    if conveyors.hold(tx, device=device, zone=zone, held=held):
        commands.record(
            tx, actor=actor, device="api", permission="admin", name="devices.hold",
            body={"device": device, "zone": zone, "held": held}, now=now,
        )  # fmt: skip


def counted(supervisor: Supervisor) -> dict[str, Metrics]:
    """The counters of every device of this server."""
    return {name: supervisor.metrics(name) for name in supervisor.names()}


def list_devices(tx: Tx, counters: Mapping[str, Metrics], *, now: int) -> DeviceList:
    """Every device of the book, with *counters* where there are any; its conveyors at *now*."""
    found = tuple(
        DeviceView(
            name=row.name, driver=row.driver, health=row.health, reason=row.reason,
            since_ms=row.since_ms,
            counters=asdict(counters[row.name]) if row.name in counters else {},
        )
        for row in tx.execute(select(devices).order_by(devices.c.name))
    )  # fmt: skip
    zones = tuple(ZoneView(**asdict(zone)) for zone in conveyors.zones(tx, now=now))
    return DeviceList(devices=found, zones=zones)


def routes(reloader: Reloader) -> Router:
    """The handlers of devices."""
    return Router(
        "/v1", route_handlers=[get_devices, post_reload, post_restart, post_zone],
        dependencies={"reloader": Provide(lambda: reloader, sync_to_thread=False)},
    )  # fmt: skip
