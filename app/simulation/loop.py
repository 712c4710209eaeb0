"""An event loop whose clock is a number: when nothing is ready, it is the next moment already.

`asyncio` runs on it unchanged: tasks, time-outs, streams, servers, pseudo-terminals. With a
*network*, TCP connections are made in memory; what would go to a thread runs at once, so that one
seed always gives one order of events.
"""

import asyncio
import selectors
from collections.abc import Callable
from concurrent.futures import Executor
from typing import Any

from app.simulation.network import Network


class NothingLeft(RuntimeError):
    """Every task waits for something that nobody will do."""


class _Leap(selectors.SelectSelector):
    """Instead of waiting for *timeout*, moves the clock by it."""

    now_s = 1_000.0
    is_alone = False  # no thread has anything to say to this loop

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        nobody = self.is_alone and len(self.get_map()) == 1  # the pipe by which threads wake it
        ready = [] if nobody else super().select(0)
        if not ready:
            if timeout is None:
                raise NothingLeft("nothing is planned, and nobody else lives on this loop")
            self.now_s += max(timeout, 0.0)
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    """`time()` is virtual; `leap` moves it as a suspended machine would."""

    def __init__(self, network: Network | None = None) -> None:
        self._leap = _Leap()
        self.network = network
        self._leap.is_alone = network is not None
        super().__init__(self._leap)

    def time(self) -> float:
        return self._leap.now_s

    def leap(self, seconds: float) -> None:
        """Let *seconds* pass without anyone having run."""
        self._leap.now_s += seconds

    def run_in_executor(  # type: ignore[override]  # the stubs cannot say it shorter
        self, executor: Executor | None, func: Callable[..., Any], *args: Any
    ) -> asyncio.Future[Any]:
        """Run it at once, where the connections are in memory as well."""
        if self.network is None:
            return super().run_in_executor(executor, func, *args)

        async def call() -> Any:
            return func(*args)

        return self.create_task(call())

    async def create_connection(
        self, protocol_factory: Callable[[], Any], host: Any = None, port: Any = None, **kw: Any
    ) -> Any:
        """A connection to whoever listens on *port* of this loop's network."""
        if self.network is None:
            return await super().create_connection(protocol_factory, host, port, **kw)
        return await self.network.connect(self, protocol_factory, host, port)

    async def create_server(
        self, protocol_factory: Callable[[], Any], host: Any = None, port: Any = None, **kw: Any
    ) -> Any:
        """Listen on *port* of this loop's network; 0 takes a free one."""
        if self.network is None:
            return await super().create_server(protocol_factory, host, port, **kw)
        return self.network.listen(self, protocol_factory, host, port)
