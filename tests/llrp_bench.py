"""What the tests of the LLRP driver share: a twin, a driver alone, and what it said."""

import asyncio
import random
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from devices.capabilities import Link
from devices.drivers.llrp import LlrpReader
from devices.twins.llrp import LlrpReaderTwin
from wms.rooms.signals import Signal, TagSeen

EPC = "3034257bf7194e4000001a{:02x}"
OLD, OTHER, NEW = (bytes.fromhex(EPC.format(number)) for number in (1, 2, 99))


@asynccontextmanager
async def twin_at(**options: Any) -> AsyncIterator[LlrpReaderTwin]:
    twin = LlrpReaderTwin(random=random.Random(5), **options)
    await twin.start()
    try:
        yield twin
    finally:
        await twin.stop()


@asynccontextmanager
async def reader_of(
    twin: LlrpReaderTwin, heard: list[Signal] | None = None, missed: list[str] | None = None,
    trouble: list[str] | None = None, **options: Any,
) -> AsyncIterator[LlrpReader]:  # fmt: skip
    """A driver alone, without a supervisor."""
    emit: Callable[[Signal], None] = (lambda _signal: None) if heard is None else heard.append
    clock = asyncio.get_running_loop().time
    driver = LlrpReader({"host": twin.host, "port": twin.port, **options})
    try:
        counted, said = ([] if missed is None else missed), ([] if trouble is None else trouble)
        await driver.open(Link(
            "portal", 1, emit, lambda: None, said.append, clock,
            missed=lambda reason, _count: counted.append(reason),
        ))  # fmt: skip
        yield driver
    finally:
        await driver.close()


def seen_of(heard: list[Signal], epc: str) -> list[TagSeen]:
    return [signal for signal in heard if isinstance(signal, TagSeen) and signal.epc == epc]


def tags_of(heard: list[Signal]) -> list[TagSeen]:
    return [signal for signal in heard if isinstance(signal, TagSeen)]


def no_link() -> Link:
    clock = asyncio.get_running_loop().time
    return Link("portal", 1, lambda _signal: None, lambda: None, lambda _why: None, clock)


def sllurp_threads() -> list[str]:
    return [t.name for t in threading.enumerate() if t.name.startswith("sllurp")]
