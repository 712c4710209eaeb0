"""How patient the supervisor is with a device, and what it counts."""

from dataclasses import dataclass
from random import Random

from devices.signal_queue import Kept
from wms.rooms.signals import ReaderBlind, Signal, TagSeen

CROWDED = "reader.crowd"
GARBAGE = "garbage"  # a reason of `Link.missed`: bytes came that say nothing
SPILL_S = 1.0


@dataclass(frozen=True, slots=True)
class Policy:
    """How patient the supervisor is. All in seconds, except `jitter` (a share of the wait)."""

    open_timeout_s: float = 5.0
    close_timeout_s: float = 2.0
    liveness_s: float = 5.0  # no sign from the peer for this long is a lost link
    backoff_min_s: float = 0.5
    backoff_max_s: float = 30.0
    jitter: float = 0.2
    stable_after_s: float = 10.0  # online for this long: the next loss starts a fresh backoff
    bugs_max: int = 5  # so many bugs of its driver without being stable: left alone until told


@dataclass(slots=True)
class Metrics:
    """What happened to one device since the server started; counters, except the seconds."""

    opens: int = 0
    failures: int = 0
    silences: int = 0
    driver_bugs: int = 0
    quarantines: int = 0
    close_timeouts: int = 0
    abandoned: int = 0
    facts: int = 0
    states: int = 0
    coalesced: int = 0
    dropped: int = 0
    unread_weak: int = 0  # reads of tags that were not told: below the strength,
    unread_single: int = 0  # too few in a moment,
    unread_crowd: int = 0  # of more tags than can be told apart;
    unread_garbage: int = 0  # and what came on any wire and could not be read
    online_s: float = 0.0

    def count(self, kept: Kept) -> None:
        """A signal came, and this became of it."""
        if kept is Kept.FACT:
            self.facts += 1
        elif kept is Kept.STATE:
            self.states += 1
        elif kept is Kept.COALESCED:
            self.coalesced += 1
        else:
            self.dropped += 1

    def miss(self, reason: str, count: int) -> None:
        """Something was heard and not told; *reason* is one of `unread_...`."""
        name = f"unread_{reason}"
        setattr(self, name, getattr(self, name) + count)


class Spill:
    """Says, once a second at most, that states of a reader had to be dropped."""

    def __init__(self) -> None:
        self._since: float | None = None

    def after(self, signal: Signal, kept: Kept, now_s: float) -> list[Signal]:
        """What is to be said besides, now that *signal* was put in and this became of it."""
        if not isinstance(signal, TagSeen):
            return []
        dropped = kept is Kept.DROPPED
        if dropped and self._since is None:
            self._since = now_s
        if self._since is None or now_s - self._since < SPILL_S:
            return []
        ms, self._since = int((now_s - self._since) * 1000), now_s if dropped else None
        return [ReaderBlind(signal.device, ms, CROWDED)]


class Backoff:
    """Growing waits: doubled from the least to the most, each off by up to `jitter` either way."""

    def __init__(self, policy: Policy, random: Random) -> None:
        self._policy = policy
        self._random = random
        self._wait_s = policy.backoff_min_s

    def next_s(self) -> float:
        """Seconds to wait before the next try."""
        wait_s, most = self._wait_s, self._policy.backoff_max_s
        self._wait_s = min(wait_s * 2, most)
        return wait_s * self._random.uniform(1 - self._policy.jitter, 1 + self._policy.jitter)

    def reset(self) -> None:
        """The device was stable: begin with the least wait again."""
        self._wait_s = self._policy.backoff_min_s
