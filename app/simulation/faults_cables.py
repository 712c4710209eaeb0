"""The part of the menu of faults that strikes a cable, whatever stands at its end."""

import asyncio
from typing import TYPE_CHECKING

from app.simulation.network import Cable, Network

if TYPE_CHECKING:
    from app.simulation.faults import Fault, Storm

LOOKS, LOOK_S = 400, 1.0  # a connection is reset as soon as there is one


def of_cable(storm: "Storm", where: str, port: int) -> "dict[str, Fault]":
    """What can happen to the cable to *port*; it counts by itself, message by message."""
    network, cable = storm.network, storm.network.cable(port)

    return {
        f"{where}: connections refused": storm.lasting(cable, refused=True),
        f"{where}: cable stalled": storm.lasting(cable, stalled=True),
        f"{where}: cable slow": storm.lasting(cable, latency_s=0.8),
        f"{where}: byte by byte": storm.lasting(cable, portion_bytes=1),
        f"{where}: cut in a message": _cut(storm, cable),
        f"{where}: connections reset": _reset(storm, network, port),
    }


def _cut(storm: "Storm", cable: Cable) -> "Fault":
    async def strike(_name: str) -> None:
        cable.cut_after_bytes = storm.random.randrange(1, 400)

    return strike


def _reset(storm: "Storm", network: Network, port: int) -> "Fault":
    async def strike(name: str) -> None:
        for _ in range(LOOKS):
            if network.reset(port):
                storm.tally.hit(name)
                return
            await asyncio.sleep(LOOK_S)

    return strike
