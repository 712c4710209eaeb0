"""The terminal driver: whole scans pass as one message, and old terminals are spared new codes.

Textual's own driver parses every character into a key event, and greets the terminal with queries
that VT220 emulators on handhelds print as text.
"""

import os
import re
import selectors
import time
from codecs import getincrementaldecoder

import rich
from rich.segment import Segments
from rich.traceback import Traceback
from textual._xterm_parser import XTermParser
from textual.app import App
from textual.drivers.linux_driver import LinuxDriver
from textual.message import Message

from tui.framing import Burst, Framer, Piece

# Keyboard protocol, mode queries, focus reports and pointer shapes: nothing here needs them.
_UNWANTED = re.compile(
    r"\x1b\[[<>]\d*u|\x1b\[\?20(26|48)\$p|\x1b\[\?1004[hl]|\x1b\]22;[^\x07]*\x07"
)
_IDLE_S, _HOLDING_S = 0.1, 0.02


def is_wanted(data: str) -> bool:
    """Whether *data* should reach the terminal; the unwanted codes always come alone."""
    return not _UNWANTED.fullmatch(data)


class Scanned(Message, bubble=False):
    """A scanner's whole burst, without its frame; GS and AIM identifier kept."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text


class ScanApp(App[None]):
    """An application that hands each scan to the screen on top, and owns no toasts or palettes."""

    ENABLE_COMMAND_PALETTE = False
    ALLOW_SELECT = False
    CSS = "Screen { padding: 0; margin: 0; overflow: hidden; }"

    def on_scanned(self, event: Scanned) -> None:
        """Hand the scan to the screen, if it takes scans."""
        take = getattr(self.screen, "take_scan", None)
        if take is not None:
            take(event.text)

    def action_help_quit(self) -> None:
        """Textual answers ctrl+c with a toast; a scanner sends it as ETX."""

    def _fatal_error(self) -> None:
        """Say where it broke, as Textual does, but show no values: they may be a customer's."""
        self.bell()
        trace = Traceback(show_locals=False, width=None, suppress=[rich])
        self._exit_renderables.append(Segments(self.console.render(trace, self.console.options)))
        self._close_messages_no_wait()


class ScanDriver(LinuxDriver):
    """A local terminal whose bursts become `Scanned`."""

    def write(self, data: str) -> None:
        """Write *data* unless it is a code that this application does not need."""
        if is_wanted(data):
            super().write(data)

    def run_input_thread(self) -> None:
        """Read the terminal until the application ends (runs in the driver's own thread)."""
        parser, framer = XTermParser(self._debug), Framer()
        # A scanner set to Shift_JIS must cost one refused scan, not the session.
        decode = getincrementaldecoder("utf-8")("replace").decode
        with selectors.SelectSelector() as selector:
            selector.register(self.fileno, selectors.EVENT_READ)
            while not self.exit_event.is_set():
                ready = selector.select(_HOLDING_S if framer.holds else _IDLE_S)
                pieces: list[Piece] = []
                if ready:
                    data = os.read(self.fileno, 4096)
                    if not data:
                        break  # the terminal went away
                    pieces += framer.feed(decode(data), time.monotonic())
                pieces += framer.tick(time.monotonic())
                self._pass_on(pieces, parser)

    def _pass_on(self, pieces: list[Piece], parser: XTermParser) -> None:
        for piece in pieces:
            if isinstance(piece, Burst):
                self.process_message(Scanned(piece.text))
                continue
            for event in parser.feed(piece.text):
                self.process_message(event)
        for event in parser.tick():
            self.process_message(event)
