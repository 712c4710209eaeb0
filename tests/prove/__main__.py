"""`python -m tests.prove`: slices of all parts, side by side, what has reached least first."""

import asyncio
import json
import os
import platform
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from tests.prove import code, work
from tests.prove.ledger import Ledger, Slice
from tests.prove.page import page
from tests.sources import CODE, ROOT
from wms.db import sqlite_module

SLICE_S = 60.0
SLOW_S = 600.0  # a round that takes longer than this is stuck
GOODBYE_S = 20.0  # so long a slice may clean up when all is to stop
Tell = Callable[..., None]


@dataclass(slots=True)
class Run:
    """What goes on now: what is told to whom, and whether it is to stop."""

    ledger: Ledger
    commit: str
    tell: Tell
    stop: asyncio.Event = field(default_factory=asyncio.Event)

    async def one_slice(self, part: str, seconds: float) -> Slice:
        """Let *part* work in a process of its own; what it did is written down."""
        seed = self.ledger.next_seed(part)
        began, began_s = datetime.now(UTC), time.monotonic()
        with tempfile.TemporaryFile() as faults:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "tests.prove.work", part, str(seed), str(seconds),
                cwd=ROOT, stdout=asyncio.subprocess.PIPE, stderr=faults, limit=1 << 24,
                start_new_session=True,  # Ctrl-C is for us: it may end in order
            )  # fmt: skip
            done, broken = await self._heard(process, seconds)
            if process.returncode and not broken and not self.stop.is_set():
                faults.seek(0)
                broken = faults.read()[-4000:].decode("utf-8", "replace")
        if broken:
            broken += f"\npython -m tests.prove.work {part} {seed} {seconds:.0f}"
        one = Slice(
            part, self.ledger.tests[part], self.commit, seed, f"{began:%Y-%m-%d %H:%M}",
            round(time.monotonic() - began_s, 1), dict(done), broken,
        )  # fmt: skip
        self.ledger.add(one)
        return one

    async def _heard(
        self, process: asyncio.subprocess.Process, seconds: float
    ) -> tuple[Counter[str], str]:  # fmt: skip
        """What a slice did, and what broke."""
        done: Counter[str] = Counter()
        broken: list[str] = []

        async def listen() -> None:
            assert process.stdout is not None
            async for line in process.stdout:
                told = json.loads(line) if line.endswith(b"\n") else {}  # killed in the middle
                done.update(told.get("done", {}))
                broken.extend([told["broken"]] if "broken" in told else [])
            await process.wait()

        listening = asyncio.create_task(listen())
        stopping = asyncio.create_task(self.stop.wait())
        try:
            await asyncio.wait(
                {listening, stopping}, timeout=seconds + SLOW_S,
                return_when=asyncio.FIRST_COMPLETED,
            )  # fmt: skip
            if not listening.done() and self.stop.is_set():
                process.terminate()
                await asyncio.wait({listening}, timeout=GOODBYE_S)
            elif not listening.done():
                broken.append("stuck")
        finally:
            stopping.cancel()
            with suppress(ProcessLookupError):  # and whoever it has left behind
                os.killpg(process.pid, signal.SIGKILL)
            await listening
        return done, broken[0] if broken else ""

    async def lane(self, names: list[str], busy: set[str], until_s: float) -> None:
        """One slice after the other, of what has reached least and nobody is at."""
        while (left_s := until_s - time.monotonic()) > 0 and not self.stop.is_set():
            free = [name for name in names if name not in busy and self.ledger.share(name) < 1]
            if not free:
                return
            part = min(free, key=self.ledger.share)
            busy.add(part)
            one = await self.one_slice(part, min(SLICE_S, left_s))
            if not one.broken:  # else somebody has to look first
                busy.discard(part)
            self.tell(one)


async def prove(run: Run, names: list[str], minutes: float, cores: int) -> None:
    """Slices until the time is over, everything has its number, or somebody stops it."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, run.stop.set)
    busy: set[str] = set()
    until_s = time.monotonic() + minutes * 60
    await asyncio.gather(*(run.lane(names, busy, until_s) for _ in range(cores)))


def main(
    minutes: float = 10.0, only: Annotated[list[str] | None, typer.Option()] = None,
    cores: int = os.cpu_count() or 1, as_json: Annotated[bool, typer.Option("--json")] = False,
) -> None:  # fmt: skip
    """Go on proving this code for so many *minutes*."""
    unknown = set(only or ()) - set(work.names())
    if unknown:
        raise typer.BadParameter(f"no part is called {sorted(unknown)[0]}; parts: {work.names()}")
    parts = {name: work.part(name) for name in work.names()}
    product, tests = code.of_product(), {name: code.of_part(part) for name, part in parts.items()}
    file = ROOT / "data" / "proof" / f"{product}.json"
    ledger = Ledger.of(file, product, _machine(), parts, tests)
    asked = only or list(parts)
    run = Run(ledger, _commit(), _teller(ledger, as_json))
    if not as_json:
        typer.echo(
            f"Proving code {product} for {minutes:g} minutes: {', '.join(asked)}.\n"
            "Ctrl-C stops it; the next run goes on from there."
        )
    asyncio.run(prove(run, asked, minutes, cores))
    _publish(ledger, ROOT / "docs")
    _end(run, as_json)
    raise typer.Exit(1 if ledger.broken() else 0)


def _teller(ledger: Ledger, as_json: bool) -> Tell:
    """Tells what came of each slice: a line for people, or one for programs."""

    def tell(one: Slice) -> None:
        if as_json:
            typer.echo(msgspec.json.encode(one).decode())
            return
        done, wanted = ledger.done(one.part), ledger.parts[one.part].wanted
        reached = ", ".join(f"{done[what]:,} of {many:,} {what}" for what, many in wanted.items())
        typer.echo(
            f"{datetime.now(UTC):%H:%M}  {one.part:<16} {min(ledger.share(one.part), 1):6.1%}"
            f"  {reached}{'  BROKEN' if one.broken else ''}"
        )

    return tell


def _end(run: Run, as_json: bool) -> None:
    """What is to be known now that it is over."""
    found = run.ledger.summary()
    if as_json:
        typer.echo(msgspec.json.encode(found).decode())
        return
    for one in run.ledger.broken():
        typer.echo(f"\nBROKEN: {one.part}, seed {one.seed}, {one.began}\n{one.broken}")
    short = [f"{part.name} {part.share:.1%}" for part in found.parts if part.share < 1]
    if run.stop.is_set():
        typer.echo("Stopped; the next run goes on from here.")
    typer.echo(f"Not at its number yet: {', '.join(short) or 'nothing'}. See docs/proof.md.")


def _publish(ledger: Ledger, folder: Path) -> None:
    """The page, and the same for programs."""
    found = ledger.summary()
    (folder / "proof.md").write_text(page(found), "utf-8")
    told = msgspec.json.format(msgspec.json.encode(found), indent=1)
    (folder / "proof.json").write_bytes(told + b"\n")


def _machine() -> str:
    return (
        f"{os.cpu_count()} cores, Python {platform.python_version()},"
        f" SQLite {sqlite_module().sqlite_version}, {platform.system()} {platform.machine()}"
    )


def _commit() -> str:
    """Where the code stands in history; "+": it has changes that are not."""
    changes = _git("status", "--short", "--", *CODE, "tests")
    return _git("rev-parse", "--short=12", "HEAD") + ("+" if changes else "")


def _git(*arguments: str) -> str:
    found = subprocess.run(
        ["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )  # fmt: skip
    return found.stdout.strip()


if __name__ == "__main__":
    command = typer.Typer(pretty_exceptions_enable=False)
    command.command()(main)
    command()
