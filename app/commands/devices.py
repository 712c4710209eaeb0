"""`genba devices`: how every device is, live if wanted; starting one again; a new config.toml."""

from collections.abc import Iterator
from datetime import datetime, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from app.language import padded, spoken
from wms.messages import reason_words, say

if TYPE_CHECKING:
    from app.device_doors import DeviceList, DeviceView
    from app.reload import Reloaded

What = Literal["show", "reload", "restart"]
WATCH_EVERY_S = 1.0
COUNTERS = ("opens", "failures", "silences", "driver_bugs", "dropped")  # in the table; --json: all
CLEAR = "\x1b[H\x1b[2J"


def add(cli: typer.Typer) -> None:
    """Add `genba devices`."""
    cli.command("devices")(devices)


def devices(
    what: Annotated[What, typer.Argument(help="What to do.")] = "show",
    name: Annotated[str, typer.Argument(help="restart: which device.")] = "",
    watch: Annotated[bool, typer.Option("--watch", help="Show it live, until ctrl+c.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Answer in JSON.")] = False,
    config: Annotated[Path, typer.Option(help="The site's configuration.")] = Path("config.toml"),
) -> None:
    """Show how every device is and why; start one again; read config.toml again

    show: driver, health, since when, reason, and what the server counted. restart NAME: close it
    and open it again, the way out of a fault and of quarantine. reload: take over devices and
    stations of config.toml that differ; a faulty file changes nothing and says why.
    """
    if (what == "restart") != bool(name):
        raise typer.BadParameter("restart needs the name of a device, the others take none")
    if watch and (what != "show" or as_json):
        raise typer.BadParameter("--watch is for the table")
    if what == "show":
        _show(config, watch=watch, as_json=as_json)
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
    from app.local import Server, reached
    from wms.config import load

    with reached(config) as place:

        def look() -> DeviceList:
            if isinstance(place, Server):
                return place.ask("GET", "/v1/devices", DeviceList)
            return place.read_now(list_devices, {})

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
    """A line for each device, under their titles; moments in *zone*."""
    from tui.text import cells, safe

    names = ("name", "driver", "health", "since", *COUNTERS, "reason")
    titles = [say(f"devices.column.{name}", spoken()) for name in names]
    rows = [titles, *([safe(text) for text in _row(one, zone)] for one in found.devices)]
    widths = [max(cells(row[at]) for row in rows) for at in range(len(titles))]
    return [
        "  ".join(padded(text, width) for text, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]


def _row(one: "DeviceView", zone: tzinfo) -> list[str]:
    since = datetime.fromtimestamp(one.since_ms / 1000, tz=zone)
    counted = [f"{one.counters[name]:.0f}" if name in one.counters else "-" for name in COUNTERS]
    return [
        one.name, one.driver, say(f"board.health.{one.health}", spoken()),
        f"{since:%m-%d %H:%M:%S}", *counted, reason_words(one.reason, spoken()),
    ]  # fmt: skip
