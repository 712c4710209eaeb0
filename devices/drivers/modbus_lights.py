"""Lights of a put wall on the outputs of any Modbus TCP module: a lamp a coil.

Modbus is the open protocol that digital output modules and most pick-to-light controllers speak
besides their own. A channel is a slot's light: as many coils as it has colours, one after another,
the first channel (0) at `first_coil`.

Options in `config.toml`:

    host              name or address of the module
    port              502
    unit              1     unit identifier
    first_coil        0     0-based address of the first lamp
    channels          16    how many lights there are
    colours           ["blue", "green"]   the lamps of each, in the order of their coils
    poll_s            0.5   how often the lamps are read back, which is the sign of life
    connect_timeout_s 2.0
    answer_timeout_s  1.0   silence for this long is a lost module

A lamp has no display: the text that comes with a colour is on the terminal's screen only.
"""

import asyncio
from collections.abc import Mapping
from typing import Annotated, Any

import msgspec

from devices import options as device_options
from devices.capabilities import ConfigFault, Link, Unavailable, Uncertain
from devices.codecs import modbus_coils as modbus

READ_BYTES = 512
UNREACHABLE, SILENT, GARBAGE = "device.unreachable", "device.silent", "light.garbage"
ILLEGAL = (1, 2, 3)  # exception codes that trying again does not mend
Coil = Annotated[int, msgspec.Meta(ge=0, le=65_535)]


class Options(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """See the module's docstring."""

    host: device_options.Text
    port: device_options.TcpPort = 502
    unit: Annotated[int, msgspec.Meta(ge=0, le=255)] = 1
    first_coil: Coil = 0
    channels: Annotated[int, msgspec.Meta(ge=1, le=400)] = 16
    colours: Annotated[tuple[str, ...], msgspec.Meta(min_length=1, max_length=4)] = (
        "blue",
        "green",
    )
    poll_s: device_options.Seconds = 0.5
    connect_timeout_s: device_options.Seconds = 2.0
    answer_timeout_s: device_options.Seconds = 1.0


class ModbusLights:
    """See the module's docstring. A `Driver` and a `Light`."""

    def __init__(self, options: Mapping[str, Any]) -> None:
        self._options = device_options.read(options, Options)
        self._turn = asyncio.Lock()
        self._replies = modbus.Replies()
        self._link: Link | None = None
        self._wire: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self._transaction = 0

    async def open(self, link: Link) -> None:
        """Raises `Unavailable` when nobody answers, `ConfigFault` when there are no such coils."""
        self._link = link
        try:
            async with asyncio.timeout(self._options.connect_timeout_s):
                self._wire = await asyncio.open_connection(self._options.host, self._options.port)
        except OSError as error:
            raise Unavailable(UNREACHABLE) from error
        await self._poll()

    async def run(self) -> None:
        """Read the lamps back until no answer comes (`Unavailable`)."""
        while True:
            await asyncio.sleep(self._options.poll_s)
            await self._poll()

    async def close(self) -> None:
        """Let the connection go."""
        self._link = None
        if self._wire is not None:
            self._wire[1].close()
            self._wire = None

    async def show(self, channel: int, colour: str, text: str) -> None:
        """Light the lamp of *colour* at *channel* and no other; "" and unknown colours are dark.

        `ConfigFault`: no such channel. `Unavailable`: nothing was sent. `Uncertain`: it was, and no
        answer came; the same again does no harm.
        """
        del text  # a lamp has no display
        if not 0 <= channel < self._options.channels:
            raise ConfigFault(f"no channel {channel}, of {self._options.channels}")
        colours = self._options.colours
        address = self._options.first_coil + channel * len(colours)
        lamps = [one == colour for one in colours]
        async with self._turn:
            request = modbus.write_coils(self._next(), self._options.unit, address, lamps)
            reply = await self._ask(request, Uncertain)
        if not modbus.was_written(reply, address, len(lamps)):
            raise Uncertain(GARBAGE)

    async def _poll(self) -> None:
        """Read all lamps: the answer is the sign of life."""
        count = self._options.channels * len(self._options.colours)
        first = self._options.first_coil
        async with self._turn:
            request = modbus.read_coils(self._next(), self._options.unit, first, count)
            reply = await self._ask(request, Unavailable)
        if modbus.coils(reply, count) is None:
            raise Unavailable(GARBAGE)
        if self._link is not None:
            self._link.alive()

    def _next(self) -> int:
        self._transaction = self._transaction % 65_535 + 1
        return self._transaction

    async def _ask(
        self, request: bytes, doubt: type[Unavailable] | type[Uncertain]
    ) -> modbus.Reply:  # fmt: skip
        """The answer to *request*. After silence the connection is closed for good: what comes late
        dies with it."""
        if self._wire is None or self._wire[1].is_closing():
            raise Unavailable(UNREACHABLE)
        reader, writer = self._wire
        try:
            async with asyncio.timeout(self._options.answer_timeout_s):
                writer.write(request)
                reply = await self._own_reply(reader)
        except TimeoutError as error:
            writer.close()
            raise doubt(SILENT) from error
        except (OSError, modbus.Garbage) as error:
            writer.close()
            raise doubt(UNREACHABLE) from error
        if reply.refused in ILLEGAL:
            raise ConfigFault(f"Modbus exception {reply.refused}: no such coils")
        if reply.refused:
            raise Unavailable(f"Modbus exception {reply.refused}")
        return reply

    async def _own_reply(self, reader: asyncio.StreamReader) -> modbus.Reply:
        while True:
            data = await reader.read(READ_BYTES)
            if not data:
                raise ConnectionResetError("the module closed the link")
            for reply in self._replies.feed(data):
                if reply.transaction == self._transaction:
                    return reply
