"""Where boxes are to stop on a conveyor is in the book; this worker sees that they do.

A hold is a state, like a light: a conveyor that lost its power has forgotten it and lets go, so in
every new session all of them are told anew, those that are over as well.
"""

import asyncio
from collections.abc import Sequence

import structlog

from devices.capabilities import ConfigFault, Conveyor, NeedsHuman, Unavailable, Uncertain
from devices.supervisor import Supervisor
from wms.db import Book
from wms.robots import conveyors

log = structlog.get_logger(__name__)
TELL_S = 5.0  # a driver that takes longer is asked again


class Holds:
    """Tells the zones of one conveyor what differs from what they were told in this session."""

    def __init__(self, device: str, supervisor: Supervisor) -> None:
        self._device, self._supervisor = device, supervisor
        self._told: dict[str, tuple[int, bool]] = {}

    async def tell(self, zones: Sequence[tuple[str, bool]]) -> None:
        """Tell every zone that does not know; whatever fails is tried again next time."""
        for zone, held in zones:
            try:
                await self._tell(zone, held)
            except (Unavailable, Uncertain, NeedsHuman, TimeoutError):
                return  # its health says so already

    async def _tell(self, zone: str, held: bool) -> None:
        now = (self._supervisor.session(self._device), held)
        if self._told.get(zone) == now:
            return
        driver = self._supervisor.need(self._device, Conveyor)
        self._told.pop(zone, None)
        try:
            async with asyncio.timeout(TELL_S):
                await driver.hold(zone, held)
        except ConfigFault as fault:  # said once a session: its zones are other ones now
            log.warning("conveyor.config", device=self._device, zone=zone, why=str(fault))
        self._told[zone] = now


async def run(book: Book, device: str, supervisor: Supervisor) -> None:
    """Keep *device* as the book wants it, until cancelled."""
    holds = Holds(device, supervisor)
    while True:
        seen = book.bell.look()
        await holds.tell(await book.read(conveyors.wanted, device))
        await seen.changed()
