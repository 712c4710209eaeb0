"""What devices say: facts are never dropped (`Scan`), states may be replaced by newer ones."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Scan:
    """One barcode as the scanner sent it (AIM identifier and GS characters kept). A fact."""

    device: str
    text: str


@dataclass(frozen=True, slots=True)
class TagSeen:
    """One tag report. `epc` is lower-case hex; `rssi` in dBm; `count` reads in this report.

    `beside`: at a reader that knows inside from outside, a tag that has not passed it (yet).
    """

    device: str
    epc: str
    antenna: int
    rssi: int
    count: int
    beside: bool = False


@dataclass(frozen=True, slots=True)
class TagPassed:
    """A tag went through a door. `way`: in or out. A fact."""

    device: str
    epc: str
    way: str
    antenna: int
    rssi: int


@dataclass(frozen=True, slots=True)
class TagGone:
    """A tag was silent for long enough, and its reader was at work all the time."""

    device: str
    epc: str


@dataclass(frozen=True, slots=True)
class ReaderBlind:
    """For the last `ms` milliseconds the reader may have missed tags. A fact.

    `reason` is a code of `wms/words`.
    """

    device: str
    ms: int
    reason: str


@dataclass(frozen=True, slots=True)
class Weight:
    """A reading of a scale, in whole grams. An unstable one is never booked."""

    device: str
    grams: int
    stable: bool


@dataclass(frozen=True, slots=True)
class RobotState:
    """What a robot shows: words of profile GRH-1 for `mode` and `state`; battery in 0.1 %."""

    device: str
    mode: str
    state: str
    mission: int
    location: int
    battery: int


@dataclass(frozen=True, slots=True)
class ZoneSeen:
    """A zone of a conveyor at one look.

    `arrived` and `departed` are the zone's own counters: they go on from 65,535 with 0, and may
    begin anew whenever the conveyor was away. A newer look therefore says all that an older one
    did. `session` is the driver's: two looks of one session came over one unbroken connection.
    `state`: clear, moving, blocked, stopped, "" = it does not say. `trouble` is a code of
    `wms/words`, "" = none.
    """

    device: str
    session: int
    zone: str
    state: str
    trouble: str
    arrived: int
    departed: int


Signal = Scan | TagSeen | TagPassed | TagGone | ReaderBlind | Weight | RobotState | ZoneSeen
FACTS = (Scan, TagPassed, ReaderBlind)
