"""A robot's twin on a bench, for the conformance cases of every fleet: one tote goes to and fro."""

import asyncio
from collections.abc import Callable

from devices.codecs.grh1 import Cmd, Command, MissionType, Sighting, load_id, next_after
from devices.transporter import Transporter
from devices.twins.grh1_body import Stations

TOTE, HERE, THERE = "T-1", 3, 7
FENCE = 1


def world() -> Stations:
    """Where the tote stands at first."""
    return Stations({HERE: [TOTE]})


def order(cmd: Cmd, where: Stations, *, mission: int, seen: Sighting) -> Command:
    """*cmd* about the *mission* that carries the tote to the other station."""
    source = where.where(TOTE) or 0
    return Command(
        seq=next_after(seen.status.ack_seq), cmd=cmd, mission=mission,
        boot_id=seen.status.boot_id, fence=FENCE, mission_type=MissionType.CARRY,
        source=source, target=HERE if source == THERE else THERE, load_id=load_id(TOTE),
        container=TOTE,
    )  # fmt: skip


async def see(robot: Transporter, wish: Callable[[Sighting], bool]) -> Sighting:
    """Look until it is as wished."""
    while True:
        seen = await robot.look()
        if wish(seen):
            return seen
        await asyncio.sleep(0.01)
