"""Doors for looking after devices: how each one is, starting one again, taking over `config.toml`.

`genba devices` comes in here while a server holds the book.
"""

from collections.abc import Mapping
from dataclasses import asdict

from litestar import Router, get, post
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath
from msgspec import Struct
from sqlalchemy import select

from app.reload import Reloaded, Reloader
from devices.patience import Metrics
from devices.supervisor import Supervisor
from sync.http import Now, TheBook, TheToken
from wms import commands
from wms.db import Tx
from wms.errors import Code, Rejected
from wms.messages import Language
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


class DeviceList(Struct, frozen=True, kw_only=True):
    """Every device, by its name."""

    devices: tuple[DeviceView, ...]


class Restarted(Struct, frozen=True, kw_only=True):
    """The device that was started again."""

    device: str


@get("/devices", opt={"scope": "board:read"}, summary="How each device is, and why")
async def get_devices(book: TheBook, reloader: NamedDependency[Reloader]) -> DeviceList:
    """Health, reason and counters."""
    supervisor = reloader.supervisor
    return await book.read(list_devices, counted(supervisor))


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


def counted(supervisor: Supervisor) -> dict[str, Metrics]:
    """The counters of every device of this server."""
    return {name: supervisor.metrics(name) for name in supervisor.names()}


def list_devices(tx: Tx, counters: Mapping[str, Metrics]) -> DeviceList:
    """Every device of the book, with *counters* where there are any."""
    return DeviceList(devices=tuple(
        DeviceView(
            name=row.name, driver=row.driver, health=row.health, reason=row.reason,
            since_ms=row.since_ms,
            counters=asdict(counters[row.name]) if row.name in counters else {},
        )
        for row in tx.execute(select(devices).order_by(devices.c.name))
    ))  # fmt: skip


def routes(reloader: Reloader) -> Router:
    """The handlers of devices."""
    return Router(
        "/v1", route_handlers=[get_devices, post_reload, post_restart],
        dependencies={"reloader": Provide(lambda: reloader, sync_to_thread=False)},
    )  # fmt: skip
