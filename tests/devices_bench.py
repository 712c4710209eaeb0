"""What the tests of drivers share: a link that remembers what it was told, and the kit's wait."""

import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from devices.capabilities import Link
from devices.conformance import until
from devices.twins.printer import PrinterTwin
from wms.rooms.signals import Signal

__all__ = ["Heard", "printer", "until"]


@dataclass
class Heard:
    """All that a driver said on its link."""

    signals: list[Signal] = field(default_factory=list)
    troubles: list[str] = field(default_factory=list)
    signs_of_life: int = 0
    missed: Counter[str] = field(default_factory=Counter)

    def link(self, device: str = "device") -> Link:
        """A link for one session."""
        return Link(
            device=device,
            session=1,
            emit=self.signals.append,
            alive=self._alive,
            degraded=self.troubles.append,
            clock=time.monotonic,
            missed=self._miss,
        )

    @property
    def trouble(self) -> str:
        """The last word on what a person must see to."""
        return self.troubles[-1] if self.troubles else ""

    def _alive(self) -> None:
        self.signs_of_life += 1

    def _miss(self, reason: str, count: int) -> None:
        self.missed[reason] += count


@asynccontextmanager
async def printer(**options: Any) -> AsyncIterator[PrinterTwin]:
    """A printer twin that is switched on; every label is stamped with the same time."""
    twin = PrinterTwin(now_ms=lambda: 1_700_000_000_000, **options)
    await twin.start()
    try:
        yield twin
    finally:
        await twin.stop()
