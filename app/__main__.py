"""`genba`: the command line, and the top-level door that turns refusals into words."""

from typing import Annotated

import typer

from app import VERSION
from app.commands import add_all
from app.language import spoken
from wms.errors import Rejected
from wms.messages import say

cli = typer.Typer(
    name="genba",
    help="Runs the floor of a fulfilment centre: people, printers, readers and robots.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,  # help in plain text, and in a third of the time
    pretty_exceptions_enable=False,  # they show local variables, and with them secrets
)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"genba {VERSION}")
        raise typer.Exit


@cli.callback()
def _options(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    """Options that come before a command."""


def main() -> None:
    """Run one command. A refusal of the book is said in the reader's language: exit code 1."""
    try:
        cli(prog_name="genba")
    except Rejected as refusal:
        typer.echo(say(refusal.code, spoken(), **refusal.params), err=True)
        raise SystemExit(1) from None


add_all(cli)

if __name__ == "__main__":
    main()
