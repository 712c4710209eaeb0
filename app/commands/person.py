"""`genba person`: the people of the floor and their badges."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from app.language import spoken
from wms.messages import say

ConfigFile = Annotated[Path, typer.Option("--config", help="The site's configuration.")]
AsJson = Annotated[bool, typer.Option("--json", help="Answer in JSON.")]


def add(cli: typer.Typer) -> None:
    """Add `genba person add` and `list`."""
    group = typer.Typer(
        help="Add and list the people of the floor.", no_args_is_help=True, rich_markup_mode=None
    )
    group.command("add")(make)
    group.command("list")(show)
    cli.add_typer(group, name="person")


def make(
    code: Annotated[str, typer.Argument(help="The person's number: E042.")],
    name: Annotated[str, typer.Argument(help="The name that others see.")],
    may: Annotated[
        list[str],
        typer.Option(
            help="What they do (repeat it): pick, pack, ship, task (carry totes, see to robots), "
            "lead."
        ),
    ],
    language: Annotated[Literal["ja", "en"], typer.Option(help="What they read.")] = "ja",
    with_pin: Annotated[
        bool, typer.Option("--pin", help="Ask for a PIN; a lead is always asked.")
    ] = False,
    as_json: AsJson = False,
    config: ConfigFile = Path("config.toml"),
) -> None:
    """Add a person; the token of their badge is shown once and kept nowhere"""
    import os

    import msgspec

    from app.crew import BADGE_BYTES, MadePerson, NewPerson, make_person
    from app.local import ACTOR, Server, clock_ms, reached
    from wms.shape import convert

    pin = ""
    if with_pin or "lead" in may:
        pin = typer.prompt(
            say("person.pin", spoken()), hide_input=True, confirmation_prompt=True, err=True
        )
    asked = {
        "code": code, "name": name, "permissions": may, "language": language, "pin": pin,
    }  # fmt: skip
    wanted = convert(asked, NewPerson)
    with reached(config) as place:
        if isinstance(place, Server):
            made = place.ask("POST", "/v1/people", MadePerson, json=asked)
        else:
            made = place.write_now(
                make_person, wanted, random=os.urandom(BADGE_BYTES), pepper=_pepper(config),
                actor=ACTOR, device="cli", now=clock_ms(),
            )  # fmt: skip
    if as_json:
        typer.echo(msgspec.json.encode(made))
        return
    typer.echo(say("person.made", spoken(), name=name), err=True)
    typer.echo(made.badge)


def _pepper(config: Path) -> str:
    """What PINs are hashed with; the server makes it on its first start, and so does this."""
    from app.secrets import read_secret
    from wms.config import load

    return read_secret(load(config).secrets.pepper, config.resolve().parent, make=True)


def show(as_json: AsJson = False, config: ConfigFile = Path("config.toml")) -> None:
    """List everybody: what they may do, and whether they have a PIN"""
    import msgspec

    from app.crew import PersonList, list_people
    from app.local import Server, reached

    with reached(config) as place:
        if isinstance(place, Server):
            found = place.ask("GET", "/v1/people", PersonList)
        else:
            found = place.read_now(list_people)
    if as_json:
        typer.echo(msgspec.json.encode(found))
        return
    for each in found.people:
        pin = "PIN" if each.has_pin else "-"
        typer.echo("\t".join((each.code, each.name, " ".join(each.permissions), pin)))
