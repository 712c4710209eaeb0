"""`genba simulate`: shifts of a whole site on a virtual clock, each from its seed."""

import json
from typing import Annotated

import typer

FAULTS_EVERY_S = 60.0


def add(cli: typer.Typer) -> None:
    """Add `genba simulate`."""
    cli.command("simulate")(simulate)


def simulate(
    seeds: Annotated[str, typer.Option(help="One seed, or two as A..B (B is the last).")] = "1",
    faults: Annotated[
        bool, typer.Option("--faults", help="With robots, printers, wires and the server failing.")
    ] = False,
    orders: Annotated[int, typer.Option(min=1, max=200, help="How many orders come in.")] = 12,
    as_json: Annotated[bool, typer.Option("--json", help="A line of JSON for each shift.")] = False,
) -> None:
    """Live through shifts of eight hours in seconds: the same seed is the same shift

    The real server works on a real SQLite book; people, robots, printers, scales and shops are the
    demo's. A line for each shift: PASS or FAIL, faults and kills, and the digest of all that
    happened, which is the same for the same seed. Exit code 1 when a shift failed.
    """
    from app.simulation.run import run
    from app.simulation.shift import Plan

    every_s = FAULTS_EVERY_S if faults else 0.0
    failed = False
    for seed in _seeds(seeds):
        result = run(Plan(seed=seed, orders=orders, faults_every_s=every_s))
        found = result.verdict.faults
        failed = failed or bool(found)
        told = {
            "seed": seed, "passed": not found, "faults": result.struck, "kills": result.kills,
            "rows": result.trace.rows, "digest": result.trace.digest, "wrong": found,
        }  # fmt: skip
        if as_json:
            typer.echo(json.dumps(told, ensure_ascii=False))
            continue
        typer.echo(
            f"{seed:>6}  {'FAIL' if found else 'PASS'}  {sum(result.struck.values()):>5} faults"
            f"  {result.kills:>3} kills  {result.trace.rows:>7,} rows  {result.trace.digest[:16]}"
        )
        for fault in found:
            typer.echo(f"        {fault}")
        if found:
            again = f"genba simulate --seeds {seed} --orders {orders}"
            typer.echo(f"        {again}{' --faults' if faults else ''}")
    raise typer.Exit(1 if failed else 0)


def _seeds(text: str) -> range:
    first, _, last = text.partition("..")
    try:
        found = range(int(first), int(last or first) + 1)
    except ValueError:
        found = range(0)
    if not found:
        raise typer.BadParameter(f"{text!r}: a seed is a number, several are written 1..9")
    return found
