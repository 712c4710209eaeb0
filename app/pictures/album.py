"""Which pictures there are, and the moments of the afternoon that they show."""

import tempfile
from collections.abc import AsyncIterator
from itertools import count
from pathlib import Path
from typing import Any

from textual.pilot import Pilot

from app.pictures.afternoon import Afternoon, afternoon
from app.pictures.hands import YES, Answer, Hand
from devices.capabilities import Health
from picking import floor
from tui.board import Board
from tui.capture import Capture, capture
from tui.driver import ScanApp
from tui.line import Via
from tui.link import Fate, Trouble
from tui.screen import PromptScreen
from wms.db import Tx
from wms.messages import Language
from wms.people import staff
from wms.robots import missions
from wms.rooms.board_state import BoardState
from wms.rooms.prompts import Prompt
from wms.schema import terminals

HANDHELD = (26, 16)
BOARD = (100, 30)
LANGUAGES: tuple[Language, ...] = ("en", "ja")


class _StillPrompt:
    """A link that shows one prompt and never changes."""

    trouble: Trouble | None = None
    version: int | None = None

    def __init__(self, shown: Prompt) -> None:
        self.shown = shown

    async def prompt(self) -> Prompt:
        return self.shown

    async def send(
        self, _scan_id: str, _text: str, _via: Via, _said_s: float | None = None,
        _answers: int | None = None,
    ) -> tuple[Fate, Prompt]:  # fmt: skip
        return "applied", self.shown

    async def close(self) -> None:
        """Nothing is open."""


class _StillBoard:
    """A link that shows one board and never changes."""

    def __init__(self, shown: BoardState) -> None:
        self.shown = shown

    async def state(self, _language: Language) -> BoardState:
        return self.shown

    async def close(self) -> None:
        """Nothing is open."""


class _Handheld(ScanApp):
    def __init__(self, prompt: Prompt) -> None:
        super().__init__()
        ids = map(str, count())
        self.floor = PromptScreen(
            _StillPrompt(prompt), ids=ids.__next__, clock=lambda: 0.0, language=prompt.language
        )

    def on_mount(self) -> None:
        """Show the prompt."""
        self.push_screen(self.floor)


async def album() -> dict[str, Capture]:
    """Every picture by its name, such as `board.en`."""
    with (
        tempfile.TemporaryDirectory(prefix="genba-pictures-") as folder,
        afternoon(Path(folder)) as day,
    ):
        return {name: taken async for name, taken in _moments(day)}


async def _moments(day: Afternoon) -> AsyncIterator[tuple[str, Capture]]:
    crew = [name for name in day.hands if name != "DOCK-1"]
    day.turns(70, *crew)
    for scene in (_loading(day), _picking(day), _wrong_scans(day), _packing(day, crew)):
        async for taken in scene:
            yield taken
    _trouble(day)
    day.turns(2, *crew)
    for language in LANGUAGES:
        yield f"board.{language}", await _board(day.board(language), language)


async def _picking(day: Afternoon) -> AsyncIterator[tuple[str, Capture]]:
    """A picker on the way to the next shelf."""
    async for taken in _of(day, "pick", day.until("pick.place", "HT-01")):
        yield taken


async def _packing(day: Afternoon, crew: list[str]) -> AsyncIterator[tuple[str, Capture]]:
    """A packer proves what is in the tote."""
    hand = day.until("pack.item", *crew)
    async for taken in _of(day, "pack", hand):
        yield taken


async def _of(day: Afternoon, name: str, hand: Hand) -> AsyncIterator[tuple[str, Capture]]:
    """What *hand* has before it now, in both languages."""
    for language in LANGUAGES:
        _speak(day, hand, language)
        prompt, _ = day.book.read_now(
            floor.show, terminal=hand.worker.terminal, now=day.now, settings=hand.settings
        )
        yield f"{name}.{language}", await _handheld(prompt)


async def _wrong_scans(day: Afternoon) -> AsyncIterator[tuple[str, Capture]]:
    """A picker takes the neighbour's goods off the shelf: the screen stops the hand."""
    hand = day.until("pick.item", "HT-01")
    wrong = next(sku for sku in sorted(hand.goods) if sku != hand.shown.focus.sku)
    for language in LANGUAGES:
        _speak(day, hand, language)
        day.now += 5_000
        hand.say(hand.barcode(wrong, ""), "scan", now=day.now)
        assert hand.shown.locked
        yield f"wrong.{language}", await _handheld(hand.shown)
        hand.say("ok", "command", now=day.now)


async def _loading(day: Afternoon) -> AsyncIterator[tuple[str, Capture]]:
    """The first truck is loaded, and leaves."""
    hand = day.until("ship.load", "DOCK-1")
    for language in LANGUAGES:
        _speak(day, hand, language)
        day.now += 5_000
        hand.answer(day.now)
        yield f"ship.{language}", await _handheld(hand.shown)
    while hand.shown.focus.qty:
        before = hand.pulls
        day.now += 5_000
        hand.answer(day.now)
        assert hand.pulls > before, "boxes wait for the truck, and none is found"
    _say(day, hand, ("full", "command"), YES)


def _say(day: Afternoon, hand: Hand, *answers: Answer) -> None:
    for text, via in answers:
        day.now += 5_000
        hand.say(text, via, now=day.now)


def _trouble(day: Afternoon) -> None:
    """An empty shelf, no paper, and a robot that does not answer any more."""
    _say(day, day.until("pick.item", "HT-02"), ("short", "command"), YES)
    day.health("label-2", Health.DEGRADED, "printer.paper_out")
    day.health("agv-3", Health.OFFLINE, "device.silent")
    day.book.write_now(missions.silent, robot="agv-3", now=day.now)


def _speak(day: Afternoon, hand: Hand, language: Language) -> None:
    day.book.write_now(_set_language, hand.worker.terminal, language)


def _set_language(tx: Tx, terminal: str, language: Language) -> None:
    here = terminals.select().where(terminals.c.id == terminal)
    staff.set_language(tx, tx.execute(here).one().person_id, language)


async def _handheld(prompt: Prompt) -> Capture:
    app = _Handheld(prompt)

    async def shown(pilot: Pilot[Any]) -> None:
        while app.floor.conversation.prompt != prompt:
            await pilot.pause(0.02)

    width, height = HANDHELD
    return await capture(app, width=width, height=height, title=prompt.ask, prepare=shown)


async def _board(state: BoardState, language: Language) -> Capture:
    app = Board(_StillBoard(state), clock=lambda: 0.0, language=language)

    async def shown(pilot: Pilot[Any]) -> None:
        while app.state != state:
            await pilot.pause(0.02)

    width, height = BOARD
    return await capture(app, width=width, height=height, title=state.site, prepare=shown)
