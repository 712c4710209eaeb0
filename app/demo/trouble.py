"""Seeded trouble: what goes wrong in the demo, how often, and whether the floor coped.

Every kind is counted twice: when it happened and when it was handled. PASS needs both above zero,
and nothing that happened left unhandled.
"""

from collections import Counter
from dataclasses import dataclass, field
from random import Random

KINDS = (
    "empty bins", "wrong scans", "double scans", "printer out of paper", "reader restarts",
    "scanner unplugged", "robot silent", "broker restarts", "server killed",
)  # fmt: skip
WRONG_SCANS_PERCENT = 2
DOUBLE_SCANS_PERCENT = 2
STRANGERS = ("]E04999999999996", "Z-99-99-9", "http://example.com", "]C1017")


@dataclass(slots=True)
class Trouble:
    """The dice and the two tallies. `closing`: the day ends, trucks may leave."""

    random: Random
    enabled: bool = True
    closing: bool = False
    happened: Counter[str] = field(default_factory=Counter)
    coped: Counter[str] = field(default_factory=Counter)

    def wrong_scan(self) -> str | None:
        """Something else under the trigger, now and then."""
        if not self._chance(WRONG_SCANS_PERCENT):
            return None
        self.happened["wrong scans"] += 1
        return self.random.choice(STRANGERS)

    def double_scan(self) -> bool:
        """The trigger bounces, now and then."""
        if not self._chance(DOUBLE_SCANS_PERCENT):
            return False
        self.happened["double scans"] += 1
        return True

    def handled(self, kind: str) -> None:
        self.coped[kind] += 1

    def _chance(self, percent: int) -> bool:
        return self.enabled and self.random.random() * 100 < percent
