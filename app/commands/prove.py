"""`genba prove`: everything that is shown by machines, for as many minutes as you give it."""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

ROOT = Path(__file__).parent.parent.parent


def add(cli: typer.Typer) -> None:
    """Add `genba prove`."""
    cli.command("prove")(prove)


def prove(
    minutes: Annotated[float, typer.Option(min=0.1, help="How long to go on.")] = 10.0,
    only: Annotated[
        list[str] | None, typer.Option(help="This part alone (may be repeated), e.g. shifts.")
    ] = None,
    cores: Annotated[
        int, typer.Option(min=1, help="How many parts work side by side.")
    ] = os.cpu_count() or 1,
    as_json: Annotated[
        bool, typer.Option("--json", help="A JSON line for each slice, and all figures at the end.")
    ] = False,
) -> None:
    """Break it on purpose, again and again, and count: kills, power cuts, shifts, fuzz, mutants

    Ctrl-C stops it, and the next run goes on where it was: the figures of one state of the code
    add up in `data/proof/`. `docs/proof.md` says what was done how often, what broke with the
    line that shows it again, and what did not reach its number. A line for each slice of a
    minute. Exit code 1 when a promise was broken.
    """
    if not (ROOT / "tests" / "prove").is_dir():
        raise typer.BadParameter("the proof is in the project's repository, not in the package")
    asked = [word for name in only or () for word in ("--only", name)]
    words = ["--minutes", f"{minutes}", "--cores", f"{cores}", *asked, *["--json"] * as_json]
    os.chdir(ROOT)
    # In our place: whoever stops us stops the proof, which then ends in order.
    os.execv(sys.executable, [sys.executable, "-m", "tests.prove", *words])  # noqa: S606 - ours
