"""The lead's live board, and what opens from it: a list, a choice, a taken-over terminal."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from textual import events
from textual.app import ComposeResult
from textual.screen import Screen

from tui.board_layout import BoardView, lay_out_board, lay_out_list, tile_key
from tui.board_link import BoardDown, BoardLink
from tui.driver import ScanApp, ScanDriver
from tui.link import Clock, Link, Sleep
from tui.paint import THEMES, Row, RowsView, Span, Theme, ThemeName, filled
from tui.screen import PromptScreen
from tui.text import clip, safe
from wms.messages import Language, say
from wms.rooms.board_state import BoardState

POLL_S = 1.0
NOTE_S = 6.0  # how long the board says what an action did
_CHOICES = "123456789abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True, slots=True)
class BoardAction:
    """A key on the board's last row. *callback* may ask, tell and take over through the board."""

    key: str
    label: str
    callback: Callable[["Board"], Awaitable[None]]


class _Rows(Screen[None]):
    """A screen that is one list of rows."""

    AUTO_FOCUS = ""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._view = RowsView(theme)

    def compose(self) -> ComposeResult:
        """One widget, no layers."""
        yield self._view

    def on_mount(self) -> None:
        """Show the first rows."""
        self.draw()

    def on_resize(self) -> None:
        """Lay out for the new size."""
        self.draw()

    def draw(self) -> None:
        """Show the rows of this moment."""
        width, height = self.size
        if width and self.is_attached:
            self._view.show(self.rows(width, height))

    def rows(self, width: int, height: int) -> list[Row]:
        """What to show; overridden."""
        return []


class _BoardScreen(_Rows):
    def __init__(self, board: "Board", theme: Theme) -> None:
        super().__init__(theme)
        self._board = board
        self._opened: int | None = None

    def rows(self, width: int, height: int) -> list[Row]:
        view = self._board.view
        if self._opened is not None and self._opened < len(view.state.tiles):
            return lay_out_list(view, self._opened, width, height)
        return lay_out_board(view, width, height)

    def on_key(self, event: events.Key) -> None:
        event.stop()
        event.prevent_default()
        tiles = {tile_key(index): index for index in range(len(self._board.view.state.tiles))}
        if event.key in tiles:
            self._opened = tiles[event.key]
        elif self._opened is not None and event.key in ("escape", "enter", "backspace"):
            self._opened = None
        elif event.key == "f10":
            self._board.turn_language()
        else:
            self._board.act(event.key)
        self.draw()


class _ChoiceScreen(Screen[str | None]):
    AUTO_FOCUS = ""

    def __init__(
        self, title: str, choices: list[tuple[str, str]], theme: Theme, language: Language
    ) -> None:
        super().__init__()
        self._title, self._language = title, language
        self._choices = dict(zip(_CHOICES, choices, strict=False))
        self._view = RowsView(theme)

    def compose(self) -> ComposeResult:
        yield self._view

    def on_resize(self) -> None:
        width, height = self.size
        rows = [filled(safe(self._title), "head", width)]
        for key, (_, label) in self._choices.items():
            rows.append((Span(clip(f" {key}  {safe(label)}", width), "strong"),))
        rows = rows[: height - 1] + [()] * (height - 1 - len(rows))
        self._view.show([*rows, filled(say("screen.leave", self._language), "keys", width)])

    def on_key(self, event: events.Key) -> None:
        event.stop()
        event.prevent_default()
        if event.key == "escape":
            self.dismiss(None)
        elif event.key in self._choices:
            self.dismiss(self._choices[event.key][0])


class Board(ScanApp):
    """The board as an application. Ends with ctrl+q, or when an action calls `exit()`."""

    def __init__(
        self,
        link: BoardLink,
        *,
        clock: Clock,
        actions: tuple[BoardAction, ...] = (),
        theme: ThemeName = "yellow",
        language: Language = "ja",
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        super().__init__(driver_class=ScanDriver)
        self._link = link
        self._clock = clock
        self._sleep = sleep
        self._actions = {action.key: action for action in actions}
        self._theme: ThemeName = theme
        self._language: Language = language
        self._state = BoardState(site="", clock="", language=language)
        self._trouble = say("board.never", language)
        self._note = ""
        self._noted_s = float("-inf")
        self._screen = _BoardScreen(self, THEMES[theme])

    @property
    def view(self) -> BoardView:
        """What the board shows now."""
        noted = self._clock() - self._noted_s < NOTE_S
        actions = tuple((action.key, action.label) for action in self._actions.values())
        return BoardView(self._state, self._trouble, self._note if noted else "", actions)

    @property
    def state(self) -> BoardState:
        """The last state that the server gave, e.g. to offer its people as choices."""
        return self._state

    def on_mount(self) -> None:
        """Show the board and start to read."""
        self.push_screen(self._screen)
        self.run_worker(self._read(), name="board")

    def act(self, key: str) -> None:
        """Run the action of *key*, if there is one; the board lives on meanwhile."""
        action = self._actions.get(key)
        if action is not None:
            self.run_worker(self._run(action), name=f"action {key}", group="actions")

    def turn_language(self) -> None:
        """Japanese to English and back, with the next read."""
        self._language = "en" if self._language == "ja" else "ja"

    def note(self, text: str) -> None:
        """Say for a few seconds what an action did."""
        self._note, self._noted_s = text, self._clock()
        self._screen.draw()

    async def choose(self, title: str, choices: list[tuple[str, str]]) -> str | None:
        """Ask which of *choices* (value, label) is meant; None when the lead turns back."""
        page = _ChoiceScreen(title, choices, THEMES[self._theme], self._language)
        return await self.push_screen(page, wait_for_dismiss=True)

    async def take_over(self, link: Link, *, ids: Callable[[], str]) -> None:
        """Show the terminal of *link* until escape; the link is closed after its last answer."""
        page = PromptScreen(
            link,
            ids=ids,
            clock=self._clock,
            theme=self._theme,
            language=self._language,
            may_leave=True,
        )
        await self.push_screen(page, wait_for_dismiss=True)

    async def _run(self, action: BoardAction) -> None:
        await action.callback(self)

    async def _read(self) -> None:
        while True:
            try:
                self._state = await self._link.state(self._language)
                self._trouble = ""
            except BoardDown as lost:
                self._trouble = self._why(lost)
            self._screen.draw()
            await self._sleep(POLL_S)

    def _why(self, lost: BoardDown) -> str:
        if not lost.allowed:
            return say("board.not_allowed", self._language)
        if not self._state.clock:
            return say("board.never", self._language)
        return say("board.lost", self._language, clock=self._state.clock)


async def run_board(
    link: BoardLink,
    *,
    actions: tuple[BoardAction, ...] = (),
    clock: Clock = time.monotonic,
    theme: ThemeName = "yellow",
    language: Language = "ja",
) -> int:
    """Show the board until ctrl+q or an action's `exit()`. Returns 0, or 1 when it broke."""
    app = Board(link, clock=clock, actions=actions, theme=theme, language=language)
    await app.run_async(mouse=False)
    await link.close()
    return app.return_code or 0
