"""`genba role`: what kinds of workers there are, and what each may do."""

from pathlib import Path
from typing import Annotated

import typer

ConfigFile = Annotated[Path, typer.Option("--config", help="The site's configuration.")]
AsJson = Annotated[bool, typer.Option("--json", help="Answer in JSON.")]


def add(cli: typer.Typer) -> None:
    """Add `genba role add` and `list`."""
    group = typer.Typer(
        help="Roles: make, change and list them.", no_args_is_help=True, rich_markup_mode=None
    )
    group.command("add")(make)
    group.command("list")(show)
    cli.add_typer(group, name="role")


def make(
    role: Annotated[str, typer.Argument(help="Its code: counter.")],
    may: Annotated[list[str], typer.Option(help="What it allows (repeat it).")],
    name: Annotated[str, typer.Option(help="What people call it.")] = "",
    config: ConfigFile = Path("config.toml"),
) -> None:
    """Make a role, or change what an old one allows"""
    from app.local import ACTOR, Server, clock_ms, reached
    from app.rights import Altered, NewRole, put_role
    from wms.shape import convert

    asked = {"role": role, "permissions": may, "name": name}
    wanted = convert(asked, NewRole)
    with reached(config) as place:
        if isinstance(place, Server):
            place.ask("POST", "/v1/roles", Altered, json=asked)
        else:
            place.write_now(put_role, wanted, actor=ACTOR, device="cli", now=clock_ms())


def show(as_json: AsJson = False, config: ConfigFile = Path("config.toml")) -> None:
    """List the roles: what each allows, and how many people have it"""
    import msgspec

    from app.local import Server, reached
    from app.rights import RoleList, list_roles

    with reached(config) as place:
        if isinstance(place, Server):
            found = place.ask("GET", "/v1/roles", RoleList)
        else:
            found = place.read_now(list_roles)
    if as_json:
        typer.echo(msgspec.json.encode(found))
        return
    for each in found.roles:
        typer.echo("\t".join((each.role, each.name, " ".join(each.permissions), str(each.people))))
