"""The demo with a screen: the lead's live board, with keys to step in and to break things."""

import asyncio
import secrets
import shutil
import time
from contextlib import ExitStack
from itertools import count

import msgspec
import typer

from app.demo.headless import Day
from app.demo.processes import Demo, Options, demo_database, free_port, make_folder
from app.demo.report_words import table
from app.demo.verdict import Verdict
from app.language import spoken
from app.local import clock_ms
from tui.board import Board, BoardAction, run_board
from tui.board_link import HttpBoardLink
from tui.link import HttpLink
from wms.messages import say


class Keys:
    """What the board's keys do: take over a picker, break a device, kill the server."""

    def __init__(self, demo: Demo) -> None:
        self.demo = demo
        self.language = spoken()
        self.ids = count(1)

    def actions(self) -> tuple[BoardAction, ...]:
        """The keys, with their words."""
        callbacks = {
            "p": self.take_over,
            "u": self.unplug,
            "r": self.silence,
            "k": self.kill,
            "q": self.end,
        }
        return tuple(
            BoardAction(key, say(f"demo.key.{key}", self.language), callback)
            for key, callback in callbacks.items()
        )

    async def take_over(self, board: Board) -> None:
        """Become one of the pickers; their bot waits until you turn back with escape."""
        made = self.demo.made
        assert made is not None
        workers = {worker.terminal: worker for worker in made.workers if worker.role != "lead"}
        choices = [(name, f"{name}  {worker.name}") for name, worker in workers.items()]
        chosen = await board.choose(say("demo.take_over", self.language), choices)
        if chosen is None:
            return
        await self.demo.ask(do="pause", terminal=chosen)
        link = HttpLink(
            self.demo.url, terminal=chosen, token=workers[chosen].token, clock=time.monotonic
        )
        try:
            await board.take_over(link, ids=lambda: f"visitor-{next(self.ids)}")
        finally:
            await self.demo.ask(do="resume", terminal=chosen)

    async def unplug(self, board: Board) -> None:
        """Pull the cable of a device, or put it back."""
        out = (await self.demo.ask(do="status"))["unplugged"]
        names = [device.name for device in board.state.devices if "-" in device.name]
        choices = [(name, f"{name} {'<-' if name in out else ''}") for name in names]
        chosen = await board.choose(say("demo.unplug", self.language), choices)
        if chosen is None:
            return
        back = chosen in out
        await self.demo.ask(do="plug_in" if back else "unplug", device=chosen)
        board.note(say("demo.plugged_in" if back else "demo.unplugged", self.language,
                       device=chosen))  # fmt: skip

    async def silence(self, board: Board) -> None:
        """A robot stops answering for ten seconds; its work moves on."""
        names = [robot.name for robot in board.state.robots]
        chosen = await board.choose(say("demo.silence", self.language), [(n, n) for n in names])
        if chosen is None:
            return
        await self.demo.ask(do="silence", robot=chosen)
        board.note(say("demo.silenced", self.language, robot=chosen))
        await asyncio.sleep(10)
        await self.demo.ask(do="speak", robot=chosen)

    async def kill(self, board: Board) -> None:
        """kill -9 of the server; it is started again, and every prompt comes back."""
        board.note(say("demo.killed", self.language))
        await self.demo.kill_server()
        await asyncio.sleep(2)
        await self.demo.start_server()
        board.note(say("demo.restarted", self.language))

    async def end(self, board: Board) -> None:
        """Leave; the verdict follows when the day was over."""
        board.exit()


async def run(options: Options, *, keep: bool) -> int:
    """Show the board until somebody quits. Exit code 0 unless it broke or the verdict is FAIL."""
    with ExitStack() as stack:
        folder = make_folder()
        demo = Demo(options, folder, demo_database(options, folder, stack), free_port())
        day = Day(demo, lambda _words, _shipped, _total: None)
        try:
            typer.echo(say("demo.starting", spoken()), err=True)
            await demo.start(clock_ms(), secrets.token_bytes(32))
            living = asyncio.create_task(day.live())
            link = HttpBoardLink(demo.url, token=demo.token)
            broken = await run_board(link, actions=Keys(demo).actions(), language=spoken())
            verdict = await _verdict(day, living)
        finally:
            await demo.stop()
        return _farewell(verdict, str(folder), keep) or broken


async def _verdict(day: Day, living: asyncio.Task[None]) -> Verdict | None:
    """The verdict of a day that is over, what ended it too early, or None when somebody left."""
    if not living.done():
        living.cancel()
        return None
    fault = living.exception()
    return await day.verdict() if fault is None else Verdict(faults=[str(fault)])


def _farewell(verdict: Verdict | None, folder: str, keep: bool) -> int:
    if not keep:
        shutil.rmtree(folder, ignore_errors=True)
    if verdict is None:
        typer.echo(say("demo.left_early", spoken()))
        return 0
    return show(verdict)


def show(verdict: Verdict) -> int:
    """Print a verdict. Returns the exit code."""
    for name, value in verdict.lines:
        typer.echo(f"{name:22} {value}")
    if verdict.report:
        typer.echo("\n".join(("", *table(verdict.report, spoken()), "")))
    for fault in verdict.faults:
        typer.echo(f"FAULT {fault}")
    typer.echo("PASS" if verdict.passed else "FAIL")
    return 0 if verdict.passed else 1


def show_json(verdict: Verdict) -> int:
    """Print a verdict for programs. Returns the exit code."""
    told = {
        "passed": verdict.passed, "figures": dict(verdict.lines), "report": verdict.report,
        "faults": verdict.faults,
    }  # fmt: skip
    typer.echo(msgspec.json.format(msgspec.json.encode(told), indent=2).decode())
    return 0 if verdict.passed else 1
