"""One day of the demo: waiting until every order is shipped or short, and killing the server."""

import asyncio
import secrets
import shutil
from collections.abc import Callable
from contextlib import ExitStack
from random import Random
from typing import Any

from app.demo import bill
from app.demo.day_verdict import judge_day
from app.demo.processes import Demo, Options, demo_database, free_port, make_folder
from app.demo.site import ZONE
from app.demo.verdict import Verdict, judge
from app.language import spoken
from app.local import clock_ms
from wms.db import Book, Tx
from wms.look import billing
from wms.messages import Language, say
from wms.site.calendar import local_time

LOOK_S = 0.25
KILL_WITHIN_S = 1.5
NAMED_MAX = 12  # orders that are named when a day stands still
STUCK_S = 120.0  # nothing moved for so long: the day has failed

Progress = Callable[[str, int, int], None]  # what is going on, orders shipped, of how many


async def run(options: Options, *, progress: Progress, keep: bool = False) -> Verdict:
    """Live through one day without a screen and judge it. The folder stays after a FAIL."""
    with ExitStack() as stack:
        folder = make_folder()
        demo = Demo(options, folder, demo_database(options, folder, stack), free_port())
        try:
            progress("starting", 0, options.orders)
            await demo.start(clock_ms(), secrets.token_bytes(32))
            day = Day(demo, progress)
            await day.live()
            verdict = await day.verdict()
        except RuntimeError as error:
            verdict = Verdict(faults=[str(error)])
        finally:
            await demo.stop()
        if verdict.passed and not keep:
            shutil.rmtree(folder, ignore_errors=True)
        else:
            verdict.lines.append(("folder", str(folder)))
        return verdict


class Day:
    """What the parent does during a day: it looks, kills, lets the trucks leave, and judges."""

    def __init__(self, demo: Demo, progress: Progress) -> None:
        self.demo = demo
        self.progress = progress
        self.random = Random(demo.options.seed + 9)
        self.kills = kill_points(demo.options, self.random)
        self.moved_at = 0.0
        self.seen: tuple[int, ...] = ()

    async def live(self) -> None:
        """Return when every order is shipped or short and every kill was survived."""
        self.moved_at = asyncio.get_running_loop().time()
        while not await self._look():
            await asyncio.sleep(LOOK_S)

    async def verdict(self) -> Verdict:
        """Stop everything and compare the tallies."""
        tally = await self.demo.ask(do="tally")
        await self.demo.stop()
        now = clock_ms()
        month = f"{local_time(now, ZONE):%Y-%m}"
        if self.demo.options.dose is not None:
            try:
                await bill.write(self.demo.folder, month, tally["stocktake"])
            except bill.BillUnreadable as error:
                return Verdict(faults=[f"no bill: {error}"])
        book = Book(self.demo.database)
        try:
            return book.read_now(self._judge, tally, billing.month(month, ZONE), now)
        finally:
            book.close()

    def _judge(self, tx: Tx, tally: dict[str, Any], span: billing.Span, now: int) -> Verdict:
        options = self.demo.options
        verdict = judge(tx, tally, trouble=options.trouble)
        if options.dose is not None:
            folder, dose = self.demo.folder, options.dose
            judge_day(tx, tally, verdict, span=span, folder=folder, dose=dose, now=now)
        return verdict

    async def _look(self) -> bool:
        status = await self.demo.ask(do="status")
        orders = self.demo.options.total
        counted = {name: status[name] for name in ("boxes", "shipped", "short", "cancelled")}
        words = say("demo.progress", spoken(), **counted, total=orders)
        self.progress(words, status["shipped"], orders)
        posted = status["posted"] == orders
        packed = posted and not status["unpacked"]
        if self.kills and (status["boxes"] >= self.kills[0] or packed):
            self.kills.pop(0)  # cancels may leave fewer boxes than were thought of
            await self._kill()
        if packed:
            await self.demo.ask(do="close")
        self._refuse_standstill(status)
        over = posted and not status["left"]
        return over and not self.kills and not status["busy"]

    async def _kill(self) -> None:
        """kill -9 at a moment of chance, and start again; coped once the API answers."""
        await asyncio.sleep(self.random.random() * KILL_WITHIN_S)
        await self.demo.ask(do="happened", kind="server killed")
        await self.demo.kill_server()
        await self.demo.start_server()
        await self.demo.ask(do="coped", kind="server killed")

    def _refuse_standstill(self, status: dict[str, Any]) -> None:
        if status["fault"]:
            raise RuntimeError(f"a bot gave up: {status['fault']}")
        if self.demo.server_is_gone:
            raise RuntimeError(f"the server ended by itself: {self.demo.log_tail()}")
        now = asyncio.get_running_loop().time()
        seen = tuple(status[name] for name in ("posted", "boxes", "shipped", "short"))
        seen = (*seen, sum(status["flows"].values()), len(status["busy"]))
        if seen != self.seen:
            self.seen, self.moved_at = seen, now
        if now - self.moved_at > STUCK_S:
            raise RuntimeError("\n".join((*stalled(status, spoken()), self.demo.log_tail())))


def stalled(status: dict[str, Any], language: Language) -> list[str]:
    """Who waits for what, line by line, in a day that stands still."""
    lines = [say("demo.stalled", language, seconds=int(STUCK_S))]
    if status["waiting"]:
        named = status["waiting"][:NAMED_MAX]
        lines.append(say("demo.orders_left", language, orders=", ".join(named)))
    if status["busy"]:
        lines.append(say("demo.still_waits", language, what=", ".join(status["busy"])))
    return lines + [
        say("demo.worker_sees", language, terminal=name, name=bot["name"], sees=bot["sees"])
        for name, bot in status["bots"].items()
    ]


def kill_points(options: Options, random: Random) -> list[int]:
    """After how many packed boxes the server is killed: seeded, spread over the day."""
    return sorted(random.randint(0, max(options.orders - 2, 1)) for _ in range(options.kills))
