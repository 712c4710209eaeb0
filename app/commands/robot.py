"""`genba robot`: how the robots are, and what a lead wants of them."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.language import spoken
from wms.messages import say

if TYPE_CHECKING:
    from wms.robots.wishes import Order

Name = Annotated[str, typer.Argument(help="The robot's name in the configuration: agv-1.")]
ConfigFile = Annotated[Path, typer.Option("--config", help="The site's configuration.")]
AsJson = Annotated[bool, typer.Option("--json", help="Answer in JSON.")]


def add(cli: typer.Typer) -> None:
    """Add `genba robot list`, `pause`, `resume` and `reset`."""
    group = typer.Typer(
        help="The robots: how they are, and what a lead wants of them.", no_args_is_help=True,
        rich_markup_mode=None,
    )  # fmt: skip
    group.command("list")(show)
    group.command("pause")(pause)
    group.command("resume")(resume)
    group.command("reset")(reset)
    cli.add_typer(group, name="robot")


def show(as_json: AsJson = False, config: ConfigFile = Path("config.toml")) -> None:
    """List every robot: its mode, what it carries, and why it is at nothing"""
    import msgspec

    from app.board.floor import robot_words
    from app.local import Server, reached
    from app.robot_doors import RobotList, listed

    with reached(config) as place:
        if isinstance(place, Server):
            found = place.ask("GET", "/v1/robots", RobotList)
        else:
            found = place.read_now(listed)
    if as_json:
        typer.echo(msgspec.json.encode(found))
        return
    for one in found.robots:
        words = robot_words(one, spoken())
        load = f"{one.container} {one.target}".strip() or "-"
        typer.echo("\t".join((one.robot, words, load, f"{one.battery_permille / 10:.0f}%")))


def pause(name: Name, config: ConfigFile = Path("config.toml")) -> None:
    """Have a robot stand still at the next station; what it has in hand it keeps"""
    _order(name, "pause", config)


def resume(name: Name, config: ConfigFile = Path("config.toml")) -> None:
    """Have a paused robot go on"""
    _order(name, "resume", config)


def reset(name: Name, config: ConfigFile = Path("config.toml")) -> None:
    """Have a robot leave its fault, once you have looked at it; it is paused then"""
    _order(name, "reset", config)


def _order(name: str, order: "Order", config: Path) -> None:
    from urllib.parse import quote

    from app import robot_doors
    from app.local import ACTOR, Server, clock_ms, reached

    with reached(config) as place:
        if isinstance(place, Server):
            path = f"/v1/robots/{quote(name, safe='')}/orders"
            place.ask("POST", path, robot_doors.RobotOrdered, json={"order": order})
        else:
            place.write_now(
                robot_doors.order, name, order, actor=ACTOR, device="cli", permission="admin",
                now=clock_ms(),
            )  # fmt: skip
    typer.echo(say(f"robot.told.{order}", spoken(), robot=name))
