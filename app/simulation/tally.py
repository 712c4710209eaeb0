"""What went wrong in a shift: each named fault, how often it began, and what it really changed.

A fault counts when it changed something: a message that came late, twice or never, a job that
stopped, a process that died. A cable that is cut while nobody speaks changes nothing. One that
lasts counts for each message that it took, but whoever tries again and again does not make it more:
so many times each time that it set in, and no more.
"""

from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field

LASTS_S = (0.5, 400.0)  # how long a fault lasts
SELDOM_S = 3_600.0  # ... at most, one that strikes what happens a few times in a shift
TIMES_MAX = 10  # of one fault that sets in
REMEMBERED = 60  # the newest ones, for whoever has to understand a failure


@dataclass(slots=True)
class Tally:
    """`struck`: by name, how often a fault changed something; `begun`: how often it set in.

    `story` tells, newest last, at which second of the shift which fault set in.
    """

    clock: Callable[[], float]
    struck: Counter[str] = field(default_factory=Counter)
    begun: Counter[str] = field(default_factory=Counter)
    story: deque[tuple[float, str]] = field(default_factory=lambda: deque(maxlen=REMEMBERED))

    def hit(self, name: str) -> None:
        """Fault *name* changed something."""
        begun = self.begun[name]
        if not begun or self.struck[name] < TIMES_MAX * begun:
            self.struck[name] += 1

    def begin(self, name: str) -> None:
        """Fault *name* sets in."""
        self.begun[name] += 1
        self.story.append((self.clock(), name))


def unheard(_name: str) -> None:
    """Nobody counts."""


@dataclass(frozen=True, slots=True)
class Gusts:
    """What happens to single messages while a storm blows, in percent of them."""

    late: float = 0.0
    in_pieces: float = 0.0
    lost: float = 0.0  # requests, and as many answers
    twice: float = 0.0
    overtaken: float = 0.0  # a request that arrives after it was given up


CALM = Gusts()
