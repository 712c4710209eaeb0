"""A serial port as a stream: pyserial opens and sets it, the event loop reads it, no thread waits.

Only for systems whose event loop can watch a serial port (Linux, macOS).
"""

import asyncio
import os
import termios
from contextlib import suppress

import serial

from devices.capabilities import ConfigFault

READ_BYTES = 4096


class SerialWire:
    """One open port. `reader` ends when the device is unplugged."""

    def __init__(self, port: serial.Serial) -> None:
        self.reader = asyncio.StreamReader()
        self._port = port
        self._loop = asyncio.get_running_loop()
        try:
            self._loop.add_reader(port.fileno(), self._readable)
        except NotImplementedError as error:
            port.close()
            raise ConfigFault("serial ports cannot be watched on this system") from error

    def send(self, data: bytes) -> None:
        """Write a short command. `OSError` when the device is gone or does not take it at once."""
        if self._port.write(data) != len(data):
            raise OSError("the serial port is full")

    def close(self) -> None:
        """Let the port go; may be called again."""
        if self._port.is_open:
            self._loop.remove_reader(self._port.fileno())
            with suppress(OSError, termios.error):
                self._port.close()

    def _readable(self) -> None:
        try:
            data = os.read(self._port.fileno(), READ_BYTES)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if data:
            self.reader.feed_data(data)
        else:
            # A vanished device stays "readable" for ever: stop listening or the loop spins.
            self._loop.remove_reader(self._port.fileno())
            self.reader.feed_eof()


def open_serial(name: str, baud: int) -> SerialWire:
    """Open *name* for this process alone, 8 data bits, no parity. `OSError` when it is not there.

    Opening does not wait for the device, so the loop is not held up.
    """
    try:
        return SerialWire(serial.Serial(name, baud, timeout=0, write_timeout=0, exclusive=True))
    except termios.error as error:
        raise OSError(str(error)) from error
