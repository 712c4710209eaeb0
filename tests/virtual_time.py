"""An event loop on which waiting costs nothing: hours of backoff run in milliseconds."""

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar

Result = TypeVar("Result")


class _Leap(selectors.SelectSelector):
    """Instead of waiting for *timeout*, moves the clock by it."""

    now_s = 1_000.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if not ready:
            assert timeout is not None, "everything waits for something that will never come"
            self.now_s += max(timeout, 0.0)
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    """`time()` is virtual; `leap` moves it as a suspended machine would."""

    def __init__(self) -> None:
        self._leap = _Leap()
        super().__init__(self._leap)

    def time(self) -> float:
        return self._leap.now_s

    def leap(self, seconds: float) -> None:
        """Let *seconds* pass without anyone having run."""
        self._leap.now_s += seconds


def run(scene: Coroutine[Any, Any, Result]) -> Result:
    """Run *scene* to its end on a virtual clock."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(scene)
