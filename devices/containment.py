"""A driver is anyone's code: however it ends, only its own session ends."""

import asyncio
from collections.abc import Awaitable, Callable

from devices.capabilities import Unavailable

CLOSED = "device.closed"


async def contained(work: Callable[[], Awaitable[None]]) -> None:
    """A driver that calls `sys.exit` ends its own session, not the server."""
    try:
        await work()
    except SystemExit as error:
        raise RuntimeError("the driver tried to end the server") from error


def result(task: asyncio.Task[None]) -> None:
    """Raise what *task* raised. A driver that cancelled itself must not cancel its supervisor."""
    if task.cancelled():
        raise Unavailable(CLOSED)
    task.result()
