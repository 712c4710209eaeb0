"""`genba count`: how sure the book is of each place, and counts that are asked for."""

from pathlib import Path
from typing import Annotated

import typer

from app.language import spoken
from wms.messages import say

ConfigFile = Annotated[Path, typer.Option("--config", help="The site's configuration.")]
AsJson = Annotated[bool, typer.Option("--json", help="Answer in JSON.")]
Zone = Annotated[str, typer.Option(help="Only this zone.")]
Owner = Annotated[str, typer.Option(help="Only places with goods of this owner.")]


def add(cli: typer.Typer) -> None:
    """Add `genba count list`, `open` and `sweep`."""
    group = typer.Typer(
        help="Counts: what wants one, and asking for them.", no_args_is_help=True,
        rich_markup_mode=None,
    )  # fmt: skip
    group.command("list")(show)
    group.command("open")(open_)
    group.command("sweep")(sweep)
    cli.add_typer(group, name="count")


def show(
    zone: Zone = "", owner: Owner = "",
    limit: Annotated[int, typer.Option(help="So many places.")] = 20,
    as_json: AsJson = False, config: ConfigFile = Path("config.toml"),
) -> None:  # fmt: skip
    """List the places that most want to be counted: how sure the book is of each, and why"""
    import msgspec

    from app.count_doors import DoubtList, list_doubts
    from app.local import Server, clock_ms, reached

    asked = {"zone": zone, "owner": owner, "limit": limit}
    with reached(config) as place:
        if isinstance(place, Server):
            found = place.ask("GET", "/v1/counts", DoubtList, params=asked)
        else:
            found = place.read_now(
                list_doubts, zone=zone, owner=owner, limit=limit, now=clock_ms()
            )  # fmt: skip
    if as_json:
        typer.echo(msgspec.json.encode(found))
        return
    for each in found.places:
        why = ", ".join(say(one.code, spoken(), count=one.count) for one in each.reasons)
        mark = "*" if each.waits else ""
        typer.echo("\t".join((each.place, f"{each.percent} %{mark}", each.velocity, why)))


def open_(
    places: Annotated[list[str] | None, typer.Argument(help="Places to be counted.")] = None,
    opening: Annotated[
        bool, typer.Option("--opening", help="Empty shelves: what is there is opening stock.")
    ] = False,
    zone: Zone = "",
    config: ConfigFile = Path("config.toml"),
) -> None:
    """Ask for a count of each place; with --opening, of all shelves that were never used"""
    import os

    from app.count_doors import NewCounts, Opened, open_counts
    from app.local import ACTOR, Server, clock_ms, reached
    from wms.shape import convert

    asked = {
        "key": os.urandom(8).hex(), "places": places or [], "opening": opening, "zone": zone,
    }  # fmt: skip
    wanted = convert(asked, NewCounts)
    with reached(config) as place:
        if isinstance(place, Server):
            done = place.ask("POST", "/v1/counts", Opened, json=asked)
        else:
            done = place.write_now(
                open_counts, wanted, actor=ACTOR, device="cli", now=clock_ms()
            )  # fmt: skip
    typer.echo(say("count.opened", spoken(), count=done.count))


def sweep(
    place: Annotated[str, typer.Argument(help="The place along which the reader was carried.")],
    device: Annotated[str, typer.Option(help="The reader.")],
    minutes: Annotated[int, typer.Option(help="Tags that it has read in the last minutes.")] = 10,
    config: ConfigFile = Path("config.toml"),
) -> None:
    """Compare the tags that an RFID reader has just read with the book"""
    import os

    from app.count_doors import NewSweep, Swept, do_sweep
    from app.local import ACTOR, Server, clock_ms, reached
    from wms.shape import convert

    asked = {
        "key": os.urandom(8).hex(), "place": place, "device": device, "minutes": minutes,
    }  # fmt: skip
    wanted = convert(asked, NewSweep)
    with reached(config) as book:
        if isinstance(book, Server):
            done = book.ask("POST", "/v1/counts/sweep", Swept, json=asked)
        else:
            done = book.write_now(do_sweep, wanted, actor=ACTOR, device="cli", now=clock_ms())
    typer.echo(say(f"count.swept.{done.ending}", spoken(), place=place))
