"""Every driver keeps every promise of the kit, against a twin that speaks the real wire."""

import asyncio
import os
import pkgutil
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from importlib import import_module
from typing import Any, ClassVar

import pytest

from devices import cases
from devices.capabilities import Link
from devices.cases import serial_scanner
from devices.conformance import PROMISES, Case, Promise, check
from wms.rooms.signals import Scan

CASES: list[Case] = [
    import_module(f"{cases.__name__}.{found.name}").CASE
    for found in pkgutil.iter_modules(cases.__path__)
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
@pytest.mark.parametrize("promise", PROMISES, ids=lambda promise: promise.__name__)
async def test_a_driver_keeps(case: Case, promise: Promise) -> None:
    await check(case, promise)


class NaiveScanner:
    """What one writes on the first day: it works on the desk, and breaks every way it can.

    A thread that reconnects by itself, a sign of life that is its own, a scan for each chunk that
    arrives, and a close that leaves the thread to its fate.
    """

    the_end: ClassVar[threading.Event]

    def __init__(self, options: Mapping[str, Any]) -> None:
        self.port = options["port"]

    async def open(self, link: Link) -> None:
        self.link = link
        self.loop = asyncio.get_running_loop()
        threading.Thread(target=self.read, name="naive", daemon=True).start()

    def read(self) -> None:
        while not self.the_end.wait(0.02):
            with suppress(OSError):
                descriptor = os.open(self.port, os.O_RDONLY | os.O_NOCTTY | os.O_NONBLOCK)
                try:
                    while not self.the_end.wait(0.02):
                        with suppress(BlockingIOError):
                            text = os.read(descriptor, 4096).decode("ascii", "replace").strip()
                            self.loop.call_soon_threadsafe(self.link.emit, Scan("device", text))
                finally:
                    os.close(descriptor)

    async def run(self) -> None:
        while True:
            self.link.alive()
            await asyncio.sleep(0.1)

    async def close(self) -> None:
        """Nothing to do, surely."""


async def test_a_naive_driver_breaks_most_promises() -> None:
    NaiveScanner.the_end = threading.Event()
    naive = replace(serial_scanner.CASE, name="naive", driver=NaiveScanner)
    try:
        ends = await asyncio.gather(
            *(check(naive, promise) for promise in PROMISES), return_exceptions=True
        )
    finally:
        NaiveScanner.the_end.set()
    kept = {
        promise.__name__
        for promise, end in zip(PROMISES, ends, strict=True)
        if not isinstance(end, AssertionError)
    }
    assert {"it_speaks_the_protocols", "it_comes_online"} <= kept, "it must work on the desk"
    assert not kept & {
        "bad_options_are_a_fault_once",
        "an_absent_peer_is_awaited",
        "it_survives_a_restart_of_its_peer",
        "it_survives_a_cut_in_mid_message",
        "without_a_link_it_is_unavailable",
        "it_stops_cleanly",
        "it_survives_flapping",
    }
