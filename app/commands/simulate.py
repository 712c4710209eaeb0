"""`genba simulate`: shifts of a whole site on a virtual clock, each from its seed."""

import json
import sys
from collections import Counter
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from app.simulation.run import Result
    from app.simulation.shift import Plan, Progress


def add(cli: typer.Typer) -> None:
    """Add `genba simulate`."""
    cli.command("simulate")(simulate)


def simulate(
    seeds: Annotated[str, typer.Option(help="One seed, or two as A..B (B is the last).")] = "1",
    faults: Annotated[
        bool, typer.Option("--faults", help="With robots, printers, wires and the server failing.")
    ] = False,
    orders: Annotated[int, typer.Option(min=2, max=200, help="How many orders come in.")] = 12,
    as_json: Annotated[bool, typer.Option("--json", help="A line of JSON for each shift.")] = False,
) -> None:
    """Live through shifts of eight hours in seconds: the same seed is the same shift

    The real server works on a real SQLite book; people, devices and shops are the demo's, and the
    seed draws which flows of the floor there are besides orders, and which devices. A line for
    each shift: PASS or FAIL, faults and kills, and the digest of all that happened, which is the
    same for the same seed. After a FAIL: what was wrong, the newest faults, all screens, and the
    line that shows it again. With --faults a table of all named faults and how often each struck
    ends it. Exit code 1 when a shift failed.
    """
    from app.simulation.run import run
    from app.simulation.shift import of_seed

    failed, struck = False, Counter[str]()
    for seed in _seeds(seeds):
        plan = of_seed(seed, orders=orders, faults=faults)
        result = run(plan, _progress(seed, as_json))
        failed = failed or bool(result.verdict.faults)
        struck.update(result.struck)
        if as_json:
            typer.echo(json.dumps(_told(plan, result), ensure_ascii=False))
        else:
            _tell(plan, result)
    if faults and not as_json:
        _table(struck)
    raise typer.Exit(1 if failed else 0)


def _told(plan: "Plan", result: "Result") -> dict[str, Any]:
    found = result.verdict.faults
    told = {
        "seed": plan.seed, "passed": not found, "parts": plan.parts, "injected": result.injected,
        "faults": result.struck, "deaths": dict(sorted(result.shift.storm.deaths.items())),
        "kills": result.kills, "rows": result.trace.rows, "digest": result.trace.digest,
        "wrong": found,
    }  # fmt: skip
    return told | ({"story": result.story, "again": plan.replay} if found else {})


def _tell(plan: "Plan", result: "Result") -> None:
    found = result.verdict.faults
    typer.echo(
        f"{plan.seed:>6}  {'FAIL' if found else 'PASS'}  {result.injected:>6,} faults"
        f"  {result.kills:>3} kills  {result.trace.rows:>7,} rows  {result.trace.digest[:16]}"
        f"  {', '.join(plan.parts)}"
    )
    for fault in found:
        typer.echo(f"        {fault}")
    for line in result.story if found else ():
        typer.echo(f"          {line}")
    if found:
        typer.echo(f"        {plan.replay}")


def _table(struck: Counter[str]) -> None:
    reached = sum(times > 0 for times in struck.values())
    typer.echo(f"\n{reached} of {len(struck)} named faults struck, {struck.total():,} times")
    for name, times in sorted(struck.items()):
        typer.echo(f"{times:>8,}  {name}")


def _progress(seed: int, as_json: bool) -> "Progress":
    """A line that is written over, for whoever sits in front of it."""

    def tell(seconds: float, faults: int) -> None:
        hours, minutes = divmod(int(seconds) // 60, 60)
        if sys.stderr.isatty() and not as_json:
            line = f"{seed:>6}  {hours}:{minutes:02d} h, {faults:,} faults"
            typer.echo(f"\r{line}\r", err=True, nl=False)

    return tell


def _seeds(text: str) -> range:
    first, _, last = text.partition("..")
    try:
        found = range(int(first), int(last or first) + 1)
    except ValueError:
        found = range(0)
    if not found:
        raise typer.BadParameter(f"{text!r}: a seed is a number, several are written 1..9")
    return found
