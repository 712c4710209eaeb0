"""A supervisor on a virtual clock, with devices that do what a test wants of them."""

import asyncio
import random
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from devices import registry
from devices.capabilities import ConfigFault, Driver, Health, Link, Unavailable
from devices.patience import Policy
from devices.signal_queue import SignalQueue
from devices.supervisor import Supervisor

POLICY = Policy()


class Peer:
    """What the driver of these tests will meet, and what it did so far."""

    def __init__(self) -> None:
        self.there = True
        self.why = "nobody there"
        self.speaks = True
        self.on_open: Callable[[], None] = lambda: None
        self.opens: list[float] = []
        self.live = 0
        self.link: Link | None = None
        self.lost = asyncio.Event()
        self.error: Exception = Unavailable("gone")


class OneDriver:
    """A driver that does what its `Peer` (given as an option) lets it do."""

    def __init__(self, options: Mapping[str, Any]) -> None:
        if "peer" not in options:
            raise ConfigFault("peer missing")
        self.peer: Peer = options["peer"]

    async def open(self, link: Link) -> None:
        peer = self.peer
        peer.opens.append(link.clock())
        peer.live += 1
        peer.on_open()
        if not peer.there:
            raise Unavailable(peer.why)
        peer.link = link
        peer.lost.clear()

    async def run(self) -> None:
        assert self.peer.link is not None
        while True:
            if self.peer.speaks:
                self.peer.link.alive()
            with suppress(TimeoutError):
                await asyncio.wait_for(self.peer.lost.wait(), 1)
                raise self.peer.error

    async def close(self) -> None:
        self.peer.live -= 1

    async def weigh(self) -> int:
        return 250


class Scene:
    """A supervisor, with all it told."""

    def __init__(self, queue: SignalQueue | None = None, **drivers: type) -> None:
        self.told: list[tuple[str, Health, str]] = []
        self.times: list[float] = []
        self.loop = asyncio.get_running_loop()
        self.tell_error: Exception | None = None
        known = {"one": OneDriver, **drivers}

        def load(name: str) -> Callable[[Mapping[str, Any]], Driver]:
            return known[name] if name in known else registry.load(name)

        self.supervisor = Supervisor(
            load=load,
            on_health=self.on_health,
            clock=self.loop.time,
            random=random.Random(7),
            queue=queue,
        )

    async def on_health(self, device: str, health: Health, reason: str) -> None:
        if self.tell_error is not None:
            error, self.tell_error = self.tell_error, None
            raise error
        self.told.append((device, health, reason))
        self.times.append(self.loop.time())

    def words(self, device: str = "d") -> list[str]:
        return [f"{health} {why}".strip() for name, health, why in self.told if name == device]
