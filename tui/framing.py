"""Cuts what a terminal sends into scans and keys, so that a scan is one message, not fourteen.

A scanner's burst arrives in one read, or in a few torn ones. Anything that does not look like a
whole burst goes on as keys, which are always right and only slower.
"""

import re
from dataclasses import dataclass

SCAN_LEAST = 3  # shorter bursts are fast fingers
TORN_S = 0.1  # so long a burst without its end is held back for the rest
LOOSE_S = 0.5  # so long after keys the next ones belong to the same line, burst or not

_ESCAPE = "\x1b"
_PASTE_BEGIN, _PASTE_END = "\x1b[200~", "\x1b[201~"
_LINE = re.compile(r"([^\r\n\x03]*)([\r\n\x03]+)")
_SCAN = re.compile(
    r"[^\x00-\x03\x05-\x08\x0a-\x1c\x7f-\x9f]+"
)  # TAB, EOT, GS, RS, US may be inside


@dataclass(frozen=True, slots=True)
class Burst:
    """One whole scan, without its frame."""

    text: str


@dataclass(frozen=True, slots=True)
class Keys:
    """Anything else, exactly as it came."""

    text: str


Piece = Burst | Keys


class Framer:
    """Keeps the torn end of a burst between reads. Times are seconds of any steady clock."""

    def __init__(self) -> None:
        self._held = ""
        self._held_s = 0.0
        self._loose_until_s = float("-inf")
        self._pasting = False

    def feed(self, chunk: str, now_s: float) -> list[Piece]:
        """Take what one read gave."""
        data, self._held = self._held + chunk, ""
        begins = 0 if self._pasting else data.find(_ESCAPE)
        if begins >= 0:
            # The terminal's own sequences and pastes are whole messages already.
            pieces = self._frames(data[:begins], now_s, whole=True)
            rest = data[begins:]
            if _PASTE_BEGIN in rest or _PASTE_END in rest:
                self._pasting = rest.rfind(_PASTE_BEGIN) > rest.rfind(_PASTE_END)
            return [*pieces, Keys(rest)]
        return self._frames(data, now_s, whole=False)

    def tick(self, now_s: float) -> list[Piece]:
        """Let go of a held burst whose end did not come: it was typed, or nothing ends it."""
        if not self._held or now_s - self._held_s < TORN_S:
            return []
        held, self._held = self._held, ""
        return [self._open(held, now_s)]

    @property
    def holds(self) -> bool:
        """Whether `tick` should be called soon."""
        return bool(self._held)

    def _frames(self, data: str, now_s: float, *, whole: bool) -> list[Piece]:
        pieces: list[Piece] = []
        at = 0
        for match in _LINE.finditer(data):
            text = match[1].removeprefix("\x02")
            pieces.append(Burst(text) if self._is_scan(text, now_s) else Keys(match[0]))
            self._loose_until_s = float("-inf")
            at = match.end()
        rest = data[at:]
        if rest.endswith("\t") and self._is_scan(rest[:-1], now_s):
            return [*pieces, Burst(rest[:-1].removeprefix("\x02"))]
        if not whole and self._is_scan(rest.removeprefix("\x02"), now_s):
            self._held, self._held_s = rest, now_s
        elif rest:
            pieces.append(self._open(rest, now_s))
        return pieces

    def _open(self, text: str, now_s: float) -> Keys:
        """Keys without a line end. A burst right after them is the rest of the same scan."""
        self._loose_until_s = now_s + LOOSE_S
        return Keys(text)

    def _is_scan(self, text: str, now_s: float) -> bool:
        loose = now_s < self._loose_until_s
        return not loose and len(text) >= SCAN_LEAST and bool(_SCAN.fullmatch(text))
