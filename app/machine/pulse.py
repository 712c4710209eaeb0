"""Whether the event loop is at work: how late it is, and where it was when it was very late.

A thread looks from outside, because whoever blocks the loop blocks all that runs in it.
"""

import asyncio
import sys
import threading
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from types import FrameType

import structlog

log = structlog.get_logger(__name__)

BEAT_S = 0.1
LAG_S = 0.5  # later than this is an alarm


@dataclass(slots=True)
class Pulse:
    """Beats in the loop, and is watched. `blocked` counts stalls, `worst_s` is the longest."""

    clock: Callable[[], float]
    lag_s: float = LAG_S
    blocked: int = 0
    worst_s: float = 0.0
    _beat_s: float = 0.0
    _over: threading.Event = field(default_factory=threading.Event)

    async def run(self) -> None:
        """Beat until cancelled."""
        self._beat_s = self.clock()
        watcher = threading.Thread(
            target=self._watch, args=(threading.get_ident(),), name="pulse", daemon=True
        )
        watcher.start()
        try:
            while True:
                await asyncio.sleep(BEAT_S)
                now = self.clock()
                late_s = now - self._beat_s - BEAT_S
                self._beat_s = now
                self.worst_s = max(self.worst_s, late_s)
        finally:
            self._over.set()

    def _watch(self, loop_thread: int) -> None:
        """In a thread of its own: one line in the log for each stall, with the loop's stack."""
        said_s = -1.0
        while not self._over.wait(BEAT_S):
            beat_s = self._beat_s
            late_s = self.clock() - beat_s - BEAT_S
            if late_s < self.lag_s or beat_s == said_s:
                continue
            said_s = beat_s
            self.blocked += 1
            frame = sys._current_frames().get(loop_thread)
            log.warning("loop.blocked", late_s=round(late_s, 2), frames=_lines(frame))


def _lines(frame: FrameType | None) -> list[str]:
    """The stack, innermost last: places in the code alone, since values may be somebody's."""
    if frame is None:
        return []
    return [
        f"{one.filename}:{one.lineno} {one.name}" for one in traceback.extract_stack(frame)[-12:]
    ]
