"""`genba run`: the server of a site, until it is told to stop."""

from pathlib import Path
from typing import Annotated

import typer


def add(cli: typer.Typer) -> None:
    """Add `genba run`."""
    cli.command("run")(run)


def run(
    config: Annotated[Path, typer.Option(help="The site's configuration.")] = Path("config.toml"),
) -> None:
    """Run the site: API, workers and devices, until SIGTERM or ctrl+c

    Exit code 0 when it was told to stop, 1 when it may not start (another server has the book, the
    port is taken), 2 when the configuration is faulty: every fault is told. 74 when the disk is
    broken or full at the start: what was acknowledged is there, and the next start looks. Logs
    go to standard error as JSON lines. SIGHUP reads devices and stations again, as genba devices
    reload does.
    """
    import asyncio
    import faulthandler

    from sqlalchemy.exc import DBAPIError

    from app import logs
    from app.language import spoken
    from app.machine.broken import EXIT_CODE
    from app.wiring import serve_until_told
    from wms.config import ConfigError, load
    from wms.messages import say
    from wms.trouble import trouble_of

    try:
        settings = load(config)
    except ConfigError as error:
        typer.echo("\n".join(error.told(spoken())), err=True)
        raise typer.Exit(2) from None
    logs.configure()
    faulthandler.enable()  # a crash inside a C library names the Python line of every thread
    try:
        asyncio.run(serve_until_told(settings, config.resolve().parent, config.resolve()))
    except DBAPIError as error:
        kind = trouble_of(error)
        if kind is None:
            raise
        typer.echo(say(f"book.{kind}", spoken()), err=True)
        raise typer.Exit(EXIT_CODE) from None
