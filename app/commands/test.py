"""`genba test`: every check of the project with one command, for people and for machines."""

import asyncio
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

ROOT = Path(__file__).parent.parent.parent
PROGRAMS = Path(sys.executable).parent


@dataclass(frozen=True, slots=True)
class Step:
    """One check: a name and the program that makes it, in the project's folder."""

    name: str
    command: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Result:
    """How a check ended. `output` is everything it said."""

    step: Step
    passed: bool
    duration_s: float
    output: str

    @property
    def last_line(self) -> str:
        lines = [line for line in self.output.splitlines() if line.strip()]
        return lines[-1].strip() if lines else ""


def lanes(*, long: bool) -> tuple[tuple[Step, ...], ...]:
    """The checks in two lanes that run side by side, as the tests wait more than they compute."""
    python = (sys.executable, "-m")
    chosen = ("--hypothesis-profile=long",) if long else ("-m", "not long")
    return (
        (
            Step("lint", (*python, "ruff", "check", ".")),
            Step("format", (*python, "ruff", "format", "--check", ".")),
            Step("contracts", (str(PROGRAMS / "lint-imports"),)),
            Step("types", (*python, "mypy")),
        ),
        (
            Step(
                "tests",
                (*python, "pytest", "-n", "3", "--dist", "worksteal", *chosen),
            ),
        ),
    )


def names() -> list[str]:
    """The names of all checks."""
    return [step.name for lane in lanes(long=False) for step in lane]


def add(cli: typer.Typer) -> None:
    """Add `genba test`."""
    cli.command("test")(test)


def test(
    only: Annotated[
        list[str] | None,
        typer.Option(help=f"Run this check alone (may be repeated): {', '.join(names())}."),
    ] = None,
    long: Annotated[
        bool, typer.Option("--long", help="Also the tests that take long, with more examples.")
    ] = False,
) -> None:
    """Run every check: lint, types, import contracts and all tests

    One line a check: its name, seconds and result; the whole output of those that failed. Exit
    code 1 when any failed.
    """
    unknown = set(only or ()) - set(names())
    if unknown:
        raise typer.BadParameter(f"there is no check {sorted(unknown)[0]}; there are {names()}")
    if not (ROOT / "tests").is_dir():
        raise typer.BadParameter("the tests are in the project's repository, not in the package")
    chosen = [[step for step in lane if not only or step.name in only] for lane in lanes(long=long)]
    results = asyncio.run(_run_lanes(chosen))
    for result in results:
        if result.step.name == "tests":
            typer.echo(result.last_line)
    raise typer.Exit(0 if all(result.passed for result in results) else 1)


async def _run_lanes(lanes: Sequence[Sequence[Step]]) -> list[Result]:
    results = await asyncio.gather(*(_run_lane(lane) for lane in lanes))
    return [result for lane in results for result in lane]


async def _run_lane(lane: Sequence[Step]) -> list[Result]:
    results = []
    for step in lane:
        result = await _run(step)
        _show(result)
        results.append(result)
    return results


async def _run(step: Step) -> Result:
    started_s = time.monotonic()
    process = await asyncio.create_subprocess_exec(
        *step.command,
        cwd=ROOT,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    duration_s = time.monotonic() - started_s
    return Result(step, process.returncode == 0, duration_s, output.decode(errors="replace"))


def _show(result: Result) -> None:
    if not result.passed:
        typer.echo(result.output.rstrip())
    word = "passed" if result.passed else "FAILED"
    typer.echo(f"{result.step.name:<10} {result.duration_s:6.1f} s  {word}")
