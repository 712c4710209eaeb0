"""`genba audit`: the book against its own promises."""

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.language import padded, spoken
from wms.messages import say

if TYPE_CHECKING:
    from wms.audit import Finding
    from wms.audit.auditor import Step
    from wms.db import Tx

SHOWN_MAX = 20  # findings of one check
STATE_CELLS = 10


def add(cli: typer.Typer) -> None:
    """Add `genba audit`."""
    cli.command("audit")(audit)


def audit(
    as_json: Annotated[bool, typer.Option("--json", help="Answer in JSON.")] = False,
    database: Annotated[
        str, typer.Option(help="URL of the database, instead of the configuration's.")
    ] = "",
    config: Annotated[Path, typer.Option(help="The site's configuration.")] = Path("config.toml"),
) -> None:
    """Prove that the book is right: every invariant, over one snapshot

    Reads the database itself, beside a running server or without one. A line for each check: its
    invariant, ok or the number of faults, and what must hold. Exit code 1 on any fault.
    """
    from app.local import read_only, reading

    with ExitStack() as stack:
        if database:
            book = stack.enter_context(reading(database))
        else:
            _, book = stack.enter_context(read_only(config))
        results = book.read_now(_look, hidden=as_json)
    if as_json:
        _echo_json(results)
    else:
        _show(results)
    raise typer.Exit(1 if any(found for _, found in results) else 0)


def _look(tx: "Tx", *, hidden: bool) -> list[tuple["Step", list["Finding"]]]:
    """Every step of the audit with what it found; a big book takes its time, so the bar moves."""
    from rich.console import Console
    from rich.progress import Progress

    from wms.audit import auditor

    console = Console(stderr=True)
    hidden = hidden or not console.is_terminal
    steps = auditor.steps()
    results = []
    with Progress(console=console, transient=True, disable=hidden) as progress:
        bar = progress.add_task("", total=len(steps))
        for step in steps:
            progress.update(bar, description=f"{step.invariant:5}")
            results.append((step, step.run(tx)))
            progress.advance(bar)
    return results


def _show(results: list[tuple["Step", list["Finding"]]]) -> None:
    language = spoken()
    for step, found in results:
        faulty = say("audit.faults", language, count=len(found)) if found else ""
        told = padded(faulty or say("audit.ok", language), STATE_CELLS)
        typer.echo(f"{step.invariant:6}{told}{say(step.code, language)}")
        for finding in found[:SHOWN_MAX]:
            typer.echo(f"{'':6}{_plain(finding.where)}  {_plain(finding.what)}")
        if len(found) > SHOWN_MAX:
            typer.echo(f"{'':6}{say('audit.more', language, count=len(found) - SHOWN_MAX)}")
    faults = sum(len(found) for _, found in results)
    if faults:
        typer.echo(say("audit.broken", language, count=faults), err=True)
    else:
        typer.echo(say("audit.clean", language, count=len(results)))


def _plain(text: str) -> str:
    """What a spoiled book says must not steer the terminal."""
    return "".join(character if character.isprintable() else "\ufffd" for character in text)


def _echo_json(results: list[tuple["Step", list["Finding"]]]) -> None:
    import msgspec

    checks = [
        {
            "invariant": step.invariant, "check": step.code.removeprefix("audit."),
            "findings": [{"where": one.where, "what": one.what} for one in found],
        }
        for step, found in results
    ]  # fmt: skip
    clean = not any(found for _, found in results)
    typer.echo(msgspec.json.encode({"clean": clean, "checks": checks}))
