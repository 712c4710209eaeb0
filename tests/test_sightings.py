"""What may be relied on of reads: seen, gone, through the door; and blindness is never absence."""

import pytest

from devices.patience import CROWDED, SPILL_S, Spill
from devices.sightings import QUIET, UNREADABLE, Rules, Unread, Watch
from devices.signal_queue import Kept
from wms.rooms.signals import ReaderBlind, Signal, TagGone, TagPassed, TagSeen

RULES = Rules(reads_min=3, within_ms=1_000, rssi_min=-70, gone_ms=5_000, quiet_ms=2_500)
DOOR = Rules(
    reads_min=2, within_ms=1_000, inside=frozenset({1, 2}), outside=frozenset({3, 4}),
    quiet_ms=2_500,
)  # fmt: skip


def tag(epc: str = "aa", antenna: int = 1, rssi: int = -50, count: int = 1) -> TagSeen:
    return TagSeen("gate", epc, antenna, rssi, count)


class Gate:
    """A watch on a clock of its own: a keepalive each half second while it is well."""

    def __init__(self, rules: Rules) -> None:
        self.watch, self.now_ms = Watch("gate", rules), 0
        self.said: list[Signal] = []
        self.said += self.watch.heard(0)

    def wait(self, ms: int, step_ms: int = 500) -> list[Signal]:
        said: list[Signal] = []
        for _ in range(ms // step_ms):
            self.now_ms += step_ms
            said += self.watch.heard(self.now_ms)
        self.said += said
        return said

    def reads(self, *antennas: int, epc: str = "aa", every_ms: int = 100) -> list[Signal]:
        said: list[Signal] = []
        for antenna in antennas:
            self.now_ms += every_ms
            said += self.watch.heard(self.now_ms)
            said += self.watch.read(self.now_ms, tag(epc, antenna))
        self.said += said
        return said

    @property
    def ways(self) -> list[tuple[str, str]]:
        return [(one.epc, one.way) for one in self.said if isinstance(one, TagPassed)]


def test_a_single_read_is_no_sighting() -> None:
    gate = Gate(RULES)
    assert gate.reads(1) == []
    gate.wait(2_000)
    assert gate.reads(1, 1) == [], "the first one was too long ago"
    assert gate.reads(2) == [tag(), tag(), tag(antenna=2)], "nothing of it had been told"
    assert gate.reads(1) == [tag()]
    assert gate.watch.unread[Unread.SINGLE] == 1


def test_one_report_of_several_reads_is_enough_and_weak_ones_never_are() -> None:
    gate = Gate(RULES)
    assert gate.watch.read(0, tag(count=3)) == [tag(count=3)]
    assert gate.watch.read(0, tag("bb", rssi=-71, count=50)) == []
    assert gate.watch.unread[Unread.WEAK] == 50
    assert gate.watch.in_view(500) == ["aa"]
    assert gate.watch.in_view(1_500) == []


def test_a_tag_is_gone_after_a_silence_of_its_own() -> None:
    gate = Gate(RULES)
    gate.reads(1, 1, 1)
    assert gate.wait(4_500) == []
    assert gate.wait(1_000) == [TagGone("gate", "aa")]
    assert gate.wait(10_000) == [], "it is said once"


def test_a_silent_reader_is_no_absence() -> None:
    gate = Gate(RULES)
    gate.reads(1, 1, 1)
    gate.now_ms += 60_000
    blind = gate.watch.heard(gate.now_ms)
    assert blind == [ReaderBlind("gate", 60_000, QUIET)]
    assert gate.wait(4_500) == [], "its silence is counted from then on"
    assert gate.wait(1_000) == [TagGone("gate", "aa")]


@pytest.mark.parametrize(
    ("antennas", "ways"),
    [
        ((3, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1), [("aa", "in")]),
        ((1, 2, 1, 2, 3, 3, 4, 4, 3, 4, 3, 4), [("aa", "out")]),
        ((1, 1, 2, 2, 1, 2, 1, 1), []),  # it stands beside the door
        # It stands in the door, and both sides read it, now one more, now the other.
        ((*(1, 3) * 5, *(3, 3, 1, 3, 1, 1, 3, 1, 1, 3, 3) * 2), []),
        ((4, 4, 4, *(1,) * 12, *(4,) * 12), [("aa", "in"), ("aa", "out")]),  # and back again
        ((3, *(1,) * 12), []),  # one stray read outside is no zone
    ],
)
def test_the_way_is_the_order_of_the_zones(
    antennas: tuple[int, ...], ways: list[tuple[str, str]]
) -> None:
    gate = Gate(DOOR)
    gate.reads(*antennas)
    assert gate.ways == ways
    beside = [one.beside for one in gate.said if isinstance(one, TagSeen)]
    assert beside[0] is True, "nobody knows at first"
    assert beside[-1] is not bool(ways)


def test_without_zones_nothing_is_beside() -> None:
    gate = Gate(Rules(quiet_ms=2_500))
    gate.reads(1, 1, 3, 3, 3, 3, 3, 3, 3)
    assert gate.ways == []
    assert not any(one.beside for one in gate.said if isinstance(one, TagSeen))


def test_more_tags_than_can_be_told_apart_are_counted_and_said(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("devices.sightings.TAGS_MAX", 2)
    gate = Gate(RULES)
    for epc in ("aa", "bb"):
        gate.watch.read(0, tag(epc))
    assert gate.watch.read(0, tag("cc")) == [ReaderBlind("gate", 0, CROWDED)]
    assert gate.watch.read(0, tag("dd")) == [], "said once"
    assert gate.watch.unread[Unread.CROWD] == 2


def test_what_cannot_be_read_is_counted_each_time_and_said_once_a_second() -> None:
    gate = Gate(RULES)
    assert gate.watch.unreadable(100) == [ReaderBlind("gate", 1_000, UNREADABLE)]
    assert gate.watch.unreadable(600) == []
    assert gate.wait(1_500) == [ReaderBlind("gate", 1_400, UNREADABLE)], "no moment is left out"
    assert gate.watch.unread[Unread.GARBAGE] == 2


def test_states_that_a_full_queue_dropped_are_said_once_a_second() -> None:
    spill, seen = Spill(), tag()
    assert spill.after(seen, Kept.DROPPED, 10.0) == []
    assert spill.after(seen, Kept.STATE, 10.5) == [], "the second is not over"
    assert spill.after(seen, Kept.DROPPED, 10.0 + SPILL_S) == [ReaderBlind("gate", 1000, CROWDED)]
    assert spill.after(seen, Kept.COALESCED, 12.5) == [ReaderBlind("gate", 1500, CROWDED)]
    assert spill.after(seen, Kept.STATE, 99.0) == []
