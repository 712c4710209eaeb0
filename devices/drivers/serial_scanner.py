"""A barcode scanner on a serial line: RS-232, USB in COM mode, or a Bluetooth serial port.

Options in `config.toml`:

    port     the device file; a name that stays, such as /dev/serial/by-id/...
    baud     9600
    suffix   "any"   what ends a scan: "any" of CR, LF, TAB, ETX; "line" (CR, LF); "tab"; "etx"
    prefix   ""      what each scan begins with, as text
    poll_s   0.5     how often the port is looked at

Set the scanner to send AIM identifiers and GS as 0x1D. It never speaks unless used, so its sign of
life is the line itself: the port is still there and still the one that was opened.
"""

import asyncio
import errno
import os
import termios
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any, Literal, Protocol

import msgspec
import serial

from devices import options as device_options
from devices.capabilities import Link, Unavailable
from devices.codecs.lines import NAMED_SUFFIXES, Lines
from devices.patience import GARBAGE
from wms.rooms.signals import Scan

READ_BYTES = 4096
UNREACHABLE = "device.unreachable"
GONE = (errno.ENOENT, errno.ENODEV, errno.ENXIO)  # no such port; anything else is told as it is
RUNT_S = 0.25  # a scan whose suffix does not come within this time lost it on the way

Baud = Literal[1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200, 230400]


class Options(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """See the module's docstring."""

    port: device_options.Text
    baud: Baud = 9600
    suffix: Literal["any", "line", "tab", "etx"] = "any"
    prefix: Annotated[str, msgspec.Meta(max_length=8)] = ""
    poll_s: device_options.Seconds = 0.5


class Line(Protocol):
    """An open serial line. Each call but `close` raises `Unavailable` when it is gone."""

    async def is_readable(self, within_s: float) -> bool:
        """Whether there was something to read (or the end) within that time."""
        ...

    def read(self) -> bytes:
        """What there is; may be nothing."""
        ...

    def look(self) -> None:
        """Nothing, if the line is there and still the one that was opened."""
        ...

    def close(self) -> None:
        """May be called twice; never raises."""
        ...


class SerialScanner:
    """Emits `Scan`, the fact that a trigger was pulled; it decides nothing about it.

    *open_line* takes the port for us alone; it raises `Unavailable`.
    """

    def __init__(
        self, options: Mapping[str, Any], open_line: Callable[[Options], Line] | None = None
    ) -> None:
        self._options = device_options.read(options, Options)
        self._lines = Lines(
            NAMED_SUFFIXES[self._options.suffix], self._options.prefix.encode("utf-8")
        )
        self._open_line = open_line or Tty
        self._line: Line | None = None

    async def open(self, link: Link) -> None:
        """Take the port for us alone. Raises `Unavailable`."""
        self._link = link
        self._line = self._open_line(self._options)

    async def run(self) -> None:
        """Read until the port is gone. Reads no more than the floor has room for."""
        line, poll_s = self._line, self._options.poll_s
        assert line is not None
        while True:
            await self._room(line)
            if await line.is_readable(RUNT_S if self._lines.pending else poll_s):
                self._emit(self._lines.feed(line.read()))
            else:
                self._emit(self._lines.give_up())

    async def _room(self, line: Line) -> None:
        """Wait for the floor, for as long as it takes: a scan that waits here is not lost.

        The line that answers meanwhile is the sign of life.
        """
        while True:
            line.look()
            self._link.alive()
            with suppress(TimeoutError):
                async with asyncio.timeout(self._options.poll_s):
                    await self._link.room()
                return

    def _emit(self, scans: list[str]) -> None:
        for text in scans:
            self._link.emit(Scan(self._link.device, text))
        self._link.missed(GARBAGE, self._lines.dropped)
        self._lines.dropped = 0

    async def close(self) -> None:
        """Give the port back."""
        line, self._line = self._line, None
        if line is not None:
            line.close()


class Tty:
    """A `Line` on a device file. Its sign of life: the file answers, and its name leads to it."""

    def __init__(self, options: Options) -> None:
        self._name = options.port
        try:
            # The file is opened without waiting (O_NONBLOCK), so the loop is not held up.
            self._port = serial.Serial(options.port, options.baud, timeout=0, exclusive=True)
        except (OSError, termios.error) as error:  # SerialException is an OSError
            why = UNREACHABLE if error.args[0] in GONE else str(error)
            raise Unavailable(why) from error
        self._descriptor: int = self._port.fileno()

    async def is_readable(self, within_s: float) -> bool:
        loop = asyncio.get_running_loop()
        ready = asyncio.Event()
        loop.add_reader(self._descriptor, ready.set)
        try:
            async with asyncio.timeout(within_s):
                await ready.wait()
        except TimeoutError:
            return False
        finally:
            loop.remove_reader(self._descriptor)
        return True

    def read(self) -> bytes:
        try:
            data = os.read(self._descriptor, READ_BYTES)
        except BlockingIOError:
            return b""
        except OSError as error:
            raise Unavailable(UNREACHABLE) from error
        if not data:
            raise Unavailable(UNREACHABLE)
        return data

    def look(self) -> None:
        try:
            termios.tcgetattr(self._descriptor)
            there = Path(self._name).stat().st_rdev == os.fstat(self._descriptor).st_rdev
        except (OSError, termios.error) as error:
            raise Unavailable(UNREACHABLE) from error
        if not there:
            raise Unavailable(f"{self._name} is another device now")

    def close(self) -> None:
        with suppress(OSError, termios.error):
            self._port.close()
