"""The one screen of the floor: shows any prompt, and turns keys and scans into what was said.

It knows no rules. Whether a scan is right, whether it is refused because of an error, where work
goes on after a dead battery: the server decides, this screen shows.
"""

import re
from collections.abc import Callable

from textual import events
from textual.app import ComposeResult
from textual.screen import Screen

from tui.conversation import Conversation
from tui.full_page import numbered, pages
from tui.layout import View, lay_out
from tui.line import QUIET_S, Line, Meaning, TurnPage, read
from tui.link import Clock, Link
from tui.paint import THEMES, RowsView, ThemeName
from wms.messages import Language, say
from wms.rooms.prompts import Message

_TICK_S = 0.5
_BELLS = {"ok": 0, "attention": 1, "error": 3}  # the scanner has already beeped for "ok"


class PromptScreen(Screen[None]):
    """A terminal. *ids* makes scan ids that no other run repeats; *clock* counts steady seconds.

    With *may_leave* the escape key closes the screen; what was said is still sent.
    """

    AUTO_FOCUS = ""

    def __init__(
        self,
        link: Link,
        *,
        ids: Callable[[], str],
        clock: Clock,
        theme: ThemeName = "yellow",
        language: Language = "ja",
        may_leave: bool = False,
    ) -> None:
        super().__init__()
        self._link = link
        self._clock = clock
        self._may_leave = may_leave
        self._line = Line()
        self._page: int | None = None
        self._view = RowsView(THEMES[theme])
        self.conversation = Conversation(link, ids=ids, changed=self._changed, language=language)

    def compose(self) -> ComposeResult:
        """One widget: no layers, nothing that could cover half a character."""
        yield self._view

    def on_mount(self) -> None:
        """Start to talk. The application owns the worker: leaving the screen loses nothing."""
        self.app.run_worker(self._talk(), name="conversation")
        self.set_interval(_TICK_S, self._draw)

    def on_resize(self) -> None:
        """Lay out again for the new size."""
        self._draw()

    def on_key(self, event: events.Key) -> None:
        """Take every key: no binding of the toolkit may eat a part of a scan."""
        event.stop()
        event.prevent_default()
        if self._page is not None and event.key in ("escape", "enter") and not self._line.text:
            self._page = None
        elif event.key == "escape" and self._may_leave and not self._line.text:
            self._leave()
            return
        else:
            prompt = self.conversation.prompt
            self._act(self._line.press(event.key, event.character, self._clock(), prompt))
            if len(self._line.text) == 1:
                self.set_timer(QUIET_S, self._pause)
        self._draw()

    def on_paste(self, event: events.Paste) -> None:
        """Each pasted line is a scan; a last one without its end waits in the line for Enter."""
        event.stop()
        event.prevent_default()
        *whole, rest = re.split(r"[\r\n]+", event.text)
        for text in filter(None, whole):
            self.take_scan(self._line.text + text)
        if rest:
            self._line.pasted(rest, self._clock())
        self._draw()

    def take_scan(self, text: str) -> None:
        """Take one whole scan."""
        self._line.scanned(self._clock())
        self._act(read(text, "scan", self.conversation.prompt))
        self._draw()

    async def _talk(self) -> None:
        await self.conversation.run()
        await self._link.close()

    def _leave(self) -> None:
        self.conversation.leave()
        self.dismiss()

    def _act(self, meaning: Meaning | None) -> None:
        if isinstance(meaning, TurnPage):
            self._page = 0 if self._page is None else self._page + 1
        elif meaning is not None:
            self._page = None
            if not self.conversation.say(meaning, self._clock()):
                self._ring("error")

    def _pause(self) -> None:
        prompt = self.conversation.prompt
        digits = numbered(prompt) if self._page is not None else None
        self._act(self._line.pause(self._clock(), prompt, digits))
        self._draw()

    def _changed(self, news: Message | None) -> None:
        if news is not None:
            self._ring(news.severity)
        self._draw()

    def _ring(self, severity: str) -> None:
        for _ in range(_BELLS[severity]):
            self.app.bell()

    def _draw(self) -> None:
        width, height = self.size
        if not width or not self.is_attached:
            return
        prompt = self.conversation.prompt
        if self._page is not None:
            screens = pages(prompt, width, height)
            if self._page < len(screens):
                self._view.show(screens[self._page])
                return
            self._page = None
        view = View(
            prompt,
            typed=self._line.text,
            waiting=self.conversation.waiting,
            trouble=self._trouble(prompt.language),
            may_leave=self._may_leave,
        )
        self._view.show(lay_out(view, width, height))

    def _trouble(self, language: Language) -> str:
        trouble = self._link.trouble
        if trouble is None:
            return ""
        seconds = int(self._clock() - trouble.since_s)
        said = ("not_allowed", "disk_full", "busy")
        code = trouble.reason if trouble.reason in said else "reconnecting"
        return say(f"screen.{code}", language, seconds=seconds)
