"""ConveyLinx modules: registers to what a zone does, and what it has counted. No I/O.

Source: PulseRoller, ConveyLinx PLC Developer's Guide (Complete List of ZPA Input Assembly; Local
Zone Status; Arrival/Departure Counts; Accumulation Control) and ConveyLinx-ERSC User's Guide 2.1
(Module Status; Modbus Assembly Instance Structure), both published on manula.com. Registers are
called as there: "4:1502" is number 1502 here. An assembly must be read from its first register on.

The guide says of the status that who polls may never see some of its values while boxes go from
zone to zone; of the counters that each box adds one, and that 65,535 is followed by 0.
"""

from collections.abc import Sequence
from dataclasses import dataclass

INPUTS, INPUTS_COUNT = 1500, 21  # the ZPA input assembly
ZONES = ("up", "down")
HOLD = {"up": 104, "down": 184}  # accumulation control; bit 0 sets and clears the mode
HELD = 1 << 0
STATES = {1: "clear", 2: "moving", 4: "moving", 5: "blocked", 6: "stopped"}
STOPPED = "conveyor.stopped"
BLIND_TO_NEIGHBOURS = 1 << 4  # of the first status word, which speaks for the module
TROUBLES = (
    (1 << 5, "conveyor.jam"), (1 << 3, "conveyor.motor"), (1 << 6, "conveyor.sensor"),
    (1 << 7 | 1 << 2, "conveyor.power"),
)  # fmt: skip

_STATUS, _ARRIVED, _DEPARTED, _WORD = (0, 1), (2, 4), (3, 5), (6, 7)  # up, down
_PORTS, _HEARTBEAT = 18, 1 << 15
_FORWARD = 0xFF  # the low byte is for the way that the zone is set up to run


@dataclass(frozen=True, slots=True)
class ZoneReading:
    """One zone: `state` ("" = a value that the guide does not have), `trouble` (a code, "" = none),
    and its counters modulo 65,536."""

    state: str
    trouble: str
    arrived: int
    departed: int


@dataclass(frozen=True, slots=True)
class Reading:
    """A module at one moment. `heartbeat` changes every two seconds while its program runs."""

    up: ZoneReading
    down: ZoneReading
    heartbeat: bool

    def zone(self, name: str) -> ZoneReading:
        """The zone called *name* (one of `ZONES`)."""
        return self.up if name == "up" else self.down


def reading(registers: Sequence[int]) -> Reading:
    """What the 21 registers of the input assembly say.

    >>> inputs = [4, 5, 65535, 65534, 7, 6, 0, 1 << 5, *[0] * 10, 1 << 15, 0, 0]
    >>> reading(inputs).up
    ZoneReading(state='moving', trouble='', arrived=65535, departed=65534)
    >>> reading(inputs).down
    ZoneReading(state='blocked', trouble='conveyor.jam', arrived=7, departed=6)
    """
    assert len(registers) == INPUTS_COUNT
    return Reading(
        _zone(registers, 0), _zone(registers, 1), bool(registers[_PORTS] & _HEARTBEAT)
    )  # fmt: skip


def _zone(registers: Sequence[int], at: int) -> ZoneReading:
    state = STATES.get(registers[_STATUS[at]] & _FORWARD, "")
    word = registers[_WORD[at]]
    trouble = next((code for bits, code in TROUBLES if word & bits), "")
    if at == 0 and word & BLIND_TO_NEIGHBOURS:
        trouble = trouble or "conveyor.neighbour"
    if state == "stopped":
        trouble = trouble or STOPPED
    return ZoneReading(state, trouble, registers[_ARRIVED[at]], registers[_DEPARTED[at]])


def with_hold(control: int, *, held: bool) -> int:
    """The accumulation control of a zone, its other bits as they are.

    >>> with_hold(0x0100, held=True), with_hold(0x0101, held=False)
    (257, 256)
    """
    return control | HELD if held else control & ~HELD


def is_held(control: int) -> bool:
    """Whether the zone is told to keep what arrives."""
    return bool(control & HELD)
