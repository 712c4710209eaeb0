"""The input line: keys in, meanings out. Pure but for the time that is passed in.

A scanner that types is fast and ends with CR, LF, CRLF, TAB or ETX; a person is slow and ends with
Enter. GS characters are kept: without them a GS1 code reads wrongly.
"""

import re
from dataclasses import dataclass, field
from typing import Literal

from wms.rooms.prompts import Await, Option, Prompt

Via = Literal["scan", "key", "command"]

GUARD_S = 0.3  # an empty line end this soon after another end is its echo (LF of a CRLF)
QUIET_S = 0.25  # a lone menu digit counts after this pause, else it begins a longer code
TYPED_GAP_S = 0.06  # nobody types six characters faster than this each
LENGTH_MAX = 4096  # more than any code: what follows cannot be a scan and is ignored

_ENDS = {"enter", "ctrl+j", "ctrl+m", "tab", "ctrl+i", "ctrl+c"}
_DATA_CONTROLS = "\x1d\x1e\x1f\x04"  # separators inside GS1 and ISO 15434 codes
_NUMBERS = {Await.QTY, Await.PIN}  # digits are what these prompts ask for
# Where nothing that is awaited begins with a digit, a lone one needs no Enter.
_NOTHING_KEYED = {Await.CHOICE, Await.MANIFEST, Await.WEIGHT, Await.NOTHING}
_COMMAND = re.compile(r"(?:\][A-Za-z][0-9A-Za-z])?CMD:([A-Za-z0-9_.-]+)")
_COMMANDS = {
    "f2": "short",
    "f3": "back",
    "f4": "later",
    "f5": "list",
    "f6": "full",
    "f7": "undo",
    "f8": "reprint",
    "f9": "assist",
    "f10": "language",
}


@dataclass(frozen=True, slots=True)
class Send:
    """Something for the server: a scan or typed text, or the name of a command."""

    text: str
    via: Via


@dataclass(frozen=True, slots=True)
class TurnPage:
    """Open the F1 page, or go to its next one."""


Meaning = Send | TurnPage


def read(text: str, via: Via, prompt: Prompt) -> Meaning:
    """What a whole *text* means: command barcodes and menu digits become their commands."""
    command = _COMMAND.fullmatch(text)
    if command:
        name = command[1].lower()
        return TurnPage() if name == "help" else Send(name, "command")
    option = _digit_option(text, prompt)
    if option and via == "key" and not _NUMBERS.intersection(prompt.awaits):
        return Send(option.command, "command")
    return Send(text, via)


def _digit_option(text: str, prompt: Prompt) -> Option | None:
    return next((o for o in prompt.options if o.key == text and text.isdigit()), None)


@dataclass(slots=True)
class Line:
    """What was typed and not sent yet."""

    text: str = ""
    _first_s: float = 0.0
    _last_s: float = 0.0
    _ended_s: float = field(default=float("-inf"))

    def press(
        self, key: str, character: str | None, now_s: float, prompt: Prompt
    ) -> Meaning | None:
        """Take one key. Returns what it means, or None while the line is still being typed."""
        if key in _ENDS:
            return self._end(now_s, prompt)
        if key == "f1":
            return TurnPage()
        named = next((o for o in prompt.options if o.key.lower() == key and len(key) > 1), None)
        if named or key in _COMMANDS:
            return Send(named.command if named else _COMMANDS[key], "command")
        if key == "escape":
            self.text = ""
        elif key in ("backspace", "ctrl+h", "delete"):
            self.text = self.text[:-1]
        elif character and (character.isprintable() or character in _DATA_CONTROLS):
            self._type(character, now_s)
        return None

    def pasted(self, text: str, now_s: float) -> None:
        """Take text that came at once but without its line end."""
        if not self.text:
            self._first_s = now_s
        self.text = (self.text + text)[:LENGTH_MAX]
        self._last_s = now_s

    def scanned(self, now_s: float) -> None:
        """A whole scan came past the line: half-typed text is void, its line end is spent."""
        self.text = ""
        self._ended_s = now_s

    def pause(
        self, now_s: float, prompt: Prompt, digits: dict[str, Option] | None = None
    ) -> Meaning | None:
        """After QUIET_S without a key a lone digit chooses from a menu, a dot opens the page.

        *digits* are those of the F1 page while it is open.
        """
        if len(self.text) != 1 or now_s - self._last_s < QUIET_S:
            return None
        if self.text in ".?" and not prompt.secret:
            self.text = ""
            return TurnPage()
        option = digits.get(self.text) if digits else None
        if not option and prompt.awaits and _NOTHING_KEYED.issuperset(prompt.awaits):
            option = _digit_option(self.text, prompt)
        if option:
            self.text = ""
            return Send(option.command, "command")
        return None

    def _type(self, character: str, now_s: float) -> None:
        if not self.text:
            self._first_s = now_s
        self._last_s = now_s
        self.text = (self.text + character)[:LENGTH_MAX]

    def _end(self, now_s: float, prompt: Prompt) -> Meaning | None:
        text, self.text = self.text, ""
        echo = now_s - self._ended_s < GUARD_S
        self._ended_s = now_s
        if text:
            return read(text, self._via(text, now_s), prompt)
        return Send("ok", "command") if prompt.locked and not echo else None

    def _via(self, text: str, now_s: float) -> Via:
        took_s = now_s - self._first_s
        return "scan" if len(text) >= 6 and took_s < TYPED_GAP_S * len(text) else "key"
