"""Tells the service manager how the server is: sd_notify(3), by its socket.

The manager restarts a server that stops saying that it lives; so it is said only while the loop
turns and the book's writer takes work.
"""

import asyncio
import os
import socket
from collections.abc import Awaitable, Callable, Mapping

import structlog

log = structlog.get_logger(__name__)
READY, STOPPING, WATCHDOG = "READY=1", "STOPPING=1", "WATCHDOG=1"


class Manager:
    """The service manager that *environment* names; without one nothing is said.

    Protocol: sd_notify(3) and sd_watchdog_enabled(3).
    """

    def __init__(self, environment: Mapping[str, str], pid: int) -> None:
        address = environment.get("NOTIFY_SOCKET", "")
        self._address = f"\0{address[1:]}" if address.startswith("@") else address
        wanted = environment.get("WATCHDOG_USEC", "")
        mine = environment.get("WATCHDOG_PID", str(pid)) == str(pid)
        self.watchdog_s = int(wanted) / 1_000_000 if wanted.isdecimal() and mine else 0.0

    def tell(self, *lines: str) -> None:
        """Say *lines*. Nobody who listens is no trouble."""
        if not self._address:
            return
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as out:
            out.setblocking(False)
            try:
                out.sendto("\n".join(lines).encode(), self._address)
            except OSError as error:
                log.warning("manager.deaf", why=str(error))

    async def feed(self, breathe: Callable[[], Awaitable[None]]) -> None:
        """Say that the server lives, four times in the time in which it must, each time after
        *breathe* (the book's writer) has come back. Until cancelled; silent if nobody asked."""
        if not self.watchdog_s:
            return
        while True:
            await breathe()
            self.tell(WATCHDOG)
            await asyncio.sleep(self.watchdog_s / 4)


def of_this_process() -> Manager:
    """The manager that started this process, if one did. Its children are not to answer it."""
    manager = Manager(os.environ, os.getpid())
    for name in ("NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"):
        os.environ.pop(name, None)
    return manager
