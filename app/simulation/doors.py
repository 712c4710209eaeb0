"""The way to the server's doors without a socket: HTTP, with the ways in which it can fail."""

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from random import Random
from typing import Any, cast

import httpx2

from app.simulation.server import Killed, Server

ROUND_TRIP_S = 0.02


@dataclass(slots=True)
class Radio(httpx2.AsyncBaseTransport):
    """A request reaches the server or not, and its answer comes back or not."""

    server: Server
    random: Random
    lost_percent: float = 0.0  # of the requests, and of the answers
    away: bool = False
    counted: Counter[str] = field(default_factory=Counter)

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        await asyncio.sleep(ROUND_TRIP_S)
        life = self.server.life
        app = life.app if life is not None else None
        if app is None or self.away:
            raise httpx2.ConnectError("nobody answers", request=request)
        if self._is_lost():
            self.counted["request lost"] += 1
            raise httpx2.ConnectTimeout("lost on its way", request=request)
        try:
            answer = await httpx2.ASGITransport(cast(Any, app)).handle_async_request(request)
        except Killed as death:
            raise httpx2.ReadError("the server died", request=request) from death
        if self._is_lost():
            self.counted["answer lost"] += 1
            raise httpx2.ReadTimeout("the answer was lost", request=request)
        return answer

    def _is_lost(self) -> bool:
        return self.random.random() * 100 < self.lost_percent
