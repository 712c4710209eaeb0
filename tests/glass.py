"""A terminal of glass: applications write to it as to a real one, tests read what a person sees."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pyte
from rich.color import ColorSystem
from textual import events
from textual.app import App
from textual.driver import Driver
from textual.geometry import Size
from textual.pilot import Pilot

from tui.driver import is_wanted
from tui.paint import THEMES, Role

_COLOURS = THEMES["yellow"]
_LETTERS: dict[str, Role] = {
    "H": "head",
    "Q": "ask",
    "I": "input",
    "O": "ok",
    "A": "attention",
    "E": "error",
}
_GUTTER = {
    style.bgcolor.name.removeprefix("#"): letter
    for letter, role in _LETTERS.items()
    if (style := _COLOURS[role]).bgcolor
}
_INK = {
    style.bgcolor.name.removeprefix("#")
    for role in ("place_ink", "qty_ink")
    if (style := _COLOURS[role]).bgcolor
}


class Glass(Driver):
    """What an application wrote, as a pyte screen and as the raw text."""

    current: "Glass"

    def __init__(
        self,
        app: App[Any],
        *,
        debug: bool = False,
        mouse: bool = True,
        size: tuple[int, int] | None = None,
    ) -> None:
        super().__init__(app, debug=debug, mouse=mouse, size=size)
        app.console._color_system = ColorSystem.TRUECOLOR  # whatever TERM the tests run in
        width, height = size or (80, 24)
        self.screen = pyte.Screen(width, height)
        self.stream = pyte.Stream(self.screen)
        self.written: list[str] = []
        Glass.current = self

    def write(self, data: str) -> None:
        """Take what the application draws."""
        if is_wanted(data):
            self.written.append(data)
            self.stream.feed(data)

    def start_application_mode(self) -> None:
        """Tell the application the size."""
        self.resize(self.screen.columns, self.screen.lines)

    def disable_input(self) -> None:
        """Nothing to stop."""

    def stop_application_mode(self) -> None:
        """Nothing to restore."""

    def resize(self, width: int, height: int) -> None:
        """Become another terminal."""
        self.screen.resize(height, width)
        self.screen.reset()
        size = Size(width, height)
        self._app.post_message(events.Resize(size, size))

    def text(self) -> str:
        """The characters on the glass."""
        return "\n".join(self.screen.display)

    def picture(self) -> str:
        """The glass in a frame: `#` for coloured spaces, a letter for the colour of each row."""
        edge = " +" + "-" * self.screen.columns + "+"
        rows = [f"{self._letter(y)}|{self._row(y)}|" for y in range(self.screen.lines)]
        return "\n".join([edge, *rows, edge])

    def _letter(self, y: int) -> str:
        return _GUTTER.get(self.screen.buffer[y][self.screen.columns - 1].bg, " ")

    def _row(self, y: int) -> str:
        cells = [self.screen.buffer[y][x] for x in range(self.screen.columns)]
        plain = self._letter(y) == " "
        return "".join(
            "#" if plain and cell.data == " " and cell.bg in _INK else cell.data for cell in cells
        )


@asynccontextmanager
async def on_glass(
    app: App[Any], width: int, height: int
) -> AsyncIterator[tuple[Glass, Pilot[Any]]]:
    """Run *app* on glass until the block ends."""
    app.driver_class = Glass
    ready = asyncio.Event()
    ended = asyncio.create_task(
        app.run_async(size=(width, height), mouse=False, auto_pilot=_tell(ready))
    )
    await asyncio.wait_for(ready.wait(), 10)
    pilot: Pilot[Any] = Pilot(app)
    try:
        yield Glass.current, pilot
    finally:
        app.exit()
        await ended


def _tell(ready: asyncio.Event) -> Callable[[Pilot[Any]], Any]:
    async def tell(pilot: Pilot[Any]) -> None:
        ready.set()

    return tell


async def settled(glass: Glass, pilot: Pilot[Any]) -> str:
    """The picture once it is whole (the last row is never blank) and nothing is drawn any more."""
    seen = ""
    async with asyncio.timeout(8.0):
        while not glass.screen.display[-1].strip() or seen != glass.picture():
            seen = glass.picture()
            await pilot.pause(0.01)
    return seen


async def until(pilot: Pilot[Any], seen: Callable[[], bool], timeout_s: float = 30.0) -> None:
    """Wait until *seen* is true."""
    async with asyncio.timeout(timeout_s):
        while not seen():
            await pilot.pause(0.02)
