"""What the lights of put walls and doors should show is in the book; this worker sees that they do.

A light is a state, never a fact: only the newest counts, the same again does no harm, and after a
module came back all of its lights are set anew. Without lights the screen shows the same.
"""

import asyncio
from collections.abc import Callable
from typing import NamedTuple

import structlog
from sqlalchemy import select

from devices.capabilities import ConfigFault, Light, NeedsHuman, Unavailable, Uncertain
from devices.supervisor import Supervisor
from wms.db import Book, Tx
from wms.schema import wall_slots
from wms.shipping import door

log = structlog.get_logger(__name__)
SHOW_S = 5.0  # a driver that takes longer holds up the lights of other modules


class Wanted(NamedTuple):
    """What one light should show."""

    device: str
    channel: int
    colour: str
    text: str


def wanted(tx: Tx, now: int) -> list[Wanted]:
    """What every light of every wall should show, by slot, and then those of the doors."""
    query = select(wall_slots).where(wall_slots.c.light != "").order_by(wall_slots.c.place)
    found = []
    for row in tx.execute(query):
        device, _, channel = row.light.partition(":")
        found.append(Wanted(device, int(channel or 0), row.colour, row.shown))
    doors = (Wanted(*light, text="") for light in door.lights(tx, now))
    return [*found, *doors]


class Lights:
    """Sets what differs from what was set before. `session` is the driver's when that was."""

    def __init__(self, supervisor: Supervisor) -> None:
        self._supervisor = supervisor
        self._set: dict[tuple[str, int], tuple[int, str, str]] = {}
        self._hopeless: dict[Wanted, int] = {}  # in which session it was

    async def set_all(self, lights: list[Wanted]) -> None:
        """Set every light that is not as wanted; whatever fails is tried again next time."""
        for light in lights:
            await self._set_one(light)

    async def _set_one(self, light: Wanted) -> None:
        at = (light.device, light.channel)
        session = 0
        try:
            session = self._supervisor.session(light.device)
            now = (session, light.colour, light.text)
            if self._set.get(at) == now or self._hopeless.get(light) == session:
                return
            driver = self._supervisor.need(light.device, Light)
            self._set.pop(at, None)
            async with asyncio.timeout(SHOW_S):
                await driver.show(light.channel, light.colour, light.text)
            self._set[at] = now
        except ConfigFault as fault:
            self._hopeless[light] = session  # said once; a changed configuration is a new start
            log.warning("light.config", device=light.device, channel=light.channel, why=str(fault))
        except (Unavailable, Uncertain, NeedsHuman, TimeoutError):
            return  # its health says so already


async def run(book: Book, supervisor: Supervisor, *, now: Callable[[], int]) -> None:
    """Keep the lights as the book wants them, until cancelled."""
    lights = Lights(supervisor)
    while True:
        seen = book.bell.look()
        await lights.set_all(await book.read(wanted, now()))
        await seen.changed()
