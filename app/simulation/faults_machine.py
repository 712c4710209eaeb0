"""The part of the menu of faults that strikes the server's machine: its disk, its clock."""

from typing import TYPE_CHECKING

from app.simulation.machine import AMPLE, NOTHING, SCARCE, Machine
from app.simulation.server import Server
from wms.trouble import Trouble

if TYPE_CHECKING:
    from app.simulation.faults import Fault, Storm

MINUTE_MS, HOUR_MS, DAY_MS = 60_000, 3_600_000, 86_400_000
LOCKED_S = 60.0  # at most
COMMANDS = 40  # so many from now, at most, the disk breaks


def menu(storm: "Storm") -> "dict[str, Fault]":
    """Every fault of the machine."""
    server = storm.server
    machine = server.machine
    return {
        "clock: an hour ahead": _clock(storm, machine, HOUR_MS),
        "clock: an hour behind": _clock(storm, machine, -HOUR_MS),
        "clock: ten minutes behind": _clock(storm, machine, -10 * MINUTE_MS),
        "clock: ten minutes ahead": _clock(storm, machine, 10 * MINUTE_MS),
        "disk: scarce": _scarce(storm, machine),
        "disk: full": _full(storm, machine, seen=True),
        "disk: full without a warning": _full(storm, machine, seen=False),
        "disk: locked by another program": _locked(storm, machine),
        "disk: breaks": _breaks(storm, server),
    }


def _clock(storm: "Storm", machine: Machine, by_ms: int) -> "Fault":
    async def jump(name: str) -> None:
        storm.tally.hit(name)
        machine.clock_off_ms += by_ms
        await storm.some_time()
        machine.clock_off_ms -= by_ms

    return jump


def _scarce(storm: "Storm", machine: Machine) -> "Fault":
    async def strike(name: str) -> None:
        storm.tally.hit(name)
        machine.room = SCARCE
        await storm.some_time()
        machine.room = AMPLE

    return strike


def _full(storm: "Storm", machine: Machine, *, seen: bool) -> "Fault":
    """Without room a command fails; where that was *seen* before, none is tried."""

    async def strike(name: str) -> None:
        met = _met(machine, "full")
        if seen:
            machine.room = NOTHING
        machine.grow(allowed=False)
        await storm.some_time()
        book = machine.book
        closed = book is not None and book.full
        machine.room = AMPLE
        machine.grow(allowed=True)
        if closed or _met(machine, "full") > met:
            storm.tally.hit(name)

    return strike


def _locked(storm: "Storm", machine: Machine) -> "Fault":
    async def strike(name: str) -> None:
        met = _met(machine, "busy")
        with machine.locked():
            await storm.some_time(LOCKED_S)
        if _met(machine, "busy") > met:
            storm.tally.hit(name)

    return strike


def _breaks(storm: "Storm", server: Server) -> "Fault":
    """A statement fails for good; the process ends, and the next one proves the book first."""

    async def strike(name: str) -> None:
        left = storm.random.randrange(COMMANDS)

        def breaks(point: str) -> bool:
            nonlocal left
            left -= point.endswith(":written")  # where the product sees what the disk says
            if left >= 0:
                return False
            server.machine.breaks = None
            storm.tally.hit(name)
            return True

        server.machine.breaks = breaks
        await server.died.wait()
        server.machine.breaks = None
        await storm.boot_server()

    return strike


def _met(machine: Machine, kind: Trouble) -> int:
    return machine.troubles[kind]
