"""What a robot can do for the floor, whatever it speaks, and how patiently it is conducted."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol, runtime_checkable

from devices.codecs.grh1 import Command, Sighting

POLL_S = 0.2  # between two looks


class Handoff(StrEnum):
    """What a mission given to a robot is worth.

    `EXACTLY_ONCE`: it remembers what it was given, so its word settles a mission. `AT_LEAST_ONCE`:
    it may forget and do it again, so a person scans what it has brought.
    """

    EXACTLY_ONCE = "exactly_once"
    AT_LEAST_ONCE = "at_least_once"


@runtime_checkable
class Transporter(Protocol):
    """A robot that takes missions over one connection, in the words of profile GRH-1.

    Whatever it speaks, its driver shows it as a `Sighting` and takes a `Command`.
    """

    handoff: Handoff

    async def look(self) -> Sighting:
        """What it shows and what it remembers, at one moment. Raises `Unavailable`."""
        ...

    async def take(self, fence: int) -> None:
        """Beat for it as the floor process with this fence. `Unavailable`, `Uncertain`."""
        ...

    async def command(self, command: Command) -> None:
        """Write one command, once. `Unavailable`: not sent; `Uncertain`: look what came of it."""
        ...


@dataclass(frozen=True, slots=True)
class Settings:
    """How a robot is conducted. `battery_min` in 0.1 %."""

    poll_s: float = POLL_S
    answer_s: float = 1.0  # a command that is not answered by then is said again
    patience_s: float = 10.0  # silent or frozen for longer: persons look after its missions
    stuck_s: float = 180.0  # answering, and not moving on for so long: a person looks
    again_s: float = 1.0  # when no mission was for it, it asks again after so long
    rest_s: float = 5.0  # after it refused a mission, others may have the next one first
    show_s: float = 1.0  # where it is is written to the book this often at most
    battery_min: int = 150
