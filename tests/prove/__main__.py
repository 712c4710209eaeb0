"""`python -m tests.prove`: slices of all parts, side by side, what has reached least first."""

import asyncio
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from tests.prove.ledger import Ledger, Slice
from tests.prove.work import parts

ROOT = Path(__file__).parent.parent.parent
SLICE_S = 60.0
SLOW_S = 600.0  # a round that takes longer than this is stuck


async def one_slice(ledger: Ledger, part: str, seconds: float) -> None:
    """Let *part* work in a process of its own; what it did is written down."""
    seed = ledger.next_seed(part)
    began, began_s = datetime.now(UTC), time.monotonic()
    with tempfile.TemporaryFile() as faults:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.prove.work", part, str(seed), str(seconds),
            cwd=ROOT, stdout=asyncio.subprocess.PIPE, stderr=faults, limit=1 << 24,
        )  # fmt: skip
        done, broken = await _heard(process, seconds)
        if process.returncode and not broken:
            faults.seek(0)
            broken = faults.read()[-4000:].decode("utf-8", "replace")
    if broken:
        broken += f"\npython -m tests.prove.work {part} {seed} {seconds:.0f}"
    ledger.add(Slice(
        part, seed, f"{began:%Y-%m-%d %H:%M}", round(time.monotonic() - began_s, 1), dict(done),
        broken,
    ))  # fmt: skip


async def _heard(
    process: asyncio.subprocess.Process, seconds: float
) -> tuple[Counter[str], str]:  # fmt: skip
    """What a slice did, and what broke."""
    assert process.stdout is not None
    done: Counter[str] = Counter()
    broken = ""
    try:
        async with asyncio.timeout(seconds + SLOW_S):
            async for line in process.stdout:
                told = json.loads(line)
                done.update(told.get("done", {}))
                broken = told.get("broken", broken)
            await process.wait()
    except TimeoutError:
        broken = "stuck"
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return done, broken


async def prove(ledger: Ledger, names: list[str], minutes: float, cores: int) -> None:
    """Slices until the time is over or everything has its number."""
    until_s = time.monotonic() + minutes * 60
    busy: set[str] = set()

    async def lane() -> None:
        while (left_s := until_s - time.monotonic()) > 0:
            free = [name for name in names if name not in busy and ledger.share(name) < 1]
            if not free or ledger.broken():
                return
            part = min(free, key=ledger.share)
            busy.add(part)
            await one_slice(ledger, part, min(SLICE_S, left_s))
            busy.discard(part)
            done = ", ".join(f"{what} {many:,}" for what, many in ledger.done(part).items())
            typer.echo(f"{part:<12} {ledger.share(part):7.2%}  {done[:160]}")

    await asyncio.gather(*(lane() for _ in range(cores)))


def main(
    minutes: float = 10.0, only: Annotated[list[str] | None, typer.Option()] = None,
    cores: int = os.cpu_count() or 1,
) -> None:  # fmt: skip
    """Go on proving this commit for so many *minutes*."""
    known = parts()
    names = only or list(known)
    unknown = set(names) - set(known)
    if unknown:
        raise typer.BadParameter(f"there is no part {sorted(unknown)}; there are {list(known)}")
    commit = _git("rev-parse", "--short=12", "HEAD") + ("+" if _git("status", "--short") else "")
    machine = f"{os.cpu_count()} cores, Python {platform.python_version()}, {platform.system()}"
    file = ROOT / "data" / "proof" / f"{commit}.json"
    ledger = Ledger.of(file, commit, machine, known)
    try:
        asyncio.run(prove(ledger, names, minutes, cores))
    except KeyboardInterrupt:
        typer.echo("stopped; the next run goes on here")
    (ROOT / "docs" / "proof.md").write_text(ledger.page(), "utf-8")
    (ROOT / "docs" / "proof.json").write_bytes(
        msgspec.json.format(msgspec.json.encode(ledger.proof), indent=1) + b"\n"
    )
    for one in ledger.broken():
        typer.echo(f"BROKEN {one.part}, seed {one.seed}: {one.broken}")
    raise typer.Exit(1 if ledger.broken() else 0)


def _git(*arguments: str) -> str:
    found = subprocess.run(
        ["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )  # fmt: skip
    return found.stdout.strip()


if __name__ == "__main__":
    command = typer.Typer(pretty_exceptions_enable=False)
    command.command()(main)
    command()
