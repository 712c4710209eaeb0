"""What devices can do: small protocols, one a capability, and the four ways in which they fail."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol, runtime_checkable

from wms.rooms.signals import Signal


class Health(StrEnum):
    """A device's state as the lead sees it (`devices.health`)."""

    STARTING = "starting"
    ONLINE = "online"
    DEGRADED = "degraded"
    OFFLINE = "offline"
    FAULT = "fault"


class Unavailable(Exception):
    """The peer cannot be reached or stopped answering: nothing was sent. Retried with backoff."""


class ConfigFault(Exception):
    """Will not get better by trying again: stopped until the configuration changes."""


class NeedsHuman(Exception):
    """Reachable but blocked (paper out, head open, e-stop): keep the link, call a person."""


class Uncertain(Exception):
    """Something was sent and its outcome is unknown: reconcile, never blindly repeat."""


async def _always_room() -> None:
    """For a link without a bounded queue behind it."""


def _uncounted(_reason: str, _count: int) -> None:
    """For a link whose counters nobody reads."""


@dataclass(frozen=True, slots=True)
class Link:
    """What a driver is given for one session: its name and ways to be heard.

    `emit` publishes a fact or state; `alive` records a sign of life from the *peer* (never from
    our own code); `degraded(reason)` says that a person is needed, `degraded("")` that it is over;
    `clock` gives monotonic seconds. All of them belong to the event loop's thread. A driver of
    facts awaits `room` before it takes more bytes from its peer: facts are never dropped, so a
    slow floor must be felt at the wire. `missed(reason, count)` counts what was heard and not told;
    the reasons are the counters `unread_...` of `devices/patience.py`.
    """

    device: str
    session: int
    emit: Callable[[Signal], None]
    alive: Callable[[], None]
    degraded: Callable[[str], None]
    clock: Callable[[], float]
    room: Callable[[], Awaitable[None]] = _always_room
    missed: Callable[[str, int], None] = _uncounted


@runtime_checkable
class Driver(Protocol):
    """One session of one device; a new instance is made for each session.

    A driver class takes its options (a mapping from `config.toml`) and raises `ConfigFault` for
    wrong ones. `open` raises `Unavailable` or `ConfigFault`; `run` returns or raises when the link
    is lost; `close` never raises and leaves no thread behind.
    """

    async def open(self, link: Link) -> None: ...

    async def run(self) -> None: ...

    async def close(self) -> None: ...


DriverFactory = Callable[[Mapping[str, Any]], Driver]


class Printed(StrEnum):
    """What is known after printing: `confirmed` by the printer, or only `spooled` to a queue."""

    CONFIRMED = "confirmed"
    SPOOLED = "spooled"


class PrintUncertain(Uncertain):
    """Printing began: `confirmed` of `copies` labels came out for sure, the rest perhaps.

    The printer may still print the rest by itself after a reload. `counter_before` is its label
    counter before the job (None if it has none): what it says later tells how many came out.
    """

    def __init__(
        self, why: str, *, confirmed: int, copies: int, counter_before: int | None = None
    ) -> None:
        super().__init__(f"{confirmed} of {copies} labels confirmed: {why}")
        self.confirmed, self.copies, self.counter_before = confirmed, copies, counter_before


@runtime_checkable
class LabelPrinter(Protocol):
    """Prints labels and says how sure it is that they came out."""

    async def print_label(self, job: str, payload: bytes, copies: int) -> Printed:
        """Print *payload* (a ZPL format) *copies* times.

        Raises `Unavailable` or `NeedsHuman` when not one byte of it was sent (so it may go to a
        neighbour), `Uncertain` when some of it was.
        """
        ...


@runtime_checkable
class TagReader(Protocol):
    """Emits `TagSeen`, `TagPassed`, `TagGone` and `ReaderBlind`: `devices/sightings.py` makes them
    of reads. Reads are evidence, never truth."""

    async def write_epc(self, old: bytes, new: bytes, timeout_s: float = 3.0) -> None:
        """Write *new* over the tag whose whole EPC is *old*, and read it back. `Uncertain` on
        silence: read again."""
        ...

    async def read_epc(self, epc: bytes, timeout_s: float = 1.0) -> bool:
        """Whether a tag with this whole EPC answers. `Unavailable` without a link."""
        ...

    async def alone(self) -> bytes:
        """The EPC of the one tag in the field. `NeedsHuman` for none or several."""
        ...


@runtime_checkable
class Scale(Protocol):
    """Weighs. Emits `Weight` when what lies on it changes."""

    async def weigh(self) -> int:
        """The next stable weight in grams. `NeedsHuman` under or over load, never a guess."""
        ...


@runtime_checkable
class Light(Protocol):
    """Shows people where: the light of a slot or shelf."""

    async def show(self, channel: int, colour: str, text: str) -> None:
        """The light at *channel* (from 0) shows *colour*, "" = dark, and *text* where it can.

        It is a state: the same again does no harm, so that after `Uncertain` it may be repeated.
        Raises `ConfigFault` for a channel that is not there, `Unavailable` when nothing was sent.
        """
        ...


@runtime_checkable
class Conveyor(Protocol):
    """Zones that hand boxes on among themselves, and count them.

    Emits `ZoneSeen` for each zone at every look, with the conveyor's own counters: what happened
    between two looks is in them. A driver that counts by itself what it sees does not have this.
    """

    async def hold(self, zone: str, held: bool) -> None:
        """Boxes stop at *zone*, or go on.

        It is a state: the same again does no harm, so that after `Uncertain` it may be repeated. A
        conveyor that lost its power may have forgotten it. Raises `ConfigFault` for a zone that is
        not there, `Unavailable` when nothing was sent.
        """
        ...
