"""What devices say: facts are never dropped (`Scan`), states may be replaced by newer ones."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Scan:
    """One barcode as the scanner sent it (AIM identifier and GS characters kept). A fact."""

    device: str
    text: str


@dataclass(frozen=True, slots=True)
class TagSeen:
    """One tag report. `epc` is lower-case hex; `rssi` in dBm; `count` reads in this report."""

    device: str
    epc: str
    antenna: int
    rssi: int
    count: int


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


Signal = Scan | TagSeen | Weight | RobotState
FACTS = (Scan,)
