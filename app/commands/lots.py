"""`genba lots`: hold a lot (a recall), let it go, see where all of it is."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.language import word

if TYPE_CHECKING:
    from picking.recall import Whereabouts

ConfigFile = Annotated[Path, typer.Option("--config", help="The site's configuration.")]
AsJson = Annotated[bool, typer.Option("--json", help="Answer in JSON.")]
Owner = Annotated[str, typer.Argument(help="Whose goods.")]
Sku = Annotated[str, typer.Argument(help="The item.")]
Lot = Annotated[str, typer.Argument(help='The lot; "" is all of an item without lots.')]
Why = Annotated[str, typer.Option("--reason", help="Why, for people.")]


def add(cli: typer.Typer) -> None:
    """Add `genba lots hold`, `release` and `where`."""
    group = typer.Typer(
        help="Hold a lot (a recall), let it go, see where all of it is.", no_args_is_help=True,
        rich_markup_mode=None,
    )  # fmt: skip
    for name, command in (("hold", hold), ("release", release), ("where", where)):
        group.command(name)(command)
    cli.add_typer(group, name="lots")


def hold(
    owner: Owner, sku: Sku, lot: Lot, reason: Why = "", as_json: AsJson = False,
    config: ConfigFile = Path("config.toml"),
) -> None:  # fmt: skip
    """Hold a lot: nothing of it leaves, and who has it is told"""
    from picking.recall import LotNamed
    from picking.recall_doors import hold_lot

    named = LotNamed(owner=owner, sku=sku, lot=lot, reason=reason)
    _tell(_do("hold", hold_lot, named, config), as_json=as_json)


def release(
    owner: Owner, sku: Sku, lot: Lot, as_json: AsJson = False,
    config: ConfigFile = Path("config.toml"),
) -> None:  # fmt: skip
    """Let a held lot leave again, and the orders that were held for it"""
    from picking.recall import LotNamed
    from picking.recall_doors import release_lot

    _tell(
        _do("release", release_lot, LotNamed(owner=owner, sku=sku, lot=lot), config),
        as_json=as_json,
    )


def where(
    owner: Owner, sku: Sku, lot: Lot, as_json: AsJson = False,
    config: ConfigFile = Path("config.toml"),
) -> None:  # fmt: skip
    """Show where all of a lot is, down to the orders that have left with it"""
    from app.http import LOCAL
    from app.local import Server, reached
    from picking.recall import LotNamed, Whereabouts
    from picking.recall_doors import where_is_lot

    with reached(config) as place:
        if isinstance(place, Server):
            asked = {"owner": owner, "sku": sku, "lot": lot}
            found = place.ask("GET", "/v1/lots", Whereabouts, params=asked)
        else:
            named = LotNamed(owner=owner, sku=sku, lot=lot)
            found = place.read_now(where_is_lot, named, token=LOCAL)
    _tell(found, as_json=as_json)


def _do(verb: str, command: Callable[..., Any], named: Any, config: Path) -> "Whereabouts":
    """Through the door of the server, or in the book itself."""
    import msgspec

    from app.http import LOCAL
    from app.local import Server, clock_ms, reached
    from picking.recall import Whereabouts

    with reached(config) as place:
        if isinstance(place, Server):
            body = msgspec.to_builtins(named)
            return place.ask("POST", f"/v1/lots/{verb}", Whereabouts, json=body)
        done: Whereabouts = place.write_now(command, named, token=LOCAL, now=clock_ms())
        return done


def _tell(found: "Whereabouts", *, as_json: bool) -> None:
    import msgspec

    if as_json:
        typer.echo(msgspec.json.encode(found))
        return
    state = word("lots.held" if found.held else "lots.free")
    typer.echo(f"{found.owner} {found.sku} {found.lot or '-'}  {state}  {found.expiry}".rstrip())
    for one in found.places:
        condition = word(f"condition.{one.condition}")
        typer.echo(f"  {one.place}  {condition}  {one.qty}")
    for order in found.orders:
        state = f"{word(f'look.order.{order.state}')}/{word(f'orders.stage.{order.stage}')}"
        typer.echo(f"  {order.order}  {order.external_id}  {state}  {order.qty}")
    for work in found.used:
        kind = word(f"work.kind.{work.kind}")
        typer.echo(f"  {work.work}  {kind} {work.sku} {work.lot or '-'} x{work.made}  {work.qty}")
    if found.waiting:
        typer.echo(f"  -> {' '.join(found.waiting)}")
