"""`genba demo`: a working warehouse on this machine, with bots for people and twins for devices."""

import asyncio
import sys
import time
from typing import Annotated

import typer

SAID_EVERY_S = 15.0  # where there is no bar: into a file, or to another program


def add(cli: typer.Typer) -> None:
    """Add `genba demo`."""
    cli.command("demo")(demo)


def demo(
    orders: Annotated[int, typer.Option(min=1, max=5000, help="How many orders come in.")] = 500,
    seed: Annotated[int, typer.Option(help="The same seed makes the same site and day.")] = 1,
    headless: Annotated[
        bool, typer.Option("--headless", help="No screen: a progress bar, then PASS or FAIL.")
    ] = False,
    db: Annotated[
        str, typer.Option(help='"" SQLite, "postgresql" starts a server of its own, or a URL.')
    ] = "",
    trouble: Annotated[
        bool, typer.Option(help="Empty bins, wrong scans, paper out, a killed server...")
    ] = True,
    kills: Annotated[int, typer.Option(min=0, help="How often the server is killed.")] = 1,
    flows: Annotated[
        bool, typer.Option(help="A delivery, a gift, a cancellation, a return, an exchange.")
    ] = True,
    day: Annotated[
        bool, typer.Option("--day", help="A whole shift, with everything that a floor does.")
    ] = False,
    keep: Annotated[bool, typer.Option("--keep", help="Keep the demo's folder.")] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="With --headless: the verdict and its figures in JSON.")
    ] = False,
) -> None:
    """Run a whole warehouse here: orders, people, robots, printers, and what goes wrong

    Everything lives in a temporary folder and speaks the real protocols on this machine's own
    network. PASS means that book, shops, labels, robots, boxes and audit tell the same story.
    """
    from app.demo.processes import Options

    options = Options(
        orders=orders, seed=seed, database=db, trouble=trouble, kills=kills if trouble else 0,
        shift="whole" if day else "some" if flows else "",
        pace_s=0.02 if headless else 0.25, every_s=0.02 if headless else 0.5,
    )  # fmt: skip
    if headless:
        raise typer.Exit(_headless(options, keep, as_json))
    from app.demo.screen import run

    raise typer.Exit(asyncio.run(run(options, keep=keep)))


def _headless(options: object, keep: bool, as_json: bool) -> int:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    from app.demo import headless
    from app.demo.processes import Options
    from app.demo.screen import show, show_json

    assert isinstance(options, Options)
    console, said_s = Console(stderr=True), time.monotonic()
    watched = sys.stderr.isatty()
    with Progress(
        TextColumn("[progress.description]{task.description}"), BarColumn(),
        MofNCompleteColumn(), TimeElapsedColumn(), console=console,
        disable=not watched,
    ) as bar:  # fmt: skip
        task = bar.add_task("starting", total=options.total)

        def progress(words: str, shipped: int, total: int) -> None:
            nonlocal said_s
            bar.update(task, description=words, completed=shipped, total=total)
            if not watched and time.monotonic() - said_s > SAID_EVERY_S:
                said_s = time.monotonic()
                typer.echo(words, err=True)

        verdict = asyncio.run(headless.run(options, progress=progress, keep=keep))
    return (show_json if as_json else show)(verdict)
