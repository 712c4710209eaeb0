"""`genba token`: make, list and end the tokens with which other programs use the API."""

import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.language import spoken
from wms.messages import say

if TYPE_CHECKING:
    from sync.doors import TokenView

ConfigFile = Annotated[Path, typer.Option("--config", help="The site's configuration.")]
AsJson = Annotated[bool, typer.Option("--json", help="Answer in JSON.")]


def add(cli: typer.Typer) -> None:
    """Add `genba token create`, `list` and `revoke`."""
    group = typer.Typer(
        help="Make, list and end the tokens of other programs.", no_args_is_help=True,
        rich_markup_mode=None,
    )  # fmt: skip
    group.command("create")(create)
    group.command("list")(show)
    group.command("revoke")(revoke)
    cli.add_typer(group, name="token")


def create(
    name: Annotated[str, typer.Argument(help="Whose it is: oms, shop-a.")],
    scope: Annotated[
        list[str],
        typer.Option(
            help="What it may do (repeat it): orders:write, orders:read, stock:read, events:read, "
            "board:read, robots:write, terminal, admin."
        ),
    ],
    owner: Annotated[str, typer.Option(help="Only this owner's data.")] = "",
    days: Annotated[int, typer.Option(help="How long it is valid, 365 at most.")] = 365,
    as_json: AsJson = False,
    config: ConfigFile = Path("config.toml"),
) -> None:
    """Make a token; it is shown once and kept nowhere"""
    import os

    from app.local import ACTOR, Server, clock_ms, reached
    from sync.doors import Made, NewToken, make_token
    from wms.people.tokens import RANDOM_BYTES
    from wms.shape import convert

    asked = {"name": name, "scopes": scope, "owner": owner, "days": days}
    wanted = convert(asked, NewToken)
    with reached(config) as place:
        if isinstance(place, Server):
            made = place.ask("POST", "/v1/tokens", Made, json=asked)
        else:
            made = Made(token=place.write_now(
                make_token, wanted, random=os.urandom(RANDOM_BYTES), actor=ACTOR, device="cli",
                now=clock_ms(),
            ))  # fmt: skip
    if as_json:
        _echo_json(made)
        return
    typer.echo(say("token.made", spoken(), name=name), err=True)
    typer.echo(made.token)


def show(as_json: AsJson = False, config: ConfigFile = Path("config.toml")) -> None:
    """List every token: its scopes, owner, end and last use"""
    from app.local import Server, reached
    from sync.doors import TokenList, list_tokens

    with reached(config) as place:
        if isinstance(place, Server):
            found = place.ask("GET", "/v1/tokens", TokenList)
        else:
            found = place.read_now(list_tokens)
    if as_json:
        _echo_json(found)
        return
    for token in found.tokens:
        typer.echo(_line(token))


def revoke(
    name: Annotated[str, typer.Argument(help="The token's name.")],
    config: ConfigFile = Path("config.toml"),
) -> None:
    """End a token at once, for good"""
    from app.local import ACTOR, Server, clock_ms, reached
    from sync.doors import end_token

    with reached(config) as place:
        if isinstance(place, Server):
            place.ask("DELETE", f"/v1/tokens/{name}", type(None))
        else:
            place.write_now(end_token, name, actor=ACTOR, device="cli", now=clock_ms())
    typer.echo(say("token.ended", spoken(), name=name))


def _line(token: "TokenView") -> str:
    until = _day(token.expires_ms) if not token.revoked else say("token.revoked", spoken())
    used = _day(token.used_ms) if token.used_ms is not None else "-"
    return "\t".join((token.name, until, used, token.owner or "*", " ".join(token.scopes)))


def _day(at_ms: int) -> str:
    return datetime.datetime.fromtimestamp(at_ms / 1000, tz=datetime.UTC).date().isoformat()


def _echo_json(value: object) -> None:
    import msgspec

    typer.echo(msgspec.json.encode(value))
