"""The way to the server's doors without a socket: HTTP, with the ways in which it can fail."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from random import Random
from typing import Any, cast

import httpx2

from app.simulation.server import Killed, Server
from app.simulation.tally import CALM, Gusts, unheard

ROUND_TRIP_S = 0.02
LATE_S = (0.2, 8.0)
MANY_LOST = "one in five lost"
STORM = Gusts(late=5.0, lost=1.5, twice=2.0, overtaken=1.5)


@dataclass(slots=True)
class Radio(httpx2.AsyncBaseTransport):
    """A request reaches the server or not, once or twice, and its answer comes back or not.

    `name` is the way's own; *hit* is told of each message to which something happened.
    """

    server: Server
    random: Random
    name: str = "radio"
    hit: Callable[[str], None] = unheard
    gusts: Gusts = CALM
    lost_percent: float = 0.0  # of the requests, and of the answers, besides the gusts
    away: bool = False
    _under_way: set[asyncio.Task[None]] = field(default_factory=set)

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        await asyncio.sleep(ROUND_TRIP_S)
        if self.away:
            self.hit(f"{self.name}: out of reach")
            raise httpx2.ConnectError("out of reach", request=request)
        if self._is_lost("request lost"):
            raise httpx2.ConnectTimeout("lost on its way", request=request)
        if self._happens(self.gusts.overtaken):
            self.hit(f"{self.name}: request after it was given up")
            self._later(request)
            raise httpx2.ReadTimeout("no answer came", request=request)
        if self._happens(self.gusts.late):
            self.hit(f"{self.name}: request late")
            await asyncio.sleep(self.random.uniform(*LATE_S))
        answer = await self._deliver(request)
        if self._happens(self.gusts.twice):
            self.hit(f"{self.name}: request twice")
            answer = await self._deliver(request)
        if self._is_lost("answer lost"):
            raise httpx2.ReadTimeout("the answer was lost", request=request)
        return answer

    async def _deliver(self, request: httpx2.Request) -> httpx2.Response:
        life = self.server.life
        app = life.app if life is not None else None
        if app is None:
            raise httpx2.ConnectError("nobody answers", request=request)
        try:
            return await httpx2.ASGITransport(cast(Any, app)).handle_async_request(request)
        except Killed as death:
            raise httpx2.ReadError("the server died", request=request) from death

    def _later(self, request: httpx2.Request) -> None:
        """The request is still on its way when its sender has given it up."""

        async def arrive() -> None:
            await asyncio.sleep(self.random.uniform(*LATE_S))
            with suppress(httpx2.HTTPError):
                await self._deliver(request)

        task = asyncio.ensure_future(arrive())
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    def _is_lost(self, what: str) -> bool:
        for percent, name in ((self.lost_percent, MANY_LOST), (self.gusts.lost, what)):
            if self._happens(percent):
                self.hit(f"{self.name}: {name}")
                return True
        return False

    def _happens(self, percent: float) -> bool:
        return percent > 0 and self.random.random() * 100 < percent
