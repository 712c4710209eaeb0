"""`genba tui`: this terminal becomes a handheld."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from app.language import spoken

Theme = Literal["yellow", "white", "red"]


def add(cli: typer.Typer) -> None:
    """Add `genba tui`."""
    cli.command("tui")(tui)


def tui(
    terminal: Annotated[str, typer.Option(help="Which terminal this is: HT-01.")],
    token: Annotated[
        str,
        typer.Option(
            envvar="GENBA_TERMINAL_TOKEN", help="Its token, or where it is: env:NAME, file:PATH."
        ),
    ],
    server: Annotated[
        str, typer.Option(envvar="GENBA_SERVER", help="Where the server is.")
    ] = "http://127.0.0.1:8470",
    theme: Annotated[Theme, typer.Option(help="The colours.")] = "yellow",
) -> None:
    """Be a handheld: the one screen on which every dialogue is shown

    Scanners type into it, function keys and digits choose, ctrl+q leaves. It comes back to the
    same question after a lost line or a restarted server.
    """
    import asyncio
    import secrets
    import time
    from itertools import count

    from app.glass import need_glass, secret_of
    from tui.handheld import run_handheld
    from tui.link import HttpLink

    need_glass()
    link = HttpLink(
        server, terminal=terminal, token=secret_of(token, Path.cwd()), clock=time.monotonic,
        language=spoken(),
    )  # fmt: skip
    run, numbers = secrets.token_hex(6), count(1)
    asyncio.run(run_handheld(
        link, terminal=terminal, ids=lambda: f"{run}-{next(numbers)}", theme=theme,
        language=spoken(),
    ))  # fmt: skip
