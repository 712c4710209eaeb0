"""`genba person`: the people of the floor and their badges."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from app.language import spoken
from wms.messages import say

Number = Annotated[str, typer.Argument(help="The person's number: E042.")]
What = Annotated[str, typer.Argument(help="A role (`genba role list`), or a single permission.")]
Owner = Annotated[str, typer.Option(help="Only for the goods of this owner.")]
ConfigFile = Annotated[Path, typer.Option("--config", help="The site's configuration.")]
AsJson = Annotated[bool, typer.Option("--json", help="Answer in JSON.")]


def add(cli: typer.Typer) -> None:
    """Add `genba person add`, `list`, `grant`, `revoke`, `badge`, `pin` and `end`."""
    group = typer.Typer(
        help="The people of the floor: who they are and what they may do.", no_args_is_help=True,
        rich_markup_mode=None,
    )  # fmt: skip
    group.command("add")(make)
    group.command("list")(show)
    group.command("grant")(grant)
    group.command("revoke")(revoke)
    group.command("badge")(badge)
    group.command("pin")(pin)
    group.command("end")(end)
    cli.add_typer(group, name="person")


def make(
    code: Annotated[str, typer.Argument(help="The person's number: E042.")],
    name: Annotated[str, typer.Argument(help="The name that others see.")],
    may: Annotated[
        list[str],
        typer.Option(
            help="What they do (repeat it): pick, pack, ship, task (carry totes, see to robots), "
            "receive, putaway, replenish, count, returns, move, look, lead..."
        ),
    ],
    language: Annotated[Literal["ja", "en"], typer.Option(help="What they read.")] = "ja",
    with_pin: Annotated[
        bool, typer.Option("--pin", help="Ask for a PIN; who leads or approves is always asked.")
    ] = False,
    as_json: AsJson = False,
    config: ConfigFile = Path("config.toml"),
) -> None:
    """Add a person; the token of their badge is shown once and kept nowhere"""
    import os

    import msgspec

    from app.crew import BADGE_BYTES, MadePerson, NewPerson, make_person
    from app.local import ACTOR, Server, clock_ms, reached
    from wms.people.roles import needs_pin
    from wms.shape import convert

    pin = _ask_pin() if with_pin or needs_pin(may) else ""
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
        held = [f"{one.role}:{one.owner}" if one.owner else one.role for one in each.roles]
        told = (each.code, each.name, " ".join((*each.permissions, *held)), pin)
        ended = () if each.active else (say("person.inactive", spoken()),)
        typer.echo("\t".join((*told, *ended)))


def _ask_pin() -> str:
    """Twice, and never shown."""
    typed: str = typer.prompt(
        say("person.pin", spoken()), hide_input=True, confirmation_prompt=True, err=True
    )
    return typed


def grant(
    code: Number, what: What, owner: Owner = "", config: ConfigFile = Path("config.toml")
) -> None:
    """Give somebody a role, for everybody's goods or for one owner's"""
    from app import rights
    from app.local import ACTOR, Server, clock_ms, reached

    with reached(config) as place:
        if isinstance(place, Server):
            asked = {"what": what, "owner": owner}
            place.ask("POST", f"/v1/people/{code}/grants", rights.Altered, json=asked)
        else:
            wanted = rights.NewGrant(what=what, owner=owner)
            place.write_now(
                rights.grant, code, wanted, actor=ACTOR, device="cli", now=clock_ms()
            )  # fmt: skip


def revoke(
    code: Number, what: What, owner: Owner = "", config: ConfigFile = Path("config.toml")
) -> None:
    """Take a role or a permission back; the next input feels it"""
    from app import rights
    from app.local import ACTOR, Server, clock_ms, reached

    with reached(config) as place:
        if isinstance(place, Server):
            path = f"/v1/people/{code}/grants/{what}"
            place.ask("DELETE", path, rights.Altered, params={"owner": owner})
        else:
            gone = rights.NewGrant(what=what, owner=owner)
            place.write_now(
                rights.revoke, code, gone, actor=ACTOR, device="cli", now=clock_ms()
            )  # fmt: skip


def badge(code: Number, as_json: AsJson = False, config: ConfigFile = Path("config.toml")) -> None:
    """Give somebody a new badge; the old one opens nothing from now on"""
    import os

    import msgspec

    from app import rights
    from app.crew import BADGE_BYTES, MadePerson
    from app.local import ACTOR, Server, clock_ms, reached

    with reached(config) as place:
        if isinstance(place, Server):
            made = place.ask("POST", f"/v1/people/{code}/badge", MadePerson)
        else:
            made = place.write_now(
                rights.new_badge, code, random=os.urandom(BADGE_BYTES), actor=ACTOR, device="cli",
                now=clock_ms(),
            )  # fmt: skip
    if as_json:
        typer.echo(msgspec.json.encode(made))
        return
    typer.echo(say("person.made", spoken(), name=code), err=True)
    typer.echo(made.badge)


def pin(code: Number, config: ConfigFile = Path("config.toml")) -> None:
    """Ask for a new PIN of somebody"""
    from app import rights
    from app.local import ACTOR, Server, clock_ms, reached

    typed = _ask_pin()
    with reached(config) as place:
        if isinstance(place, Server):
            place.ask("POST", f"/v1/people/{code}/pin", rights.Altered, json={"pin": typed})
        else:
            place.write_now(
                rights.new_pin, code, typed, pepper=_pepper(config), actor=ACTOR, device="cli",
                now=clock_ms(),
            )  # fmt: skip


def end(code: Number, config: ConfigFile = Path("config.toml")) -> None:
    """End a badge at once, lost or left behind; others get the tasks"""
    from app import rights
    from app.local import ACTOR, Server, clock_ms, reached

    with reached(config) as place:
        if isinstance(place, Server):
            done = place.ask("DELETE", f"/v1/people/{code}", rights.Ended)
        else:
            done = place.write_now(rights.end, code, actor=ACTOR, device="cli", now=clock_ms())
    typer.echo(say("person.ended", spoken(), person=code, tasks=done.tasks))
