"""`genba tui`: a terminal that becomes a handheld."""

import time
from collections.abc import Callable

from tui.driver import ScanApp, ScanDriver
from tui.link import Clock, Link
from tui.paint import ThemeName
from tui.screen import PromptScreen
from wms.messages import Language


class Handheld(ScanApp):
    """The floor screen and nothing else. Ends with ctrl+q."""

    def __init__(
        self,
        link: Link,
        *,
        terminal: str,
        ids: Callable[[], str],
        clock: Clock,
        theme: ThemeName = "yellow",
        language: Language = "ja",
    ) -> None:
        super().__init__(driver_class=ScanDriver)
        self.title = terminal
        self._first = PromptScreen(link, ids=ids, clock=clock, theme=theme, language=language)

    def on_mount(self) -> None:
        """Show the terminal."""
        self.push_screen(self._first)


async def run_handheld(
    link: Link,
    *,
    terminal: str,
    ids: Callable[[], str],
    clock: Clock = time.monotonic,
    theme: ThemeName = "yellow",
    language: Language = "ja",
) -> None:
    """Be *terminal* until the worker leaves with ctrl+q.

    *ids* makes a new scan id a call that no earlier run of this terminal has used; *language* is
    for the words before the first prompt.
    """
    app = Handheld(link, terminal=terminal, ids=ids, clock=clock, theme=theme, language=language)
    await app.run_async(mouse=False)
