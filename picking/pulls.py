"""One input as it came: whether it is a bounce of the trigger, and whether it still is an answer.

A bench has two ways in: the scanner's own cable, which the server reads, and the terminal. What
somebody says at the terminal waits there while the radio is away, and meanwhile the cable may have
moved the screen on: the same label, read by the camera because nothing happened, would count twice.
So a terminal says which prompt each input answers, and what others changed since is remembered.
"""

import hashlib
from dataclasses import dataclass
from typing import Any

import msgspec
from msgspec import Struct
from sqlalchemy import Row

from picking.resolve import TEXT_MAX, elements

BY_CABLE = ("device", "weight")
REMEMBERED = 8  # of what came by cable: more do not overtake one input


@dataclass(frozen=True, slots=True)
class Pull:
    """One input as it came. `at_ms` is when the trigger was pulled, which may be a while ago;
    `clock_ms` the same by the terminal's own clock, of which only differences mean something;
    `answers` the version of the prompt that was shown then, where the terminal says it."""

    scan_id: str
    text: str
    via: str
    at_ms: int
    clock_ms: int | None = None
    answers: int | None = None

    @property
    def mark(self) -> str:
        """What is remembered of it to know a bounce: never the text, which may be a secret."""
        return _mark(self.text)

    @property
    def meaning(self) -> str:
        """One label's, however it was read: a scanner tells the symbology, a camera does not."""
        read = elements(self.text[:TEXT_MAX])
        return _mark("\x1d".join((read.code, read.lot, read.expiry, read.serial)))


class Moved(Struct, frozen=True, array_like=True):
    """An input that changed the screen and was not the terminal's own; `meaning` "" = a secret."""

    version: int  # of the prompt that came of it, or an earlier one that nobody saw
    meaning: str
    at_ms: int  # when its trigger was pulled


def bounced(session: Row[Any], pull: Pull, *, bounce_ms: int) -> bool:
    """Whether the trigger was pulled once, and heard twice."""
    apart_ms = pull.at_ms - session.last_ms
    if pull.clock_ms is not None and session.last_clock_ms is not None:
        apart_ms = pull.clock_ms - session.last_clock_ms
    near = abs(apart_ms) < bounce_ms
    return near and pull.via in ("scan", "device") and pull.mark == session.last_text


def outdated(session: Row[Any], pull: Pull) -> bool:
    """Whether a cable has changed the screen that *pull* answers in a way that matters: it read the
    same label; or a key was pressed before, and means something else on the screen that is shown.

    What the terminal itself sent before does not count: whoever scans three pieces quickly has
    not seen the answers either, and means each of them.
    """
    if pull.answers is None or not session.moved:
        return False
    since = [one for one in _remembered(session) if one.version > pull.answers]
    if not since:
        return False
    pressed = pull.via in ("key", "command")
    meaning = pull.meaning
    return any(one.meaning == meaning or (pressed and pull.at_ms < one.at_ms) for one in since)


def with_moved(session: Row[Any], pull: Pull, *, version: int, secret: bool) -> str:
    """What is remembered of the conversation's screen now that *pull* has changed it."""
    if pull.via not in BY_CABLE:
        return str(session.moved)
    one = Moved(version, "" if secret else pull.meaning, pull.at_ms)
    kept = [*_remembered(session), one][-REMEMBERED:]
    return msgspec.json.encode(kept).decode()


def _remembered(session: Row[Any]) -> list[Moved]:
    return msgspec.json.decode(session.moved, type=list[Moved]) if session.moved else []


def _mark(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]
