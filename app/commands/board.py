"""`genba board`: the lead's live board."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from app.language import spoken

Theme = Literal["yellow", "white", "red"]


def add(cli: typer.Typer) -> None:
    """Add `genba board`."""
    cli.command("board")(board)


def board(
    server: Annotated[
        str, typer.Option(envvar="GENBA_SERVER", help="Where the server is; none: on this machine.")
    ] = "",
    token: Annotated[
        str,
        typer.Option(
            envvar="GENBA_BOARD_TOKEN",
            help="A token that may board:read (and robots:write, for the key r), or where it is: "
            "env:NAME, file:PATH.",
        ),
    ] = "",
    theme: Annotated[Theme, typer.Option(help="The colours.")] = "yellow",
    config: Annotated[Path, typer.Option(help="The site's configuration.")] = Path("config.toml"),
) -> None:
    """Show the lead's board, live: ten numbers, pickups, people, robots, devices, exceptions

    On the server's own machine it needs no token. 0-9 open the lists, r pauses, resumes and
    resets robots, F10 turns the language, ctrl+q leaves.
    """
    import asyncio

    from app.glass import need_glass, own_server, secret_of
    from tui.board import run_board
    from tui.board_link import HttpBoardLink
    from tui.board_robots import robot_action

    need_glass()
    if not token:
        own = own_server(config)
        server, secret = server or own.url, own.token
    else:
        secret = secret_of(token, config.resolve().parent)
    link = HttpBoardLink(server or "http://127.0.0.1:8470", token=secret)
    actions = (robot_action(link, spoken()),)
    raise typer.Exit(asyncio.run(run_board(link, actions=actions, theme=theme, language=spoken())))
