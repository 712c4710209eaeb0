"""`genba devices`: how every device is, live if wanted; starting one again; a new config.toml."""

from collections.abc import Iterator, Sequence
from datetime import datetime, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from app.language import padded, spoken
from wms.messages import reason_words, say

if TYPE_CHECKING:
    from app.device_doors import DeviceList, DeviceView, ZoneView
    from app.reload import Reloaded

What = Literal["show", "reload", "restart", "hold", "release"]
NAMING = ("restart", "hold", "release")
WATCH_EVERY_S = 1.0
ZONES = ("zone", "state", "since", "arrived", "departed", "unknown", "reason")
COUNTERS = ("opens", "failures", "silences", "driver_bugs", "dropped")  # in the table; --json: all
CLEAR = "\x1b[H\x1b[2J"


def add(cli: typer.Typer) -> None:
    """Add `genba devices`."""
    cli.command("devices")(devices)


def devices(
    what: Annotated[What, typer.Argument(help="What to do.")] = "show",
    name: Annotated[str, typer.Argument(help="Which device, or DEVICE:ZONE.")] = "",
    watch: Annotated[bool, typer.Option("--watch", help="Show it live, until ctrl+c.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Answer in JSON.")] = False,
    config: Annotated[Path, typer.Option(help="The site's configuration.")] = Path("config.toml"),
) -> None:
    """Show how every device is and why; start one again; read config.toml again; stop a conveyor

    show: driver, health, since when, reason, and what the server counted. restart NAME: close it
    and open it again, the way out of a fault and of quarantine. reload: take over devices and
    stations of config.toml that differ; a faulty file changes nothing and says why. hold
    DEVICE:ZONE: boxes stop at that zone of a conveyor, until release DEVICE:ZONE.
    """
    if (what in NAMING) != bool(name):
        raise typer.BadParameter(f"{', '.join(NAMING)} need a name, the others take none")
    if watch and (what != "show" or as_json):
        raise typer.BadParameter("--watch is for the table")
    if what == "show":
        _show(config, watch=watch, as_json=as_json)
    elif what in ("hold", "release"):
        _hold(config, name, held=what == "hold", as_json=as_json)
    else:
        _change(config, name, as_json=as_json)


def _change(config: Path, name: str, *, as_json: bool) -> None:
    import msgspec

    from app.device_doors import Restarted
    from app.local import Server, fail, reached
    from app.reload import Reloaded

    with reached(config) as place:
        if not isinstance(place, Server):
            fail(say("devices.no_server", spoken()))
        done: Reloaded | Restarted
        if name:
            done = place.ask("POST", f"/v1/devices/{name}/restart", Restarted)
        else:
            done = place.ask("POST", "/v1/devices/reload", Reloaded)
    if as_json:
        typer.echo(msgspec.json.encode(done))
    elif isinstance(done, Restarted):
        typer.echo(say("devices.restarted", spoken(), device=done.device))
    else:
        typer.echo("\n".join(_told(done)))


def _hold(config: Path, name: str, *, held: bool, as_json: bool) -> None:
    from urllib.parse import quote

    import msgspec

    from app.device_doors import ZoneHeld
    from app.local import Server, fail, reached

    device, _, zone = name.rpartition(":")
    if not device or not zone:
        raise typer.BadParameter("a zone is named DEVICE:ZONE, such as conveyor-1:up")
    with reached(config) as place:
        if not isinstance(place, Server):
            fail(say("devices.no_server", spoken()))
        path = f"/v1/devices/{quote(device, safe='')}/zones/{quote(zone, safe='')}"
        done = place.ask("POST", path, ZoneHeld, json={"held": held})
    code = "devices.held" if held else "devices.released"
    typer.echo(msgspec.json.encode(done) if as_json else say(code, spoken(), zone=name))


def _told(done: "Reloaded") -> Iterator[str]:
    language = spoken()
    if done.added:
        yield say("devices.added", language, names=", ".join(done.added))
    if done.replaced:
        yield say("devices.replaced", language, names=", ".join(done.replaced))
    if done.removed:
        yield say("devices.removed", language, names=", ".join(done.removed))
    if done.stations:
        yield say("devices.stations", language)
    if done.later:
        yield say("devices.later", language, sections=", ".join(done.later))
    if not any((done.added, done.replaced, done.removed, done.stations, done.later)):
        yield say("devices.nothing_new", language)


def _show(config: Path, *, watch: bool, as_json: bool) -> None:
    import time

    import msgspec

    from app.device_doors import DeviceList, list_devices
    from app.local import Server, clock_ms, reached
    from wms.config import load

    with reached(config) as place:

        def look() -> DeviceList:
            if isinstance(place, Server):
                return place.ask("GET", "/v1/devices", DeviceList)
            return place.read_now(list_devices, {}, now=clock_ms())

        if as_json:
            typer.echo(msgspec.json.encode(look()))
            return
        zone = load(config).site.zone
        typer.echo((CLEAR if watch else "") + "\n".join(table(look(), zone)))
        while watch:
            try:
                time.sleep(WATCH_EVERY_S)
            except KeyboardInterrupt:
                return
            typer.echo(CLEAR + "\n".join(table(look(), zone)))


def table(found: "DeviceList", zone: tzinfo) -> list[str]:
    """A line for each device, under their titles; then one for each zone of a conveyor. Moments
    are in *zone*."""
    names = ("name", "driver", "health", "since", *COUNTERS, "reason")
    lines = _aligned(names, [_row(one, zone) for one in found.devices])
    if found.zones:
        lines += ["", *_aligned(ZONES, [_zone_row(one, zone) for one in found.zones])]
    return lines


def _aligned(names: Sequence[str], found: Sequence[Sequence[str]]) -> list[str]:
    from tui.text import cells, safe

    titles = [say(f"devices.column.{name}", spoken()) for name in names]
    rows = [titles, *([safe(text) for text in row] for row in found)]
    widths = [max(cells(row[at]) for row in rows) for at in range(len(titles))]
    return [
        "  ".join(padded(text, width) for text, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]


def _zone_row(one: "ZoneView", zone: tzinfo) -> list[str]:
    since = datetime.fromtimestamp(one.since_ms / 1000, tz=zone)
    state = say(f"conveyor.state.{one.state or 'unknown'}", spoken())
    held = say("conveyor.held", spoken()) if one.held else ""
    trouble = reason_words(f"{one.trouble} zone={one.zone}", spoken()) if one.trouble else held
    return [
        f"{one.device}:{one.zone}", state, f"{since:%m-%d %H:%M:%S}", f"{one.arrived}",
        f"{one.departed}", f"{one.unknown}", trouble,
    ]  # fmt: skip


def _row(one: "DeviceView", zone: tzinfo) -> list[str]:
    since = datetime.fromtimestamp(one.since_ms / 1000, tz=zone)
    counted = [f"{one.counters[name]:.0f}" if name in one.counters else "-" for name in COUNTERS]
    return [
        one.name, one.driver, say(f"board.health.{one.health}", spoken()),
        f"{since:%m-%d %H:%M:%S}", *counted, reason_words(one.reason, spoken()),
    ]  # fmt: skip
