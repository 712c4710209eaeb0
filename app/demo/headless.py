"""`genba demo --headless`: the whole day without a screen, with a progress bar and a verdict."""

import asyncio
import secrets
import shutil
from collections.abc import Callable
from contextlib import ExitStack
from random import Random
from typing import Any

from app.demo.processes import Demo, Options, free_port, make_folder
from app.demo.verdict import Verdict, judge
from app.wiring import clock_ms
from wms.db import Book

LOOK_S = 0.25
STUCK_S = 120.0  # nothing moved for so long: the day has failed

Progress = Callable[[str, int, int], None]  # what is going on, orders shipped, of how many


async def run(options: Options, *, progress: Progress, keep: bool = False) -> Verdict:
    """Live through one day and judge it. The folder is removed unless *keep* or FAIL."""
    with ExitStack() as stack:
        folder = make_folder()
        database = options.database or f"sqlite:///{folder / 'genba.db'}"
        if options.database == "postgresql":
            from app.postgres import running

            database = stack.enter_context(running()).url("postgres")
        demo = Demo(options, folder, database, free_port())
        try:
            progress("starting", 0, options.orders)
            await demo.start(clock_ms(), secrets.token_bytes(32))
            tally = await _day(demo, progress)
            await demo.stop()
            book = Book(database)
            verdict = book.read_now(judge, tally, trouble=options.trouble)
            book.close()
        except RuntimeError as error:
            verdict = Verdict(faults=[str(error)])
        finally:
            await demo.stop()
        if verdict.passed and not keep:
            shutil.rmtree(folder, ignore_errors=True)
        else:
            verdict.lines.append(("folder", str(folder)))
        return verdict


async def _day(demo: Demo, progress: Progress) -> dict[str, Any]:
    """Wait until every order is shipped or short, killing the server on the way."""
    options = demo.options
    kills = _kill_points(options)
    last: tuple[int, ...] = ()
    moved_at = asyncio.get_running_loop().time()
    while True:
        await asyncio.sleep(LOOK_S)
        status = await demo.ask(do="status")
        if status["fault"]:
            raise RuntimeError(status["fault"])
        done = status["shipped"] + status["short"]
        progress(_words(status), status["shipped"], options.orders)
        if kills and status["boxes"] >= kills[0]:
            kills.pop(0)
            await _kill(demo)
        if status["posted"] == options.orders and status["boxes"] + status["short"] >= done:
            await _close_when_packed(demo, status)
        if status["posted"] == options.orders and done == options.orders and not kills:
            return await demo.ask(do="tally")
        now = asyncio.get_running_loop().time()
        seen = (status["posted"], status["boxes"], status["shipped"], status["short"])
        if seen != last:
            last, moved_at = seen, now
        if now - moved_at > STUCK_S:
            raise RuntimeError(f"nothing moved for {STUCK_S:.0f} s: {status} {demo.log_tail()}")


async def _close_when_packed(demo: Demo, status: dict[str, Any]) -> None:
    if status["boxes"] + status["short"] >= demo.options.orders:
        await demo.ask(do="close")


def _kill_points(options: Options) -> list[int]:
    """After how many packed boxes the server is killed: seeded, spread over the day."""
    random = Random(options.seed + 9)
    return sorted(random.randint(1, max(options.orders - 2, 1)) for _ in range(options.kills))


async def _kill(demo: Demo) -> None:
    """kill -9 and start again; coped once it answers and the workers' prompts come back."""
    await demo.ask(do="happened", kind="server killed")
    await demo.kill_server()
    await demo.start_server()
    await demo.ask(do="coped", kind="server killed")


def _words(status: dict[str, Any]) -> str:
    return f"posted {status['posted']}, packed {status['boxes']}, shipped {status['shipped']}"
