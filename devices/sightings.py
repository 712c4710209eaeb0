"""From reads of tags to what one may rely on: seen, passed a door, gone. Pure; for one session.

A single read is no sighting: a tag is *seen* after some reads within a moment, each above a
strength. It is *gone* after a silence of its own while its reader was well: time passes here only
as the reader is heard, so that a reader's silence is never a tag's. At a door whose antennas look
inside and outside, the order of the zones in which a tag was seen is the way that it went.
"""

from collections import Counter, deque
from dataclasses import dataclass, field, replace
from enum import StrEnum

import msgspec

from devices.patience import CROWDED
from wms.rooms.signals import ReaderBlind, Signal, TagGone, TagPassed, TagSeen

TAGS_MAX = 20_000  # in view of one reader; more are counted and not told apart
FAR_MORE = 2  # a tag is in the zone that has so many times the reads of the other one
QUIET = "reader.quiet"  # it said nothing for too long, and then went on
UNREADABLE = "reader.unreadable"
UNREADABLE_MS = 1_000  # how much of the past a message that nobody could read may have told


class Unread(StrEnum):
    """Why a read was not told."""

    WEAK = "weak"
    SINGLE = "single"
    CROWD = "crowd"
    GARBAGE = "garbage"


class Rules(msgspec.Struct, frozen=True):
    """What counts as seen at one reader. Numbers of antennas; dBm; milliseconds.

    `quiet_ms`: a well reader is heard at least this often.
    """

    reads_min: int = 2
    within_ms: int = 1_000
    rssi_min: int = -128
    gone_ms: int = 5_000
    inside: frozenset[int] = frozenset()
    outside: frozenset[int] = frozenset()
    quiet_ms: int = 2_500

    @property
    def is_door(self) -> bool:
        """Whether it can tell which way a tag went."""
        return bool(self.inside and self.outside)

    def zone(self, antenna: int) -> str:
        """Where an antenna looks; "" where that says nothing of a way."""
        if antenna in self.inside:
            return "in"
        return "out" if antenna in self.outside else ""


@dataclass(slots=True)
class _Tag:
    """What is known of one tag. `reads` are those of the last moment."""

    reads: deque[tuple[int, TagSeen]] = field(default_factory=deque)
    last_ms: int = 0
    is_seen: bool = False
    has_passed: bool = False
    zone: str = ""


class Watch:
    """The tags in front of one reader. *rules* say what counts; `unread` counts what did not."""

    def __init__(self, device: str, rules: Rules) -> None:
        self.unread: Counter[Unread] = Counter()
        self._device, self._rules = device, rules
        self._tags: dict[str, _Tag] = {}
        self._heard_ms: int | None = None
        self._checked_ms = 0
        self._crowded = False
        self._spoilt = False  # something unreadable came that was not said yet
        self._spoilt_ms = -2 * UNREADABLE_MS

    def heard(self, now_ms: int) -> list[Signal]:
        """The reader gave a sign of life at *now_ms* (any clock that only goes forward).

        Returns who is gone; or, when the reader had been silent, that nobody knows.
        """
        last_ms, self._heard_ms = self._heard_ms, now_ms
        if last_ms is not None and now_ms - last_ms > self._rules.quiet_ms:
            return self.blind(now_ms, now_ms - last_ms, QUIET)
        if self._spoilt:
            return self._spoilt_moment(now_ms)
        if now_ms - self._checked_ms < self._rules.within_ms // 2:
            return []
        self._checked_ms = now_ms
        return [TagGone(self._device, epc) for epc in self._silent(now_ms)]

    def unreadable(self, now_ms: int) -> list[Signal]:
        """A message came that nobody could read: it may have been a report. Said once a second."""
        self.unread[Unread.GARBAGE] += 1
        self._spoilt = True
        return self._spoilt_moment(now_ms)

    def _spoilt_moment(self, now_ms: int) -> list[Signal]:
        since_ms = now_ms - self._spoilt_ms
        if since_ms < UNREADABLE_MS:
            return []
        self._spoilt, self._spoilt_ms = False, now_ms
        ms = since_ms if since_ms < 2 * UNREADABLE_MS else UNREADABLE_MS
        return self.blind(now_ms, ms, UNREADABLE)

    def blind(self, now_ms: int, ms: int, reason: str) -> list[Signal]:
        """Tags may have been missed in the last *ms*: everybody's silence begins anew."""
        for tag in self._tags.values():
            tag.last_ms = now_ms
        return [ReaderBlind(self._device, ms, reason)]

    def in_view(self, now_ms: int) -> list[str]:
        """The tags that are seen and were read within the last moment."""
        since_ms = now_ms - self._rules.within_ms
        return sorted(epc for epc, tag in self._tags.items()
                      if tag.is_seen and tag.last_ms > since_ms)  # fmt: skip

    def forget(self, epc: str) -> None:
        """No tag is called so any more: it was written over."""
        self._tags.pop(epc, None)

    def _silent(self, now_ms: int) -> list[str]:
        """Forget who has been silent for long enough. Returns those who had been seen."""
        gone = []
        for epc, tag in list(self._tags.items()):
            patience_ms = self._rules.gone_ms if tag.is_seen else self._rules.within_ms
            if now_ms - tag.last_ms < patience_ms:
                continue
            del self._tags[epc]
            if tag.is_seen:
                gone.append(epc)
            else:
                self.unread[Unread.SINGLE] += sum(read.count for _, read in tag.reads)
        self._crowded = self._crowded and len(self._tags) >= TAGS_MAX
        return gone

    def read(self, at_ms: int, read: TagSeen) -> list[Signal]:
        """A tag report; *at_ms* is when it was read, by the clock of `heard`."""
        if read.rssi < self._rules.rssi_min:
            self.unread[Unread.WEAK] += read.count
            return []
        tag = self._tags.get(read.epc)
        if tag is None:
            if len(self._tags) >= TAGS_MAX:
                return self._too_many(read)
            tag = self._tags[read.epc] = _Tag()
        tag.last_ms = max(tag.last_ms, at_ms)
        tag.reads.append((at_ms, read))
        while tag.reads[0][0] <= at_ms - self._rules.within_ms:
            _, old = tag.reads.popleft()
            if not tag.is_seen:
                self.unread[Unread.SINGLE] += old.count
        return self._seen(tag, read)

    def _too_many(self, read: TagSeen) -> list[Signal]:
        self.unread[Unread.CROWD] += read.count
        if self._crowded:
            return []
        self._crowded = True
        return [ReaderBlind(self._device, 0, CROWDED)]

    def _seen(self, tag: _Tag, read: TagSeen) -> list[Signal]:
        seen = [read]
        if not tag.is_seen:
            if sum(one.count for _, one in tag.reads) < self._rules.reads_min:
                return []
            tag.is_seen = True
            seen = [one for _, one in tag.reads]  # none of them has been told
        if not self._rules.is_door:
            return [*seen]
        way = self._way(tag)
        tag.has_passed = tag.has_passed or way != ""
        said: list[Signal] = [replace(one, beside=not tag.has_passed) for one in seen]
        if way:
            said.append(TagPassed(self._device, read.epc, way, read.antenna, read.rssi))
        return said

    def _way(self, tag: _Tag) -> str:
        """The zone that *tag* has just entered from the other one; "" when it has not."""
        counts: Counter[str] = Counter()
        for _, one in tag.reads:
            counts[self._rules.zone(one.antenna)] += one.count
        here = max(("in", "out"), key=lambda zone: counts[zone])
        there = "out" if here == "in" else "in"
        if counts[here] < max(self._rules.reads_min, FAR_MORE * counts[there]):
            return ""
        before, tag.zone = tag.zone, here
        return here if before not in ("", here) else ""
