"""`genba slip` and `genba manifest`: the papers that go into the box and onto the truck."""

from pathlib import Path
from typing import Annotated

import typer

from app.language import spoken
from wms.messages import say

Out = Annotated[Path | None, typer.Option(help="Write the PDF to this file.")]
Print = Annotated[str, typer.Option("--print", help="Print at this station.")]
AsJson = Annotated[bool, typer.Option("--json", help="Only the data, as JSON.")]
ConfigFile = Annotated[Path, typer.Option("--config", help="The site's configuration.")]


def add(cli: typer.Typer) -> None:
    """Add `genba slip` and `genba manifest`."""
    cli.command("slip")(slip)
    cli.command("manifest")(manifest)


def slip(
    order: Annotated[str, typer.Argument(help="The order: the shop's number, or O0000012.")],
    owner: Annotated[str, typer.Option(help="Whose, when several have that number.")] = "",
    out: Out = None,
    print_at: Print = "",
    as_json: AsJson = False,
    config: ConfigFile = Path("config.toml"),
) -> None:
    """Make an order's packing slip (納品書), A4

    It says what is still wanted of the order. A gift's slip comes from its purchaser and shows no
    prices.
    """
    from app import paper
    from app.local import read_only
    from wms.orders import view
    from wms.papers import slip_data

    with read_only(config) as (_, book):
        number = book.read_now(view.get, order, owner=owner).order_id
        data = book.read_now(slip_data.slip_data, number)
        template = book.read_now(slip_data.slip_template, number)
    where = paper.Where(config=config, out=out, station=print_at, as_json=as_json)
    paper.give_pdf(template, data, where)


def manifest(
    code: Annotated[str, typer.Argument(help="Its code; none lists the open ones.")] = "",
    out: Out = None,
    print_at: Print = "",
    as_json: AsJson = False,
    config: ConfigFile = Path("config.toml"),
) -> None:
    """Make a pickup's manifest (集荷引渡票), A4, for the driver to sign

    It lists every parcel that was loaded, and counts those that stay behind.
    """
    from app import paper
    from app.local import read_only
    from picking import pickups
    from wms.papers import slip_data

    with read_only(config) as (settings, book):
        zone = settings.site.zone
        if not code:
            found = book.read_now(pickups.listed, zone=zone)
            for pickup in found:
                typer.echo(f"{pickup.code}\t{pickup.loaded}\t{pickup.waiting}")
            if not found:
                typer.echo(say("manifest.none", spoken()), err=True)
            return
        data = book.read_now(slip_data.manifest_data, code, zone=zone, site=settings.site.name)
    where = paper.Where(config=config, out=out, station=print_at, as_json=as_json)
    paper.give_pdf("manifest", data, where)
