"""`genba waves`: what is on the floor for which pickup, and "send everything now"."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.language import spoken, word
from wms.messages import say

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from picking.wave_doors import WaveView

ConfigFile = Annotated[Path, typer.Option("--config", help="The site's configuration.")]
AsJson = Annotated[bool, typer.Option("--json", help="Answer in JSON.")]


def add(cli: typer.Typer) -> None:
    """Add `genba waves list` and `release`."""
    group = typer.Typer(
        help="See what is on the floor, and send orders there.", no_args_is_help=True,
        rich_markup_mode=None,
    )  # fmt: skip
    group.command("list")(show)
    group.command("release")(release)
    cli.add_typer(group, name="waves")


def show(as_json: AsJson = False, config: ConfigFile = Path("config.toml")) -> None:
    """List the waves, the newest first, and what still waits"""
    import msgspec

    from app.local import Server, reached
    from picking.wave_doors import WaveList, list_waves
    from wms.config import load

    with reached(config) as place:
        if isinstance(place, Server):
            found = place.ask("GET", "/v1/waves", WaveList)
        else:
            found = place.read_now(list_waves)
    if as_json:
        typer.echo(msgspec.json.encode(found))
        return
    zone = load(config).site.zone
    for wave in found.waves:
        typer.echo(_line(wave, zone))
    typer.echo(say("waves.waiting", spoken(), waiting=found.waiting, short=found.short))
    if found.later:
        typer.echo(say("waves.later", spoken(), orders=found.later, day=found.next_date))
    if found.held:
        typer.echo(say("waves.held", spoken(), orders=found.held))


def release(as_json: AsJson = False, config: ConfigFile = Path("config.toml")) -> None:
    """Send every order that waits to the floor now"""
    import msgspec

    from app.local import ACTOR, Server, clock_ms, reached
    from picking.release import settings_of
    from picking.wave_doors import WavesReleased, release_now
    from wms.config import load

    with reached(config) as place:
        if isinstance(place, Server):
            done = place.ask("POST", "/v1/waves/release", WavesReleased)
        else:
            done = place.write_now(
                release_now, settings=settings_of(load(config).waves), actor=ACTOR, device="cli",
                now=clock_ms(),
            )  # fmt: skip
    if as_json:
        typer.echo(msgspec.json.encode(done))
        return
    typer.echo(say(
        "waves.released", spoken(), waves=done.waves, orders=done.orders, tours=done.tours,
        short=done.short,
    ))  # fmt: skip


def _line(wave: "WaveView", zone: "ZoneInfo") -> str:
    from wms.site.calendar import local_time
    from wms.site.carriers import called

    return say(
        "waves.line", spoken(), wave=wave.id, carrier=called(wave.carrier, spoken()),
        pickup=f"{local_time(wave.pickup_ms, zone):%m-%d %H:%M}",
        state=word(f"waves.state.{wave.state}"),
        orders=wave.orders, left=wave.orders_left, tours=wave.tours, open=wave.tours_open,
    )  # fmt: skip
