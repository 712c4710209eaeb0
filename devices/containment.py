"""A driver is anyone's code: however it ends, only its own session ends."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import fields
from functools import partial
from inspect import isawaitable
from typing import Any, TypeVar, get_args

from devices.capabilities import (
    ConfigFault,
    Driver,
    Health,
    NeedsHuman,
    Unavailable,
    Uncertain,
)
from wms.rooms.signals import Signal
from wms.text import storable

CLOSED = "device.closed"
BUG = "device.bug"
REFUSES = "print_label"  # with `ValueError`, what no printer could print
NUMBER_MAX = 2**31  # of what is said, but for a mission's number
AS_IT_COMES = "text"  # of a scan: it is made storable where it is kept
SAID = {kind: tuple((one.name, one.type) for one in fields(kind)) for kind in get_args(Signal)}
Answer = TypeVar("Answer")


async def contained(work: Callable[[], Awaitable[Answer]]) -> Answer:
    """A driver that calls `sys.exit` ends its own session, not the server."""
    try:
        return await work()
    except SystemExit as error:
        raise RuntimeError("the driver tried to end the server") from error


def result(task: asyncio.Task[None]) -> None:
    """Raise what *task* raised. A driver that cancelled itself must not cancel its supervisor."""
    if task.cancelled():
        raise Unavailable(CLOSED)
    task.result()


def verdict(error: Exception) -> tuple[Health, str]:
    """How a device is whose session ended so, and why; `BUG` for what no driver may raise."""
    # A driver that runs its parts in a task group fails with a group around the one cause.
    while isinstance(error, ExceptionGroup) and len(error.exceptions) == 1:
        error = error.exceptions[0]
    if isinstance(error, ConfigFault):
        return Health.FAULT, str(error)
    if isinstance(error, NeedsHuman):
        return Health.DEGRADED, str(error)
    if isinstance(error, Unavailable | Uncertain | OSError | TimeoutError):
        return Health.OFFLINE, str(error) or type(error).__name__
    return Health.OFFLINE, BUG


def sound(signal: object, device: str) -> bool:
    """Whether *signal* is one, speaks for *device* itself, and holds what any database can keep."""
    said = SAID.get(type(signal), ())
    values = {name: getattr(signal, name) for name, _ in said}
    return values.get("device") == device and all(
        type(values[name]) is kind and _can_be_kept(name, values[name]) for name, kind in said
    )


def _can_be_kept(name: str, value: Any) -> bool:
    if isinstance(value, str):
        return name == AS_IT_COMES or storable(value) == value
    return name == "mission" or -NUMBER_MAX <= value < NUMBER_MAX


class Hands:
    """A live driver, as the rooms use it: what its methods raise is one of the four failures.

    A bug becomes `Uncertain`, since nobody knows how far it came, and *broke* is told: the session
    ends. A label that no printer could print is no bug (`ValueError`).
    """

    def __init__(self, driver: Driver, broke: Callable[[Exception], None]) -> None:
        self._driver, self._broke = driver, broke

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._driver, name)
        return partial(self._do, name, found) if callable(found) else found

    async def _do(self, name: str, method: Callable[..., Any], *args: Any, **named: Any) -> Any:
        async def work() -> Any:
            answer = method(*args, **named)
            return await answer if isawaitable(answer) else answer

        try:
            return await contained(work)
        except (Unavailable, ConfigFault, NeedsHuman, Uncertain):
            raise
        except OSError as error:  # of its wire
            raise Uncertain(str(error) or type(error).__name__) from error
        except Exception as error:
            if isinstance(error, ValueError) and name == REFUSES:
                raise
            self._broke(error)
            raise Uncertain(BUG) from error
