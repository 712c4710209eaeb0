"""A barcode scanner on a serial line: RS-232, USB in COM mode, or a Bluetooth serial port.

Options in `config.toml`:

    port     the device file; a name that stays, such as /dev/serial/by-id/...
    baud     9600
    suffix   "any"   what ends a scan: "any" of CR, LF, TAB, ETX; "line" (CR, LF); "tab"; "etx"
    prefix   ""      what each scan begins with, as text

Set the scanner to send AIM identifiers and GS as 0x1D. It never speaks unless used, so its sign of
life is the line itself: the port is still there and still the one that was opened.
"""

import asyncio
import errno
import os
import termios
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
import serial

from devices import options as device_options
from devices.capabilities import Link, Unavailable
from devices.codecs.lines import NAMED_SUFFIXES, Lines
from wms.signals import Scan

READ_BYTES = 4096
UNREACHABLE = "device.unreachable"
GONE = (errno.ENOENT, errno.ENODEV, errno.ENXIO)  # no such port; anything else is told as it is
LOOK_S = 0.5  # how often the port is looked at
RUNT_S = 0.25  # a scan whose suffix does not come within this time lost it on the way

Baud = Literal[1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200, 230400]


class Options(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """See the module's docstring."""

    port: device_options.Text
    baud: Baud = 9600
    suffix: Literal["any", "line", "tab", "etx"] = "any"
    prefix: Annotated[str, msgspec.Meta(max_length=8)] = ""


class SerialScanner:
    """Emits `Scan`, the fact that a trigger was pulled; it decides nothing about it."""

    def __init__(self, options: Mapping[str, Any]) -> None:
        self._options = device_options.read(options, Options)
        self._lines = Lines(
            NAMED_SUFFIXES[self._options.suffix], self._options.prefix.encode("utf-8")
        )
        self._port: serial.Serial | None = None

    async def open(self, link: Link) -> None:
        """Take the port for us alone. Raises `Unavailable`."""
        self._link = link
        options = self._options
        try:
            # The file is opened without waiting (O_NONBLOCK), so the loop is not held up.
            self._port = serial.Serial(options.port, options.baud, timeout=0, exclusive=True)
        except (OSError, termios.error) as error:  # SerialException is an OSError
            why = UNREACHABLE if error.args[0] in GONE else str(error)
            raise Unavailable(why) from error

    async def run(self) -> None:
        """Read until the port is gone. Reads no more than the floor has room for."""
        assert self._port is not None
        descriptor = self._port.fileno()
        while True:
            await self._room(descriptor)
            if await _readable(descriptor, RUNT_S if self._lines.pending else LOOK_S):
                self._emit(self._lines.feed(_read(descriptor)))
            else:
                self._emit(self._lines.give_up())

    async def _room(self, descriptor: int) -> None:
        """Wait for the floor, for as long as it takes: a scan that waits here is not lost."""
        while True:
            self._look(descriptor)
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_S):
                    await self._link.room()
                return

    def _look(self, descriptor: int) -> None:
        """Sign of life: the line answers, and the name still leads to it. Else `Unavailable`."""
        try:
            termios.tcgetattr(descriptor)
            there = Path(self._options.port).stat().st_rdev == os.fstat(descriptor).st_rdev
        except (OSError, termios.error) as error:
            raise Unavailable(UNREACHABLE) from error
        if not there:
            raise Unavailable(f"{self._options.port} is another device now")
        self._link.alive()

    def _emit(self, scans: list[str]) -> None:
        for text in scans:
            self._link.emit(Scan(self._link.device, text))

    async def close(self) -> None:
        """Give the port back."""
        port, self._port = self._port, None
        if port is not None:
            with suppress(OSError, termios.error):
                port.close()


async def _readable(descriptor: int, within_s: float) -> bool:
    """Whether there was something to read (or the end) within that time."""
    loop = asyncio.get_running_loop()
    ready = asyncio.Event()
    loop.add_reader(descriptor, ready.set)
    try:
        async with asyncio.timeout(within_s):
            await ready.wait()
    except TimeoutError:
        return False
    finally:
        loop.remove_reader(descriptor)
    return True


def _read(descriptor: int) -> bytes:
    try:
        data = os.read(descriptor, READ_BYTES)
    except BlockingIOError:
        return b""
    except OSError as error:
        raise Unavailable(UNREACHABLE) from error
    if not data:
        raise Unavailable(UNREACHABLE)
    return data
