"""`genba site`: whose goods, which shops and carriers, boxes and numbers, from one file."""

from pathlib import Path
from typing import Annotated

import typer

from app.language import spoken, word
from wms.messages import say

SHOWN_MAX = 20


def add(cli: typer.Typer) -> None:
    """Add `genba site`."""
    cli.command("site")(site)


def site(
    file: Annotated[
        Path, typer.Argument(exists=True, dir_okay=False, help="TOML, like docs/site.toml.")
    ],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Check everything and keep nothing.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Answer in JSON.")] = False,
    config: Annotated[Path, typer.Option(help="The site's configuration.")] = Path("config.toml"),
) -> None:
    """Tell the book whose goods these are, who carries them, and in which boxes

    Owners, shops, carriers' services, pickups, transit days, holidays, boxes and tracking
    numbers. All of the file, or nothing. The same file again changes nothing.

    Of a carrier's pickups, a carrier's or the site's holidays, and an owner's upgrades, label modes
    and inserts the book has what the file says: to take one away, leave it out. Owners, shops,
    services, boxes, tracking numbers, transit days and rules for returns that the file no longer
    names stay, because orders may speak of them: the command says which.
    """
    import tomllib

    import msgspec

    from app.local import ACTOR, Server, clock_ms, fail, reached
    from app.site_doors import DryRun, SitePut, put
    from wms.shape import convert
    from wms.site_settings import SiteSettings

    try:
        table = tomllib.loads(file.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        fail(f"{file}: {error}")
    settings = convert(table, SiteSettings)
    with reached(config) as place:
        if isinstance(place, Server):
            asked = {"dry_run": str(dry_run).lower()}
            done = place.ask("POST", "/v1/site", SitePut, params=asked, json=table)
        else:
            try:
                done = place.write_now(
                    put, settings, dry_run=dry_run, actor=ACTOR, device="cli", now=clock_ms()
                )
            except DryRun as tried:
                done = tried.answer
    if as_json:
        typer.echo(msgspec.json.encode(done))
        return
    words = ", ".join(f"{word(f'site.part.{name}')} {count}" for name, count in done.parts.items())
    typer.echo(say("site.tried" if dry_run else "site.put", spoken(), parts=words))
    for name, rest in done.kept.items():
        told = ", ".join(rest[:SHOWN_MAX]) + (" ..." if len(rest) > SHOWN_MAX else "")
        typer.echo(say("site.kept", spoken(), part=word(f"site.part.{name}"), names=told))
